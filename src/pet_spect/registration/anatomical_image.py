"""Anatomical images: what they are registered to, and the brain in them.

A T1-weighted image or a CT shows the whole head, brightest where no tracer is. Once the brain is cut
out of it, it is registered like a scan of a tracer of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_closing,
    binary_dilation,
    binary_erosion,
    binary_fill_holes,
    gaussian_filter,
    label,
)
from scipy.spatial.transform import Rotation

from pet_spect.errors import RegistrationError
from pet_spect.imaging.resample import apply_affine, resample_affine
from pet_spect.imaging.tissue import t1_map, tissue_maps
from pet_spect.model import Atlas, Volume
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA
from pet_spect.registration.gates.plausibility import correlation
from pet_spect.registration.itk import register_linear
from pet_spect.registration.placement.pose import centre_of
from pet_spect.registration.templates.template import WORKING_VOXEL_MM, Template, blurred_template
from pet_spect.registration.warp import near_brain


@dataclass(frozen=True)
class Contrast:
    """What a brain looks like in an anatomical image.

    Attributes
    ----------
    fwhm_mm : float
        Resolution at which it is registered: sharper than any tracer, blunter than its noise.
    window : (float, float) or None
        What lies outside it, such as bone, counts as CSF does: 0. None where the unit is arbitrary.
    tissue : (float, float)
        Range of grey and white matter, as fractions of the median of the brain.
    """

    fwhm_mm: float
    window: tuple[float, float] | None
    tissue: tuple[float, float]


CONTRASTS: Mapping[str, Contrast] = {
    "T1w": Contrast(fwhm_mm=3.0, window=None, tissue=(0.5, 1.6)),
    "CT": Contrast(fwhm_mm=5.0, window=(0.0, 80.0), tissue=(0.45, 1.6)),
}
"""Contrasts by kind of image."""

GREY_HU, WHITE_HU, CSF_HU = 37.0, 28.0, 5.0
"""Usual attenuation in adults without contrast agent."""

START_PITCH_DEG = (-20.0, 0.0, 20.0)
"""Nods of the head to start from."""

_BRAIN_HEIGHT_MM = 150.0
_HEAD_SECTION_CM2 = 50.0
_NEAR_MM, _SURELY_MM = 10, 10
_BRIDGE_VOXELS = 2
_EVERY, _ROUNDS, _OUTLIER = 7, 4, 0.35


def make_anat_template(kind: str, atlas: Atlas) -> Template:
    """Make what the brain of an anatomical image is registered to.

    Parameters
    ----------
    kind : {'T1w', 'CT'}
    atlas : Atlas
        CerebrA, 1 mm.

    Returns
    -------
    Template
        T1w: the ICBM 2009 symmetric T1. CT: Hounsfield units from its tissue maps. 0 outside the brain.
        On the grid of `pet_spect.registration.templates.template.make_template`.
    """
    tissue = tissue_maps(atlas)
    brain = tissue.brain | (atlas.labels > 0)
    if kind == "T1w":
        values = t1_map(atlas)
    else:
        rest = np.maximum(1 - tissue.grey - tissue.white, 0)
        values = GREY_HU * tissue.grey + WHITE_HU * tissue.white + CSF_HU * rest
        values[(atlas.labels > 0) & ~tissue.brain] = (GREY_HU + WHITE_HU) / 2  # where the maps are cut
        values[~brain] = 0
    return blurred_template(np.asarray(values, dtype=np.float32), brain, atlas, CONTRASTS[kind].fwhm_mm)


def extract_brain(image: Volume, kind: str, template: Template) -> Volume:
    """Return the brain of an anatomical image.

    Parameters
    ----------
    image : Volume
        In canonical voxel order; arbitrary units (T1w) or Hounsfield units (CT).
    kind : {'T1w', 'CT'}
    template : Template
        See `make_anat_template`.

    Returns
    -------
    Volume
        2 mm voxels along the axes of `image`, its place in mm kept; 0 outside the brain, NaN outside
        the field of view. An infarct may be 0 at its edge, as CSF is.

    Raises
    ------
    RegistrationError
        If there is no head, or no brain in it.
    """
    contrast = CONTRASTS[kind]
    head = at_working_voxel(image, contrast)
    pose = find_head(head, template)
    expected, inside = (
        np.nan_to_num(resample_affine(Volume(data, template.uptake.affine), head.data.shape, head.affine, back).data)
        for back in [np.linalg.inv(pose)]
        for data in (template.uptake.data, template.brain.astype(np.float32))
    )
    values = np.nan_to_num(head.data)
    mask = _brain_mask(values, inside > 0.5, contrast)
    if contrast.window is None:
        values = values / bias_field(values, expected, mask & (inside > 0.5))
    return Volume(np.where(np.isnan(head.data), np.nan, np.where(mask, values, 0)).astype(np.float32), head.affine)


def bias_field(
    image: NDArray[np.float32], expected: NDArray[np.float32], brain: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the slow change of brightness over an MR, as the coils' sensitivity makes it.

    A polynomial of third order is fitted to the logarithm of image over expectation; voxels far
    from it, such as an infarct or misplaced CSF, are left out in turn.

    Parameters
    ----------
    image : (X, Y, Z) float32 array
        At least 0.
    expected : (X, Y, Z) float32 array
        The template, roughly in place.
    brain : (X, Y, Z) bool array

    Returns
    -------
    (X, Y, Z) float32 array
        1 on average over the brain; positive everywhere.
    """
    used = np.argwhere(brain & (image > 0) & (expected > 0.25 * expected.max()))[::_EVERY]
    ratio = np.log(image[tuple(used.T)] / expected[tuple(used.T)])
    middle, half = np.argwhere(brain).mean(axis=0), np.array(image.shape) / 2
    terms = _monomials((used - middle) / half)
    kept = np.abs(ratio - np.median(ratio)) < _OUTLIER
    for _ in range(_ROUNDS):
        weights, *_ = np.linalg.lstsq(terms[kept], ratio[kept], rcond=None)
        kept = np.abs(ratio - terms @ weights) < _OUTLIER
    # beyond the brain, where nothing was fitted, the polynomial would run away
    low, high = np.percentile(terms @ weights, [1, 99])
    axes = np.indices(image.shape, dtype=np.float32).reshape(3, -1).T
    whole = np.clip(_monomials((axes - middle) / half) @ weights, low, high).reshape(image.shape)
    return np.asarray(np.exp(whole - whole[brain].mean()), dtype=np.float32)


