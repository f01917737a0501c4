"""The verb ``init``: makes the folder of a new study, with empty tables to fill in."""

from __future__ import annotations

import argparse
from pathlib import Path

from pet_spect.study.new_study import start_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect init``."""
    parser.add_argument("study", type=Path, metavar="STUDY", help="the new folder; it must not exist, or be empty")


def run(options: argparse.Namespace) -> None:
    """Make the folder and say what to do next.

    Raises
    ------
    ConfigError
        If the folder holds anything.
    """
    start_study(options.study)
    tables = options.study / "config"
    print(f"Fill in {tables / 'participants.tsv'} and {tables / 'scans.tsv'}; {options.study / 'README.md'} goes on.")
