"""Geometry of the slices of an NM object, by PS3.3 C.8.4.15.

The frame whose slice number is s lies at
``ImagePositionPatient + (s − 1) · SpacingBetweenSlices · (row × column)``, with
the sign of the spacing kept; position and orientation are those of the detector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.files.read import Header
from pet_spect.dicom.geometry import (
    affine_from_planes,
    axis_letters,
    check_affine,
    declared_affine,
    normal_of,
    parse_orientation,
    plane_axes,
)
from pet_spect.dicom.nm.frames import NmFrames
from pet_spect.dicom.pet.classic import needed_spacing
from pet_spect.dicom.pet.volume import check_declared
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code

_CUBIC = 0.01


def nm_affine(
    header: Header, frames: NmFrames, shape: tuple[int, int, int], declared: Declared, cautions: list[Remark]
) -> NDArray[np.float64]:
    """Return the affine from (column, row, slice number − 1) to RAS+ mm.

    Parameters
    ----------
    header : Header
    frames : NmFrames
    shape : three ints
        Columns, rows, slices.
    declared : Declared
    cautions : list of Remark
        Gets ``orientation_declared`` and ``spacing_from_thickness``.

    Raises
    ------
    DicomError
        If the header does not place the slices and no orientation is declared, or the two contradict each other.
    """
    position, orientation = detector_place(header, frames.detector or declared.detector)
    reason = (
        None
        if frames.first_slice == 1
        else f"the first stored frame is slice {frames.first_slice}, so ImagePositionPatient may be that of either end"
    )
    return stacked_affine(header, Stacking(position, orientation, None, reason), shape, declared, cautions)


@dataclass(frozen=True)
class Stacking:
    """Known positions of numbered slices.

    Attributes
    ----------
    position, orientation : floats or None
        ImagePositionPatient of slice 1, and ImageOrientationPatient.
    distance : float or None
        mm between slices if something other than SpacingBetweenSlices gives it.
    doubt : str or None
        Why the slices cannot be placed though all elements are there.
    """

    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    distance: float | None = None
    doubt: str | None = None


def stacked_affine(
    header: Header, stacking: Stacking, shape: tuple[int, int, int], declared: Declared, cautions: list[Remark]
) -> NDArray[np.float64]:
    """Return the affine of numbered slices, by the standard or as declared; see `nm_affine`."""
    pixel_spacing = needed_spacing(header)
    position, orientation = stacking.position, stacking.orientation
    spacing = header.number("SpacingBetweenSlices") or None
    check_root(header, orientation, None if stacking.doubt else spacing, declared)
    if position is not None and orientation is not None and spacing is not None and stacking.doubt is None:
        along_columns, along_rows = plane_axes(orientation, header.name)
        step = spacing * normal_of(along_columns, along_rows)
        affine = affine_from_planes(position, along_columns, along_rows, pixel_spacing, step)
        check_declared(affine, declared, header.name)
        return affine
    if declared.orientation is None:
        code: Code = "orientation_unknown"
        if spacing is None and stacking.distance is None:
            problem, code = "SpacingBetweenSlices is missing or 0", "geometry_missing"
        elif position is None or orientation is None:
            problem = "DetectorInformationSequence holds no ImagePositionPatient and ImageOrientationPatient"
        else:
            problem = stacking.doubt or "SpacingBetweenSlices is missing or 0"
        raise header.error(f"{problem}; declare the orientation of the scan to convert it", code)
    letters = parse_orientation(declared.orientation)
    distance = stacking.distance or (_thickness(header, pixel_spacing, cautions) if spacing is None else abs(spacing))
    if orientation is not None:
        _check_in_plane(header, orientation, letters)
    case = "none" if orientation is None else "in_plane"
    cautions.append(Remark.of("orientation_declared", case=case, letters=letters))
    affine = declared_affine(letters, (pixel_spacing[1], pixel_spacing[0], distance), shape)
    check_affine(affine, header.name)
    return affine


def detector_place(header: Header, number: int | None) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Return ImagePositionPatient and ImageOrientationPatient, which all detectors must share unless one is chosen.

    Parameters
    ----------
    header : Header
    number : int or None
        The detector that is chosen, from 1.

    Raises
    ------
    DicomError
        If detectors differ and none is chosen, or one that is not there.
    """
    detectors = header.items("DetectorInformationSequence")
    if number is not None and len(detectors) > 1:
        if number > len(detectors):
            raise header.error(f"lists {len(detectors)} detectors and {number} is chosen", "detector")
        detectors = (detectors[number - 1],)
    all_planes = [
        (item.vector("ImagePositionPatient", 3), item.vector("ImageOrientationPatient", 6)) for item in detectors
    ]
    planes = [plane for plane in all_planes if plane != (None, None)]
    for position, orientation in planes[1:]:
        for vector, first in ((position, planes[0][0]), (orientation, planes[0][1])):
            if (vector is None) != (first is None) or (
                vector and not np.allclose(vector, first or (), rtol=0, atol=1e-3)
            ):
                raise header.error(
                    f"lists {len(detectors)} detectors with positions of their own; choose one (detector)", "detector"
                )
    return planes[0] if planes else (None, None)


def check_root(
    header: Header, orientation: tuple[float, ...] | None, spacing: float | None, declared: Declared
) -> None:
    """Refuse a detector's orientation, or a declared one, that contradicts one outside the detector's item.

    DICOM gives such an element no meaning in an NM object; that it says otherwise is reason enough to ask.
    """
    root = header.vector("ImageOrientationPatient", 6)
    if root is None:
        return
    if orientation is not None and not np.allclose(root, orientation, rtol=0, atol=1e-3):
        raise header.error(
            "ImageOrientationPatient of the detector and that of the object contradict each other",
            "orientation_conflict",
        )
    if declared.orientation is not None:
        letters = parse_orientation(declared.orientation)
        _check_in_plane(header, root, letters)
        if spacing is not None:
            along_columns, along_rows = plane_axes(root, header.name)
            step = spacing * normal_of(along_columns, along_rows)
            check_declared(
                affine_from_planes((0, 0, 0), along_columns, along_rows, (1, 1), step), declared, header.name
            )


def _thickness(header: Header, pixel_spacing: Sequence[float], cautions: list[Remark]) -> float:
    """Return SliceThickness as the distance of slices, which it is where voxels are cubes."""
    thickness = header.number("SliceThickness")
    if thickness is None or any(abs(thickness / edge - 1) > _CUBIC for edge in pixel_spacing):
        shown = "missing" if thickness is None else f"{thickness:g} mm"
        raise header.error(
            f"SpacingBetweenSlices is missing or 0, and SliceThickness is {shown}; it can replace the spacing only if"
            f" voxels are cubes (PixelSpacing is {pixel_spacing[0]:g} x {pixel_spacing[1]:g} mm)",
            "geometry_missing",
        )
    cautions.append(Remark.of("spacing_from_thickness", thickness=thickness))
    return thickness


def _check_in_plane(header: Header, orientation: Sequence[float], letters: str) -> None:
    """Refuse letters that contradict ImageOrientationPatient; it leaves open only the sign of the third."""
    along_columns, along_rows = plane_axes(orientation, header.name)
    upward = affine_from_planes((0, 0, 0), along_columns, along_rows, (1, 1), normal_of(along_columns, along_rows))
    header_letters = axis_letters(upward)
    if letters[:2] != header_letters[:2]:
        raise header.error(
            f"ImageOrientationPatient says that column and row grow towards {header_letters[:2]}, the tables say"
            f" {letters[:2]}; one of them is wrong",
            "orientation_conflict",
        )
