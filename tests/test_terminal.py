"""What the logger plugin shows of Snakemake's records, and what it leaves out."""

import io
import logging
import queue
from logging.handlers import QueueHandler

import pytest
from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake.logging import logger
from snakemake.settings.types import OutputSettings
from snakemake_interface_logger_plugins.common import LogEvent

from pet_spect.study.overview import report_line
from snakemake_logger_plugin_pet_spect import MOST_LOG_LINES, LogHandler


class Run:
    """A handler, and what it has shown."""

    def __init__(self, monkeypatch, **settings):
        self.stream = io.StringIO()
        monkeypatch.setattr("sys.argv", ["snakemake"])
        monkeypatch.setattr("sys.stderr", self.stream)
        monkeypatch.setattr("sys.stdout", self.stream)
        self.handler = LogHandler(OutputSettings(show_failed_logs=True, **settings), None)

    def log(self, message, level=logging.INFO, **extra):
        record = logging.makeLogRecord({"msg": message, "levelno": level, "levelname": logging.getLevelName(level)})
        record.__dict__.update(extra)
        self.handler.handle(record)

    def plan(self, **counts):
        self.log("overview", overview={"steps": ["all", "convert", "normalise"], "report": "Report: here"})
        self.log("Job stats", event=LogEvent.RUN_INFO, stats={**counts, "all": 1, "total": sum(counts.values()) + 1})

    def start(self, number, rule="convert", **wildcards):
        self.log("started", event=LogEvent.JOB_INFO, jobid=number, rule_name=rule, wildcards=wildcards)

    def fail(self, number, log, why=None, grouped=False, **extra):
        facts = {"jobid": number, "rule_name": "convert", "rule_msg": why, "log": [str(log)], "indent": grouped}
        self.log("Error in rule", logging.ERROR, event=LogEvent.JOB_ERROR, **facts, **extra)

    def shown(self):
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return text


@pytest.fixture
def run(monkeypatch):
    return Run(monkeypatch)


def test_the_overview_stands_before_the_work_with_the_steps_in_order(run):
    run.log("host: here")
    run.log("Building DAG of jobs...")
    run.plan(normalise=1, convert=2)
    assert run.shown() == "overview\nTo do:        3 steps (2 convert, 1 normalise)\n"


def test_a_finished_step_is_one_line(run):
    run.plan(convert=2)
    run.shown()
    run.log("Select jobs to execute...")
    run.start(1, participant="sub-01", session="year1", datatype="pet", label="18FFDG")
    run.log("Shell command", event=LogEvent.SHELLCMD)
    run.log("Finished jobid: 1", event=LogEvent.JOB_FINISHED, job_id=1)
    run.log(None, event=LogEvent.PROGRESS, done=1, total=3)
    (line,) = run.shown().splitlines()
    assert line.endswith("  1 of 2  convert sub-01 year1 18FFDG")


def test_a_step_of_a_cluster_is_named_though_nothing_said_that_it_started(run):
    run.plan(convert=2)
    run.log("", jobs={0: ("all", {}), 1: ("convert", {"participant": "sub-01"})})
    run.shown()
    run.log("Finished jobid: 0 (Rule: all)", event=LogEvent.JOB_FINISHED, job_id=0)
    run.log("Finished jobid: 1 (Rule: convert)", event=LogEvent.JOB_FINISHED, job_id=1)
    run.log("Finished jobid: 2 (Rule: convert)", event=LogEvent.JOB_FINISHED, job_id=2)
    lines = run.shown().splitlines()
    assert lines[0].endswith("  1 of 2  convert sub-01")
    assert lines[1].endswith("  2 of 2  Finished jobid: 2 (Rule: convert)")


def test_the_step_that_only_asks_for_the_others_is_not_counted(run):
    run.plan(convert=1)
    run.shown()
    run.start(0, rule="all")
    run.log("Finished jobid: 0 (Rule: all)", event=LogEvent.JOB_FINISHED, job_id=0)
    assert run.shown() == ""


