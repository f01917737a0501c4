"""The verb ``manifest``: lists every file of a results folder with its SHA-256, so that verify finds any change."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect manifest``."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the results folder, after report")
    parser.add_argument(
        "--no-outcomes",
        action="store_true",
        help="leave out clinical outcomes, whose tables may be those of an earlier run",
    )


def run(options: argparse.Namespace) -> None:
    """Write ``RESULTS/manifest.json``.

    Raises
    ------
    TableError
        If the tables have no run id, or a participant's part cannot be read.
    """
    from pet_spect.results.proof.manifest import manifest_line, write_manifest

    write_manifest(options.results, with_outcomes=not options.no_outcomes)
    print(manifest_line(options.results), file=sys.stderr)
