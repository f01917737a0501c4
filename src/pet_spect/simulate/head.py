"""The head every participant's anatomy is made from: tissue, regions, skull and scalp in standard space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from pet_spect.model import Atlas
from pet_spect.tissue import tissue_maps

OTHER_TISSUE = 255
"""Label of brain tissue that belongs to no region of the atlas (mostly white matter)."""

OCCIPITAL = ("cuneus", "lateral_occipital", "lingual", "pericalcarine")
VERMIS = ("vermal_lobules_i_v", "vermal_lobules_vi_vii", "vermal_lobules_viii_x")
STRIATUM = ("accumbens_area", "caudate", "putamen")
INFRATENTORIAL = ("brainstem", "cerebellum_gray_matter", "cerebellum_white_matter", "fourth_ventricle", "pons", *VERMIS)
VENTRICLES = ("fourth_ventricle", "inferior_lateral_ventricle", "lateral_ventricle", "third_ventricle")
SUBCORTICAL = (
    *STRIATUM,
    "amygdala",
    "basal_forebrain",
    "cerebellum_gray_matter",
    "cerebellum_white_matter",
    "hippocampus",
    "inferior_lateral_ventricle",
    "lateral_ventricle",
    "pallidum",
    "thalamus",
    "ventral_diencephalon",
)
"""Lateral regions of CerebrA that are not cortex of the Desikan-Killiany parcellation."""

CSF_REACHES_MM, SKULL_REACHES_MM, SCALP_REACHES_MM = 3.0, 8.0, 13.0
"""Outer distances of the layers around the brain."""


@dataclass(frozen=True)
class Levels:
    """Uptake of a tracer in each tissue, relative to cortical grey matter (1) of FDG or occipital cortex of IMZ.

    Attributes
    ----------
    grey, white, csf, skull, scalp : float
    cortex : mapping of str to float
        Cortical regions whose grey matter differs from `grey`.
    filled : mapping of str to float
        Regions that have one level throughout, because the tissue maps are wrong there.
    """

    grey: float
    white: float
    csf: float
    skull: float
    scalp: float
    cortex: Mapping[str, float]
    filled: Mapping[str, float]


LEVELS: Mapping[str, Levels] = MappingProxyType(
    {
        "FDG": Levels(
            grey=1.0,
            white=0.3,
            csf=0.04,
            skull=0.04,
            scalp=0.12,
            cortex={},
            filled={
                **dict.fromkeys((*STRIATUM, "thalamus"), 1.1),
                "pallidum": 0.8,
                "cerebellum_gray_matter": 0.85,
                **dict.fromkeys(VERMIS, 0.85),
                "cerebellum_white_matter": 0.35,
                "brainstem": 0.45,
                "pons": 0.45,
            },
        ),
        "IMZ": Levels(
            grey=0.82,
            white=0.14,
            csf=0.04,
            skull=0.05,
            scalp=0.1,
            cortex=dict.fromkeys(OCCIPITAL, 1.0),
            filled={
                "cerebellum_gray_matter": 0.5,
                **dict.fromkeys(VERMIS, 0.5),
                "cerebellum_white_matter": 0.18,
                **dict.fromkeys((*STRIATUM, "pallidum"), 0.35),
                "thalamus": 0.38,
                "brainstem": 0.16,
                "pons": 0.14,
            },
        ),
    }
)
"""Healthy uptake per tracer: FDG is grey-matter metabolism; IMZ follows the central benzodiazepine
receptor, densest in occipital cortex, sparse in deep grey matter, nearly absent in white matter and pons."""


@dataclass(frozen=True)
class Head:
    """A head in standard space.

    Attributes
    ----------
    labels : (X, Y, Z) uint8 array
        Atlas index of each voxel; `OTHER_TISSUE` for brain tissue without a region, 0 elsewhere.
    uptake : mapping of str to (X, Y, Z) float32 array
        Healthy uptake per tracer, relative units, infinite resolution.
    affine : (4, 4) float64 array
        Voxel indices to RAS+ mm of the standard space.
    indices : mapping of str to dict
        Region name to its label per side (``left``, ``right``, ``n/a``).
    """

    labels: NDArray[np.uint8]
    uptake: Mapping[str, NDArray[np.float32]]
    affine: NDArray[np.float64]
    indices: Mapping[str, Mapping[str, int]]

    @property
    def cortex(self) -> tuple[str, ...]:
        """Names of all cortical regions."""
        return tuple(name for name, by_side in self.indices.items() if "left" in by_side and name not in SUBCORTICAL)

    def labels_of(self, names: Iterable[str], side: str | None = None) -> list[int]:
        """Return the labels of the named regions, of one side or of all."""
        return [
            index for name in names for of, index in self.indices[name].items() if side is None or of in (side, "n/a")
        ]


def standard_head(atlas: Atlas, *, step: int = 1) -> Head:
    """Build the head from the ICBM 2009 symmetric tissue maps (nilearn) and the atlas.

    Parameters
    ----------
    atlas : Atlas
        CerebrA on its 1 mm grid, labels below `OTHER_TISSUE`.
    step : int, default 1
        Keep every `step`-th voxel: a coarser head for quick work.

    Returns
    -------
    Head
        Mirror-symmetric as far as the maps and the atlas are.
    """
    tissue = tissue_maps(atlas)
    grey, white = tissue.grey, tissue.white
    indices: dict[str, dict[str, int]] = {}
    for region in atlas.regions:
        indices.setdefault(region.name, {})[region.side] = region.index
    labels = atlas.labels.astype(np.uint8)
    labels[(labels == 0) & (grey + white > 0.5)] = OTHER_TISSUE
    outside_mm = distance_outside(tissue.brain | (labels > 0))
    coarser = (slice(None, None, step),) * 3
    labels = np.ascontiguousarray(labels[coarser])
    grey, white, outside_mm = (np.ascontiguousarray(array[coarser]) for array in (grey, white, outside_mm))
    head = Head(labels, {}, atlas.affine @ np.diag([step, step, step, 1.0]), indices)
    uptake = {tracer: _healthy(head, levels, grey, white, outside_mm) for tracer, levels in LEVELS.items()}
    return Head(labels, uptake, head.affine, indices)


def distance_outside(brain: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance to the brain in mm on a 1 mm grid, accurate to 2 mm: it only places skull and scalp."""
    distance = 2 * np.asarray(distance_transform_edt(~brain[::2, ::2, ::2]), dtype=np.float32)
    fine = distance.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    cut: NDArray[np.float32] = fine[: brain.shape[0], : brain.shape[1], : brain.shape[2]]
    cut[brain] = 0
    return cut