def _monomials(places: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return all products of up to three coordinates, (N, 20)."""
    powers = [(i, j, k) for i in range(4) for j in range(4 - i) for k in range(4 - i - j)]
    x, y, z = (np.asarray(column, dtype=np.float64) for column in places.T)
    return np.stack([x**i * y**j * z**k for i, j, k in powers], axis=-1)


def at_working_voxel(image: Volume, contrast: Contrast) -> Volume:
    """Return an image with 0 outside the window, blurred to its resolution, at 2 mm; NaN stays out of view."""
    in_view = np.isfinite(image.data)
    values = np.where(in_view, image.data, 0)
    if contrast.window is not None:
        low, high = contrast.window
        values = np.where((values > low) & (values < high), values, 0)
    sigma = contrast.fwhm_mm * FWHM_TO_SIGMA / image.voxel_size
    blurred = gaussian_filter(values, tuple(sigma), output=np.float32)
    blurred[~in_view] = np.nan
    scale = WORKING_VOXEL_MM / image.voxel_size
    shape = tuple(int((extent - 1) // factor) + 1 for extent, factor in zip(image.data.shape, scale, strict=True))
    return resample_affine(Volume(blurred, image.affine), shape, image.affine @ np.diag([*scale, 1.0]), np.eye(4))


def centre_of_head(head: Volume) -> NDArray[np.float64]:
    """Return the (3,) centre in mm of the upper 150 mm of a head, which the neck and a low field of view do not move.

    Parameters
    ----------
    head : Volume
        Third voxel axis towards the vertex; the background near 0.

    Raises
    ------
    RegistrationError
        If no slice holds anything as large as a head.
    """
    spacing = head.voxel_size
    data = np.nan_to_num(head.data)
    body = data > 0.1 * np.percentile(data, 99)
    section = _HEAD_SECTION_CM2 * 100 / (spacing[0] * spacing[1])
    tall = np.flatnonzero(body.sum(axis=(0, 1)) >= section)
    if not tall.size:
        raise RegistrationError("no head found: no slice holds a piece as large as a head's section", code="no_head")
    top = int(tall[-1]) + 1
    first = max(top - round(_BRAIN_HEIGHT_MM / spacing[2]), 0)
    places = np.argwhere(body[:, :, first:top])
    centre = places.mean(axis=0) + np.array([0, 0, first])
    return np.asarray(apply_affine(head.affine, centre[np.newaxis])[0])


def find_head(head: Volume, template: Template) -> NDArray[np.float64]:
    """Return the affine from standard points to points of a whole head, the best of several starts.

    Scalp and skull take no part: only what the template's brain and 6 mm around it meet counts.

    Parameters
    ----------
    head : Volume
        See `at_working_voxel`.
    template : Template

    Returns
    -------
    (4, 4) float array

    Raises
    ------
    RegistrationError
        If there is no head.
    """
    grid = template.brain.shape, template.uptake.affine
    centre, target = centre_of(template), centre_of_head(head)
    mask = near_brain(template)
    coarse = partial(register_linear, template.uptake, head, mask=mask, shrink=(4, 3), smoothing=(2, 1))
    poses = []
    for pitch in START_PITCH_DEG:
        start = np.eye(4)
        start[:3, :3] = Rotation.from_euler("x", pitch, degrees=True).as_matrix()
        start[:3, 3] = target - start[:3, :3] @ centre
        rigid = coarse(start=start, kind="Rigid", iterations=(100, 50))
        poses.append(coarse(start=rigid, kind="Affine", iterations=(100, 50)))

    def similarity(pose: NDArray[np.float64]) -> float:
        posed = resample_affine(head, *grid, pose).data
        inside = template.brain & np.isfinite(posed)
        return correlation(posed[inside], template.uptake.data[inside])

    best = max(poses, key=similarity)
    return register_linear(
        template.uptake, head, start=best, mask=mask, kind="Affine", iterations=(50,), shrink=(2,), smoothing=(1,)
    )


def _brain_mask(head: NDArray[np.float32], expected: NDArray[np.bool_], contrast: Contrast) -> NDArray[np.bool_]:
    """Return the brain: tissue near where it is expected, without what only thin bridges join to it."""
    grown, shrunk = (
        morph(expected, iterations=round(margin / WORKING_VOXEL_MM))
        for morph, margin in ((binary_dilation, _NEAR_MM), (binary_erosion, _SURELY_MM))
    )
    if not shrunk.any():
        raise RegistrationError("no brain found: the head is hardly in the field of view", code="no_head")
    level = float(np.median(head[shrunk]))
    tissue = grown & (head > contrast.tissue[0] * level) & (head < contrast.tissue[1] * level)
    pieces = np.zeros(head.shape, dtype=np.int32)
    label(binary_erosion(tissue, iterations=_BRIDGE_VOXELS), output=pieces)
    if not pieces.any():
        raise RegistrationError("no brain found where the head would have it", code="no_head")
    largest = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    brain = binary_dilation(largest, iterations=_BRIDGE_VOXELS + 1) & tissue
    brain = binary_closing(brain | shrunk, iterations=2)
    return np.asarray(binary_fill_holes(brain))
