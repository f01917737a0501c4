"""Comparisons that a scan is asked for: every target with every reference, and the uptake of both."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pet_spect.model import RegionSide, Side, opposite
from pet_spect.quantify.cautions import MOST_LOST_ON_OTHER_SIDE, in_other_hemisphere
from pet_spect.quantify.references import TARGET
from pet_spect.quantify.roles import (
    RegionRoles,
    RegionValue,
    ScanUptake,
    Surrounding,
    joint_value,
    reference_value,
    target_value,
)
from pet_spect.quantify.surroundings import MIRRORED
from pet_spect.quantify.uptake import CORRECTED, LESIONFREE
from pet_spect.remarks import Remark

Measure = Literal["uptake_ratio", "ratio_minus_one", "asymmetry_index_percent", "suv_mean", "late_early_ratio"]

NO_REFERENCE = "none"
"""Reference of a measure that has none."""

PONS, CONTRALATERAL = "pons", "contralateral"
"""References that alone have a further measure: the ratio minus one, and the asymmetry index."""

COMMON_REFERENCE = "cerebellum_ipsilesional"
"""The reference to which the target is given on either side, to see on which side a change lies."""

OTHER_SIDE = "_contralesional"
"""Behind the name of the target where it is the one on the side without the stroke."""

_NOTHING = RegionValue(math.nan, math.nan)


@dataclass(frozen=True)
class Comparison:
    """A target and what it is compared with in a scan.

    Attributes
    ----------
    region : str
        The target, as tables call it.
    measure, reference : str
    target, other : RegionValue
        Uptake of the target and of the reference.
    fault : Remark or None
        Why the reference must not be used although the value is shown.
    lies_as_deep : bool
        Whether the reference is the target's mirror image, whose photons are weakened alike.
    notes : tuple of Remark
        What to look at.
    """

    region: str
    measure: Measure
    reference: str
    target: RegionValue
    other: RegionValue
    fault: Remark | None = None
    lies_as_deep: bool = False
    notes: tuple[Remark, ...] = ()


def of_target(
    scan: ScanUptake, roles: RegionRoles, lesion_side: Side, second_stroke: Remark | None
) -> Iterator[Comparison]:
    """Yield the comparisons of the target: whole, lesion-free, on the other side, and corrected for partial volume.

    Raises
    ------
    RegionError
        If a role names a region the scan's table does not have.
    """
    targets: dict[str, RegionValue] = {}
    for suffix, measure, name in _rows(roles):
        reference = roles.references.get(name)
        target = other = RegionValue(math.nan, math.nan, reason=scan.absence)
        fault = None
        if not scan.absence:
            if suffix not in targets:
                own_side = opposite(lesion_side) if suffix == OTHER_SIDE else lesion_side
                targets[suffix] = target_value(scan, roles, own_side, suffix.removesuffix(OTHER_SIDE))
            target, other = targets[suffix], _NOTHING
        if not scan.absence and reference is not None:
            other = reference_value(scan, reference, roles, lesion_side, suffix.removesuffix(OTHER_SIDE))
            fault = second_stroke if in_other_hemisphere(reference, roles) else None
        lies_as_deep = reference is not None and reference.is_mirror(roles.target)
        notes = scan.correction_notes if suffix == CORRECTED else ()
        yield Comparison(roles.target_name + suffix, measure, name, target, other, fault, lies_as_deep, notes)


def of_surroundings(
    scan: ScanUptake, roles: RegionRoles, lesion_side: Side, second_stroke: Remark | None
) -> Iterator[Comparison]:
    """Yield the comparisons of what lies round the lesion, and of treatment sites.

    Each is on its own side, whatever the side of the stroke. Its reference ``contralateral`` is its mirror image.
    References that hold the target of the study otherwise are left out.
    """
    for name, surrounding in scan.surroundings.items():
        own = _joined(scan, surrounding, name)
        mirror = _joined(scan, surrounding, name + MIRRORED)
        sides = {side for region, side in surrounding.values if region == name}
        notes = surrounding.notes
        if sides == {opposite(lesion_side)}:
            notes = (*notes, Remark.of("treatment_other_side", side=opposite(lesion_side)))
        fault_of_mirror = _mirror_fault(surrounding, name, lesion_side, sides, second_stroke)
        rows = [(name, own, measure, reference) for measure, reference in _measures(roles)]
        if _has_mirror(roles) and COMMON_REFERENCE in roles.references:
            rows.append((name + MIRRORED, mirror, "uptake_ratio", COMMON_REFERENCE))
        for region, target, measure, reference_name in rows:
            reference = roles.references.get(reference_name)
            if reference is None:
                yield Comparison(region, measure, reference_name, target, _NOTHING, notes=notes)
            elif reference.is_mirror(roles.target):
                yield Comparison(region, measure, reference_name, target, mirror, fault_of_mirror, True, notes)
            elif reference.regions != (TARGET,):
                other = replace(_NOTHING, reason=scan.absence)
                if not scan.absence:
                    other = reference_value(scan, reference, roles, lesion_side)
                fault = second_stroke if in_other_hemisphere(reference, roles) else None
                yield Comparison(region, measure, reference_name, target, other, fault, notes=notes)


def _rows(roles: RegionRoles) -> list[tuple[str, Measure, str]]:
    """Return what is computed of the target: what stands behind its name, measure, name of the reference."""
    rows = [(suffix, *row) for suffix in ("", LESIONFREE) for row in _measures(roles)]
    if _has_mirror(roles) and COMMON_REFERENCE in roles.references:
        rows.append((OTHER_SIDE, "uptake_ratio", COMMON_REFERENCE))
    if roles.corrected:
        whole = [name for name, reference in roles.references.items() if "lesion" not in reference.exclude]
        rows += [(CORRECTED, "uptake_ratio", name) for name in whole]
    return rows


def _measures(roles: RegionRoles) -> list[tuple[Measure, str]]:
    """Return what is computed of every target: measure, name of the reference."""
    rows: list[tuple[Measure, str]] = [("uptake_ratio", name) for name in roles.references]
    rows += [("ratio_minus_one", PONS)] if PONS in roles.references else []
    rows += [("asymmetry_index_percent", CONTRALATERAL)] if _has_mirror(roles) else []
    return [*rows, ("suv_mean", NO_REFERENCE)]


def _has_mirror(roles: RegionRoles) -> bool:
    other_side = roles.references.get(CONTRALATERAL)
    return other_side is not None and other_side.is_mirror(roles.target)


def _joined(scan: ScanUptake, surrounding: Surrounding, name: str) -> RegionValue:
    absence = scan.absence or surrounding.absence
    parts = [part for part in surrounding.values if part[0] == name]
    if not absence and not parts:
        absence = Remark.of("treatment_both_sides")
    if absence:
        return RegionValue(math.nan, math.nan, reason=absence)
    return joint_value(replace(scan, values=surrounding.values), parts)


def _mirror_fault(
    surrounding: Surrounding, name: str, lesion_side: Side, sides: set[RegionSide], second_stroke: Remark | None
) -> Remark | None:
    """Return why the mirror image must not be used: it lies in a hemisphere with an infarct, or in the lesion."""
    if second_stroke is not None and sides == {lesion_side}:
        return second_stroke
    for (region, _), value in surrounding.values.items():
        if region == name + MIRRORED and value.lesion_fraction > MOST_LOST_ON_OTHER_SIDE:
            return Remark.of("mirror_in_lesion", share=value.lesion_fraction)
    return None
