"""Change from the first session to each later one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pet_spect.quantify.ratios import Measure, Qc, Ratio, Reference

_WORSE: dict[Qc, int] = {"pass": 0, "warn": 1, "fail": 2}


@dataclass(frozen=True, slots=True)
class Change:
    """One row of change.tsv.

    Attributes
    ----------
    participant_id, tracer, region : str
    measure, reference : str
        As in `Ratio`.
    session : str
        The follow-up.
    baseline, follow_up, change : float
        ``change = follow_up - baseline``; NaN where a value is missing.
    change_percent : float
        ``100 · change / baseline``; NaN for an asymmetry index, which crosses zero, and
        where the baseline is not positive.
    qc : {'pass', 'warn', 'fail'}
        The worse of the two visits.
    included : bool
        Whether the change enters the summary: it exists and neither visit fails.
    reason : str
        What either visit's ratio says, behind the name of the visit; empty if nothing.
    """

    participant_id: str
    tracer: str
    region: str
    measure: Measure
    reference: Reference
    session: str
    baseline: float
    follow_up: float
    change: float
    change_percent: float
    qc: Qc
    included: bool
    reason: str


def changes(ratios: Iterable[Ratio], sessions: Sequence[str]) -> list[Change]:
    """Return the change of every ratio from the first session to each later one.

    Exchanging the two visits turns a change c into -c and a percent change p into -p / (1 + p)
    (p as a fraction).

    Parameters
    ----------
    ratios : iterable of Ratio
        Every session of one or more participants, missing ones with their reason.
    sessions : sequence of str
        The first is the reference.

    Returns
    -------
    list of Change
        In the order of `ratios`.
    """
    by_visit: dict[tuple[str, str, str, str, str], dict[str, Ratio]] = {}
    for ratio in ratios:
        key = (ratio.participant_id, ratio.tracer, ratio.region, ratio.measure, ratio.reference)
        by_visit.setdefault(key, {})[ratio.session] = ratio
    return [
        _change(visits[sessions[0]], visits[session])
        for visits in by_visit.values()
        for session in sessions[1:]
        if session in visits and sessions[0] in visits
    ]


def _change(before: Ratio, after: Ratio) -> Change:
    change = after.value - before.value
    percent = math.nan
    reasons = [f"{visit.session}: {visit.reason}" for visit in (before, after) if visit.reason]
    if before.measure != "asymmetry_index_percent" and math.isfinite(change):
        if before.value > 0:
            percent = 100 * change / before.value
        else:
            reasons.append("percent_undefined: the baseline is not positive")
    qc = max(before.qc, after.qc, key=_WORSE.__getitem__)
    return Change(
        participant_id=before.participant_id,
        tracer=before.tracer,
        region=before.region,
        measure=before.measure,
        reference=before.reference,
        session=after.session,
        baseline=before.value,
        follow_up=after.value,
        change=change,
        change_percent=percent,
        qc=qc,
        included=qc != "fail" and math.isfinite(change),
        reason="; ".join(reasons),
    )
