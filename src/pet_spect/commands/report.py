"""The verb ``report``: the report page of a results folder, with the answer, all values, refusals and pictures."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect report``."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the results folder, with its tables and figures")
    parser.add_argument(
        "--no-outcomes",
        action="store_true",
        help="leave out clinical outcomes, whose tables may be those of an earlier run",
    )
    parser.add_argument(
        "--without-pictures",
        nargs=3,
        action="append",
        default=[],
        metavar=("PARTICIPANT", "STEP", "LOG"),
        help="a participant whose pictures are not shown, because a step did not finish; repeat for each",
    )


def run(options: argparse.Namespace) -> None:
    """Write ``RESULTS/report/index.html``.

    Raises
    ------
    TableError
        If a table is absent or unusable, or names no primary endpoint.
    ImageError
        If a picture or a registration record is absent.
    """
    from pet_spect.report.page import write_report
    from pet_spect.study.unfinished import UnfinishedStep

    unfinished = [UnfinishedStep(*words) for words in options.without_pictures]
    write_report(options.results, with_outcomes=not options.no_outcomes, unfinished=unfinished)
