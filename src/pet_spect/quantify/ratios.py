"""Ratios of the target region to its references, per scan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from pet_spect.model import Side
from pet_spect.quantify.cautions import cerebellum_caution, second_stroke
from pet_spect.quantify.comparisons import Comparison, Measure, of_surroundings, of_target
from pet_spect.quantify.references import BUILT_IN
from pet_spect.quantify.registration_error import LEARNED_TARGET, RegistrationFacts, truth_interval
from pet_spect.quantify.roles import RegionRoles, ScanUptake
from pet_spect.quantify.uncertainty import Spread, interval, value_spread
from pet_spect.remarks import Remark, write_cell

Qc = Literal["pass", "warn", "fail"]

MAX_CEREBELLUM_ASYMMETRY = 20.0
"""Percent; crossed diaschisis to 0.84 of normal gives 17 %."""

_SMALLEST_DENOMINATOR = 1e-3


@dataclass(frozen=True, slots=True)
class Ratio:
    """One row of ratios.tsv.

    Attributes
    ----------
    participant_id, session, tracer : str
    lesion_side : {'left', 'right'}
    region : str
        The target, with ``_lesionfree`` where lesion voxels are left out, with ``_contralesional`` on the other side,
        with ``_gtm`` where it and its reference are corrected for partial volume; or one of
        `surroundings.SURROUNDINGS`, with ``_mirrored`` for its mirror image.
    measure, reference : str
    value : float
        NaN where it cannot be given.
    numerator, denominator : float
        Uptake of the target and of the reference, in the scan's unit (SUVbw for ``suv_mean``, which has no
        denominator). Of an asymmetry index: ipsilateral and contralateral uptake. Of ``late_early_ratio``: the
        uptake ratios of the late and of the early scan.
    qc : {'pass', 'warn', 'fail'}
        ``fail`` is never summarised; its value, if there is one, is shown all the same.
    reason : str
        ``code: text``, several joined by ``; ``, what makes it NaN or fail first; empty for ``pass``.
    spread : Spread or None
        How sure `value` is; None if it is NaN or the sensitivities of its regions are not known.
    coverage : float
        The smallest coverage of the regions that it is made of; NaN if not known.
    ci95_low, ci95_high : float
        Ends of the 95 % interval of the true value, see `registration_error`; NaN where it is not known.
    """

    participant_id: str
    session: str
    tracer: str
    lesion_side: Side
    region: str
    measure: Measure
    reference: str
    value: float
    numerator: float
    denominator: float
    qc: Qc
    reason: str
    spread: Spread | None = None
    coverage: float = math.nan
    ci95_low: float = math.nan
    ci95_high: float = math.nan

    @property
    def value_sd(self) -> float:
        """Standard deviation of the value over repeated scans; NaN if not known."""
        return math.nan if self.spread is None else self.spread.value_sd

    @property
    def repeat_ci95_low(self) -> float:
        """Lower end of the 95 % interval of repeated scans, which goes with `value_sd`."""
        return interval(self.value, self.value_sd)[0]

    @property
    def repeat_ci95_high(self) -> float:
        """Upper end of it."""
        return interval(self.value, self.value_sd)[1]

    @property
    def noise_sd(self) -> float:
        """Standard deviation of the value by count noise alone; NaN if not known."""
        return math.nan if self.spread is None else self.spread.noise_sd

    @property
    def own_sd(self) -> float:
        """Standard deviation of the value by what each scan has on its own; NaN if not known."""
        return math.nan if self.spread is None else self.spread.own_sd

    @property
    def placement_sd(self) -> float:
        """Standard deviation of the value if all regions may be misplaced together; NaN if not known."""
        return math.nan if self.spread is None else self.spread.placement_sd


def scan_ratios(
    scan: ScanUptake,
    lesion_side: Side,
    roles: RegionRoles,
    *,
    failure: Remark | None = None,
    infratentorial: bool = False,
    bilateral: bool | None = None,
    max_cerebellum_asymmetry: float = MAX_CEREBELLUM_ASYMMETRY,
) -> list[Ratio]:
    """Return every row of ratios.tsv for one scan.

    Those of the study's target come first, those of the scan's surroundings behind them.

    Parameters
    ----------
    scan : ScanUptake
    lesion_side : {'left', 'right'}
        The side of the stroke.
    roles : RegionRoles
    failure : Remark or None
        Why no value of this scan may be used although it is shown; None if all may.
    infratentorial : bool
        Whether the stroke is: cerebellar references are then flagged.
    bilateral : bool or None
        Whether the other hemisphere has an infarct, too: no value relative to it is used. None if nobody says: the
        lesion mask decides, if it holds more than `MOST_LOST_ON_OTHER_SIDE` of the target on that side.
    max_cerebellum_asymmetry : float
        Percent. Above it, cerebellar references are flagged.

    Returns
    -------
    list of Ratio
        One per target (whole, lesion-free, on the other side, corrected), measure and reference, also if nothing was
        measured.

    Raises
    ------
    RegionError
        If a role names a region the scan's table does not have.
    """
    caution = None if scan.absence else cerebellum_caution(scan, roles, infratentorial, max_cerebellum_asymmetry)
    second = None if scan.absence else second_stroke(scan, roles, lesion_side, bilateral)
    rows = []
    for each in chain(of_target(scan, roles, lesion_side, second), of_surroundings(scan, roles, lesion_side, second)):
        value, numerator, denominator, trouble = _evaluate(each, scan)
        notes = [note for note in scan.notes if each.measure == "suv_mean" or not note.suv_only]
        notes += each.notes
        reference = roles.references.get(each.reference)
        if caution and reference is not None and set(reference.regions) & set(roles.cerebellum):
            notes.append(caution)
        if not trouble and scan.attenuation_corrected is None and not each.lies_as_deep:
            notes.append(Remark.of("attenuation_unknown"))
        fault = failure or each.fault
        low, high = (math.nan, math.nan) if trouble else _truth(each, scan, roles, lesion_side)
        rows.append(
            Ratio(
                scan.key.participant,
                scan.key.session,
                scan.key.tracer,
                lesion_side,
                each.region,
                each.measure,
                each.reference,
                value,
                numerator,
                denominator,
                qc="fail" if fault or trouble else "warn" if notes else "pass",
                reason=write_cell([fault, trouble, *notes]),
                spread=None if trouble else _spread(each, scan, each.measure),
                coverage=_smaller(each.target.coverage, each.other.coverage),
                ci95_low=low,
                ci95_high=high,
            )
        )
    return rows


def _smaller(one: float, other: float) -> float:
    finite = [coverage for coverage in (one, other) if math.isfinite(coverage)]
    return min(finite, default=math.nan)


def _evaluate(comparison: Comparison, scan: ScanUptake) -> tuple[float, float, float, Remark | None]:
    """Return value, numerator, denominator and, if the value is NaN, why."""
    measure, target, other = comparison.measure, comparison.target, comparison.other
    numerator, denominator = target.mean, other.mean
    if target.reason or other.reason:
        return math.nan, numerator, denominator, target.reason or other.reason
    if scan.attenuation_corrected is False and not comparison.lies_as_deep:
        return math.nan, numerator, denominator, Remark.of("no_attenuation_correction")
    if measure == "suv_mean":
        if scan.suv_factor is None:
            case = "why" if scan.suv_reason else "no_factor"
            return math.nan, math.nan, math.nan, Remark.of("no_suv", case=case, reason=scan.suv_reason)
        suv = numerator * scan.suv_factor
        return suv, suv, math.nan, None
    divisor = numerator + denominator if measure == "asymmetry_index_percent" else denominator
    if divisor <= _SMALLEST_DENOMINATOR * abs(numerator):
        too_small = Remark.of("denominator_too_small", denominator=divisor, numerator=numerator)
        return math.nan, numerator, denominator, too_small
    match measure:
        case "asymmetry_index_percent":
            return 200 * (numerator - denominator) / divisor, numerator, denominator, None
        case "ratio_minus_one":
            return numerator / denominator - 1, numerator, denominator, None
        case _:
            return numerator / denominator, numerator, denominator, None


def _truth(comparison: Comparison, scan: ScanUptake, roles: RegionRoles, lesion_side: Side) -> tuple[float, float]:
    """Return the 95 % interval of the true value; NaN where the error of the registration was not learned."""
    target, other, name = comparison.target, comparison.other, comparison.reference
    learned = roles.target == LEARNED_TARGET and comparison.region == roles.target_name
    if not learned or roles.references.get(name) != BUILT_IN.get(name) or target.sensitivity is None:
        return math.nan, math.nan
    facts = RegistrationFacts(
        scan.lesion_seen_in, scan.misplacement_mm, scan.target_lost[0 if lesion_side == "left" else 1]
    )
    spread = _spread(comparison, scan, "uptake_ratio")
    if comparison.measure == "suv_mean" or spread is None:
        return math.nan, math.nan
    low, high = truth_interval(scan.key.tracer, name, target.mean / other.mean, spread.value_sd, facts)
    match comparison.measure:
        case "asymmetry_index_percent":
            return 200 * (low - 1) / (low + 1), 200 * (high - 1) / (high + 1)
        case "ratio_minus_one":
            return low - 1, high - 1
        case _:
            return low, high


def _spread(comparison: Comparison, scan: ScanUptake, measure: Measure) -> Spread | None:
    """Return the spread of a value that `_evaluate` has given."""
    target, other = comparison.target, comparison.other
    if target.sensitivity is None or (other.sensitivity is None and measure != "suv_mean"):
        return None
    match measure:
        case "suv_mean":
            per_target, per_other = scan.suv_factor or math.nan, 0.0
        case "asymmetry_index_percent":
            squared_sum = (target.mean + other.mean) ** 2
            per_target, per_other = 400 * other.mean / squared_sum, -400 * target.mean / squared_sum
        case _:
            per_target, per_other = 1 / other.mean, -target.mean / other.mean**2
    return value_spread(per_target, target.sensitivity, per_other, other.sensitivity)
