"""Fixtures for every test."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom
import pytest
from hypothesis import settings

from pet_spect.cli import main

from .studies import Study

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

    from pet_spect.registration.templates.template import Template

REPOSITORY = Path(__file__).parents[1]

# A busy machine is no fault of the code. On CI the same commit always gets the same examples.
settings.register_profile("pet_spect", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("pet_spect")

# These share one simulated trial and its run, so one process runs them all.
STUDY = (
    "tests/slurm/test_slurm.py",
    "tests/workflow/test_bad_scans.py",
    "tests/workflow/test_faults.py",
    "tests/workflow/test_full_disk.py",
    "tests/workflow/test_interruption.py",
    "tests/workflow/test_run.py",
    "tests/workflow/test_same_numbers.py",
    "tests/workflow/test_visits.py",
)

QC = (
    "participant_id session tracer decision code reason initials time version\n"
    "sub-02 year1 IMZ exclude not_dicom seen AB 2026-11-23 0.1.0\n"
)
CANARIES = {
    "PatientName": "CANARY^NAME",
    "PatientID": "CANARY-ID",
    "PatientBirthDate": "19510203",
    "InstitutionName": "CANARY HOSPITAL",
    "OperatorsName": "CANARY^OPERATOR",
    "StationName": "CANARYSTATION",
    "StudyDescription": "CANARY STUDY",
    "SeriesDescription": "CANARY SERIES",
    "AccessionNumber": "CANARY-1",
}
IDENTIFYING = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "StudyDate")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several processes (-n) begin with what takes long, so that they end together."""
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


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
def quick_study_in(repository: Path) -> Callable[[Path], Study]:
    """Return a function that makes a study whose runs warp in few steps."""
    quick = repository / "tests/workflow/quick/Snakefile"
    return lambda folder: Study(folder, quick, repository / "profiles/default")


def plant_canaries(folder: Path) -> set[str]:
    """Give every DICOM file a person and an institution; return what must not come out again."""
    secrets = {"CANARY", CANARIES["PatientBirthDate"]}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            header = pydicom.dcmread(path)
            secrets |= {str(header[name].value) for name in IDENTIFYING if name in header}
            for name, value in CANARIES.items():
                setattr(header, name, value)
            header.private_block(0x0011, "CANARY CREATOR", create=True).add_new(1, "LO", "CANARY PRIVATE")
            header.save_as(path)
    return secrets


@pytest.fixture(scope="session")
def trial(tmp_path_factory, quick_study_in):
    """Return a trial with canaries in every header and in the paths, a text file in the place of one scan."""
    found = quick_study_in(tmp_path_factory.mktemp("trial"))
    assert main(["simulate", "--out", str(found.folder), "--participants", "2"]) == 0
    secrets = plant_canaries(found.folder / "dicom")
    (found.folder / "dicom").rename(found.folder / "CANARY_dicom")
    (found.folder / "CANARY_dicom/notes.txt").write_text("CANARY was moved to Thursday\n", encoding="utf-8")
    table = found.folder / "config/scans.tsv"
    head, *lines = table.read_text(encoding="utf-8").replace("\tdicom/", "\tCANARY_dicom/").splitlines()
    refused = ["sub-02", "year1", "IMZ", "CANARY_dicom/notes.txt"]
    lines = [line for line in lines if line.split("\t")[:3] != refused[:3]]
    lines.append("\t".join(refused + ["n/a"] * (head.count("\t") - 3)))
    table.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return found, secrets


@pytest.fixture(scope="session")
def first_run(trial):
    """Return the trial's first run, which a refused scan lets fail at the very end."""
    study, _ = trial
    return study.snakemake()


@pytest.fixture(scope="session")
def signed(trial, first_run, tmp_path_factory, quick_study_in):
    """Return the study after somebody signed the refusal off, what that plans, and that run."""
    study = quick_study_in(tmp_path_factory.mktemp("signed") / "study")
    shutil.copytree(trial[0].folder, study.folder)
    study.write("config/qc.tsv", QC)
    plan = study.planned()
    return study, plan, study.snakemake()


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
                fill(shared / name)
                whole.touch()
        return shared / name

    return folder


@pytest.fixture(scope="session")
def small_results(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """Return the results folder of a small finished study, which no test may change."""
    from .small_study import write_small_study

    return made_once("small", write_small_study) / "results"
