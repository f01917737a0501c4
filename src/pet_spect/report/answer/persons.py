"""Each participant's own change: its interval, and whether it shows a change of this person."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pet_spect.report.answer.digits import decimals_of_interval, shown
from pet_spect.report.answer.estimates import is_in, is_warned
from pet_spect.report.plots.person import DOWN, FLAT, OUT, UP, PersonChange
from pet_spect.results import layout
from pet_spect.tsv import MISSING, Row, parse_float

_RELIABLE = {"improved": UP, "declined": DOWN, "not shown": FLAT}

_KEY_RELIABLE = {
    UP: "improved: above what 95 of 100 unchanged people show",
    DOWN: "declined: below what 95 of 100 unchanged people show",
    FLAT: "not shown: a change of this size is also seen in unchanged people",
    OUT: "not in the mean",
}
_KEY_INTERVAL = {
    UP: "rose: own 95 % interval above zero",
    DOWN: "fell: own 95 % interval below zero",
    FLAT: "not shown: own interval includes zero, or there is none",
    OUT: "not in the mean",
}


def key_of(rows: Sequence[Row]) -> Mapping[str, str]:
    """Return what each kind of participant is called in the key of the drawings."""
    return _KEY_RELIABLE if _has_verdicts(rows) else _KEY_INTERVAL


def person_changes(rows: Sequence[Row], unit: str) -> list[PersonChange]:
    """Return everybody's change.

    Parameters
    ----------
    rows : sequence of Row
        One per participant, as the change table has them.
    unit : str
        What stands behind a change; `` %`` where the change is in percent of the baseline.
    """
    has_verdicts = _has_verdicts(rows)
    stem = "change_percent" if unit == " %" else "change"
    ends = ("change_percent_ci95_low", "change_percent_ci95_high") if unit == " %" else ("ci95_low", "ci95_high")
    people = []
    for row in rows:
        change, low, high = (parse_float(row[name]) for name in (stem, *ends))
        kind = _kind(row, low, high, has_verdicts=has_verdicts)
        people.append(
            PersonChange(
                row["participant_id"],
                parse_float(row["baseline"]),
                parse_float(row["follow_up"]),
                change,
                low,
                high,
                kind,
                layout.participant_page(row["participant_id"]),
                _told(row, (change, low, high), unit, kind, has_verdicts=has_verdicts),
                is_warned(row),
            )
        )
    return people


def _has_verdicts(rows: Sequence[Row]) -> bool:
    return any(row.get("reliable_change", MISSING) in _RELIABLE for row in rows)


def _kind(row: Row, low: float, high: float, *, has_verdicts: bool) -> str:
    if not is_in(row):
        return OUT
    if has_verdicts:
        return _RELIABLE.get(row["reliable_change"], FLAT)
    return UP if low > 0 else DOWN if high < 0 else FLAT


def _told(row: Row, values: tuple[float, float, float], unit: str, kind: str, *, has_verdicts: bool) -> str:
    """Return a participant's change in words, for the name of a link."""
    change, low, high = values
    if math.isnan(change):
        return f"{row['participant_id']}: no change, because a value is missing"
    decimals = decimals_of_interval(low, high, otherwise=1 if unit else 3)
    interval = ""
    if math.isfinite(low) and math.isfinite(high):
        interval = f" (95 % CI {shown(low, decimals, unit)} to {shown(high, decimals, unit)})"
    words = (_KEY_RELIABLE if has_verdicts else _KEY_INTERVAL)[kind].partition(":")[0]
    warned = ", with a warning" if is_warned(row) else ""
    return f"{row['participant_id']}: change {shown(change, decimals, unit)}{interval}, {words}{warned}"
