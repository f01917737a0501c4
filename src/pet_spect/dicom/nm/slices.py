"""Reconstructed SPECT with one NM object per slice, as some workstations write it, to a volume.

The standard has no such form. It is read where it can mean one thing: each object
says where its slice lies, or all say where slice 1 lies and SliceVector numbers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.examined import Examined
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.geometry import affine_of_stack, coincident, normal_of, plane_axes
from pet_spect.dicom.nm.frames import NmFrames, check_kind
from pet_spect.dicom.nm.geometry import Stacking, check_root, detector_place, stacked_affine
from pet_spect.dicom.nm.volume import nm_facts, nm_scale
from pet_spect.dicom.objects.clock import clock_time
from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.real_world import check_mapped
from pet_spect.dicom.pet.classic import check_alike, check_same, needed_spacing
from pet_spect.dicom.pet.contradictions import compare_counts
from pet_spect.dicom.pet.series import mixed, scaled, stacked
from pet_spect.dicom.pet.volume import check_declared
from pet_spect.errors import DicomError
from pet_spect.model import MOST_VOXELS
from pet_spect.remarks import Remark

_SAME_TEXT = (
    *("PatientID", "FrameOfReferenceUID", "ImageType", "CorrectedImage", "PatientSex", "AcquisitionDate"),
    *("ReconstructionMethod", "ConvolutionKernel"),
)
_SAME_NUMBER = (
    *("Rows", "Columns", "PatientWeight", "PatientSize", "EnergyWindowVector"),
    *("DetectorVector", "RotationVector", "RRIntervalVector", "TimeSlotVector"),
)
_MAPPING = "RealWorldValueMappingSequence"
_UNEVEN = 0.05
_SAME_MM = 0.01
_WHOLE_RANGE = 100
"""Slices that all reach one largest value of at least so much were each scaled to it."""


@dataclass(frozen=True)
class _Slices:
    """The slices in the order of the volume, and where they lie."""

    headers: Sequence[Header]
    affine: NDArray[np.float64]


def read_nm_slices(headers: Sequence[Header], called: str, declared: Declared) -> Examined:
    """Return where the voxels of a SPECT of one object per slice are, how to read them, and the facts of its sidecar.

    Parameters
    ----------
    headers : sequence of Header
        NM objects of one frame each.
    called : str
        Name of the series in messages.
    declared : Declared

    Raises
    ------
    DicomError
        If they are not the slices of one reconstructed volume, or their places are not certain.
    """
    for header in headers:
        check_kind(header)
    first = min(headers, key=lambda header: clock_time(header, "AcquisitionDate", "AcquisitionTime") or 0.0)
    check_same(headers, called, _SAME_TEXT, _SAME_NUMBER)
    spacings = [needed_spacing(header) for header in headers]
    check_alike(headers, spacings, "PixelSpacing", 1e-3, "mixed_spacing")
    slopes = _slopes(headers, called)
    cautions: list[Remark] = []
    stack = _placed(headers, called, declared, cautions)
    shape = (first.integer("Columns") or 0, first.integer("Rows") or 0, len(stack.headers))
    if np.prod(shape, dtype=float) > MOST_VOXELS:
        raise DicomError(f"{called}: {len(headers)} slices are more than this program reads", code="pixels")
    compare_counts(len(stack.headers), first.integer("NumberOfSlices"), cautions)
    frames = NmFrames(np.zeros((1, shape[2]), dtype=np.intp), 1, None, None, None)
    return Examined(
        facts=nm_facts(first, frames, nm_scale(first)[1], declared, cautions),
        shape=shape,
        affine=stack.affine,
        voxels=lambda: _voxels(stack.headers, slopes, shape, called),
    )


def _slopes(headers: Sequence[Header], called: str) -> dict[str, float] | None:
    """Return the slope of each slice by its name, None where no slice has one."""
    scales = [nm_scale(header) for header in headers]
    has_scale = [header.number("RescaleSlope") is not None or bool(header.items(_MAPPING)) for header in headers]
    if len({units for _, units, _ in scales}) > 1 or len(set(has_scale)) > 1:
        raise mixed(called, "slices differ in the unit or the scale of their values", "2 kinds")
    return {header.name: slope for header, (slope, _, _) in zip(headers, scales, strict=True)} if has_scale[0] else None


def _placed(headers: Sequence[Header], called: str, declared: Declared, cautions: list[Remark]) -> _Slices:
    planes = [_place(header, declared) for header in headers]
    positions = [position for position, _ in planes if position is not None]
    orientations = [orientation for _, orientation in planes if orientation is not None]
    for what, vectors in (("ImagePositionPatient", positions), ("ImageOrientationPatient", orientations)):
        if 0 < len(vectors) < len(headers):
            raise DicomError(
                f"{called}: {len(vectors)} of {len(headers)} slices have {what}; all of them or none are needed",
                code="geometry_missing",
            )
    if orientations:
        check_alike(headers, orientations, "ImageOrientationPatient", 1e-4, "mixed_orientation")
    if positions and orientations and not np.allclose(positions, positions[0], rtol=0, atol=1e-3):
        return _by_position(headers, np.array(positions), orientations[0], called, declared, cautions)
    return _by_number(headers, planes[0], called, declared, cautions)


def _place(header: Header, declared: Declared) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Return position and orientation of a slice, of its detector or, where that has none, of the object itself."""
    plane = detector_place(header, declared.detector)
    if plane != (None, None):
        root = header.vector("ImagePositionPatient", 3)
        if root is not None and plane[0] is not None and not np.allclose(root, plane[0], rtol=0, atol=1e-3):
            raise header.error(
                "ImagePositionPatient of the detector and that of the object contradict each other",
                "orientation_conflict",
            )
        return plane
    return header.vector("ImagePositionPatient", 3), header.vector("ImageOrientationPatient", 6)


