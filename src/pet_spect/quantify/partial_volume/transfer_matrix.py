"""The geometric transfer matrix of a scan, and the noise that the means of its parts share."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfftn, next_fast_len, rfftn
from scipy.sparse import csr_array

from pet_spect.model import Volume
from pet_spect.quantify.noise import Noise
from pet_spect.quantify.region_weights import RegionWeights
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA, blurred

FloatArray = NDArray[np.float64]

_REACH = 4.5


def part_means(box: Volume, shares: RegionWeights, n_parts: int) -> FloatArray:
    """Return (n_parts,) the mean of each part over what is in view, in the scan's unit; NaN without a voxel."""
    means = weighted(box, shares, n_parts, np.nan_to_num(box.data).reshape(-1, 1))[:, 0]
    means[_unseen(_weights(box, shares, n_parts))] = np.nan
    return means


def weighted(box: Volume, shares: RegionWeights, n_parts: int, values: NDArray[np.floating]) -> FloatArray:
    """Return (n_parts, k) the mean of each part of (n_voxels, k) values; 0 for a part without a voxel in view."""
    return np.asarray(_weights(box, shares, n_parts) @ values, dtype=np.float64)


def transfer_matrix(box: Volume, shares: RegionWeights, n_parts: int, fwhm_mm: float) -> FloatArray:
    """Return which part of the uptake of each part is seen in the mean of each.

    ``ω_ij = Σ_v w_iv (h ∗ f_j)_v / Σ_v w_iv``, with w_iv what voxel v weighs in the mean of part i, f_jv the
    fraction of the voxel that is of part j, and h the point spread (Rousset 1998, PMID 9591599).

    Parameters
    ----------
    box : Volume
        NaN is out of view: it weighs nothing, but what lies there spills into what is in view.
    shares : RegionWeights
        Rows are the parts, voxels those of `box`.
    n_parts : int
    fwhm_mm : float
        Full width at half maximum of the point spread, taken as Gaussian and the same everywhere.

    Returns
    -------
    (n_parts, n_parts) float64 array
        Row i is NaN where part i has no voxel in view.
    """
    sigma = fwhm_mm * FWHM_TO_SIGMA / box.voxel_size
    margin = np.ceil(_REACH * sigma).astype(np.int64) + 2
    weights = _weights(box, shares, n_parts)
    fraction = shares.count * (shares.sub_voxel_ml / box.voxel_ml)
    matrix = np.zeros((n_parts, n_parts))
    for part, (voxel, values) in enumerate(_by_row(shares, fraction, n_parts)):
        if voxel.size:
            low, image = _around(voxel, values, margin, box.data.shape)
            matrix[:, part] = _dot(weights, blurred(image.astype(np.float32), sigma), low, box.data.shape)
    matrix[_unseen(weights)] = np.nan
    return matrix


def mean_covariance(noise: Noise, box: Volume, shares: RegionWeights, n_parts: int) -> FloatArray:
    """Return the covariance that count noise gives the means of the parts.

    ``Σ_uv w_iu s_u ρ(u-v) s_v w_jv`` for parts i and j, with w summing to 1 and s_v the standard deviation of voxel v;
    its diagonal is the square of `noise.mean_noise_sd`.

    Returns
    -------
    (n_parts, n_parts) float64 array
        In the scan's unit squared; 0 for a part without a voxel in view.
    """
    weights = _weights(box, shares, n_parts)
    sd = np.where(np.isfinite(box.data), noise.sd(np.nan_to_num(box.data)), 0.0).ravel()
    weights = csr_array((weights.data * sd[weights.indices], weights.indices, weights.indptr), shape=weights.shape)
    reach = np.array(noise.correlation.shape) // 2
    covariance = np.zeros((n_parts, n_parts))
    for part in range(n_parts):
        own = slice(*weights.indptr[part : part + 2])
        if own.stop > own.start:
            low, image = _around(weights.indices[own], weights.data[own], reach, box.data.shape)
            covariance[:, part] = _dot(weights, _convolved(image, noise.correlation), low, box.data.shape)
    return (covariance + covariance.T) / 2


def _weights(box: Volume, shares: RegionWeights, n_parts: int) -> csr_array:
    """Return (n_parts, n_voxels) what each voxel in view weighs in the mean of each part; each row sums to 1."""
    in_view = np.isfinite(box.data.ravel()[shares.voxel])
    row, voxel, weight = shares.row[in_view], shares.voxel[in_view], shares.weight[in_view]
    total = np.bincount(row, weights=weight, minlength=n_parts)
    return csr_array((weight / total[row], (row, voxel)), shape=(n_parts, box.data.size))


def _unseen(weights: csr_array) -> NDArray[np.bool_]:
    return np.asarray(np.diff(weights.indptr) == 0)


def _by_row(shares: RegionWeights, values: FloatArray, n_parts: int) -> list[tuple[NDArray[np.int64], FloatArray]]:
    """Return voxels and values of each part."""
    order = np.argsort(shares.row, kind="stable")
    ends = np.searchsorted(shares.row[order], np.arange(n_parts + 1)).tolist()
    return [(shares.voxel[order[a:b]], values[order[a:b]]) for a, b in pairwise(ends)]


def _around(
    voxel: NDArray[np.integer], values: FloatArray, margin: NDArray[np.int64], shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the first voxel of a box with a margin, and the values in it, 0 elsewhere."""
    index = np.stack(np.unravel_index(voxel, shape))
    low = np.maximum(index.min(axis=1) - margin, 0)
    high = np.minimum(index.max(axis=1) + margin + 1, shape)
    image = np.zeros(high - low)
    image[tuple(index - low[:, np.newaxis])] = values
    return low, image


def _dot(weights: csr_array, image: NDArray[np.floating], low: NDArray[np.int64], shape: tuple[int, ...]) -> FloatArray:
    """Return the weighted sums of an image in a box that begins at `low`."""
    whole = np.zeros(shape, dtype=np.float64)
    whole[tuple(slice(a, a + n) for a, n in zip(low.tolist(), image.shape, strict=True))] = image
    return np.asarray(weights @ whole.ravel(), dtype=np.float64)


def _convolved(image: FloatArray, kernel: FloatArray) -> FloatArray:
    size = [next_fast_len(a + b - 1, real=True) for a, b in zip(image.shape, kernel.shape, strict=True)]
    spread = irfftn(rfftn(image, size) * rfftn(kernel, size), size)
    return np.asarray(
        spread[tuple(slice(n // 2, n // 2 + extent) for n, extent in zip(kernel.shape, image.shape, strict=True))],
        dtype=np.float64,
    )
