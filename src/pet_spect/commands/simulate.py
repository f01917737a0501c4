"""The verb ``simulate``: a simulated trial with DICOM, the two tables and, for every scan, the true ratios."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pet_spect.simulate.design import ANAT_KINDS


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of ``pet-spect simulate``."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder that gets dicom, config and, last, truth.tsv"
    )
    parser.add_argument("--participants", type=_at_least_one, default=8, metavar="N", help="how many (default: 8)")
    parser.add_argument(
        "--seed", type=_at_least_one, default=1, metavar="N", help="the same seed gives the same bytes (default: 1)"
    )
    parser.add_argument(
        "--anat", choices=ANAT_KINDS, help="give everybody an anatomical image of this kind (default: none)"
    )


def run(options: argparse.Namespace) -> None:
    """Write the trial; show a progress bar on a terminal, one line per participant otherwise."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from pet_spect.imaging.atlases import load_atlas
    from pet_spect.simulate.design import Trial
    from pet_spect.simulate.trial import write_trial

    trial = Trial(participants=options.participants, seed=options.seed, anat=options.anat)
    console = Console(stderr=True)
    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("simulating", total=trial.participants)

        def done(participant: str) -> None:
            progress.advance(task)
            if not console.is_terminal:
                print(f"pet-spect simulate: {participant} written", file=sys.stderr)

        write_trial(options.out, trial, load_atlas(), done=done)
