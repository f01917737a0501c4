"""A SLURM that does not answer for a while, or refuses a job: what the executor makes of it. It needs no SLURM."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from snakemake_executor_plugin_slurm import Executor
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

from snakemake_logger_plugin_pet_spect import patient_slurm
from snakemake_logger_plugin_pet_spect.patient_slurm import PatientExecutor

from ..paused import TARGET, pausing_study, start, wait
from ..studies import fill_without_scans


class Scheduler:
    """What Snakemake's scheduler is told."""

    def __init__(self):
        self.ended, self.failed = [], []
        self.finish_callback, self.error_callback = self.ended.append, self.failed.append

    @staticmethod
    async def no_jobs(*_):
        for nothing in ():
            yield nothing


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """Return how to write a script that stands for a command of SLURM."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def write(name, text):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)

    write("scontrol", "echo 'MinJobAge = 300 sec'")
    write("sacct", "exit 1")
    return write


@pytest.fixture
def executor(caplog):
    """Return an executor without the Snakemake around it."""
    caplog.set_level(logging.INFO)
    one = object.__new__(PatientExecutor)
    settings = SimpleNamespace(
        status_attempts=1, status_command="squeue", init_seconds_before_status_checks=5, keep_successful_logs=True
    )
    one.workflow = SimpleNamespace(executor_settings=settings, scheduler=Scheduler())
    one.logger = logging.getLogger("executor")
    one.run_uuid = "petspect_run"
    one.status_rate_limiter = asyncio.Lock()
    one._main_event_loop = None
    one._next_seconds_between_status_checks = 5
    one._status_query_calls = one._status_query_failures = one._status_query_total_seconds = 0
    one._status_query_min_seconds = None
    one._status_query_max_seconds = 0
    one._status_query_cycle_rows = []
    one._prepare()
    return one


def job(number=None):
    return SubmittedJobInfo(SimpleNamespace(log_error=lambda *_, **__: None), external_jobid=number, aux={})


def working(executor, jobs):
    async def ask():
        return [each async for each in executor.check_active_jobs(jobs)]

    with ThreadPoolExecutor() as thread:  # an open browser has a loop of its own in this one
        return thread.submit(lambda: asyncio.run(ask())).result()


def test_a_job_is_not_forgotten_while_squeue_fails(executor, scripts):
    scripts("squeue", "exit 1")
    jobs = [job("1"), job("2")]
    assert working(executor, jobs) == jobs  # [] by the executor itself, which then waits for ever


def test_a_job_is_not_forgotten_while_no_command_of_slurm_answers(executor, scripts):
    for name in ("squeue", "scontrol"):
        scripts(name, "exit 1")
    jobs = [job("1")]
    assert working(executor, jobs) == jobs


def test_jobs_that_ended_are_not_waited_for(executor, scripts):
    scripts("squeue", "echo '1|COMPLETED'; echo '2|FAILED'; echo '3|RUNNING'")
    jobs = [job("1"), job("2"), job("3"), job("4")]
    assert working(executor, jobs) == jobs[2:]
    assert executor.workflow.scheduler.ended == [jobs[0].job]
    assert executor.workflow.scheduler.failed == [jobs[1].job]


def test_jobs_may_be_asked_about_before_the_executor_is_made(monkeypatch):
    asked = []
    monkeypatch.setattr(Executor, "__init__", lambda executor, *_: asked.append(working(executor, [])))
    monkeypatch.setattr(Executor, "check_active_jobs", Scheduler.no_jobs)
    PatientExecutor(None, None)
    assert asked == [[]]  # its thread of questions starts in Executor.__init__ and ends for good with an error


def test_nothing_is_submitted_until_slurm_answers(executor, scripts, monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(patient_slurm, "ASK_AGAIN_S", 0.01)
    scripts(
        "scontrol", f"cd {tmp_path}; echo x >> asked; grep -c x asked | grep -q 3 && echo Slurmctld is UP || exit 1"
    )
    submitted = []
    monkeypatch.setattr(Executor, "run_job", lambda _, one: submitted.append(one))
    executor.run_job("job")
    assert submitted == ["job"]
    assert [record.message.split(".")[0] for record in caplog.records] == [
        "SLURM does not answer",
        "SLURM answers again",
    ]


def test_a_job_is_submitted_again_if_slurm_was_gone_at_that_moment(executor, scripts, monkeypatch):
    monkeypatch.setattr(patient_slurm, "ASK_AGAIN_S", 0.01)
    scripts("scontrol", "echo Slurmctld is UP")
    answers = ["sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)", ""]
    one, submitted = job(), []

    def submit(executor, _):
        if answer := answers.pop(0):
            executor._report_job_error_threadsafe(one, f"SLURM sbatch failed. The error message was '{answer}'.")
        else:
            submitted.append(one)

    monkeypatch.setattr(Executor, "run_job", submit)
    executor.run_job(one.job)
    assert submitted == [one]
    assert executor.workflow.scheduler.failed == []


def test_a_job_that_never_reaches_a_slurm_that_answers_fails(executor, scripts, monkeypatch):
    monkeypatch.setattr(patient_slurm, "ASK_AGAIN_S", 0.01)
    scripts("scontrol", "echo 'Slurmctld(primary/backup) at a/b are DOWN/UP'")
    one, error = job(), "sbatch: error: Unable to contact slurm controller (connect failure)"
    monkeypatch.setattr(Executor, "run_job", lambda it, _: it._report_job_error_threadsafe(one, error))
    executor.run_job(one.job)
    assert executor.workflow.scheduler.failed == [one.job]


@pytest.mark.workflow
def test_a_run_that_starts_while_slurm_is_gone_waits_and_can_be_interrupted(tmp_path, study_in, repository, scripts):
    for name in ("scontrol", "squeue", "sinfo", "sbatch"):
        scripts(name, "exit 1")
    study = pausing_study(fill_without_scans(study_in(tmp_path / "study")), repository)
    run = start(study, "--workflow-profile", str(repository / "profiles/slurm"), "--slurm-no-account", TARGET)
    said = study.folder / "said"
    wait(lambda: "SLURM does not answer. The run waits" in said.read_text(encoding="utf-8"), "the run to wait")
    run.send_signal(signal.SIGINT)
    assert run.wait(60) == 1
    assert "No SLURM account" not in said.read_text(encoding="utf-8")
    assert list((study.folder / ".snakemake/locks").iterdir()) == []


def test_the_end_of_the_run_ends_the_waiting(executor, scripts, monkeypatch):
    scripts("scontrol", "exit 1")
    monkeypatch.setattr(Executor, "run_job", lambda *_: pytest.fail("submitted"))
    monkeypatch.setattr(Executor, "shutdown", lambda _: None)
    waiting = threading.Thread(target=executor.run_job, args=("job",))
    waiting.start()
    executor.shutdown()
    waiting.join(10)
    assert not waiting.is_alive()


def test_an_error_before_the_submission_is_one_of_the_job(executor, scripts, monkeypatch, caplog):
    scripts("scontrol", "echo Slurmctld is UP")

    def unknown_account(*_):
        raise RuntimeError("The given account lab appears to be invalid.")

    monkeypatch.setattr(Executor, "run_job", unknown_account)
    one = job().job
    executor.run_job(one)
    assert executor.workflow.scheduler.failed == [one]
    assert "A job was not submitted: The given account lab appears to be invalid." in caplog.messages


def test_why_a_job_was_refused_is_said(executor, caplog):
    refused = (
        "SLURM sbatch failed. The error message was 'sbatch: error: invalid partition specified: x\nsbatch: error: "
    )
    executor.report_job_error(job(), msg=refused + "Batch job submission failed: Invalid partition name specified'.\n")
    assert caplog.messages == ["A job was not submitted: invalid partition specified: x"]


@pytest.mark.parametrize(("seconds", "warned"), [(60, True), (300, False)])
def test_a_slurm_that_forgets_its_jobs_too_soon_is_named(executor, scripts, caplog, seconds, warned):
    scripts("scontrol", f"echo 'MinJobAge = {seconds} sec'")
    executor._check_memory_of_slurm()
    assert any(f"forgets a finished job after {seconds} s" in text for text in caplog.messages) == warned


def test_a_run_goes_on_where_scontrol_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert patient_slurm.slurm_answers()
