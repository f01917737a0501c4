"""A study that is finished on a cluster."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pet_spect.results import layout

from .conftest import said

pytestmark = [pytest.mark.workflow, pytest.mark.slurm]

OPTIONS = ("--slurm-no-account", "--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10")


@pytest.fixture(scope="session")
def submission(signed, cluster, repository, tmp_path_factory, quick_study_in):
    """Return a copy of the study that lacks all of sub-02 and the measurement of sub-01, and its run to be.

    The run mostly waits, so `pytest_collection_modifyitems` puts the other tests of the study before its end.
    """
    study = replace(quick_study_in(tmp_path_factory.mktemp("submitted") / "study"), environment={})  # register anew
    shutil.copytree(signed[0].folder, study.folder)
    for name in ("sub-02", "figures/sub-02", "tables", "report"):
        shutil.rmtree(study.results / name)
    (study.results / layout.uptake_table("sub-01", "CerebrA")).unlink()
    plan = study.planned()
    profile = str(repository / "profiles/slurm")
    with ThreadPoolExecutor(1) as beside:
        yield study, plan, beside.submit(study.snakemake, "--workflow-profile", profile, *OPTIONS, environment=cluster)


@pytest.fixture
def submitted(submission):
    """Return the study and its run on the cluster, when it has ended."""
    study, _, run = submission
    return study, run.result()


def test_every_step_is_submitted(submission):
    _, plan, _ = submission
    each = {"convert": 4, "normalise": 1, "measure": 2, "figures": 2}
    assert plan == each | {"cohort": 1, "outcomes": 1, "report": 1, "manifest": 1, "accounted": 1}


def test_every_step_runs_on_the_cluster(submitted):
    study, run = submitted
    assert run.returncode == 0, run.stderr[-4000:]
    assert (study.results / "report/index.html").is_file()
    assert study.planned() == {}


def test_its_tables_are_those_of_a_local_run_to_the_byte(submitted, signed):
    local = sorted((signed[0].results / "tables").iterdir())
    assert len(local) == 33
    for path in local:
        assert (submitted[0].results / "tables" / path.name).read_bytes() == path.read_bytes(), path.name


def test_each_participant_is_one_job_and_so_are_the_tables(submitted, cluster):
    jobs = said("squeue", "--noheader", "--states=all", "--format=%T %j", environment=cluster).splitlines()
    assert {line.split()[0] for line in jobs} == {"COMPLETED"}
    assert len(jobs) == 3  # two participants, the tables of all
