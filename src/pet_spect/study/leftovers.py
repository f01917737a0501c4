"""What a killed run leaves in a study's folder: its lock, cluster jobs, unfinished outputs and half-written files."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pet_spect.errors import OvertakenError, PetSpectError, listed
from pet_spect.files import PARTIAL
from pet_spect.live_run import RUN_FILE, state_of, was_on_cluster

JOB_PREFIX = "petspect_"
"""How the names of a study's cluster jobs begin: ``slurm-jobname-prefix`` of profiles/slurm, and what SLURM's executor
puts behind it."""

_LOCKS = Path(".snakemake", "locks")
_UNFINISHED = Path(".snakemake", "incomplete")
_STARTING_S = 60.0
_SQUEUE_S = 60.0
_END_OF_JOBS_S = 180.0


@dataclass(frozen=True)
class Leftovers:
    """What was found in a study's folder.

    Attributes
    ----------
    locks : tuple of Path
        Snakemake's lock files.
    unfinished : int
        Outputs that were being made.
    partials : tuple of Path
        Half-written files below ``results``.
    jobs : tuple of str or None
        Numbers of the study's cluster jobs that wait or run; None where there is no SLURM that could be asked.
    """

    locks: tuple[Path, ...]
    unfinished: int
    partials: tuple[Path, ...]
    jobs: tuple[str, ...] | None

    def __bool__(self) -> bool:
        return bool(self.locks or self.partials or self.jobs)

    def lines(self) -> list[str]:
        """Return what there is and what will become of it, one line for each."""
        said = []
        if self.jobs is None:
            said.append("SLURM cannot be asked on this computer, so cluster jobs were not looked for.")
        elif self.jobs:
            said.append(f"Cluster jobs that still wait or run: {listed(self.jobs)}. They will be cancelled.")
        if self.partials:
            said.append(f"Half-written files: {len(self.partials)}. They will be removed.")
        if self.unfinished:
            said.append(f"Outputs that were not finished: {self.unfinished}. The next run makes them again.")
        if self.locks:
            said.append("The folder is locked. It will be unlocked.")
        return said


def find_leftovers(study: Path) -> Leftovers:
    """Look for what a killed run left in a study's folder, the working directory of its runs.

    Raises
    ------
    PetSpectError
        If no run was ever started there, or SLURM does not answer.
    OvertakenError
        If a run works there, is just starting, or was started on another computer, where it may work.
    """
    if not (study / ".snakemake").is_dir():
        raise PetSpectError(f"{study}: no run was started here; name the folder of the study")
    state, host = state_of(study / RUN_FILE)
    if state == "alive":
        raise OvertakenError("another run is working in this folder; nothing is cleaned up")
    locks = _locks(study)
    if _is_starting(study, locks):
        raise OvertakenError("another run may be starting in this folder; try again in a minute")
    if state == "unseen" and locks:
        raise OvertakenError(
            f"the run was started on the computer {host or 'n/a'}, and may still work there; type this line there"
            f" (if there is no such computer any more, remove {study / RUN_FILE} first)"
        )
    unfinished = sum(len(names) for _, _, names in os.walk(study / _UNFINISHED))
    return Leftovers(locks, unfinished, find_partials(study), cluster_jobs(study))


def find_partials(study: Path) -> tuple[Path, ...]:
    """Return the half-written files and folders below ``results``."""
    return tuple(
        Path(folder, name)
        for folder, folders, names in os.walk(study / "results")
        for name in sorted([*names, *folders])
        if name.startswith(PARTIAL)
    )


def locked_line(study: Path) -> str:
    """Return what to tell somebody who starts a run in a folder that Snakemake finds locked."""
    typed_here = os.environ.get("PWD", "") == str(study)
    command = f"pet-spect recover {'' if typed_here else shlex.quote(str(study)) + ' '}--yes"
    state, host = state_of(study / RUN_FILE)
    if state == "alive":
        return "another run is working in this folder; wait until it has ended"
    if _is_starting(study, _locks(study)):
        return f"another run may be starting in this folder; if not, type in a minute: {command}"
    if state == "unseen":
        return f"a run was started here on the computer {host or 'n/a'}; if it has ended, type there: {command}"
    return f"an earlier run ended without cleaning up; type: {command}"


def cluster_jobs(study: Path) -> tuple[str, ...] | None:
    """Return the numbers of a study's SLURM jobs that wait or run, of this user.

    Returns
    -------
    tuple of str or None
        None where there is no SLURM, or none that answers and the last run did not use it.

    Raises
    ------
    PetSpectError
        If SLURM does not answer, and the last run used a cluster.
    """
    if shutil.which("squeue") is None:
        return None
    try:
        answer = _slurm("squeue", "--me", "--noheader", "--format=%i %j %Z")
    except PetSpectError:  # the programs are often installed where there is no cluster
        if was_on_cluster(study / RUN_FILE):
            raise
        return None
    jobs = []
    for line in answer.splitlines():
        number, name, *folder = line.split(maxsplit=2)
        if name.startswith(JOB_PREFIX) and folder and Path(folder[0]).resolve() == study.resolve():
            jobs.append(number)
    return tuple(jobs)


def cancel_jobs(study: Path, jobs: Sequence[str]) -> None:
    """Cancel SLURM jobs of a study and wait until they are gone.

    Raises
    ------
    PetSpectError
        If SLURM does not answer, or they do not end.
    """
    _slurm("scancel", *jobs)
    until = time.monotonic() + _END_OF_JOBS_S
    while left := cluster_jobs(study):
        if time.monotonic() > until:
            raise PetSpectError(
                f"cluster jobs {listed(left)} were cancelled but have not ended; look at squeue, then type this again"
            )
        time.sleep(1)


def remove_partials(partials: Sequence[Path]) -> None:
    """Remove half-written files and folders; one that is gone already is none."""
    for path in partials:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def unlock(study: Path) -> None:
    """Remove the lock files as ``snakemake --unlock`` does, which needs the Snakefile and the config for that."""
    for lock in _locks(study):
        lock.unlink(missing_ok=True)


def _locks(study: Path) -> tuple[Path, ...]:
    return tuple(sorted((study / _LOCKS).glob("*.lock")))


def _is_starting(study: Path, locks: Sequence[Path]) -> bool:
    """Return whether a lock is that of a run between Snakemake's locking and `pet_spect.live_run.claim`."""
    with suppress(FileNotFoundError):
        youngest = max((lock.stat().st_mtime for lock in locks), default=0.0)
        run = study / RUN_FILE
        claimed = run.stat().st_mtime if run.exists() else 0.0
        return claimed < youngest and time.time() - youngest < _STARTING_S
    return False


def _slurm(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SQUEUE_S)
    except subprocess.TimeoutExpired:
        raise PetSpectError(f"{command[0]} does not answer; try again when SLURM works") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise PetSpectError(f"{command[0]} failed ({said[-1] if said else 'no message'}); try again when SLURM works")
    return done.stdout
