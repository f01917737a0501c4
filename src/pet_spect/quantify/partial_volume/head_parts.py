"""The parts a head is made of, in the standard space: regions, other brain tissue, what lies around it, the infarct."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, maximum_filter, minimum_filter

from pet_spect.imaging.head_layers import CSF_REACHES_MM, SCALP_REACHES_MM, SKULL_REACHES_MM, distance_outside
from pet_spect.imaging.resample import apply_affine
from pet_spect.model import Atlas, RegionSide, Volume
from pet_spect.quantify.membership import between_voxels

BESIDE_REGIONS: tuple[tuple[str, RegionSide], ...] = (
    ("grey", "left"),
    ("grey", "right"),
    ("white", "left"),
    ("white", "right"),
    ("csf", "n/a"),
    ("skull", "n/a"),
    ("scalp", "n/a"),
    ("infarct", "left"),
    ("infarct", "right"),
)
"""The parts that follow the regions of the atlas. Grey and white matter are those that no region holds."""

EVEN_REACH = 3
"""Half the diagonal of a voxel of 3.5 mm, in voxels of 1 mm."""

_TISSUE = 0.5
_LESION = 0.5


@dataclass(frozen=True)
class HeadParts:
    """Which part of a head each voxel of the standard space belongs to.

    Attributes
    ----------
    part : (X, Y, Z) int16 array
        From 1 in the order of the atlas table, then those of `BESIDE_REGIONS`; 0 is air. A voxel of the infarct has
        the part that it was before.
    infarct : (X, Y, Z) bool array
    even : (X, Y, Z) bool array
        Whether all voxels up to `EVEN_REACH` away along the axes are of one part, infarct or not.
    certainty : (X, Y, Z) float32 array
        What each voxel weighs in the mean of its part; 1 unless it belongs to a target.
    affine : (4, 4) float64 array
        Voxel indices to RAS+ mm of the standard space.
    n_regions : int
        Of the atlas.
    """

    part: NDArray[np.int16]
    infarct: NDArray[np.bool_]
    even: NDArray[np.bool_]
    certainty: NDArray[np.float32]
    affine: NDArray[np.float64]
    n_regions: int

    @property
    def count(self) -> int:
        """Number of parts, air aside."""
        return self.n_regions + len(BESIDE_REGIONS)


def head_parts(
    atlas: Atlas,
    grey: NDArray[np.float32],
    white: NDArray[np.float32],
    brain: NDArray[np.bool_],
    affine: NDArray[np.float64],
    *,
    lesion: Volume | None = None,
    certainty: NDArray[np.float32] | None = None,
) -> HeadParts:
    """Divide the standard head into parts of one uptake each.

    Parameters
    ----------
    atlas : Atlas
        On any grid of the standard space; the nearest label counts.
    grey, white : (X, Y, Z) float32 array
        Fraction of grey and white matter, which tell what brain that no region holds is.
    brain : (X, Y, Z) bool array
        What of it is neither is CSF, which goes on 3 mm beyond it; skull and scalp follow. What lies further away than
        13 mm is taken as empty.
    affine : (4, 4) float64 array
        Of their grid, 1 mm.
    lesion : Volume, optional
        In the standard space; a voxel of the brain above 0.5 is infarct.
    certainty : float32 array, optional
        On the atlas's grid, see `membership.membership_certainty`.
    """
    shape = brain.shape
    row_of_label = np.zeros(int(atlas.labels.max()) + 1, dtype=np.int16)
    for number, region in enumerate(atlas.regions, start=1):
        row_of_label[region.index] = number
    part = _nearest(row_of_label[atlas.labels], atlas.affine, shape, affine)
    brain = brain | (part > 0)
    right = (affine[0, 3] + affine[0, 0] * np.arange(shape[0]) >= 0)[:, np.newaxis, np.newaxis]
    outside_mm = distance_outside(brain)
    number_of = {named: len(atlas.regions) + place for place, named in enumerate(BESIDE_REGIONS, start=1)}
    free = part == 0
    matter = free & brain & (grey + white > _TISSUE)
    for name, where in (("grey", grey > white), ("white", grey <= white)):
        part[matter & where & ~right] = number_of[name, "left"]
        part[matter & where & right] = number_of[name, "right"]
    part[free & ~matter & (outside_mm <= CSF_REACHES_MM)] = number_of["csf", "n/a"]
    part[(outside_mm > CSF_REACHES_MM) & (outside_mm <= SKULL_REACHES_MM)] = number_of["skull", "n/a"]
    part[(outside_mm > SKULL_REACHES_MM) & (outside_mm <= SCALP_REACHES_MM)] = number_of["scalp", "n/a"]
    infarct = np.zeros(shape, dtype=bool)
    if lesion is not None:
        # only where the mask may reach: to look at every voxel of the brain takes seconds
        near = brain & _in_box(lesion, shape, affine)
        infarct[near] = between_voxels(lesion, apply_affine(affine, np.argwhere(near))) > _LESION
    weight = np.ones(shape, dtype=np.float32)
    if certainty is not None:
        weight = np.where(part <= len(atlas.regions), _nearest(certainty, atlas.affine, shape, affine), weight)
    return HeadParts(part, infarct, _even(part, infarct), weight.astype(np.float32), affine, len(atlas.regions))


def _even(part: NDArray[np.int16], infarct: NDArray[np.bool_]) -> NDArray[np.bool_]:
    key = np.where(infarct, -part, part)
    size = 2 * EVEN_REACH + 1
    return np.asarray(minimum_filter(key, size, mode="nearest") == maximum_filter(key, size, mode="nearest"))


def _nearest(
    values: NDArray[Any], own: NDArray[np.float64], shape: tuple[int, ...], affine: NDArray[np.float64]
) -> NDArray[Any]:
    """Return the values of the nearest voxels on another grid; 0 outside."""
    if values.shape == shape and np.array_equal(own, affine):
        return values.copy()
    to_own = np.linalg.inv(own) @ affine
    return np.asarray(affine_transform(values, to_own[:3, :3], to_own[:3, 3], output_shape=shape, order=0))


def _in_box(lesion: Volume, shape: tuple[int, ...], affine: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which voxels of a grid lie in the box around a lesion."""
    box = np.zeros(shape, dtype=bool)
    voxels = np.argwhere(np.nan_to_num(lesion.data) > 0)
    if voxels.size:
        corners = np.array([voxels.min(axis=0) - 1, voxels.max(axis=0) + 1])
        corners = np.stack(np.meshgrid(*corners.T, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float64)
        indices = apply_affine(np.linalg.inv(affine) @ lesion.affine, corners)
        low = np.maximum(np.floor(indices.min(axis=0)), 0).astype(int)
        high = np.ceil(indices.max(axis=0)).astype(int) + 1
        box[tuple(slice(a, max(a, b)) for a, b in zip(low, high, strict=True))] = True
    return box
