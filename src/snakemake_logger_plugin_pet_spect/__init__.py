"""Snakemake's messages as a study shows them: a bar on a terminal, else one line per finished step.

Snakemake finds this package by its name; the profiles choose it (``logger: pet-spect``). Whoever asks for
commands or more (``--printshellcmds``, ``--verbose``, ``--debug-dag``) gets the messages of Snakemake itself.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake.logging import ColorizingTextHandler, DefaultFormatter
from snakemake.logging import logger as snakemake_logger
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from pet_spect.errors import ConfigError
from pet_spect.study.config_file import read_config
from pet_spect.study.overview import steps_line

if TYPE_CHECKING:
    from rich.progress import Progress

MOST_LOG_LINES = 60
"""Lines of a failed step's log that are shown, the last ones."""

_NO_STEPS = ("all", "total")
_BEFORE_THE_WORK = ("host: ", "Building DAG of jobs", "Assuming unrestricted shared filesystem", "Using shell: ")
_ANOTHER_ATTEMPT = "Trying to restart job"
_DURING_THE_WORK = ("Will exit after finishing", "Shutting down")
_FAILURES_AGAIN = "Exiting because a job execution failed"
_EXIT_STATUS = "CalledProcessError in file"
_GROUP_FAILED = "Error in group"
_SCHEDULER, _ITS_ERROR = "slurmstepd", ": error: "  # slurmstepd-HOST: error: ...
# Of an account that is not given: SLURM has a default one, or says with the submission that it needs one.
_OF_NO_USE = (
    "No SLURM account given",
    "No account was given",
    "Unable to guess SLURM account",
    "Could not retrieve node information",
)
_END_OF_FAILURES = "At least one job did not complete successfully"


class LogHandler(LogHandlerBase):
    """What a person sees of a run.

    Raises
    ------
    SystemExit
        If a file named with ``--configfile`` cannot be used: Snakemake reads it before the Snakefile,
        and has a traceback for it, or runs code in it.
    """

    writes_to_stream = True
    writes_to_file = False
    has_filter = False
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Choose between bar and lines."""
        _check_configfiles(sys.argv[1:])
        snakemake_logger.addFilter(_keep_logs_of_jobs)
        settings = self.common_settings
        self._stream: TextIO = sys.stdout if settings.stdout else sys.stderr
        self.setFormatter(DefaultFormatter(settings.quiet, settings.show_failed_logs))
        self._everything: logging.Handler | None = None
        if settings.printshellcmds or settings.verbose or settings.debug_dag:
            self._everything = ColorizingTextHandler(settings.nocolor, self._stream, self.formatter)
        elif settings.dryrun:
            _describe_no_job()
        self._overview = ""
        self._order: Sequence[str] = ()
        self._up_to_date = ""
        self._working = False
        self._total = self._done = 0
        self._steps: dict[int, str] = {}
        self._running: dict[int, str] = {}
        self._failed: set[int] = set()
        self._warned: set[str] = set()
        self._named: set[int | None] = set()  # threads whose group that failed has been named
        self._repeating = False
        self._bar: Progress | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record, or what it adds up to."""
        try:
            if self._everything is not None:
                self._everything.emit(record)
            else:
                self._show(record)
        except BrokenPipeError:  # `| head` has read enough
            self._stream = Path(os.devnull).open("w")  # noqa: SIM115
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._stop_bar()
        super().close()

    def _show(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if event is None:
            self._message(record)
        elif event == LogEvent.RUN_INFO:
            self._announce(record)
        elif event == LogEvent.JOB_INFO:
            self._started(record)
        elif event == LogEvent.JOB_FINISHED:
            self._finished(record)
        elif event == LogEvent.JOB_ERROR:
            self._failure(record)
        elif event in (LogEvent.GROUP_ERROR, LogEvent.ERROR) and not self._known(record.getMessage()):
            self._say(self.format(record))

    def _known(self, error: str) -> bool:
        """Return whether an error only says that a step failed, which is said with the step's log."""
        return _EXIT_STATUS in error or (bool(self._failed) and _END_OF_FAILURES in error)

    def _message(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if hasattr(record, "jobs"):
            self._steps = {number: _step(*job) for number, job in record.jobs.items()}
        elif hasattr(record, "overview"):
            self._overview, self._order, self._up_to_date = text, record.overview["steps"], record.overview["report"]
        elif hasattr(record, "closing"):
            self._stop_bar()
            self._say(text)
        elif text.startswith(_FAILURES_AGAIN):
            self._repeating = True
        elif text == NOTHING_TO_BE_DONE_MSG:
            self._say(f"{self._overview}\n{steps_line({})}\n{self._up_to_date}")
        elif text.startswith(_ANOTHER_ATTEMPT):
            self._say("It is tried again.")
        elif text.startswith(_GROUP_FAILED):
            self._named.discard(record.thread)
            if not self._repeating:
                self._say("\n".join([text, *_scheduler_errors(record)]))
        elif record.levelno >= logging.WARNING or self._worth_saying(text):
            self._say_once(text)

    def _say_once(self, text: str) -> None:
        """Say a warning of the work once: each of a thousand jobs would repeat it."""
        if not self._working:
            self._say(text)
        elif text not in self._warned and not text.startswith(_OF_NO_USE):
            self._warned.add(text)
            self._say(text)

    def _worth_saying(self, text: str) -> bool:
        return text.startswith(_DURING_THE_WORK) if self._working else not text.startswith(_BEFORE_THE_WORK)

    def _announce(self, record: logging.LogRecord) -> None:
        """Say what will be done; a dry run repeats the record at its end."""
        if self._working:
            return
        self._working = True
        stats = {rule: n for rule, n in record.__dict__["stats"].items() if rule not in _NO_STEPS}
        ordered = [rule for rule in self._order if rule in stats]
        counts = {rule: stats[rule] for rule in (*ordered, *sorted(set(stats) - set(ordered)))}
        self._total = sum(counts.values())
        self._say("\n".join(filter(None, (self._overview, steps_line(counts)))))
        if self.common_settings.dryrun:
            width = max(map(len, counts), default=0)
            self._say("\n".join(["", *(f"    {rule:<{width}}  {n}" for rule, n in counts.items()), ""]))
            self._say(
                "Dry run: nothing was processed. With -p, every step is shown with its files, reason and command."
            )
        elif self._stream.isatty() and os.environ.get("TERM") != "dumb":
            self._start_bar()

    def _started(self, record: logging.LogRecord) -> None:
        job = record.__dict__
        if job["rule_name"] not in _NO_STEPS:
            self._running[job["jobid"]] = self._steps[job["jobid"]] = _step(job["rule_name"], job["wildcards"])
            self._update_bar()

    def _finished(self, record: logging.LogRecord) -> None:
        number = record.__dict__["job_id"]
        step = self._steps.get(number, record.getMessage())
        if step in _NO_STEPS or step.endswith("(Rule: all)"):
            return
        self._done += 1
        self._running.pop(number, None)
        if self._bar is None:
            self._say(f"{time.strftime('%H:%M:%S')}  {self._done} of {self._total}  {step}")
        self._update_bar()
        if self._done == self._total:
            self._stop_bar()

    def _failure(self, record: logging.LogRecord) -> None:
        """Name a failed step and show its log; at the end Snakemake names all of them again."""
        job = record.__dict__
        number, logs = job["jobid"], list(job["log"] or [])
        if self._repeating and number in self._failed:
            return
        self._failed.add(number)
        self._running.pop(number, None)
        shown = [line for log in logs for line in _last_lines(Path(log)) if self.common_settings.show_failed_logs]
        if job["indent"] and record.thread in self._named and not shown:
            return
        self._named.add(record.thread)
        step = self._steps.get(number, job["rule_name"])
        which = f"{step}, or another step of the same job," if job["indent"] else step
        lines = [f"Step {which} failed.{f' Its log is {logs[0]}' if logs else ''}"]
        lines += [f"    {job['rule_msg']}"] if job["rule_msg"] else []
        self._say("\n".join([*lines, *(f"    {line}" for line in shown)]))
        self._update_bar()

    def _say(self, text: str) -> None:
        if not text or text == "None":
            return
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=self._stream, flush=True)

    def _start_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
        )
        console = Console(file=self._stream, no_color=self.common_settings.nocolor or None, force_terminal=True)
        self._bar = Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False)
        self._bar.add_task("", total=self._total)
        self._bar.start()

    def _update_bar(self) -> None:
        if self._bar is not None:
            first, others = next(iter(self._running.values()), ""), len(self._running) - 1
            doing = f"{first} and {others} more" if others > 0 else first
            self._bar.update(self._bar.task_ids[0], completed=self._done, description=doing)

    def _stop_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _step(rule: str, wildcards: Mapping[str, str] | None) -> str:
    return " ".join([rule, *(str(value) for name, value in (wildcards or {}).items() if name != "datatype")])


