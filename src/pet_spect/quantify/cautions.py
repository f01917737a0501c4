"""Cautions about the references of a scan: a second stroke, and a cerebellum that does not hold."""

from __future__ import annotations

from pet_spect.model import Side, opposite
from pet_spect.quantify.references import Reference
from pet_spect.quantify.roles import RegionRoles, ScanUptake, joint_value, target_value
from pet_spect.remarks import Remark

MOST_LOST_ON_OTHER_SIDE = 0.05
"""A lesion mask that holds more of the target on the other side shows a second stroke; less may be its rim."""


def in_other_hemisphere(reference: Reference, roles: RegionRoles) -> bool:
    """Return whether a reference is cerebrum on the side without the stroke."""
    return reference.side == "contralesional" and not set(reference.regions) & set(roles.cerebellum)


def second_stroke(scan: ScanUptake, roles: RegionRoles, lesion_side: Side, bilateral: bool | None) -> Remark | None:
    """Return why no reference in the hemisphere without the stroke must be used; None if they may."""
    if bilateral is not None:
        return Remark.of("bilateral_stroke", case="told") if bilateral else None
    side = opposite(lesion_side)
    volume = target_value(scan, roles, side).volume_ml
    lost_ml = sum(scan.values[name, side].lesion_fraction * scan.values[name, side].volume_ml for name in roles.target)
    if not lost_ml > MOST_LOST_ON_OTHER_SIDE * volume:
        return None
    return Remark.of("bilateral_stroke", case="mask", share=lost_ml / volume)


def cerebellum_caution(scan: ScanUptake, roles: RegionRoles, infratentorial: bool, limit: float) -> Remark | None:
    """Return why ratios to the cerebellum are doubtful; None if they are not."""
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
