import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pet_spect.model import Volume
from pet_spect.registration.deficit import missing_ml
from pet_spect.registration.template import Template

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
X, Y, Z = (np.indices((97, 115, 97)) - np.array([48, 57, 48]).reshape(3, 1, 1, 1)) * 2.0
BRAIN = (X / 65) ** 2 + (Y / 85) ** 2 + (Z / 60) ** 2 < 1
TEMPLATE = Template(Volume(gaussian_filter(BRAIN.astype(np.float32), 1.5), AFFINE), BRAIN)


def scan(radius_mm=0.0, x=-35.0, left=0.15):
    """The template with a ball at `x` in which `left` of the uptake is left."""
    lost = (X - x) ** 2 + Y**2 + Z**2 < radius_mm**2
    noise = 1 + 0.05 * gaussian_filter(np.random.default_rng(1).standard_normal(BRAIN.shape), 1.5) / 0.1
    data = gaussian_filter(np.where(lost, left, 1.0) * BRAIN, 1.5) * noise
    return Volume((500 * data).astype(np.float32), AFFINE)


@pytest.mark.parametrize(("x", "side"), [(-35.0, 0), (35.0, 1)])
def test_a_lesion_of_34_ml_is_missing_on_its_side_alone(x, side):
    found = missing_ml(scan(20.0, x), TEMPLATE)
    assert found[side] == pytest.approx(34, rel=0.2)
    assert found[1 - side] == 0.0


def test_nothing_is_missing_from_a_whole_brain():
    assert missing_ml(scan(), TEMPLATE) == (0.0, 0.0)


def test_an_asymmetry_of_20_percent_is_no_lesion():
    assert missing_ml(scan(40.0, left=0.8), TEMPLATE) == (0.0, 0.0)


def test_what_is_out_of_view_is_not_missing():
    data = scan().data.copy()
    data[X < -30] = np.nan
    assert missing_ml(Volume(data, AFFINE), TEMPLATE) == (0.0, 0.0)
