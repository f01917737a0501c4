"""The image of a NIfTI scan: where it lies must be known for sure before a voxel of it is believed."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.archives import RATIO_FROM
from pet_spect.dicom.geometry import check_affine
from pet_spect.errors import ImageError
from pet_spect.images import volume_from_nifti
from pet_spect.model import Volume
from pet_spect.nifti import muted, open_nifti, raw_header

_SAME_MM = 0.1
_SAME_EDGE = 0.01
_SQUARE = 1e-3
"""Largest cosine between two axes that counts as a right angle: 0.2 mm over 200 mm."""


def read_image(path: Path, called: str) -> Volume:
    """Return the volume of a NIfTI file whose place in space is known for sure.

    Raises
    ------
    ImageError
        If it is damaged in whatever way, its axes or their unit are not certain, or its voxels
        are not single finite or missing real numbers.
    DicomError
        If no scan of a person has such voxels.
    """
    image = open_nifti(path, called, most_packed=RATIO_FROM)
    with muted():
        try:
            _check_space(raw_header(path), image, called)
        except (ValueError, KeyError, ArithmeticError, np.linalg.LinAlgError):
            raise ImageError(
                f"{called}: its header is damaged where it says how the image lies", code="image_affine"
            ) from None
        return volume_from_nifti(image, called)


def _check_space(raw: nib.Nifti1Header, image: nib.Nifti1Image, called: str) -> None:
    header = image.header
    qform, sform = int(raw["qform_code"]), int(raw["sform_code"])
    if not qform and not sform:
        raise ImageError(f"{called}: has neither qform nor sform, so left and right are unknown", code="image_affine")
    if header.get_xyzt_units()[0] not in ("mm", "unknown"):
        raise ImageError(f"{called}: its lengths are not in mm", code="image_affine")
    edges = np.asarray(raw["pixdim"][1:4], dtype=np.float64)
    if not (np.isfinite(edges).all() and (edges > 0).all()):
        raise ImageError(
            f"{called}: pixdim says voxels of {_shown(edges)} mm; three positive edges are needed", code="geometry"
        )
    hand = float(raw["pixdim"][0])
    if qform and not sform and not (hand >= 0 or hand == -1.0):  # the reference library and nibabel differ on -3
        raise ImageError(
            f"{called}: pixdim[0] is not -1 or 1, so it is unknown whether the slices of its qform are mirrored",
            code="image_affine",
        )
    if not np.isfinite(image.affine).all():
        raise ImageError(f"{called}: its affine is not finite", code="image_affine")
    check_affine(image.affine, called)
    _check_square(image.affine, called)
    if qform and sform and not np.allclose(header.get_qform(), header.get_sform(), atol=_SAME_MM):
        raise ImageError(
            f"{called}: qform and sform place it differently; it is unknown which of them is right: write it anew with"
            " one of them",
            code="image_affine",
        )
    found = np.linalg.norm(image.affine[:3, :3], axis=0)
    if not np.allclose(found, edges, rtol=_SAME_EDGE, atol=0):
        raise ImageError(
            f"{called}: its voxels are {_shown(found)} mm by its affine and {_shown(edges)} mm by pixdim; write it anew"
            " with one of them",
            code="image_affine",
        )


def _check_square(affine: NDArray[np.float64], called: str) -> None:
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    if np.abs(axes.T @ axes - np.eye(3)).max() > _SQUARE:
        raise ImageError(
            f"{called}: its axes are not at right angles (a sheared sform); resample it onto an upright grid and give"
            " that",
            code="image_affine",
        )


def _shown(edges: NDArray[np.float64]) -> str:
    return " x ".join(f"{edge:g}" for edge in edges)
