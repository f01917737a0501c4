"""Coverage of regions in a scan that cuts the brain, computed from the head's pose and not from the warp."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pet_spect.imaging.resample import apply_affine
from pet_spect.model import Atlas, CutView, RegionSide, RegionUptake, Volume
from pet_spect.quantify.uptake import LESIONFREE

POSE_ERROR = 0.05
"""Of the depth of brain beyond a cut, how far the pose may err there: the part that is out of view it only supposes.

Chosen on people 1 to 20: 3 % of it was the least that left no region with a true coverage of at most 0.80 a value; 5 %
keeps a reserve (``benchmarks/gates/cut_scans.py``).
"""


def in_view(scan: Volume, view: CutView) -> Volume:
    """Return a scan with NaN outside its field of view, where slices may have been filled up."""
    inside = np.zeros(scan.data.shape, dtype=bool)
    inside[tuple(slice(math.ceil(a), math.floor(b) + 1) for a, b in zip(view.first, view.last, strict=True))] = True
    return Volume(np.where(inside, scan.data, np.float32(np.nan)), scan.affine)


def coverage_by_pose(atlas: Atlas, scan: Volume, view: CutView) -> dict[tuple[str, RegionSide], float]:
    """Return the fraction of every region that is surely in the field of view by the head's pose.

    At a cut the view is taken to end earlier by `POSE_ERROR` of the depth that the pose puts beyond it.

    Parameters
    ----------
    atlas : Atlas
        In standard space.
    scan : Volume
        On its own grid.
    view : CutView
        With a pose.

    Returns
    -------
    dict of (region, side) to float
        0 to 1; NaN for a region without voxels.
    """
    if view.pose is None:
        raise ValueError("a pose is needed")
    places = np.argwhere(atlas.labels > 0)
    voxels = apply_affine(np.linalg.inv(scan.affine) @ view.pose @ atlas.affine, places.astype(np.float64))
    first, last = np.array(view.first), np.array(view.last)
    first = first + POSE_ERROR * np.maximum(first - voxels.min(axis=0), 0)
    last = last - POSE_ERROR * np.maximum(voxels.max(axis=0) - last, 0)
    is_in_view = ((voxels >= first) & (voxels <= last)).all(axis=1)
    label = atlas.labels[tuple(places.T)]
    size = max(int(atlas.labels.max()), *(region.index for region in atlas.regions)) + 1
    total = np.bincount(label, minlength=size)
    covered = np.bincount(label, weights=is_in_view, minlength=size)
    return {
        (region.name, region.side): float(covered[region.index] / total[region.index])
        if total[region.index]
        else math.nan
        for region in atlas.regions
    }


def limited(
    uptakes: Sequence[RegionUptake], coverage: Mapping[tuple[str, RegionSide], float], min_coverage: float
) -> list[RegionUptake]:
    """Return uptake with the smaller of its coverage and `coverage`; below `min_coverage` mean and sd are NaN."""
    kept = []
    for region in uptakes:
        share = float(np.minimum(region.coverage, coverage[region.region.removesuffix(LESIONFREE), region.side]))
        hidden = not share >= min_coverage
        mean, sd = (math.nan, math.nan) if hidden else (region.mean, region.sd)
        kept.append(replace(region, mean=mean, sd=sd, coverage=share))
    return kept
