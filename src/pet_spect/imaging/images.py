"""NIfTI images, their sidecars and transforms: the only module that knows their file formats.

Everything handed out is RAS+ millimetres. Transform files are ITK's, hence LPS+ on disk.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import ImageError, OvertakenError, RefusedError
from pet_spect.files import read_json, sidecar, whole_file, write_json
from pet_spect.imaging.nifti import muted, open_nifti, write_nifti
from pet_spect.imaging.rounding import WARP_STEP_MM, rounded
from pet_spect.model import Refusal, Volume, Warp
from pet_spect.remarks import known_code

LPS_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
"""(4, 4) RAS+ to LPS+, and back: DICOM and ITK count millimetres to the left and to the back."""

_LPS_VECTOR = np.diag(LPS_FLIP)[:3].astype(np.float32)
_CANONICAL = np.array([[0, 1], [1, 1], [2, 1]])
"""What `nibabel.io_orientation` says of voxel axes nearest to right, anterior, superior."""

_FLAT = 1e-9
_RIGID = 1e-4
"""How far a matrix of 32-bit numbers and many products may be from a turn: 0.01 mm at 100 mm."""

_FARTHEST_MM = 1e5
"""As far from its origin a scan may lie, see `pet_spect.dicom.geometry.check_affine`."""
_NIFTI_VECTOR_INTENT = 1007
_UNREADABLE = (OSError, EOFError, ValueError, MemoryError, zlib.error)


def volume_from_nifti(image: nib.spatialimages.SpatialImage, name: str) -> Volume:
    """Return the volume a nibabel image holds.

    Parameters
    ----------
    image : nibabel spatial image
        Three-dimensional, or four-dimensional with one frame.
    name : str
        How messages call it.

    Raises
    ------
    ImageError
        If it is not three-dimensional, its affine is not finite and invertible, or its voxels are not
        single real numbers, finite or NaN, that 32-bit floats can hold.
    """
    shape = image.shape
    if len(shape) < 3 or any(extent != 1 for extent in shape[3:]):
        raise ImageError(f"{name}: has shape {shape}, one three-dimensional volume is needed", code="image_shape")
    affine = image.affine
    if affine is None or not _is_invertible(affine):
        raise ImageError(f"{name}: its affine is not invertible", code="image_affine")
    if image.get_data_dtype().kind not in "iuf":
        raise ImageError(f"{name}: its voxels are not single real numbers", code="image_voxels")
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            data = np.asarray(image.dataobj, dtype=np.float32).reshape(shape[:3])
    except _UNREADABLE as error:
        raise ImageError(f"{name}: voxels cannot be read ({type(error).__name__})", code="image_unreadable") from None
    if np.isinf(data).any():
        raise ImageError(f"{name}: has voxels that are infinite or beyond 32-bit floats", code="image_voxels")
    return Volume(data, np.asarray(affine, dtype=np.float64))


def _is_invertible(affine: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(affine).all() and abs(np.linalg.det(affine[:3, :3])) >= _FLAT)


def read_volume(path: Path) -> Volume:
    """Read a NIfTI image with its voxel axes nearest to right, anterior, superior, as `write_volume` writes them.

    Reordered and flipped, never resampled, so that a file in another order gives the same array and affine.

    Raises
    ------
    ImageError
        If it cannot be read, is not three-dimensional or has no usable affine.
        See `pet_spect.imaging.nifti.open_nifti`.
    """
    return canonical(volume_from_nifti(open_nifti(path, str(path)), str(path)))


def canonical(volume: Volume) -> Volume:
    """Return a volume with its voxel axes nearest to right, anterior, superior: reordered and flipped."""
    axes = nib.io_orientation(volume.affine)
    if np.array_equal(axes, _CANONICAL):
        return volume
    # in the memory order of a file, so that sums keep their bits
    data = np.asfortranarray(nib.apply_orientation(volume.data, axes))
    return Volume(data, volume.affine @ nib.orientations.inv_ornt_aff(axes, volume.data.shape))


def write_volume(path: Path, volume: Volume, *, description: str = "") -> None:
    """Write a volume as NIfTI with its voxel axes nearest to right, anterior, superior.

    Parameters
    ----------
    path : Path
    volume : Volume
        Reordered and flipped, never resampled; integer labels keep their type.
    description : str
        At most 79 characters for the header.
    """
    image = nib.as_closest_canonical(nib.Nifti1Image(volume.data, volume.affine))
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = description.encode()
    image.set_qform(image.affine, code=1)
    image.set_sform(image.affine, code=1)
    with whole_file(path) as partial:
        write_nifti(image, partial)


def write_scan(path: Path, volume: Volume, facts: Mapping[str, Any]) -> None:
    """Write a scan and its JSON sidecar (the sidecar last, so its presence means both are whole).

    Where the sidecar cannot be written the image is removed: without its unit it must not be used.
    """
    write_volume(path, volume)
    try:
        write_json(Path(sidecar(str(path))), facts)
    except OvertakenError:  # by now the image may be the other one's
        raise
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def write_refusal(path: Path, refusal: Refusal, facts: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Write a placeholder for a scan that was refused.

    The image is one voxel of NaN, from which no number can be made; the
    sidecar carries the refusal, and `read_scan` raises it.

    Parameters
    ----------
    path : Path
    refusal : Refusal
    facts : mapping
        What else the sidecar says.
    """
    volume = Volume(np.full((1, 1, 1), np.nan, dtype=np.float32), np.eye(4))
    write_volume(path, volume, description=f"refused: {refusal.code}"[:79])
    entry = {"Stage": refusal.stage, "Code": refusal.code, "Reason": refusal.reason}
    write_json(Path(sidecar(str(path))), {"Refusal": entry, "SkullStripped": False, **facts})


