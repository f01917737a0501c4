"""Which moment decay-corrected voxels hold for. Pure; times are seconds on one clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pet_spect.dicom.decay import mean_activity_time
from pet_spect.errors import DicomError

_SAME_S = 1.0
_CONTRADICTS_S = 60.0
FACTOR_TOLERANCE = 0.005
"""By how much a Decay Factor may depart from what the times say, as a fraction."""


@dataclass(frozen=True)
class FrameTiming:
    """When one slice was measured.

    Attributes
    ----------
    start : float or None
        Acquisition date and time.
    duration : float or None
        Actual Frame Duration, s.
    frame_reference : float or None
        Frame Reference Time, s.
    decay_factor : float or None
        Decay Factor (0054,1321).
    """

    start: float | None
    duration: float | None
    frame_reference: float | None
    decay_factor: float | None


@dataclass(frozen=True)
class ReferenceTime:
    """The moment, and the rule that gave it (``explicit``, ``series time``, ``frame reference time``)."""

    time: float
    source: str


def earliest_start(frames: Sequence[FrameTiming]) -> float | None:
    """Return when the first slice was begun, None where a slice does not say."""
    starts = [frame.start for frame in frames if frame.start is not None]
    return min(starts) if starts and len(starts) == len(frames) else None


def decay_reference_time(
    frames: Sequence[FrameTiming],
    *,
    explicit: float | None,
    series: float | None,
    decay: float | None,
    name: str,
) -> ReferenceTime | None:
    """Return the moment to which a START series is decay-corrected; one for all its slices.

    The first that applies: the explicit time a scanner wrote; the series time, if
    no acquisition began before it (later, it was written by post-processing);
    ``t_acq + T_ave − FrameReferenceTime`` (PS3.3 C.8.9.4.1.5), if equal on all
    slices within 1 s.

    Parameters
    ----------
    frames : sequence of FrameTiming
    explicit, series : float or None
        Decay correction date and time; series date and time.
    decay : float or None
        λ in 1/s.
    name : str
        How messages call the series.

    Returns
    -------
    ReferenceTime or None
        None where no rule applies.

    Raises
    ------
    DicomError
        If the explicit time is later than the earliest acquisition.
    """
    earliest = earliest_start(frames)
    if explicit is not None:
        if earliest is not None and explicit - earliest > _SAME_S:
            raise DicomError(
                f"{name}: its explicit decay-correction time is {explicit - earliest:.0f} s after the earliest"
                " acquisition; voxels cannot be corrected to a time that was yet to come",
                code="decay_time",
            )
        return ReferenceTime(explicit, "explicit")
    if series is not None and earliest is not None and series - earliest <= _SAME_S:
        return ReferenceTime(series, "series time")
    times = [_from_frame(frame, decay) for frame in frames]
    found = [time for time in times if time is not None]
    if found and len(found) == len(frames) and max(found) - min(found) <= _SAME_S:
        return ReferenceTime(sum(found) / len(found), "frame reference time")
    return None


def _from_frame(frame: FrameTiming, decay: float | None) -> float | None:
    if frame.start is None or frame.duration is None or frame.frame_reference is None or decay is None:
        return None
    return frame.start + mean_activity_time(decay, frame.duration) - frame.frame_reference


def other_reference(frames: Sequence[FrameTiming], found: ReferenceTime, decay: float | None) -> float | None:
    """Return how many seconds after the reference time used the frame reference time puts it.

    Parameters
    ----------
    frames : sequence of FrameTiming
    found : ReferenceTime
        By `decay_reference_time`.
    decay : float or None
        λ in 1/s.

    Returns
    -------
    float or None
        None if they agree within 60 s, or if ``t_acq + T_ave − FrameReferenceTime`` is not the same for all
        slices (beds whose FrameReferenceTime counts from the start of the bed), or if a Decay Factor, which
        `contradicting_frame` checks, speaks already.
    """
    times = [_from_frame(frame, decay) for frame in frames]
    known = [time for time in times if time is not None]
    if len(known) < len(times) or max(known) - min(known) > _SAME_S:
        return None
    if any(frame.decay_factor not in (None, 0.0, 1.0) for frame in frames):
        return None
    apart = sum(known) / len(known) - found.time
    return apart if abs(apart) > _CONTRADICTS_S else None


def contradicting_frame(frames: Sequence[FrameTiming], reference: float, decay: float) -> int | None:
    """Return the first slice whose Decay Factor contradicts the reference time.

    A factor other than 1 must be ``e^{λt}``, within 0.5 %, for t either
    ``FrameReferenceTime + T_ave`` (frame reference time = start of the bed) or
    ``t_acq + T_ave − reference``.

    Returns
    -------
    int or None
        Its index; None if all agree or say nothing.
    """
    for index, frame in enumerate(frames):
        if frame.decay_factor in (None, 0.0, 1.0) or frame.duration is None:
            continue
        middle = mean_activity_time(decay, frame.duration)
        elapsed = [frame.frame_reference + middle] if frame.frame_reference is not None else []
        if frame.start is not None:
            elapsed.append(frame.start + middle - reference)
        stated = frame.decay_factor or 1.0
        if elapsed and not any(abs(stated / math.exp(decay * t) - 1) <= FACTOR_TOLERANCE for t in elapsed):
            return index
    return None
