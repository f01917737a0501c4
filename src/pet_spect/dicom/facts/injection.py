"""The time of injection on the clock of the scan, from header or JSON, settled with the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pet_spect.dicom.facts.declared import Declared, Source
from pet_spect.dicom.objects.clock import scanner_offset
from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.times import DAY_S, offset_in, seconds_of_date_time, seconds_of_day, time_of_day_in
from pet_spect.errors import DicomError
from pet_spect.remarks import Remark

MOST_HALF_LIVES = 10
"""After this many half-lives nothing is left to measure."""

_MOST_AFTER_START_S = 600.0
_LEAST_BEFORE_STATIC_S = 60.0
_SHORTEST_WAITED_FOR_S = 1800.0
_LIKELY_HALF_LIVES = 3
_LIKELY_S = 7200.0
_QUARTER_S = 900.0
_SAME_S = 60.0


@dataclass(frozen=True)
class ScanClock:
    """The clock that times of a scan are seconds on.

    Attributes
    ----------
    called : str
        Name of the scan in messages.
    start : float or None
        Earliest acquisition.
    is_static : bool
        Whether the scan is of one time frame; others may begin with the injection.
    offset : timedelta or None
        From UTC.
    knows : {'dates', 'times', 'nothing'}
        Whether a date and time of day, a time of day alone, or neither can be placed on it.
    """

    called: str
    start: float | None
    is_static: bool = True
    offset: timedelta | None = None
    knows: Literal["dates", "times", "nothing"] = "dates"


@dataclass(frozen=True)
class StatedTime:
    """A time that a header, a JSON or a table gives, and whether its day is known."""

    time: float
    dated: bool


def settle_injection(
    stated: StatedTime | None,
    clock: ScanClock,
    declared: Declared,
    half_life: float | None,
    cautions: list[Remark],
    *,
    source: Source = "header",
) -> tuple[float | None, str, bool]:
    """Return when the tracer was injected, or why that is not known.

    The tables fill the gap if nothing is stated, or nothing that can be true.

    A time without a date is the last such time before the scan began, and not believed if that is more
    than three half-lives (and two hours) before; a dynamic scan may begin up to ten minutes before the
    injection. An injection less than a minute before a static scan is not believed where the radionuclide
    lives longer than half an hour: it is the default of converters and scanners.
    A dated time more than a day from the scan (de-identification
    shifted one date and not the other) gives way to its time of day where the radionuclide lives so
    short that only the day of the scan can be meant.

    Parameters
    ----------
    stated : StatedTime or None
        By the header (`injection_in_header`) or the JSON.
    clock : ScanClock
    declared : Declared
    half_life : float or None
        Seconds.
    cautions : list of Remark
        Gets ``injection_time_conflict``, ``injection_implausible``, ``injection_time_unchecked``,
        ``declared_times_differ`` and ``injection_date_replaced``.
    source : {'header', 'JSON'}

    Returns
    -------
    injection : float or None
        Seconds, on the clock of the scan.
    reason : str
        Why it is None.
    day_known : bool
        Whether it cannot have been another day: it has a date, or 24 h are more than ten half-lives.

    Raises
    ------
    DicomError
        If the declared time is no time.
    """
    short_lived = half_life is not None and MOST_HALF_LIVES * half_life < DAY_S
    if stated is not None and stated.dated and clock.start is not None and half_life is not None and short_lived:
        stated = _redated(stated, clock.start, half_life, cautions)
    declared_time, unplaced = _in_tables(declared, clock, cautions)
    doubts = [_doubt(time, clock, half_life, short_lived=short_lived) for time in (stated, declared_time)]
    if unplaced and stated is not None:
        cautions.append(unplaced)
    if stated is not None and doubts[0] is None:
        if declared_time is not None and abs(declared_time.time - stated.time) > _SAME_S:
            apart = abs(declared_time.time - stated.time) / 60
            cautions.append(Remark.of("injection_time_conflict", minutes=apart, source=source))
        return stated.time, "", stated.dated or short_lived
    if declared_time is not None and doubts[1] is None:
        if stated is not None:
            minutes = ((clock.start or 0.0) - stated.time) / 60
            cautions.append(Remark.of("injection_implausible", minutes=minutes, source=source))
        return declared_time.time, "", declared_time.dated or short_lived
    return None, doubts[0] or doubts[1] or (unplaced and unplaced.text) or "injection time is missing", False


def _doubt(injection: StatedTime | None, clock: ScanClock, half_life: float | None, *, short_lived: bool) -> str | None:
    """Return why an injection cannot have been then, None if it can or nothing is to compare."""
    if injection is None or clock.start is None:
        return None
    uptake = clock.start - injection.time
    longest = MOST_HALF_LIVES * half_life if half_life else DAY_S
    if short_lived and not injection.dated:  # a slip of am and pm, or of a time zone, is not the day before
        longest = max(_LIKELY_HALF_LIVES * (half_life or 0.0), _LIKELY_S)
    waits = clock.is_static and half_life is not None and half_life > _SHORTEST_WAITED_FOR_S
    if (_LEAST_BEFORE_STATIC_S if waits else -_MOST_AFTER_START_S) <= uptake <= longest:
        return None
    return f"injection {uptake / 60:.0f} min before the scan is implausible"


def _redated(stated: StatedTime, scan_start: float, half_life: float, cautions: list[Remark]) -> StatedTime:
    of_day = (scan_start - stated.time) % DAY_S
    if abs(scan_start - stated.time) <= DAY_S or of_day > _LIKELY_HALF_LIVES * half_life:
        return stated
    cautions.append(Remark.of("injection_date_replaced"))
    return StatedTime(scan_start - of_day, dated=True)


def injection_in_header(drug: Header | None, clock: ScanClock, cautions: list[Remark]) -> StatedTime | None:
    """Return the injection time of an item of RadiopharmaceuticalInformationSequence.

    Parameters
    ----------
    drug : Header or None
    clock : ScanClock
    cautions : list of Remark
        Gets ``injection_times_differ``.
    """
    if drug is None:
        return None
    full, bare = drug.text("RadiopharmaceuticalStartDateTime"), drug.text("RadiopharmaceuticalStartTime")
    dated = seconds_of_date_time(full, clock.offset) if full else None
    undated = _on_clock(bare, clock) if bare else None
    if dated is not None and undated is not None:
        away = abs(dated - undated.time) % DAY_S
        if min(away, DAY_S - away) > _SAME_S:
            # on another clock by whole quarters of an hour: the dateless time is on the scanner's
            if offset_in(full) is not None and min(away % _QUARTER_S, -away % _QUARTER_S) < 1:
                return undated
            cautions.append(Remark.of("injection_times_differ"))
    return undated if dated is None else StatedTime(dated, dated=True)


def clock_of_header(header: Header, start: float | None, *, is_static: bool) -> ScanClock:
    """Return the clock of a scan whose earliest acquisition began at `start`."""
    return ScanClock(header.name, start, is_static, scanner_offset(header))


def _in_tables(declared: Declared, clock: ScanClock, cautions: list[Remark]) -> tuple[StatedTime | None, Remark | None]:
    """Return the declared injection, and why a time that is declared could not be placed."""
    unplaced = None
    if declared.injection_time is not None:
        declared_time = _on_clock(declared.injection_time, clock)
        if declared_time is None and time_of_day_in(declared.injection_time) is None:
            raise DicomError(
                f"{clock.called}: the declared injection time is neither HH:MM[:SS] nor an ISO 8601 date and time",
                code="injection_time",
            )
        if declared_time is not None:
            _compare_declared(declared_time, declared.uptake_minutes, clock, cautions)
            return declared_time, None
        unplaced = Remark.of("injection_time_unchecked", case="time_of_day")
    if declared.uptake_minutes is None:
        return None, unplaced
    if clock.start is None:
        return None, Remark.of("injection_time_unchecked", case="start")
    return StatedTime(clock.start - declared.uptake_minutes * 60, dated=True), None


def _compare_declared(
    declared_time: StatedTime, uptake_minutes: float | None, clock: ScanClock, cautions: list[Remark]
) -> None:
    if uptake_minutes is None or clock.start is None:
        return
    apart = abs(clock.start - uptake_minutes * 60 - declared_time.time)
    if apart > _SAME_S:
        cautions.append(Remark.of("declared_times_differ", minutes=apart / 60))


def _on_clock(text: str, clock: ScanClock) -> StatedTime | None:
    dated = seconds_of_date_time(text, clock.offset)
    if dated is not None and clock.knows == "dates":
        return StatedTime(dated, dated=True)
    of_day = time_of_day_in(text) if clock.knows == "times" else seconds_of_day(text)
    if of_day is None or clock.start is None or clock.knows == "nothing":
        return None
    moment = clock.start - clock.start % DAY_S + of_day
    return StatedTime(moment if moment <= clock.start + _MOST_AFTER_START_S else moment - DAY_S, dated=False)
