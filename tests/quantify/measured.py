"""The uptake of a scan's regions, by the names that the tests give to what it is measured with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pet_spect.model import Atlas, RegionUptake, Volume, Warp
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan


def region_uptake(
    scan: Volume,
    atlas: Atlas,
    *,
    scan_to_participant_points: NDArray[np.float64] | None = None,
    participant_to_standard_points: Warp | None = None,
    lesion: Volume | None = None,
    lesionfree: Sequence[str] = (),
    certainty: NDArray[np.float32] | None = None,
    min_coverage: float = 0.9,
) -> Sequence[RegionUptake]:
    """Measure a scan with these."""
    regions = ParticipantRegions(
        atlas, participant_to_standard_points, tuple(lesionfree), lesion, certainty, min_coverage
    )
    return measure_scan(scan, regions, to_participant=scan_to_participant_points).uptake
