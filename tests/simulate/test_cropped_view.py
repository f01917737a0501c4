import numpy as np
import pytest

from pet_spect.model import Volume
from pet_spect.simulate.cropped_view import coverage, cut
from pet_spect.simulate.heads.standard_head import Head

# a brain of 20 x 30 x 40 mm: the left half is region 1, the right half region 2, in voxels of 1 mm
LABELS = np.zeros((40, 50, 60), dtype=np.uint8)
LABELS[10:20, 10:40, 10:50] = 1
LABELS[20:30, 10:40, 10:50] = 2
AFFINE = np.eye(4)
HEAD = Head(LABELS, {}, AFFINE, {"half": {"left": 1, "right": 2}, "nowhere": {"n/a": 3}})


def scan_of(flip):
    """Return a scan of 2 mm of the head 100 mm higher, its axes turned where `flip` says."""
    shape = np.array([20, 25, 30])
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (0.5, 0.5, 100.5)
    data = np.arange(shape.prod(), dtype=np.float32).reshape(shape)
    for axis in np.flatnonzero(flip):
        affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
        affine[:3, axis] *= -1
    return Volume(data, affine)


POSE = np.eye(4)
POSE[2, 3] = 100


@pytest.mark.parametrize("flip", [(0, 0, 0), (1, 1, 0), (1, 1, 1)])
@pytest.mark.parametrize(
    ("face", "mm", "left", "right"),
    [
        ("vertex", 10, 0.75, 0.75),
        ("below", 20, 0.5, 0.5),
        ("left", 4, 0.6, 1.0),
        ("right", 10, 1.0, 0.0),
        ("front", 6, 0.8, 0.8),
        ("back", 6, 0.8, 0.8),
        ("vertex", 0, 1.0, 1.0),
    ],
)
def test_a_cut_takes_the_asked_part_of_the_brain(flip, face, mm, left, right):
    whole = scan_of(flip)
    part = cut(whole, HEAD, POSE, face, mm)
    assert coverage(part, HEAD, POSE) == pytest.approx({("half", "left"): left, ("half", "right"): right})
    assert coverage(whole, HEAD, POSE) == {("half", "left"): 1, ("half", "right"): 1}


def test_what_is_left_lies_where_it_lay():
    whole = scan_of((1, 1, 0))
    part = cut(whole, HEAD, POSE, "left", 4)
    where = np.array([2, 3, 4, 1])
    voxel = np.rint(np.linalg.inv(whole.affine) @ part.affine @ where).astype(int)[:3]
    assert part.data[2, 3, 4] == whole.data[tuple(voxel)]


def test_voxels_without_a_value_are_not_in_view():
    whole = scan_of((0, 0, 0))
    whole.data[:, :, 15:] = np.nan  # above 30 mm, half of the brain
    assert coverage(whole, HEAD, POSE)["half", "left"] == pytest.approx(0.5)


def test_a_cut_that_leaves_nothing_is_an_error():
    with pytest.raises(ValueError, match="50 mm at vertex leave nothing of a brain of 39 mm"):
        cut(scan_of((0, 0, 0)), HEAD, POSE, "vertex", 50)
