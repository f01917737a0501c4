"""Region weights of a scan's voxels.

Counts are never interpolated: each voxel of the scan is divided into sub-voxels, each sub-voxel's centre is carried
to the standard space, and the atlas there says how much of the voxel belongs to which region (`labelled_space`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import RegionError
from pet_spect.imaging.resample import apply_affine, displacement_at, voxels_of
from pet_spect.model import Volume, Warp
from pet_spect.quantify.labelled_space import LabelledSpace

_SUBVOXEL_MM = 1.2
_POINTS_AT_ONCE = 400_000

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class RegionWeights:
    """How many sub-voxels, or shares of one, lie of which region in which voxel: `count[i]` of `row[i]` in `voxel[i]`.

    Attributes
    ----------
    row : (n,) int array
        Row ``r`` is the region's part outside the lesion, row ``r + R`` the part inside it, R the number of regions.
    voxel : (n,) int array
        Place in the flattened scan.
    count : (n,) float array
    weight : (n,) float array
        What they weigh in the region's mean: `count`, less where it is not certain that they belong to it.
    total : (2R,) float array
        Also counts the sub-voxels outside the scan's grid.
    sub_voxel_ml : float
        Volume of one.
    with_lesion : bool
        Whether there is a lesion mask.
    """

    row: NDArray[np.int64]
    voxel: NDArray[np.int64]
    count: FloatArray
    weight: FloatArray
    total: FloatArray
    sub_voxel_ml: float
    with_lesion: bool


def weigh_regions(
    scan: Volume,
    labelled: LabelledSpace,
    *,
    scan_to_participant_points: NDArray[np.floating] | None = None,
    participant_to_standard_points: Warp | None = None,
    certainty: NDArray[np.float32] | None = None,
) -> RegionWeights:
    """Return how the regions of the atlas share the voxels of a scan.

    Parameters
    ----------
    scan : Volume
        Only its grid matters.
    labelled : LabelledSpace
        The atlas, and the lesion if there is one, in the standard space.
    scan_to_participant_points : (4, 4) float array, optional
        Takes points of the scan to the participant, RAS+ mm. Without it the two are one space.
    participant_to_standard_points : Warp, optional
        Takes points of the participant to the standard space. Without it the two are one space.
    certainty : float array, optional
        On the atlas's grid, see `membership.membership_certainty`; all of a region weighs the same without it.

    Raises
    ------
    RegionError
        If no part of the atlas lies on the scan's grid.
    """
    to_participant = np.eye(4) if scan_to_participant_points is None else scan_to_participant_points
    warp = participant_to_standard_points
    n_rows, n_voxels = 2 * labelled.n_regions, scan.data.size
    per_axis = _divisions(scan)
    sub_voxel_ml = scan.voxel_ml / float(per_axis.prod())
    offsets = _sub_voxels(per_axis)
    to_participant = to_participant @ scan.affine
    shape = np.array(scan.data.shape)
    certain = None if certainty is None else np.pad(certainty, 1).ravel()

    total = np.zeros(n_rows)
    keys, counts, weights = [], [], []
    for centres in _voxels_near_atlas(scan, labelled, to_participant, warp):
        indices = np.repeat(centres, len(offsets), axis=0)
        points, in_field = _to_standard(indices + np.tile(offsets, (len(centres), 1)), to_participant, warp)
        point, atlas_voxel, share = labelled.around(points)
        row = labelled.padded_rows[atlas_voxel].astype(np.int64)
        in_region = row >= 0
        point, atlas_voxel, share, row = point[in_region], atlas_voxel[in_region], share[in_region], row[in_region]
        total += np.bincount(row, weights=share, minlength=n_rows)
        seen = np.repeat(((centres >= 0) & (centres < shape)).all(axis=1), len(offsets)) & in_field
        on_grid = seen[point]
        point, share, row, atlas_voxel = point[on_grid], share[on_grid], row[on_grid], atlas_voxel[on_grid]
        voxel = np.ravel_multi_index(tuple(centres[point // len(offsets)].astype(np.int64).T), scan.data.shape)
        key, place = np.unique(row * n_voxels + voxel, return_inverse=True)
        keys.append(key)
        counts.append(np.bincount(place, weights=share, minlength=len(key)))
        if certain is not None:
            weights.append(np.bincount(place, weights=share * certain[atlas_voxel], minlength=len(key)))
    if not sum(part.size for part in keys):
        raise RegionError(
            "no region of the atlas lies in this image; check that both are in one space", code="no_overlap"
        )
    key = np.concatenate(keys)
    counted = np.asarray(np.concatenate(counts), dtype=np.float64)
    weight = np.asarray(np.concatenate(weights), dtype=np.float64) if weights else counted
    return RegionWeights(key // n_voxels, key % n_voxels, counted, weight, total, sub_voxel_ml, labelled.with_lesion)


def _divisions(scan: Volume) -> NDArray[np.int64]:
    """Return (3,) into how many sub-voxels a voxel is divided along each axis."""
    return np.asarray(np.maximum(1, np.ceil(scan.voxel_size / _SUBVOXEL_MM - 1e-6)), dtype=np.int64)


def _sub_voxels(per_axis: NDArray[np.int64]) -> FloatArray:
    """Return (n, 3) the centres of the sub-voxels, in voxels from the voxel's centre."""
    axes = [(np.arange(n) + 0.5) / n - 0.5 for n in per_axis]
    return np.asarray(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3), dtype=np.float64)


