"""The answer in a sentence: how the endpoint changed on average, and what the trial could have seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pet_spect.quantify.cohort.analysis.inference import FEWEST, percent_of_log
from pet_spect.quantify.cohort.planning import ALPHA, FEWEST_FOR_SCATTER, POWER, smallest_mean_change
from pet_spect.report.answer.digits import decimals_of, decimals_of_interval, shown
from pet_spect.report.clinical_words import endpoint_words
from pet_spect.report.display import probability
from pet_spect.tsv import MISSING, Row, parse_float

ROSE, FELL, NOT_SHOWN, NO_INTERVAL, TOO_FEW = "rose", "fell", "not shown", "no interval", "too few"
"""What can be said of a mean change."""


@dataclass(frozen=True)
class Answer:
    """What the first screen says of a result.

    Attributes
    ----------
    verdict : str
        `ROSE`, `FELL`, `NOT_SHOWN`, `NO_INTERVAL` or `TOO_FEW`.
    adjusted_away : bool
        Whether the change is no longer shown once p is adjusted for the number of tracers.
    estimate, low, high : str
        Mean change and interval with the digits that the interval deserves; ``n/a`` where there is none.
    sentence : str
    could_see : str
        What mean change a trial of this size finds; empty where that is not known.
    """

    verdict: str
    adjusted_away: bool
    estimate: str
    low: str
    high: str
    sentence: str
    could_see: str


def unit_of(row: Row) -> str:
    """Return the unit of a row's quantity, to be put behind a number.

    Examples
    --------
    >>> unit_of({"quantity": "change_percent", "measure": "uptake_ratio"})
    ' %'
    >>> unit_of({"quantity": "change", "measure": "asymmetry_index_percent"})
    ' points'
    >>> unit_of({"quantity": "change", "measure": "uptake_ratio"})
    ''
    """
    if row["quantity"] == "change_percent":
        return " %"
    return " points" if row["measure"].endswith("percent") else ""


def answer_of(result: Row, shown_row: Row, people: int) -> Answer:
    """Return the answer of one tracer at one follow-up.

    Parameters
    ----------
    result : Row
        The summary of the tested quantity.
    shown_row : Row
        The same in the quantity that is shown: a log ratio in percent.
    people : int
        Participants in all.
    """
    mean, low, high = (parse_float(shown_row[name]) for name in ("mean_change", "ci95_low", "ci95_high"))
    unit = unit_of(shown_row)
    decimals = decimals_of_interval(low, high, otherwise=1 if unit else 3)
    verdict = _verdict(int(result["n"]), low, high)
    subject = endpoint_words(*(result[name] for name in ("tracer", "region", "measure", "reference")))
    numbers = [shown(value, decimals, unit) for value in (mean, low, high)]
    sizes = [shown(abs(value), decimals, unit, signed=False) for value in (mean, low, high)]
    said = _sentence(verdict, subject, numbers, sizes, f"n = {result['n']} of {people}")
    p = parse_float(result.get("p_adjusted", MISSING))
    adjusted_away = verdict in (ROSE, FELL) and p >= ALPHA
    if adjusted_away:
        said += f" Adjusted for the number of tracers, this is not shown ({probability(p)})."
    estimate, low_end, high_end = numbers
    sentence = f"{said[0].upper()}{said[1:]}"
    return Answer(verdict, adjusted_away, estimate, low_end, high_end, sentence, could_see(result))


def _verdict(n: int, low: float, high: float) -> str:
    if n < FEWEST:
        return TOO_FEW
    if math.isnan(low) or math.isnan(high):
        return NO_INTERVAL
    return ROSE if low > 0 else FELL if high < 0 else NOT_SHOWN


def _sentence(verdict: str, subject: str, numbers: list[str], sizes: list[str], n: str) -> str:
    mean, low, high = numbers
    size, size_low, size_high = sizes
    interval = f"95 % CI {low} to {high}, {n}"
    if verdict in (ROSE, FELL):
        return f"{subject} {verdict} by {size} on average ({interval})."
    if verdict == NOT_SHOWN:
        return (
            f"{subject}: a mean change is not shown (mean change {mean}, {interval})."
            f" A fall of {size_low} and a rise of {size_high} both fit these data: this does not prove that nothing"
            " changed."
        )
    if verdict == NO_INTERVAL:
        return f"{subject}: mean change {mean} ({n}). There is no interval, so a change is neither shown nor excluded."
    return f"{subject}: too few participants for a mean change ({n}; at least {FEWEST} are needed)."


def could_see(result: Row) -> str:
    """Return what mean change a trial of this size finds, if changes scatter as they were seen to; empty if unknown.

    Examples
    --------
    >>> row = {"quantity": "log_ratio", "measure": "uptake_ratio", "n": "8", "sd": "0.0362"}
    >>> could_see(row)
    'With the scatter seen here, a trial of this size finds a mean rise of 4.3 % or more in at least 8 of 10 cases.'
    """
    people, sd = int(result["n"]), parse_float(result["sd"])
    if people < FEWEST_FOR_SCATTER or not sd > 0:
        return ""
    smallest = smallest_mean_change(sd, people, POWER, ALPHA)
    unit = " %" if result["quantity"] == "log_ratio" else unit_of(result)
    smallest = percent_of_log(smallest) if result["quantity"] == "log_ratio" else smallest
    size = shown(smallest, decimals_of(smallest), unit, signed=False)
    return (
        f"With the scatter seen here, a trial of this size finds a mean rise of {size} or more"
        f" in at least {10 * POWER:.0f} of 10 cases."
    )
