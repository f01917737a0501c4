"""Weights of a region's voxels by how certain it is that they belong to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, gaussian_filter, map_coordinates

from pet_spect.imaging.resample import apply_affine, voxels_of
from pet_spect.model import Atlas, Volume
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA

RESOLUTION_MM: Mapping[str, float] = {"pet": 6.0, "spect": 11.0}
"""Usual resolution (FWHM) of a scan, by its BIDS datatype."""

LEAST_SLOPE = 0.98
"""Smallest part of a true change that the mean of a misplaced region should show of what the true region shows."""

_MOST_POWER = 3.0
_POWER_STEPS = 12
_LEAST_CERTAINTY = 1e-6
_LESION = 0.5

MOSTLY_LOST = 0.3
"""Share of a region in the lesion from which on all its voxels weigh alike."""

FloatArray = NDArray[np.float64]


def between_voxels(image: Volume, points: FloatArray) -> NDArray[np.float32]:
    """Return the value of an image between its voxels (linear interpolation).

    Parameters
    ----------
    image : Volume
        NaN and what lies beyond its grid are 0.
    points : (n, 3) float array
        RAS+ mm.

    Returns
    -------
    (n,) float32 array
        In the image's unit.
    """
    # "constant" would take the outer half of the outermost voxels for 0
    where = voxels_of(image.affine, points).T
    return np.asarray(
        map_coordinates(np.nan_to_num(image.data), where, order=1, mode="grid-constant"), dtype=np.float32
    )


def membership_certainty(
    atlas: Atlas,
    regions: Collection[str],
    misplacement_mm: float,
    lesion: Volume | None = None,
    *,
    resolution_mm: float = RESOLUTION_MM["pet"],
) -> NDArray[np.float32]:
    """Return what the voxels of a region weigh in its mean, as no two brains fold alike.

    A warp places a fold to a few millimetres. A point in the middle of the region is in it even so. A point near its
    border often is not, and would add its neighbour's uptake to the mean. The probability is the region blurred by a
    Gaussian of the misplacement. Weights add noise, so they are as near to equal as they may be: the probability to the
    smallest power, from 0 to 3, with which the mean shows `LEAST_SLOPE` of a change that the mean of the region in its
    true place would show. Both are expected values: uptake that changes in the true region alone, blurred by the
    scanner and, for the misplaced one, by the misplacement too. A blurry scan needs less of it than a sharp one.

    Parameters
    ----------
    atlas : Atlas
    regions : collection of str
        Regions that are weighted, the two sides of each with one power; any other is 1 throughout.
    misplacement_mm : float
        Its standard deviation; 0 is none.
    lesion : Volume, optional
        In the space of the atlas, above 0.5 is lesion. What is lost must count with what is left: the more of a
        region lies in it, on its worse side, the smaller `misplacement_mm` is taken; from `MOSTLY_LOST` on all weighs
        alike.
    resolution_mm : float
        FWHM of the scan.

    Returns
    -------
    float32 array on the atlas's grid
        Above 0 to 1.
    """
    certainty = np.ones(atlas.labels.shape, dtype=np.float32)
    if lesion is not None:
        lost = max(lost_share(atlas, regions, lesion).values(), default=0.0)
        misplacement_mm *= max(0.0, 1 - lost / MOSTLY_LOST)
    if misplacement_mm <= 0:
        return certainty
    boxes = find_objects(atlas.labels)
    scanner_mm = resolution_mm * FWHM_TO_SIGMA
    for name in regions:
        places = [
            (boxes[region.index - 1], region.index)
            for region in atlas.regions
            if region.name == name and boxes[region.index - 1] is not None
        ]
        sides = [_Side.of(atlas, box, index, misplacement_mm, scanner_mm) for box, index in places]
        power = _power(sides)
        for (box, index), side in zip(places, sides, strict=True):
            weight = np.maximum(side.probability**power, _LEAST_CERTAINTY)
            certainty[box][atlas.labels[box] == index] = weight
    return certainty


@dataclass(frozen=True)
class _Side:
    """One side of a region, by voxel: the probability to be in it, and what two placements show of a change in it."""

    probability: NDArray[np.float32]
    misplaced: NDArray[np.float32]
    in_place: NDArray[np.float32]

    @classmethod
    def of(cls, atlas: Atlas, box: tuple[slice, ...], index: int, misplacement_mm: float, scanner_mm: float) -> _Side:
        inside = atlas.labels[box] == index
        voxel_mm = np.linalg.norm(atlas.affine[:3, :3], axis=0)
        both_mm = float(np.hypot(misplacement_mm, scanner_mm))
        return cls(*(_blurred(inside, sigma / voxel_mm) for sigma in (misplacement_mm, both_mm, scanner_mm)))


def _blurred(inside: NDArray[np.bool_], sigma: FloatArray) -> NDArray[np.float32]:
    """Return a region blurred, in its own voxels."""
    margin = [(int(np.ceil(4 * s)),) * 2 for s in sigma]
    blurred = gaussian_filter(np.pad(inside, margin).astype(np.float32), tuple(sigma), mode="constant")
    return np.asarray(blurred[tuple(slice(a, a + n) for (a, _), n in zip(margin, inside.shape, strict=True))][inside])


def _power(sides: Sequence[_Side]) -> float:
    """Return the smallest power that shows enough of a change; the greatest one if none does."""
    probability, misplaced, in_place = (
        np.concatenate([getattr(side, name) for side in sides]).astype(np.float64)
        for name in ("probability", "misplaced", "in_place")
    )
    needed = LEAST_SLOPE * in_place.mean()

    def shown(power: float) -> float:
        weight = probability**power
        return float((weight * misplaced).sum() / weight.sum())

    low, high = 0.0, _MOST_POWER
    if shown(low) >= needed:
        return low
    if shown(high) < needed:
        return high
    for _ in range(_POWER_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if shown(middle) >= needed else (middle, high)
    return high


def lost_share(atlas: Atlas, regions: Collection[str], lesion: Volume) -> dict[str, float]:
    """Return by side the fraction of the regions, all together, that is lesion.

    Parameters
    ----------
    atlas : Atlas
    regions : collection of str
    lesion : Volume
        In the space of the atlas, above 0.5 is lesion.
    """
    total: dict[str, int] = {}
    lost: dict[str, int] = {}
    for region in atlas.regions:
        if region.name in regions:
            points = apply_affine(atlas.affine, np.argwhere(atlas.labels == region.index))
            total[region.side] = total.get(region.side, 0) + len(points)
            lost[region.side] = lost.get(region.side, 0) + int((between_voxels(lesion, points) > _LESION).sum())
    return {side: lost[side] / count for side, count in total.items() if count}
