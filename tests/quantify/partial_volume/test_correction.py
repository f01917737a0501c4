import numpy as np
import pytest
from numpy.testing import assert_allclose

from pet_spect.quantify.partial_volume.correction import BlurredMeans, correct

# Two parts, each of which a scanner sees with a quarter of the other: 10 and 2 appear as 8 and 4.
SEEN = np.array([[0.75, 0.25], [0.25, 0.75]])
VOLUMES = np.array([2.0, 1.0])


def visit(true, covariance=None, matrix=SEEN):
    return BlurredMeans(matrix, matrix @ np.asarray(true, dtype=float), covariance)


def test_a_phantom_solved_by_hand():
    (found,) = correct([BlurredMeans(SEEN, np.array([8.0, 4.0]), None)], VOLUMES)
    assert_allclose(found.means, [10.0, 2.0], rtol=1e-3)
    assert found.condition == pytest.approx(2.0)


def test_a_change_comes_back_in_its_size():
    before, after = correct([visit([10.0, 2.0]), visit([11.0, 2.0])], VOLUMES)
    assert_allclose(before.means, [10.0, 2.0], rtol=0.002)
    assert_allclose(after.means, [11.0, 2.0], rtol=0.002)


def test_visits_are_treated_alike():
    noise = np.diag([0.01, 0.02])
    other = np.array([[0.7, 0.3], [0.2, 0.8]])
    first, second = visit([10.0, 2.0], noise), visit([11.0, 2.5], 2 * noise, other)
    there, back = correct([first, second], VOLUMES), correct([second, first], VOLUMES)
    for one, same in zip(there, back[::-1], strict=True):
        assert_allclose(one.means, same.means)
        assert_allclose(one.covariance, same.covariance)


def test_the_unit_of_a_scan_is_that_of_its_means():
    first, second = correct([visit([10.0, 2.0]), visit([1000.0, 200.0])], VOLUMES)
    assert_allclose(100 * first.means, second.means)


def test_noise_pulls_a_visit_towards_what_all_have_in_common():
    quiet, noisy = (
        correct([visit([10.0, 4.0], cv * np.eye(2)), visit([12.0, 4.0], cv * np.eye(2))], VOLUMES) for cv in (1e-6, 1.0)
    )
    assert noisy[1].means[0] - noisy[0].means[0] < 0.8 * (quiet[1].means[0] - quiet[0].means[0])
    assert noisy[1].means[0] + noisy[0].means[0] == pytest.approx(22.0, rel=0.1)


def test_the_standard_deviation_is_that_of_many_noisy_scans():
    noise = np.array([[0.04, 0.01], [0.01, 0.03]])
    clean = [visit([10.0, 4.0]).means, visit([11.0, 4.0]).means]
    rng = np.random.default_rng(2)
    drawn = []
    for _ in range(600):
        visits = [BlurredMeans(SEEN, mean + rng.multivariate_normal([0, 0], noise), noise) for mean in clean]
        drawn.append([found.means for found in correct(visits, VOLUMES)])
    told = correct([BlurredMeans(SEEN, mean, noise) for mean in clean], VOLUMES)
    for place, found in enumerate(told):
        assert_allclose(found.covariance, np.cov(np.array(drawn)[:, place].T), rtol=0.2, atol=0.004)


def test_the_gain_is_the_derivative_of_the_means():
    noise = np.diag([0.01, 0.02])
    visits = [visit([10.0, 4.0], noise), visit([11.0, 5.0], noise)]
    step = np.array([0.0, 1e-3])
    moved = BlurredMeans(SEEN, visits[0].means + step, noise)
    told = correct(visits, VOLUMES)[0]
    change = correct([moved, visits[1]], VOLUMES)[0].means - told.means
    assert_allclose(change, told.gain @ step, rtol=0.05)


def test_two_parts_that_look_alike_have_no_finite_condition():
    (found,) = correct([visit([10.0, 2.0], matrix=np.full((2, 2), 0.5))], VOLUMES)
    assert found.condition > 1e12
    assert np.isfinite(found.means).all()


def test_a_part_out_of_view_has_no_mean_and_takes_no_other_with_it():
    matrix = np.eye(3)
    matrix[:2, :2] = SEEN
    matrix[2] = np.nan
    (found,) = correct([BlurredMeans(matrix, np.array([8.0, 4.0, np.nan]), None)], np.array([2.0, 1.0, 1.0]))
    assert_allclose(found.means, [10.0, 2.0, np.nan], rtol=1e-3)
    assert (found.gain[2] == 0).all()


def test_without_noise_there_is_no_covariance():
    assert all(found.covariance is None for found in correct([visit([10, 2]), visit([10, 2])], VOLUMES))
