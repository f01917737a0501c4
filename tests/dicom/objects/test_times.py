from datetime import timedelta

import pytest

from pet_spect.dicom.objects.times import offset_from_utc, seconds_of_date, seconds_of_date_time, seconds_of_day


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10", 36000.0), ("1030", 37800.0), ("103015.25", 37815.25), ("10:30", 37800.0), ("10:30:15", 37815.0)],
)
def test_time_of_day(text, seconds):
    assert seconds_of_day(text) == seconds


@pytest.mark.parametrize("text", ["", "25", "1060", "noon", "10:30 pm"])
def test_what_is_no_time_of_day_gives_nothing(text):
    assert seconds_of_day(text) is None


def test_date_is_counted_from_1970():
    assert seconds_of_date("19700102") == seconds_of_date("1970-01-02") == seconds_of_date("1970.01.02") == 86400


def test_date_that_no_calendar_has_gives_nothing():
    assert seconds_of_date("20250230") is None


def test_offset_of_a_date_time_counts_only_against_the_scanners_own():
    text = "19700102100000.0+0100"
    assert seconds_of_date_time(text) == 86400 + 36000
    assert seconds_of_date_time(text, timedelta(hours=1)) == 86400 + 36000
    assert seconds_of_date_time(text, timedelta(0)) == 86400 + 32400


def test_date_without_time_is_no_date_time():
    assert seconds_of_date_time("19700102") is None


def test_offset_from_utc():
    assert offset_from_utc("-0530") == -timedelta(hours=5, minutes=30)
    assert offset_from_utc(None) is None
