import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.quantify import registration_error
from pet_spect.quantify.registration_error import RegistrationError, RegistrationFacts, truth_interval

GOOD = RegistrationFacts("FDG", 1.5, 0.0)


@pytest.fixture(autouse=True)
def learned(monkeypatch):
    monkeypatch.setattr(registration_error, "LEARNED", {("FDG", "pons"): RegistrationError(-0.5, 0.02, 0.3)})


def test_repeats_and_registration_widen_the_interval_of_the_logarithm():
    low, high = truth_interval("FDG", "pons", 0.8, 0.032, GOOD)
    sd = math.hypot(0.032 / 0.8, 0.02 * 1.5)  # 0.05
    assert (low, high) == pytest.approx((0.8 * math.exp(-1.959964 * sd), 0.8 * math.exp(1.959964 * sd)), rel=1e-6)


def test_the_mean_error_shifts_the_interval_against_itself_and_not_the_value():
    low, high = truth_interval("FDG", "pons", 0.8, 0.032, RegistrationFacts("FDG", 1.5, 0.2))
    assert math.sqrt(low * high) == pytest.approx(0.8 * math.exp(0.1), rel=1e-9)  # read too low by 0.5 · 0.2
    assert math.log(high / low) / 2 / 1.959964 == pytest.approx(math.hypot(0.05, 0.3 * 0.2), rel=1e-6)


@pytest.mark.parametrize(
    ("tracer", "reference", "facts"),
    [
        ("IMZ", "pons", GOOD),
        ("FDG", "thalamus", GOOD),
        ("FDG", "pons", RegistrationFacts("IMZ", 1.5, 0.0)),
        ("FDG", "pons", RegistrationFacts("", 1.5, 0.0)),
        ("FDG", "pons", RegistrationFacts("FDG", math.nan, 0.0)),
        ("FDG", "pons", RegistrationFacts("FDG", 1.5, math.nan)),
    ],
)
def test_there_is_no_interval_where_nothing_was_learned_or_known(tracer, reference, facts):
    assert all(map(math.isnan, truth_interval(tracer, reference, 0.8, 0.02, facts)))


def test_a_ratio_of_unknown_repeats_has_none():
    assert all(map(math.isnan, truth_interval("FDG", "pons", 0.8, math.nan, GOOD)))


@given(st.floats(0.01, 10), st.floats(0, 0.5), st.floats(0, 4), st.floats(0, 1))
def test_the_interval_is_positive_and_never_narrower_than_that_of_repeats(ratio, relative_sd, mm, lost):
    low, high = truth_interval("FDG", "pons", ratio, relative_sd * ratio, RegistrationFacts("FDG", mm, lost))
    assert 0 < low <= high
    assert math.log(high / low) >= 2 * 1.959963 * relative_sd - 1e-9
