"""Reconstructed SPECT (NM, PS3.3 C.8.4) to a volume, with the facts for its sidecar.

The geometry is PS3.3 C.8.4.15: the frame whose slice number is s lies at
``ImagePositionPatient + (s − 1) · SpacingBetweenSlices · (row × column)``, with
the sign of the spacing kept; position and orientation are those of the detector.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.classic import clock_time, needed_spacing
from pet_spect.dicom.declared import Caution, Declared
from pet_spect.dicom.geometry import (
    affine_from_planes,
    axis_letters,
    declared_affine,
    normal_of,
    parse_orientation,
    plane_axes,
)
from pet_spect.dicom.patient import read_administration
from pet_spect.dicom.pet import check_declared
from pet_spect.dicom.read import Header
from pet_spect.dicom.series import scaled
from pet_spect.dicom.sidecar import ScanFacts
from pet_spect.dicom.vocabulary import UNLISTED, known_corrections, known_text
from pet_spect.model import Volume

_SLICE_VECTOR = 0x00540080
_OTHER_VECTORS = ("EnergyWindowVector", "DetectorVector", "RotationVector", "RRIntervalVector", "TimeSlotVector")
_KINDS = ("STATIC", "DYNAMIC", "GATED", "WHOLE BODY", "TOMO", "GATED TOMO", "RECON GATED TOMO")
_REAL_WORLD_UNITS = {"bq/ml": "Bq/mL", "kbq/ml": "kBq/mL", "{counts}": "counts", "{counts}/s": "counts/s"}


def read_nm(header: Header, declared: Declared) -> tuple[Volume, ScanFacts]:
    """Return a reconstructed SPECT as one volume and the facts of its sidecar.

    Parameters
    ----------
    header : Header
        One NM object. Its Modality may read OT.
    declared : Declared

    Returns
    -------
    volume : Volume
        Indexed (column, row, slice number − 1).
    facts : ScanFacts

    Raises
    ------
    DicomError
        If it is not one reconstructed static volume, or its frames cannot be placed
        with certainty.
    """
    _check_kind(header)
    numbers = _slice_numbers(header)
    scale, units = _scale(header)
    stored = header.pixels()
    if len(stored) != len(numbers):
        raise header.error(f"SliceVector has {len(numbers)} values for {len(stored)} frames", "frame_order")
    by_slice = scaled(header, stored[np.argsort(numbers)], scale)
    data = np.ascontiguousarray(by_slice.transpose(2, 1, 0))
    cautions: list[Caution] = []
    affine = _affine(header, numbers, data.shape, declared, cautions)
    return Volume(data, affine), _facts(header, units, declared, cautions)


def _check_kind(header: Header) -> None:
    kind = header.texts("ImageType")
    what = kind[2] if len(kind) > 2 else ""
    if what == "TOMO":
        raise header.error(
            "holds projections (TOMO), not a volume; export the reconstructed series (RECON TOMO)", "projections"
        )
    if what != "RECON TOMO":
        shown = what if what in _KINDS else "missing or unknown"
        raise header.error(f"ImageType value 3 is {shown}; RECON TOMO is needed", "not_recon_tomo")
    for tag, plural in (
        ("NumberOfDetectors", "detectors"),
        ("NumberOfEnergyWindows", "energy windows"),
        ("NumberOfTimeSlots", "time slots"),
        ("NumberOfRRIntervals", "R-R intervals"),
    ):
        if (header.integer(tag) or 1) > 1:
            raise header.error(f"holds {header.integer(tag)} {plural}; one volume is needed", "not_static")
    for tag, plural in (("DetectorInformationSequence", "detectors"), ("EnergyWindowInformationSequence", "windows")):
        if len(header.items(tag)) > 1:
            raise header.error(f"{tag} lists {len(header.items(tag))} {plural}; one is needed", "not_static")


def _slice_numbers(header: Header) -> NDArray[np.intp]:
    """Return the slice number of each stored frame."""
    pointers = {int(number) for number in header.numbers("FrameIncrementPointer")}
    if _SLICE_VECTOR not in pointers:
        raise header.error("FrameIncrementPointer does not name SliceVector; the frames have no order", "frame_order")
    for tag in _OTHER_VECTORS:
        if len(set(header.numbers(tag))) > 1:
            raise header.error(f"{tag} changes from frame to frame; one volume is needed", "not_static")
    numbers = np.array(header.numbers("SliceVector"))
    if sorted(numbers) != list(range(1, len(numbers) + 1)) or not len(numbers):
        raise header.error(
            f"SliceVector is not each of 1 to {len(numbers)} once; slices are missing or there are several volumes",
            "frame_order",
        )
    return numbers.astype(np.intp)


def _scale(header: Header) -> tuple[float, str]:
    """Return the factor from stored values to the native unit, and its name."""
    mappings = header.items("RealWorldValueMappingSequence")
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    units = "relative"
    if len(mappings) > 1:
        raise header.error(f"has {len(mappings)} real-world value mappings, one is needed", "real_world_values")
    if mappings:
        slope, intercept = mappings[0].number("RealWorldValueSlope"), mappings[0].number("RealWorldValueIntercept")
        codes = [item.text("CodeValue") or "" for item in mappings[0].items("MeasurementUnitsCodeSequence")]
        units = _REAL_WORLD_UNITS.get(codes[0].lower() if codes else "", "relative")
        if slope is None:
            raise header.error("RealWorldValueSlope is missing", "rescale_slope")
    slope = 1.0 if slope is None else slope
    if slope <= 0:
        raise header.error(f"the slope of its values is {slope:g}; a positive one is needed", "rescale_slope")
    if intercept:
        raise header.error(f"the intercept of its values is {intercept:g}; 0 is needed", "rescale_intercept")
    return slope, units


def _affine(
    header: Header,
    numbers: NDArray[np.intp],
    shape: Sequence[int],
    declared: Declared,
    cautions: list[Caution],
) -> NDArray[np.float64]:
    spacing = header.number("SpacingBetweenSlices")
    if not spacing:
        raise header.error("SpacingBetweenSlices is missing or 0", "geometry_missing")
    pixel_spacing = needed_spacing(header)
    detector = next(iter(header.items("DetectorInformationSequence")), None)
    position = detector.vector("ImagePositionPatient", 3) if detector else None
    orientation = detector.vector("ImageOrientationPatient", 6) if detector else None
    placed = position is not None and orientation is not None
    if placed and numbers[0] == 1:
        along_columns, along_rows = plane_axes(orientation or (), header.name)
        step = spacing * normal_of(along_columns, along_rows)
        affine = affine_from_planes(position or (), along_columns, along_rows, pixel_spacing, step)
        check_declared(affine, declared, header.name)
        return affine
    if declared.orientation is None:
        found = (
            f"the first stored frame is slice {numbers[0]}, so ImagePositionPatient may be that of either end"
            if placed
            else "DetectorInformationSequence holds no ImagePositionPatient and ImageOrientationPatient"
        )
        raise header.error(f"{found}; declare the orientation of the scan to convert it", "orientation_unknown")
    letters = parse_orientation(declared.orientation)
    if orientation is None:
        reason = f"the orientation {letters} is declared, the header has none"
    else:
        _check_in_plane(header, orientation, letters)
        reason = (
            f"the orientation {letters} is declared; the header has that of columns and rows, which agrees,"
            " and not the end from which slices are counted"
        )
    cautions.append(Caution("orientation_declared", reason))
    return declared_affine(letters, (pixel_spacing[1], pixel_spacing[0], abs(spacing)), shape)


def _check_in_plane(header: Header, orientation: Sequence[float], letters: str) -> None:
    """Refuse letters that contradict ImageOrientationPatient; it leaves open only the sign of the third."""
    along_columns, along_rows = plane_axes(orientation, header.name)
    upward = affine_from_planes((0, 0, 0), along_columns, along_rows, (1, 1), normal_of(along_columns, along_rows))
    found = axis_letters(upward)
    if letters[:2] != found[:2]:
        raise header.error(
            f"ImageOrientationPatient says that column and row grow towards {found[:2]}, the tables say {letters[:2]};"
            " one of them is wrong",
            "orientation_conflict",
        )


def _facts(header: Header, units: str, declared: Declared, cautions: list[Caution]) -> ScanFacts:
    start = clock_time(header, "AcquisitionDate", "AcquisitionTime")
    given = read_administration(header, start, declared, cautions)
    corrections = header.texts("CorrectedImage")
    corrected = "ATTN" in corrections
    if not corrected:
        reason = "CorrectedImage does not list ATTN; only the contralateral ratio can be read"
        cautions.append(Caution("attenuation_uncorrected", reason))
    method = known_text("method", header.text("AttenuationCorrectionMethod"))
    known_start = start is not None and given.injection is not None
    return ScanFacts(
        modality="NM",
        units=units,
        manufacturer=known_text("maker", header.text("Manufacturer")),
        model=known_text("model", header.text("ManufacturerModelName")),
        tracer=given.tracer,
        radionuclide=given.radionuclide,
        half_life_s=given.half_life_s,
        dose_bq=given.dose_bq,
        scan_start_s=(start or 0.0) - (given.injection or 0.0) if known_start else None,
        decay_corrected="DECY" in corrections,
        reconstruction=known_text("method", header.text("ReconstructionMethod")),
        attenuation=("applied" if method in (None, UNLISTED) else method) if corrected else "none",
        corrections=known_corrections(corrections),
        suv_reason="an NM object does not say to which time its voxels are decay-corrected",
        cautions=cautions,
    )
