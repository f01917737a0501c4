"""The verb ``accounted``: lists the refused or excluded scans that are not signed off, and fails if there is one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pet_spect.errors import TableError
from pet_spect.results.accounted_table import ACCOUNTED, accounted_rows
from pet_spect.results.columns import SCANS
from pet_spect.results.finished_run import check_finished
from pet_spect.tsv import MISSING, Row, read_table, write_table

MOST_NAMED = 50
"""Scans that are named, each in a line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect accounted``."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the results folder")
    parser.add_argument("--out", required=True, type=Path, metavar="TSV", help="how many scans there are of each kind")


def run(options: argparse.Namespace) -> None:
    """Write the counts if every refused or excluded scan is signed off.

    Raises
    ------
    TableError
        After a line for each scan that is not, or if scans.tsv cannot be used.
    """
    check_finished(options.results, "scans")
    scans = read_table(options.results / "tables" / "scans.tsv", required=tuple(SCANS))
    unsigned = [scan for scan in scans if scan["status"] in ("refused", "excluded") and scan["decision"] == MISSING]
    if unsigned:
        for scan in unsigned[:MOST_NAMED]:
            print(_name(scan), file=sys.stderr)
        if len(unsigned) > MOST_NAMED:
            print(f"and {len(unsigned) - MOST_NAMED} more; tables/scans.tsv lists all", file=sys.stderr)
        count = "1 scan is" if len(unsigned) == 1 else f"{len(unsigned)} scans are"
        raise TableError(
            f"{count} not usable; correct the scan or its line in scans.tsv and run again, or decide in config/qc.tsv",
            code="unsigned",
        )
    write_table(options.out, ACCOUNTED, accounted_rows(scans))


def _name(scan: Row) -> str:
    return f"{scan['participant_id']}_ses-{scan['session']} {scan['tracer']} ({scan['code']}: {scan['reason']})"
