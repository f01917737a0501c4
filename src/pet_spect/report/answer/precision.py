"""What the report says of a trial's precision: the change that its size can show, and the reliable changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pet_spect.quantify.cohort.analysis.inference import percent_of_log
from pet_spect.quantify.cohort.planning import ALPHA, FEWEST_FOR_SCATTER, POWER, smallest_mean_change
from pet_spect.quantify.cohort.statistics import EXACT_UP_TO, RANDOM_FLIPS, SMALLEST_OF_RANDOM
from pet_spect.report.display import unique
from pet_spect.results.tables.reliable_change import RELIABLE_CHANGE, recorded_cvs
from pet_spect.tsv import MISSING, Row, parse_float

_VERDICTS = tuple(RELIABLE_CHANGE["reliable_change"]["Levels"])


def what_trial_shows(result: Row) -> str:
    """Return what mean change a trial of this size shows if changes scatter as they were seen to.

    Parameters
    ----------
    result : Row
        The summary of the tested quantity. Only of a log ratio is the change known in percent of the baseline.

    Examples
    --------
    >>> what_trial_shows({"quantity": "log_ratio", "n": "8", "sd": "0.1"})[:78]
    'With the scatter seen (SD of the log ratio 10.5 %), a trial of this size (n = '
    >>> what_trial_shows({"quantity": "log_ratio", "n": "2", "sd": "n/a"})
    'What a trial of this size shows: n/a (needs at least 3 log ratios that are not all equal).'
    """
    if result["quantity"] != "log_ratio":
        return "What a trial of this size shows: n/a (the result is not a log ratio)."
    people, sd = int(result["n"]), parse_float(result["sd"])
    if people < FEWEST_FOR_SCATTER or not sd > 0:
        needed = f"needs at least {FEWEST_FOR_SCATTER} log ratios that are not all equal"
        return f"What a trial of this size shows: n/a ({needed})."
    smallest = percent_of_log(smallest_mean_change(sd, people, POWER, ALPHA))
    return (
        f"With the scatter seen (SD of the log ratio {percent_of_log(sd):.1f} %), a trial of this size (n = {people})"
        f" shows a mean change of {smallest:.1f} % with {100 * POWER:.0f} % power."
    )


@dataclass(frozen=True)
class HowTested:
    """How the tests beside the t test found their p.

    Attributes
    ----------
    wilcoxon, sign_flip : str
        In words.
    """

    wilcoxon: str
    sign_flip: str


def how_tested(row: Row) -> HowTested:
    """Return how the tests of a row of the summary found their p.

    Examples
    --------
    >>> how_tested({"n": "8", "p_smallest": "0.0078125"})
    HowTested(wilcoxon='exact', sign_flip='exact')
    >>> how_tested({"n": "20", "p_smallest": "0.0001"})
    HowTested(wilcoxon='exact', sign_flip='9,999 random flips')
    """
    at_random = parse_float(row["p_smallest"]) == SMALLEST_OF_RANDOM
    return HowTested(
        "exact" if int(row["n"]) <= EXACT_UP_TO else "normal limit",
        f"{RANDOM_FLIPS:,} random flips" if at_random else "exact",
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
    of_cv = f"Within-subject CV {cv.value:g} %, {cv.kind} ({cv.source})."
    return f"Reliable change of the {len(rows)} participants in the set: {counts}. {of_cv}"
