"""The reader of a drawn lesion mask."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pet_spect.errors import ImageError, without_place
from pet_spect.imaging.images import read_volume
from pet_spect.imaging.resample import apply_affine
from pet_spect.model import STANDARD_SPACE, Atlas, Volume
from pet_spect.remarks.catalogue import Code

MOST_FRACTION = 1.5
"""Above it a voxel is no fraction of the lesion; interpolation of a mask of 0 and 1 stays below."""

_CODES: Mapping[Code, Code] = {
    "image_affine": "lesion_mask_affine",
    "image_damaged": "lesion_mask_damaged",
    "image_missing": "lesion_mask_missing",
    "image_pair": "lesion_mask_pair",
    "image_shape": "lesion_mask_shape",
    "image_voxels": "lesion_mask_voxels",
}


def read_mask(path: Path, name: str) -> Volume:
    """Read a mask of a lesion or a treatment in any space; a voxel above 0.5 is inside.

    Parameters
    ----------
    path : Path
    name : str
        Its name in error messages, because a path may identify the person.

    Returns
    -------
    Volume
        1 where the mask holds a larger number.

    Raises
    ------
    ImageError
        If it cannot be read, is empty, or is a scan or a map of labels. Every code starts with ``lesion_mask_``.
    """
    try:
        mask = read_volume(path)
    except ImageError as error:
        fault = without_place(error, path)
        code = _CODES.get(error.code, "lesion_mask_unreadable")
        raise ImageError(f"{name}: {fault}", code=code) from None
    lesion = np.unique(mask.data[mask.data > 0.5])
    if lesion.size > 1 and lesion[-1] > MOST_FRACTION:
        raise ImageError(
            f"{name}: holds {lesion.size} different values up to {lesion[-1]:g}, as a scan or a map of several labels"
            " does; a mask holds 0 and one other number, or fractions from 0 to 1",
            code="lesion_mask_voxels",
        )
    if not lesion.size:
        raise ImageError(f"{name}: holds no voxel above 0.5; an empty mask is no mask", code="lesion_mask_empty")
    # between two voxels of 0 and 255 nearly everything would be above 0.5
    return Volume(np.minimum(mask.data, 1), mask.affine)


def read_lesion_mask(path: Path, atlas: Atlas, name: str | None = None) -> Volume:
    """Read a lesion mask in the standard space; a voxel above 0.5 is lesion.

    Parameters
    ----------
    path : Path
    atlas : Atlas
        Says where the brain is.
    name : str, optional
        Its name in error messages; by default the path, which may identify the person.

    Raises
    ------
    ImageError
        If its name does not say ``space-MNI152NLin2009cSym``, it cannot be read or is no mask, or most
        of it lies outside the box of the atlas's regions. Every code starts with ``lesion_mask_``.
    """
    name = str(path) if name is None else name
    if f"_space-{STANDARD_SPACE}_" not in f"_{path.name}":
        raise ImageError(
            f"{name}: its file name does not say space-{STANDARD_SPACE}; a lesion mask in that space is needed",
            code="lesion_mask_space",
        )
    mask = read_mask(path, name)
    voxels = np.argwhere(mask.data > 0.5)
    brain, points = apply_affine(atlas.affine, np.argwhere(atlas.labels > 0)), apply_affine(mask.affine, voxels)
    inside = float(((points >= brain.min(axis=0)) & (points <= brain.max(axis=0))).all(axis=1).mean())
    if inside < 0.5:
        raise ImageError(
            f"{name}: {math.floor(100 * inside)}% of the mask lies in the brain of {STANDARD_SPACE}, at least 50% is"
            " needed; it may be drawn in another space, or be inverted",
            code="lesion_mask_outside",
        )
    return mask
