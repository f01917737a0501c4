"""Changes from the first session to each later one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pet_spect.quantify.cohort.within_subject import ReliableChange, Verdict, WithinSubjectCv, reliable_change
from pet_spect.quantify.comparisons import COMMON_REFERENCE, CONTRALATERAL, OTHER_SIDE, Measure
from pet_spect.quantify.ratios import Qc, Ratio
from pet_spect.quantify.surroundings import MIRRORED
from pet_spect.quantify.uncertainty import change_sd, interval
from pet_spect.quantify.uptake import CORRECTED
from pet_spect.remarks import Remark, join_visits, read_cell

CROSSES_ZERO: tuple[Measure, ...] = ("ratio_minus_one", "asymmetry_index_percent")
"""Measures of which percent mean nothing."""

ON_LOG_SCALE: tuple[Measure, ...] = ("uptake_ratio", "suv_mean", "late_early_ratio")
"""Measures that are positive: the interval of their change is one of the logarithm."""

MOST_RELATIVE_SD = 0.3
"""Above it the standard deviation of a logarithm is not what first order says: the plain interval is given."""

_OF_CHANGE = (
    "change",
    "value_sd",
    "ci95_low",
    "ci95_high",
    "change_percent",
    "change_percent_sd",
    "change_percent_ci95_low",
    "change_percent_ci95_high",
)

_NOISY = "partial_volume_noise"

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
        Standard deviation of `change` over repeated scans of both visits, and its interval; NaN where it is not known
        how sure either value is. The interval of a measure of `ON_LOG_SCALE` is that of ``ln(follow_up / baseline)``,
        transformed back, unless a value is less sure than `MOST_RELATIVE_SD`.
    change_percent : float
        ``100 · change / baseline``; NaN for an asymmetry index, which crosses zero, and
        where the baseline is not positive.
    change_percent_sd, change_percent_ci95_low, change_percent_ci95_high : float
        The same of `change_percent`. The interval is that of `change`, in percent of `baseline`.
    qc : {'pass', 'warn', 'fail'}
        The worse of the two visits; at least ``warn`` where the change itself is flagged.
    included : bool
        Whether the change enters the summary: it exists and neither visit fails.
    reason : str
        What either visit's ratio says, behind the name of the visit, and what is said of the change; empty if nothing.
    reliable : ReliableChange or None
        Whether the change is more than an unchanged person varies. None without a within-subject CV of the tracer, of
        a change that is not included, of a target on the other side or corrected for partial volume, and of a measure
        other than `uptake_ratio`: the CV is that of a ratio, and a correction makes it larger.
    lost : str
        Of a change that is not included, the code that took it out and the visit, as in ``no_scan (year1)``; else
        empty.
    lacks : str
        Of a change without a value, the same of the first visit that has none, whatever a check or a decision says;
        else empty.
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
    reliable: ReliableChange | None = None
    lost: str = ""
    lacks: str = ""

    @property
    def reliable_change(self) -> Verdict | None:
        """The verdict; None if there is none."""
        return None if self.reliable is None else self.reliable.verdict

    @property
    def reliable_limit_low_percent(self) -> float:
        """Limit of a decline in percent of the baseline; NaN if there is none."""
        return math.nan if self.reliable is None else self.reliable.low_percent

    @property
    def reliable_limit_high_percent(self) -> float:
        """Limit of an improvement in percent of the baseline; NaN if there is none."""
        return math.nan if self.reliable is None else self.reliable.high_percent


def changes(
    ratios: Iterable[Ratio], sessions: Sequence[str], within_subject_cv: Mapping[str, WithinSubjectCv] | None = None
) -> list[Change]:
    """Return the change of every ratio from the first session to each later one.

    Exchanging the two visits turns a change c into -c and a percent change p into -p / (1 + p)
    (p as a fraction), and leaves the standard deviation of the change as it is.

    Parameters
    ----------
    ratios : iterable of Ratio
        Every session of one or more participants, missing ones with their reason.
    sessions : sequence of str
        The first is the reference.
    within_subject_cv : mapping, optional
        By tracer; without it nothing is said of reliable change.

    Returns
    -------
    list of Change
        In the order of `ratios`. A value that says `partial_volume_noise` has no change. The change of the ratio of a
        target to the other side is flagged `reference_moved` if the other side changed, too: see `_moved_reference`.
        This needs the target on the other side over the ipsilesional cerebellum among the ratios, and how sure it is.
    """
    by_visit: dict[tuple[str, str, str, str, str], dict[str, Ratio]] = {}
    for ratio in ratios:
        key = (ratio.participant_id, ratio.tracer, ratio.region, ratio.measure, ratio.reference)
        by_visit.setdefault(key, {})[ratio.session] = ratio
    cvs = within_subject_cv or {}
    found = []
    for (participant, tracer, region, measure, reference), visits in by_visit.items():
        relative = measure == "uptake_ratio" and reference == CONTRALATERAL
        of_other_side: Mapping[str, Ratio] = {}
        for ending in (OTHER_SIDE, MIRRORED) if relative else ():
            over_common = (participant, tracer, region + ending, "uptake_ratio", COMMON_REFERENCE)
            of_other_side = by_visit.get(over_common, of_other_side)
        for session in sessions[1:]:
            pair, other_pair = (_pair(each, sessions[0], session) for each in (visits, of_other_side))
            if pair:
                noisy = any(map(_too_noisy, pair))
                other = _change(*other_pair) if other_pair else None
                change = _change(*pair, other_side=other, cv=None if noisy else cvs.get(tracer))
                found.append(_without_change(change) if noisy else change)
    return found


def _too_noisy(ratio: Ratio) -> bool:
    return any(remark.code == _NOISY for remark in read_cell(ratio.reason))


def _without_change(change: Change) -> Change:
    """Return a change that shows the two values alone; the reasons of the values say why."""
    nothing: dict[str, Any] = dict.fromkeys(_OF_CHANGE, math.nan)
    return replace(change, **nothing, included=False, lost=change.lost or _NOISY, lacks=change.lacks or _NOISY)


def _pair(visits: Mapping[str, Ratio], first: str, later: str) -> tuple[Ratio, Ratio] | None:
    return (visits[first], visits[later]) if first in visits and later in visits else None


def _change(before: Ratio, after: Ratio, other_side: Change | None = None, cv: WithinSubjectCv | None = None) -> Change:
    change = after.value - before.value
    percent = math.nan
    remarks: list[Remark] = []
    if before.measure not in CROSSES_ZERO and math.isfinite(change):
        if before.value > 0:
            percent = 100 * change / before.value
        else:
            remarks.append(Remark.of("percent_undefined"))
    sd, percent_sd, ends, percent_ends = _uncertainty(before, after, percent)
    qc = max(before.qc, after.qc, key=_WORSE.__getitem__)
    moved = None if other_side is None else _moved_reference(before, after, other_side)
    if moved is not None:
        remarks.append(moved)
        qc = max(qc, "warn", key=_WORSE.__getitem__)
    included = qc != "fail" and math.isfinite(change)
    reliable = None
    if cv is not None and included and _of_own_side(before):
        reliable = reliable_change(before.value, after.value, _log_sd(before, after), cv)
        remarks += [] if reliable else [Remark.of("repeatability_unknown")]
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
        ci95_low=ends[0],
        ci95_high=ends[1],
        change_percent=percent,
        change_percent_sd=percent_sd,
        change_percent_ci95_low=percent_ends[0],
        change_percent_ci95_high=percent_ends[1],
        qc=qc,
        included=included,
        reason=join_visits({visit.session: visit.reason for visit in (before, after)}, *remarks),
        reliable=reliable,
        lost="" if included else _first_reason(visit for visit in (before, after) if not _usable(visit)),
        lacks=_first_reason(visit for visit in (before, after) if not math.isfinite(visit.value)),
    )


def _usable(visit: Ratio) -> bool:
    return visit.qc != "fail" and math.isfinite(visit.value)


def _first_reason(visits: Iterable[Ratio]) -> str:
    """Return the first reason of the first visit, and the visit; empty without any."""
    for visit in visits:
        remarks = read_cell(visit.reason)
        return f"{remarks[0].code if remarks else 'no_value'} ({visit.session})"
    return ""


def _of_own_side(ratio: Ratio) -> bool:
    """Return whether it is a ratio that a CV tells of: that of the target on the side of the stroke, as measured."""
    return ratio.measure == "uptake_ratio" and not ratio.region.endswith((OTHER_SIDE, CORRECTED, MIRRORED))


def _uncertainty(
    before: Ratio, after: Ratio, percent: float
) -> tuple[float, float, tuple[float, float], tuple[float, float]]:
    """Return standard deviation and interval of a change, in its own unit and in percent.

    The two intervals are one, so that they agree about zero.
    """
    nothing = (math.nan, math.nan)
    if before.spread is None or after.spread is None:
        return math.nan, math.nan, nothing, nothing
    sd = change_sd(before.spread, after.spread)
    own = interval(after.value - before.value, sd)
    if not math.isfinite(percent):
        return sd, math.nan, own, nothing
    per_after = 100 / before.value
    per_before = per_after * after.value / before.value
    percent_sd = change_sd(before.spread, after.spread, per_before=per_before, per_after=per_after)
    log_sd = _log_sd(before, after)
    if before.measure in ON_LOG_SCALE and math.isfinite(log_sd):
        low, high = (math.expm1(end) for end in interval(math.log(after.value / before.value), log_sd))
        return sd, percent_sd, (before.value * low, before.value * high), (100 * low, 100 * high)
    return sd, percent_sd, own, (per_after * own[0], per_after * own[1])


def _log_sd(before: Ratio, after: Ratio) -> float:
    """Return the standard deviation of ``ln(after / before)`` over repeated scans.

    NaN if it is not known, or if a value is less sure than `MOST_RELATIVE_SD`.
    """
    if before.spread is None or after.spread is None:
        return math.nan
    if not all(visit.value > visit.value_sd / MOST_RELATIVE_SD for visit in (before, after)):
        return math.nan
    return change_sd(before.spread, after.spread, per_before=1 / before.value, per_after=1 / after.value)


def _moved_reference(before: Ratio, after: Ratio, other_side: Change) -> Remark | None:
    """Return what to say of a change relative to the other side if that side changed as well, more than by chance.

    The logarithm of the change is that of the side of the stroke less that of the other side, both over the
    ipsilesional cerebellum. Either more than half of it comes from the other side, or the other side went the same
    way, so that the ratio hides more than half of what is left of the change.
    """
    if not min(before.value, after.value, other_side.baseline, other_side.follow_up) > 0:
        return None
    if not (other_side.ci95_low > 0 or other_side.ci95_high < 0):
        return None
    total = math.log(after.value / before.value)
    contributed = -math.log(other_side.follow_up / other_side.baseline)
    if abs(contributed) <= abs(total) / 2:
        return None
    case = "made" if contributed * total > 0 else "hidden"
    percent = 100 * (after.value / before.value - 1)
    return Remark.of("reference_moved", case=case, other=other_side.change_percent, ratio=percent)
