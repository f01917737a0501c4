"""Uptake of a participant's scans as ratios need it: measured, with reasons and sensitivities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pet_spect.model import CutView, RegionSide, Volume
from pet_spect.quantify.measurement import ParticipantRegions, ScanMeasurement, absence_reason, measure_scan
from pet_spect.quantify.roles import RegionValue
from pet_spect.quantify.sensitivities import scan_noise, scan_sensitivities

RegionValues = dict[tuple[str, RegionSide], RegionValue]


@dataclass(frozen=True)
class PlacedScan:
    """A scan and where it lies in its participant.

    Attributes
    ----------
    tracer : str
    volume : Volume
    to_participant : (4, 4) float array or None
        As in `measure_scan`.
    view : CutView or None
    blur_mm : float
        FWHM of a Gaussian that is applied before.
    """

    tracer: str
    volume: Volume
    to_participant: NDArray[np.float64] | None = None
    view: CutView | None = None
    blur_mm: float = 0.0


def participant_uptake(scans: Sequence[PlacedScan], regions: ParticipantRegions) -> list[RegionValues]:
    """Return the uptake of every region in each scan of one participant.

    Count noise is estimated from the scans of one tracer together; for a single scan it is unknown.

    Parameters
    ----------
    scans : sequence of PlacedScan
    regions : ParticipantRegions
        The same for all.
    """
    measured = [
        measure_scan(scan.volume, regions, to_participant=scan.to_participant, view=scan.view, blur_mm=scan.blur_mm)
        for scan in scans
    ]
    return [_values(place, scans, measured, regions) for place in range(len(scans))]


def _values(
    place: int, scans: Sequence[PlacedScan], measured: Sequence[ScanMeasurement], regions: ParticipantRegions
) -> RegionValues:
    scan = scans[place]
    others = [measured[other] for other in range(len(scans)) if other != place and scans[other].tracer == scan.tracer]
    noise = scan_noise(measured[place], others, len(regions.atlas.regions))
    sensitivities = scan_sensitivities(measured[place], noise, regions)
    cut = () if scan.view is None else scan.view.cut
    return {
        (region.region, region.side): RegionValue(
            region.mean,
            region.volume_ml,
            region.lesion_fraction,
            absence_reason(region, regions, cut),
            sensitivities.get((region.region, region.side)),
            region.coverage,
        )
        for region in measured[place].uptake
    }
