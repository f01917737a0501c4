"""Count noise of a scan and its correlation length, estimated from the scans themselves.

The mean of a region is made uncertain by the noise that many voxels have in common, so the size of a voxel's
noise does not suffice. Two scans of a person with one tracer show noise and its correlation in their
difference. In a single scan, noise as smooth as the image cannot be distinguished from anatomy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfftn, next_fast_len, rfftn
from scipy.ndimage import find_objects
from scipy.optimize import nnls

from pet_spect.model import Volume

REACH_MM = 24.0
"""Noise further apart than this is taken to be independent; what correlates beyond is no count noise."""

_PLATEAU_REACH = 1.25
_DIED_DOWN = 0.05
_BEYOND = 1.5
_CHANGED = 4.0
_FEWEST_VOXELS = 500

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """Count noise of a scan.

    Attributes
    ----------
    variance : (3,) float array
        Of a voxel whose uptake is u, in the scan's unit squared: ``variance @ [1, u, u²]``, none negative.
    correlation : (A, B, C) float array
        Between two voxels, by their distance in voxels along each axis; the middle is the voxel itself.
    """

    variance: FloatArray
    correlation: FloatArray

    def sd(self, uptake: NDArray[np.floating]) -> FloatArray:
        """Return the standard deviation of voxels, in the scan's unit; of the shape of `uptake`."""
        u = np.maximum(uptake, 0.0)
        return np.asarray(np.sqrt(self.variance[0] + self.variance[1] * u + self.variance[2] * u**2))


def noise_of_difference(
    scan: Volume, others: Sequence[NDArray[np.floating]], parts: NDArray[np.integer]
) -> Noise | None:
    """Estimate the noise of a scan from what distinguishes it from other scans of the person.

    Each scan is taken relative to its mean. The difference to the mean of the n others holds the scan's own
    noise and 1/n of theirs, all supposed alike. Regions whose mean differs beyond chance (more than 4
    robust standard deviations) have changed and are left out. The variance is fitted to the parts' uptake
    (constant, linear and square term, none negative). What still correlates beyond `REACH_MM` is
    subtracted throughout: it is change and not counts. Misalignment of the scans counts as noise.

    Parameters
    ----------
    scan : Volume
    others : sequence of (X, Y, Z) float arrays
        The same person's other scans with the same tracer on the grid of `scan`, in any unit; NaN outside
        their field of view.
    parts : (X, Y, Z) int array
        Which part of the brain each voxel belongs to, from 1; 0 is none.

    Returns
    -------
    Noise or None
        None without another scan, or if the brain holds less than 500 voxels in view of all.
    """
    stack = [np.asarray(scan.data, dtype=np.float64), *(np.asarray(other, dtype=np.float64) for other in others)]
    brain = (parts > 0) & np.isfinite(stack).all(axis=0)
    if not others or np.count_nonzero(brain) < _FEWEST_VOXELS:
        return None
    levels = [values[brain].mean() for values in stack]
    if min(levels) <= 0:
        return None
    relative = [np.where(brain, values / level, 0.0) for values, level in zip(stack, levels, strict=True)]
    difference = (relative[0] - np.mean(relative[1:], axis=0)) / np.sqrt(1 + 1 / len(others))
    brain &= _unchanged(difference, parts, brain)
    difference = np.where(brain, difference - difference[brain].mean(), 0.0)
    uptake = np.where(brain, np.mean(relative, axis=0), 0.0)
    variance = _variance_by_uptake(difference, uptake, parts, brain)
    shape = Noise(variance, np.ones((1, 1, 1)))
    sd = shape.sd(uptake)
    whitened = np.divide(difference, sd, out=np.zeros_like(difference), where=brain & (sd > 0))
    correlation = _autocorrelation(whitened, brain, scan.voxel_size)
    return Noise(variance * levels[0] ** np.array([2.0, 1.0, 0.0]), correlation)


