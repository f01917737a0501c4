"""Ratios of the target region to its references, per scan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pet_spect.model import Side, opposite
from pet_spect.quantify.references import Reference
from pet_spect.quantify.roles import RegionRoles, RegionValue, ScanUptake, joint_value, reference_value, target_value
from pet_spect.quantify.uncertainty import Spread, interval, value_spread
from pet_spect.quantify.uptake import CORRECTED, LESIONFREE
from pet_spect.remarks import Remark, write_cell

Measure = Literal["uptake_ratio", "ratio_minus_one", "asymmetry_index_percent", "suv_mean"]
Qc = Literal["pass", "warn", "fail"]

NO_REFERENCE = "none"
"""Reference of a measure that has none."""

PONS, CONTRALATERAL = "pons", "contralateral"
"""References that alone have a further measure: the ratio minus one, and the asymmetry index."""

MOST_LOST_ON_OTHER_SIDE = 0.05
"""A lesion mask that holds more of the target on the other side shows a second stroke; less may be its rim."""

COMMON_REFERENCE = "cerebellum_ipsilesional"
"""The reference to which the target is given on either side, to see on which side a change lies."""

OTHER_SIDE = "_contralesional"
"""Behind the name of the target where it is the one on the side without the stroke."""

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
        with ``_gtm`` where it and its reference are corrected for partial volume.
    measure, reference : str
    value : float
        NaN where it cannot be given.
    numerator, denominator : float
        Uptake of the target and of the reference, in the scan's unit (SUVbw for ``suv_mean``, which has no
        denominator). Of an asymmetry index: ipsilateral and contralateral uptake.
    qc : {'pass', 'warn', 'fail'}
        ``fail`` is never summarised; its value, if there is one, is shown all the same.
    reason : str
        ``code: text``, several joined by ``; ``, what makes it NaN or fail first; empty for ``pass``.
    spread : Spread or None
        How sure `value` is; None if it is NaN or the sensitivities of its regions are not known.
    coverage : float
        The smallest coverage of the regions that it is made of; NaN if not known.
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

    @property
    def value_sd(self) -> float:
        """Standard deviation of the value over repeated scans; NaN if not known."""
        return math.nan if self.spread is None else self.spread.value_sd

    @property
    def ci95_low(self) -> float:
        """Lower end of the interval that goes with `value_sd`."""
        return interval(self.value, self.value_sd)[0]

    @property
    def ci95_high(self) -> float:
        """Upper end of it."""
        return interval(self.value, self.value_sd)[1]

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
    caution = None if scan.absence else _cerebellum_caution(scan, roles, infratentorial, max_cerebellum_asymmetry)
    second = None if scan.absence else _second_stroke(scan, roles, lesion_side, bilateral)
    rows = []
    for suffix, measure, name in _rows(roles):
        reference = roles.references.get(name)
        target = other = RegionValue(math.nan, math.nan, reason=scan.absence)
        of_reference = failure
        if not scan.absence:
            own_side = opposite(lesion_side) if suffix == OTHER_SIDE else lesion_side
            target = target_value(scan, roles, own_side, suffix.removesuffix(OTHER_SIDE))
            other = RegionValue(math.nan, math.nan)
        if not scan.absence and reference is not None:
            other = reference_value(scan, reference, roles, lesion_side, suffix.removesuffix(OTHER_SIDE))
            of_reference = failure or (second if _in_other_hemisphere(reference, roles) else None)
        lies_as_deep = reference is not None and reference.is_mirror(roles.target)
        value, numerator, denominator, trouble = _evaluate(measure, scan, target, other, lies_as_deep=lies_as_deep)
        notes = [note for note in scan.notes if measure == "suv_mean" or not note.suv_only]
        notes += scan.correction_notes if suffix == CORRECTED else ()
        if caution and reference is not None and set(reference.regions) & set(roles.cerebellum):
            notes.append(caution)
        if not trouble and scan.attenuation_corrected is None and not lies_as_deep:
            notes.append(Remark.of("attenuation_unknown"))
        rows.append(
            Ratio(
                scan.key.participant,
                scan.key.session,
                scan.key.tracer,
                lesion_side,
                roles.target_name + suffix,
                measure,
                name,
                value,
                numerator,
                denominator,
                qc="fail" if of_reference or trouble else "warn" if notes else "pass",
                reason=write_cell([of_reference, trouble, *notes]),
                spread=None if trouble else _spread(measure, scan, target, other),
                coverage=_smaller(target.coverage, other.coverage),
            )
        )
    return rows


def _smaller(one: float, other: float) -> float:
    finite = [coverage for coverage in (one, other) if math.isfinite(coverage)]
    return min(finite, default=math.nan)


def _rows(roles: RegionRoles) -> list[tuple[str, Measure, str]]:
    """Return what is computed of every scan: what stands behind the target's name, measure, name of the reference."""
    rows: list[tuple[Measure, str]] = [("uptake_ratio", name) for name in roles.references]
    rows += [("ratio_minus_one", PONS)] if PONS in roles.references else []
    other_side = roles.references.get(CONTRALATERAL)
    mirrored = other_side is not None and other_side.is_mirror(roles.target)
    if mirrored:
        rows.append(("asymmetry_index_percent", CONTRALATERAL))
    rows.append(("suv_mean", NO_REFERENCE))
    every: list[tuple[str, Measure, str]] = [(suffix, *row) for suffix in ("", LESIONFREE) for row in rows]
    if mirrored and COMMON_REFERENCE in roles.references:
        every.append((OTHER_SIDE, "uptake_ratio", COMMON_REFERENCE))
    if roles.corrected:
        whole = [name for name, reference in roles.references.items() if "lesion" not in reference.exclude]
        every += [(CORRECTED, "uptake_ratio", name) for name in whole]
    return every


