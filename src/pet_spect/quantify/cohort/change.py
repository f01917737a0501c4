"""Changes from the first session to each later one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pet_spect.quantify.ratios import Measure, Qc, Ratio
from pet_spect.quantify.uncertainty import change_sd, interval
from pet_spect.remarks import Remark, join_visits

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
    value_sd, ci95_low, ci95_high : float
        Standard deviation of `change` over repeated scans of both visits, and the interval that goes with it;
        NaN where it is not known how sure either value is.
    change_percent : float
        ``100 · change / baseline``; NaN for an asymmetry index, which crosses zero, and
        where the baseline is not positive.
    change_percent_sd, change_percent_ci95_low, change_percent_ci95_high : float
        The same of `change_percent`.
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
    reference: str
    session: str
    baseline: float
    follow_up: float
    change: float
    value_sd: float
    ci95_low: float
    ci95_high: float
    change_percent: float
    change_percent_sd: float
    change_percent_ci95_low: float
    change_percent_ci95_high: float
    qc: Qc
    included: bool
    reason: str


def changes(ratios: Iterable[Ratio], sessions: Sequence[str]) -> list[Change]:
    """Return the change of every ratio from the first session to each later one.

    Exchanging the two visits turns a change c into -c and a percent change p into -p / (1 + p)
    (p as a fraction), and leaves the standard deviation of the change as it is.

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
    undefined: list[Remark] = []
    if before.measure != "asymmetry_index_percent" and math.isfinite(change):
        if before.value > 0:
            percent = 100 * change / before.value
        else:
            undefined.append(Remark.of("percent_undefined"))
    sd, percent_sd = math.nan, math.nan
    if before.spread is not None and after.spread is not None:
        sd = change_sd(before.spread, after.spread)
    if before.spread is not None and after.spread is not None and math.isfinite(percent):
        per_after = 100 / before.value
        per_before = per_after * after.value / before.value
        percent_sd = change_sd(before.spread, after.spread, per_before=per_before, per_after=per_after)
    low, high = interval(change, sd)
    percent_low, percent_high = interval(percent, percent_sd)
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
        value_sd=sd,
        ci95_low=low,
        ci95_high=high,
        change_percent=percent,
        change_percent_sd=percent_sd,
        change_percent_ci95_low=percent_low,
        change_percent_ci95_high=percent_high,
        qc=qc,
        included=qc != "fail" and math.isfinite(change),
        reason=join_visits({visit.session: visit.reason for visit in (before, after)}, *undefined),
    )
