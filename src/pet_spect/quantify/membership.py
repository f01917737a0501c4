"""Certainty that a voxel belongs to its region, and how much of a region a lesion takes."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, gaussian_filter, map_coordinates

from pet_spect.imaging.resample import apply_affine, voxels_of
from pet_spect.model import Atlas, Volume

_POWER = 3
_LEAST_CERTAINTY = 1e-6
_LESION = 0.5
_MOSTLY_LOST = 0.3

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
    atlas: Atlas, regions: Collection[str], blur_mm: float, lesion: Volume | None = None
) -> NDArray[np.float32]:
    """Return how certain it is that a voxel of a region belongs to it although no two brains fold alike.

    A warp places a fold to a few millimetres. A point in the middle of the region is in it even so. A
    point near its border often is not, and would add its neighbour's uptake to the mean. The probability
    is the region blurred by a Gaussian. Its third power is the weight: docs/accuracy.md has the errors
    with and without weights on individual anatomies.

    Parameters
    ----------
    atlas : Atlas
    regions : collection of str
        Regions that are weighted, both sides; any other is 1 throughout.
    blur_mm : float
        Standard deviation of the misplacement; 0 is none.
    lesion : Volume, optional
        In the space of the atlas, above 0.5 is lesion. What is lost must count with what is left: the more of a
        region lies in it, on its worse side, the smaller `blur_mm` is taken; from 0.3 on all weighs alike.

    Returns
    -------
    float32 array on the atlas's grid
        Above 0 to 1.
    """
    certainty = np.ones(atlas.labels.shape, dtype=np.float32)
    if lesion is not None:
        blur_mm *= max(0.0, 1 - _lost(atlas, regions, lesion) / _MOSTLY_LOST)
    sigma = blur_mm / np.linalg.norm(atlas.affine[:3, :3], axis=0)
    boxes = find_objects(atlas.labels)
    for region in atlas.regions:
        box = boxes[region.index - 1]
        if region.name not in regions or box is None or blur_mm <= 0:
            continue
        inside = atlas.labels[box] == region.index
        margin = [(int(np.ceil(4 * s)),) * 2 for s in sigma]
        blurred = gaussian_filter(np.pad(inside, margin).astype(np.float32), tuple(sigma), mode="constant")
        inner = tuple(slice(a, -a) for a, _ in margin)
        certainty[box][inside] = np.maximum(blurred[inner][inside] ** _POWER, _LEAST_CERTAINTY)
    return certainty


def _lost(atlas: Atlas, regions: Collection[str], lesion: Volume) -> float:
    """Return the fraction of the regions that is lesion, on the side where it is greater."""
    total: dict[str, int] = {}
    lost: dict[str, int] = {}
    for region in atlas.regions:
        if region.name in regions:
            points = apply_affine(atlas.affine, np.argwhere(atlas.labels == region.index))
            total[region.side] = total.get(region.side, 0) + len(points)
            lost[region.side] = lost.get(region.side, 0) + int((between_voxels(lesion, points) > _LESION).sum())
    return max((lost[side] / count for side, count in total.items() if count), default=0.0)
