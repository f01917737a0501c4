"""Region weights of a scan's voxels.

Counts are never interpolated: each voxel of the scan is divided into sub-voxels, each sub-voxel's centre is carried
to the standard space, and the atlas there says how much of the voxel belongs to which region. Between the voxels of the
atlas its labels share a point linearly: with the nearest alone, all regions are shifted by up to half a voxel where the
sub-voxels are as far apart as the atlas's voxels, as in every image on a grid of the standard space.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import RegionError
from pet_spect.imaging.resample import apply_affine, displace, voxels_of
from pet_spect.model import Atlas, Volume, Warp
from pet_spect.quantify.membership import between_voxels

_SUBVOXEL_MM = 1.2
_POINTS_AT_ONCE = 400_000
_CELL = 4
_STEPS = 1024  # a share is a whole number of these along each axis, so that sums are exact in whatever order

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
    atlas: Atlas,
    *,
    scan_to_participant_points: NDArray[np.floating] | None = None,
    participant_to_standard_points: Warp | None = None,
    lesion: Volume | None = None,
    lesion_threshold: float = 0.5,
    certainty: NDArray[np.float32] | None = None,
) -> RegionWeights:
    """Return how the regions of the atlas share the voxels of a scan.

    Parameters
    ----------
    scan : Volume
        Only its grid matters.
    atlas : Atlas
        Labels in the standard space.
    scan_to_participant_points : (4, 4) float array, optional
        Takes points of the scan to the participant, RAS+ mm. Without it the two are one space.
    participant_to_standard_points : Warp, optional
        Takes points of the participant to the standard space. Without it the two are one space.
    lesion : Volume, optional
        Lesion mask in the standard space.
    lesion_threshold : float, default 0.5
        A voxel of `lesion` above it is lesion.
    certainty : float array, optional
        On the atlas's grid, see `membership.membership_certainty`; all of a region weighs the same without it.

    Raises
    ------
    RegionError
        If no part of the atlas lies on the scan's grid.
    """
    to_participant = np.eye(4) if scan_to_participant_points is None else scan_to_participant_points
    warp = participant_to_standard_points
    n_regions, n_voxels = len(atlas.regions), scan.data.size
    row_of_label = np.full(int(atlas.labels.max()) + 1, -1, dtype=np.int64)
    for number, region in enumerate(atlas.regions):
        if 0 <= region.index < row_of_label.size:
            row_of_label[region.index] = number
    per_axis = _divisions(scan)
    sub_voxel_ml = scan.voxel_ml / float(per_axis.prod())
    offsets = _sub_voxels(per_axis)
    to_participant = to_participant @ scan.affine
    shape = np.array(scan.data.shape)
    rows = row_of_label[atlas.labels]
    if lesion is not None:
        # by voxels of the atlas, so that of a region that is lost altogether no rim is left
        labelled = rows >= 0
        places = apply_affine(atlas.affine, np.argwhere(labelled).astype(np.float64))
        rows[labelled] += n_regions * (between_voxels(lesion, places) > lesion_threshold)
    corners = _Corners(rows, atlas.affine)
    certain = None if certainty is None else np.pad(certainty, 1).ravel()

    total = np.zeros(2 * n_regions)
    keys, counts, weights = [], [], []
    for centres in _voxels_near_atlas(scan, atlas, to_participant, warp):
        indices = np.repeat(centres, len(offsets), axis=0)
        points, in_field = _to_standard(indices + np.tile(offsets, (len(centres), 1)), to_participant, warp)
        point, atlas_voxel, share = corners.around(points)
        row = corners.rows[atlas_voxel]
        labelled = row >= 0
        point, atlas_voxel, share, row = point[labelled], atlas_voxel[labelled], share[labelled], row[labelled]
        total += np.bincount(row, weights=share, minlength=2 * n_regions)
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
    return RegionWeights(key // n_voxels, key % n_voxels, counted, weight, total, sub_voxel_ml, lesion is not None)


class _Corners:
    """The voxels of an atlas around a point, and how they share it (linear interpolation).

    `rows` holds the row of each voxel, -1 for none, with one more voxel at each end; `around` returns indices of it.
    """

    def __init__(self, rows: NDArray[np.int64], affine: FloatArray) -> None:
        self.affine = affine
        padded = np.pad(rows, 1, constant_values=-1)
        self.shape = padded.shape
        self.rows = padded.ravel()
        self.strides = (padded.shape[1] * padded.shape[2], padded.shape[2], 1)
        even = np.ones(tuple(n - 1 for n in padded.shape), dtype=bool)
        first = padded[:-1, :-1, :-1]
        for corner in product((0, 1), repeat=3):
            even &= padded[tuple(slice(c, n - 1 + c) for c, n in zip(corner, padded.shape, strict=True))] == first
        self.even = np.pad(even, [(0, 1)] * 3).ravel()

    def around(self, points: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
        """Return, (n,) each, which point, which voxel near it, and its share of the point; 1 in all for each point.

        A point outside the grid has none. Where all voxels around a point have one row, the nearest stands for all.
        """
        # axis by axis in whole steps: numpy is slow along a last axis of three
        places = voxels_of(self.affine, points)
        steps = [np.rint((places[:, axis] + 1) * _STEPS).astype(np.int64) for axis in range(3)]
        inside = np.ones(len(points), dtype=bool)
        for step, extent in zip(steps, self.shape, strict=True):
            inside &= (step >= 0) & (step < (extent - 1) * _STEPS)
        point = np.flatnonzero(inside)
        steps = [step[point] for step in steps]
        low = self._flat([step // _STEPS for step in steps])
        is_even = self.even[low]
        nearest = self._flat([np.rint(step[is_even] / _STEPS).astype(np.int64) for step in steps])
        found = [(point[is_even], nearest, np.ones(nearest.size))]
        point, low = point[~is_even], low[~is_even]
        fractions = [(step[~is_even] % _STEPS) / _STEPS for step in steps]
        shares = [(1 - fraction, fraction) for fraction in fractions]
        for i, j, k in product((0, 1), repeat=3):
            share = shares[0][i] * shares[1][j] * shares[2][k]
            some = share > 0
            found.append((point[some], low[some] + self._flat([i, j, k]), share[some]))
        point, voxel, share = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return point, voxel, share

    def _flat(self, index: Sequence[Any]) -> Any:
        return sum(each * stride for each, stride in zip(index, self.strides, strict=True))


def _divisions(scan: Volume) -> NDArray[np.int64]:
    """Return (3,) into how many sub-voxels a voxel is divided along each axis."""
    return np.asarray(np.maximum(1, np.ceil(scan.voxel_size / _SUBVOXEL_MM - 1e-6)), dtype=np.int64)


def _sub_voxels(per_axis: NDArray[np.int64]) -> FloatArray:
    """Return (n, 3) the centres of the sub-voxels, in voxels from the voxel's centre."""
    axes = [(np.arange(n) + 0.5) / n - 0.5 for n in per_axis]
    return np.asarray(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3), dtype=np.float64)