def read_sidecar(image: Path, label: str | None = None, once: Collection[str] = ()) -> dict[str, Any]:
    """Return the JSON beside an image.

    Parameters
    ----------
    image : Path
    label : str, optional
        How messages call the image, instead of the path of the JSON.
    once : collection of str
        Keys that must not be repeated with different values.

    Raises
    ------
    ImageError
        If there is none or it is not a JSON object.
    """
    named = None if label is None else f"{label}: its JSON"
    return read_json(Path(sidecar(str(image))), ImageError, "sidecar", label=named, once=once)


def read_refusal(image: Path) -> Refusal | None:
    """Return why the scan at `image` was refused, or None if it was not.

    Raises
    ------
    ImageError
        If its sidecar cannot be read.
    """
    entry = read_sidecar(image).get("Refusal")
    if entry is None:
        return None
    fields = entry if isinstance(entry, dict) else {}
    stage, code, reason = (fields.get(name) for name in ("Stage", "Code", "Reason"))
    if not (isinstance(stage, str) and isinstance(code, str) and isinstance(reason, str)):
        raise ImageError(
            f"{sidecar(str(image))}: Refusal holds no Stage, Code and Reason; run convert again",
            code="sidecar_unreadable",
        )
    return Refusal(stage, known_code(code), reason)


def read_scan(path: Path) -> Volume:
    """Read a scan that was not refused; see `read_volume`.

    Raises
    ------
    RefusedError
        If an earlier step refused the scan.
    ImageError
        If either file cannot be used.
    """
    refusal = read_refusal(path)
    if refusal is not None:
        raise RefusedError(refusal.reason, code=refusal.code)
    return read_volume(path)


def write_warp(path: Path, warp: Warp) -> None:
    """Write a displacement field as ITK and ANTs read it (NIfTI vector intent, LPS+ mm), rounded to `WARP_STEP_MM`."""
    vectors = rounded(warp.displacement * _LPS_VECTOR, WARP_STEP_MM)
    image = nib.Nifti1Image(vectors[:, :, :, np.newaxis, :], warp.affine)
    image.header.set_intent(_NIFTI_VECTOR_INTENT)
    image.header.set_xyzt_units("mm")
    image.set_qform(warp.affine, code=1)
    image.set_sform(warp.affine, code=1)
    with whole_file(path) as partial:
        write_nifti(image, partial)


