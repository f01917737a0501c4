"""A run on a cluster whose Snakemake was killed: its jobs change nothing any more, and `recover` cancels them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ..paused import TARGET, contents, go_on, paused_job, pausing_study, recover, start
from ..studies import fill_without_scans
from .conftest import said, wait

pytestmark = [pytest.mark.workflow, pytest.mark.slurm]

OPTIONS = ("--slurm-no-account", "--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10")
NEW = {Path(TARGET).name: "of the new run", Path(TARGET).name.replace(".nii.gz", ".json"): "of the new run"}


@pytest.fixture
def killed(tmp_path, study_in, repository, cluster):
    """Return a study whose Snakemake was killed, and the process of its job, which waits in the middle of a file."""
    study = pausing_study(fill_without_scans(study_in(tmp_path)), repository)
    profile = str(repository / "profiles/slurm")
    run = start(study, "--workflow-profile", profile, *OPTIONS, TARGET, environment=cluster)
    job = paused_job(study, 120)
    run.kill()
    run.wait()
    yield study, job
    recover(study, "--yes", environment=cluster)


def jobs(study, cluster):
    lines = said("squeue", "--me", "--noheader", "--format=%i %Z", environment=cluster).splitlines()
    return [line.split()[0] for line in lines if line.split()[1] == os.path.realpath(study.folder)]


def test_its_jobs_change_and_remove_nothing_after_a_new_run(killed, cluster):
    study, job = killed
    assert study.snakemake("--unlock").returncode == 0
    (study.folder / "pause").unlink()
    study.write("content", "of the new run")
    assert study.snakemake(TARGET).returncode == 0
    assert contents(study) == NEW
    go_on(study, job)
    wait(lambda: jobs(study, cluster) == [], "the job to end", 60)
    assert contents(study) == NEW
    assert study.planned("--nocolor", TARGET) == {}


def test_a_job_that_starts_after_a_new_run_removes_nothing(tmp_path, study_in, repository, cluster):
    study = pausing_study(fill_without_scans(study_in(tmp_path)), repository)
    (study.folder / "pause").unlink()
    node = said("sinfo", "--noheader", "--format=%n", environment=cluster).strip()
    said("scontrol", "update", f"nodename={node}", "state=drain", "reason=test", environment=cluster)
    try:
        run = start(
            study, "--workflow-profile", str(repository / "profiles/slurm"), *OPTIONS, TARGET, environment=cluster
        )
        wait(lambda: jobs(study, cluster), "the job to be submitted", 120)
        run.kill()
        run.wait()
        assert study.snakemake("--unlock").returncode == 0
        study.write("content", "of the new run")
        assert study.snakemake(TARGET).returncode == 0
        assert contents(study) == NEW
    finally:
        said("scontrol", "update", f"nodename={node}", "state=resume", environment=cluster)
    wait(lambda: jobs(study, cluster) == [], "the job to end", 120)
    assert contents(study) == NEW


def test_recover_says_what_it_would_do_then_does_it(killed, cluster):
    study, _ = killed
    (number,) = jobs(study, cluster)
    asked = recover(study, environment=cluster)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert f"Cluster jobs that still wait or run: {number}. They will be cancelled.\n" in asked.stdout
    assert jobs(study, cluster) == [number]
    done = recover(study, "--yes", environment=cluster)
    assert done.returncode == 0, done.stderr
    assert "Cancelling 1 cluster jobs." in done.stdout
    assert "They are gone.\n" in done.stdout
    assert jobs(study, cluster) == []
    assert contents(study) == {}
    (study.folder / "pause").unlink()
    assert study.snakemake(TARGET).returncode == 0
    assert set(contents(study).values()) == {"of the old run"}


def test_the_profile_gives_jobs_the_name_that_recover_looks_for(repository):
    from pet_spect.study.leftovers import JOB_PREFIX

    lines = (repository / "profiles/slurm/config.yaml").read_text(encoding="utf-8").splitlines()
    assert f"slurm-jobname-prefix: {JOB_PREFIX.removesuffix('_')}" in lines
