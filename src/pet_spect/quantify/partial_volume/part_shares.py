"""How the parts of a head share the voxels of a scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pet_spect.imaging.resample import apply_affine, displace, grid_points
from pet_spect.model import Volume, Warp
from pet_spect.quantify.partial_volume.head_parts import EVEN_REACH, HeadParts
from pet_spect.quantify.region_weights import RegionWeights

_SUBVOXEL_MM = 1.8
_SEARCH_STEP = 4
_MARGIN_MM = 12.0
_BRAIN_BESIDE = 5  # grey, white and CSF may be infarct, skull and scalp may not


@dataclass(frozen=True)
class PartShares:
    """The parts of a head in one scan.

    Attributes
    ----------
    box : Volume
        The scan in a box around the head, which may reach beyond the scan's grid; NaN there and out of view.
    shares : RegionWeights
        Its rows are the parts, its voxels those of `box`. The part of a voxel in the infarct is the infarct.
    lost : (n_parts,) float array
        Fraction of each part's volume that is infarct on the left, and on the right: (2, n_parts).
    """

    box: Volume
    shares: RegionWeights
    lost: NDArray[np.float64]


def share_parts(
    scan: Volume, parts: HeadParts, to_participant: NDArray[np.float64], to_standard: Warp | None
) -> PartShares:
    """Return how the parts of a head share the voxels of a scan.

    Each voxel is divided into sub-voxels of at most 1.8 mm, unless one part alone is near; the nearest voxel of the
    parts says what each is. The displacement is taken at the middle of the voxel, because within one it hardly differs.

    Parameters
    ----------
    scan : Volume
        NaN is out of view.
    parts : HeadParts
    to_participant : (4, 4) float array
        Takes points of the scan to the participant, RAS+ mm.
    to_standard : Warp or None
        Takes points of the participant to the standard space; None if the two are one.
    """
    first, shape = _box(scan, parts, to_participant, to_standard)
    box = _cut_out(scan, first, shape)
    per_axis = np.maximum(1, np.ceil(scan.voxel_size / _SUBVOXEL_MM - 1e-6)).astype(np.int64)
    middle = _to_parts(grid_points(shape, box.affine), parts, to_participant, to_standard)
    per_voxel = (np.linalg.inv(parts.affine) @ to_participant @ box.affine)[:3, :3]
    found = [_Sampled(*_places(middle, parts))]
    is_even = parts.even.ravel()[found[0].place]
    divided = np.ones(len(middle), dtype=bool)
    divided[found[0].voxel[is_even]] = False
    divided[~_near_any(middle, parts)] = False
    found[0] = _Sampled(found[0].voxel[is_even], found[0].place[is_even], float(per_axis.prod()))
    voxels = np.flatnonzero(divided)
    middle = middle[voxels]
    for offset in product(*((np.arange(n) + 0.5) / n - 0.5 for n in per_axis)):
        which, place = _places(middle + (per_voxel @ np.array(offset)).astype(np.float32), parts)
        found.append(_Sampled(voxels[which], place))
    return _collected(box, found, parts, scan.voxel_ml / float(per_axis.prod()))


@dataclass(frozen=True)
class _Sampled:
    """Sub-voxels: the voxel of each in the box, its place in the image of parts, and for how many each stands."""

    voxel: NDArray[np.int64]
    place: NDArray[np.int64]
    count: float = 1.0


def _collected(box: Volume, found: Sequence[_Sampled], parts: HeadParts, sub_voxel_ml: float) -> PartShares:
    n_voxels, n_parts = box.data.size, parts.count
    plane, first_right = parts.part.shape[1] * parts.part.shape[2], _first_right(parts)
    whole, lost = np.zeros(n_parts), np.zeros(2 * n_parts)
    keys = []
    for sampled in found:
        row = parts.part.ravel()[sampled.place].astype(np.int64) - 1
        side = (sampled.place // plane >= first_right).astype(np.int64)
        infarct = parts.infarct.ravel()[sampled.place] & (row < parts.n_regions + _BRAIN_BESIDE)
        whole += sampled.count * np.bincount(row, minlength=n_parts)
        lost += sampled.count * np.bincount(row[infarct] + n_parts * side[infarct], minlength=2 * n_parts)
        row[infarct] = n_parts - 2 + side[infarct]
        keys.append(row * n_voxels + sampled.voxel)
    key, place = np.unique(np.concatenate(keys), return_inverse=True)
    counts = np.concatenate([np.full(sampled.place.size, sampled.count) for sampled in found])
    certainty = np.concatenate([parts.certainty.ravel()[sampled.place] for sampled in found])
    count = np.asarray(np.bincount(place, weights=counts), dtype=np.float64)
    weight = np.asarray(np.bincount(place, weights=counts * certainty), dtype=np.float64)
    row, voxel = key // n_voxels, key % n_voxels
    total = np.bincount(row, weights=count, minlength=n_parts)
    shares = RegionWeights(row, voxel, count, weight, np.concatenate([total, np.zeros(n_parts)]), sub_voxel_ml, False)
    fraction = np.divide(lost.reshape(2, n_parts), whole, out=np.zeros((2, n_parts)), where=whole > 0)
    return PartShares(box, shares, fraction)


def _near_any(indices: NDArray[np.float32], parts: HeadParts) -> NDArray[np.bool_]:
    """Return which of (n, 3) indices may lie in a voxel that holds a part; far outside there is none."""
    nearest = np.floor(indices + np.float32(0.5)).astype(np.int64)
    inside = np.ones(len(indices), dtype=bool)
    for axis, extent in enumerate(parts.part.shape):
        inside &= (nearest[:, axis] >= -EVEN_REACH) & (nearest[:, axis] < extent + EVEN_REACH)
    clipped = tuple(np.clip(nearest[inside, axis], 0, extent - 1) for axis, extent in enumerate(parts.part.shape))
    inside[inside] = ~(parts.even[clipped] & (parts.part[clipped] == 0))
    return inside


def _first_right(parts: HeadParts) -> int:
    """Return the first index along x whose voxels lie on the right."""
    return int(np.ceil(-parts.affine[0, 3] / parts.affine[0, 0] - 1e-6))


def _to_parts(
    points: NDArray[np.float64], parts: HeadParts, to_participant: NDArray[np.float64], to_standard: Warp | None
) -> NDArray[np.float32]:
    """Return (n, 3) voxel indices of the parts for points of the scan."""
    standard = apply_affine(to_participant, points)
    if to_standard is not None:
        standard = displace(to_standard, standard)
    return apply_affine(np.linalg.inv(parts.affine), standard).astype(np.float32)


def _places(indices: NDArray[np.float32], parts: HeadParts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which of (n, 3) indices lie in a part, and their places in the flattened image of parts."""
    nearest = [np.floor(indices[:, axis] + np.float32(0.5)).astype(np.int64) for axis in range(3)]
    inside = np.ones(len(indices), dtype=bool)
    for index, extent in zip(nearest, parts.part.shape, strict=True):
        inside &= (index >= 0) & (index < extent)
    which = np.flatnonzero(inside)
    place = np.ravel_multi_index(tuple(index[which] for index in nearest), parts.part.shape)
    held = parts.part.ravel()[place] > 0
    return which[held], place[held]


