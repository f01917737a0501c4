"""The reference time of decay-corrected voxels. Pure; times are seconds on one clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pet_spect.errors import DicomError
from pet_spect.nuclides import mean_activity_time

_SAME_S = 1.0
_CONTRADICTS_S = 60.0
_ROUNDED_S = 5.0
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
    no acquisition began before it (later, it was written by post-processing); what
    FrameReferenceTime and DecayFactor say (`_from_frames`).

    Parameters
    ----------
    frames : sequence of FrameTiming
    explicit, series : float or None
        Decay correction date and time; series date and time.
    decay : float or None
        λ in 1/s.
    name : str
        Name of the series in messages.

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
                " acquisition; voxels cannot be corrected to a time after the scan began",
                code="decay_time",
            )
        return ReferenceTime(explicit, "explicit")
    if series is not None and earliest is not None and series - earliest <= _SAME_S:
        return ReferenceTime(series, "series time")
    time = _from_frames(frames, decay)
    return None if time is None else ReferenceTime(time, "frame reference time")


def _from_frames(frames: Sequence[FrameTiming], decay: float | None) -> float | None:
    """Return the reference time that FrameReferenceTime (FRT) gives, None if it is not the same for all slices.

    Scanners write three things. By the standard (PS3.3 C.8.9.4.1.5) FRT runs from the
    reference to the moment of mean activity: ``t_acq + T_ave − FRT``, and a Decay
    Factor is ``e^{λ·FRT}``. Others let it run to the start of the bed, and the
    factor is ``e^{λ(FRT + T_ave)}``: then the reference is ``t_acq − FRT``, or
    ``t_acq`` where AcquisitionTime is the start of the whole scan, which is certain
    only where the beds show which of the two is one for all of them.
    """
    if decay is None or any(None in (f.start, f.duration, f.frame_reference) for f in frames):
        return None
    starts, frame_references = [f.start or 0.0 for f in frames], [f.frame_reference or 0.0 for f in frames]
    averages = [mean_activity_time(decay, f.duration or 0.0) for f in frames]
    by_standard = [
        start + average - frt for start, average, frt in zip(starts, averages, frame_references, strict=True)
    ]
    to_bed = [frt + average for frt, average in zip(frame_references, averages, strict=True)]
    if not any(map(tells, frames)) or _all_fit(frames, frame_references, decay):
        candidates = [by_standard]
    elif _all_fit(frames, to_bed, decay):
        candidates = [starts, [start - frt for start, frt in zip(starts, frame_references, strict=True)]]
    else:
        return None
    single = [sum(times) / len(times) for times in candidates if max(times) - min(times) <= _SAME_S]
    if not single or max(single) - min(single) > _SAME_S or single[0] > min(starts) + _ROUNDED_S:
        return None
    return single[0]


def tells(frame: FrameTiming) -> bool:
    """Return whether a slice has a Decay Factor that says something; scanners write 1 and 0 for none."""
    return frame.decay_factor not in (None, 0.0, 1.0)


def _all_fit(frames: Sequence[FrameTiming], elapsed: Sequence[float], decay: float) -> bool:
    return all(
        not tells(f) or fits_factor(f.decay_factor, time, decay) for f, time in zip(frames, elapsed, strict=True)
    )


def fits_factor(factor: float | None, elapsed: float, decay: float) -> bool:
    """Return whether a Decay Factor is ``e^{λ·elapsed}`` within 0.5 %; one that is not positive is no factor."""
    return bool(factor and factor > 0 and abs(math.log(factor) - decay * elapsed) <= math.log1p(FACTOR_TOLERANCE))


def other_reference(frames: Sequence[FrameTiming], reference: ReferenceTime, decay: float | None) -> float | None:
    """Return how many seconds after the reference time used the frame reference time puts it.

    Parameters
    ----------
    frames : sequence of FrameTiming
    reference : ReferenceTime
        By `decay_reference_time`.
    decay : float or None
        λ in 1/s.

    Returns
    -------
    float or None
        None if they agree within 60 s, if FrameReferenceTime tells none, or if a Decay Factor, which
        `contradicting_frame` checks, speaks already.
    """
    by_frames = None if any(map(tells, frames)) else _from_frames(frames, decay)
    return (
        None if by_frames is None or abs(by_frames - reference.time) <= _CONTRADICTS_S else by_frames - reference.time
    )


def contradicting_frame(frames: Sequence[FrameTiming], reference: float, decay: float) -> int | None:
    """Return the first slice whose Decay Factor contradicts the reference time.

    A factor other than 1 must be ``e^{λt}``, within 0.5 %, for ``t = t_acq + T_ave − reference``.
    Where AcquisitionTime is one for all slices, and so may be the start of the whole scan, the bed may
    have begun FrameReferenceTime later: ``t = t_acq + FrameReferenceTime + T_ave − reference``.

    Returns
    -------
    int or None
        Its index; None if all agree or say nothing.
    """
    one_start = len({frame.start for frame in frames}) == 1
    for index, frame in enumerate(frames):
        if not tells(frame) or frame.duration is None or frame.start is None:
            continue
        elapsed = frame.start + mean_activity_time(decay, frame.duration) - reference
        later = elapsed + (frame.frame_reference or 0.0) if one_start else elapsed
        if not any(fits_factor(frame.decay_factor, time, decay) for time in (elapsed, later)):
            return index
    return None
