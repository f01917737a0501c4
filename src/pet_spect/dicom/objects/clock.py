"""Dates and times of a header on the scanner's own clock."""

from __future__ import annotations

from datetime import timedelta

from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.times import (
    offset_from_utc,
    offset_in,
    seconds_of_date,
    seconds_of_date_time,
    seconds_of_day,
)

_OF_THE_SCAN = ("AcquisitionDateTime", "FrameAcquisitionDateTime", "FrameReferenceDateTime")


def scanner_offset(header: Header) -> timedelta | None:
    """Return the offset from UTC of the clock that the times of the scan are on, None if it is missing.

    It is TimezoneOffsetFromUTC, or else what the date and time of the acquisition carry.
    """
    stated_offset = offset_from_utc(header.text("TimezoneOffsetFromUTC"))
    carried = (offset_in(header.text(tag)) for tag in _OF_THE_SCAN)
    return (
        stated_offset if stated_offset is not None else next((offset for offset in carried if offset is not None), None)
    )


def clock_time(header: Header, date_tag: str, time_tag: str) -> float | None:
    """Return a date and time in seconds; a date that is missing or none is that of acquisition, series or study."""
    time = header.text(time_tag)
    of_day = None if time is None else seconds_of_day(time)
    if of_day is None:
        return None
    texts = (header.text(tag) for tag in (date_tag, "AcquisitionDate", "SeriesDate", "StudyDate"))
    dates = (seconds_of_date(text) for text in texts if text)
    return of_day + next((date for date in dates if date is not None), 0.0)


def full_time(header: Header, tag: str) -> float | None:
    """Return a DT in seconds, None if it is missing, incomplete, or on a clock that cannot be compared."""
    text = header.text(tag)
    return None if text is None else seconds_of_date_time(text, scanner_offset(header))
