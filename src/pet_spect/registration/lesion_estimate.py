"""The infarct as the scan shows it, estimated from the scan alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_filter, label

from pet_spect.model import Volume
from pet_spect.registration.templates.appearance import assembled, region_factors
from pet_spect.registration.templates.template import WORKING_VOXEL_MM, Template

LESION_BELOW = 0.65
"""An infarct has less than this fraction of the uptake that the other side has."""

OTHER_SIDE_ABOVE = 0.8
"""Where the other side lacks as much, the gap is a wide sulcus or ventricle, or misplaced."""

SMALLEST_ML = 1.5
"""Smaller gaps cannot be distinguished from folds at a scanner's resolution."""

_SIGMA_MM = 4.0
_EDGE_MM = 4.0


def volume_by_side(lesion: Volume) -> tuple[float, float]:
    """Return how many mL of a mask in standard space (above 0.5) lie on the left and on the right."""
    inside = lesion.data > 0.5
    x = lesion.affine[0, 3] + lesion.affine[0, 0] * np.arange(inside.shape[0])
    volume = inside.sum(axis=(1, 2)) * lesion.voxel_ml
    return float(volume[x < 0].sum()), float(volume[x > 0].sum())


def estimate_lesion(scan: NDArray[np.float32], template: Template) -> NDArray[np.bool_]:
    """Return where a scan lacks uptake on one side.

    The scan is compared with the template that has the uptake of the better side in every
    region and its mirror image.

    Parameters
    ----------
    scan : (X, Y, Z) float32 array
        On the template's grid, registered; NaN outside the field of view.
    template : Template
        Symmetric, of the scan's tracer.

    Returns
    -------
    (X, Y, Z) bool array
        Connected pieces of at least `SMALLEST_ML`, not within 4 mm of the brain's edge.
    """
    factors, scale = region_factors(scan, template, np.zeros(scan.shape, dtype=bool))
    own = assembled(template, factors) * np.float32(scale)
    expected = np.maximum(own, own[::-1])
    weight = (template.brain & np.isfinite(scan)).astype(np.float32)
    sigma = _SIGMA_MM / WORKING_VOXEL_MM
    observed = gaussian_filter(np.nan_to_num(scan) * weight, sigma)
    due = gaussian_filter(expected * weight, sigma)
    ratio = np.divide(observed, due, out=np.ones_like(observed), where=due > 0.02 * due.max())
    inner = binary_erosion(template.brain, iterations=round(_EDGE_MM / WORKING_VOXEL_MM))
    low = inner & (weight > 0) & (ratio < LESION_BELOW) & (ratio[::-1] > OTHER_SIDE_ABOVE)
    pieces = np.zeros(low.shape, dtype=np.int32)
    label(low, output=pieces)
    smallest = SMALLEST_ML * 1000 / WORKING_VOXEL_MM**3
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(sizes[pieces] >= smallest)
