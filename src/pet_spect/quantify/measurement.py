"""Measurement of a scan, in one way only: the uptake of every region of an atlas, on the scan's own grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import RegionError, shown
from pet_spect.model import Atlas, CutView, Refusal, RegionUptake, Volume, Warp
from pet_spect.quantify.coverage import coverage_by_pose, in_view, limited
from pet_spect.quantify.labelled_space import LabelledSpace, labelled_space
from pet_spect.quantify.membership import RESOLUTION_MM, membership_certainty
from pet_spect.quantify.region_weights import RegionWeights, weigh_regions
from pet_spect.quantify.smoothing import blur
from pet_spect.quantify.uptake import uptake_of_shares
from pet_spect.remarks import Remark


@dataclass(frozen=True)
class ParticipantRegions:
    """The regions of an atlas in one participant, with which every scan of theirs is measured.

    Attributes
    ----------
    atlas : Atlas
        Labels in the standard space.
    to_standard : Warp or None
        Takes points of the participant to the standard space; None if the two are one space. What lies outside the
        field is out of view: it is never measured and counts against coverage.
    lesionfree : tuple of str
        Regions that are also measured without their lesion voxels, named ``<region>_lesionfree``.
    lesion : Volume or None
        Lesion mask in the standard space; a voxel above 0.5 is lesion. Without it the lesion-free regions are NaN.
    certainty : float32 array or None
        On the atlas's grid: what each voxel of a region weighs in its mean (`membership.membership_certainty`);
        it does not enter volume and coverage. None weighs all alike.
    min_coverage : float
        Smallest fraction of a region's volume that must be in view for its mean to be given.

    Raises
    ------
    RegionError
        If `min_coverage` is not from 0 to 1.
    """

    atlas: Atlas
    to_standard: Warp | None = None
    lesionfree: tuple[str, ...] = ()
    lesion: Volume | None = None
    certainty: NDArray[np.float32] | None = None
    min_coverage: float = 0.9

    def __post_init__(self) -> None:
        """Refuse a coverage that is no fraction."""
        if not (isinstance(self.min_coverage, int | float | np.number) and 0 <= self.min_coverage <= 1):
            raise RegionError(f"min_coverage is {shown(self.min_coverage)}; a fraction from 0 to 1 is needed")

    @cached_property
    def labelled(self) -> LabelledSpace:
        """The atlas and the lesion, prepared once for all scans."""
        return labelled_space(self.atlas, self.lesion)


def participant_regions(
    atlas: Atlas,
    to_standard: Warp | None = None,
    *,
    target: Sequence[str] = (),
    lesionfree: Sequence[str] = (),
    misplacement_mm: float = 0.0,
    resolution_mm: float = RESOLUTION_MM["pet"],
    lesion: Volume | None = None,
    warp_lesion: Volume | None = None,
    min_coverage: float = 0.9,
) -> ParticipantRegions:
    """Return the regions of a participant for the scans of a tracer, the target weighted by how certain its place is.

    Parameters
    ----------
    atlas, to_standard, lesion, min_coverage
        As in `ParticipantRegions`.
    target : sequence of str
        Regions whose voxels are weighted; they are also measured without their lesion voxels.
    lesionfree : sequence of str
        Further ones that are.
    misplacement_mm : float, default 0
        How far a fold may lie from where the warp puts it (standard deviation); 0 weighs all of the target alike.
    resolution_mm : float
        FWHM of the scans: the blurrier, the less the weights differ (`membership.membership_certainty`).
    warp_lesion : Volume, optional
        The lesion that the registration used, in the standard space; it counts where no `lesion` is given.

    Raises
    ------
    RegionError
        If `misplacement_mm` or `resolution_mm` is not a number from 0 on.
    """
    _check_millimetres("misplacement_mm", misplacement_mm)
    _check_millimetres("resolution_mm", resolution_mm)
    used_lesion = warp_lesion if lesion is None else lesion
    certainty = None
    if misplacement_mm > 0:
        certainty = membership_certainty(atlas, target, misplacement_mm, used_lesion, resolution_mm=resolution_mm)
    without = tuple(dict.fromkeys((*target, *lesionfree)))
    return ParticipantRegions(atlas, to_standard, without, lesion, certainty, min_coverage)


@dataclass(frozen=True)
class ScanMeasurement:
    """What was measured in a scan, and with what.

    Attributes
    ----------
    uptake : tuple of RegionUptake
        In the order of the atlas table, the lesion-free regions after the others. `mean` and `sd` (weighted,
        population) are in the scan's unit and NaN below the coverage that is needed.
    volume : Volume
        The scan as it was measured: NaN out of view, blurred if asked.
    shares : RegionWeights
    to_participant : (4, 4) float array
        Takes points of the scan to the participant.
    """

    uptake: tuple[RegionUptake, ...]
    volume: Volume
    shares: RegionWeights
    to_participant: NDArray[np.float64]


def measure_scan(
    scan: Volume,
    regions: ParticipantRegions,
    *,
    to_participant: NDArray[np.float64] | None = None,
    view: CutView | None = None,
    blur_mm: float = 0.0,
) -> ScanMeasurement:
    """Measure the uptake of every region in a scan.

    Each voxel counts with the fraction of its volume that lies in the region and, in the target, with how certain it
    is that it belongs to it. Volumes are those of the region in the scan's space, so no Jacobian enters.

    Parameters
    ----------
    scan : Volume
        Linear uptake on its native grid. NaN is outside the field of view; zero is a measurement.
    regions : ParticipantRegions
    to_participant : (4, 4) float array, optional
        Takes points of the scan to the participant, RAS+ mm, rigid. Without it the two are one space.
    view : CutView, optional
        The field of view, outside which values are no measurements. Where it cuts the brain, coverage is the
        smaller of that by the warp and that by the head's pose.
    blur_mm : float, default 0
        FWHM of a Gaussian that is applied before.

    Raises
    ------
    RegionError
        If no part of the atlas lies on the scan's grid, or `blur_mm` is not a number from 0 on.

    Examples
    --------
    >>> from pet_spect.model import Region
    >>> labels = np.zeros((4, 1, 1), dtype=np.uint8)
    >>> labels[0], labels[3] = 1, 2
    >>> atlas = Atlas("toy", labels, np.eye(4), (Region(1, "motor", "left"), Region(2, "motor", "right")))
    >>> scan = Volume(np.array([60, 0, 0, 90], dtype=np.float32).reshape(4, 1, 1), np.eye(4))
    >>> [(region.region, region.side, region.mean) for region in measure_scan(scan, ParticipantRegions(atlas)).uptake]
    [('motor', 'left', 60.0), ('motor', 'right', 90.0)]
    """
    _check_millimetres("blur_mm", blur_mm)
    to_participant = np.eye(4) if to_participant is None else to_participant
    volume = blur(scan if view is None else in_view(scan, view), blur_mm)
    return _measured(volume, regions, to_participant, view)


def measure_again(
    measurement: ScanMeasurement, regions: ParticipantRegions, view: CutView | None = None
) -> ScanMeasurement:
    """Measure other regions in a scan that was measured, in the same way.

    Parameters
    ----------
    measurement : ScanMeasurement
    regions : ParticipantRegions
        Of the same participant.
    view : CutView, optional
        That of the measurement.

    Raises
    ------
    RegionError
        If no part of the atlas lies on the scan's grid.
    """
    return _measured(measurement.volume, regions, measurement.to_participant, view)


def _measured(
    volume: Volume, regions: ParticipantRegions, to_participant: NDArray[np.float64], view: CutView | None
) -> ScanMeasurement:
    shares = weigh_regions(
        volume,
        regions.labelled,
        scan_to_participant_points=to_participant,
        participant_to_standard_points=regions.to_standard,
        certainty=regions.certainty,
    )
    uptakes = uptake_of_shares(
        volume, regions.atlas, shares, lesionfree=regions.lesionfree, min_coverage=regions.min_coverage
    )
    if view is not None and view.pose is not None:
        uptakes = limited(uptakes, coverage_by_pose(regions.atlas, volume, view), regions.min_coverage)
    return ScanMeasurement(tuple(uptakes), volume, shares, to_participant)


def _check_millimetres(name: str, value: object) -> None:
    if not (isinstance(value, int | float | np.number) and 0 <= value < math.inf):
        raise RegionError(f"{name} is {shown(value)}; a number of millimetres from 0 on is needed")


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