def _healthy(
    head: Head,
    levels: Levels,
    grey: NDArray[np.float32],
    white: NDArray[np.float32],
    outside_mm: NDArray[np.float32],
) -> NDArray[np.float32]:
    grey_level = np.full(256, levels.grey, dtype=np.float32)
    for name, level in levels.cortex.items():
        grey_level[head.labels_of([name])] = level
    uptake = np.maximum(grey_level[head.labels] * grey + levels.white * white, levels.csf)
    filled = np.full(256, np.nan, dtype=np.float32)
    for name, level in levels.filled.items():
        filled[head.labels_of([name])] = level
    filled[head.labels_of(VENTRICLES)] = levels.csf
    outright = filled[head.labels]
    uptake = np.where(np.isnan(outright), uptake, outright)
    fill_layers(uptake, outside_mm, (levels.csf, levels.skull, levels.scalp, 0.0))
    return np.asarray(uptake, dtype=np.float32)


def fill_layers(
    values: NDArray[np.float32], outside_mm: NDArray[np.float32], levels: tuple[float, float, float, float]
) -> None:
    """Fill in what lies outside the brain: CSF, skull, scalp and the air around, in place.

    Parameters
    ----------
    values : (X, Y, Z) float32 array
    outside_mm : (X, Y, Z) float32 array
        See `distance_outside`.
    levels : four floats
    """
    inner = 0.0
    for outer, level in zip((CSF_REACHES_MM, SKULL_REACHES_MM, SCALP_REACHES_MM, np.inf), levels, strict=True):
        values[(outside_mm > inner) & (outside_mm <= outer)] = level
        inner = outer
