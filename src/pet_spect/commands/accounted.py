"""The verb ``accounted``: lists what nobody signed off, and what was done to signed decisions, and fails if it must.

It fails if a refused or excluded scan is not signed off, or a signed decision was altered or removed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pet_spect.errors import TableError
from pet_spect.remarks import codes_in
from pet_spect.results.finished_run import check_finished
from pet_spect.results.tables.accounted_table import accounted_columns, accounted_rows, unsigned_scans
from pet_spect.results.tables.columns import SCANS
from pet_spect.results.tables.decision_columns import DECISIONS
from pet_spect.tsv import MISSING, Row, read_table, write_table

MOST_NAMED = 50
"""Scans that are named, each in a line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect accounted``."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the results folder")
    parser.add_argument("--out", required=True, type=Path, metavar="TSV", help="how many scans there are of each kind")


def run(options: argparse.Namespace) -> None:
    """Write the counts if every refused or excluded scan is signed off and every signed decision is as it was.

    Raises
    ------
    TableError
        After a line for each scan or decision that is not, or if a table cannot be used.
    """
    check_finished(options.results, "scans")
    altered = _judge_decisions(options.results / "tables" / "decisions.tsv")
    scans = read_table(options.results / "tables" / "scans.tsv", required=tuple(SCANS))
    unsigned = unsigned_scans(scans)
    if unsigned:
        for scan in unsigned[:MOST_NAMED]:
            print(_name(scan), file=sys.stderr)
        if len(unsigned) > MOST_NAMED:
            print(f"and {len(unsigned) - MOST_NAMED} more; tables/scans.tsv lists all", file=sys.stderr)
        if altered:
            print(altered, file=sys.stderr)
        count = "1 scan is" if len(unsigned) == 1 else f"{len(unsigned)} scans are"
        raise TableError(
            f"{count} not usable; correct the scan or its line in scans.tsv and run again, or decide in config/qc.tsv",
            code="unsigned",
        )
    if altered:
        raise TableError(altered, code="qc_altered")
    write_table(options.out, accounted_columns(options.results / "tables" / "scans.json"), accounted_rows(scans))


def _judge_decisions(path: Path) -> str:
    """Name what was found in the tables of decisions; return what makes the run fail, empty if nothing does."""
    rows = read_table(path, required=tuple(DECISIONS)) if path.is_file() else []
    failing = [row for row in rows if row["result"] == "fail"]
    warning = [row for row in rows if row["result"] == "warn" and codes_in(row["remarks"]) != {"qc_unchained"}]
    for row in (*failing, *warning)[:MOST_NAMED]:
        who = " ".join(row[name] for name in ("participant_id", "session", "tracer") if row[name] != MISSING)
        print(f"{who or row['table']} ({row['remarks']})", file=sys.stderr)
    if not failing:
        return ""
    return (
        f"{len(failing)} finding{'s' if len(failing) > 1 else ''} of altered decisions; restore the tables of decisions"
        " as they were signed, and run again (docs/sign-off.md)"
    )


def _name(scan: Row) -> str:
    return f"{scan['participant_id']}_ses-{scan['session']} {scan['tracer']} ({scan['code']}: {scan['reason']})"
