"""The head every participant's anatomy is made from: tissue, regions, skull and scalp in standard space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pet_spect.imaging.head_layers import CSF_REACHES_MM, SCALP_REACHES_MM, SKULL_REACHES_MM, distance_outside
from pet_spect.imaging.normal_uptake import DEEP_GREY, FILLED, PATTERNS, VERMIS, Pattern, healthy_uptake, nearest_label
from pet_spect.imaging.tissue import TissueMaps, tissue_maps
from pet_spect.model import Atlas

OTHER_TISSUE = 255
"""Label of brain tissue that belongs to no region of the atlas (mostly white matter)."""

INFRATENTORIAL = ("brainstem", "cerebellum_gray_matter", "cerebellum_white_matter", "fourth_ventricle", "pons", *VERMIS)
SUBCORTICAL = (
    *DEEP_GREY,
    "amygdala",
    "basal_forebrain",
    "cerebellum_gray_matter",
    "cerebellum_white_matter",
    "hippocampus",
    "inferior_lateral_ventricle",
    "lateral_ventricle",
    "ventral_diencephalon",
)
"""Lateral regions of CerebrA that are not cortex of the Desikan-Killiany parcellation."""

_LEAST_TISSUE = 0.05


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
    thinning : (X, Y, Z) float32 array, optional
        Share of a voxel that CSF takes per mm by which the cortex is thinned at the pial surface; of the standard head.
    scalp : (X, Y, Z) bool array, optional
        Where the scalp is; of the standard head.
    """

    labels: NDArray[np.uint8]
    uptake: Mapping[str, NDArray[np.float32]]
    affine: NDArray[np.float64]
    indices: Mapping[str, Mapping[str, int]]
    thinning: NDArray[np.float32] | None = None
    scalp: NDArray[np.bool_] | None = None

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
    indices: dict[str, dict[str, int]] = {}
    for region in atlas.regions:
        indices.setdefault(region.name, {})[region.side] = region.index
    labels = atlas.labels.astype(np.uint8)
    labels[(labels == 0) & (tissue.grey + tissue.white > 0.5)] = OTHER_TISSUE
    coarser = (slice(None, None, step),) * 3
    uptake = {
        tracer: np.ascontiguousarray(healthy_head(pattern, atlas, tissue)[coarser])
        for tracer, pattern in PATTERNS.items()
    }
    outside_mm = distance_outside(tissue.brain | (atlas.labels > 0))[coarser]
    return Head(
        np.ascontiguousarray(labels[coarser]),
        uptake,
        atlas.affine @ np.diag([step, step, step, 1.0]),
        indices,
        np.ascontiguousarray(_thinning(atlas, tissue)[coarser]),
        (outside_mm > SKULL_REACHES_MM) & (outside_mm <= SCALP_REACHES_MM),
    )


def _thinning(atlas: Atlas, tissue: TissueMaps) -> NDArray[np.float32]:
    """Return the share of each voxel of cortex that is lost per mm: the area of the pial surface by its tissue."""
    whole = np.minimum(tissue.grey + tissue.white, 1)
    surface = np.sqrt(sum(np.gradient(whole, axis=axis) ** 2 for axis in range(3)))
    filled = [region.index for region in atlas.regions if region.name in FILLED]
    cortex = ~np.isin(nearest_label(atlas.labels), [0, *filled]) & (whole > _LEAST_TISSUE)
    return np.asarray(np.where(cortex, surface / np.maximum(whole, _LEAST_TISSUE), 0), dtype=np.float32)


def healthy_head(pattern: Pattern, atlas: Atlas, tissue: TissueMaps) -> NDArray[np.float32]:
    """Return a tracer's uptake in brain, CSF, skull and scalp of the standard head, on the grid of the atlas."""
    uptake = healthy_uptake(pattern, atlas, tissue)
    outside_mm = distance_outside(tissue.brain | (atlas.labels > 0))
    fill_layers(uptake, outside_mm, (pattern.csf, pattern.skull, pattern.scalp, 0.0))
    return uptake


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