def _unchanged(difference: FloatArray, parts: NDArray[np.integer], brain: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which voxels lie in parts whose mean difference may be chance."""
    which = parts[brain]
    size = np.bincount(which)
    present = np.flatnonzero(size)
    score = np.bincount(which, weights=difference[brain])[present] / np.sqrt(size[present])
    score = score - np.median(score)
    spread = 1.4826 * np.median(np.abs(score))
    return np.isin(parts, present[np.abs(score) <= _CHANGED * spread]) if spread > 0 else np.ones_like(brain)


def _variance_by_uptake(
    difference: FloatArray, uptake: FloatArray, parts: NDArray[np.integer], brain: NDArray[np.bool_]
) -> FloatArray:
    which = parts[brain]
    size = np.bincount(which)
    present = np.flatnonzero(size)
    size = size[present]
    power = np.bincount(which, weights=difference[brain] ** 2)[present] / size
    mean = np.bincount(which, weights=uptake[brain])[present] / size
    mean = np.maximum(mean, 0.0)
    weight = np.sqrt(size)
    fitted, _ = nnls(np.column_stack([np.ones_like(mean), mean, mean**2]) * weight[:, np.newaxis], power * weight)
    return np.asarray(fitted)


def _autocorrelation(values: FloatArray, mask: NDArray[np.bool_], voxel_mm: FloatArray) -> FloatArray:
    """Return the mean product of two voxels by their distance, less what it is beyond `REACH_MM`; 0 in the end."""
    (box,) = find_objects(mask.astype(np.uint8))
    reach = np.ceil(_PLATEAU_REACH * REACH_MM / voxel_mm).astype(int)
    shape = [next_fast_len(int(extent + r), real=True) for extent, r in zip(mask[box].shape, reach, strict=True)]
    product, pairs = (
        irfftn(np.abs(rfftn(image.astype(np.float64), shape)) ** 2, shape) for image in (values[box], mask[box])
    )
    lags = np.ix_(*(np.arange(-r, r + 1) for r in reach))
    correlation = product[lags] / np.maximum(pairs[lags], 1.0)
    distance = _distances(reach, voxel_mm)
    plateau = (distance >= REACH_MM) & (distance < _PLATEAU_REACH * REACH_MM)
    correlation = correlation - correlation[plateau].mean()
    furthest = _reach(correlation, distance, float(voxel_mm.min()))
    kept = np.minimum(reach, np.ceil(furthest / voxel_mm).astype(int))
    middle = tuple(slice(r - k, r + k + 1) for r, k in zip(reach, kept, strict=True))
    return np.asarray(np.where(distance < furthest, correlation, 0.0)[middle])


def _reach(correlation: FloatArray, distance: FloatArray, step_mm: float) -> float:
    """Return beyond which distance correlation is chance: half as far again as where it has first died down."""
    shell = np.floor(distance / step_mm + 0.5).astype(int).ravel()
    mean = np.bincount(shell, weights=correlation.ravel()) / np.maximum(np.bincount(shell), 1)
    gone = int(np.flatnonzero(mean < _DIED_DOWN * mean[0])[0]) if (mean < _DIED_DOWN * mean[0]).any() else len(mean)
    return min(REACH_MM, max(_BEYOND * gone, 1.5) * step_mm)


def _distances(reach: NDArray[np.integer], voxel_mm: FloatArray) -> FloatArray:
    axes = np.ix_(*(np.arange(-r, r + 1) * size for r, size in zip(reach, voxel_mm, strict=True)))
    return np.asarray(np.sqrt(sum(axis**2 for axis in axes)))


def mean_noise_sd(noise: Noise, uptake: NDArray[np.floating], weights: FloatArray) -> float:
    """Return the standard error that count noise gives the weighted mean of a region.

    ``sqrt(Σᵢⱼ wᵢ sᵢ ρ(i-j) sⱼ wⱼ) / Σ w`` over voxels i, j, with sᵢ the standard deviation of voxel i.

    Parameters
    ----------
    noise : Noise
    uptake : (X, Y, Z) float array
        In the scan's unit; NaN is outside the field of view and has no weight.
    weights : (X, Y, Z) float array
        How much of each voxel belongs to the region, on the grid `noise` was estimated on.

    Returns
    -------
    float
        In the scan's unit; NaN for a region without weight in view.

    Examples
    --------
    >>> white = Noise(np.array([0.01, 0.0, 0.0]), np.ones((1, 1, 1)))
    >>> round(mean_noise_sd(white, np.ones((5, 5, 4)), np.ones((5, 5, 4))), 9)  # 0.1 / sqrt(100)
    0.01
    """
    weights = np.where(np.isfinite(uptake), weights, 0.0)
    total = float(weights.sum())
    if not total > 0:
        return float("nan")
    scaled = weights * noise.sd(np.nan_to_num(uptake))
    shape = [next_fast_len(a + b - 1, real=True) for a, b in zip(scaled.shape, noise.correlation.shape, strict=True)]
    spread = irfftn(rfftn(scaled, shape) * rfftn(noise.correlation, shape), shape)
    middle = tuple(
        slice(n // 2, n // 2 + extent) for n, extent in zip(noise.correlation.shape, scaled.shape, strict=True)
    )
    return float(np.sqrt(max(0.0, float((scaled * spread[middle]).sum())))) / total
