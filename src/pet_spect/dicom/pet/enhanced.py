"""Enhanced and Legacy Converted Enhanced PET (one object, many frames; PS3.3 A.56, A.72) to a `PetSeries`.

What a frame says is spread over per-frame and shared functional groups; each
frame is flattened to one dataset, the nearer group winning, and then read like a
classic slice where the attributes are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from pet_spect.dicom.files.read import Header
from pet_spect.dicom.objects.clock import full_time
from pet_spect.dicom.objects.real_world import check_linear, check_mapped, check_one_slope, mapped_unit
from pet_spect.dicom.pet.classic import (
    check_alike,
    check_kind_of_pet,
    explicit_time,
    needed_spacing,
    needed_vector,
    slice_timing,
)
from pet_spect.dicom.pet.reference_time import FrameTiming
from pet_spect.dicom.pet.series import DECAY_CORRECTIONS, PetSeries, check_scale, scaled, slope_of
from pet_spect.remarks.catalogue import Code

_Value = TypeVar("_Value")

_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_PREFERRED = (("BQML", "BW"), ("GML", "BW"))
"""Which of several mappings is used; without these, the first."""

_CODES: dict[str, Code] = {"DecayCorrected": "decay_correction", "AttenuationCorrected": "attenuation"}
_CORRECTED = {
    "DecayCorrected": "DECY",
    "AttenuationCorrected": "ATTN",
    "ScatterCorrected": "SCAT",
    "DeadTimeCorrected": "DTIM",
    "RandomsCorrected": "RAN",
    "SensitivityCalibrated": "DCAL",
    "DetectorNormalizationCorrection": "NORM",
}


def read_enhanced(header: Header, called: str) -> PetSeries:
    """Read the frames of one multi-frame PET object.

    Parameters
    ----------
    header : Header
    called : str
        Name of the scan in messages.

    Raises
    ------
    DicomError
        If its frames are not one understood static or dynamic series.
    """
    frames = flat_frames(header)
    first = frames[0]
    check_kind_of_pet(first)
    kind = first.texts("ImageType") + first.texts("FrameType")
    gated = next((word for word in ("GATED", "CARDIAC_GATED", "RESP_GATED") if word in kind), None)
    if gated is not None:
        raise header.error(f"ImageType is {gated}; an ungated scan is needed, PET gates are not summed", "gated")
    scales = [_scale(frame) for frame in frames]
    if len({(units, kind) for _, units, kind in scales}) > 1:
        raise header.error("its frames differ in their unit, one is needed", "units")
    _, units, suv_type = scales[0]
    corrections, decay, explicit = (
        _common_value(frames, _corrections),
        _common_value(frames, _decay),
        _common_value(frames, explicit_time),
    )
    _check_terms(first)
    check_scale(first, units, decay, corrections)
    orientations = [needed_vector(frame, "ImageOrientationPatient", 6) for frame in frames]
    spacings = [needed_spacing(frame) for frame in frames]
    check_alike(frames, orientations, "ImageOrientationPatient", 1e-4, "mixed_orientation")
    check_alike(frames, spacings, "PixelSpacing", 1e-3, "mixed_spacing")
    return PetSeries(
        header=first,
        names=[frame.name for frame in frames],
        shape=(header.integer("Rows") or 0, header.integer("Columns") or 0),
        pixels=_reader(header, frames, [slope for slope, _, _ in scales]),
        positions=np.array([needed_vector(frame, "ImagePositionPatient", 3) for frame in frames]),
        orientation=orientations[0],
        pixel_spacing=spacings[0],
        units=str(units),
        suv_type=suv_type,
        decay_correction=str(decay),
        corrections=corrections,
        timings=[_timing(frame) for frame in frames],
        explicit_time=explicit,
        series_time=None,
        stated_frames=0 if "DYNAMIC" in kind else None,
    )


def _reader(header: Header, frames: Sequence[Header], slopes: Sequence[float]) -> Callable[[int], NDArray[np.float32]]:
    stored = cache(header.frames)  # all frames are in one element: it is decoded once, when the first is asked for

    def read(index: int) -> NDArray[np.float32]:
        values = stored()(index)
        check_mapped(frames[index], _mapping(frames[index]), values)
        return scaled(frames[index], values, slopes[index])

    return read


def flat_frames(header: Header) -> list[Header]:
    """Return one header per frame of a multi-frame object, as a classic slice would have.

    Raises
    ------
    DicomError
        If it describes fewer than two frames, or another number than it holds.
    """
    described, frame_count = len(header.items(_GROUPS[1])), header.integer("NumberOfFrames") or 1
    if described < 2:
        raise header.error(f"describes {described} frames, a volume needs at least two", "slice_single")
    if frame_count != described:
        raise header.error(f"describes {described} frames and holds {frame_count}", "frames")
    if len(header.items(_GROUPS[0])) > 1:
        shown = f"{len(header.items(_GROUPS[0]))} shared functional groups"
        raise header.error(f"has {shown}, one is needed", "element_unreadable")
    return list(_frames(header))


def _frames(header: Header) -> Iterator[Header]:
    shared, per_frame = (header.items(tag) for tag in _GROUPS)
    common = Dataset()
    common.update({tag: e for tag, e in header.dataset.items() if tag.group not in (0x5200, 0x7FE0)})
    for group in shared:
        _lay_over(common, group)
    base = Header(common, header.name, parsed_values=header.parsed_values)
    for number, group in enumerate(per_frame, start=1):
        frame = Dataset()
        _lay_over(frame, group)
        yield Header(frame, f"{header.name}, frame {number}", parsed_values=header.parsed_values, base=base)


def _lay_over(flat: Dataset, group: Header) -> None:
    """Copy what the macros of a functional group say."""
    for tag in list(group.dataset.keys()):
        for item in group.items(tag):
            flat.update(item.dataset)
            if "RealWorldValueSlope" in item.dataset:  # its slope and unit belong together: keep the macro whole
                flat[tag] = group.dataset[tag]


def _scale(frame: Header) -> tuple[float, str | None, str]:
    """Return slope, Units and SUV Type of a frame; a real-world value mapping goes before a rescale slope."""
    mapping = _mapping(frame)
    check_linear(frame, mapping)
    if mapping is None:
        return slope_of(frame), frame.text("Units"), frame.text("SUVType") or "BW"
    units, suv_type = mapped_unit(mapping)
    mappings = frame.items("RealWorldValueMappingSequence")
    if sum(mapped_unit(other) == (units, suv_type) for other in mappings) > 1:
        raise frame.error(
            f"has {len(mappings)} real-world value mappings to one unit, one is needed", "real_world_values"
        )
    slope, intercept = mapping.number("RealWorldValueSlope"), mapping.number("RealWorldValueIntercept")
    if slope is None or slope <= 0 or intercept:
        raise frame.error("RealWorldValueSlope must be positive, with an intercept of 0", "rescale_slope")
    check_one_slope(frame, mapping, frame.text("RescaleType"))
    return slope, units, suv_type


def _mapping(frame: Header) -> Header | None:
    """Return the real-world value mapping that is used."""
    pairs = [(mapped_unit(mapping), mapping) for mapping in frame.items("RealWorldValueMappingSequence")]
    preferred = [pair for unit in _PREFERRED for pair in pairs if pair[0] == unit] or pairs
    return preferred[0][1] if preferred else None


def _common_value(frames: Sequence[Header], read: Callable[[Header], _Value]) -> _Value:
    """Return what all frames say alike."""
    values = [read(frame) for frame in frames]
    other = next((frame for frame, value in zip(frames, values, strict=True) if value != values[0]), None)
    if other is not None:
        raise other.error(
            "differs from the first frame in its corrections or its decay-correction time", "mixed_series"
        )
    return values[0]


def _decay(frame: Header) -> str | None:
    correction = frame.text("DecayCorrection")
    corrected = frame.text("DecayCorrected")
    return correction if correction or corrected is None else "START" if corrected == "YES" else "NONE"


def _check_terms(frame: Header) -> None:
    """Refuse an element of its own for a correction that contradicts CorrectedImage or DecayCorrection."""
    listed, decay = frame.texts("CorrectedImage"), frame.text("DecayCorrection")
    for tag, code in _CODES.items():
        term, flag = _CORRECTED[tag], frame.text(tag)
        if listed and flag in ("YES", "NO") and (flag == "YES") != (term in listed):
            lists = "lists" if term in listed else "does not list"
            raise frame.error(f"{tag} is {flag} but CorrectedImage {lists} {term}; the two must agree", code)
    corrected = frame.text("DecayCorrected")
    if decay in DECAY_CORRECTIONS and corrected in ("YES", "NO") and (decay == "NONE") != (corrected == "NO"):
        raise frame.error(
            f"DecayCorrection is {decay} but DecayCorrected {corrected}; the two must agree", "decay_correction"
        )


def _corrections(frame: Header) -> tuple[str, ...]:
    listed = frame.texts("CorrectedImage")
    return listed or tuple(term for tag, term in _CORRECTED.items() if frame.text(tag) == "YES")


def _timing(frame: Header) -> FrameTiming:
    as_classic = slice_timing(frame)
    started, middle = full_time(frame, "FrameAcquisitionDateTime"), full_time(frame, "FrameReferenceDateTime")
    duration = frame.number("FrameAcquisitionDuration")
    length = as_classic.duration if not duration else duration / 1000
    start = started if started is not None else as_classic.start
    if start is None and middle is not None:  # the voxels hold for that moment, as those of a frame without length
        start, length = middle, 0.0
    return FrameTiming(start, length, as_classic.frame_reference, as_classic.decay_factor)
