"""How the regions of one scan respond to what is not known."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from pet_spect.model import Atlas, Volume
from pet_spect.quantify.noise import Noise, mean_noise_sd
from pet_spect.quantify.shares import FloatArray, Shares
from pet_spect.quantify.uncertainty import Response
from pet_spect.resample import apply_affine


def region_responses(
    scan: Volume,
    shares: Shares,
    n_regions: int,
    *,
    scan_to_participant: NDArray[np.floating],
    centre: NDArray[np.floating],
    noise: Noise | None,
) -> tuple[list[Response], list[Response]]:
    """Return how the mean of each region responds, and that of its part outside the lesion.

    Parameters
    ----------
    scan : Volume
        NaN is outside the field of view.
    shares : Shares
        Of the atlas in this scan.
    n_regions : int
        Of the atlas.
    scan_to_participant : (4, 4) float array
        Rigid; its target's axes are those of the shifts.
    centre : (3,) float array
        Point of the participant about which regions turn, mm.
    noise : Noise or None
        None if not known.

    Returns
    -------
    (list of Response, list of Response)
        In the order of the atlas. NaN where a region is not in view.
    """
    gradient = _gradient(scan, shares.voxel, scan_to_participant)
    points = _points(scan, shares.voxel, scan_to_participant) - centre
    slopes = np.column_stack([gradient, np.radians(1) * np.cross(points, gradient)])
    seen = np.isfinite(scan.data.ravel()[shares.voxel])
    found = []
    for within in (seen, seen & (shares.row < n_regions)):
        row = shares.row[within] % n_regions
        count = np.where(np.isfinite(slopes).all(axis=1), shares.weight, 0.0)[within]
        total = np.bincount(row, weights=count, minlength=n_regions)
        filled = np.nan_to_num(slopes[within])
        per_region = np.column_stack(
            [np.bincount(row, weights=count * slope, minlength=n_regions) for slope in filled.T]
        )
        per_region = np.divide(
            per_region, total[:, np.newaxis], out=np.full_like(per_region, np.nan), where=total[:, np.newaxis] > 0
        )
        sds = _noise_sds(scan, shares, within, n_regions, noise)
        found.append(
            [
                Response(sd, (x, y, z), (rx, ry, rz))
                for sd, (x, y, z, rx, ry, rz) in zip(sds, per_region.tolist(), strict=True)
            ]
        )
    return found[0], found[1]


def _gradient(scan: Volume, voxels: NDArray[np.integer], scan_to_participant: NDArray[np.floating]) -> FloatArray:
    """Return (n, 3) the slope of uptake along the participant's axes, per mm, at places of the flattened scan."""
    per_voxel = np.stack([slope.ravel()[voxels] for slope in np.gradient(scan.data)], axis=-1).astype(np.float64)
    to_voxels = np.linalg.inv((scan_to_participant @ scan.affine)[:3, :3])
    return np.asarray(per_voxel @ to_voxels)


def _points(scan: Volume, voxels: NDArray[np.integer], scan_to_participant: NDArray[np.floating]) -> FloatArray:
    indices = np.stack(np.unravel_index(voxels, scan.data.shape), axis=-1).astype(np.float64)
    return apply_affine(scan_to_participant @ scan.affine, indices)


def _noise_sds(
    scan: Volume, shares: Shares, within: NDArray[np.bool_], n_regions: int, noise: Noise | None
) -> list[float]:
    if noise is None:
        return [math.nan] * n_regions
    order = np.argsort(shares.row[within] % n_regions, kind="stable")
    row, voxel = (shares.row[within] % n_regions)[order], shares.voxel[within][order]
    weight = shares.weight[within][order]
    first = np.searchsorted(row, np.arange(n_regions + 1))
    sds = []
    for begin, end in pairwise(first):
        if begin == end:
            sds.append(math.nan)
            continue
        index = np.stack(np.unravel_index(voxel[begin:end], scan.data.shape))
        low, high = index.min(axis=1), index.max(axis=1) + 1
        weights = np.zeros(high - low)
        np.add.at(weights, tuple(index - low[:, np.newaxis]), weight[begin:end])
        sds.append(mean_noise_sd(noise, scan.data[tuple(map(slice, low, high))], weights))
    return sds


def parts_of(shares: Shares, n_regions: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return which region most of a voxel belongs to, from 1 in the order of the atlas; 0 is none."""
    parts = np.zeros(int(np.prod(shape)), dtype=np.int64)
    order = np.argsort(shares.count, kind="stable")  # of two that share a voxel the larger comes last and stays
    parts[shares.voxel[order]] = shares.row[order] % n_regions + 1
    return parts.reshape(shape)


def atlas_centre(atlas: Atlas) -> FloatArray:
    """Return (3,) the middle of all regions, mm."""
    (box,) = find_objects((atlas.labels > 0).astype(np.uint8))
    return np.asarray(apply_affine(atlas.affine, np.array([[(part.start + part.stop - 1) / 2 for part in box]]))[0])
