from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.report.answer.digits import decimals_of, decimals_of_interval, shown

NAN = math.nan
MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("low", "high", "decimals"),
    [
        (-0.43, 5.79, 1),  # half width 3.1
        (6.247, 7.714, 2),  # 0.73
        (-9.41, 42.26, 0),  # 26
        (-120.0, 900.0, 0),  # 510: tens are not rounded away
        (1.0, 20.94, 0),  # 9.97 is 10
        (1.0, 20.8, 1),  # 9.9
        (0.003, 6.2, 3),  # an interval above zero does not begin at zero
        (-0.0321, 5.88, 2),
    ],
)
def test_two_digits_of_the_half_width(low, high, decimals):
    assert decimals_of_interval(low, high) == decimals


@pytest.mark.parametrize(("low", "high"), [(NAN, NAN), (NAN, 1.0), (2.0, 2.0), (-math.inf, math.inf)])
def test_without_an_interval_the_caller_says_how_many(low, high):
    assert decimals_of_interval(low, high, otherwise=3) == 3


@given(st.floats(1e-4, 1e6))
def test_rounding_moves_a_size_by_at_most_a_twentieth_or_half_a_unit(size):
    decimals = decimals_of(size)
    assert abs(round(size, decimals) - size) <= max(0.5 if decimals == 0 else 0.0, 0.05 * size) * 1.0001


@given(st.floats(1e-4, 9.9))
def test_no_more_than_two_significant_digits_are_shown_below_ten(size):
    shown_digits = f"{size:.{decimals_of(size)}f}".replace(".", "").lstrip("0")
    assert len(shown_digits) == 2


@given(st.floats(-500, 500), st.floats(0.001, 500), st.floats(0, 1))
def test_the_shown_interval_holds_the_shown_mean_and_lies_on_the_same_side_of_zero(middle, half, where):
    values = middle - half, middle - half + where * 2 * half, middle + half
    decimals = decimals_of_interval(values[0], values[2])
    low, mean, high = (float(shown(value, decimals).replace(MINUS, "-")) for value in values)
    assert low <= mean <= high
    for end, value in ((low, values[0]), (high, values[2])):
        assert abs(value) < 1e-6 or math.copysign(1, end) == math.copysign(1, value)
        assert abs(end - value) <= max(0.5 if decimals == 0 else 0.0, 0.05 * half) * 1.0001


@pytest.mark.parametrize(
    ("value", "decimals", "unit", "text"),
    [
        (-0.04, 1, " %", "0.0 %"),
        (2.65, 0, "", "+3"),
        (-1.25, 2, " points", f"{MINUS}1.25 points"),
        (NAN, 1, " %", "n/a"),
    ],
)
def test_numbers_have_a_sign_and_zero_has_none(value, decimals, unit, text):
    assert shown(value, decimals, unit) == text
