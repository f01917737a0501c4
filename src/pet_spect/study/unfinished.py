"""Which steps of single people crashed in a run, if nothing else keeps the tables of everybody from being made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from math import inf
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pet_spect.errors import listed

STEPS = ("convert", "convert_anat", "normalise", "measure", "figures")
"""The rules that work on one person, in their order."""


class Job(Protocol):
    """What is asked of a job of Snakemake."""

    rule: Any
    wildcards_dict: Mapping[str, str]
    log: Iterable[str]
    output: Iterable[str]

    def is_group(self) -> bool:
        """Return whether it stands for several jobs."""


class UnfinishedStep(NamedTuple):
    """A step of one person that did not finish.

    Attributes
    ----------
    participant, step, log : str
        Step is a verb of ``pet-spect``.
    """

    participant: str
    step: str
    log: str


def unfinished_steps(
    left: Collection[Job], failed: Iterable[Any], depending: Callable[[Job], Iterable[Job]], *, since: float = 0.0
) -> list[UnfinishedStep]:
    """Return for each person the step that failed, of several the first one.

    When a job of a cluster fails, Snakemake removes what all its steps made, so that the step that failed is told from
    the logs: each step starts its own anew, so the last one written belongs to it.

    Parameters
    ----------
    left : collection of Job
        What was to be done and is not.
    failed : iterable of Job
        What was tried in vain; groups too.
    depending : callable
        The jobs that wait for a job.
    since : float, default 0
        When the run began, in seconds since the epoch: older logs say nothing of it.

    Returns
    -------
    list of UnfinishedStep
        In the order of the names. Empty if a step of everybody failed, or if something is left that waits for no failed
        job: the run was interrupted, and nobody knows whose steps would fail.
    """
    crashed = [list(job.jobs) if job.is_group() else [job] for job in failed]
    tried = [job for jobs in crashed for job in jobs]
    if any(job.rule.name not in STEPS for job in tried) or not set(left) <= _with_followers(tried, depending):
        return []
    first: dict[str, Job] = {}
    for job in sorted((_last_started(jobs, since) for group in crashed for jobs in _open_by_person(group)), key=_place):
        first.setdefault(job.wildcards_dict["participant"], job)
    return [
        UnfinishedStep(person, job.rule.name.removesuffix("_anat"), next(iter(job.log)))
        for person, job in sorted(first.items())
    ]


def _open_by_person(jobs: Iterable[Job]) -> Collection[list[Job]]:
    people: dict[str, list[Job]] = {}
    for job in jobs:
        if not all(Path(file).exists() for file in job.output):
            people.setdefault(job.wildcards_dict["participant"], []).append(job)
    return people.values()


def _last_started(jobs: Iterable[Job], since: float) -> Job:
    """Return the job whose log was written last since then; the first one if none was."""
    in_order = sorted(jobs, key=_place)
    written = {job: _time_of(next(iter(job.log))) for job in in_order}
    started = [job for job in in_order if written[job] >= since]
    return max(started, key=lambda job: written[job], default=in_order[0])


def _place(job: Job) -> int:
    return STEPS.index(job.rule.name)


def _time_of(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return -inf


def _with_followers(jobs: Iterable[Job], depending: Callable[[Job], Iterable[Job]]) -> set[Job]:
    found, open_jobs = set(jobs), list(jobs)
    while open_jobs:
        for follower in depending(open_jobs.pop()):
            if follower not in found:
                found.add(follower)
                open_jobs.append(follower)
    return found


def unfinished_line(steps: Collection[UnfinishedStep]) -> str:
    """Return what the terminal says of them.

    Examples
    --------
    >>> unfinished_line([UnfinishedStep("sub-03", "normalise", "logs/normalise/sub-03.log")])
    'Unfinished:   sub-03 (normalise, logs/normalise/sub-03.log): n/a in tables and report; run again to complete them'
    """
    named = listed(f"{step.participant} ({step.step}, {step.log})" for step in steps)
    return f"{'Unfinished:':<14}{named}: n/a in tables and report; run again to complete them"
