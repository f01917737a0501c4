import numpy as np
import pytest

from pet_spect.model import Volume
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA, blur, blur_between, blurred, gaussian_kernel


def spread_mm2(volume, axis):
    total = volume.data.sum(axis=tuple(other for other in range(3) if other != axis), dtype=np.float64)
    where = np.arange(len(total)) * volume.voxel_size[axis]
    mean = (total * where).sum() / total.sum()
    return (total * (where - mean) ** 2).sum() / total.sum()


@pytest.mark.parametrize("sigma", [0.2, 0.46, 1.0, 3.0])
def test_a_kernel_has_its_variance_however_narrow_it_is(sigma):
    kernel = gaussian_kernel(sigma)
    offsets = np.arange(len(kernel)) - len(kernel) // 2
    assert kernel.sum() == pytest.approx(1)
    assert (kernel * offsets**2).sum() == pytest.approx(sigma**2, rel=1e-4)


def test_two_blurs_after_each_other_are_one():
    line = np.zeros((1, 1, 61), dtype=np.float32)
    line[0, 0, 30] = 1
    twice = blurred(blurred(line, (0, 0, 0.6)), (0, 0, 0.8))
    assert twice == pytest.approx(blurred(line, (0, 0, 1.0)), abs=1e-6)


def test_a_point_becomes_as_wide_in_mm_along_every_axis_whatever_the_voxel():
    point = np.zeros((25, 25, 25), dtype=np.float32)
    point[12, 12, 12] = 1
    seen = blur(Volume(point, np.diag([2.0, 2.5, 3.7, 1.0])), 6.0)
    assert seen.data.sum() == pytest.approx(1, rel=1e-5)
    for axis in range(3):
        assert spread_mm2(seen, axis) == pytest.approx((6.0 * FWHM_TO_SIGMA) ** 2, rel=1e-3)


def test_what_lies_outside_the_field_of_view_neither_enters_nor_is_filled():
    data = np.full((9, 9, 9), 3.0, dtype=np.float32)
    data[6:] = np.nan
    seen = blur(Volume(data, np.diag([2.0, 2.0, 2.0, 1.0])), 8.0).data
    assert np.isnan(seen[6:]).all()
    assert seen[:6] == pytest.approx(3.0)  # less at the edge if NaN counted as 0


def test_zero_is_a_measurement_and_spreads():
    data = np.array([[[4.0, 0.0, 4.0]]], dtype=np.float32)
    assert blur(Volume(data, np.eye(4)), 2.0).data[0, 0, 0] < 4.0


def test_no_blur_leaves_the_scan_to_the_bit():
    scan = Volume(np.random.default_rng(1).random((4, 4, 4), dtype=np.float32), np.eye(4))
    assert blur(scan, 0.0) is scan


def test_squares_of_widths_add():
    assert blur_between(3.0, 5.0) == pytest.approx(4.0)
    assert blur_between(5.0, 5.0) == 0.0
    assert blur_between(5.1, 5.0) == 0.0
