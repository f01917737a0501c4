import math

import pytest

from pet_spect.nuclides import decay_constant, mean_activity_time, radionuclide_name, start_of_frame_factor


def test_half_is_left_after_a_half_life():
    assert math.exp(-decay_constant(100.0) * 100.0) == pytest.approx(0.5)


def test_mean_activity_of_a_frame_of_one_half_life_is_at_its_share_of_the_start():
    # mean of 2^-t over one half-life is 1 / (2 ln 2) = 0.7213 of the start
    assert start_of_frame_factor(decay_constant(60.0), 60.0) == pytest.approx(2 * math.log(2))
    assert mean_activity_time(decay_constant(60.0), 60.0) == pytest.approx(60 * math.log2(2 * math.log(2)))


def test_short_frame_has_its_mean_activity_in_the_middle():
    assert mean_activity_time(decay_constant(1e6), 10.0) == pytest.approx(5.0, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("^18^Fluorine", "F18"),
        ("18F", "F18"),
        ("FDG -- fluorodeoxyglucose", None),
        ("Iodine 123", "I123"),
        ("Tc99m SC[140.5 and 120]", "Tc99m"),
        ("^99m^Technetium", "Tc99m"),
        ("F 180", None),
    ],
)
def test_radionuclide_is_named_as_bids_does(text, name):
    assert radionuclide_name(text) == name