def _box(
    scan: Volume, parts: HeadParts, to_participant: NDArray[np.float64], to_standard: Warp | None
) -> tuple[NDArray[np.int64], tuple[int, int, int]]:
    """Return the first voxel and the extent of the box that holds the head with a margin, beyond the grid too."""
    beyond = np.ceil(_MARGIN_MM / scan.voxel_size).astype(np.int64)
    coarse = tuple(int(n) for n in -(-(np.array(scan.data.shape) + 2 * beyond) // _SEARCH_STEP))
    affine = scan.affine @ np.diag([_SEARCH_STEP, _SEARCH_STEP, _SEARCH_STEP, 1.0])
    affine[:3, 3] = apply_affine(scan.affine, -beyond[np.newaxis].astype(np.float64))[0]
    which, _ = _places(_to_parts(grid_points(coarse, affine), parts, to_participant, to_standard), parts)
    if not which.size:
        return np.zeros(3, dtype=np.int64), scan.data.shape
    held = np.stack(np.unravel_index(which, coarse), axis=-1) * _SEARCH_STEP - beyond
    first = np.maximum(held.min(axis=0) - _SEARCH_STEP, -beyond)
    last = np.minimum(held.max(axis=0) + _SEARCH_STEP, np.array(scan.data.shape) - 1 + beyond)
    x, y, z = (last - first + 1).tolist()
    return first, (x, y, z)


def _cut_out(scan: Volume, first: NDArray[np.int64], shape: tuple[int, ...]) -> Volume:
    """Return a box of a scan, NaN beyond its grid."""
    data = np.full(shape, np.nan, dtype=np.float32)
    into, out = [], []
    for start, extent, own in zip(first.tolist(), shape, scan.data.shape, strict=True):
        low, high = max(start, 0), min(start + extent, own)
        into.append(slice(low - start, max(high, low) - start))
        out.append(slice(low, max(high, low)))
    data[tuple(into)] = scan.data[tuple(out)]
    affine = scan.affine.copy()
    affine[:3, 3] = apply_affine(scan.affine, first[np.newaxis].astype(np.float64))[0]
    return Volume(data, affine)
