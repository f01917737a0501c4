"""Fixtures for every test."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from .shared_trial import plan_of, run_first, run_of, secrets_of, sign_and_run, write_trial
from .studies import Study

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

    from pet_spect.registration.templates.template import Template

REPOSITORY = Path(__file__).parents[1]

# A busy machine is no fault of the code. On CI the same commit always gets the same examples.
settings.register_profile("pet_spect", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("pet_spect")

# One process runs these: the cluster's run of the study mostly waits, and meanwhile it does the others.
STUDY = (
    "tests/slurm/test_slurm.py",
    "tests/workflow/test_run.py",
    "tests/workflow/test_same_numbers.py",
    "tests/workflow/test_visits.py",
)


def pytest_configure() -> None:
    """Let signals reach what the tests start: in the background SIGINT is ignored, and under nohup SIGHUP."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)  # a handler, which nothing inherits


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several processes (-n) begin with what takes long, so that they end together."""
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def pytest_collection_finish() -> None:
    """Keep thousands of collected tests, which live to the end, out of every later search for garbage."""
    gc.collect()
    gc.freeze()


def _place(item: pytest.Item) -> int:
    if _file(item.nodeid) in STUDY:
        return 1 if "submitted" in getattr(item, "fixturenames", ()) else 0
    return 2 if {"slow", "workflow"} & {mark.name for mark in item.iter_markers()} else 3


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Give each of several processes whole files, in the order above, for many share what is costly to make."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "study" if _file(nodeid) in STUDY else _file(nodeid)

    config.option.loadscopereorder = False
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def template_of() -> Callable[[str], Template]:
    """Return a function that makes each template of the shipped atlas once, such that no test can change it."""
    from pet_spect.imaging.atlases import load_atlas
    from pet_spect.registration.anatomical_image import CONTRASTS, make_anat_template
    from pet_spect.registration.templates.template import make_template

    @cache
    def make(name: str) -> Template:
        made = (make_anat_template if name in CONTRASTS else make_template)(name, load_atlas())
        for array in (made.uptake.data, made.brain, *(part.uptake for part in made.parts)):
            array.flags.writeable = False
        return made

    return make


@pytest.fixture(scope="module")
def known_registrations() -> Iterator[None]:
    """Let no registration be run twice."""
    from .known_registrations import known_registrations

    with known_registrations():
        yield


@pytest.fixture(scope="session")
def need_tool() -> Callable[[str], str]:
    """Return a function that gives the path of a program, or skips; in CI a missing program fails."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None and os.environ.get("CI"):
            pytest.fail(f"{name} is not installed; .ci/run must install it")
        if path is None:
            pytest.skip(f"{name} is not installed")
        return path

    return find


@pytest.fixture(scope="session")
def study_in(repository: Path) -> Callable[[Path], Study]:
    """Return a function that makes a study of a folder."""
    return lambda folder: Study(folder, repository / "Snakefile")


@pytest.fixture(scope="session")
def quick_study_in(
    repository: Path, made_once: Callable[[str, Callable[[Path], object]], Path]
) -> Callable[[Path], Study]:
    """Return a function that makes a study whose runs warp in few steps, and register the same bits once."""
    quick = repository / "tests/workflow/quick/Snakefile"
    known = {"PET_SPECT_KNOWN": str(made_once("known", Path.mkdir))}
    return lambda folder: Study(folder, quick, repository / "profiles/default", known)


@pytest.fixture(scope="session")
def trial(
    made_once: Callable[[str, Callable[[Path], object]], Path], quick_study_in: Callable[[Path], Study]
) -> tuple[Study, set[str]]:
    """Return a trial with canaries in every header and in the paths, a text file in the place of one scan."""
    folder = made_once("trial", write_trial)
    return quick_study_in(folder / "study"), secrets_of(folder)


@pytest.fixture(scope="session")
def first_run(
    trial: tuple[Study, set[str]], made_once: Callable[[str, Callable[[Path], object]], Path]
) -> subprocess.CompletedProcess[str]:
    """Return the trial's first run, which a refused scan lets fail at the very end."""
    return run_of(made_once("first_run", partial(run_first, study=trial[0])))


@pytest.fixture(scope="session")
def signed(
    trial: tuple[Study, set[str]],
    first_run: subprocess.CompletedProcess[str],
    made_once: Callable[[str, Callable[[Path], object]], Path],
    quick_study_in: Callable[[Path], Study],
) -> tuple[Study, dict[str, int], subprocess.CompletedProcess[str]]:
    """Return the study after somebody signed the refusal off, what that plans, and that run."""

    def fill(folder: Path) -> None:
        sign_and_run(folder, trial[0], quick_study_in(folder / "study"))

    folder = made_once("signed", fill)
    return quick_study_in(folder / "study"), plan_of(folder), run_of(folder)


@pytest.fixture
def finished(signed, tmp_path, quick_study_in: Callable[[Path], Study]) -> Study:
    """Return a copy of the finished study, to be changed."""
    study = quick_study_in(tmp_path / "study")
    shutil.copytree(signed[0].folder, study.folder)
    return study


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Return a function that gives all processes one folder, which the first of them fills."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def folder(name: str, fill: Callable[[Path], object]) -> Path:
        whole = shared / f"{name}-is-whole"
        with (shared / f"{name}-lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not whole.exists():
                shutil.rmtree(shared / name, ignore_errors=True)  # of a process that failed
                fill(shared / name)
                whole.touch()
        return shared / name

    return folder


@pytest.fixture(scope="session")
def small_results(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """Return the results folder of a small finished study, which no test may change."""
    from .small_study import write_small_study

    return made_once("small", write_small_study) / "results"
