"""Decay correction of a PET series: the time its voxels hold for, and factors that bring all slices to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.pet.contradictions import decayed_though_none
from pet_spect.dicom.pet.reference_time import (
    FrameTiming,
    contradicting_frame,
    decay_reference_time,
    earliest_start,
    other_reference,
)
from pet_spect.dicom.pet.series import PetSeries
from pet_spect.errors import DicomError
from pet_spect.nuclides import start_of_frame_factor
from pet_spect.remarks import Remark


@dataclass(frozen=True)
class VoxelTime:
    """When the voxels hold for, or why that is not known.

    Attributes
    ----------
    time : float or None
        Seconds, on the clock of the scan.
    source : str or None
        Which rule gave it: ``explicit``, ``series time``, ``frame reference time``,
        ``administration`` or ``earliest acquisition``.
    reason : str
        Why `time` is None.
    """

    time: float | None
    source: str | None
    reason: str = ""


def voxel_time_of(
    series: PetSeries,
    called: str,
    decay: float | None,
    injection: float | None,
    cautions: list[Remark],
) -> VoxelTime:
    """Return when the voxels of a series hold for.

    Parameters
    ----------
    series : PetSeries
    called : str
        Name of the series in messages.
    decay : float or None
        λ in 1/s.
    injection : float or None
        Seconds, on the clock of the scan.
    cautions : list of Remark
        Gets ``decay_factor_conflict``, which leaves the time unknown, or ``reference_time_conflict``.

    Raises
    ------
    DicomError
        If an explicit time is later than the earliest acquisition.
    """
    if series.decay_correction == "ADMIN":
        _compare_administration(series, decay, injection, cautions)
        return VoxelTime(injection, "administration")
    if series.decay_correction == "NONE":
        doubt = decayed_though_none(series.timings, called, cautions)
        if doubt is not None:
            return VoxelTime(None, None, doubt)
        return VoxelTime(earliest_start(series.timings), "earliest acquisition", "a slice has no acquisition time")
    reference = decay_reference_time(
        series.timings, explicit=series.explicit_time, series=series.series_time, decay=decay, name=called
    )
    if reference is None:
        return VoxelTime(None, None, "the header does not tell to which time the voxels are decay-corrected")
    contradicting = None if decay is None else contradicting_frame(series.timings, reference.time, decay)
    if contradicting is not None:
        factor = series.timings[contradicting].decay_factor
        conflict = Remark.of("decay_factor_conflict", case="time", factor=factor, reference=reference.source)
        cautions.append(conflict)
        return VoxelTime(None, None, conflict.text)
    apart = other_reference(series.timings, reference, decay) if reference.source == "series time" else None
    if apart is not None:
        cautions.append(Remark.of("reference_time_conflict", seconds=apart, reference=reference.source))
    return VoxelTime(reference.time, reference.source)


def _compare_administration(
    series: PetSeries, decay: float | None, injection: float | None, cautions: list[Remark]
) -> None:
    """Add a remark on a Decay Factor that does not lead back to the administration; the dose is still not decayed."""
    if decay is None or injection is None:
        return
    contradicting = contradicting_frame(series.timings, injection, decay)
    if contradicting is not None:
        factor = series.timings[contradicting].decay_factor
        conflict = Remark.of("decay_factor_conflict", case="time", factor=factor, reference="administration")
        cautions.append(conflict)


def frame_weights(used: PetSeries, shape: tuple[int, ...], called: str, decay: float | None) -> NDArray[np.float64]:
    """Return what slices are multiplied with before time frames are added.

    Parameters
    ----------
    used : PetSeries
        The slices of one frame after the other.
    shape : two ints
        Frames and slices.
    called : str
        Name of the series in messages.
    decay : float or None
        λ in 1/s.

    Returns
    -------
    (frames, slices) float64 array
        The share of each frame in the whole duration; with DecayCorrection NONE times what
        brings the slice's mean activity to the earliest acquisition.

    Raises
    ------
    DicomError
        If slices that were not decay-corrected cannot be brought to one time.
    """
    durations = np.array([timing.duration or 0.0 for timing in used.timings]).reshape(shape)
    shares = durations / durations.sum(axis=0) if shape[0] > 1 else np.ones(shape)
    if used.decay_correction != "NONE":
        return shares
    # an SUV that was never decay-corrected is valid only if all of it was measured at once
    known_decay = None if used.units in ("GML", "CM2ML") else decay
    return shares * _to_common_time(used.timings, called, known_decay).reshape(shape)


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
    frame_references = {timing.frame_reference for timing in timings}
    if len(set(starts)) == 1 and len(frame_references) > 1:
        raise DicomError(
            f"{called}: DecayCorrection is NONE and AcquisitionTime is one for slices whose FrameReferenceTime differs;"
            " the time of each is needed to correct them to one",
            code="decay_none",
        )
    first = min(starts)
    return np.array(
        [
            start_of_frame_factor(decay, duration) * math.exp(decay * (start - first))
            for start, duration in zip(starts, durations, strict=True)
        ]
    )
