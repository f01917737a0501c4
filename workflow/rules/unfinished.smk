"""One person's crash does not withhold everybody's tables: they and the report are made without that person.

What a crashed step should have made stays absent, and what is made here is marked as incomplete, so that the next run
makes both again.
"""

import subprocess

from pet_spect.live_run import RUN_FILE
from pet_spect.study.unfinished import STEPS, unfinished_line, unfinished_steps

UNFINISHED = []


def unfinished_flags(wildcards):
    """The people of whom there is no uptake; nobody while a run is planned, so that this redoes nothing."""
    return [word for step in UNFINISHED if lacks_uptake(step) for word in ("--unfinished", *step)]


def lacks_uptake(step):
    """Whether the uptake of that person is not there; after a crash of the pictures it is, except on a cluster.

    There the steps of one person fail together.
    """
    uptake = Path("results", layout.uptake_table(step.participant, ATLAS.name))
    return step.step != "figures" or not uptake.exists()


def without_pictures(wildcards):
    """The people of whom there may be no picture; nobody while a run is planned."""
    return [word for step in UNFINISHED for word in ("--without-pictures", *step)]


def make_without_the_unfinished():
    """Make what waits for somebody's crashed step, if nothing else keeps it from being made; return whether it did."""
    left = [job for job in workflow.dag.needrun_jobs() if not workflow.dag.finished(job) and job.rule.name != "all"]
    # What an earlier run made of these people is there, and the next run would take it for done.
    for job in (job for job in left if job.rule.name in STEPS):
        workflow.persistence.started(job)
    UNFINISHED[:] = unfinished_steps(
        left, workflow.scheduler.failed, lambda job: workflow.dag.depending[job], since=RUN_FILE.stat().st_mtime
    )
    if not UNFINISHED:
        return False
    for job in (job for rule in ("cohort", "outcomes", "report", "manifest") for job in left if job.rule.name == rule):
        workflow.persistence.started(job)
        job.reset_params_and_resources()
        if subprocess.run(job.shellcmd, shell=True, check=False).returncode:
            return False
    return True
