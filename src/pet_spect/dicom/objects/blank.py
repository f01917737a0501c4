"""Blank images: without a voxel, without a difference between voxels, or without a third dimension."""

from __future__ import annotations

import numpy as np

from pet_spect.errors import ImageError
from pet_spect.model import Volume


def check_is_image(volume: Volume, called: str) -> None:
    """Refuse a volume that no scanner makes of a person.

    Parameters
    ----------
    volume : Volume
    called : str
        Its name in messages.

    Raises
    ------
    ImageError
        ``image_shape`` if it is one slice or less, ``image_blank`` if all its voxels are NaN or one value.
    """
    shape = volume.data.shape
    if min(shape) < 2:
        shown = " x ".join(map(str, shape))
        raise ImageError(f"{called}: has {shown} voxels; a volume needs at least two slices", code="image_shape")
    lowest, highest = np.fmin.reduce(volume.data, axis=None), np.fmax.reduce(volume.data, axis=None)
    if np.isnan(lowest):
        raise ImageError(f"{called}: all its voxels are missing (NaN); it holds no image", code="image_blank")
    if lowest == highest:
        raise ImageError(f"{called}: all its voxels are {lowest:g}; it holds no image", code="image_blank")


def check_uptake(volume: Volume, called: str) -> None:
    """Refuse a volume without an image, and a scan of a tracer whose sign is reversed.

    Parameters
    ----------
    volume : Volume
    called : str
        Its name in messages.

    Raises
    ------
    ImageError
        As `check_is_image`; ``image_blank``, too, if none of its voxels is above 0.
    """
    check_is_image(volume, called)
    highest = np.fmax.reduce(volume.data, axis=None)
    if highest <= 0:
        raise ImageError(
            f"{called}: no voxel is above 0 (the largest is {highest:g}). The sign of its values may be reversed;"
            " export it again",
            code="image_blank",
        )