def _voxels_near_atlas(
    scan: Volume, labelled: LabelledSpace, to_participant: FloatArray, warp: Warp | None
) -> Iterator[FloatArray]:
    """Give (n, 3) voxel indices whose voxel may hold part of a region, on the scan's grid or beyond it."""
    low, high = _index_box(labelled, to_participant, warp)
    label_mm = float(np.linalg.norm(np.linalg.norm(labelled.affine[:3, :3], axis=0)))
    half_mm = float(np.linalg.norm(scan.voxel_size)) / 2
    near, near_affine = labelled.near(half_mm * _most_stretch(warp) + label_mm)
    sub_voxels = int(_divisions(scan).prod())
    plane = np.stack(
        np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1), indexing="ij"), axis=-1
    ).reshape(-1, 2)
    for k in range(low[2], high[2] + 1):
        centres = np.column_stack([plane, np.full(len(plane), k)]).astype(np.float64)
        points, _ = _to_standard(centres, to_participant, warp)
        centres = centres[_nearest(near, near_affine, points) > 0]
        pieces = max(1, -(-len(centres) * sub_voxels // _POINTS_AT_ONCE))
        yield from (piece for piece in np.array_split(centres, pieces) if len(piece))


def _most_stretch(warp: Warp | None) -> float:
    """Return how much further apart at most a warp carries two points; its field is linear between its nodes."""
    if warp is None:
        return 1.0
    voxel_mm = np.linalg.norm(warp.affine[:3, :3], axis=0)
    steepest = [
        float((np.diff(warp.displacement, axis=axis) ** 2).sum(axis=-1).max(initial=0.0)) / voxel_mm[axis] ** 2
        for axis in range(3)
    ]
    return 1.0 + math.sqrt(sum(steepest))


def _index_box(
    labelled: LabelledSpace, to_participant: FloatArray, warp: Warp | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and last voxel index, beyond the scan's grid if need be, that can hold a region.

    A point x goes to x + d(x), so what lands in the atlas's box lies in that box less the range of d.
    """
    corners = np.stack(np.meshgrid(*[[first, last] for first, last in labelled.box()], indexing="ij"), axis=-1)
    corners = apply_affine(labelled.affine, corners.reshape(-1, 3))
    low, high = corners.min(axis=0), corners.max(axis=0)
    if warp is not None:
        low = low - warp.displacement.max(axis=(0, 1, 2))
        high = high - warp.displacement.min(axis=(0, 1, 2))
    box = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), axis=-1).reshape(-1, 3)
    indices = voxels_of(to_participant, box)
    return (
        np.floor(indices.min(axis=0) + 0.5 - 1e-6).astype(np.int64),
        np.floor(indices.max(axis=0) + 0.5 + 1e-6).astype(np.int64),
    )


def _to_standard(
    indices: FloatArray, to_participant: FloatArray, warp: Warp | None
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return (n, 3) points in the standard space and whether each lay inside the field.

    Beyond the field its edge is continued, only so that regions there are known to be out of view.
    """
    points = apply_affine(to_participant, indices)
    if warp is None:
        return points, np.ones(len(points), dtype=bool)
    where = voxels_of(warp.affine, points)
    in_field = np.ones(len(points), dtype=bool)
    for axis in range(3):  # numpy is slow along a last axis of three
        in_field &= (where[:, axis] >= -0.5) & (where[:, axis] <= warp.displacement.shape[axis] - 0.5)
    points += displacement_at(warp, where)
    return points, in_field


def _nearest(image: NDArray[Any], affine: FloatArray, points: FloatArray) -> NDArray[Any]:
    """Return the value of the voxel each (n, 3) point lies in, 0 outside the image."""
    indices = np.floor(voxels_of(affine, points) + 0.5).astype(np.int64)
    valid = ((indices >= 0) & (indices < image.shape)).all(axis=1)
    values = np.zeros(len(points), dtype=image.dtype)
    values[valid] = image[tuple(indices[valid].T)]
    return values
