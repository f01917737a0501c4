"""Uptake of the surroundings of a lesion and of treatment sites: regions that a person may not have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
from pet_spect.quantify.sensitivities import atlas_centre, scan_sensitivities
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


def sensitivities_and_surroundings(
    scan: ScanMeasurement,
    noise: Noise | None,
    regions: ParticipantRegions,
    surroundings: Sequence[SurroundingRegions] = (),
    view: CutView | None = None,
) -> tuple[dict[tuple[str, RegionSide], Sensitivity], list[tuple[RegionUptake, ...]]]:
    """Return the sensitivities of all regions of a scan, and the uptake of its surroundings.

    The surroundings are measured as the other regions were. Count noise is that of the whole brain.

    Parameters
    ----------
    scan : ScanMeasurement
    noise : Noise or None
        Of the scan, see `scan_noise`.
    regions : ParticipantRegions
        With which it was measured.
    surroundings : sequence of SurroundingRegions
    view : CutView, optional
        That of `scan`.

    Returns
    -------
    (dict of (region, side) to Sensitivity, list of tuple of RegionUptake)
        The list has an entry for each of `surroundings`.
    """
    centre = atlas_centre(regions.atlas)
    sensitivities = scan_sensitivities(scan, noise, regions, centre)
    around = []
    for each in surroundings:
        uptake, measured = _measured(scan, each, view)
        around.append(uptake)
        if measured is not None and each.regions is not None:
            sensitivities |= scan_sensitivities(measured, noise, each.regions, centre)
    return sensitivities, around


def _measured(
    scan: ScanMeasurement, surroundings: SurroundingRegions, view: CutView | None
) -> tuple[tuple[RegionUptake, ...], ScanMeasurement | None]:
    if surroundings.regions is None:
        return surroundings.nothing(), None
    try:
        measured = measure_again(scan, surroundings.regions, view)
    except RegionError as error:
        if error.code != "no_overlap":
            raise
        return tuple(replace(uptake, coverage=0.0) for uptake in surroundings.nothing()), None
    return measured.uptake, measured
