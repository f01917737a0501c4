"""Conversion of a PET series to a volume in its native unit, with the facts for its sidecar."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.examined import Examined
from pet_spect.dicom.facts.acquisition import filter_name, read_acquisition
from pet_spect.dicom.facts.administration import Administration, elapsed_since_injection
from pet_spect.dicom.facts.attenuation import settle_attenuation
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.facts.patient import read_administration
from pet_spect.dicom.geometry import (
    affine_of_stack,
    axis_letters,
    check_affine,
    coincident,
    normal_of,
    parse_orientation,
    plane_axes,
)
from pet_spect.dicom.objects.vocabulary import UNLISTED, known_corrections, known_text
from pet_spect.dicom.pet.contradictions import compare_counts, compare_spacing, compare_units, without_odd_durations
from pet_spect.dicom.pet.decay_correction import VoxelTime, frame_weights, voxel_time_of
from pet_spect.dicom.pet.reference_time import earliest_start
from pet_spect.dicom.pet.series import PetSeries, scaled, stacked
from pet_spect.dicom.pet.suv import SUV_UNITS, UNITS, DecayCorrection, SuvFacts, SuvResult, suv_factor
from pet_spect.dicom.pet.time_frames import check_one_reference, frames_in_window, time_frames
from pet_spect.dicom.sidecar import ScanFacts
from pet_spect.errors import DicomError, TracerError
from pet_spect.imaging.attenuation import corrected_by
from pet_spect.model import MOST_VOXELS
from pet_spect.nuclides import SINGLE_PHOTON, decay_constant
from pet_spect.remarks import Remark


def pet_scan(series: PetSeries, called: str, declared: Declared) -> Examined:
    """Return where the voxels of a series are, how to read them, and the facts of its sidecar.

    Voxels are in the native unit, except that a series without decay correction is corrected to
    its earliest acquisition. Time frames are averaged, each weighted by its duration.

    Parameters
    ----------
    series : PetSeries
    called : str
        Name of the series in messages.
    declared : Declared

    Raises
    ------
    DicomError
        If the slices are not one evenly spaced stack, or the times contradict each other.
    """
    cautions: list[Remark] = []
    normal = normal_of(*plane_axes(series.orientation, called))
    is_static = series.stated_frames is None and len(coincident(series.positions @ normal)) == len(series.names)
    start = earliest_start(series.timings)
    administration = read_administration(series.header, start, declared, cautions, is_static=is_static)
    series = without_odd_durations(series, cautions)
    decay = None if administration.half_life_s is None else decay_constant(administration.half_life_s)
    is_corrected = _check_attenuation(series, administration, cautions)
    frames = time_frames(series, normal, called, cautions)
    if administration.other_half_life:
        _check_one_decay(series, administration, called)
    chosen = frames_in_window(series, frames, declared.frame_window, administration.injection, called)
    compare_counts(len(frames), series.stated_frames, cautions, "frames")
    moment = voxel_time_of(series, called, decay, administration.injection, cautions)
    if len(frames) > 1 and series.decay_correction == "START":
        timings = [series.timings[frame[0]] for frame in frames]
        check_one_reference(timings, moment.time, decay, called, explicit=moment.source == "explicit")
    if len(frames) == 1 and declared.frame_window is not None:
        _compare_window(series, declared.frame_window, administration.injection, cautions)
    used = series.only(chosen.ravel().tolist())
    if series.decay_correction == "NONE":
        moment = voxel_time_of(used, called, decay, administration.injection, cautions)
    weights = frame_weights(used, chosen.shape, called, decay)
    affine = _placed(used, chosen.shape[1], declared, called, cautions)
    compare_units(used, cautions)
    result = _suv(used, administration, moment)
    return Examined(
        facts=_facts(used, administration, moment, result, len(chosen), is_corrected, cautions),
        shape=(series.shape[1], series.shape[0], chosen.shape[1]),
        affine=affine,
        voxels=lambda: _voxels(used, weights),
    )


def _check_one_decay(series: PetSeries, administration: Administration, called: str) -> None:
    """Refuse slices that were decay-corrected by different factors, perhaps with another radionuclide's half-life."""
    if len({(timing.start, timing.frame_reference, timing.decay_factor) for timing in series.timings}) > 1:
        raise TracerError(
            f"{called}: the header contradicts itself: {administration.half_life_reason}, and its slices were measured"
            " at different times, so that the decay between them may be corrected wrongly. Correct the header, or leave"
            " this scan out",
            code="tracer_conflict",
        )