def _describe_no_job() -> None:
    """Let Snakemake not describe the jobs of a plan that is only counted, a third of its work."""
    from snakemake.jobs import Job

    def log_info(job: Job, indent: bool = False, printshellcmd: bool = True) -> None:
        pass

    Job.log_info = log_info


def _keep_logs_of_jobs(record: logging.LogRecord) -> bool:
    """Keep the logs of a job of several steps, which Snakemake names in the arguments: its queue drops these."""
    if isinstance(record.args, Mapping):
        record.aux_logs = record.args.get("aux_logs")
    return True


def _scheduler_errors(record: logging.LogRecord) -> list[str]:
    """Return what SLURM wrote into the log of a job: too much memory, too much time. Snakemake says it of no group."""
    lines = [line for log in getattr(record, "aux_logs", None) or [] for line in _last_lines(Path(log))]
    said = dict.fromkeys(line.partition(_ITS_ERROR)[2] for line in lines if line.startswith(_SCHEDULER))
    return [f"    SLURM: {text}" for text in said]


def _last_lines(log: Path) -> list[str]:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    left_out = len(lines) - MOST_LOG_LINES
    return [f"({left_out} lines before these)", *lines[-MOST_LOG_LINES:]] if left_out > 0 else lines


def _check_configfiles(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(
        "--configfile", "--configfiles", dest="paths", type=Path, nargs="+", action="extend", default=[]
    )
    for path in parser.parse_known_args(words)[0].paths:
        if not path.exists():
            led = "" if path.is_absolute() else f"; it leads to {path.absolute()}"
            sys.exit(f"pet_spect: --configfile {path} does not exist{led}")
        try:
            read_config(path)
        except ConfigError as error:
            sys.exit(f"pet_spect: {error}")