def _voxels_near_atlas(
    scan: Volume, atlas: Atlas, to_participant: FloatArray, warp: Warp | None
) -> Iterator[FloatArray]:
    """Give (n, 3) voxel indices whose voxel may hold part of a region, on the scan's grid or beyond it."""
    low, high = _index_box(atlas, to_participant, warp)
    near, near_affine = _neighbourhood(atlas, 2 * float(np.linalg.norm(scan.voxel_size)))
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


def _index_box(
    atlas: Atlas, to_participant: FloatArray, warp: Warp | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and last voxel index, beyond the scan's grid if need be, that can hold a region.

    A point x goes to x + d(x), so what lands in the atlas's box lies in that box less the range of d.
    """
    corners = np.stack(np.meshgrid(*[[first, last] for first, last in _labelled_box(atlas)], indexing="ij"), axis=-1)
    corners = apply_affine(atlas.affine, corners.reshape(-1, 3))
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


def _labelled_box(atlas: Atlas) -> list[tuple[float, float]]:
    box = []
    for axis in range(3):
        planes = np.flatnonzero((atlas.labels > 0).any(axis=tuple(a for a in range(3) if a != axis)))
        if planes.size == 0:
            raise RegionError("the atlas holds no region", code="empty_atlas")
        box.append((float(planes[0]) - 1, float(planes[-1]) + 1))  # so far a label has a share of a point
    return box


def _neighbourhood(atlas: Atlas, reach_mm: float) -> tuple[NDArray[np.uint8], FloatArray]:
    """Return a coarse mask of everything within `reach_mm` of a region, and its affine."""
    from scipy.ndimage import maximum_filter

    voxel_mm = np.linalg.norm(atlas.affine[:3, :3], axis=0)
    reach = np.ceil(reach_mm / (voxel_mm * _CELL)).astype(int) + 1
    padded = np.pad(atlas.labels > 0, [(0, -n % _CELL) for n in atlas.labels.shape])
    cells = padded.reshape([n for extent in padded.shape for n in (extent // _CELL, _CELL)]).any(axis=(1, 3, 5))
    cells = np.pad(cells.astype(np.uint8), [(int(r), int(r)) for r in reach])
    affine = atlas.affine @ np.diag([_CELL, _CELL, _CELL, 1.0])
    affine[:3, 3] = apply_affine(atlas.affine, ((0.5 - reach) * _CELL - 0.5)[np.newaxis])[0]
    return maximum_filter(cells, size=2 * reach + 1, mode="constant"), affine


def _to_standard(
    indices: FloatArray, to_participant: FloatArray, warp: Warp | None
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return (n, 3) points in the standard space and whether each lay inside the field.

    Beyond the field its edge is continued, only so that regions there are known to be out of view.
    """
    points = apply_affine(to_participant, indices)
    if warp is None:
        return points, np.ones(len(points), dtype=bool)
    extent = np.array(warp.displacement.shape[:3])
    where = voxels_of(warp.affine, points)
    in_field = ((where >= -0.5) & (where <= extent - 0.5)).all(axis=1)
    return displace(warp, points), np.asarray(in_field)


def _nearest(image: NDArray[Any], affine: FloatArray, points: FloatArray) -> NDArray[Any]:
    """Return the value of the voxel each (n, 3) point lies in, 0 outside the image."""
    indices = np.floor(voxels_of(affine, points) + 0.5).astype(np.int64)
    valid = ((indices >= 0) & (indices < image.shape)).all(axis=1)
    values = np.zeros(len(points), dtype=image.dtype)
    values[valid] = image[tuple(indices[valid].T)]
    return values
