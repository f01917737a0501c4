"""The image of a NIfTI scan. Its position must be certain before any voxel is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.files.archives import RATIO_FROM
from pet_spect.dicom.geometry import check_affine
from pet_spect.errors import ImageError
from pet_spect.imaging.images import volume_from_nifti
from pet_spect.imaging.nifti import muted, open_nifti
from pet_spect.model import Volume

_SQUARE = 1e-3
"""Largest cosine between two axes that counts as a right angle: 0.2 mm over 200 mm."""


def read_image(path: Path, called: str) -> Volume:
    """Return the volume of a NIfTI file whose place in space is known for sure.

    Raises
    ------
    ImageError
        If it is damaged, its axes or their unit are not certain, its slope is negative,
        or its voxels are not single finite or missing real numbers.
    DicomError
        If no scan of a person has such voxels.
    """
    image = open_nifti(path, called, most_packed=RATIO_FROM)
    slope = float(getattr(image.dataobj, "slope", 1.0))
    if slope < 0:
        raise ImageError(f"{called}: its scl_slope is {slope:g}; a positive one is needed", code="rescale_slope")
    with muted():
        check_affine(image.affine, called)
        _check_square(image.affine, called)
        return volume_from_nifti(image, called)


def _check_square(affine: NDArray[np.float64], called: str) -> None:
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    if np.abs(axes.T @ axes - np.eye(3)).max() > _SQUARE:
        raise ImageError(
            f"{called}: its axes are not at right angles (a sheared sform); resample it onto an upright grid and give"
            " that",
            code="image_affine",
        )
