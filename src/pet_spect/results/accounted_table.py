"""The table of pet-spect accounted: how many scans there are of each status and decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from pet_spect.results.columns import SCANS, Columns
from pet_spect.tsv import Row

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
