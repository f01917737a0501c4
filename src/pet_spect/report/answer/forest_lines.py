"""The results of a forest plot: the primary one, other references, other analysis sets, the target without lesion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from pet_spect.quantify.comparisons import CONTRALATERAL, NO_REFERENCE
from pet_spect.quantify.uptake import LESIONFREE
from pet_spect.report.answer.digits import decimals_of_interval, shown
from pet_spect.report.answer.sentence import unit_of
from pet_spect.report.clinical_words import ANALYSIS_SETS, REGIONS, reference_words
from pet_spect.report.display import words
from pet_spect.report.plots.forest import ForestLine
from pet_spect.tsv import MISSING, Row, parse_float

_SAME = ("tracer", "measure", "session", "quantity")


def forest_lines(
    summary: Sequence[Row], shown_row: Row, result: Row, without_warned: Row | None = None
) -> list[ForestLine]:
    """Return the result and its like, the result first; empty if there is nothing beside it, or nothing to draw.

    Of another reference there is only the main analysis set. A quantity in its own unit is not compared across
    references, because each has a scale of its own.

    Parameters
    ----------
    summary : sequence of Row
    shown_row : Row
        The result in the quantity that is shown.
    result : Row
        The same in the tested quantity.
    without_warned : Row, optional
        The result as shown, without participants with a warning; comes second.
    """
    others = [
        row
        for row in summary
        if all(row[name] == shown_row[name] for name in _SAME) and _belongs(row, shown_row) and row["n"] != "0"
    ]
    lines = [_line(shown_row, shown_row, result["role"])]
    if without_warned is not None:
        line = _line(without_warned, shown_row, "descriptive, not in the plan")
        lines.append(replace(line, name="without people with a warning"))
    lines += [_line(row, shown_row, row["role"]) for row in others]
    return lines if len(lines) > 1 and any(math.isfinite(line.mean) for line in lines) else []


def _belongs(row: Row, shown_row: Row) -> bool:
    """Return whether a row differs from the result in one thing only: set, reference, or the lesion taken out."""
    names = ("analysis_set", "reference", "region")
    differing = [name for name in names if row[name] != shown_row[name]]
    if len(differing) != 1:
        return False
    if differing == ["region"]:
        return row["region"] == shown_row["region"] + LESIONFREE
    return differing == ["analysis_set"] or unit_of(shown_row) == " %"


def _line(row: Row, shown_row: Row, role: str) -> ForestLine:
    mean, low, high = (parse_float(row[name]) for name in ("mean_change", "ci95_low", "ci95_high"))
    unit = unit_of(row)
    decimals = decimals_of_interval(low, high, otherwise=1 if unit else 3)
    ends = [shown(value, decimals, unit) for value in (low, high)]
    is_primary = row is shown_row
    return ForestLine(
        name=_name(row, shown_row),
        role=f"{role} result" if is_primary and role == "primary" else words(role),
        is_primary=is_primary,
        mean=mean,
        low=low,
        high=high,
        estimate=shown(mean, decimals, unit),
        interval="no interval" if "n/a" in ends else f"{ends[0]} to {ends[1]}",
        n=row["n"],
        note="" if row["note"] == MISSING else row["note"],
    )


def _name(row: Row, shown_row: Row) -> str:
    """Return what is special of a row."""
    if row["region"] != shown_row["region"]:
        return "target without the lesion"
    if row["analysis_set"] != shown_row["analysis_set"]:
        return f"set: {ANALYSIS_SETS.get(row['analysis_set'], words(row['analysis_set']))}"
    if row["reference"] in (MISSING, NO_REFERENCE):
        return "no reference"
    if row["reference"] == CONTRALATERAL:
        return f"contralateral {REGIONS.get(row['region'], words(row['region']))}"
    return reference_words(row["reference"]).removeprefix("the ").removeprefix("reference ")
