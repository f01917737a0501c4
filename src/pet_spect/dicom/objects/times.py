"""DICOM dates and times as seconds on one clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_EPOCH = datetime(1970, 1, 1)
DAY_S = 86400.0

_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(?:\.(\d{1,6}))?")
_DATE = re.compile(r"(\d{4})[-.]?(\d{2})[-.]?(\d{2})")
_DATE_TIME = re.compile(r"(\d{4}-?\d{2}-?\d{2})[T ]?(\d{2}[\d:]*(?:\.\d{1,6})?)(Z|[+-]\d{2}:?\d{2})?")


def seconds_of_day(text: str) -> float | None:
    """Return a DICOM TM (or ``HH:MM[:SS]``) as seconds after midnight, None if it is neither.

    Examples
    --------
    >>> [seconds_of_day(t) for t in ("103500.50", "10:35", "24", "noon")]
    [38100.5, 38100.0, None, None]
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    return hours * 3600.0 + minutes * 60.0 + seconds + float(f"0.{match[4] or 0}")


def time_of_day_in(text: str) -> float | None:
    """Return the time of day of a DICOM TM or DT (or ISO 8601) as seconds after midnight, None if it has none.

    Examples
    --------
    >>> [time_of_day_in(t) for t in ("10:35", "2025-01-01T10:35+09:00", "2025-01-01")]
    [38100.0, 38100.0, None]
    """
    match = _DATE_TIME.fullmatch(text.strip())
    return seconds_of_day(text if match is None else match[2])


def seconds_of_date(text: str) -> float | None:
    """Return a DICOM DA (or ``YYYY-MM-DD``) as seconds since 1970, None if it is no date."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return (datetime(int(match[1]), int(match[2]), int(match[3])) - _EPOCH).total_seconds()
    except ValueError:
        return None


def seconds_of_date_time(text: str, scan_offset: timedelta | None = None) -> float | None:
    """Return a DICOM DT (or ISO 8601) as seconds since 1970 on the scanner's own clock.

    Parameters
    ----------
    text : str
        At least a date and an hour.
    scan_offset : timedelta, optional
        The clock's offset from UTC. Without it an offset in `text` is taken to be the
        scanner's own, unless it is 0 or Z: that may as well be UTC, anywhere.

    Returns
    -------
    float or None
        None if it is not a full date and time, or on a clock that cannot be compared.

    Examples
    --------
    >>> [seconds_of_date_time(f"19700101{t}", timedelta(hours=1)) for t in ("020000", "020000+0200", "010000Z")]
    [7200.0, 3600.0, 7200.0]
    >>> [seconds_of_date_time(f"19700101{t}") for t in ("020000+0200", "010000Z")]
    [7200.0, None]
    """
    match = _DATE_TIME.fullmatch(text.strip())
    if match is None:
        return None
    date, time = seconds_of_date(match[1]), seconds_of_day(match[2])
    if date is None or time is None:
        return None
    offset = offset_from_utc(match[3])
    if offset is None:
        return date + time
    if scan_offset is None:
        return date + time if offset else None
    return date + time + (scan_offset - offset).total_seconds()


def offset_from_utc(text: str | None) -> timedelta | None:
    """Return an offset (``+0900``, ``+09:00``, ``Z``) as a timedelta, None if it is missing or no offset."""
    offset_text = (text or "").strip()
    if offset_text == "Z":
        return timedelta(0)
    match = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", offset_text)
    if match is None:
        return None
    return timedelta(hours=int(match[2]), minutes=int(match[3])) * (1 if match[1] == "+" else -1)


def offset_in(text: str | None) -> timedelta | None:
    """Return the offset from UTC that a DICOM DT carries, None if it carries none."""
    match = _DATE_TIME.fullmatch((text or "").strip())
    return None if match is None else offset_from_utc(match[3])
