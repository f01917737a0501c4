"""Summary of the changes of all participants."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pet_spect.quantify.cohort.change import Change
from pet_spect.quantify.cohort.statistics import Estimates, estimates
from pet_spect.quantify.comparisons import Measure

Quantity = Literal["change", "change_percent", "log_ratio"]

QUANTITIES: dict[Measure, tuple[Quantity, ...]] = {
    "uptake_ratio": ("change", "change_percent", "log_ratio"),
    "ratio_minus_one": ("change",),
    "asymmetry_index_percent": ("change",),
    "suv_mean": ("change", "change_percent", "log_ratio"),
    "late_early_ratio": ("change", "change_percent", "log_ratio"),
}
"""What is summarised of each measure; the others cross zero, where percent or logarithm mean nothing."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One row of summary.tsv.

    Attributes
    ----------
    tracer, region : str
    measure, reference : str
    session : str
        The follow-up.
    quantity : {'change', 'change_percent', 'log_ratio'}
    estimates : Estimates
        Of the participants whose change is included.
    n_missing : int
        Everybody else.
    primary : bool
        Whether this is the whole target's ratio to the tracer's declared primary reference.
    """

    tracer: str
    region: str
    measure: Measure
    reference: str
    session: str
    quantity: Quantity
    estimates: Estimates
    n_missing: int
    primary: bool


def summarise(changes: Iterable[Change], primary: Mapping[str, str], target: str) -> list[Summary]:
    """Summarise changes over participants; nothing is imputed.

    Parameters
    ----------
    changes : iterable of Change
        One per participant and kind; those not included count as missing.
    primary : mapping
        Tracer to its primary reference.
    target : str
        The whole target, as the changes call it.

    Returns
    -------
    list of Summary
        In the order in which the kinds first come.
    """
    kinds: dict[tuple[str, str, Measure, str, str], list[Change]] = {}
    for change in changes:
        kind = (change.tracer, change.region, change.measure, change.reference, change.session)
        kinds.setdefault(kind, []).append(change)
    rows = []
    for kind, members in kinds.items():
        tracer, region, measure, reference, _ = kind
        is_primary = region == target and measure == "uptake_ratio" and primary.get(tracer) == reference
        for quantity in QUANTITIES[measure]:
            of_group = estimates([_quantity(member, quantity) for member in members if member.included])
            rows.append(Summary(*kind, quantity, of_group, len(members) - of_group.n, is_primary))
    return rows


def _quantity(change: Change, quantity: Quantity) -> float:
    match quantity:
        case "change":
            return change.change
        case "change_percent":
            return change.change_percent
        case "log_ratio":
            both_positive = change.baseline > 0 and change.follow_up > 0
            return math.log(change.follow_up / change.baseline) if both_positive else math.nan
