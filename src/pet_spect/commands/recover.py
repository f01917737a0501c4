"""The verb ``recover``: cleans up after a run that was killed."""

from __future__ import annotations

import argparse
from pathlib import Path

from pet_spect.live_run import RUN_FILE, claim, was_on_cluster
from pet_spect.study.leftovers import Leftovers, cancel_jobs, find_leftovers, find_partials, remove_partials, unlock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect recover``."""
    parser.add_argument(
        "study",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="STUDY",
        help="the folder of the study, the --directory of its runs (default: this folder)",
    )
    parser.add_argument("--yes", action="store_true", help="do it; without it, only what would be done is said")


def run(options: argparse.Namespace) -> None:
    """Say what a killed run left in a study's folder; with ``--yes``, clean up.

    Raises
    ------
    PetSpectError
        If no run was ever started there, or SLURM does not answer or does not end a job.
    OvertakenError
        If a run works there, is just starting, or was started on another computer.
    """
    leftovers = find_leftovers(options.study)
    if not leftovers:
        print("\n".join([*leftovers.lines(), "There is nothing to clean up."]))
    elif options.yes:
        _clean(options.study, leftovers)
        print("Done. Start the run again with the line that you started it with; it goes on where it was.")
    else:
        print("\n".join([*leftovers.lines(), "To do this, type the same line with --yes."]))


def _clean(study: Path, leftovers: Leftovers) -> None:
    # keeps what it says of the last run, for a second try
    claim(
        study / RUN_FILE, on_cluster=was_on_cluster(study / RUN_FILE)
    )  # jobs that nobody finds write nothing any more, and no run begins meanwhile
    if leftovers.jobs is None:
        print(leftovers.lines()[0])
    elif leftovers.jobs:
        print(f"Cancelling {len(leftovers.jobs)} cluster jobs. This may take a minute.", flush=True)
        cancel_jobs(study, leftovers.jobs)
        print("They are gone.")
    partials = find_partials(study)  # the jobs may have removed their own
    remove_partials(partials)
    unlock(study)
    print(f"Half-written files removed: {len(partials)}. The folder is unlocked.")
