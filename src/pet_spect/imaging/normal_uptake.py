"""Relative uptake of each tracer in a healthy brain: the one source of templates and simulated scans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from pet_spect.imaging.tissue import TissueMaps
from pet_spect.model import Atlas

VENTRICLES = ("fourth_ventricle", "inferior_lateral_ventricle", "lateral_ventricle", "third_ventricle")
VERMIS = ("vermal_lobules_i_v", "vermal_lobules_vi_vii", "vermal_lobules_viii_x")
DEEP_GREY = ("accumbens_area", "caudate", "pallidum", "putamen", "thalamus")
FILLED = (
    *DEEP_GREY,
    *VERMIS,
    *VENTRICLES,
    "amygdala",
    "basal_forebrain",
    "brainstem",
    "cerebellum_gray_matter",
    "cerebellum_white_matter",
    "hippocampus",
    "optic_chiasm",
    "pons",
    "ventral_diencephalon",
)
"""Regions of CerebrA with one level throughout, because the tissue maps are wrong there or the region is no cortex."""

PERIVENTRICULAR_MM = 8.0
"""White matter this near to a lateral ventricle has a level of its own."""

_BESIDE_MM = 3.0
"""Grey matter outside the labels counts with a region no further away than this."""


@dataclass(frozen=True)
class Pattern:
    """Uptake of a tracer per tissue, relative to the mean of pure cortical grey matter (1).

    Attributes
    ----------
    grey : float
        Grey matter that no region of the atlas holds.
    cortex : mapping of str to float
        Pure grey matter of each cortical region.
    filled : mapping of str to float
        Every region of `FILLED`, throughout.
    white, periventricular_white, csf : float
        Pure tissue.
    skull, scalp : float
        Around the brain; templates leave them out.
    fwhm_mm : float
        Resolution of a usual scanner of the tracer.
    """

    grey: float
    cortex: Mapping[str, float]
    filled: Mapping[str, float]
    white: float
    periventricular_white: float
    csf: float
    skull: float
    scalp: float
    fwhm_mm: float


PATTERNS: Mapping[str, Pattern] = MappingProxyType(
    {
        "FDG": Pattern(
            grey=0.743,
            cortex={
                "caudal_anterior_cingulate": 0.748,
                "caudal_middle_frontal": 1.176,
                "cuneus": 1.182,
                "entorhinal": 0.76,
                "fusiform": 0.747,
                "inferior_parietal": 1.079,
                "inferior_temporal": 0.868,
                "insula": 0.715,
                "isthmus_cingulate": 0.948,
                "lateral_occipital": 1.146,
                "lateral_orbitofrontal": 0.988,
                "lingual": 1.016,
                "medial_orbitofrontal": 0.916,
                "middle_temporal": 0.923,
                "paracentral": 1.102,
                "parahippocampal": 0.656,
                "pars_opercularis": 1.007,
                "pars_orbitalis": 1.123,
                "pars_triangularis": 1.158,
                "pericalcarine": 1.242,
                "postcentral": 1.177,
                "posterior_cingulate": 0.949,
                "precentral": 1.212,
                "precuneus": 1.111,
                "rostral_anterior_cingulate": 0.692,
                "rostral_middle_frontal": 1.137,
                "superior_frontal": 1.103,
                "superior_parietal": 1.198,
                "superior_temporal": 0.843,
                "supramarginal": 1.007,
                "transverse_temporal": 1.071,
            },
            filled={
                "accumbens_area": 0.435,
                "amygdala": 0.334,
                "basal_forebrain": 0.288,
                "brainstem": 0.566,
                "caudate": 0.853,
                "cerebellum_gray_matter": 0.723,
                "cerebellum_white_matter": 0.428,
                "fourth_ventricle": 0.228,
                "hippocampus": 0.576,
                "inferior_lateral_ventricle": 0.056,
                "lateral_ventricle": 0.102,
                "optic_chiasm": 1.081,
                "pallidum": 0.52,
                "pons": 0.462,
                "putamen": 0.928,
                "thalamus": 0.774,
                "third_ventricle": 0.123,
                "ventral_diencephalon": 0.528,
                "vermal_lobules_i_v": 0.614,
                "vermal_lobules_vi_vii": 0.662,
                "vermal_lobules_viii_x": 0.706,
            },
            white=0.378,
            periventricular_white=0.316,
            csf=0.061,
            skull=0.04,
            scalp=0.185,
            fwhm_mm=6.0,
        ),
        "IMZ": Pattern(
            grey=0.336,
            cortex={
                "caudal_anterior_cingulate": 0.92,
                "caudal_middle_frontal": 0.976,
                "cuneus": 1.187,
                "entorhinal": 0.796,
                "fusiform": 0.999,
                "inferior_parietal": 1.031,
                "inferior_temporal": 0.887,
                "insula": 0.913,
                "isthmus_cingulate": 0.951,
                "lateral_occipital": 1.053,
                "lateral_orbitofrontal": 0.964,
                "lingual": 1.152,
                "medial_orbitofrontal": 1.048,
                "middle_temporal": 0.974,
                "paracentral": 0.902,
                "parahippocampal": 0.953,
                "pars_opercularis": 0.981,
                "pars_orbitalis": 0.964,
                "pars_triangularis": 1.01,
                "pericalcarine": 1.361,
                "postcentral": 0.959,
                "posterior_cingulate": 0.963,
                "precentral": 0.986,
                "precuneus": 1.036,
                "rostral_anterior_cingulate": 0.981,
                "rostral_middle_frontal": 1.052,
                "superior_frontal": 0.963,
                "superior_parietal": 1.024,
                "superior_temporal": 0.903,
                "supramarginal": 0.989,
                "transverse_temporal": 1.118,
            },
            filled={
                "accumbens_area": 0.814,
                "amygdala": 0.62,
                "basal_forebrain": 0.812,
                "brainstem": 0.125,
                "caudate": 0.314,
                "cerebellum_gray_matter": 0.557,
                "cerebellum_white_matter": 0.219,
                "fourth_ventricle": 0.011,
                "hippocampus": 0.736,
                "inferior_lateral_ventricle": 0.272,
                "lateral_ventricle": 0.005,
                "optic_chiasm": 0.262,
                "pallidum": 0.357,
                "pons": 0.112,
                "putamen": 0.47,
                "thalamus": 0.371,
                "third_ventricle": 0.16,
                "ventral_diencephalon": 0.253,
                "vermal_lobules_i_v": 0.505,
                "vermal_lobules_vi_vii": 0.54,
                "vermal_lobules_viii_x": 0.517,
            },
            white=0.268,
            periventricular_white=0.005,
            csf=0.018,
            skull=0.04,
            scalp=0.1,
            fwhm_mm=11.0,
        ),
    }
)
"""Fitted with ``benchmarks/patterns.py --fit`` so that the regional means of the standard brain, blurred to the
resolution of the map they were fitted to, are those of a mean of healthy FDG-PET (11 mm) and of healthy flumazenil-PET
(5 mm), whose receptor iomazenil shares. Skull is an assumption."""


def healthy_uptake(pattern: Pattern, atlas: Atlas, tissue: TissueMaps) -> NDArray[np.float32]:
    """Return a tracer's uptake in the healthy standard brain, at infinite resolution.

    Parameters
    ----------
    pattern : Pattern
    atlas : Atlas
        CerebrA, 1 mm.
    tissue : TissueMaps
        On its grid.

    Returns
    -------
    (X, Y, Z) float32 array
        Linear in the levels of `pattern`; 0 outside the brain.
    """
    brain = tissue.brain | (atlas.labels > 0)
    labels = atlas.labels[brain]
    level = np.full(int(labels.max()) + 1, pattern.grey, dtype=np.float32)
    for name, value in pattern.cortex.items():
        level[[region.index for region in atlas.regions if region.name == name]] = value
    grey = level[nearest_label(atlas.labels)[brain]]
    beside_ventricle = _near(region_mask(atlas, "lateral_ventricle"))[brain]
    white = np.where(beside_ventricle, pattern.periventricular_white, pattern.white)
    share_grey, share_white = tissue.grey[brain], tissue.white[brain]
    whole = np.maximum(share_grey + share_white, 1)
    share_grey, share_white = share_grey / whole, share_white / whole
    values = grey * share_grey + white * share_white + pattern.csf * (1 - share_grey - share_white)
    filled = np.full(level.shape, np.nan)
    for name, value in pattern.filled.items():
        filled[[region.index for region in atlas.regions if region.name == name]] = value
    inside = np.isfinite(filled)[labels]
    values[inside] = filled[labels[inside]]
    uptake = np.zeros(atlas.labels.shape, dtype=np.float32)
    uptake[brain] = values
    return uptake


def region_mask(atlas: Atlas, *names: str) -> NDArray[np.bool_]:
    """Return the voxels of the named regions, both sides."""
    named = np.zeros(int(atlas.labels.max()) + 1, dtype=bool)
    named[[region.index for region in atlas.regions if region.name in names]] = True
    return np.asarray(named[atlas.labels])


def nearest_label(labels: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return each voxel's label, or the nearest one within 3 mm (accurate to 2 mm); 0 further away."""
    coarse = labels[::2, ::2, ::2]
    distance, nearest = distance_transform_edt(coarse == 0, return_indices=True)
    beside = _fine(np.where(2 * distance <= _BESIDE_MM, coarse[tuple(nearest)], 0), labels.shape)
    return np.where(labels > 0, labels, beside)


def _near(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    distance = np.asarray(distance_transform_edt(~mask[::2, ::2, ::2]), dtype=np.float32)
    return _fine(2 * distance <= PERIVENTRICULAR_MM, mask.shape)


def _fine(coarse: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    return coarse.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)[tuple(slice(0, extent) for extent in shape)]
