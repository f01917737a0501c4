import math

import numpy as np
import pytest

from pet_spect.model import Atlas, CutView, Region, RegionUptake, Volume
from pet_spect.quantify.coverage import coverage_by_pose, in_view, limited

LABELS = np.zeros((8, 4, 10), dtype=np.uint8)
LABELS[0:2, :, 2:8], LABELS[6:8, :, 2:8], LABELS[3:5, :, 0:2] = 1, 2, 3
ATLAS = Atlas(
    "toy",
    LABELS,
    np.eye(4),
    (Region(1, "motor", "left"), Region(2, "motor", "right"), Region(3, "pons", "n/a"), Region(4, "none", "n/a")),
)
SCAN = Volume(np.ones((8, 4, 10), dtype=np.float32), np.eye(4))


def view(last_z=9.5, first_x=-0.5, pose=None):
    return CutView(("top",), (first_x, -0.5, -0.5), (7.5, 3.5, last_z), np.eye(4) if pose is None else pose)


def told(found):
    return [found["motor", "left"], found["motor", "right"], found["pons", "n/a"]]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (view(), [1.0, 1.0, 1.0]),
        (view(last_z=4.5), [0.5, 0.5, 1.0]),  # z = 2, 3, 4 of 2 to 7
        (view(last_z=1.5), [0.0, 0.0, 1.0]),
        (view(first_x=0.5), [0.5, 1.0, 1.0]),
    ],
)
def test_coverage_is_the_share_of_a_region_in_the_field_of_view(seen, expected):
    assert told(coverage_by_pose(ATLAS, SCAN, seen)) == expected


def test_the_pose_puts_the_regions_into_the_scan():
    up = np.eye(4)
    up[2, 3] = 3.0  # z = 5 to 10
    assert told(coverage_by_pose(ATLAS, SCAN, view(last_z=7.5, pose=up))) == [0.5, 0.5, 1.0]
    larger = Volume(SCAN.data, np.diag([2.0, 2.0, 2.0, 1.0]))  # z = 1 to 3.5
    assert told(coverage_by_pose(ATLAS, larger, view(last_z=2.7))) == pytest.approx([4 / 6, 4 / 6, 1.0])


@pytest.mark.parametrize(("last_z", "expected"), [(4.05, 2 / 6), (4.25, 3 / 6), (7.05, 1.0), (7.5, 1.0)])
def test_the_deeper_a_cut_the_farther_from_it_a_region_must_lie(last_z, expected):
    # z = 2 to 7; 4.05 ends 2.95 short, of which a twentieth is 0.15: z = 4 is not surely in view
    found = coverage_by_pose(ATLAS, SCAN, view(last_z=last_z))
    assert found["motor", "left"] == pytest.approx(expected)


def test_a_region_without_voxels_has_no_coverage():
    assert math.isnan(coverage_by_pose(ATLAS, SCAN, view())["none", "n/a"])


def test_without_a_pose_there_is_no_coverage():
    with pytest.raises(ValueError, match="a pose is needed"):
        coverage_by_pose(ATLAS, SCAN, CutView(("top",), (0.0,) * 3, (1.0,) * 3, None))


def test_what_lies_outside_the_field_of_view_becomes_nan():
    seen = in_view(SCAN, view(last_z=4.5, first_x=1.5))
    assert np.isfinite(seen.data[2:, :, :5]).all()
    assert np.isnan(seen.data[:2]).all()
    assert np.isnan(seen.data[:, :, 5:]).all()


def row(region, coverage=1.0, mean=7.0):
    return RegionUptake(region, "left", mean, 1.0, 3.0, coverage, 0.2)


def test_a_region_of_which_too_little_is_in_view_loses_its_mean_and_keeps_its_volume():
    (hidden,) = limited([row("motor")], {("motor", "left"): 0.89}, 0.9)
    assert math.isnan(hidden.mean)
    assert math.isnan(hidden.sd)
    assert (hidden.volume_ml, hidden.coverage, hidden.lesion_fraction) == (3.0, 0.89, 0.2)


def test_a_region_of_which_enough_is_in_view_keeps_its_mean():
    assert limited([row("motor")], {("motor", "left"): 0.9}, 0.9) == [row("motor", coverage=0.9)]


def test_a_lesionfree_region_is_in_view_as_far_as_the_whole_region_is():
    (hidden,) = limited([row("motor_lesionfree")], {("motor", "left"): 0.5}, 0.9)
    assert (math.isnan(hidden.mean), hidden.coverage) == (True, 0.5)


def test_of_two_coverages_the_smaller_one_is_told():
    (hidden,) = limited([row("motor", coverage=0.4, mean=math.nan)], {("motor", "left"): 0.95}, 0.9)
    assert (math.isnan(hidden.mean), hidden.coverage) == (True, 0.4)


def test_without_a_lesion_mask_the_lesionfree_region_has_no_coverage():
    (absent,) = limited([row("motor_lesionfree", math.nan, math.nan)], {("motor", "left"): 1.0}, 0.9)
    assert math.isnan(absent.coverage)
