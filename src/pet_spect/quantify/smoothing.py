"""Smoothing of scans to one resolution before they are compared.

A region's mean depends on how far its surroundings spill into it. Two visits on two scanners, or with two
reconstructions, therefore differ although the brain does not; blurring the sharper scan to the resolution of the
other takes that difference away.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d
from scipy.special import ive

from pet_spect.model import Volume

FWHM_TO_SIGMA = 1 / np.sqrt(8 * np.log(2))
"""Full width at half maximum of a Gaussian to its standard deviation."""

_KERNEL_REACH = 4.5


def gaussian_kernel(sigma: float) -> NDArray[np.float64]:
    """Return the discrete analogue of a Gaussian, whose variance is exactly ``sigma ** 2`` however narrow it is.

    A sampled Gaussian of half a voxel has only three quarters of its variance, and the blur to be applied is often
    no wider than that. Two such kernels after each other are again one (Lindeberg 1990, doi 10.1109/34.49051).

    Parameters
    ----------
    sigma : float
        Standard deviation in voxels, 0 or more.

    Returns
    -------
    (2 n + 1,) float64 array
        Sums to 1.

    Examples
    --------
    >>> kernel = gaussian_kernel(0.5)
    >>> offsets = np.arange(len(kernel)) - len(kernel) // 2
    >>> round(float((kernel * offsets**2).sum()), 6)
    0.25
    """
    reach = int(np.ceil(_KERNEL_REACH * sigma + 2))
    kernel = ive(np.abs(np.arange(-reach, reach + 1)), sigma**2)
    return np.asarray(kernel / kernel.sum(), dtype=np.float64)


def blurred(data: NDArray[np.float32], sigma: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float32]:
    """Return an array blurred by a Gaussian of `sigma` voxels along each axis; beyond its border is 0."""
    for axis, width in enumerate(sigma):
        if width > 0:
            data = correlate1d(data, gaussian_kernel(float(width)), axis=axis, output=np.float32, mode="constant")
    return data


def blur(scan: Volume, fwhm_mm: float) -> Volume:
    """Return a scan blurred by an isotropic Gaussian, on its own grid.

    Parameters
    ----------
    scan : Volume
        NaN is outside the field of view and takes no part: what lies near it is averaged over the
        voxels in view alone (normalised convolution; Knutsson 1993, doi 10.1109/CVPR.1993.341081).
        The border of the grid is an end of the field of view too.
    fwhm_mm : float
        Full width at half maximum; 0 gives the scan as it is.

    Returns
    -------
    Volume
        NaN where the scan is NaN.

    Examples
    --------
    >>> scan = Volume(np.array([[[2.0, 2.0, np.nan]]], dtype=np.float32), np.eye(4))
    >>> blur(scan, 3.0).data.tolist()
    [[[2.0, 2.0, nan]]]
    """
    if fwhm_mm == 0:
        return scan
    sigma = fwhm_mm * FWHM_TO_SIGMA / scan.voxel_size
    in_view = np.isfinite(scan.data)
    total = blurred(np.where(in_view, scan.data, 0).astype(np.float32), sigma)
    weight = blurred(in_view.astype(np.float32), sigma)
    result = np.full(scan.data.shape, np.nan, dtype=np.float32)
    np.divide(total, weight, out=result, where=in_view)
    return Volume(result, scan.affine)


def blur_between(fwhm_mm: float, target_mm: float) -> float:
    """Return the FWHM of the Gaussian that takes a resolution to a coarser one; 0 if it is as coarse already.

    Examples
    --------
    >>> blur_between(6.0, 10.0)
    8.0
    >>> blur_between(10.0, 6.0)
    0.0
    """
    return float(np.sqrt(max(target_mm**2 - fwhm_mm**2, 0.0)))
