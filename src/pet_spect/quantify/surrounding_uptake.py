"""Uptake of the surroundings of a lesion and of treatment sites: regions that a person may not have."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pet_spect.errors import RegionError
from pet_spect.model import CutView, RegionSide, RegionUptake
from pet_spect.quantify.measurement import (
    ParticipantRegions,
    ScanMeasurement,
    absence_reason,
    low_coverage,
    measure_again,
)
from pet_spect.quantify.noise import Noise
from pet_spect.quantify.region_weights import FloatArray
from pet_spect.quantify.sensitivities import sensitivities_under
from pet_spect.quantify.uncertainty import Sensitivity
from pet_spect.remarks import Remark


@dataclass(frozen=True)
class SurroundingRegions:
    """Further targets of a participant that come from one lesion, or from one treatment.

    Attributes
    ----------
    names : tuple of str
        Of `surroundings.SURROUNDINGS`.
    regions : ParticipantRegions or None
        None if the participant has none.
    absence : Remark or None
        Why not.
    notes : tuple of Remark
        What to look at.
    """

    names: tuple[str, ...]
    regions: ParticipantRegions | None = None
    absence: Remark | None = None
    notes: tuple[Remark, ...] = ()

    def __post_init__(self) -> None:
        """Check that what is absent says why."""
        if (self.regions is None) != (self.absence is not None):
            raise ValueError("regions or the reason for their absence are needed")

    def nothing(self) -> tuple[RegionUptake, ...]:
        """Return the uptake of a scan in which none of the regions was measured."""
        parts: list[tuple[str, RegionSide]] = [(name, "n/a") for name in self.names]
        if self.regions is not None:
            parts = [(region.name, region.side) for region in self.regions.atlas.regions]
        return tuple(RegionUptake(name, side, math.nan, math.nan, math.nan, math.nan, math.nan) for name, side in parts)

    def reason(self, uptake: RegionUptake, cut_at: tuple[str, ...]) -> Remark | None:
        """Return why a region of a measured scan has no mean; None if it has one."""
        if self.regions is None:
            return self.absence
        if math.isnan(uptake.volume_ml):  # nothing of any of them is in view
            return low_coverage(uptake, self.regions.min_coverage, cut_at)
        return absence_reason(uptake, self.regions, cut_at)


SurroundingMeasurement = tuple[tuple[RegionUptake, ...], dict[tuple[str, RegionSide], Sensitivity]]
"""Uptake, and sensitivities by region and side."""


def measure_surroundings(
    scan: ScanMeasurement,
    surroundings: SurroundingRegions,
    noise: Noise | None,
    centre: FloatArray,
    view: CutView | None = None,
) -> SurroundingMeasurement:
    """Measure the surroundings in a scan, in the way its other regions were measured.

    Parameters
    ----------
    scan : ScanMeasurement
        Of the regions of the atlas.
    surroundings : SurroundingRegions
    noise : Noise or None
        Of the scan, estimated from the whole brain.
    centre : (3,) float array
        As in `sensitivities_under`.
    view : CutView, optional
        That of `scan`.
    """
    if surroundings.regions is None:
        return surroundings.nothing(), {}
    try:
        measured = measure_again(scan, surroundings.regions, view)
    except RegionError as error:
        if error.code != "no_overlap":
            raise
        atlas = surroundings.regions.atlas
        out_of_view = (
            RegionUptake(region.name, region.side, math.nan, math.nan, math.nan, 0.0, math.nan)
            for region in atlas.regions
        )
        return tuple(out_of_view), {}
    return measured.uptake, sensitivities_under(noise, measured, surroundings.regions, centre)