def _in_other_hemisphere(reference: Reference, roles: RegionRoles) -> bool:
    return reference.side == "contralesional" and not set(reference.regions) & set(roles.cerebellum)


def _second_stroke(scan: ScanUptake, roles: RegionRoles, lesion_side: Side, bilateral: bool | None) -> Remark | None:
    """Return why no reference in the hemisphere without the stroke must be used; None if they may."""
    if bilateral is not None:
        return Remark.of("bilateral_stroke", case="told") if bilateral else None
    side = opposite(lesion_side)
    volume = target_value(scan, roles, side).volume_ml
    lost_ml = sum(scan.values[name, side].lesion_fraction * scan.values[name, side].volume_ml for name in roles.target)
    if not lost_ml > MOST_LOST_ON_OTHER_SIDE * volume:
        return None
    return Remark.of("bilateral_stroke", case="mask", share=lost_ml / volume)


def _evaluate(
    measure: Measure, scan: ScanUptake, target: RegionValue, other: RegionValue, *, lies_as_deep: bool
) -> tuple[float, float, float, Remark | None]:
    """Return value, numerator, denominator and, if the value is NaN, why."""
    numerator, denominator = target.mean, other.mean
    if target.reason or other.reason:
        return math.nan, numerator, denominator, target.reason or other.reason
    if scan.attenuation_corrected is False and not lies_as_deep:
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


def _spread(measure: Measure, scan: ScanUptake, target: RegionValue, other: RegionValue) -> Spread | None:
    """Return the spread of a value that `_evaluate` has given."""
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


def _cerebellum_caution(scan: ScanUptake, roles: RegionRoles, infratentorial: bool, limit: float) -> Remark | None:
    if infratentorial:
        return Remark.of("cerebellum_infratentorial")
    left, right = (_cerebellum(scan, roles, side) for side in ("left", "right"))
    percent = 200 * abs(left - right) / (left + right) if left + right > 0 else 0.0
    if percent > limit:
        return Remark.of("cerebellum_asymmetry", left=left, right=right, percent=percent, limit=limit)
    return None


def _cerebellum(scan: ScanUptake, roles: RegionRoles, side: Side) -> float:
    parts = [(region, side) for region in roles.cerebellum if (region, side) in scan.values]
    return joint_value(scan, parts).mean