def test_a_failed_step_names_itself_and_its_log_once(run, tmp_path):
    log = tmp_path / "a.log"
    log.write_text("pet-spect convert: why\n", encoding="utf-8")
    run.plan(convert=1)
    run.shown()
    run.start(1, participant="sub-01")
    run.log("RuleException: CalledProcessError in file a.smk", logging.ERROR, event=LogEvent.ERROR)
    run.fail(1, log, "SLURM status is: 'FAILED'")
    assert run.shown() == (
        f"Step convert sub-01 failed. Its log is {log}\n    SLURM status is: 'FAILED'\n    pet-spect convert: why\n"
    )
    run.log("Exiting because a job execution failed. Look below for error messages", logging.ERROR)
    run.fail(1, log)
    run.log("WorkflowError:\nAt least one job did not complete successfully.", logging.ERROR, event=LogEvent.ERROR)
    assert run.shown() == ""


def test_every_attempt_that_failed_is_named(run, tmp_path):
    run.plan(convert=1)
    run.start(1)
    run.shown()
    run.fail(1, tmp_path / "none.log")
    run.log("Trying to restart job 1.")
    run.fail(1, tmp_path / "none.log")
    lines = run.shown().splitlines()
    assert [line.split(". ")[0] for line in lines] == [
        "Step convert failed",
        "It is tried again.",
        "Step convert failed",
    ]


def test_of_a_job_of_several_steps_it_is_unknown_which_failed(run, tmp_path):
    run.plan(convert=1)
    run.start(1)
    run.shown()
    for _ in range(2):
        run.log("Error in group sub-01", logging.ERROR)
        run.fail(1, tmp_path / "none.log", grouped=True)
        run.log("Exiting because a job execution failed. Look below for error messages", logging.ERROR)
    assert run.shown().splitlines() == [
        "Error in group sub-01",
        f"Step convert, or another step of the same job, failed. Its log is {tmp_path / 'none.log'}",
    ]


def test_of_a_job_of_several_steps_those_without_a_log_are_named_by_the_first(run, tmp_path):
    (tmp_path / "b.log").write_text("MemoryError\n", encoding="utf-8")
    run.plan(convert=4)
    run.shown()
    for _ in range(2):  # attempts
        run.log("Error in group participant", logging.ERROR)
        for number, name in enumerate("abcd"):
            run.fail(number, tmp_path / f"{name}.log", grouped=True)
    text = "Step convert, or another step of the same job, failed. Its log is"
    attempt = ["Error in group participant", f"{text} {tmp_path / 'a.log'}", f"{text} {tmp_path / 'b.log'}"]
    assert run.shown().splitlines() == 2 * [*attempt, "    MemoryError"]


def test_two_jobs_that_fail_at_once_are_both_named(run, tmp_path):
    run.plan(convert=4)
    run.shown()
    for thread in (1, 2):
        run.log("Error in group participant", logging.ERROR, thread=thread)
    for number, thread in ((0, 1), (1, 2), (2, 1), (3, 2)):
        run.fail(number, tmp_path / f"{number}.log", grouped=True, thread=thread)
    assert [line.split()[-1] for line in run.shown().splitlines()[2:]] == [f"{tmp_path}/0.log", f"{tmp_path}/1.log"]


def test_a_warning_of_every_job_is_said_once(run):
    run.plan(convert=2)
    run.shown()
    for _ in range(2):
        run.log("No SLURM account given, trying to guess.", logging.WARNING)
        run.log("No account was given, not able to get a SLURM account via sacct: sacct: invalid", logging.WARNING)
        run.log("Unable to guess SLURM account. Trying to proceed without.", logging.WARNING)
        run.log("A job was not submitted: invalid partition specified: x", logging.ERROR)
    assert run.shown() == "A job was not submitted: invalid partition specified: x\n"


def test_why_the_scheduler_ended_a_job_is_said(run, tmp_path):
    log = tmp_path / "7.log"
    log.write_text("Storing output\nslurmstepd-node1: error: Detected 1 oom-kill event(s) in StepId=7.batch\n", "utf-8")
    records = queue.SimpleQueue()
    to_queue = QueueHandler(records)  # as Snakemake does it
    logger.addHandler(to_queue)
    logger.error("Error in group participant", {"aux_logs": [str(log)]})
    logger.removeHandler(to_queue)
    run.handler.handle(records.get())
    assert run.shown() == "Error in group participant\n    SLURM: Detected 1 oom-kill event(s) in StepId=7.batch\n"


