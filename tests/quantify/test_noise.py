import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.ndimage import gaussian_filter

from pet_spect.model import Volume
from pet_spect.quantify.noise import mean_noise_sd, noise_of_difference

SHAPE = (40, 40, 32)
BOX = (slice(10, 20), slice(10, 20), slice(10, 20))
"""A region of 1000 voxels."""


def parts():
    """64 cubes of 10 x 10 x 8 voxels."""
    i, j, k = np.indices(SHAPE)
    return 1 + i // 10 + 4 * (j // 10) + 16 * (k // 8)


def white(seed):
    return np.random.default_rng(seed).standard_normal(SHAPE)


def pair(uptake, noises, *, unit=1.0, voxel_mm=2.0):
    first, second = (np.asarray(uptake + noise, dtype=np.float32) for noise in noises)
    return Volume(first, np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])), [unit * second]


def standard_error(scan, others):
    noise = noise_of_difference(scan, others, parts())
    weights = np.zeros(SHAPE)
    weights[BOX] = 1.0
    return mean_noise_sd(noise, scan.data, weights)


def test_white_noise_of_a_region_of_1000_voxels():
    found = standard_error(*pair(10.0, [0.5 * white(1), 0.5 * white(2)]))
    assert found == pytest.approx(0.5 / np.sqrt(1000), rel=0.1)


def test_correlated_noise_averages_out_less():
    # A blurred weight w carries white noise into the mean as the blurred noise does: sd = gain · |G w| / sum(w).
    fields = [gaussian_filter(white(seed), 1.5) for seed in (3, 4)]
    gain = 0.5 / np.std(fields)
    weights = np.zeros(SHAPE)
    weights[BOX] = 1.0
    expected = gain * np.linalg.norm(gaussian_filter(weights, 1.5)) / weights.sum()
    assert expected > 4 * 0.5 / np.sqrt(1000)
    assert standard_error(*pair(10.0, [gain * field for field in fields])) == pytest.approx(expected, rel=0.15)


def test_variance_follows_uptake():
    uptake = np.where(np.indices(SHAPE)[0] < 20, 2.0, 8.0)
    noise = noise_of_difference(*pair(uptake, [0.1 * np.sqrt(uptake) * white(seed) for seed in (5, 6)]), parts())
    assert_allclose(noise.sd(np.array([2.0, 8.0])), 0.1 * np.sqrt([2.0, 8.0]), rtol=0.05)


def test_a_region_that_changed_is_not_taken_for_noise():
    noises = [0.5 * gaussian_filter(white(seed), 1.0) for seed in (7, 8)]
    same = standard_error(*pair(10.0, noises))
    scan, (other,) = pair(10.0, noises)
    other = np.where(np.isin(parts(), [1, 2]), 1.3 * other, other)
    assert standard_error(scan, [other]) == pytest.approx(same, rel=0.05)


def test_the_unit_of_the_other_scan_does_not_matter():
    noises = [0.5 * white(9), 0.5 * white(10)]
    assert standard_error(*pair(10.0, noises, unit=7.0)) == pytest.approx(standard_error(*pair(10.0, noises)))


def test_a_third_scan_does_not_change_the_size():
    scan, others = pair(10.0, [0.5 * white(11), 0.5 * white(12)])
    found = standard_error(scan, [*others, (10.0 + 0.5 * white(13))])
    assert found == pytest.approx(0.5 / np.sqrt(1000), rel=0.1)


def test_voxels_out_of_view_have_no_part_in_it():
    scan, (other,) = pair(10.0, [0.5 * white(14), 0.5 * white(15)])
    cut = scan.data.copy()
    cut[:, :, 24:] = np.nan
    found = standard_error(Volume(cut, scan.affine), [other])
    assert found == pytest.approx(0.5 / np.sqrt(1000), rel=0.1)


def test_a_single_scan_does_not_tell_noise_from_anatomy():
    scan, _ = pair(10.0, [white(16), white(17)])
    assert noise_of_difference(scan, [], parts()) is None


def test_a_handful_of_voxels_tells_nothing():
    scan, others = pair(10.0, [white(18), white(19)])
    few = np.zeros(SHAPE, dtype=int)
    few[:5, :5, :5] = 1
    assert noise_of_difference(scan, others, few) is None


def test_a_region_out_of_view_has_no_noise():
    noise = noise_of_difference(*pair(10.0, [white(20), white(21)]), parts())
    assert np.isnan(mean_noise_sd(noise, np.full((2, 2, 2), np.nan), np.ones((2, 2, 2))))
