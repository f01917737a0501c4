import numpy as np
import pytest

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume
from pet_spect.registration.placement.head_search import HEAD_MM, bright_level, centre_of_uptake, crop_to_head

VOXEL = np.array([6.0, 6.0, 6.0])
SHAPE = (80, 60, 200)
"""480 x 360 x 1200 mm."""

AFFINE = np.diag([*VOXEL, 1.0])
AFFINE[:3, 3] = (-240, -180, -900)
X, Y, Z = np.ix_(*(AFFINE[i, i] * np.arange(n) + AFFINE[i, 3] for i, n in enumerate(SHAPE)))
VERTEX = 190.0
"""Top of the brain in mm."""


def ellipsoid(centre, radii):
    return sum(((axis - c) / r) ** 2 for axis, c, r in zip((X, Y, Z), centre, radii, strict=True)) < 1


def body(*, arms=None, bladder=1.0, vein=0.0, at=(0.0, 0.0)):
    """A brain of 1.4 L of uptake 1, its middle at `at`, in a dim body with warm liver and heart."""
    data = np.zeros(SHAPE, np.float32)
    x, y = at
    data[ellipsoid((x, y, 120), (85, 100, 90))] = 0.1
    data[(np.hypot(X - x, Y - y) < 55) & (Z < 100) & (Z > -60)] = 0.1
    data[(((X - x) / 180) ** 2 + ((Y - y) / 100) ** 2 < 1) & (Z < -60) & (Z > -800)] = 0.1
    data[ellipsoid((x + 60, y, -330), (90, 80, 80))] = 0.3
    data[ellipsoid((x - 30, y, -200), (45, 45, 45))] = 0.7
    data[ellipsoid((x, y, -650), (45, 45, 40))] = bladder
    if arms == "up":
        for side in (-1, 1):
            data[(np.hypot(X - x - side * 110, Y - y) < 40) & (Z > -60) & (Z < 290)] = 0.1
    if vein:
        data[ellipsoid((x + 110, y, 100), (12, 12, 40))] = vein
    data[ellipsoid((x, y, 120), (65, 80, 70))] = 1.0
    return Volume(data, AFFINE)


def box(volume):
    low = volume.affine[:3, 3]
    return low, low + VOXEL * (np.array(volume.data.shape) - 1)


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"arms": "up"},
        {"arms": "up", "vein": 30.0},
        {"bladder": 100.0},
        {"at": (60.0, -50.0)},
    ],
    ids=["plain", "arms up", "hot vein", "hot bladder", "80 mm off centre"],
)
def test_a_whole_body_is_cut_to_the_head_from_the_vertex_down(kind):
    low, high = box(crop_to_head(body(**kind)))
    middle = np.array([*kind.get("at", (0.0, 0.0)), 0.0])
    assert (high - low)[:2] == pytest.approx(HEAD_MM[:2], abs=15)
    assert ((high + low) / 2 - middle)[:2] == pytest.approx([0, 0], abs=10)
    assert high[2] == pytest.approx(VERTEX + 25, abs=15)
    assert (high - low)[2] == pytest.approx(HEAD_MM[2], abs=12)


def test_nothing_is_resampled():
    whole = body()
    cropped = crop_to_head(whole)
    first = np.round((cropped.affine[:3, 3] - AFFINE[:3, 3]) / VOXEL).astype(int)
    there = tuple(slice(begin, begin + extent) for begin, extent in zip(first, cropped.data.shape, strict=True))
    assert np.array_equal(cropped.data, whole.data[there])


def test_padding_with_zeros_or_nan_changes_nothing():
    bare = crop_to_head(body())
    for fill in (0.0, np.nan):
        padded = np.pad(body().data, 10, constant_values=fill)
        affine = AFFINE.copy()
        affine[:3, 3] -= 10 * VOXEL
        low, high = box(crop_to_head(Volume(padded, affine)))
        assert low == pytest.approx(box(bare)[0], abs=12)
        assert high == pytest.approx(box(bare)[1], abs=12)


def test_a_scan_of_a_head_alone_is_left_as_it_is():
    head = crop_to_head(body())
    inner = Volume(head.data[2:-2, 4:-4, 15:-2], head.affine)
    assert crop_to_head(inner) is inner


def test_half_a_brain_is_still_found():
    head = body()
    assert crop_to_head(Volume(head.data[:40], AFFINE)).data.shape[2] * 6 == pytest.approx(HEAD_MM[2], abs=12)


@pytest.mark.parametrize("flip", [(2,), (0, 2), (1, 2)])
def test_an_upside_down_body_is_refused(flip):
    with pytest.raises(RegistrationError, match="a trunk lies above") as refused:
        crop_to_head(Volume(np.flip(body().data, flip).copy(), AFFINE))
    assert refused.value.code == "upside_down"


def test_a_torso_without_head_is_refused():
    with pytest.raises(RegistrationError):
        crop_to_head(Volume(body(bladder=0.1).data[:, :, :60], AFFINE))


@pytest.mark.parametrize("what", ["voxel size times 2.5", "noise", "constant"])
def test_a_scan_without_anything_of_the_size_of_a_brain_is_refused(what):
    data, affine = body(bladder=0.1).data, AFFINE
    if what == "noise":
        data = np.random.default_rng(0).random(SHAPE).astype(np.float32)
    elif what == "constant":
        data = np.ones(SHAPE, np.float32)
    else:
        affine = np.diag([2.5, 2.5, 2.5, 1.0]) @ AFFINE
    with pytest.raises(RegistrationError, match="nothing of the size of a brain") as refused:
        crop_to_head(Volume(data, affine))
    assert refused.value.code == "no_head"


def test_two_brains_are_refused():
    data = body(at=(-100.0, 0.0)).data
    with pytest.raises(RegistrationError, match="2 pieces of the size and uptake of a brain") as refused:
        crop_to_head(Volume(np.maximum(data, np.roll(data, 34, axis=0)), AFFINE))
    assert refused.value.code == "two_heads"


@pytest.mark.parametrize("value", [0.0, np.nan, -3.0])
def test_a_scan_without_uptake_is_refused(value):
    with pytest.raises(RegistrationError, match="the scan is empty") as refused:
        crop_to_head(Volume(np.full((40, 40, 40), value, np.float32), AFFINE))
    assert refused.value.code == "empty_scan"


def test_the_bright_level_is_a_volume_not_a_share_of_the_grid():
    data = np.zeros((50, 50, 50), np.float32)
    data[:10, :10, :10] = 7.0  # 1,000 voxels of 1 mL
    assert bright_level(data, 1.0) == 7.0
    assert bright_level(np.pad(data, 30), 1.0) == 7.0


def test_the_centre_of_uptake_is_in_millimetres():
    data = np.zeros((20, 20, 20), np.float32)
    data[12:16, 4:8, 10:14] = 3.0
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    assert centre_of_uptake(Volume(data, affine)) == pytest.approx([27.0, 11.0, 23.0])


def test_an_empty_scan_has_no_centre():
    with pytest.raises(RegistrationError, match="empty"):
        centre_of_uptake(Volume(np.zeros((9, 9, 9), np.float32), np.eye(4)))
