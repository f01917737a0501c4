"""Uptake of the regions of a scan, by the part they play in a ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pet_spect.errors import RegionError, listed, shown
from pet_spect.model import Refusal, RegionSide, ScanKey, Side, opposite
from pet_spect.quantify.uncertainty import Response, joint_response

Reference = Literal[
    "contralateral",
    "cerebellum_ipsilesional",
    "cerebellum_contralesional",
    "cerebellum",
    "pons",
    "hemisphere_contralesional",
    "none",
]
Role = Literal["ipsilesional", "contralesional", "both"]


@dataclass(frozen=True, slots=True)
class RegionValue:
    """Uptake of one region as ratios need it.

    Attributes
    ----------
    mean : float
        In the scan's unit; NaN where it cannot be given.
    volume_ml : float
    lesion_fraction : float
        NaN where there is no mask.
    reason : str
        ``code: text`` why `mean` is NaN, else empty.
    response : Response or None
        How `mean` responds to what is not known; None if nobody has looked.
    """

    mean: float
    volume_ml: float
    lesion_fraction: float = math.nan
    reason: str = ""
    response: Response | None = None


@dataclass(frozen=True)
class ScanUptake:
    """One scan, measured or not.

    Attributes
    ----------
    key : ScanKey
    absence : str
        Why nothing was measured, ``code: text`` or ``no scan listed``; empty if something was.
    values : mapping
        (region, side) to its uptake.
    notes : tuple of str
        ``code: text`` of every warning so far.
    suv_factor : float or None
        Multiplies uptake into SUVbw, g/mL.
    suv_reason : str
        Why there is no factor.
    attenuation_corrected : bool or None
        None if the sidecar does not say.
    deficit_ml : (float, float)
        Lesion-like deficit that the scan itself shows on the left and on the right.
    lesion_seen_ml : (float, float)
        How much of a lesion the person's leading image shows on the left and on the right.
    lesion_seen_in : str
        The tracer of that image, `model.ANATOMICAL` in front if it is an anatomical one; empty if not known.
    accepted : tuple of Refusal
        Faults of the registration that a person accepted.
    """

    key: ScanKey
    absence: str
    values: Mapping[tuple[str, RegionSide], RegionValue]
    notes: tuple[str, ...] = ()
    suv_factor: float | None = None
    suv_reason: str = ""
    attenuation_corrected: bool | None = True
    deficit_ml: tuple[float, float] = (0.0, 0.0)
    lesion_seen_ml: tuple[float, float] = (0.0, 0.0)
    lesion_seen_in: str = ""
    accepted: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class RegionRoles:
    """Which atlas regions play which part; several are joined, weighted by their volume."""

    target: tuple[str, ...]
    cerebellum: tuple[str, ...]
    pons: tuple[str, ...]
    hemisphere: tuple[str, ...]

    @property
    def target_name(self) -> str:
        """How tables call the target: ``precentral``, or ``precentral+paracentral``."""
        return "+".join(self.target)


def sides_of(role: Role, lesion_side: Side) -> tuple[RegionSide, ...]:
    """Return the sides a role means for this person: the only place where ipsilateral becomes a side.

    Examples
    --------
    >>> sides_of("ipsilesional", "left"), sides_of("contralesional", "left"), sides_of("both", "left")
    (('left',), ('right',), ('left', 'right', 'n/a'))
    """
    if role == "both":
        return ("left", "right", "n/a")
    return (lesion_side,) if role == "ipsilesional" else (opposite(lesion_side),)


def joint_value(scan: ScanUptake, regions: Sequence[str], sides: Sequence[RegionSide]) -> RegionValue:
    """Return the uptake of several regions together: the mean weighted by their volumes.

    Parameters
    ----------
    scan : ScanUptake
    regions : sequence of str
    sides : sequence of {'left', 'right', 'n/a'}
        Of each region those sides that the atlas has.

    Returns
    -------
    RegionValue
        NaN, with the reason of the first, where any of them is missing.

    Raises
    ------
    RegionError
        If a region has none of the sides.
    """
    parts = []
    for region in regions:
        found = [scan.values[region, side] for side in sides if (region, side) in scan.values]
        if not found:
            raise RegionError(f"region {shown(region)} ({listed(sides, joined=' or ')}) is not in the uptake table")
        parts += found
    volume = sum(part.volume_ml for part in parts)
    absent = next((part.reason or "no_value: no value" for part in parts if not math.isfinite(part.mean)), "")
    if absent or not volume > 0:
        return RegionValue(math.nan, volume, reason=absent or "no_volume: the region is empty")
    responses = [part.response for part in parts if part.response is not None]
    response = joint_response(responses, [part.volume_ml for part in parts]) if len(responses) == len(parts) else None
    return RegionValue(sum(part.mean * part.volume_ml for part in parts) / volume, volume, response=response)


def reference_value(
    scan: ScanUptake, reference: Reference, target: Sequence[str], roles: RegionRoles, lesion_side: Side
) -> RegionValue:
    """Return the uptake of a reference; ``none`` has none.

    Raises
    ------
    RegionError
        If one of its regions is not in the scan's table.
    """
    match reference:
        case "contralateral":
            return joint_value(scan, target, sides_of("contralesional", lesion_side))
        case "cerebellum_ipsilesional":
            return joint_value(scan, roles.cerebellum, sides_of("ipsilesional", lesion_side))
        case "cerebellum_contralesional":
            return joint_value(scan, roles.cerebellum, sides_of("contralesional", lesion_side))
        case "cerebellum":
            return joint_value(scan, roles.cerebellum, sides_of("both", lesion_side))
        case "pons":
            return joint_value(scan, roles.pons, sides_of("both", lesion_side))
        case "hemisphere_contralesional":
            return joint_value(scan, roles.hemisphere, sides_of("contralesional", lesion_side))
        case "none":
            return RegionValue(math.nan, math.nan)
