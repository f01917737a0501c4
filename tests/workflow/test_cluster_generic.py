"""The profile for any scheduler, with three shell scripts that stand for one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess

import pytest
import yaml

from ..paused import TARGET, contents, paused_job, pausing_study, start, state_of, wait

pytestmark = pytest.mark.workflow

OPTIONS = ("--seconds-between-status-checks", "1", "--latency-wait", "10")


@pytest.fixture
def profile(repository):
    return "--workflow-profile", str(repository / "profiles/cluster-generic"), *OPTIONS


@pytest.fixture
def scheduler(repository):
    return {"PET_SPECT_SCHEDULER": str(repository / "tests/workflow/scheduler")}


@pytest.fixture
def lacking(finished):
    """Return a finished study that lacks the report and the pictures of sub-02."""
    for name in ("figures/sub-02", "report"):
        shutil.rmtree(finished.results / name)
    return finished


@pytest.fixture
def lacking_all(lacking):
    """Return a study of which all of sub-02 is still to be made, and the tables."""
    for name in ("sub-02", "tables"):
        shutil.rmtree(lacking.results / name)
    return lacking


def limits(study):
    """Return megabytes, minutes and cores of the jobs, in the order of submission."""
    jobs = sorted((study.folder / "scheduler").glob("*.job"), key=lambda path: int(path.stem))
    words = [job.read_text(encoding="utf-8").split() for job in jobs]
    assert all(name.startswith("petspect_") for name, *_ in words)
    return [tuple(map(int, numbers)) for _, *numbers in words]


def test_a_job_that_failed_is_repeated_with_more_memory_and_time(lacking, profile, scheduler):
    (lacking.folder / "kill").write_text("1", encoding="utf-8")
    run = lacking.snakemake(*profile, environment=scheduler)
    assert run.returncode == 0, run.stderr[-4000:]
    figures, again, tables = limits(lacking)
    assert (figures, again) == ((2500, 20, 1), (5000, 40, 1))
    assert tables == (4000, 40, 1)  # report, then manifest
    assert lacking.planned() == {}


def test_after_the_last_failure_tables_and_report_are_made_without_the_person(lacking_all, profile, scheduler):
    (lacking_all.folder / "kill").write_text("3", encoding="utf-8")
    run = lacking_all.snakemake(*profile, environment=scheduler)
    assert run.returncode == 1
    assert [memory for memory, _, _ in limits(lacking_all)] == [4000, 8000, 12000]
    assert "Unfinished:   sub-02 (convert, logs/convert/sub-02" in run.stderr
    assert "crashed" in (lacking_all.results / "tables/scans.tsv").read_text(encoding="utf-8")
    assert {"convert", "normalise", "measure", "figures", "cohort", "report"} <= lacking_all.planned().keys()


@pytest.mark.hand
def test_a_person_whose_pictures_failed_is_missed_in_the_tables_too_until_the_next_run(lacking_all, profile, scheduler):
    (lacking_all.folder / "crash-figures").write_text("sub-02", encoding="utf-8")
    run = lacking_all.snakemake(*profile, "--retries", "0", environment=scheduler)
    assert run.returncode == 1
    assert "Unfinished:   sub-02 (figures, logs/figures/sub-02.log)" in run.stderr
    assert "logs/figures/sub-02.log" in (lacking_all.results / "tables/scans.tsv").read_text(encoding="utf-8")
    assert (lacking_all.results / "report/people/sub-02.html").is_file()


def test_ctrl_c_cancels_its_jobs(study, profile, scheduler, repository):
    paused = pausing_study(study, repository)
    run = start(paused, *profile, TARGET, environment=scheduler)
    job = paused_job(paused)
    run.send_signal(signal.SIGINT)
    run.wait(60)
    os.kill(job, signal.SIGCONT)
    wait(lambda: state_of(job) in ("Z", "gone"), "the job to end")
    assert "of the old run" not in contents(paused).values()


def test_a_scan_that_is_emptied_before_its_job_starts_is_not_recorded_as_refused(study, profile, scheduler):
    (study.folder / "before").write_text("rm -f dicom/01/baseline/FDG/slice.dcm", encoding="utf-8")
    run = study.snakemake(*profile, "--retries", "0", TARGET, environment=scheduler)
    assert run.returncode == 1
    assert "its files changed, or were not there, while the run worked" in study.logs()
    assert not (study.folder / TARGET).exists()


@pytest.mark.parametrize(
    ("text", "said"), [("echo failed", "failed"), ("exit 1", "running"), ("echo failed; exit 1", "running")]
)
def test_a_job_is_waited_for_while_the_scheduler_does_not_answer(repository, tmp_path, monkeypatch, text, said):
    folder = tmp_path / "a scheduler"
    folder.mkdir()
    (folder / "status").write_text(f"#!/bin/sh\n{text} $1\n", encoding="utf-8")
    (folder / "status").chmod(0o755)
    monkeypatch.setenv("PET_SPECT_SCHEDULER", str(folder))
    profile = yaml.safe_load((repository / "profiles/cluster-generic/config.yaml").read_text(encoding="utf-8"))
    command = os.path.expandvars(profile["cluster-generic-status-cmd"])  # as Snakemake does it
    ran = subprocess.run(f"{command} '7'", shell=True, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() in ([said], [f"{said} 7"])


def test_its_jobs_are_those_of_the_profile_for_slurm(repository):
    generic, slurm = (
        yaml.safe_load((repository / "profiles" / name / "config.yaml").read_text(encoding="utf-8"))
        for name in ("cluster-generic", "slurm")
    )
    for key in ("retries", "set-resources", "groups", "keep-going", "rerun-incomplete", "cores"):
        assert generic[key] == slurm[key], key


@pytest.mark.parametrize("name", ["default", "slurm", "cluster-generic"])
def test_no_profile_looks_at_every_ready_job_whenever_one_ends(repository, name):
    profile = yaml.safe_load((repository / "profiles" / name / "config.yaml").read_text(encoding="utf-8"))
    assert profile["scheduler"] == "greedy"
    assert profile.get("jobs", 0) <= profile["scheduler-subsample"] <= 1000
