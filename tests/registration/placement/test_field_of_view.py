from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.placement.field_of_view import (
    FACES,
    FieldOfView,
    check_field_of_view,
    field_of_view,
    in_view,
    view_box,
)

pytestmark = pytest.mark.slow

GRID = np.indices((40, 48, 40)).astype(np.float32)
MIDDLE = np.array([20, 24, 20], np.float32).reshape(3, 1, 1, 1)
AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
RADII = np.array([16, 20, 15], np.float32).reshape(3, 1, 1, 1)
BRAIN = (((GRID - MIDDLE) / RADII) ** 2).sum(axis=0) < 1
SCALP = (((GRID - MIDDLE) / (RADII + 3)) ** 2).sum(axis=0) < 1
NEAR_TOP = 35


def head(scalp=0.0):
    """An egg of 128 x 160 x 120 mm that is its own template, in a scalp 12 mm thick, with a little noise."""
    noise = np.random.default_rng(0).standard_normal(BRAIN.shape) * 0.01
    return Volume((np.where(BRAIN, 1.0, np.where(SCALP, scalp, 0.0)) + noise).astype(np.float32), AFFINE)


def without(scan, axis, end, slices, fill=None):
    """Return a scan without slices at one end of an axis, or with `fill` in them."""
    kept = [slice(None)] * 3
    kept[axis] = slice(slices, None) if end == 0 else slice(0, -slices)
    affine = scan.affine.copy()
    if fill is None:
        affine[axis, 3] += 4.0 * slices * (end == 0)
        return Volume(np.ascontiguousarray(scan.data[tuple(kept)]), affine)
    data = np.full_like(scan.data, fill)
    data[tuple(kept)] = scan.data[tuple(kept)]
    return Volume(data, affine)


def look(scan, shift_mm=(0.0, 0.0, 0.0)):
    pose = np.eye(4)
    pose[:3, 3] = shift_mm
    return field_of_view(in_view(scan), pose, BRAIN, AFFINE)


@pytest.mark.parametrize("fill", [None, 0.0, np.nan])
@pytest.mark.parametrize(("axis", "end"), [(axis, end) for axis in range(3) for end in range(2)])
def test_the_side_at_which_the_brain_is_cut_is_named(axis, end, fill):
    found = look(without(head(), axis, end, 9, fill))
    assert found.cut == (FACES[axis][end],)
    places = np.argwhere(BRAIN)[:, axis]
    inside = places >= 9 if end == 0 else places < BRAIN.shape[axis] - 9
    assert found.brain_fraction == pytest.approx(inside.mean(), abs=0.02)  # every second voxel is looked at


def test_two_sides_may_be_cut_and_both_are_named():
    assert look(without(without(head(), 2, 1, 9), 0, 0, 8)).cut == ("left side", "top")


def test_a_whole_head_is_not_cut():
    assert look(head()) == FieldOfView((), 1.0, (-0.5, -0.5, -0.5), (39.5, 47.5, 39.5))


@pytest.mark.parametrize("shift_mm", [0.0, 10.0])
def test_a_scalp_that_reaches_the_edge_cuts_no_brain_even_if_the_pose_errs(shift_mm):
    above = without(head(scalp=0.25), 2, 1, 40 - NEAR_TOP - 1)
    assert SCALP[:, :, NEAR_TOP].any()
    assert not BRAIN[:, :, NEAR_TOP].any()
    found = look(above, (0, 0, shift_mm))
    assert (found.cut, found.brain_fraction) == ((), 1.0)


def test_a_bright_edge_beyond_which_the_head_does_not_go_on_cuts_no_brain():
    assert look(without(head(), 2, 1, 7), (0, 0, -8.0)).cut == ()


@pytest.mark.parametrize("fill", [0.0, np.nan, -1.0])
def test_slices_without_a_measurement_are_out_of_view(fill):
    scan = without(without(head(), 2, 1, 4, fill), 1, 0, 3, fill)
    first, last = view_box(scan)
    assert (first.tolist(), last.tolist()) == ([0, 3, 0], [39, 47, 35])
    seen = in_view(scan)
    assert np.isnan(seen.data[:, :, 36:]).all()
    assert np.isnan(seen.data[:, :3]).all()
    assert np.array_equal(seen.data[:, 3:, :36], scan.data[:, 3:, :36])


def test_slices_of_zeros_inside_the_scan_stay_in_view():
    scan = head()
    scan.data[:, :, 20:22] = 0
    assert in_view(scan) is scan


def test_the_field_of_view_is_in_voxels_of_the_whole_scan():
    found = look(without(head(), 2, 0, 9, 0.0))
    assert (found.first, found.last) == ((-0.5, -0.5, 8.5), (39.5, 47.5, 39.5))
    assert found.holds(np.array([[20.0, 24.0, 8.4], [20.0, 24.0, 8.6]])).tolist() == [False, True]


def test_too_little_brain_in_view_is_refused_with_the_sides_that_are_cut():
    found = FieldOfView(("back", "top"), 0.594, (0.0, 0.0, 0.0), (9.0, 9.0, 9.0))
    with pytest.raises(
        RegistrationError,
        match="59% of the brain is in the field of view, 60% is needed; the brain is cut at the back and the top",
    ) as refused:
        check_field_of_view(found, Gates())
    assert refused.value.code == "gate_field_of_view"
    check_field_of_view(replace(found, brain_fraction=0.60), Gates())


@pytest.mark.parametrize("padding", ["smoothed", "stray voxels"])
def test_a_cut_that_was_filled_up_with_something_is_still_a_cut(fdg, padding):
    scan = Volume(fdg.uptake.data.copy(), fdg.uptake.affine)
    top = int(np.argwhere(fdg.brain)[:, 2].max()) + 1 - 20  # 40 mm
    scan.data[:, :, top:] = 0
    if padding == "smoothed":
        scan.data[...] = gaussian_filter1d(scan.data, 2.5, axis=2)
    else:
        scan.data[3, 3, top:] = scan.data.max()
    found = field_of_view(scan, np.eye(4), fdg.brain, fdg.uptake.affine)
    assert found.cut == ("top",)
    places = np.argwhere(fdg.brain)
    assert found.brain_fraction == pytest.approx((places[:, 2] < top).mean(), abs=0.04)


def test_a_whole_head_in_an_empty_frame_is_not_cut(fdg):
    found = field_of_view(fdg.uptake, np.eye(4), fdg.brain, fdg.uptake.affine)
    assert (found.cut, found.brain_fraction) == ((), 1.0)