def _by_position(
    headers: Sequence[Header],
    positions: NDArray[np.float64],
    orientation: tuple[float, ...],
    called: str,
    declared: Declared,
    cautions: list[Remark],
) -> _Slices:
    """Return slices each of which says where it lies, by rising position along their normal."""
    normal = normal_of(*plane_axes(orientation, called))
    groups = coincident(positions @ normal)
    if len(groups) < 2:
        raise DicomError(
            f"{called}: all {len(headers)} slices lie in one plane; a volume is needed", code="slice_single"
        )
    kept = [_without_copies(headers, group) for group in groups]
    copies = len(headers) - len(kept)
    if copies:
        cautions.append(Remark.of("duplicate_slices", copies=copies))
    ordered = [headers[index] for index in kept]
    names = [header.name for header in ordered]
    affine = affine_of_stack(positions[kept], orientation, needed_spacing(ordered[0]), names, called)
    _check_spacing(headers, float(np.linalg.norm(affine[:3, 2])), called)
    if declared.orientation is None:
        _check_numbers(ordered, called)
    check_root(ordered[0], orientation, None, declared)
    check_declared(affine, declared, called)
    return _Slices(ordered, affine)


def _without_copies(headers: Sequence[Header], group: Sequence[int]) -> int:
    """Return the first slice of a place; refuse others there that are not the same to the last voxel."""
    first, *others = group
    for index in others:
        if not np.array_equal(headers[first].frames()(0), headers[index].frames()(0), equal_nan=True):
            raise headers[index].error(
                "has the position of another slice but other voxels; one volume is needed", "slice_duplicate"
            )
    return first


def _check_spacing(headers: Sequence[Header], step: float, called: str) -> None:
    """Refuse a stack whose slices do not lie as far apart as they say: every other one may be missing."""
    spacings = [abs(header.number("SpacingBetweenSlices") or step) for header in headers]
    stated = max(spacings, key=lambda spacing: abs(spacing - step))
    if abs(step - stated) > _UNEVEN * stated:
        raise DicomError(
            f"{called}: its slices lie {step:.3f} mm apart by their positions and {stated:.3f} mm by"
            " SpacingBetweenSlices; slices are missing, or one of the two is wrong",
            code="slice_spacing",
        )


