import math

import pytest

from pet_spect.quantify.uncertainty import (
    PLACEMENT_MM,
    RIGID_MM,
    WARP_MM,
    Sensitivity,
    Spread,
    change_sd,
    interval,
    joint_sensitivity,
    value_spread,
)

STILL = (0.0, 0.0, 0.0)


def test_noise_of_both_regions_adds_in_quadrature():
    spread = value_spread(2.0, Sensitivity(0.3, STILL, STILL), -1.0, Sensitivity(0.8, STILL, STILL))
    assert spread.value_sd == pytest.approx(1.0)  # hypot(0.6, 0.8)
    assert spread.placement_sd == 0.0


def test_a_shift_common_to_both_regions_cancels_in_their_ratio_but_the_warp_may_move_each_alone():
    sloping = Sensitivity(0.0, (4.0, 0.0, 0.0), STILL)
    spread = value_spread(1.0, sloping, -1.0, sloping)
    assert (spread.own_sd, spread.placement_sd) == (0.0, 0.0)
    assert spread.value_sd == pytest.approx(math.sqrt(2) * 4 * WARP_MM)


def test_the_slope_of_the_target_is_answered_in_mm():
    spread = value_spread(1.0, Sensitivity(0.0, (4.0, 0.0, 0.0), STILL), 0.0, None)
    assert spread.own_sd == pytest.approx(4 * RIGID_MM)
    assert spread.placement_sd == pytest.approx(4 * PLACEMENT_MM / math.sqrt(3))  # anywhere within: uniform


def test_the_threshold_of_the_lesion_belongs_to_the_placement():
    spread = value_spread(1.0, Sensitivity(0.0, STILL, STILL, threshold=0.6), 0.0, None)
    assert (spread.value_sd, spread.placement_sd) == pytest.approx((0.0, 0.6 / math.sqrt(3)))


def test_what_two_visits_share_cancels_in_their_change():
    shared = Spread(0.0, (0.3, -0.1, 0.2), (0.0, 0.1, 0.0), 5.0)
    assert change_sd(shared, shared) == 0.0


def test_what_each_visit_has_alone_adds_up_in_their_change():
    assert change_sd(Spread(3.0, STILL, STILL, 0.0), Spread(4.0, STILL, STILL, 0.0)) == 5.0


def test_count_noise_is_part_of_what_a_visit_has_alone():
    noisy = Sensitivity(0.3, (5.0, 0.0, 0.0), STILL)
    spread = value_spread(1.0, noisy, 2.0, Sensitivity(0.2, STILL, STILL))
    assert spread.noise_sd == pytest.approx(0.5)  # 0.3 and 2 * 0.2
    assert spread.own_sd == pytest.approx(math.hypot(0.5, 5.0 * RIGID_MM))


def test_exchanging_the_visits_keeps_the_size_of_the_doubt():
    before, after = Spread(0.3, (0.1, 0.2, 0.0), STILL, 0.0), Spread(0.4, (0.2, 0.1, 0.3), STILL, 0.0)
    assert change_sd(before, after) == change_sd(after, before)


def test_regions_are_joined_by_volume():
    one, other = Sensitivity(0.4, (1.0, 0.0, 0.0), STILL, 1.0), Sensitivity(0.4, (3.0, 0.0, 0.0), STILL, 0.0)
    joint = joint_sensitivity([one, other], [10.0, 30.0])
    assert joint.shift == pytest.approx((2.5, 0.0, 0.0))
    assert joint.threshold == pytest.approx(0.25)
    assert joint.noise_sd == pytest.approx(math.hypot(0.1, 0.3))


def test_unknown_noise_leaves_only_the_placement_known():
    spread = value_spread(1.0, Sensitivity(math.nan, (1.0, 0.0, 0.0), STILL), 0.0, None)
    assert math.isnan(spread.value_sd)
    assert spread.placement_sd > 0


def test_the_interval_holds_95_percent_of_a_normal_value():
    assert interval(1.0, 0.1) == pytest.approx((0.804, 1.196), abs=1e-3)
    assert all(map(math.isnan, interval(1.0, math.nan)))
