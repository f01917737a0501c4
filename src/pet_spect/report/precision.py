"""What the report says of a trial's precision: the change that its size can show, and the reliable changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pet_spect.quantify.cohort.planning import ALPHA, FEWEST_FOR_SCATTER, POWER, smallest_mean_change
from pet_spect.report.display import unique
from pet_spect.results.reliable_change import RELIABLE_CHANGE, recorded_cvs
from pet_spect.tsv import MISSING, Row, parse_float

_VERDICTS = tuple(RELIABLE_CHANGE["reliable_change"]["Levels"])


def what_trial_shows(percent: Row | None) -> str:
    """Return what mean change a trial of this size shows if changes scatter as they were seen to.

    Parameters
    ----------
    percent : Row or None
        The summary of `change_percent`.

    Examples
    --------
    >>> what_trial_shows({"n": "8", "sd": "10"})
    'With the scatter seen (SD 10.0 %), a trial of this size (n = 8) shows a mean change of 11.6 % with 80 % power.'
    >>> what_trial_shows({"n": "2", "sd": "10"})
    'What a trial of this size shows: n/a (needs at least 3 changes in percent).'
    """
    people, sd = (0, math.nan) if percent is None else (int(percent["n"]), parse_float(percent["sd"]))
    if people < FEWEST_FOR_SCATTER or math.isnan(sd):
        return f"What a trial of this size shows: n/a (needs at least {FEWEST_FOR_SCATTER} changes in percent)."
    smallest = smallest_mean_change(sd, people, POWER, ALPHA)
    return (
        f"With the scatter seen (SD {sd:.1f} %), a trial of this size (n = {people}) shows a mean change of"
        f" {smallest:.1f} % with {100 * POWER:.0f} % power."
    )


def reliable_changes(rows: Sequence[Row], dictionary: Mapping[str, Any], tracer: str) -> str:
    """Return how many people of an endpoint changed reliably; empty without a within-subject CV of the tracer.

    Parameters
    ----------
    rows : sequence of Row
        One per participant in the analysis set, as the summary counts them.
    dictionary : mapping
        The data dictionary of change.tsv.
    tracer : str
    """
    cv = recorded_cvs(dictionary).get(tracer)
    if cv is None:
        return ""
    verdicts = [row.get("reliable_change", MISSING) for row in rows]
    counts = ", ".join(f"{verdict} {verdicts.count(verdict)}" for verdict in unique([*_VERDICTS, *verdicts]))
    return (
        f"Reliable change of the {len(rows)} participants in the set: {counts}. Within-subject CV {cv.value:g} %, {cv.kind} ({cv.source})."
    )
