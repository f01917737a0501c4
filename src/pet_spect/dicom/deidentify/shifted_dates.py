"""Dates moved by whole days; times of day as they were, so that decay arithmetic holds."""

from __future__ import annotations

from datetime import datetime, timedelta

from pet_spect.dicom.objects.times import seconds_of_date, seconds_of_date_time, seconds_of_day

_EPOCH = datetime(1970, 1, 1)


def moved_date(text: str, shift: timedelta) -> str:
    """Return a DICOM DA moved by `shift`; empty if it is no date.

    Examples
    --------
    >>> moved_date("20240301", timedelta(days=-1)), moved_date("Doe", timedelta(days=-1))
    ('20240229', '')
    """
    seconds = seconds_of_date(text)
    return "" if seconds is None else _formatted(seconds, shift, "%Y%m%d")


def moved_date_time(text: str, shift: timedelta, clock: timedelta | None) -> str:
    """Return a DICOM DT moved by `shift`, on the scanner's clock; empty if it is no date and time.

    Parameters
    ----------
    text : str
    shift : timedelta
        Whole days.
    clock : timedelta or None
        The scanner's offset from UTC. An offset in `text` is resolved to it and left out, since it tells where.

    Examples
    --------
    >>> moved_date_time("20240301003000.50+0000", timedelta(days=-1), timedelta(hours=9))
    '20240229093000.500000'
    """
    seconds = seconds_of_date_time(text, clock)
    if seconds is not None:
        return _formatted(seconds, shift, "%Y%m%d%H%M%S.%f")
    return moved_date(text, shift)


def clean_time(text: str) -> str:
    """Return a DICOM TM as it was; empty if it is no time.

    Examples
    --------
    >>> clean_time("103500.00"), clean_time("10:35:00"), clean_time("Doe")
    ('103500.00', '103500', '')
    """
    return text.replace(":", "") if text.isascii() and seconds_of_day(text) is not None else ""


def _formatted(seconds: float, shift: timedelta, form: str) -> str:
    try:
        moved = _EPOCH + timedelta(microseconds=round(seconds * 1e6)) + shift
    except OverflowError:
        return ""
    year = f"{moved.year:04d}"  # strftime writes years before 1000 with fewer digits
    return moved.strftime(form.replace("%Y", year))
