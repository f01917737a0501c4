import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from pet_spect.imaging.resample import (
    apply_affine,
    displace,
    field_of,
    grid_points,
    resample,
    resample_affine,
    sample,
)
from pet_spect.model import Volume, Warp

AFFINE = np.diag([2.0, 3.0, 4.0, 1.0])
RAMP = Volume(np.arange(4, dtype=np.float32)[:, None, None] * np.ones((4, 4, 4), np.float32), AFFINE)  # x / 2


def test_a_linear_ramp_is_sampled_exactly_and_nan_lies_outside():
    values = sample(RAMP, np.array([[3.0, 3.0, 4.0], [5.5, 0.0, 0.0], [6.5, 0.0, 0.0], [-0.1, 0.0, 0.0]]))
    assert values[:2] == pytest.approx([1.5, 2.75])
    assert np.isnan(values[2:]).all()


def test_zero_is_not_outside():
    assert sample(RAMP, np.array([[0.0, 3.0, 4.0]]))[0] == 0.0


def test_grid_points_are_voxel_centres_in_c_order():
    assert grid_points((1, 2, 2), AFFINE).tolist() == [[0, 0, 0], [0, 0, 4], [0, 3, 0], [0, 3, 4]]


def test_a_field_moves_points_by_its_vectors():
    field = np.zeros((3, 3, 3, 3), np.float32)
    field[..., 0], field[..., 2] = 5.0, -1.0
    assert displace(Warp(field, np.eye(4)), np.array([[1.0, 1.0, 1.0]])).tolist() == [[6.0, 1.0, 0.0]]


def test_the_field_is_read_between_its_points_and_goes_on_beyond_its_border():
    field = np.zeros((3, 3, 3, 3), dtype=np.float32)
    field[2, :, :, 0] = 6.0
    warp = Warp(field, np.diag([10.0, 10.0, 10.0, 1.0]))
    moved = displace(warp, np.array([[0.0, 0, 0], [15.0, 0, 0], [20.0, 0, 0], [90.0, 0, 0]]))
    assert moved[:, 0] == pytest.approx([0.0, 18.0, 26.0, 96.0])


def test_a_mapping_written_as_a_field_maps_alike():
    matrix = np.array([[1.1, 0.1, 0, 2], [0, 0.9, 0, -1], [0.05, 0, 1, 3], [0, 0, 0, 1]])
    field = field_of((5, 5, 5), AFFINE, lambda points: apply_affine(matrix, points))
    point = np.array([[3.3, 4.4, 7.7]])
    assert displace(field, point) == pytest.approx(apply_affine(matrix, point), abs=1e-4)


@given(st.tuples(*[st.floats(-40, 40)] * 3), st.tuples(*[st.floats(-3, 3)] * 3))
def test_the_fast_way_through_a_matrix_equals_the_general_one(angles, shift):
    rng = np.random.default_rng(0)
    volume = Volume(rng.random((6, 7, 8)).astype(np.float32), AFFINE)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    grid = ((5, 6, 7), np.diag([2.1, 2.9, 3.8, 1.0]))
    fast = resample_affine(volume, *grid, matrix).data
    general = resample(volume, *grid, lambda points: apply_affine(matrix, points)).data
    both = np.isfinite(fast) & np.isfinite(general)
    assert fast[both] == pytest.approx(general[both], abs=1e-5)
    assert (np.isfinite(fast) != np.isfinite(general)).sum() <= 2  # points on the very border
