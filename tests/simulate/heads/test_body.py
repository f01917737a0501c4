import numpy as np
import pytest

from pet_spect.simulate.heads.body import with_body


@pytest.fixture(scope="module")
def point():
    activity = np.zeros((41, 41, 41), dtype=np.float32)
    activity[15:26, 15:26, 15:26] = 1
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = -80
    return activity, affine


def at(volume, place):
    return volume.data[tuple(np.rint((np.array(place) - volume.affine[:3, 3]) / 4).astype(int))]


@pytest.mark.slow
def test_the_head_is_the_persons_and_the_bladder_the_hottest_below(point):
    whole = with_body(*point, arms="down", bladder=8.0)
    assert at(whole, (0, 0, 0)) == 1
    assert at(whole, (0, 20, -800)) == whole.data.max() == 8
    assert at(whole, (-30, 20, -380)) == np.float32(0.7)  # heart
    assert at(whole, (228, -20, -500)) > 0  # an arm
    assert at(whole, (228, -20, 0)) == 0


def test_arms_up_lie_beside_the_head_and_a_short_scan_ends_where_asked(point):
    short = with_body(*point, arms="up", lowest_mm=-200.0)
    assert at(short, (165, -10, 0)) > 0
    assert short.affine[2, 3] == -200
    assert short.data.shape[2] == 460 / 4 + 1
