import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from pet_spect.registration.placement.trilinear import Trilinear

IMAGE = np.random.default_rng(1).normal(size=(4, 5, 1 + 5)).astype(np.float32)


@given(st.lists(st.floats(-1, 6), min_size=3, max_size=3))
def test_values_are_those_of_the_library_and_nan_outside(place):
    voxels = np.array(place)[:, np.newaxis]
    expected = map_coordinates(IMAGE, voxels, order=1, mode="constant", cval=np.nan, output=np.float64)
    values, slopes = Trilinear(IMAGE).at(voxels)
    assert values == pytest.approx(expected, abs=1e-6, nan_ok=True)
    assert np.isnan(slopes).all() == np.isnan(expected).all()


@given(st.lists(st.floats(0.01, 0.99), min_size=3, max_size=3), st.integers(0, 2))
def test_slopes_are_those_of_the_values(place, axis):
    at = Trilinear(IMAGE).at
    voxels = np.array(place)[:, np.newaxis] + np.array([[2.0], [1.0], [3.0]])
    step = np.zeros((3, 1))
    step[axis] = 1e-4
    difference = (at(voxels + step)[0] - at(voxels - step)[0]) / 2e-4
    assert at(voxels)[1][axis] == pytest.approx(difference, abs=1e-6)


def test_an_axis_of_one_voxel_has_no_slope():
    values, slopes = Trilinear(np.array([[[2.0]], [[4.0]]], dtype=np.float32)).at(np.array([[0.5], [0.0], [0.0]]))
    assert (values[0], slopes[:, 0].tolist()) == (3.0, [2.0, 0.0, 0.0])
