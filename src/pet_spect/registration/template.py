"""Tracer templates in standard space, made from tissue and label maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pet_spect.errors import ImageError
from pet_spect.images import read_volume
from pet_spect.model import Atlas, Volume
from pet_spect.resample import resample
from pet_spect.tissue import TissueMaps, tissue_maps

FWHM_TO_SIGMA = 1 / np.sqrt(8 * np.log(2))
WORKING_VOXEL_MM = 2
OCCIPITAL = ("cuneus", "lateral_occipital", "lingual", "pericalcarine")
DEEP_GREY = ("accumbens_area", "caudate", "pallidum", "putamen", "thalamus")
VERMIS = ("vermal_lobules_i_v", "vermal_lobules_vi_vii", "vermal_lobules_viii_x")


@dataclass(frozen=True)
class Pattern:
    """Relative uptake of a tracer in a healthy brain.

    Attributes
    ----------
    grey, white : float
        Weight of the tissue maps.
    regions : mapping of str to float
        Regions whose uptake is said outright, because the tissue maps are wrong there
        (brainstem and cerebellum) or the region differs from other grey matter.
    fwhm_mm : float
        Resolution of a usual scanner for this tracer.
    """

    grey: float
    white: float
    regions: Mapping[str, float]
    fwhm_mm: float


PATTERNS: Mapping[str, Pattern] = {
    "FDG": Pattern(
        grey=1.0,
        white=0.3,
        regions={
            **dict.fromkeys(DEEP_GREY, 1.1),
            "cerebellum_gray_matter": 0.85,
            **dict.fromkeys(VERMIS, 0.85),
            "cerebellum_white_matter": 0.35,
            "brainstem": 0.45,
            "pons": 0.45,
        },
        fwhm_mm=6.0,
    ),
    "IMZ": Pattern(
        grey=0.85,
        white=0.12,
        regions={
            **dict.fromkeys(DEEP_GREY, 0.35),
            "cerebellum_gray_matter": 0.55,
            **dict.fromkeys(VERMIS, 0.55),
            "cerebellum_white_matter": 0.15,
            "brainstem": 0.14,
            "pons": 0.14,
            **dict.fromkeys(OCCIPITAL, 1.0),
        },
        fwhm_mm=11.0,
    ),
}
"""Patterns by name, after the usual appearance of FDG and of iomazenil in adults."""


@dataclass(frozen=True)
class Template:
    """What a scan is registered to.

    Attributes
    ----------
    uptake : Volume
        Relative uptake at the scan's resolution, 2 mm voxels, standard space.
    brain : (X, Y, Z) bool array
        The brain on the same grid.
    """

    uptake: Volume
    brain: NDArray[np.bool_]


def region_mask(atlas: Atlas, *names: str) -> NDArray[np.bool_]:
    """Return the voxels of the named regions, both sides."""
    return np.isin(atlas.labels, [region.index for region in atlas.regions if region.name in names])


def healthy_uptake(pattern: Pattern, atlas: Atlas, tissue: TissueMaps) -> NDArray[np.float32]:
    """Return a tracer's relative uptake in a healthy brain, unblurred, on the atlas grid."""
    white = pattern.white * tissue.white
    uptake = pattern.grey * tissue.grey + white
    for name, value in pattern.regions.items():
        mask = region_mask(atlas, name)
        # occipital cortex keeps its folds; the other regions are filled, for the tissue maps mislead there
        uptake[mask] = (value * tissue.grey + white)[mask] if name in OCCIPITAL else value
    return uptake.astype(np.float32)


def make_template(name: str, atlas: Atlas, *, fwhm_mm: float | None = None) -> Template:
    """Make the template of a tracer.

    Parameters
    ----------
    name : str
        A key of `PATTERNS`.
    atlas : Atlas
        CerebrA, 1 mm.
    fwhm_mm : float, optional
        Resolution to blur to; by default the pattern's own.

    Returns
    -------
    Template
        On every second voxel of the atlas grid, which keeps x = 0 a plane of voxels and
        the template symmetric.
    """
    pattern = PATTERNS[name]
    tissue = tissue_maps(atlas)
    sigma = (fwhm_mm or pattern.fwhm_mm) * FWHM_TO_SIGMA
    uptake = gaussian_filter(healthy_uptake(pattern, atlas, tissue), sigma)
    brain = tissue.brain | (atlas.labels > 0)
    step = WORKING_VOXEL_MM
    affine = atlas.affine @ np.diag([step, step, step, 1.0])
    return Template(Volume(uptake[::step, ::step, ::step], affine), brain[::step, ::step, ::step])


def read_template(path: Path, atlas: Atlas) -> Template:
    """Read a template of the user's own, already at the scan's resolution.

    Parameters
    ----------
    path : Path
        A NIfTI image in MNI152NLin2009cSym, any grid that holds the brain.
    atlas : Atlas
        CerebrA, 1 mm.

    Raises
    ------
    ImageError
        If the image cannot be read or does not hold the whole brain.
    """
    grid = make_template("FDG", atlas)
    own = resample(read_volume(path), grid.brain.shape, grid.uptake.affine, lambda points: points)
    if not np.isfinite(own.data[grid.brain]).all():
        raise ImageError(f"{path}: does not hold the whole brain; a template in MNI152NLin2009cSym is needed")
    return Template(Volume(np.nan_to_num(own.data), own.affine), grid.brain)
