"""Misplacement of a brain's folds after its warp, from what the warp leaves unexplained."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from pet_spect.model import Volume

_ALWAYS_MM = 0.45
"""What is left where the folds are those of the template, by interpolation and uptake uneven within a region."""

_UNSEEN = 2.0
"""A warp that follows brightness takes up about half of a misplacement without putting the fold in its place."""

_MOST_MM = 4.0
_MARGIN = 3


def misplacement_mm(
    scan: NDArray[np.float32], own: Volume, brain: NDArray[np.bool_], ignored: NDArray[np.bool_]
) -> float:
    """Return the standard deviation, along each axis, of where a point of the cortex lies against the warp.

    To first order a fold that lies off by ``d`` leaves the difference ``d · grad`` between scan and
    appearance, so that the root mean square of the one over that of the gradient is the size of ``d``.

    Parameters
    ----------
    scan : (X, Y, Z) float32 array
        Warped to the standard grid; NaN outside the field of view.
    own : Volume
        The same person's appearance on the template's anatomy (`appearance.own_appearance`), in the scan's unit.
    brain, ignored : (X, Y, Z) bool arrays
        What counts, and what of it does not, with what lies within 6 mm of it: a lesion.

    Returns
    -------
    float
        mm, 0 to 4; 0 where nothing counts. The two constants were chosen on three real anatomies, noise-free, by the
        error of the ratios that follow; the size itself has not been compared with true misplacement.
    """
    counts = brain & np.isfinite(scan)
    if ignored.any():
        counts &= ~binary_dilation(ignored, iterations=_MARGIN)
    steepness = sum(along**2 for along in np.gradient(own.data, *own.voxel_size))
    below = float(np.mean(steepness[counts])) if counts.any() else 0.0
    if not below > 0:
        return 0.0
    variance = float(np.mean((scan[counts] - own.data[counts]) ** 2)) / below
    return float(min(_UNSEEN * np.sqrt(max(variance - _ALWAYS_MM**2, 0.0)), _MOST_MM))