def test_the_end_of_a_long_log_is_shown(run, tmp_path):
    log = tmp_path / "a.log"
    log.write_text("".join(f"line {n}\n" for n in range(1000)), encoding="utf-8")
    run.fail(1, log)
    lines = run.shown().splitlines()
    assert len(lines) == MOST_LOG_LINES + 2
    assert lines[1].strip() == f"({1000 - MOST_LOG_LINES} lines before these)"
    assert lines[-1].strip() == "line 999"


def test_other_errors_and_warnings_stay_as_they_are(run):
    run.log("a warning", logging.WARNING)
    run.log("MissingInputException:\nno input", logging.ERROR, event=LogEvent.ERROR, exception="MissingInputException")
    run.log("WorkflowError:\nAt least one job did not complete successfully.", logging.ERROR, event=LogEvent.ERROR)
    assert run.shown().splitlines()[:3] == ["a warning", "MissingInputException:", "no input"]


def test_nothing_to_do_shows_overview_and_report(run):
    run.log("overview", overview={"steps": [], "report": "Report: here"})
    run.log(NOTHING_TO_BE_DONE_MSG)
    assert run.shown() == "overview\nTo do:        nothing: the results are up to date\nReport: here\n"


def test_what_is_no_run_shows_its_messages_and_no_overview(run):
    run.log("overview", overview={"steps": [], "report": "Report: here"})
    run.log("Unlocked working directory.")
    assert run.shown() == "Unlocked working directory.\n"


def test_a_dry_run_counts_the_steps_and_names_none(monkeypatch):
    run = Run(monkeypatch, dryrun=True)
    run.plan(convert=20000, normalise=5000)
    for number in range(1000):
        run.start(number, participant=f"sub-{number}")
    run.plan(convert=20000, normalise=5000)
    lines = run.shown().splitlines()
    assert lines[:2] == ["overview", "To do:        25000 steps (20000 convert, 5000 normalise)"]
    assert lines[3:5] == ["    convert    20000", "    normalise  5000"]
    assert len(lines) == 7


@pytest.mark.parametrize("asked", ["printshellcmds", "verbose", "debug_dag"])
def test_who_asks_for_more_gets_the_messages_of_snakemake(monkeypatch, asked):
    run = Run(monkeypatch, **{asked: True})
    run.log("host: here")
    run.log("Shell command: pet-spect", event=LogEvent.SHELLCMD)
    assert run.shown() == "host: here\nShell command: pet-spect\n"


def test_an_error_of_the_plugin_itself_does_not_end_the_run(run, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    run.log("no facts", event=LogEvent.JOB_INFO)
    run.log("a warning", logging.WARNING)
    assert run.shown() == "a warning\n"


@pytest.mark.parametrize("flag", ["--configfile", "--configfiles"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "--configfile here.yaml does not exist; it leads to "),
        ("a: [1\nb: c: d\n", "here.yaml: cannot be read as YAML (line 2)"),
        ("- a\n", "here.yaml: needed keys with values"),
        ("__use_yte__: true\n", "here.yaml: key '__use_yte__' would run code"),
    ],
)
def test_a_configfile_that_cannot_be_used_is_one_line(monkeypatch, tmp_path, flag, text, expected):
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "here.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["snakemake", "-n", flag, "here.yaml", "--config", "a=b"])
    with pytest.raises(SystemExit, match=r"^pet_spect: ") as caught:
        LogHandler(OutputSettings(), None)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_where_the_report_is_says_whether_it_is_of_this_run(tmp_path):
    report = tmp_path / "index.html"
    assert report_line(report, pending=True) == f"Report: not made yet ({report})"
    report.touch()
    assert report_line(report, pending=False) == f"Report: {report}"
    assert report_line(report, pending=True) == f"Report of an earlier run, now out of date: {report}"
