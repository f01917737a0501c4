"""A PET series to a volume in its native unit, with the facts for its sidecar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.decay import decay_constant, start_of_frame_factor
from pet_spect.dicom.declared import Caution, Declared
from pet_spect.dicom.geometry import (
    affine_from_planes,
    axis_letters,
    normal_of,
    parse_orientation,
    plane_axes,
    stack_order,
)
from pet_spect.dicom.patient import Administration, read_administration
from pet_spect.dicom.reference_time import (
    FrameTiming,
    contradicting_frame,
    decay_reference_time,
    earliest_start,
)
from pet_spect.dicom.series import PetSeries, scaled
from pet_spect.dicom.sidecar import ScanFacts
from pet_spect.dicom.suv import SUV_UNITS, UNITS, DecayCorrection, SuvFacts, SuvResult, suv_factor
from pet_spect.dicom.vocabulary import UNLISTED, known_corrections, known_text
from pet_spect.errors import DicomError
from pet_spect.model import Volume


@dataclass(frozen=True)
class _Moment:
    """When the voxels hold for, or why that is not known."""

    time: float | None
    source: str | None
    reason: str = ""


def pet_scan(series: PetSeries, called: str, declared: Declared) -> tuple[Volume, ScanFacts]:
    """Return a series as one volume and the facts of its sidecar.

    Parameters
    ----------
    series : PetSeries
    called : str
        How messages call the series.
    declared : Declared

    Returns
    -------
    volume : Volume
        Indexed (column, row, slice along the normal); in the native unit, except that a
        series without decay correction is corrected to its earliest acquisition.
    facts : ScanFacts

    Raises
    ------
    DicomError
        If the slices are not one evenly spaced stack, or the times contradict each other.
    """
    cautions: list[Caution] = []
    start = earliest_start(series.timings)
    given = read_administration(series.header, start, declared, cautions)
    decay = None if given.half_life_s is None else decay_constant(given.half_life_s)
    moment = _moment(series, called, decay, given.injection, cautions)
    order, affine = _placed(series, declared, called)
    voxels = series.voxels
    if series.decay_correction == "NONE":
        # an SUV that was never decay-corrected can stand only if all of it was measured at once
        known_decay = None if series.units in ("GML", "CM2ML") else decay
        factors = _to_common_time(series.timings, called, known_decay)
        voxels = scaled(series.header, voxels, factors[:, np.newaxis, np.newaxis])
    volume = Volume(np.ascontiguousarray(voxels[order].transpose(2, 1, 0), dtype=np.float32), affine)
    if series.stated_slices is not None and len(order) < series.stated_slices:
        reason = f"{len(order)} slices were found, the header says {series.stated_slices}"
        cautions.append(Caution("fewer_slices_than_stated", reason))
    result = _suv(series, given, moment)
    return volume, _facts(series, given, moment, result, cautions)


def _placed(series: PetSeries, declared: Declared, called: str) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    along_columns, along_rows = plane_axes(series.orientation, called)
    normal = normal_of(along_columns, along_rows)
    order = stack_order(series.positions, normal, series.names)
    first, last = series.positions[order[0]], series.positions[order[-1]]
    step = normal * float((last - first) @ normal) / (len(order) - 1)
    affine = affine_from_planes(first, along_columns, along_rows, series.pixel_spacing, step)
    check_declared(affine, declared, called)
    return order, affine


def check_declared(affine: NDArray[np.float64], declared: Declared, called: str) -> None:
    """Refuse an image whose header contradicts the declared orientation.

    Raises
    ------
    DicomError
        If they differ: one of the two would flip the image.
    """
    if declared.orientation is None:
        return
    told, found = parse_orientation(declared.orientation), axis_letters(affine)
    if told != found:
        raise DicomError(
            f"{called}: the header says that column, row and slice grow towards {found}, the tables say {told};"
            " one of them is wrong",
            code="orientation_conflict",
        )


def _moment(
    series: PetSeries,
    called: str,
    decay: float | None,
    injection: float | None,
    cautions: list[Caution],
) -> _Moment:
    if series.decay_correction == "ADMIN":
        return _Moment(injection, "administration")
    if series.decay_correction == "NONE":
        return _Moment(earliest_start(series.timings), "earliest acquisition", "a slice has no acquisition time")
    reference = decay_reference_time(
        series.timings, explicit=series.explicit_time, series=series.series_time, decay=decay, name=called
    )
    if reference is None:
        return _Moment(None, None, "the header does not tell to which time the voxels are decay-corrected")
    contradicting = None if decay is None else contradicting_frame(series.timings, reference.time, decay)
    if contradicting is not None:
        factor = series.timings[contradicting].decay_factor
        reason = f"DecayFactor {factor:g} contradicts the time of decay correction ({reference.source})"
        cautions.append(Caution("decay_factor_conflict", reason))
        return _Moment(None, None, reason)
    return _Moment(reference.time, reference.source)


def _to_common_time(timings: Sequence[FrameTiming], called: str, decay: float | None) -> NDArray[np.float64]:
    """Return what brings the mean activity of each slice to the earliest acquisition."""
    frames = {(timing.start, timing.duration) for timing in timings}
    starts = [timing.start for timing in timings if timing.start is not None]
    durations = [timing.duration for timing in timings if timing.duration is not None]
    if decay is None or len(starts) < len(timings) or len(durations) < len(timings):
        if len(frames) == 1:
            return np.ones(len(timings))
        raise DicomError(
            f"{called}: DecayCorrection is NONE and the slices were measured at different times; their acquisition"
            " time, frame duration and half-life are needed to correct them to one",
            code="decay_none",
        )
    first = min(starts)
    return np.array(
        [
            start_of_frame_factor(decay, duration) * math.exp(decay * (start - first))
            for start, duration in zip(starts, durations, strict=True)
        ]
    )


def _suv(series: PetSeries, given: Administration, moment: _Moment) -> SuvResult:
    elapsed = None
    reason = moment.reason or given.injection_reason
    if moment.time is not None and given.injection is not None:
        elapsed = moment.time - given.injection
        if elapsed < 0:
            elapsed, reason = None, "the voxels are decay-corrected to a time before the injection"
    undecayed = series.decay_correction == "NONE"
    if undecayed and series.units in ("BQML", "CNTS") and any(frame.duration is None for frame in series.timings):
        return SuvResult(None, "DecayCorrection is NONE and the frame duration is missing")
    facts = SuvFacts(
        units=series.units,
        suv_type=series.suv_type,
        decay_correction=cast("DecayCorrection", series.decay_correction),
        weight_kg=given.weight_kg,
        height_m=given.height_m,
        dose_bq=given.dose_bq,
        sex=given.sex,
        half_life_s=given.half_life_s,
        decay_s=elapsed,
        decay_reason=reason,
        philips_suv=None if undecayed else series.philips_suv,  # it belongs to the counts before their correction
        philips_activity=series.philips_activity,
        dose_reason=given.dose_reason,
    )
    result = suv_factor(facts)
    if result.factor is None and given.half_life_reason and given.half_life_s is None:
        return replace(result, reason=given.half_life_reason)
    return result


def _facts(
    series: PetSeries,
    given: Administration,
    moment: _Moment,
    result: SuvResult,
    cautions: list[Caution],
) -> ScanFacts:
    header, injection = series.header, given.injection
    start = earliest_start(series.timings)
    method = known_text("method", header.text("AttenuationCorrectionMethod"))
    durations = {timing.duration for timing in series.timings}
    variant = {"GML": series.suv_type, "CM2ML": "BSA"}.get(series.units)
    return ScanFacts(
        modality="PT",
        units=SUV_UNITS[series.suv_type] if series.units == "GML" else UNITS[series.units],
        manufacturer=known_text("maker", header.text("Manufacturer")),
        model=known_text("model", header.text("ManufacturerModelName")),
        tracer=given.tracer,
        radionuclide=given.radionuclide,
        half_life_s=given.half_life_s,
        dose_bq=given.dose_bq,
        scan_start_s=None if start is None or injection is None else start - injection,
        frame_duration_s=durations.pop() if len(durations) == 1 else None,
        decay_corrected=series.decay_correction != "NONE" or given.half_life_s is not None,
        decay_correction_s=None if moment.time is None or injection is None else moment.time - injection,
        reconstruction=known_text("method", header.text("ReconstructionMethod")),
        recon_filter=known_text("method", header.text("ConvolutionKernel")),
        attenuation="applied" if method in (None, UNLISTED) else method,
        corrections=known_corrections(tuple(series.corrections)),
        suv_factor=result.factor,
        suv_reason=result.reason,
        suv_variant=variant,
        suv_time_source=moment.source if series.units in ("BQML", "CNTS") else None,
        cautions=cautions,
    )