def _compare_window(
    series: PetSeries, window: tuple[float, float], injection: float | None, cautions: list[Remark]
) -> None:
    """Add a remark if a static scan was not measured within the window that other scans are averaged over."""
    if injection is None or any(timing.start is None for timing in series.timings):
        return
    spans = [((t.start or 0.0) - injection, (t.start or 0.0) - injection + (t.duration or 0.0)) for t in series.timings]
    begin, end = min(start for start, _ in spans) / 60, max(stop for _, stop in spans) / 60
    if begin < window[0] - 1 or end > window[1] + 1:
        missed = Remark.of("frame_window_missed", begin=begin, end=end, first=window[0], last=window[1])
        cautions.append(missed)


def _placed(
    used: PetSeries, slices: int, declared: Declared, called: str, cautions: list[Remark]
) -> NDArray[np.float64]:
    """Return the affine of the first `slices` slices, which the others repeat."""
    rows, columns = used.shape
    if rows * columns * slices > MOST_VOXELS:
        raise DicomError(
            f"{called}: {slices} slices of {rows} x {columns} are more than this program reads", code="pixels"
        )
    affine = affine_of_stack(used.positions[:slices], used.orientation, used.pixel_spacing, used.names[:slices], called)
    check_declared(affine, declared, called)
    compare_counts(slices, used.stated_slices, cautions)
    compare_spacing(used, float(np.linalg.norm(affine[:3, 2])), cautions)
    return affine


def _check_attenuation(series: PetSeries, administration: Administration, cautions: list[Remark]) -> bool:
    """Return whether attenuation was corrected; refuse PET without it. SPECT sent as PET keeps one ratio."""
    is_spect = administration.radionuclide in SINGLE_PHOTON
    if "ATTN" in series.corrections:
        method = corrected_by(series.header.text("AttenuationCorrectionMethod"))
        statements = {"CorrectedImage": True, "AttenuationCorrectionMethod": method}
        return settle_attenuation(statements, series.header.error, cautions, is_spect=is_spect)
    if not is_spect:
        raise series.header.error(
            "CorrectedImage does not list ATTN; PET without attenuation correction cannot be measured", "attenuation"
        )
    cautions.append(Remark.of("attenuation_uncorrected"))
    return False


def _voxels(used: PetSeries, weights: NDArray[np.float64]) -> NDArray[np.float32]:
    frames, slices = weights.shape
    rows, columns = used.shape

    def plane(index: int) -> NDArray[np.float32]:
        first = used.pixels(index)
        if frames == 1 and weights[0, index] == 1.0:
            return first
        rest = (used.pixels(frame * slices + index) * weights[frame, index] for frame in range(1, frames))
        return scaled(used.header, sum(rest, start=first * weights[0, index]), 1.0)

    return stacked(plane, (columns, rows, slices))


def check_declared(affine: NDArray[np.float64], declared: Declared, called: str) -> None:
    """Refuse an image whose header contradicts the declared orientation, or puts it where no scan is.

    Raises
    ------
    DicomError
        If they differ: one of the two would flip the image. See also `pet_spect.dicom.geometry.check_affine`.
    """
    check_affine(affine, called)
    if declared.orientation is None:
        return
    declared_letters, header_letters = parse_orientation(declared.orientation), axis_letters(affine)
    if declared_letters != header_letters:
        raise DicomError(
            f"{called}: the header says that column, row and slice grow towards {header_letters}, the tables say"
            f" {declared_letters}; one of them is wrong",
            code="orientation_conflict",
        )


