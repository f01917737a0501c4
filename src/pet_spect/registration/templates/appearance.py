"""The expected appearance of a person's scan: the template with this person's own uptake in every region.

A registration driven by brightness pulls bright tissue over a dimmed region. Against a template that
is dimmed alike there is nothing to pull.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter

from pet_spect.errors import RegistrationError
from pet_spect.imaging.resample import resample_affine
from pet_spect.model import Volume
from pet_spect.quantify.smoothing import blur, blur_between
from pet_spect.registration.resolution_estimate import sharpest_fwhm_mm
from pet_spect.registration.templates.template import WORKING_VOXEL_MM, Template

_RIDGE = 0.02
"""How strongly a region's factor is held to that of the whole brain, relative to the region's own weight."""

_FACTORS = (0.05, 2.0)
_LOCAL_SIGMA_MM = 6.0
_LOCAL_RATIO = (1 / 6, 1.6)
_BESIDE_LESION_MM = 4.0
_FADE_MM = 6.0
_EVERY = 2
_MARGIN = 2

FloatArray = NDArray[np.float64]


def as_blurred_as(template: Template, head: Volume, pose: NDArray[np.float64]) -> Volume:
    """Return a head blurred to the resolution of its template; as it is where it is no sharper, or nobody knows.

    Against a template much more blurred than itself a scan is stretched: its bright cortex is pulled wide.

    Parameters
    ----------
    template : Template
    head : Volume
        NaN is outside the field of view.
    pose : (4, 4) float array
        Standard points to scan points.
    """
    if template.tissue is None or np.isnan(template.fwhm_mm):
        return head
    posed = resample_affine(head, template.brain.shape, template.uptake.affine, pose)
    fwhm_mm = sharpest_fwhm_mm(posed, template.tissue)
    return head if np.isnan(fwhm_mm) else blur(head, blur_between(fwhm_mm, template.fwhm_mm))


def region_factors(
    scan: NDArray[np.float32], template: Template, ignored: NDArray[np.bool_]
) -> tuple[FloatArray, float]:
    """Return how much more or less uptake each region has than the template's.

    Ridge regression of the scan on the template's parts, each at the scanner's resolution, so
    that neither spill-over between regions nor a small misplacement passes for a change of uptake.

    Parameters
    ----------
    scan : (X, Y, Z) float32 array
        On the template's grid; NaN outside the field of view.
    template : Template
    ignored : (X, Y, Z) bool array
        Voxels that do not count, such as a lesion.

    Returns
    -------
    factors : (n,) float array
        One per part, relative to `scale`; 1 where a part is not in view.
    scale : float
        The scan's units per unit of the template.

    Raises
    ------
    RegistrationError
        If nothing is left to learn from.
    """
    chosen = (slice(None, None, _EVERY),) * 3
    used = (_near(template) & np.isfinite(scan) & ~ignored)[chosen]
    if not used.any():
        raise RegistrationError("no part of the brain is in view outside the lesion mask", code="no_brain_left")
    place = np.full(used.shape, -1)
    place[used] = np.arange(used.sum())
    design = np.zeros((int(used.sum()), len(template.parts)))
    for column, part in enumerate(template.parts):
        first = [-(-axis.start // _EVERY) for axis in part.place]
        values = part.uptake[
            tuple(slice(_EVERY * f - axis.start, None, _EVERY) for f, axis in zip(first, part.place, strict=True))
        ]
        rows = place[tuple(slice(f, f + extent) for f, extent in zip(first, values.shape, strict=True))]
        design[rows[rows >= 0], column] = values[rows >= 0]
    observed = scan[chosen][used].astype(np.float64)
    whole = design.sum(axis=1)
    scale = float(whole @ observed / (whole @ whole))
    normal = design.T @ design
    hold = _RIDGE * np.diag(normal) + 1e-9 * np.trace(normal)
    factors = np.linalg.solve(normal + np.diag(hold), design.T @ observed / scale + hold)
    return np.clip(factors, *_FACTORS), scale


def shares_in_view(scan: NDArray[np.float32], template: Template, ignored: NDArray[np.bool_]) -> FloatArray:
    """Return how much of each part of a template `region_factors` learns from.

    Parameters
    ----------
    scan, template, ignored
        As for `region_factors`.

    Returns
    -------
    (n,) float array
        One per part: the fraction of its uptake in and beside the brain that is in view and not ignored.
    """
    near = _near(template)
    used = near & np.isfinite(scan) & ~ignored
    sums = np.array([[part.uptake[mask[part.place]].sum() for mask in (used, near)] for part in template.parts])
    return np.asarray(np.divide(sums[:, 0], sums[:, 1], out=np.zeros(len(sums)), where=sums[:, 1] > 0))


def _near(template: Template) -> NDArray[np.bool_]:
    return np.asarray(binary_dilation(template.brain, iterations=_MARGIN))


def own_appearance(scan: NDArray[np.float32], template: Template, ignored: NDArray[np.bool_]) -> Volume:
    """Return the template as this person's scan would look if its anatomy were the template's.

    Every part of the template is given the scan's uptake (`region_factors`); what is left of a
    difference wider than a cortical fold, such as an infarct, is then taken over as it is. In a lesion
    and within 4 mm of it the scan itself takes its place, fading out over 6 mm more: there is no pattern
    there that the template could have, and a warp learned on another one would drift into the lesion.

    Parameters
    ----------
    scan : (X, Y, Z) float32 array
        On the template's grid, roughly in place; NaN outside the field of view.
    template : Template
    ignored : (X, Y, Z) bool array
        Lesion: no region's uptake is learned from these voxels.

    Returns
    -------
    Volume
        In the scan's unit.
    """
    factors, scale = region_factors(scan, template, ignored)
    own = assembled(template, factors) * np.float32(scale)
    ratio = np.clip(local_ratio(scan, own, template.brain), *_LOCAL_RATIO)
    own = own * ratio
    share = _share_of_scan(ignored) * np.isfinite(scan)
    return Volume(np.asarray(own + share * (np.nan_to_num(scan) - own), dtype=np.float32), template.uptake.affine)


def _share_of_scan(lesion: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return how much of each voxel is taken from the scan: 1 in and beside the lesion, 0 away from it."""
    if not lesion.any():
        return np.zeros(lesion.shape, dtype=np.float32)
    distance = np.asarray(distance_transform_edt(~lesion), dtype=np.float32) * WORKING_VOXEL_MM
    return np.asarray(np.clip(1 - (distance - _BESIDE_LESION_MM) / _FADE_MM, 0, 1), dtype=np.float32)


def assembled(template: Template, factors: FloatArray) -> NDArray[np.float32]:
    """Return the sum of a template's parts, each times its factor."""
    total = np.zeros(template.brain.shape, dtype=np.float32)
    for part, factor in zip(template.parts, factors, strict=True):
        total[part.place] += np.float32(factor) * part.uptake
    return total


def local_ratio(scan: NDArray[np.float32], own: NDArray[np.float32], brain: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return scan over template, both smoothed inside the brain and the field of view; 1 far from it."""
    weight = (binary_dilation(brain) & np.isfinite(scan)).astype(np.float32)
    sigma = _LOCAL_SIGMA_MM / WORKING_VOXEL_MM
    above = gaussian_filter(np.nan_to_num(scan) * weight, sigma)
    below = gaussian_filter(own * weight, sigma)
    near = gaussian_filter(weight, sigma) > 0.1
    return np.divide(above, below, out=np.ones_like(above), where=near & (below > 0.02 * below.max()))