def _check_numbers(ordered: Sequence[Header], called: str) -> None:
    """Refuse slice numbers that run against the positions: it is unknown which of them is right."""
    numbers, spacing = _numbers(ordered), ordered[0].number("SpacingBetweenSlices") or 0.0
    if numbers is None:
        return
    steps = np.diff(numbers) * (np.sign(spacing) or np.sign(numbers[-1] - numbers[0]))
    if not (steps > 0).all():
        raise DicomError(
            f"{called}: slice numbers and SpacingBetweenSlices put its slices in another order than"
            " ImagePositionPatient does; declare the orientation of the scan to convert it by its positions",
            code="orientation_unknown",
        )


def _numbers(headers: Sequence[Header]) -> list[float] | None:
    """Return the slice number of each slice, None if they do not distinguish the slices."""
    vectors = [header.numbers("SliceVector") for header in headers]
    numbers = [vector[0] for vector in vectors if len(vector) == 1]
    return numbers if len(set(numbers)) == len(headers) else None


def _by_number(
    headers: Sequence[Header],
    plane: tuple[tuple[float, ...] | None, tuple[float, ...] | None],
    called: str,
    declared: Declared,
    cautions: list[Remark],
) -> _Slices:
    """Return slices that do not each say where they lie, by their numbers or else by SliceLocation."""
    position, orientation = plane
    signed = {round(header.number("SpacingBetweenSlices") or 0.0, 3) for header in headers}
    if max(signed) - min(signed) > _SAME_MM:
        raise mixed(called, "slices differ in SpacingBetweenSlices", f"{len(signed)} values")
    numbers, distance, doubt = _numbers(headers), None, None
    if numbers is None:
        numbers, distance = _locations(headers, called)
        doubt = "its slices have no position except SliceLocation, which may rise towards either end"
    elif sorted(numbers) != list(range(1, len(headers) + 1)):
        raise DicomError(
            f"{called}: SliceVector is not each of 1 to {len(headers)} once; slices are missing or there are several"
            " volumes",
            code="frame_order",
        )
    ordered = [headers[index] for index in np.argsort(numbers)]
    shape = (ordered[0].integer("Columns") or 0, ordered[0].integer("Rows") or 0, len(ordered))
    stacking = Stacking(position, orientation, distance, doubt)
    return _Slices(ordered, stacked_affine(ordered[0], stacking, shape, declared, cautions))


def _locations(headers: Sequence[Header], called: str) -> tuple[list[float], float]:
    """Return SliceLocation of each slice and the distance between slices; refuse what is no even stack."""
    locations = [location for header in headers if (location := header.number("SliceLocation")) is not None]
    if len(locations) < len(headers) or len(set(locations)) < 2:
        raise DicomError(
            f"{called}: {len(headers)} slices have no order: ImagePositionPatient, SliceVector and SliceLocation are"
            " missing or do not differ; export the volume as one object",
            code="frame_order",
        )
    steps = np.diff(sorted(locations))
    distance = float(np.median(steps))
    if np.abs(steps - distance).max() > _UNEVEN * distance:
        raise DicomError(
            f"{called}: SliceLocation is uneven by more than 5 %; a slice is missing or duplicated",
            code="slice_spacing",
        )
    _check_spacing(headers, distance, called)
    return locations, distance


def _voxels(
    headers: Sequence[Header], slopes: dict[str, float] | None, shape: tuple[int, int, int], called: str
) -> NDArray[np.float32]:
    largest: list[float] = []

    def plane(index: int) -> NDArray[np.float32]:
        header = headers[index]
        stored = header.frames()(0)
        check_mapped(header, next(iter(header.items(_MAPPING)), None), stored)
        largest.append(float(np.nanmax(stored, initial=0)))
        return scaled(header, stored, 1.0 if slopes is None else slopes[header.name])

    volume = stacked(plane, shape)
    reached = [value for value in largest if value > 0]
    if slopes is None and len(reached) > 2 and reached[0] >= _WHOLE_RANGE and len(set(reached)) == 1:
        raise DicomError(
            f"{called}: all slices reach the same largest value, {reached[0]:g}, and have no RescaleSlope: each was"
            " scaled on its own, and they cannot be compared",
            code="rescale_slope",
        )
    return volume
