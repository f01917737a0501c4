"""Ranks of columns: which of them stay where the width does not suffice for all."""

from __future__ import annotations

from collections.abc import Collection

FIRST, SECOND, LAST = 1, 2, 3
"""How long a column stays where the width does not suffice for all: always, as long as it can, and not on paper."""

_STAYING = {
    "participant_id",
    "tracer",
    "session",
    "reference",
    "quantity",
    "outcome",
    "role",
    "status",
    "reason",
    "decision",
    "remarks",
    "value",
    "change_percent",
    "change_percent_ci95_low",
    "change_percent_ci95_high",
    "qc",
    "included",
    "n",
    "mean_change",
    "estimate",
    "ci95_low",
    "ci95_high",
    "p",
    "spearman_rho",
}
_OF_SECOND_RANK_BESIDE_PERCENT = {"ci95_low", "ci95_high"}
_LEAVING = {
    "n_undefined",
    "n_apart",
    "missing_reasons",
    "hodges_lehmann",
    "hl_ci_low",
    "hl_ci_high",
    "p_smallest",
    "standardised_change",
    "agreement_low",
    "agreement_high",
    "value_sd",
    "change_percent_sd",
    "repeat_ci95_low",
    "repeat_ci95_high",
    "noise_sd",
    "own_sd",
    "placement_sd",
    "numerator",
    "denominator",
    "chained",
    "counts",
    "sha256",
}


def rank_of(name: str, beside: Collection[str]) -> int:
    """Return how long a column stays beside others where the width does not suffice.

    Examples
    --------
    >>> rank_of("ci95_low", ["mean_change", "ci95_low"]), rank_of("ci95_low", ["ci95_low", "change_percent_ci95_low"])
    (1, 2)
    """
    if name in _OF_SECOND_RANK_BESIDE_PERCENT and f"change_percent_{name}" in beside:
        return SECOND
    return FIRST if name in _STAYING else LAST if name in _LEAVING else SECOND
