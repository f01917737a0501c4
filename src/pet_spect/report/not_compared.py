"""Items of the protocol that could not be compared between visits, because a scan does not state them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pet_spect.report.display import words
from pet_spect.tsv import MISSING, Row


def not_compared(scans: Sequence[Row]) -> str:
    """Return which items were not compared, and in how many of these scans; empty if all were.

    Parameters
    ----------
    scans : sequence of Row
        Follow-up scans of the scans table.

    Examples
    --------
    >>> cells = ["filter, energy_window", "filter, energy_window", "filter, energy_window, glucose", "n/a"]
    >>> not_compared([{"not_compared": cell} for cell in cells])
    'filter, energy window (in 3 of 4), glucose (in 1 of 4)'
    """
    counts = Counter(
        item for row in scans if row["not_compared"] != MISSING for item in row["not_compared"].split(", ")
    )
    groups: dict[int, list[str]] = {}
    for item, count in counts.items():
        groups.setdefault(count, []).append(words(item))
    listed = sorted(groups.items(), reverse=True)
    return ", ".join(f"{', '.join(items)} (in {count} of {len(scans)})" for count, items in listed)
