"""The space of a NIfTI image: whether its header says for sure where its voxels lie."""

from __future__ import annotations

from itertools import product

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import ImageError

_SAME_MM = 0.1
"""How far the steps and the first voxel of qform and sform may differ."""

_SAME_CORNER_MM = 1.0
"""How far the corners may: near half a turn, the 32-bit quaternion of a sound qform alone moves one by 0.3 mm."""

_SAME_CORNER = 1e-3
"""The same as a fraction of the diagonal, if that is more: a qform has no room for axes 0.06° off a right angle."""

_SAME_EDGE = 0.01


def check_space(image: nib.spatialimages.SpatialImage, label: str, raw: nib.Nifti1Header | None = None) -> None:
    """Refuse an image of which left and right, its place or its size are a guess.

    nibabel gives an image without orientation an affine all the same, with left and right exchanged.

    Parameters
    ----------
    image : nibabel image
        In a form that is neither NIfTI nor Analyze its affine is taken as it is.
    label : str
        How messages call it.
    raw : nibabel header, optional
        The header as it stands in the file; opening an image puts some of its mistakes right.

    Raises
    ------
    ImageError
        ``image_affine``: neither qform nor sform, lengths that are not in mm, qform, sform or pixdim that are
        damaged or contradict each other. ``image_pair``: an Analyze image, which never says left and right.
    """
    header = image.header
    if not isinstance(header, nib.Nifti1Header):
        if isinstance(header, nib.analyze.AnalyzeHeader) and np.allclose(image.affine, header.get_best_affine()):
            raise ImageError(
                f"{label}: is in Analyze form, in which left and right are unknown; give it as NIfTI with an"
                " orientation",
                code="image_pair",
            )
        return
    try:
        _check_codes(header, header if raw is None else raw, label)
        _check_agreement(image, header, header if raw is None else raw, label)
    except (ValueError, KeyError, ArithmeticError, np.linalg.LinAlgError, nib.spatialimages.HeaderDataError):
        raise ImageError(
            f"{label}: its header is damaged where it says how the image lies", code="image_affine"
        ) from None


def _check_codes(header: nib.Nifti1Header, raw: nib.Nifti1Header, label: str) -> None:
    qform, sform = int(raw["qform_code"]), int(raw["sform_code"])
    if not qform and not sform:
        raise ImageError(
            f"{label}: has neither qform nor sform (both codes are 0), so left and right are unknown; write it anew"
            " from where it came from, with its orientation",
            code="image_affine",
        )
    if header.get_xyzt_units()[0] not in ("mm", "unknown"):
        raise ImageError(f"{label}: its lengths are not in mm; write it anew in mm", code="image_affine")
    edges = _edges(raw)
    if not (np.isfinite(edges).all() and (edges > 0).all()):
        raise ImageError(
            f"{label}: pixdim says voxels of {_shown(edges)} mm; three positive edges are needed", code="image_affine"
        )
    hand = float(raw["pixdim"][0])
    if qform and not sform and not (hand >= 0 or hand == -1.0):  # the reference library and nibabel differ on -3
        raise ImageError(
            f"{label}: pixdim[0] is not -1 or 1, so it is unknown whether the slices of its qform are mirrored",
            code="image_affine",
        )


def _check_agreement(
    image: nib.spatialimages.SpatialImage, header: nib.Nifti1Header, raw: nib.Nifti1Header, label: str
) -> None:
    affine = image.affine
    if affine is None or not np.isfinite(affine).all():
        raise ImageError(f"{label}: its affine is not finite", code="image_affine")
    if int(raw["qform_code"]) and int(raw["sform_code"]):
        qform, sform = header.get_qform(), header.get_sform()
        if not (np.allclose(qform, sform, atol=_SAME_MM) and _corners_agree(qform, sform, image.shape)):
            raise ImageError(
                f"{label}: qform and sform place it differently; it is unknown which of them is right: write it anew"
                " with one of them",
                code="image_affine",
            )
    edges, affine_edges = _edges(raw), np.linalg.norm(affine[:3, :3], axis=0)
    if not np.allclose(affine_edges, edges, rtol=_SAME_EDGE, atol=0):
        raise ImageError(
            f"{label}: its voxels are {_shown(affine_edges)} mm by its affine and {_shown(edges)} mm by pixdim;"
            " write it anew with one of them",
            code="image_affine",
        )


def _edges(raw: nib.Nifti1Header) -> NDArray[np.float64]:
    return np.asarray(raw["pixdim"][1:4], dtype=np.float64)


def _corners_agree(one: NDArray[np.float64], other: NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    extents = [max(extent - 1, 0) for extent in (*shape, 1, 1, 1)[:3]]
    corners = np.array([[*corner, 1] for corner in product(*((0, extent) for extent in extents))], dtype=np.float64)
    apart = float(np.linalg.norm((corners @ (one - other).T)[:, :3], axis=1).max())
    diagonal = float(np.linalg.norm((corners[-1] - corners[0]) @ other.T))
    return apart <= max(_SAME_CORNER_MM, _SAME_CORNER * diagonal)


def _shown(edges: NDArray[np.float64]) -> str:
    return " x ".join(f"{edge:g}" for edge in edges)
