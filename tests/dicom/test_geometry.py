import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pet_spect.dicom.geometry import (
    affine_from_planes,
    axis_letters,
    check_stack,
    coincident,
    declared_affine,
    normal_of,
    parse_orientation,
    plane_axes,
)
from pet_spect.errors import DicomError

UP = np.array([0.0, 0.0, 1.0])


def stack(*heights):
    return np.array([[5.0, 6.0, z] for z in heights])


def check(*heights):
    check_stack(stack(*heights), UP, [f"s: file {k}" for k in range(len(heights))])


def test_slices_are_placed_by_position():
    assert coincident(np.array([6.0, 0.0, 9.0, 3.0])) == [[1], [3], [0], [2]]


def test_slices_of_several_time_frames_share_their_places():
    assert coincident(np.array([0.0, 3.0, 6.0, 0.001, 3.0, 5.9995])) == [[0, 3], [1, 4], [2, 5]]


def test_all_slices_may_lie_in_one_place():
    assert coincident(np.array([3.0, 3.0, 3.0])) == [[0, 1, 2]]


def test_spacing_may_be_uneven_by_rounding():
    check(0.0, 3.27, 6.56, 9.75)  # 3.27, 3.29, 3.19 as a real scanner writes


def test_missing_slice_is_refused():
    with pytest.raises(DicomError, match=r"lies 6.000 mm from its neighbour, the others 3.000 mm") as caught:
        check(0.0, 3.0, 9.0, 12.0)
    assert caught.value.code == "slice_spacing"


def test_sheared_stack_is_refused():
    positions = stack(0.0, 3.0, 6.0)
    positions[:, 1] += [0.0, 0.5, 1.0]
    with pytest.raises(DicomError, match=r"1.000 mm away from the line"):
        check_stack(positions, UP, ["a", "b", "c"])


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0.1, 1, 0), (2, 0, 0, 0, 1, 0), (0, 0, 0, 0, 0, 0)])
def test_orientation_must_be_two_unit_vectors_at_right_angles(orientation):
    with pytest.raises(DicomError, match="not two unit vectors at right angles"):
        plane_axes(orientation, "s")


def test_pixel_spacing_is_between_rows_then_between_columns():
    x, y, z = np.eye(3)
    affine = affine_from_planes((0, 0, 0), x, y, (2.0, 1.0), 3 * z)
    assert list(affine @ [1, 0, 0, 1]) == [-1, 0, 0, 1]  # one column along: 1 mm to the patient's left
    assert list(affine @ [0, 1, 0, 1]) == [0, -2, 0, 1]  # one row down: 2 mm to the back


@settings(max_examples=60, deadline=None)
@given(
    arrays(float, 4, elements=st.floats(-1, 1)).filter(lambda q: np.linalg.norm(q) > 0.1),
    st.tuples(*[st.floats(0.5, 10)] * 3),
    st.tuples(*[st.floats(-500, 500)] * 3),
    st.tuples(*[st.integers(0, 300)] * 3),
)
def test_marker_is_where_the_standard_puts_it_in_any_oblique_stack(quaternion, spacing, first, index):
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    row = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)])
    column = np.array([2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)])
    along_columns, along_rows = plane_axes([*row, *column], "s")
    step = normal_of(along_columns, along_rows) * spacing[2]
    affine = affine_from_planes(first, along_columns, along_rows, spacing[:2], step)
    lps = np.array(first) + index[0] * spacing[1] * row + index[1] * spacing[0] * column
    lps = lps + index[2] * spacing[2] * np.cross(row, column)
    np.testing.assert_allclose(affine @ [*index, 1], [-lps[0], -lps[1], lps[2], 1], atol=1e-6)


@pytest.mark.parametrize("letters", ["LPS", "LPI", "RAS", "PSL", "SAR"])
def test_declared_letters_are_the_axes_of_the_image(letters):
    affine = declared_affine(letters, (1.0, 2.0, 3.0), (11, 21, 31))
    assert axis_letters(affine) == letters
    np.testing.assert_allclose(affine @ [5, 10, 15, 1], [0, 0, 0, 1])
    np.testing.assert_allclose(np.linalg.norm(affine[:3, :3], axis=0), [1, 2, 3])


@pytest.mark.parametrize("text", ["", "LP", "LRS", "LPX", "LLPS", "left"])
def test_other_letters_declare_nothing(text):
    with pytest.raises(DicomError, match="three letters"):
        parse_orientation(text)
