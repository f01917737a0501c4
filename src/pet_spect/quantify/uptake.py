"""Uptake per atlas region, sampled in the scan's own space.

Counts are never interpolated: each voxel of the scan is divided into
sub-voxels, each sub-voxel's centre is carried to the standard space, and the
atlas there says how much of the voxel belongs to which region.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import RegionError
from pet_spect.model import Atlas, RegionUptake, Volume, Warp
from pet_spect.resample import apply_affine, displace, voxels_of

LESIONFREE = "_lesionfree"
"""Ending of the name of a region without its lesion voxels."""

_SUBVOXEL_MM = 1.2
_POINTS_AT_ONCE = 400_000
_CELL = 4
_TIE_MM = 1e-4

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class _Shares:
    """How many sub-voxels of which region lie in which voxel: `count[i]` of region `row[i]` in `voxel[i]`.

    Row ``r`` is the region's part outside the lesion, row ``r + R`` the part inside it, R the number of regions;
    `total` (2R,) also counts the sub-voxels outside the scan's grid; `sub_voxel_ml` is the volume of one.
    """

    row: NDArray[np.int64]
    voxel: NDArray[np.int64]
    count: FloatArray
    total: FloatArray
    sub_voxel_ml: float


def region_uptake(
    scan: Volume,
    atlas: Atlas,
    *,
    scan_to_participant: NDArray[np.floating] | None = None,
    participant_to_standard: Warp | None = None,
    lesion: Volume | None = None,
    lesionfree: Sequence[str] = (),
    min_coverage: float = 0.9,
) -> list[RegionUptake]:
    """Return the uptake of every atlas region in a scan, measured on the scan's own grid.

    Each voxel counts with the fraction of its volume that lies in the region.
    Volumes are those of the region in the scan's space, so no Jacobian enters.

    Parameters
    ----------
    scan : Volume
        Linear uptake on its native grid. NaN is outside the field of view; zero is a measurement.
    atlas : Atlas
        Labels in the standard space.
    scan_to_participant : (4, 4) float array, optional
        Takes points of the scan to the participant, RAS+ mm. Without it the two are one space.
    participant_to_standard : Warp, optional
        Takes points of the participant to the standard space. Without it the two are one space.
        What lies outside the field is out of view: it is never measured and counts against coverage.
    lesion : Volume, optional
        Lesion mask in the standard space; a voxel above 0.5 is lesion.
    lesionfree : sequence of str
        Regions that are also measured without their lesion voxels, named ``<region>_lesionfree``.
        Without `lesion` their values are NaN. Their `lesion_fraction` is the fraction removed.
    min_coverage : float, default 0.9
        Smallest fraction of a region's volume that must be in view for its mean to be given.

    Returns
    -------
    list of RegionUptake
        In the order of the atlas table, the lesion-free regions after the others. `mean` and `sd`
        (volume-weighted, population) are in the scan's unit and NaN below `min_coverage`.

    Raises
    ------
    RegionError
        If no part of the atlas lies on the scan's grid.

    Examples
    --------
    >>> from pet_spect.model import Region
    >>> labels = np.zeros((4, 1, 1), dtype=np.uint8)
    >>> labels[0], labels[3] = 1, 2
    >>> atlas = Atlas("toy", labels, np.eye(4), (Region(1, "motor", "left"), Region(2, "motor", "right")))
    >>> scan = Volume(np.array([60, 0, 0, 90], dtype=np.float32).reshape(4, 1, 1), np.eye(4))
    >>> [(r.region, r.side, r.mean) for r in region_uptake(scan, atlas)]
    [('motor', 'left', 60.0), ('motor', 'right', 90.0)]
    """
    to_participant = np.eye(4) if scan_to_participant is None else scan_to_participant
    shares = _shares(scan, atlas, to_participant, participant_to_standard, lesion)
    if shares.row.size == 0:
        raise RegionError("no region of the atlas lies in this image; are the two in one space?", code="no_overlap")
    values = scan.data.ravel()[shares.voxel].astype(np.float64)
    n_regions = len(atlas.regions)
    whole, outside = shares.total[:n_regions] + shares.total[n_regions:], shares.total[:n_regions]
    removed = _divide(shares.total[n_regions:], whole) if lesion is not None else np.full(n_regions, np.nan)

    if lesion is None:
        outside = np.full(n_regions, np.nan)

    def rows(suffix: str, chosen: NDArray[np.bool_], total: FloatArray) -> list[RegionUptake]:
        row, count = shares.row[chosen] % n_regions, shares.count[chosen]
        measured = zip(*_statistics(row, count, values[chosen], total, min_coverage), strict=True)
        return [
            RegionUptake(region.name + suffix, region.side, mean, sd, size * shares.sub_voxel_ml, coverage, fraction)
            for region, (mean, sd, coverage), size, fraction in zip(
                atlas.regions, measured, total.tolist(), removed.tolist(), strict=True
            )
        ]

    everywhere = np.ones(shares.row.shape, dtype=bool)
    variants = [
        r for r in rows(LESIONFREE, shares.row < n_regions, outside) if r.region[: -len(LESIONFREE)] in lesionfree
    ]
    return rows("", everywhere, whole) + variants


def _divide(numerator: NDArray[Any], denominator: NDArray[Any]) -> FloatArray:
    result = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result


def _statistics(
    row: NDArray[np.int64], count: FloatArray, values: FloatArray, total: FloatArray, min_coverage: float
) -> tuple[list[float], list[float], list[float]]:
    """Return mean, sd and coverage of each region."""
    in_view = np.isfinite(values)
    row, count, values = row[in_view], count[in_view], values[in_view]
    seen = np.bincount(row, weights=count, minlength=len(total))
    mean = _divide(np.bincount(row, weights=count * values, minlength=len(total)), seen)
    sd = np.sqrt(_divide(np.bincount(row, weights=count * (values - mean[row]) ** 2, minlength=len(total)), seen))
    coverage = _divide(seen, total)
    hidden = ~(coverage >= min_coverage)
    mean[hidden], sd[hidden] = np.nan, np.nan
    return mean.tolist(), sd.tolist(), coverage.tolist()


def _shares(
    scan: Volume, atlas: Atlas, to_participant: NDArray[np.floating], warp: Warp | None, lesion: Volume | None
) -> _Shares:
    n_regions, n_voxels = len(atlas.regions), scan.data.size
    row_of_label = np.full(int(atlas.labels.max()) + 1, -1, dtype=np.int64)
    for row, region in enumerate(atlas.regions):
        if 0 <= region.index < row_of_label.size:
            row_of_label[region.index] = row
    per_axis = _divisions(scan)
    sub_voxel_ml = float(abs(np.linalg.det(scan.affine[:3, :3])) / per_axis.prod() / 1000)
    offsets = _sub_voxels(per_axis)
    to_participant = to_participant @ scan.affine
    shape = np.array(scan.data.shape)

    total = np.zeros(2 * n_regions)
    keys, counts = [], []
    for centres in _voxels_near_atlas(scan, atlas, to_participant, warp):
        indices = np.repeat(centres, len(offsets), axis=0)
        points, in_field = _to_standard(indices + np.tile(offsets, (len(centres), 1)), to_participant, warp)
        row = row_of_label[_nearest(atlas.labels, atlas.affine, points)]
        labelled = row >= 0
        row, indices, in_field = row[labelled], indices[labelled].astype(np.int64), in_field[labelled]
        if lesion is not None:
            row = row + n_regions * (_nearest(lesion.data, lesion.affine, points[labelled]) > 0.5)
        total += np.bincount(row, minlength=2 * n_regions)
        on_grid = in_field & ((indices >= 0) & (indices < shape)).all(axis=1)
        voxel = np.ravel_multi_index(tuple(indices[on_grid].T), scan.data.shape)
        key, count = np.unique(row[on_grid] * n_voxels + voxel, return_counts=True)
        keys.append(key)
        counts.append(count)
    key = np.concatenate(keys) if keys else np.zeros(0, dtype=np.int64)
    count = np.concatenate(counts) if counts else np.zeros(0, dtype=np.int64)
    return _Shares(key // n_voxels, key % n_voxels, count.astype(np.float64), total, sub_voxel_ml)


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
        found = np.flatnonzero((atlas.labels > 0).any(axis=tuple(a for a in range(3) if a != axis)))
        if found.size == 0:
            raise RegionError("the atlas holds no region", code="empty_atlas")
        box.append((float(found[0]) - 0.5, float(found[-1]) + 0.5))
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
    """Return the value of the voxel each (n, 3) point lies in, 0 outside the image.

    Points on the face between two voxels go to the one nearer the midline x = 0, so that a mirrored
    image gives mirrored values.
    """
    inside_of_face = np.column_stack([np.sign(points[:, 0]), np.ones((len(points), 2))]) * _TIE_MM
    indices = np.floor(voxels_of(affine, points - inside_of_face) + 0.5).astype(np.int64)
    valid = ((indices >= 0) & (indices < image.shape)).all(axis=1)
    values = np.zeros(len(points), dtype=image.dtype)
    values[valid] = image[tuple(indices[valid].T)]
    return values
