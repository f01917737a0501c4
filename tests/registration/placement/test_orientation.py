import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pet_spect.errors import RegistrationError
from pet_spect.imaging.resample import apply_affine, resample_affine
from pet_spect.model import Volume
from pet_spect.registration.gates.plausibility import Gates, affine_shape
from pet_spect.registration.placement.orientation import TURNS, Fit, check_orientation, fit
from pet_spect.registration.templates.template import Template

pytestmark = pytest.mark.slow

GATES = Gates()
GRID = np.indices((97, 115, 97)).astype(np.float32)
CENTRE = np.array([48, 57, 48], np.float32).reshape(3, 1, 1, 1)


def brain():
    """A symmetric egg of 130 x 170 x 120 mm with a bright back, a dim front and a bright bottom behind."""
    x, y, z = (GRID - CENTRE) * 2
    inside = (x / 65) ** 2 + (y / 85) ** 2 + (z / 60) ** 2 < 1
    shell = (x / 50) ** 2 + (y / 68) ** 2 + (z / 46) ** 2 > 1
    level = np.where(shell, 1.0, 0.3) + 0.4 * (y < -40) + 0.4 * ((z < -25) & (y < 0))
    return Template(
        Volume(gaussian_filter(np.where(inside, level, 0), 1.5).astype(np.float32), np.diag([2.0, 2, 2, 1])), inside, ()
    )


TEMPLATE = brain()
SCAN = Volume(TEMPLATE.uptake.data[::2, ::2, ::2] * 500, np.diag([4.0, 4.0, 4.0, 1.0]))


def turned(axes=(0, 1, 2), flip=()):
    return Volume(np.flip(SCAN.data.transpose(axes), flip).copy(), SCAN.affine)


def test_there_are_24_right_angled_turns_and_the_first_is_none():
    assert len(TURNS) == 24
    assert np.array_equal(TURNS[0], np.eye(3))
    assert all(np.linalg.det(turn) == pytest.approx(1) for turn in TURNS)


def test_an_upright_head_fits_as_it_lies():
    found = fit(SCAN, TEMPLATE)
    assert found.upright > 0.9
    assert found.turned < found.upright - 0.05
    check_orientation(found, GATES)


def test_a_mirrored_head_is_not_told_from_a_direct_one():
    assert fit(turned(flip=(0,)), TEMPLATE).upright == pytest.approx(fit(SCAN, TEMPLATE).upright, abs=0.01)


@pytest.mark.parametrize(
    ("axes", "flip", "degrees"),
    [
        ((0, 1, 2), (1,), 180),
        ((0, 1, 2), (2,), 180),
        ((0, 1, 2), (1, 2), 180),
        ((1, 0, 2), (0,), 90),
        ((0, 2, 1), (2,), 90),
    ],
)
def test_a_head_that_lies_otherwise_than_its_header_says_is_refused(axes, flip, degrees):
    with pytest.raises(RegistrationError, match=f"better turned by {degrees} degrees") as refused:
        check_orientation(fit(turned(axes, flip), TEMPLATE), GATES)
    assert refused.value.code == "gate_orientation"


def test_a_large_infarct_does_not_turn_a_head():
    # 100 mL of a simulated person's FDG; of 30 heads that were truly turned or flipped the nearest is the other
    check_orientation(Fit(0.714, 0.743, 90.0, np.eye(4)), GATES)
    with pytest.raises(RegistrationError, match="fits the template better turned by 90 degrees"):
        check_orientation(Fit(0.690, 0.766, 90.0, np.eye(4)), GATES)


def test_what_is_no_brain_is_refused():
    with pytest.raises(RegistrationError, match=r"correlation with the template 0\.40, 0\.62 is needed") as refused:
        check_orientation(Fit(0.40, 0.35, 90.0, np.eye(4)), GATES)
    assert refused.value.code == "gate_likeness"


def test_a_head_of_one_value_in_an_empty_field_is_no_brain():
    ball = np.where(np.linalg.norm((GRID - CENTRE) * 2, axis=0) < 60, 1.0, 0.0).astype(np.float32)
    with pytest.raises(RegistrationError):
        check_orientation(fit(Volume(ball, np.diag([2.0, 2, 2, 1])), TEMPLATE), GATES)


@pytest.mark.parametrize(("size", "shift"), [(1.0, (0, 0, 0)), (0.86, (12, -8, 6)), (1.1, (-10, 4, -14))])
def test_the_pose_of_an_upright_head_is_found_to_10_mm_and_20_degrees(size, shift):
    pose = np.diag([size, size, size, 1.0])
    pose[:3, 3] = shift
    scan = resample_affine(TEMPLATE.uptake, (64, 72, 64), np.diag([4.0, 4.0, 4.0, 1.0]), np.linalg.inv(pose))
    found = fit(Volume(np.nan_to_num(scan.data), scan.affine), TEMPLATE).pose
    middle = 2 * CENTRE.reshape(1, 3)
    assert np.linalg.norm(apply_affine(found, middle) - apply_affine(pose, middle)) < 10
    shape = affine_shape(found)
    assert shape.rotation_deg < 20.1
    assert (shape.scale_low, shape.scale_high) == pytest.approx((size, size), rel=0.1)


def test_what_is_outside_the_field_of_view_is_not_held_against_a_scan():
    cut = SCAN.data.copy()
    cut[:, :, 32:] = np.nan
    assert fit(Volume(cut, SCAN.affine), TEMPLATE).upright > 0.85
