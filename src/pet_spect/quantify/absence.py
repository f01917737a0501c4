"""Reasons why a region of a measured scan has no mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pet_spect.model import Refusal, RegionUptake
from pet_spect.remarks import Remark

if TYPE_CHECKING:
    from pet_spect.quantify.measurement import ParticipantRegions


def low_coverage(uptake: RegionUptake, min_coverage: float, cut_at: Sequence[str]) -> Remark:
    """Return why a region out of view has no mean; `cut_at` names the sides at which the brain is cut."""
    name = uptake.region if uptake.side == "n/a" else f"{uptake.region} {uptake.side}"
    case = "cut" if cut_at else "whole"
    return Remark.of("low_coverage", case=case, share=uptake.coverage, region=name, needed=min_coverage, sides=cut_at)


def absence_reason(
    uptake: RegionUptake, regions: ParticipantRegions, cut_at: Sequence[str] = (), lesion_fault: Refusal | None = None
) -> Remark | None:
    """Return why a region has no mean; None if it has one.

    Parameters
    ----------
    uptake : RegionUptake
    regions : ParticipantRegions
        With which it was measured.
    cut_at : sequence of str
        The sides at which the brain is cut.
    lesion_fault : Refusal, optional
        Why there is no lesion mask.
    """
    if not math.isnan(uptake.mean):
        return None
    if uptake.region not in {region.name for region in regions.atlas.regions} and regions.lesion is None:
        return Remark.of("no_lesion_mask") if lesion_fault is None else lesion_fault.remark
    if not uptake.volume_ml > 0:
        return Remark.of("no_volume", case="region", region=uptake.region)
    return low_coverage(uptake, regions.min_coverage, cut_at)
