"""Snakemake's executor for SLURM, made to survive a SLURM that does not answer for a while.

Of version 2.6 of the executor these things would end badly:

- While ``squeue`` fails, it forgets the jobs that it asks about. The run then waits for them for ever.
- While ``sbatch`` fails, each attempt counts as a crash of the participants of the job.
- An error before ``sbatch``, such as an unknown account, is raised in a thread that nobody looks at. The run then waits
  for ever.
- Snakemake does not show why the submission of a job of several steps failed.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import AsyncGenerator
from typing import Any

from snakemake_executor_plugin_slurm import Executor
from snakemake_executor_plugin_slurm.job_status_query import get_min_job_age
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.jobs import JobExecutorInterface
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

ASK_AGAIN_S = 20.0
"""How long to wait before SLURM is asked again whether it answers."""

SHORTEST_MEMORY_S = 240
"""How long SLURM must remember a finished job: the executor asks every 180 s at the latest."""

_UNREACHABLE = "Unable to contact slurm controller"
_PING_S = 60.0
_MOST_SUBMISSIONS = 5
"""Of one job while ``sbatch`` does not reach a SLURM that is said to be there."""
_REASONS = ("sbatch: error: ", "error message was")


class _UnreachableError(Exception):
    """SLURM was gone when a job was submitted, so that there is no such job."""


class PatientExecutor(Executor):  # type: ignore[misc]
    """The executor, which waits while SLURM does not answer."""

    def __init__(self, *words: Any) -> None:
        self._prepare()  # `super().__init__` starts the thread that asks about jobs
        super().__init__(*words)

    def __post_init__(self, test_mode: bool = False) -> None:
        """Say it if SLURM forgets finished jobs before they are asked about."""
        super().__post_init__(test_mode)
        self._check_memory_of_slurm()

    def run_job(self, job: JobExecutorInterface) -> None:
        """Submit a job as soon as SLURM answers; what goes wrong is an error of that job."""
        attempts = 0
        while self._wait_for_slurm():
            attempts += 1
            self._thread.is_submitting = attempts < _MOST_SUBMISSIONS
            try:
                super().run_job(job)
            except _UnreachableError:
                self._ending.wait(ASK_AGAIN_S)
                continue
            except Exception as error:  # it would end in a thread that nobody looks at
                super()._report_job_error_threadsafe(SubmittedJobInfo(job), str(error))
            finally:
                self._thread.is_submitting = False
            return

    async def check_active_jobs(self, active_jobs: list[SubmittedJobInfo]) -> AsyncGenerator[SubmittedJobInfo, None]:
        """Yield the jobs that have not ended, also those whose state SLURM did not say."""
        self._reported.clear()
        working = set()
        async for job in super().check_active_jobs(active_jobs):
            working.add(id(job))
            yield job
        for job in active_jobs:
            if id(job) not in working | self._reported:
                yield job

    def report_job_success(self, job_info: SubmittedJobInfo) -> None:
        """Note that the job has ended."""
        self._reported.add(id(job_info))
        super().report_job_success(job_info)

    def report_job_error(self, job_info: SubmittedJobInfo, msg: str | None = None, **facts: Any) -> None:
        """Note that the job has ended, and say why it was not submitted."""
        self._reported.add(id(job_info))
        if job_info.external_jobid is None:
            self.logger.error(f"A job was not submitted: {reason(msg or '')}")
        super().report_job_error(job_info, msg=msg, **facts)

    def _report_job_error_threadsafe(self, job_info: SubmittedJobInfo, msg: str) -> None:
        if _UNREACHABLE in msg and getattr(self._thread, "is_submitting", False):
            raise _UnreachableError
        super()._report_job_error_threadsafe(job_info, msg)

    def shutdown(self) -> None:
        """Submit nothing any more."""
        self._ending.set()
        super().shutdown()

    def cancel(self) -> None:
        """Cancel the jobs, and submit nothing meanwhile."""
        self._ending.set()
        super().cancel()

    def _prepare(self) -> None:
        self._ending = threading.Event()
        self._thread = threading.local()
        self._waiting = threading.Lock()
        self._is_waiting = False
        self._reported: set[int] = set()

    def _check_memory_of_slurm(self) -> None:
        age = get_min_job_age()
        if self.get_status_command() == "squeue" and age is not None and age < SHORTEST_MEMORY_S:
            self.logger.warning(
                f"SLURM forgets a finished job after {age} s (MinJobAge), {SHORTEST_MEMORY_S} s are needed: the run may"
                " wait for it for ever. Add --slurm-status-command sacct"
            )

    def _wait_for_slurm(self) -> bool:
        """Wait until SLURM answers; return False if the run ends first."""
        while not self._ending.is_set():
            answers = slurm_answers()
            with self._waiting:
                if answers == self._is_waiting:
                    self.logger.warning(_AGAIN if answers else _SILENT)
                self._is_waiting = not answers
            if answers:
                return True
            self._ending.wait(ASK_AGAIN_S)
        return False


_SILENT = f"SLURM does not answer. The run waits, and asks every {ASK_AGAIN_S:.0f} s."
_AGAIN = "SLURM answers again. The run goes on."


def use_patient_executor() -> None:
    """Let ``--executor slurm`` mean `PatientExecutor`."""
    ExecutorPluginRegistry().get_plugin("slurm").executor = PatientExecutor


def slurm_answers() -> bool:
    """Return whether the controller of SLURM answers; True if nothing here can ask it."""
    try:
        done = subprocess.run(["scontrol", "ping"], capture_output=True, text=True, check=False, timeout=_PING_S)
    except FileNotFoundError:
        return True
    except (subprocess.TimeoutExpired, OSError):
        return False
    return re.search(r"\bUP\b", done.stdout) is not None  # "is UP", or "are UP/DOWN" of two controllers


def reason(message: str) -> str:
    r"""Return the line of a message that says why a job was not submitted.

    Examples
    --------
    >>> reason("SLURM sbatch failed. The error message was 'sbatch: error: invalid partition specified: x\n'.\n call")
    'invalid partition specified: x'
    """
    lines = [line for line in message.splitlines() if line.strip()] or ["no message"]
    for mark in _REASONS:
        for line in lines:
            if mark in line:
                return line.rpartition(mark)[2].strip(" '.")
    return lines[0].strip()
