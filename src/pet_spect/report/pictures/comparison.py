"""Uptake relative to the reference, visit by visit, and the difference between two visits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import ImageError
from pet_spect.imaging.resample import resample_affine
from pet_spect.model import Volume
from pet_spect.quantify.smoothing import blur

DIFFERENCE_FWHM_MM = 8.0
"""Gaussian applied to both visits before they are subtracted: it leaves 4 of 10 parts of the voxels' noise in FDG."""

_SCALE_STEP, _BRIGHTEST_PERCENT = 0.2, 99.8
_ROBUST_SD = 1.4826

Mask = NDArray[np.bool_]


def ratio_image(standard: Volume, reference_uptake: float, blur_mm: float = 0.0) -> Volume:
    """Return a scan divided by the uptake of its own reference.

    Parameters
    ----------
    standard : Volume
        The scan in the standard space, in its own unit; NaN outside the field of view.
    reference_uptake : float
        Mean of the reference as it was measured in this scan, in the same unit; above zero.
    blur_mm : float, default 0
        FWHM of the Gaussian that brought the scan to the common resolution before it was measured.

    Returns
    -------
    Volume
        Uptake relative to the reference, 1; NaN where the scan is.

    Raises
    ------
    ImageError
        If the reference has no uptake above zero.
    """
    if not (math.isfinite(reference_uptake) and reference_uptake > 0):
        raise ImageError(f"uptake of the reference: found {reference_uptake:g}, needed a number above zero")
    return Volume(blur(standard, blur_mm).data / np.float32(reference_uptake), standard.affine)


def difference_in_points(baseline: Volume, follow_up: Volume, fwhm_mm: float = DIFFERENCE_FWHM_MM) -> Volume:
    """Return how much more uptake a follow-up has than the baseline, in points.

    Parameters
    ----------
    baseline, follow_up : Volume
        Uptake relative to the reference, on one grid.
    fwhm_mm : float
        FWHM of the Gaussian that both are smoothed with.

    Returns
    -------
    Volume
        100 · (follow_up − baseline): a point is 1 % of the reference's uptake. NaN where either is not in view.

    Raises
    ------
    ImageError
        If the grids differ.
    """
    if baseline.data.shape != follow_up.data.shape or not np.allclose(baseline.affine, follow_up.affine):
        raise ImageError("two visits of one participant do not lie on one grid of the standard space")
    points = 100 * (blur(follow_up, fwhm_mm).data - blur(baseline, fwhm_mm).data)
    return Volume(points, baseline.affine)


def inside(mask: Volume, grid: Volume) -> Mask:
    """Return which voxels of a grid lie in a mask of 0 to 1 in the same space."""
    values = resample_affine(mask, grid.data.shape, grid.affine, np.eye(4)).data
    return np.asarray(np.nan_to_num(values) > 0.5)


def spread_in_points(difference: Volume, where: Mask) -> float:
    """Return the robust standard deviation of a difference (1.4826 · median absolute deviation); NaN of nothing."""
    values = difference.data[where & np.isfinite(difference.data)]
    return float(_ROBUST_SD * np.median(np.abs(values - np.median(values)))) if values.size else math.nan


def upper_end(ratios: Sequence[Volume], brain: Mask) -> float:
    """Return the upper end of one scale for several visits: above nearly all of the brain of each, in steps of 0.2."""
    shown = [ratio.data[brain & np.isfinite(ratio.data)] for ratio in ratios]
    brightest = max((float(np.percentile(values, _BRIGHTEST_PERCENT)) for values in shown if values.size), default=1.0)
    return max(math.ceil(round(brightest / _SCALE_STEP, 6)), 1) * _SCALE_STEP
