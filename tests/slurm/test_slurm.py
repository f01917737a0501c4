"""The same study on a cluster."""

from __future__ import annotations

import shutil

import pytest

from .conftest import said

pytestmark = [pytest.mark.workflow, pytest.mark.slurm]

OPTIONS = ("--slurm-no-account", "--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10")


@pytest.fixture(scope="module")
def submitted(signed, cluster, repository, tmp_path_factory, study_in):
    """Return a fresh copy of the study, and its run on the cluster."""
    study = study_in(tmp_path_factory.mktemp("submitted") / "study")
    left_out = shutil.ignore_patterns("results", "logs", ".snakemake")
    shutil.copytree(signed[0].folder, study.folder, ignore=left_out)
    profile = str(repository / "profiles/slurm")
    run = study.snakemake("--workflow-profile", profile, *OPTIONS, environment=cluster)
    return study, run


def test_the_whole_study_runs_on_the_cluster(submitted):
    study, run = submitted
    assert run.returncode == 0, run.stderr[-4000:]
    assert (study.results / "report/index.html").is_file()
    assert study.planned() == {}


def test_its_tables_are_those_of_a_local_run_to_the_byte(submitted, signed):
    local = sorted((signed[0].results / "tables").iterdir())
    assert len(local) == 12
    for path in local:
        assert (submitted[0].results / "tables" / path.name).read_bytes() == path.read_bytes(), path.name


def test_each_participant_is_one_job(submitted, cluster):
    jobs = said("squeue", "--noheader", "--states=all", "--format=%T %j", environment=cluster).splitlines()
    assert {line.split()[0] for line in jobs} == {"COMPLETED"}
    assert len(jobs) == 4  # two participants, cohort, report