def read_warp(path: Path) -> Warp:
    """Read a displacement field written by ITK, ANTs or `write_warp`.

    Raises
    ------
    ImageError
        If the file is not such a field, or is damaged.
    """
    image = open_nifti(path, str(path))
    if len(image.shape) != 5 or image.shape[3:] != (1, 3):
        raise ImageError(f"{path}: has shape {image.shape}, a displacement field (X, Y, Z, 1, 3) is needed")
    vectors, affine = np.asarray(image.dataobj, dtype=np.float32)[:, :, :, 0, :], image.affine
    if not (np.isfinite(vectors).all() and _is_invertible(affine)):
        raise ImageError(f"{path}: holds displacements or an affine that are not finite; run normalise again")
    return Warp(vectors * _LPS_VECTOR, np.asarray(affine, dtype=np.float64))


def write_affine(path: Path, matrix: NDArray[np.float64]) -> None:
    """Write a point transform (4, 4), RAS+ mm, as an ITK ``.mat`` (LPS+)."""
    from scipy.io import savemat

    lps = LPS_FLIP @ matrix @ LPS_FLIP
    parameters = np.concatenate([lps[:3, :3].ravel(), lps[:3, 3]])[:, np.newaxis]
    with whole_file(path) as partial:
        savemat(partial, {"AffineTransform_double_3_3": parameters, "fixed": np.zeros((3, 1))}, format="4")


def read_affine(path: Path) -> NDArray[np.float64]:
    """Read an ITK ``.mat`` of any kind; return the point transform (4, 4), RAS+ mm.

    The format has no checksum: what lay on disk between two steps is for `read_rigid`.

    Raises
    ------
    ImageError
        If the file is not such a transform, or one that cannot be undone.
    """
    from scipy.io import loadmat

    try:
        with muted():
            content: Mapping[str, Any] = loadmat(path)
            (name,) = (key for key in content if key.startswith(("AffineTransform", "MatrixOffsetTransformBase")))
            parameters, centre = (np.asarray(content[key], dtype=np.float64).ravel() for key in (name, "fixed"))
            lps = np.eye(4)
            if (parameters.size, centre.size) != (12, 3):
                raise ValueError("not 12 parameters and a centre")
            lps[:3, :3] = parameters[:9].reshape(3, 3)
            lps[:3, 3] = parameters[9:] + centre - lps[:3, :3] @ centre
            if not _is_invertible(lps):
                raise ValueError("not invertible")
    except Exception as error:  # scipy's reader fails on a damaged file in ways of all kinds
        if not path.exists():
            raise ImageError(f"{path}: does not exist") from None
        raise ImageError(f"{path}: is not an ITK affine transform ({type(error).__name__})") from None
    return np.asarray(LPS_FLIP @ lps @ LPS_FLIP, dtype=np.float64)


def read_rigid(path: Path) -> NDArray[np.float64]:
    """Read an ITK ``.mat`` that turns and shifts only, such as scan to participant; see `read_affine`.

    Raises
    ------
    ImageError
        If the file is not such a transform; see also `check_rigid`.
    """
    matrix = read_affine(path)
    check_rigid(matrix, str(path))
    return matrix


def check_rigid(matrix: NDArray[np.float64], label: str) -> None:
    """Refuse a point transform that does more than turn and shift a head: a single wrong bit may mirror it.

    Parameters
    ----------
    matrix : (4, 4) float array
        mm to mm.
    label : str
        How messages call it.

    Raises
    ------
    ImageError
        ``transform_implausible``: it mirrors, its columns are not unit vectors at right angles within 0.0001, its last
        row is not 0 0 0 1, or it shifts by more than 100 m.
    """
    with np.errstate(all="ignore"):
        fault = _fault_of_rigid(matrix)
    if fault:
        raise ImageError(
            f"{label}: {fault}; a rigid transform is needed: run normalise again",
            code="transform_implausible",
        )


def _fault_of_rigid(matrix: NDArray[np.float64]) -> str | None:
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or (matrix[3] != (0, 0, 0, 1)).any():
        return "is not a transform of 4 x 4 finite numbers with 0 0 0 1 below"
    turn = matrix[:3, :3]
    if not np.abs(turn.T @ turn - np.eye(3)).max() <= _RIGID:
        return "scales or shears the head"
    if not np.linalg.det(turn) > 0:
        return "mirrors the head"
    if not np.abs(matrix[:3, 3]).max() <= _FARTHEST_MM:
        return f"shifts the head by more than {_FARTHEST_MM / 1000:g} m"
    return None
