"""Where voxels are: from DICOM positions (LPS+) to a voxel-to-RAS+ affine. Arrays and numbers only.

Arrays are indexed (column, row, slice). DICOM PS3.3 C.7.6.2.1.1 gives the place
of a pixel within a slice; PS3.3 C.8.4.15 the stacking of NM frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import DicomError

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_UNEVEN = 0.05
"""Largest departure from the median spacing that is rounding, as a fraction of it."""


def plane_axes(orientation: Sequence[float], name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the directions in which the column and the row index grow.

    Parameters
    ----------
    orientation : six floats
        ImageOrientationPatient, LPS+.
    name : str
        How messages call the file.

    Returns
    -------
    along_columns, along_rows : (3,) float64 arrays
        Unit vectors, LPS+.

    Raises
    ------
    DicomError
        If they are not unit vectors at right angles, within 0.001.
    """
    vectors = np.asarray(orientation, dtype=np.float64).reshape(2, 3)
    if not np.allclose(vectors @ vectors.T, np.eye(2), atol=1e-3):
        raise DicomError(
            f"{name}: ImageOrientationPatient {_show(orientation)} is not two unit vectors at right angles",
            code="orientation",
        )
    along_columns, along_rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return along_columns, along_rows


def stack_order(
    positions: NDArray[np.float64],
    normal: NDArray[np.float64],
    names: Sequence[str],
) -> NDArray[np.intp]:
    """Return the order of slices along their normal, checked to be one evenly spaced stack.

    Parameters
    ----------
    positions : (N, 3) float array
        ImagePositionPatient of each slice, LPS+ mm, N at least 2.
    normal : (3,) float array
        Unit vector.
    names : sequence of str
        How messages call each slice's file.

    Returns
    -------
    (N,) int array
        Indices of the slices, by rising position along `normal`.

    Raises
    ------
    DicomError
        If two slices share a position, the spacing is uneven by more than 5 % of its
        median, or the slices are not stacked along their normal.
    """
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order])
    positive = steps[steps > 1e-3]
    spacing = float(np.median(positive)) if positive.size else 0.0
    for index, step in enumerate(steps):
        first, second = names[order[index]], names[order[index + 1]]
        if step <= _UNEVEN * spacing or spacing == 0:
            raise DicomError(
                f"{second}: lies at {along[order[index + 1]]:.3f} mm along the normal, as {_file(first)} does;"
                " one volume is needed, not several frames, gates or copies",
                code="slice_duplicate",
            )
    for index, step in enumerate(steps):
        if abs(step - spacing) > _UNEVEN * spacing:
            raise DicomError(
                f"{names[order[index + 1]]}: lies {step:.3f} mm from its neighbour, the others {spacing:.3f} mm"
                " (more than 5 % apart); a slice is missing or misplaced",
                code="slice_spacing",
            )
    lateral = positions - np.outer(along, normal)
    strayed = np.linalg.norm(lateral - lateral[order[0]], axis=1)
    worst = int(np.argmax(strayed))
    if strayed[worst] > _UNEVEN * spacing:
        raise DicomError(
            f"{names[worst]}: lies {strayed[worst]:.3f} mm beside the line on which the slices are stacked",
            code="slice_spacing",
        )
    return order


def _file(name: str) -> str:
    return name.rsplit(": ", 1)[-1]


def affine_from_planes(
    first: Sequence[float] | NDArray[np.float64],
    along_columns: NDArray[np.float64],
    along_rows: NDArray[np.float64],
    pixel_spacing: Sequence[float],
    slice_step: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the affine from (column, row, slice) indices to RAS+ mm.

    Parameters
    ----------
    first : (3,) floats
        Centre of the first voxel of the first slice, LPS+ mm.
    along_columns, along_rows : (3,) float arrays
        See `plane_axes`.
    pixel_spacing : two floats
        PixelSpacing: between rows, then between columns, mm.
    slice_step : (3,) float array
        From one slice to the next, LPS+ mm.

    Returns
    -------
    (4, 4) float64 array

    Examples
    --------
    >>> x, y, z = np.eye(3)
    >>> affine_from_planes((10, 20, 30), x, y, (2.0, 1.0), 3 * z)
    array([[ -1.,   0.,   0., -10.],
           [  0.,  -2.,   0., -20.],
           [  0.,   0.,   3.,  30.],
           [  0.,   0.,   0.,   1.]])
    """
    lps = np.eye(4)
    lps[:3, 0] = along_columns * pixel_spacing[1]
    lps[:3, 1] = along_rows * pixel_spacing[0]
    lps[:3, 2] = slice_step
    lps[:3, 3] = first
    return np.asarray(_LPS_TO_RAS @ lps + 0.0, dtype=np.float64)


def declared_affine(
    letters: str,
    voxel_size: Sequence[float],
    shape: Sequence[int],
) -> NDArray[np.float64]:
    """Return the affine of a volume whose directions a person declared; its centre is the origin.

    Parameters
    ----------
    letters : str
        Where column, row and slice index grow towards, of L/R, A/P, S/I: ``LPS`` for
        the usual axial slices from the feet up.
    voxel_size : three floats
        mm along column index, row index and slices.
    shape : three ints
        Columns, rows, slices.
    """
    axes = nib.orientations.axcodes2ornt(tuple(letters))
    affine = np.eye(4)
    affine[:3, :3] = 0
    for index, (axis, sign) in enumerate(axes):
        affine[int(axis), index] = sign * voxel_size[index]
    affine[:3, 3] = -affine[:3, :3] @ ((np.asarray(shape, dtype=np.float64) - 1) / 2)
    return affine + 0.0


def parse_orientation(text: str) -> str:
    """Return declared letters in capitals.

    Raises
    ------
    DicomError
        If they are not one each of L/R, A/P and S/I.

    Examples
    --------
    >>> parse_orientation("lps")
    'LPS'
    """
    letters = text.strip().upper()
    pairs = ("LR", "AP", "SI")
    if len(letters) != 3 or any(sum(letter in pair for letter in letters) != 1 for pair in pairs):
        raise DicomError(
            "the declared orientation is not three letters, one each of L/R, A/P and S/I (such as LPS): where the"
            " column, the row and the slice index grow towards",
            code="orientation_declared",
        )
    return letters


def axis_letters(affine: NDArray[np.float64]) -> str:
    """Return where the three indices of an image grow towards, as letters (nibabel's axis codes)."""
    return "".join(nib.orientations.aff2axcodes(affine))


def normal_of(along_columns: NDArray[np.float64], along_rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit vector row × column of PS3.3, LPS+."""
    return np.asarray(np.cross(along_columns, along_rows), dtype=np.float64)


def _show(numbers: Sequence[float]) -> str:
    return "\\".join(f"{number:g}" for number in numbers)
