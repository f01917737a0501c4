import numpy as np
import pytest

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume
from pet_spect.registration.head import HEAD_HEIGHT_MM, centre_of_uptake, crop_to_head

AFFINE = np.array([[4.0, 0, 0, -126], [0, 4, 0, -126], [0, 0, 5, -700], [0, 0, 0, 1]])


def body(with_arms=False):
    """A trunk of 900 mm, a head of 15 cm across that ends at z = +200 mm, hands up to +260."""
    x, y, z = np.meshgrid(
        *(AFFINE[i, i] * np.arange(n) + AFFINE[i, 3] for i, n in enumerate((64, 64, 200))), indexing="ij"
    )
    head = (np.hypot(x, y) < 75) & (z < 200) & (z > -40)
    trunk = (np.hypot(x / 1.6, y) < 100) & (z < -40)
    data = np.where(head, 5.0, np.where(trunk, 1.0, 0.0))
    if with_arms:
        data[(np.hypot(np.abs(x) - 100, y) < 20) & (z < 260)] = 1.0
    return Volume(data.astype(np.float32), AFFINE)


@pytest.mark.parametrize("with_arms", [False, True])
def test_a_whole_body_is_cut_to_the_head_below_the_vertex(with_arms):
    cropped = crop_to_head(body(with_arms))
    top = cropped.affine[2, 3] + 5 * (cropped.data.shape[2] - 1)
    assert top == pytest.approx(195, abs=5)
    assert cropped.data.shape[2] * 5 == pytest.approx(HEAD_HEIGHT_MM, abs=5)
    assert cropped.data[32, 32, -1] == 5.0


def test_a_head_is_left_as_it_is():
    head = Volume(np.ones((10, 10, 50), np.float32), AFFINE)
    assert crop_to_head(head) is head


def test_a_long_scan_without_a_head_is_refused():
    data = np.zeros((64, 64, 200), np.float32)
    data[30:33, 30:33] = 1.0  # a leg's worth of section
    with pytest.raises(RegistrationError, match="no head found"):
        crop_to_head(Volume(data, AFFINE))


def test_the_centre_of_uptake_is_in_millimetres():
    data = np.zeros((20, 20, 20), np.float32)
    data[12:16, 4:8, 10:14] = 3.0
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    assert centre_of_uptake(Volume(data, affine)) == pytest.approx([27.0, 11.0, 23.0])


def test_an_empty_scan_is_refused():
    with pytest.raises(RegistrationError, match="empty"):
        centre_of_uptake(Volume(np.zeros((9, 9, 9), np.float32), np.eye(4)))
