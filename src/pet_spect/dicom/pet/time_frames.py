"""Time frames of a PET series: the slices of one volume, and the frames that are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.geometry import coincident
from pet_spect.dicom.pet.reference_time import FrameTiming, fits_factor
from pet_spect.dicom.pet.series import PetSeries
from pet_spect.errors import DicomError
from pet_spect.nuclides import mean_activity_time
from pet_spect.remarks import Remark

_SAME_S = 1.0
_SAME_REFERENCE_S = 5.0
_LEAST_COVERED = 0.9
_LONGEST_SCAN_S = 6 * 3600.0
_RATES = ("BQML", "GML", "CM2ML", "CPS", "PROPCPS")


def time_frames(
    series: PetSeries, normal: NDArray[np.float64], called: str, cautions: list[Remark]
) -> NDArray[np.intp]:
    """Return the slices of each time frame.

    Parameters
    ----------
    series : PetSeries
    normal : (3,) float array
        Unit vector along which slices are stacked.
    called : str
        Name of the series in messages.
    cautions : list of Remark
        Gets ``duplicate_slices`` if a slice exists twice with the same voxels; one is kept.

    Returns
    -------
    (F, N) int array
        Indices of slices: F time frames, the earliest first, of N slices each, by rising position
        along `normal`. F is 1 for a static series, whose beds may have been measured at different times.

    Raises
    ------
    DicomError
        If slices at one position differ and are not frames of a dynamic series, or time frames are missing.
    """
    groups = coincident(series.positions @ normal)
    if len(groups) < 2:
        raise DicomError(
            f"{called}: all {len(series.names)} slices have the same position; a volume is needed", code="slice_single"
        )
    kept = [_without_copies(series, group) for group in groups]
    copies = len(series.names) - sum(map(len, kept))
    if copies:
        cautions.append(Remark.of("duplicate_slices", copies=copies))
    counts = {len(group) for group in kept}
    if len(counts) > 1:
        if series.stated_frames is not None:
            raise DicomError(
                f"{called}: is dynamic, but positions hold {min(counts)} to {max(counts)} slices; time frames"
                " lack slices",
                code="frame_times",
            )
        group = next(group for group in kept if len(group) == max(counts))
        raise DicomError(
            f"{series.names[group[1]]}: has the position of {_file(series.names[group[0]])} and was measured at"
            " another time, while other positions were measured once. Overlapping beds are not merged;"
            " export the merged series",
            code="bed_overlap",
        )
    frames = np.array([sorted(group, key=lambda index: series.timings[index].start or 0.0) for group in kept]).T
    if len(frames) > 1:
        _check_times(series, frames, called)
    else:
        _check_span(series, called)
    if len(frames) == 1 and series.stated_frames not in (None, 1):
        raise DicomError(
            f"{called}: is dynamic by the header and holds one time frame of"
            f" {series.stated_frames or 'an unknown number'}; the whole series is needed",
            code="not_static",
        )
    return np.asarray(frames, dtype=np.intp)


def _without_copies(series: PetSeries, group: Sequence[int]) -> list[int]:
    """Return the slices of one position without copies; those left were measured at different times."""
    kept: list[int] = []
    for index in group:
        twin = next((other for other in kept if series.timings[other] == series.timings[index]), None)
        if twin is None:
            kept.append(index)
        elif not np.array_equal(series.pixels(twin), series.pixels(index), equal_nan=True):
            raise DicomError(
                f"{series.names[index]}: has position and time of {_file(series.names[twin])} but other voxels;"
                " one volume is needed",
                code="slice_duplicate",
            )
    return kept


def _check_span(series: PetSeries, called: str) -> None:
    """Refuse a volume whose slices cannot be of one scan, by their times."""
    starts = [timing.start for timing in series.timings if timing.start is not None]
    if starts and max(starts) - min(starts) > _LONGEST_SCAN_S:
        raise DicomError(
            f"{called}: its slices were measured over {(max(starts) - min(starts)) / 3600:.1f} h by their dates and"
            " times; one scan is needed",
            code="frame_times",
        )


def _check_times(series: PetSeries, frames: NDArray[np.intp], called: str) -> None:
    """Refuse time frames whose slices were not measured together, or that overlap in time."""
    for number, frame in enumerate(frames, start=1):
        timings = [series.timings[index] for index in frame]
        for what in ("start", "duration"):
            values = [getattr(timing, what) for timing in timings]
            if None in values:
                raise DicomError(
                    f"{called}: holds {len(frames)} time frames; their acquisition times and durations are needed",
                    code="frame_times",
                )
            if max(values) - min(values) > _SAME_S:
                raise DicomError(
                    f"{called}: slices of time frame {number} differ by {max(values) - min(values):.0f} s in their"
                    f" {what}; one bed position is needed",
                    code="frame_times",
                )
    for number, (earlier, later) in enumerate(pairwise(_spans(series, frames)), start=1):
        if later[0] < earlier[1] - _SAME_S:
            raise DicomError(f"{called}: time frames {number} and {number + 1} overlap in time", code="frame_times")


def _spans(series: PetSeries, frames: NDArray[np.intp]) -> list[tuple[float, float]]:
    """Return start and end of each time frame, seconds; both are known (`_check_times`)."""
    timings = [series.timings[frame[0]] for frame in frames]
    return [(timing.start or 0.0, (timing.start or 0.0) + (timing.duration or 0.0)) for timing in timings]


def frames_in_window(
    series: PetSeries,
    frames: NDArray[np.intp],
    window: tuple[float, float] | None,
    injection: float | None,
    called: str,
) -> NDArray[np.intp]:
    """Return the time frames that lie in a window; of a static series the only one, whatever the window.

    Parameters
    ----------
    series : PetSeries
    frames : (F, N) int array
        See `time_frames`.
    window : two floats or None
        Minutes after the injection.
    injection : float or None
        Seconds, on the clock of the scan.
    called : str

    Returns
    -------
    (G, N) int array
        Those that begin and end within the window, to a second.

    Raises
    ------
    DicomError
        If there are several time frames and no window, the injection time is not known, voxels are
        counts per frame, or the frames inside cover less than 90 % of the window.
    """
    if len(frames) == 1:
        return frames
    if window is None:
        raise DicomError(
            f"{called}: is dynamic, {len(frames)} time frames; name the window to average (frame_window)",
            code="not_static",
        )
    if injection is None:
        raise DicomError(
            f"{called}: the frame window counts from the injection, whose time is not known", code="frame_window"
        )
    if series.units not in _RATES and not (series.counts_to_activity or series.counts_to_suv):
        raise DicomError(
            f"{called}: voxels are counts of each time frame, which cannot be averaged by duration", code="frame_window"
        )
    first, last = (injection + 60 * minutes for minutes in window)
    spans = _spans(series, frames)
    inside = [start >= first - _SAME_S and end <= last + _SAME_S for start, end in spans]
    covered = sum(end - start for (start, end), within in zip(spans, inside, strict=True) if within)
    if covered < _LEAST_COVERED * (last - first):
        raise DicomError(
            f"{called}: time frames that lie wholly between {window[0]:g} and {window[1]:g} min after injection cover"
            f" {covered / 60:.1f} min of it, {_LEAST_COVERED:.0%} are needed; frames run from"
            f" {(spans[0][0] - injection) / 60:.1f} to {(spans[-1][1] - injection) / 60:.1f} min",
            code="frame_window",
        )
    return np.asarray(frames[np.array(inside)], dtype=np.intp)


def check_one_reference(
    timings: Sequence[FrameTiming], reference: float | None, decay: float | None, name: str, *, explicit: bool
) -> None:
    """Refuse START-corrected time frames that were not all corrected to one time.

    Parameters
    ----------
    timings : sequence of FrameTiming
        One of each time frame.
    reference : float or None
        The time they are corrected to, seconds.
    decay : float or None
        λ in 1/s.
    name : str
        Name of the series in messages.
    explicit : bool
        Whether every frame names that time itself, which then needs no other evidence.

    Raises
    ------
    DicomError
        If that time or λ is not known, a DecayFactor is not ``e^{λ(t_acq + T_ave − reference)}`` within
        0.5 %, or, without such factors, neither ``t_acq − FrameReferenceTime`` nor
        ``t_acq + T_ave − FrameReferenceTime`` is there and the same for all within 5 s.
    """
    if reference is None or decay is None:
        raise DicomError(
            f"{name}: the header does not tell to which time its frames are decay-corrected; one time is needed",
            code="frame_decay",
        )
    starts = np.array([timing.start or 0.0 for timing in timings])
    middles = starts + [mean_activity_time(decay, timing.duration or 0.0) for timing in timings]
    factors = [timing.decay_factor for timing in timings]
    if any(factor not in (None, 0.0, 1.0) for factor in factors):
        agree = all(fits_factor(f, t - reference, decay) for f, t in zip(factors, middles.tolist(), strict=True))
    else:
        frame_references = [timing.frame_reference for timing in timings if timing.frame_reference is not None]
        spread = (
            min(np.ptp(starts - frame_references), np.ptp(middles - frame_references))
            if len(frame_references) == len(timings)
            else np.inf
        )
        agree = bool(spread <= _SAME_REFERENCE_S) if frame_references else explicit
    if not agree:
        raise DicomError(
            f"{name}: its time frames are not all decay-corrected to one time, which is needed to use any of them",
            code="frame_decay",
        )


def _file(name: str) -> str:
    return name.rsplit(": ", 1)[-1]
