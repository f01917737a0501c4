"""The table of pet-spect plan: its columns, its rows, and as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pet_spect.quantify.cohort.planning import Basis, Design, PlanLine
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.remarks import write_cell
from pet_spect.results.tables.columns import Columns
from pet_spect.tsv import MISSING

_HEADINGS = ("tracer", "reference", "contains", "measured in", "SD", "smallest change", "people needed", "")
_NUMBERS = range(3, 7)

_CONTAINS: Mapping[Basis, str] = {
    "counting_noise": "count noise, at best",
    "registration": "+ alignment",
    "within_subject": "+ the person",
}

PLAN: Columns = {
    "tracer": {"Description": "Tracer."},
    "reference": {"Description": "Reference of the uptake ratio, as in ratios.tsv."},
    "basis": {
        "Description": "What the standard deviation contains.",
        "Levels": {
            "counting_noise": "count noise of both scans alone: at best",
            "registration": "also the rigid misalignment of the scans",
            "within_subject": "also how an unchanged person varies between visits, by within_subject_cv",
        },
    },
    "people_measured": {"Description": "People whose scans gave the standard deviation.", "Units": "1"},
    "sd_percent": {
        "Description": "Standard deviation of 100 · ln(follow_up / baseline), that of a small change in percent, if"
        " nobody's true change differs from the mean one; the root mean square over people.",
        "Units": "percent",
    },
    "people": {"Description": "Size of the planned trial.", "Units": "1"},
    "power": {"Description": "Probability with which a change shall be found.", "Units": "1"},
    "alpha": {"Description": "Two-sided probability of finding a change where there is none.", "Units": "1"},
    "smallest_change_percent": {
        "Description": "Smallest mean improvement that so many people show with this power in a t test of the"
        " logarithm; n/a if not known, or above twenty times the baseline.",
        "Units": "percent of the baseline",
    },
    "wanted_change_percent": {
        "Description": "Mean improvement that the trial shall show.",
        "Units": "percent of the baseline",
    },
    "people_needed": {"Description": "People with complete data that it takes to show it.", "Units": "1"},
    "reason": {"Description": "code: text of why people_needed is n/a."},
}
"""The table of pet-spect plan: one row per tracer, reference and basis."""


def plan_row(line: PlanLine, design: Design) -> dict[str, Any]:
    """Return one row of the table."""
    return {
        "tracer": line.tracer,
        "reference": line.reference,
        "basis": line.basis,
        "people_measured": line.people_measured,
        "sd_percent": line.sd_percent,
        "people": design.people,
        "power": design.power,
        "alpha": design.alpha,
        "smallest_change_percent": line.smallest_change_percent,
        "wanted_change_percent": design.change_percent,
        "people_needed": line.people_needed,
        "reason": write_cell([line.remark]),
    }


def plan_text(
    lines: Sequence[PlanLine], design: Design, cvs: Mapping[str, WithinSubjectCv], precision_from: str
) -> str:
    """Return the plan as a terminal shows it.

    Parameters
    ----------
    lines : sequence of PlanLine
    design : Design
    cvs : mapping
        Within-subject CV by tracer.
    precision_from : str
        Whose scans gave the standard deviations.
    """
    wanted = "" if math.isnan(design.change_percent) else f" Wanted mean change: {design.change_percent:g} %."
    declared = [f"{tracer} {cv.value:g} % ({cv.kind}; {cv.source})" for tracer, cv in cvs.items()]
    head = [
        f"Precision of {precision_from}.",
        f"Trial of {design.people} people, power {design.power:g}, two-sided alpha {design.alpha:g}.{wanted}",
        f"Within-subject CV: {', '.join(declared) or 'none given'}.",
        "SD: of one person's change, percent of the baseline ratio. If people respond differently, this adds to it.",
        "",
    ]
    cells = [_HEADINGS, *map(_cells, lines)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(_HEADINGS))]
    table = ["  ".join(map(_aligned, row, widths, range(len(row)))).rstrip() for row in cells]
    return "\n".join([*head, *table])


def _cells(line: PlanLine) -> tuple[str, ...]:
    needed = MISSING if line.people_needed is None else str(line.people_needed)
    numbers = (_rounded(line.sd_percent), _rounded(line.smallest_change_percent), needed)
    what = (line.tracer, line.reference, _CONTAINS[line.basis], str(line.people_measured))
    return *what, *numbers, line.remark.text if line.remark else ""


def _rounded(percent: float) -> str:
    return MISSING if math.isnan(percent) else f"{percent:.1f}"


def _aligned(text: str, width: int, place: int) -> str:
    return text.rjust(width) if place in _NUMBERS else text.ljust(width)
