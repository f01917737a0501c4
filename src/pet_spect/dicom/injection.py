"""When the tracer was injected, on the clock of the scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pet_spect.dicom.clock import scanner_offset
from pet_spect.dicom.declared import Caution, Declared
from pet_spect.dicom.header import Header
from pet_spect.dicom.times import DAY_S, offset_in, seconds_of_date_time, seconds_of_day
from pet_spect.errors import DicomError

MOST_HALF_LIVES = 10
"""After so many nothing is left to be measured."""

_MOST_AFTER_START_S = 600.0
_LIKELY_HALF_LIVES = 3
_LIKELY_S = 7200.0
_QUARTER_S = 900.0


@dataclass(frozen=True)
class _Told:
    """A time that a header or a table gives, seconds on the clock of the scan, and whether it came with a date."""

    time: float
    dated: bool


def read_injection(
    header: Header,
    drug: Header | None,
    scan_start: float | None,
    declared: Declared,
    half_life: float | None,
    cautions: list[Caution],
) -> tuple[float | None, str, bool]:
    """Return when the tracer was injected, or why that is not known.

    A time without a date is the last such time before the scan began, and not believed if that is more
    than three half-lives (and two hours) before; a dynamic scan may begin up to ten minutes before the
    injection. A dated time more than a day from the scan (de-identification
    shifted one date and not the other) gives way to its time of day where the radionuclide lives so
    short that only the day of the scan can be meant.

    Parameters
    ----------
    header : Header
        Of any image of the series.
    drug : Header or None
        The item of RadiopharmaceuticalInformationSequence.
    scan_start : float or None
        Earliest acquisition, seconds.
    declared : Declared
    half_life : float or None
        Seconds.
    cautions : list of Caution
        Gets ``injection_times_differ``, ``injection_time_conflict`` and ``injection_date_replaced``.

    Returns
    -------
    injection : float or None
        Seconds, on the clock of `scan_start`.
    reason : str
        Why it is None.
    day_known : bool
        Whether it cannot have been another day: it has a date, or 24 h are more than ten half-lives.

    Raises
    ------
    DicomError
        If the declared time is no time.
    """
    offset = scanner_offset(header)
    short_lived = half_life is not None and MOST_HALF_LIVES * half_life < DAY_S
    stated = _in_header(drug, offset, scan_start, cautions)
    if stated is not None and stated.dated and scan_start is not None and half_life is not None and short_lived:
        stated = _redated(stated, scan_start, half_life, cautions)
    told = _in_tables(header, declared, offset, scan_start)
    if stated is not None and told is not None and abs(told.time - stated.time) > 60:
        apart = abs(told.time - stated.time) / 60
        reason = f"injection in header and tables is {apart:.0f} min apart; the header was used"
        cautions.append(Caution("injection_time_conflict", reason))
    found = stated or told
    if found is None:
        return None, "injection time is missing", False
    if scan_start is not None:
        uptake = scan_start - found.time
        longest = MOST_HALF_LIVES * half_life if half_life else DAY_S
        if short_lived and not found.dated:  # a slip of am and pm, or of a time zone, is not the day before
            longest = max(_LIKELY_HALF_LIVES * (half_life or 0.0), _LIKELY_S)
        if uptake < -_MOST_AFTER_START_S or uptake > longest:
            return None, f"injection {uptake / 60:.0f} min before the scan is implausible", False
    return found.time, "", found.dated or short_lived


def _redated(stated: _Told, scan_start: float, half_life: float, cautions: list[Caution]) -> _Told:
    of_day = (scan_start - stated.time) % DAY_S
    if abs(scan_start - stated.time) <= DAY_S or of_day > _LIKELY_HALF_LIVES * half_life:
        return stated
    reason = "the date of the injection is not that of the scan; its time of day was used"
    cautions.append(Caution("injection_date_replaced", reason))
    return _Told(scan_start - of_day, dated=True)


def _in_header(
    drug: Header | None, offset: timedelta | None, scan_start: float | None, cautions: list[Caution]
) -> _Told | None:
    if drug is None:
        return None
    full, bare = drug.text("RadiopharmaceuticalStartDateTime"), drug.text("RadiopharmaceuticalStartTime")
    dated = seconds_of_date_time(full, offset) if full else None
    undated = _on_clock(bare, scan_start, offset) if bare else None
    if dated is not None and undated is not None:
        away = abs(dated - undated.time) % DAY_S
        if min(away, DAY_S - away) > 60:
            # on another clock by whole quarters of an hour: the dateless time is on the scanner's
            if offset_in(full) is not None and min(away % _QUARTER_S, -away % _QUARTER_S) < 1:
                return undated
            reason = "the dated and the dateless injection time of the header differ; the dated one was used"
            cautions.append(Caution("injection_times_differ", reason))
    return undated if dated is None else _Told(dated, dated=True)


def _in_tables(header: Header, declared: Declared, offset: timedelta | None, scan_start: float | None) -> _Told | None:
    if declared.injection_time is not None:
        told = _on_clock(declared.injection_time, scan_start, offset)
        if told is None and seconds_of_day(declared.injection_time) is None:
            raise DicomError(
                f"{header.name}: the declared injection time is neither HH:MM[:SS] nor an ISO 8601 date and time",
                code="injection_time",
            )
        if told is not None:
            return told
    if declared.uptake_minutes is None or scan_start is None:
        return None
    return _Told(scan_start - declared.uptake_minutes * 60, dated=True)


def _on_clock(text: str, scan_start: float | None, offset: timedelta | None) -> _Told | None:
    dated = seconds_of_date_time(text, offset)
    if dated is not None:
        return _Told(dated, dated=True)
    of_day = seconds_of_day(text)
    if of_day is None or scan_start is None:
        return None
    moment = scan_start - scan_start % DAY_S + of_day
    return _Told(moment if moment <= scan_start + _MOST_AFTER_START_S else moment - DAY_S, dated=False)