def _suv(series: PetSeries, administration: Administration, moment: VoxelTime) -> SuvResult:
    if series.unit_doubt is not None:
        return SuvResult(None, series.unit_doubt.text)
    if (
        administration.half_life_reason
    ):  # the scanner may have used it, also for an SUV or a correction to the administration
        return SuvResult(None, administration.half_life_reason)
    elapsed, reason = elapsed_since_injection(administration, moment.time, moment.reason)
    undecayed = series.decay_correction == "NONE"
    if undecayed and series.units in ("BQML", "CNTS") and any(frame.duration is None for frame in series.timings):
        return SuvResult(None, "DecayCorrection is NONE and the frame duration is missing")
    facts = SuvFacts(
        units=series.units,
        suv_type=series.suv_type,
        decay_correction=cast("DecayCorrection", series.decay_correction),
        weight_kg=administration.weight_kg,
        height_m=administration.height_m,
        dose_bq=administration.dose_bq,
        sex=administration.sex,
        half_life_s=administration.half_life_s,
        decay_s=elapsed,
        decay_reason=reason,
        counts_to_suv=None if undecayed else series.counts_to_suv,  # it belongs to the counts before their correction
        counts_to_activity=series.counts_to_activity,
        dose_reason=administration.dose_reason,
    )
    return suv_factor(facts)


def _duration(series: PetSeries, frames: int) -> float | None:
    """Return how long was measured, seconds; None where beds differ or it is not known."""
    slices = len(series.timings) // frames
    durations = [{timing.duration for timing in series.timings[k * slices : (k + 1) * slices]} for k in range(frames)]
    if any(len(frame_durations) > 1 or None in frame_durations for frame_durations in durations):
        return None
    return sum(frame_durations.pop() or 0.0 for frame_durations in durations)


def _facts(
    series: PetSeries,
    administration: Administration,
    moment: VoxelTime,
    result: SuvResult,
    frames: int,
    is_corrected: bool,
    cautions: list[Remark],
) -> ScanFacts:
    header, injection = series.header, administration.injection
    start = earliest_start(series.timings)
    method = known_text("method", header.text("AttenuationCorrectionMethod"))
    variant = {"GML": series.suv_type, "CM2ML": "BSA"}.get(series.units)
    return ScanFacts(
        modality="PT",
        units=SUV_UNITS[series.suv_type] if series.units == "GML" else UNITS[series.units],
        manufacturer=known_text("maker", header.text("Manufacturer")),
        model=known_text("model", header.text("ManufacturerModelName")),
        tracer=administration.tracer,
        radionuclide=administration.radionuclide,
        tracer_identity=administration.tracer_identity,
        half_life_s=administration.half_life_s,
        dose_bq=administration.dose_bq,
        scan_start_s=None if start is None or injection is None else start - injection,
        frame_duration_s=_duration(series, frames),
        frames_averaged=frames if frames > 1 else None,
        decay_corrected=series.decay_correction != "NONE" or administration.half_life_s is not None,
        decay_correction_s=None if moment.time is None or injection is None else moment.time - injection,
        reconstruction=known_text("method", header.text("ReconstructionMethod")),
        recon_filter=filter_name(header),
        attenuation=("applied" if method in (None, UNLISTED) else method) if is_corrected else "none",
        corrections=known_corrections(tuple(series.corrections)),
        acquisition=read_acquisition(header, len(series.timings) // frames, series.corrections),
        suv_factor=result.factor,
        suv_reason=result.reason,
        suv_method=result.method,
        suv_variant=variant,
        suv_time_source=moment.source if series.units in ("BQML", "CNTS") else None,
        cautions=cautions,
    )
