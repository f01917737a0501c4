"""The table of pet-spect accounted: how many scans there are of each status and decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pet_spect.errors import TableError
from pet_spect.files import read_json
from pet_spect.results.analysis_plan import recorded_statement, with_statement
from pet_spect.results.tables.columns import SCANS, Columns
from pet_spect.tsv import MISSING, Row

ACCOUNTED: Columns = {
    "status": {**SCANS["status"], "Description": "What became of the scans."},
    "decision": {**SCANS["decision"], "Description": "What a person decided about them in qc.tsv."},
    "scans": {"Description": "How many scans.", "Units": "1"},
}
"""accounted.tsv: one row per status and decision."""


def accounted_rows(scans: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the rows of accounted.tsv from those of scans.tsv, sorted."""
    counts = Counter((scan["status"], scan["decision"]) for scan in scans)
    return [{"status": status, "decision": decision, "scans": n} for (status, decision), n in sorted(counts.items())]


def accounted_columns(of_scans: Path) -> Columns:
    """Return the columns with what the dictionary of the scans says of the run and its analysis plan."""
    told = read_json(of_scans, TableError, "dictionary") if of_scans.is_file() else {}
    statement = recorded_statement(told, of_scans)
    return ACCOUNTED if statement is None else with_statement(ACCOUNTED, statement)


def unsigned_scans(scans: Iterable[Row]) -> list[Row]:
    """Return the rows of refused and excluded scans that nobody signed off."""
    return [scan for scan in scans if scan["status"] in ("refused", "excluded") and scan["decision"] == MISSING]
