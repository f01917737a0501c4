"""How much of each side a scan shows to be missing, voxel by voxel.

A lesion is one piece, an atlas region often only part of one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_filter, label

from pet_spect.model import Volume
from pet_spect.registration.resemblance import smooth_in_view
from pet_spect.registration.template import WORKING_VOXEL_MM, Template

MISSING = 0.65
"""Less than this part of the uptake in the mirrored place is missing; healthy sides differ by less, once smoothed."""

_SMOOTHING_MM = 6.0
_RIM_MM = 4.0
_BRIGHT = 0.35
_LEAST_ML = 1.0


def missing_ml(scan: Volume, template: Template) -> tuple[float, float]:
    """Return the volume in mL that a scan shows to be missing on the left and on the right.

    Parameters
    ----------
    scan : Volume
        On the standard grid, which is symmetric about its middle plane; NaN outside the field of view.
    template : Template
        Of the scan's tracer. Only where it is bright (over 0.35 of its 90th percentile in the brain), 4 mm inside the
        brain, does anything count.

    Returns
    -------
    (left, right) : tuple of float
        Total of the connected pieces of at least 1 mL with less than `MISSING` of the uptake of the mirrored place.
        Where one of the two places is out of view nothing is missing.
    """
    sigma = _SMOOTHING_MM / WORKING_VOXEL_MM
    smooth = smooth_in_view(scan.data, _SMOOTHING_MM)
    pattern = gaussian_filter(template.uptake.data, sigma)
    bright = pattern > _BRIGHT * np.percentile(pattern[template.brain], 90)
    inner = binary_erosion(template.brain, iterations=round(_RIM_MM / WORKING_VOXEL_MM))
    missing = bright & inner & (smooth < MISSING * smooth[::-1])  # nothing is less than NaN
    middle = len(missing) // 2
    # the first voxel axis runs to the right
    return _in_pieces(missing[:middle]), _in_pieces(missing[-middle:])


def _in_pieces(missing: NDArray[np.bool_]) -> float:
    pieces = np.zeros(missing.shape, dtype=np.int32)
    label(missing, output=pieces)
    volumes = np.bincount(pieces.ravel())[1:] * WORKING_VOXEL_MM**3 / 1000
    return float(volumes[volumes >= _LEAST_ML].sum())
