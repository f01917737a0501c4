"""Geometry of voxels: DICOM positions (LPS+) to a voxel-to-RAS+ affine. Arrays and numbers only.

Arrays are indexed (column, row, slice). DICOM PS3.3 C.7.6.2.1.1 gives the place
of a pixel within a slice; PS3.3 C.8.4.15 the stacking of NM frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import DicomError
from pet_spect.imaging.images import LPS_FLIP

_EDGES_MM = (0.01, 1000.0)
_FLAT = 0.1
_FARTHEST_MM = 1e5
_UNEVEN = 0.05
"""Largest departure from the median spacing that is rounding, as a fraction of it."""

_NO_STEP_MM = 0.01
"""Positions that differ by less are written twice with rounding, not two slices."""


def plane_axes(orientation: Sequence[float], name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the directions in which the column and the row index grow.

    Parameters
    ----------
    orientation : six floats
        ImageOrientationPatient, LPS+.
    name : str
        Name of the file in messages.

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


def coincident(along: NDArray[np.float64]) -> list[list[int]]:
    """Return which slices have the same position.

    Parameters
    ----------
    along : (N,) float array
        Position of each slice along the normal, mm.

    Returns
    -------
    list of list of int
        By rising position: the indices of the slices that lie there, in the order given. Two
        slices have the same position if they are less than 5 % of the usual (median) step apart.

    Examples
    --------
    >>> coincident(np.array([6.0, 3.0, 0.0, 3.0]))
    [[2], [1, 3], [0]]
    """
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order])
    positive = steps[steps > _NO_STEP_MM]
    spacing = float(np.median(positive)) if positive.size else np.inf
    breaks = np.flatnonzero(steps > _UNEVEN * spacing) + 1
    return [sorted(int(index) for index in group) for group in np.split(order, breaks)]


def check_stack(positions: NDArray[np.float64], normal: NDArray[np.float64], names: Sequence[str]) -> None:
    """Refuse slices that are not one evenly spaced stack.

    Parameters
    ----------
    positions : (N, 3) float array
        ImagePositionPatient of each slice, LPS+ mm, N at least 2, by rising position along `normal`.
    normal : (3,) float array
        Unit vector.
    names : sequence of str
        Name of each slice's file in messages.

    Raises
    ------
    DicomError
        If the spacing is uneven by more than 5 % of its median, or the slices are
        not stacked along their normal.
    """
    along = positions @ normal
    steps = np.diff(along)
    spacing = float(np.median(steps))
    for name, step in zip(names[1:], steps, strict=True):
        if abs(step - spacing) > _UNEVEN * spacing:
            raise DicomError(
                f"{name}: lies {step:.3f} mm from its neighbour, the others {spacing:.3f} mm"
                " (more than 5 % apart); a slice is missing or misplaced",
                code="slice_spacing",
            )
    lateral = positions - np.outer(along, normal)
    strayed = np.linalg.norm(lateral - lateral[0], axis=1)
    worst = int(np.argmax(strayed))
    if strayed[worst] > _UNEVEN * spacing:
        raise DicomError(
            f"{names[worst]}: lies {strayed[worst]:.3f} mm away from the line on which the slices are stacked",
            code="slice_spacing",
        )


def affine_of_stack(
    positions: NDArray[np.float64],
    orientation: Sequence[float],
    pixel_spacing: Sequence[float],
    names: Sequence[str],
    called: str,
) -> NDArray[np.float64]:
    """Return the affine from (column, row, slice) indices to RAS+ mm of an even stack of slices.

    Parameters
    ----------
    positions, names
        As for `check_stack`, which is applied.
    orientation, pixel_spacing
        As for `plane_axes` and `affine_from_planes`.
    called : str
        Name of the series in messages.

    Returns
    -------
    (4, 4) float64 array
        It runs from the first to the last slice along their normal.
    """
    along_columns, along_rows = plane_axes(orientation, called)
    normal = normal_of(along_columns, along_rows)
    check_stack(positions, normal, names)
    step = normal * float((positions[-1] - positions[0]) @ normal) / (len(positions) - 1)
    return affine_from_planes(positions[0], along_columns, along_rows, pixel_spacing, step)


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
    return np.asarray(LPS_FLIP @ lps + 0.0, dtype=np.float64)


def check_affine(affine: NDArray[np.float64], name: str) -> None:
    """Refuse an affine that no scan of a person has, or that a NIfTI header cannot hold.

    Parameters
    ----------
    affine : (4, 4) float array
        Voxel indices to mm.
    name : str
        Name of the scan in messages.

    Raises
    ------
    DicomError
        If a voxel's edge is not between 0.01 and 1000 mm, its edges lie nearly in one plane, or
        the first voxel lies more than 100 m from the origin.
    """
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    low, high = _EDGES_MM
    if not (np.all(edges >= low) and np.all(edges <= high)):
        shown = " x ".join(f"{edge:g}" for edge in edges)
        raise DicomError(f"{name}: has voxels of {shown} mm; edges of {low:g} to {high:g} are needed", code="geometry")
    if abs(np.linalg.det(affine[:3, :3] / edges)) < _FLAT:
        raise DicomError(f"{name}: has voxels whose edges lie nearly in one plane", code="geometry")
    if not np.all(np.abs(affine[:3, 3]) <= _FARTHEST_MM):
        raise DicomError(f"{name}: lies more than {_FARTHEST_MM / 1000:g} m from its origin", code="geometry")


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
