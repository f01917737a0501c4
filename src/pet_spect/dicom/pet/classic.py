"""Classic PET (one object per slice, PS3.3 A.21) to a `PetSeries`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.facts.patient import drug_items
from pet_spect.dicom.objects.clock import clock_time, full_time, scanner_offset
from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.private import COUNTS_TO_ACTIVITY, COUNTS_TO_SUV, DECAY_TIMES
from pet_spect.dicom.objects.real_world import check_linear, check_one_slope, mapped_unit
from pet_spect.dicom.objects.times import seconds_of_date_time
from pet_spect.dicom.pet.contradictions import unit_doubt
from pet_spect.dicom.pet.reference_time import FrameTiming
from pet_spect.dicom.pet.series import PetSeries, check_scale, mixed, scaled, slope_of
from pet_spect.dicom.pet.suv import SUV_UNITS
from pet_spect.errors import DicomError, listed
from pet_spect.remarks.catalogue import Code

_SAME_TEXT = (
    *("PatientID", "FrameOfReferenceUID", "SeriesType", "Units", "SUVType", "DecayCorrection", "CorrectedImage"),
    *("CountsSource", "ReconstructionMethod", "ConvolutionKernel", "PatientSex"),
)
_SAME_NUMBER = ("Rows", "Columns", "PatientWeight", "PatientSize")
_SAME_IN_DRUG = (
    *("RadionuclideTotalDose", "RadionuclideHalfLife"),
    *("RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime", "Radiopharmaceutical"),
)


def read_classic(headers: Sequence[Header], called: str) -> PetSeries:
    """Read the slices of a static or dynamic series.

    Parameters
    ----------
    headers : sequence of Header
        Two or more PET image objects of one series.
    called : str
        Name of the series in messages.

    Raises
    ------
    DicomError
        If the slices are not one understood series.
    """
    first = headers[0]
    check_kind_of_pet(first)
    check_same(headers, called, _SAME_TEXT, _SAME_NUMBER)
    units, decay = first.text("Units"), first.text("DecayCorrection")
    corrections = first.texts("CorrectedImage")
    check_scale(first, units, decay, corrections)
    suv_type = first.text("SUVType") or "BW"
    if suv_type not in SUV_UNITS:
        raise first.error(f"SUVType is not known; one of {listed(SUV_UNITS)} is needed", "suv_type")
    orientations = [needed_vector(header, "ImageOrientationPatient", 6) for header in headers]
    spacings = [needed_spacing(header) for header in headers]
    check_alike(headers, orientations, "ImageOrientationPatient", 1e-4, "mixed_orientation")
    check_alike(headers, spacings, "PixelSpacing", 1e-3, "mixed_spacing")
    if len(headers) == 1:
        raise first.error(
            "is one PET slice; a volume needs at least two (name the folder, not one of its files)", "slice_single"
        )
    return PetSeries(
        header=first,
        names=[header.name for header in headers],
        shape=(headers[0].integer("Rows") or 0, headers[0].integer("Columns") or 0),
        pixels=_reader(headers),
        positions=np.array([needed_vector(header, "ImagePositionPatient", 3) for header in headers]),
        orientation=orientations[0],
        pixel_spacing=spacings[0],
        units=str(units),
        suv_type=suv_type,
        decay_correction=str(decay),
        corrections=corrections,
        timings=[slice_timing(header) for header in headers],
        explicit_time=_one_time(headers, called, explicit_time),
        series_time=_series_time(headers),
        counts_to_suv=_one_factor(headers, COUNTS_TO_SUV),
        counts_to_activity=_one_factor(headers, COUNTS_TO_ACTIVITY),
        stated_slices=first.integer("NumberOfSlices"),
        unit_doubt=unit_doubt(headers, str(units)),
        # GE counts the beds of a whole-body series here, too
        stated_frames=(first.integer("NumberOfTimeSlices") or 0) if "DYNAMIC" in first.texts("SeriesType") else None,
    )


def needed_vector(header: Header, tag: str, length: int) -> tuple[float, ...]:
    """Return an element of `length` numbers; a `DicomError` if it is missing."""
    numbers = header.vector(tag, length)
    if numbers is None:
        raise header.error(f"{tag} is missing", "geometry_missing")
    return numbers


def needed_spacing(header: Header) -> tuple[float, ...]:
    """Return PixelSpacing; a `DicomError` unless it is two positive numbers (a negative one would mirror the image)."""
    spacings = needed_vector(header, "PixelSpacing", 2)
    if not all(0 < spacing < float("inf") for spacing in spacings):
        shown = "\\".join(f"{spacing:g}" for spacing in spacings)
        raise header.error(f"PixelSpacing is {shown}; two positive numbers are needed", "geometry")
    return spacings


def _reader(headers: Sequence[Header]) -> Callable[[int], NDArray[np.float32]]:
    slopes = [slope_of(header) for header in headers]
    for header in headers:
        check_linear(header)
        for mapping in header.items("RealWorldValueMappingSequence"):
            if mapped_unit(mapping)[1] == (header.text("SUVType") or "BW"):
                check_one_slope(header, mapping, header.text("Units"))

    def read(index: int) -> NDArray[np.float32]:
        header = headers[index]
        frames, _, _ = header.check_pixels()
        if frames != 1:
            raise header.error(f"holds {frames} frames, a classic PET slice holds one", "frames")
        return scaled(header, header.frames()(0), slopes[index])

    return read


def check_kind_of_pet(header: Header) -> None:
    """Refuse gated series, reprojections and transmission images."""
    kind = header.texts("SeriesType")
    if header.text("CountsSource") == "TRANSMISSION":
        raise header.error("CountsSource is TRANSMISSION; an image of emission is needed", "not_emission")
    if {"MIP", "MAX_IP"} & {word.upper() for word in header.texts("ImageType")}:
        raise header.error("ImageType is a maximum intensity projection; a volume is needed", "reprojection")
    if kind and kind[0] == "GATED":
        raise header.error("SeriesType is GATED; an ungated series is needed, PET gates are not summed", "gated")
    if "REPROJECTION" in kind[1:]:
        raise header.error("SeriesType is REPROJECTION; a reconstructed volume is needed", "reprojection")
    for tag, what in (("NumberOfTimeSlots", "time slots"), ("NumberOfRRIntervals", "R-R intervals")):
        if (header.integer(tag) or 1) > 1:
            raise header.error(f"is gated ({header.integer(tag)} {what}); an ungated series is needed", "gated")


def check_same(headers: Sequence[Header], called: str, texts: Sequence[str], numbers: Sequence[str]) -> None:
    """Refuse slices that do not say the same in some elements, or of the tracer."""
    for tag in (*texts, *numbers):
        kinds = {_comparable(header, tag, is_number=tag in numbers) for header in headers}
        if len(kinds) > 1:
            raise mixed(called, f"slices differ in {tag}", f"{len(kinds)} values", "mixed_series")
    for tag in _SAME_IN_DRUG:
        is_number = tag in _SAME_IN_DRUG[:2]
        kinds = {_comparable(item, tag, is_number=is_number) for header in headers for item in drug_items(header)}
        if len(kinds) > 1:
            raise mixed(called, f"slices differ in {tag}", f"{len(kinds)} values", "mixed_series")


def _comparable(header: Header, tag: str, *, is_number: bool) -> tuple[float | str, ...]:
    """Return what an element says, so that ``70`` and ``70.0`` are the same; what cannot be read is like no other."""
    try:
        return header.numbers(tag) if is_number else header.texts(tag)
    except DicomError:
        return ("unreadable",)


def check_alike(
    headers: Sequence[Header], values: Sequence[tuple[float, ...]], tag: str, tolerance: float, code: Code
) -> None:
    """Refuse slices whose numbers differ by more than `tolerance`, naming both values."""
    differs = ~np.isclose(values, values[0], rtol=0, atol=tolerance).all(axis=1)
    if differs.any():
        worst = int(np.argmax(differs))
        shown = ["\\".join(f"{number:g}" for number in numbers) for numbers in (values[worst], values[0])]
        raise headers[worst].error(f"{tag} is {shown[0]} where other slices have {shown[1]}; one is needed", code)


def slice_timing(header: Header) -> FrameTiming:
    """Return when a slice was measured."""
    start = clock_time(header, "AcquisitionDate", "AcquisitionTime")
    duration, reference = header.number("ActualFrameDuration"), header.number("FrameReferenceTime")
    return FrameTiming(
        full_time(header, "AcquisitionDateTime") if start is None else start,
        None if not duration or duration < 0 else duration / 1000,
        None if reference is None else reference / 1000,
        header.number("DecayFactor"),
    )


def _series_time(headers: Sequence[Header]) -> float | None:
    times = {clock_time(header, "SeriesDate", "SeriesTime") for header in headers}
    return times.pop() if len(times) == 1 else None


def explicit_time(header: Header) -> float | None:
    """Return the decay-correction time a scanner wrote (PS3.3, GE or Siemens), seconds; None if there is none."""
    texts = (
        header.text("DecayCorrectionDateTime"),
        *(header.private_text(*element) for element in DECAY_TIMES),
    )
    for text in filter(None, texts):
        time = seconds_of_date_time(text, scanner_offset(header))
        if time is None:
            raise header.error(
                "the explicit decay-correction time is no date and time that can be compared with the scan's",
                "decay_time",
            )
        return time
    return None


def _one_time(headers: Sequence[Header], called: str, read: Callable[[Header], float | None]) -> float | None:
    times = [read(header) for header in headers]
    known_times = [time for time in times if time is not None]
    if not known_times:
        return None
    if len(known_times) != len(times) or max(known_times) - min(known_times) > 1:
        raise DicomError(f"{called}: slices differ in their explicit decay-correction time", code="decay_time")
    return known_times[0]


def _one_factor(headers: Sequence[Header], elements: Sequence[tuple[int, str, int]]) -> float | None:
    """Return the private factor of the first vendor that states one, None where all are missing or 0."""
    for group, creator, number in elements:
        name = f"private factor of {creator.partition(' ')[0]}"
        texts = {header.private_text(group, creator, number) for header in headers}
        if len(texts) > 1:
            raise headers[0].error(f"slices differ in their {name}, one is needed", "philips_factor")
        text = texts.pop()
        try:
            factor = float(text) if text else 0.0
        except ValueError:
            raise headers[0].error(f"the {name} is not a number", "philips_factor") from None
        if not 0 <= factor < float("inf"):
            raise headers[0].error(f"the {name} is {factor:g}, a positive one is needed", "philips_factor")
        if factor:
            return factor
    return None
