import nibabel as nib
import numpy as np
import pytest

from pet_spect.imaging.atlases import load_atlas
from pet_spect.simulate.phantom import FRONT_MM, TOP_MM, marker_phantom

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["FDG", "IMZ"])
def phantom(request):
    return marker_phantom(request.param)


def near(volume, point):
    i, j, k = np.rint(nib.affines.apply_affine(np.linalg.inv(volume.affine), point)).astype(int)
    return volume.data[i - 2 : i + 3, j - 2 : j + 3, k - 2 : k + 3].max()


def test_left_motor_cortex_is_hot_and_the_right_one_cold(phantom):
    labels = load_atlas().labels[::2, ::2, ::2]
    left, right = phantom.data[labels == 86].mean(), phantom.data[labels == 35].mean()
    assert left / right > 1.35


def test_front_and_top_carry_markers_and_back_and_bottom_do_not(phantom):
    front, top = near(phantom, FRONT_MM), near(phantom, TOP_MM)
    back, side = near(phantom, (0, -116, 20)), near(phantom, (84, -20, 20))
    assert top > front > 1.3 * max(back, side)
