"""Summary of the changes of all participants: one declared analysis, and what stands beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pet_spect.quantify.cohort.analysis.inference import (
    FEWEST,
    Description,
    Inference,
    all_equal,
    describe,
    description_in_percent,
    infer,
    inference_in_percent,
)
from pet_spect.quantify.cohort.analysis.multiplicity import adjusted_p
from pet_spect.quantify.cohort.analysis.sets import Divided, divide
from pet_spect.quantify.cohort.analysis.settings import Analysis, AnalysisSet, PrimaryAnalysis
from pet_spect.quantify.cohort.change import CROSSES_ZERO, Change
from pet_spect.quantify.comparisons import OTHER_SIDE, Measure
from pet_spect.quantify.surroundings import MIRRORED

Quantity = Literal["change", "change_percent", "log_ratio"]
Role = Literal["primary", "secondary", "sensitivity", "exploratory"]

QUANTITIES: dict[Measure, tuple[Quantity, ...]] = {
    "uptake_ratio": ("change", "change_percent", "log_ratio"),
    "ratio_minus_one": ("change",),
    "asymmetry_index_percent": ("change",),
    "suv_mean": ("change", "change_percent", "log_ratio"),
    "late_early_ratio": ("change", "change_percent", "log_ratio"),
}
"""What is summarised of each measure; the others cross zero, where percent or logarithm mean nothing."""

_SENSITIVITY: tuple[Measure, ...] = ("uptake_ratio", "ratio_minus_one", "asymmetry_index_percent")
"""Measures of the target that answer the question of the primary analysis in another way."""

_NEAR_ZERO: dict[Measure, float] = {"ratio_minus_one": 1.0, "asymmetry_index_percent": 100.0}
"""Size of the numbers of which a measure that crosses zero is a difference."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What changes of several participants have in common.

    Attributes
    ----------
    tracer, region : str
    measure, reference : str
    session : str
        The follow-up.
    """

    tracer: str
    region: str
    measure: Measure
    reference: str
    session: str


@dataclass(frozen=True, slots=True)
class Summary:
    """One row of summary.tsv.

    Attributes
    ----------
    endpoint : Endpoint
    quantity : {'change', 'change_percent', 'log_ratio'}
    analysis_set : {'as_accepted', 'per_protocol', 'all'}
    role : {'primary', 'secondary', 'sensitivity', 'exploratory'}
        Exactly one row of each tracer is primary.
    n : int
        Participants in the set whose quantity is defined.
    n_undefined : int
        Participants in the set whose quantity is not defined: the logarithm of a value that is not positive.
    n_missing : int
        Participants without a usable change.
    n_apart : int
        Participants with a usable change who are not in the set by its definition.
    missing_reasons : str
        Why people are missing, with their number.
    note : str
        Why nothing, or no interval, is estimated; empty if nothing is lacking.
    description : Description
    inference : Inference
        Empty for a quantity on which the endpoint is not tested.
    percent : (float, float, float)
        Of a tested log ratio: its mean and interval, transformed back to percent; else NaN.
    n_improved, n_declined, n_not_shown : int or None
        How many in the set changed reliably; None where nothing is said of that.
    p_adjusted : float
        Of a primary row: its p, adjusted for the number of primary analyses. NaN if no adjustment was declared.
    """

    endpoint: Endpoint
    quantity: Quantity
    analysis_set: AnalysisSet
    role: Role
    n: int
    n_undefined: int
    n_missing: int
    n_apart: int
    missing_reasons: str
    note: str
    description: Description
    inference: Inference
    percent: tuple[float, float, float]
    n_improved: int | None
    n_declined: int | None
    n_not_shown: int | None
    p_adjusted: float = math.nan

    @property
    def primary(self) -> bool:
        """Whether this is the primary result of its tracer."""
        return self.role == "primary"


def summarise(changes: Iterable[Change], analysis: Analysis, target: str) -> list[Summary]:
    """Summarise changes over participants; nothing is imputed.

    Each endpoint is tested at most once, on one quantity: a ratio on its logarithm (or on its difference, if the
    analysis declares that of its tracer). In percent the test of the logarithm is transformed back. A measure that
    crosses zero is a function of a ratio and is described without a test, unless the analysis declares it: then it is
    tested on its difference, and the ratio is described. So no two rows of the same values disagree about zero.

    Parameters
    ----------
    changes : iterable of Change
        One per participant and endpoint, also for those without a value.
    analysis : Analysis
    target : str
        The whole target, as the changes call it.

    Returns
    -------
    list of Summary
        In the order in which the endpoints first come. Of the primary endpoint (at every follow-up) each analysis set
        has its rows, of every other one the first set alone.
    """
    endpoints: dict[Endpoint, list[Change]] = {}
    for change in changes:
        endpoint = Endpoint(change.tracer, change.region, change.measure, change.reference, change.session)
        endpoints.setdefault(endpoint, []).append(change)
    rows: list[Summary] = []
    for endpoint, members in endpoints.items():
        own = _is_primary_endpoint(endpoint, analysis, target)
        for analysis_set in analysis.sets if own else analysis.sets[:1]:
            rows += _rows(endpoint, divide(members, analysis_set), analysis_set, analysis, target)
    return _with_adjusted_p(rows, analysis)


def _rows(
    endpoint: Endpoint, divided: Divided, analysis_set: AnalysisSet, analysis: Analysis, target: str
) -> Iterable[Summary]:
    declared = analysis.primary.get(endpoint.tracer)
    tested = _tested(endpoint, declared)
    logs = [_log_ratio(change) for change in divided.included]
    logs = [value for value in logs if math.isfinite(value)]
    n_bound = len(divided.missing) if analysis.missing_data == "bounds" else None
    n_without_log = None if n_bound is None else n_bound + len(divided.included) - len(logs)
    of_log = _described(logs, n_without_log)
    log_test = infer(logs) if tested == "log_ratio" else Inference()
    counts = _reliable_counts(divided.included)
    scale = _scale(divided.included, endpoint.measure)
    for quantity in QUANTITIES[endpoint.measure]:
        values = [change.change for change in divided.included] if quantity == "change" else logs
        match quantity:
            case "log_ratio":
                described, test = of_log, log_test
            case "change_percent":
                percents = [change.change_percent for change in divided.included if math.isfinite(_log_ratio(change))]
                described = description_in_percent(of_log, describe(percents).sd)
                test = inference_in_percent(log_test)
            case "change":
                described = _described(values, n_bound, scale)
                test = infer(values, scale) if tested == "change" else Inference()
        yield Summary(
            endpoint=endpoint,
            quantity=quantity,
            analysis_set=analysis_set,
            role=_role(endpoint, quantity, analysis_set, analysis, target),
            n=len(values),
            n_undefined=len(divided.included) - len(values),
            n_missing=len(divided.missing),
            n_apart=divided.apart,
            missing_reasons=divided.missing_reasons,
            note=_note(values, quantity, tested, scale if quantity == "change" else 1.0),
            description=described,
            inference=test,
            percent=_in_percent(described, test) if quantity == tested == "log_ratio" else (math.nan,) * 3,
            n_improved=counts and counts[0],
            n_declined=counts and counts[1],
            n_not_shown=counts and counts[2],
        )


def _in_percent(of_log: Description, tested: Inference) -> tuple[float, float, float]:
    ends = inference_in_percent(tested)
    return description_in_percent(of_log, math.nan).mean_change, ends.ci95_low, ends.ci95_high


def _scale(included: Iterable[Change], measure: Measure) -> float:
    """Return the size of the values that were subtracted; of a measure that crosses zero, as if it were not near it."""
    largest = max((max(abs(change.baseline), abs(change.follow_up)) for change in included), default=1.0)
    return max(largest, _NEAR_ZERO[measure]) if measure in _NEAR_ZERO else largest


def _described(values: Sequence[float], n_lacking: int | None, scale: float = 1.0) -> Description:
    """Return the description of values; without bounds if the number of people who lack a value is not given."""
    described = describe(values, n_lacking or 0, scale)
    return replace(described, bound_low=math.nan, bound_high=math.nan) if n_lacking is None else described


def _tested(endpoint: Endpoint, declared: PrimaryAnalysis | None) -> Quantity | None:
    """Return on which quantity an endpoint is tested; None if the same values are tested as another measure.

    The ratio minus one and the asymmetry index are functions of an uptake ratio. A test of both would be two tests of
    one question, which can disagree about zero; so one measure of a reference is tested: the declared one, or the
    ratio.
    """
    of_primary = None if declared is None else declared.measure
    if endpoint.measure in CROSSES_ZERO:
        return "change" if endpoint.measure == of_primary else None
    if declared is not None and declared.measure in CROSSES_ZERO and _same_values(endpoint, declared):
        return None
    return "log_ratio" if declared is None else declared.quantity


def _same_values(endpoint: Endpoint, declared: PrimaryAnalysis) -> bool:
    return (endpoint.measure, endpoint.reference) == ("uptake_ratio", declared.reference)


def _note(values: Sequence[float], quantity: Quantity, tested: Quantity | None, scale: float) -> str:
    if len(values) < FEWEST:
        return f"no estimate: {len(values)} {'participant' if len(values) == 1 else 'participants'}"
    if tested is None:
        return "not tested: the same values are tested as another measure"
    if quantity != tested and (quantity, tested) != ("change_percent", "log_ratio"):
        return "not tested: this endpoint is tested on another quantity"
    return "no interval: all values are equal" if all_equal(values, scale) else ""


def _reliable_counts(included: Iterable[Change]) -> tuple[int, int, int] | None:
    """Return how many changes improved, declined and are not shown; None if no change has a verdict."""
    verdicts = [change.reliable_change for change in included if change.reliable_change is not None]
    if not verdicts:
        return None
    return verdicts.count("improved"), verdicts.count("declined"), verdicts.count("not shown")


def _log_ratio(change: Change) -> float:
    both_positive = change.baseline > 0 and change.follow_up > 0
    return math.log(change.follow_up / change.baseline) if both_positive else math.nan


def _is_primary_endpoint(endpoint: Endpoint, analysis: Analysis, target: str) -> bool:
    """Return whether it is the endpoint of the tracer's primary analysis, at whatever follow-up."""
    declared = analysis.primary.get(endpoint.tracer)
    return (
        declared is not None
        and endpoint.region == target
        and (endpoint.measure, endpoint.reference) == (declared.measure, declared.reference)
    )


def _role(endpoint: Endpoint, quantity: Quantity, analysis_set: AnalysisSet, analysis: Analysis, target: str) -> Role:
    if _is_primary_endpoint(endpoint, analysis, target):
        if analysis_set != analysis.sets[0]:
            return "sensitivity"
        declared = analysis.primary[endpoint.tracer]
        is_declared = (endpoint.session, quantity) == (declared.session, declared.quantity)
        return "primary" if is_declared else "secondary"
    of_target = endpoint.region.startswith(target) and not endpoint.region.endswith((OTHER_SIDE, MIRRORED))
    return "sensitivity" if of_target and endpoint.measure in _SENSITIVITY else "exploratory"


def _with_adjusted_p(rows: list[Summary], analysis: Analysis) -> list[Summary]:
    by_tracer = {row.endpoint.tracer: row.inference.p for row in rows if row.primary}
    p_values = [by_tracer.get(tracer, math.nan) for tracer in analysis.family]
    adjusted = dict(zip(analysis.family, adjusted_p(p_values, analysis.multiplicity), strict=True))
    return [
        replace(row, p_adjusted=adjusted[row.endpoint.tracer])
        if row.primary and row.endpoint.tracer in adjusted
        else row
        for row in rows
    ]
