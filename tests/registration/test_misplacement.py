import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

from pet_spect.model import Volume
from pet_spect.registration.misplacement import misplacement_mm

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
SHAPE = (48, 48, 48)


@pytest.fixture
def folds():
    noise = np.random.default_rng(3).normal(size=SHAPE)
    return np.asarray(5 + 40 * gaussian_filter(noise, 3), dtype=np.float32)


@pytest.fixture
def brain():
    inside = np.zeros(SHAPE, dtype=bool)
    inside[8:-8, 8:-8, 8:-8] = True
    return inside


NOWHERE = np.zeros(SHAPE, dtype=bool)


def moved(folds, mm):
    return np.asarray(shift(folds, (mm / 2, 0, 0), order=3, mode="nearest"), dtype=np.float32)


@pytest.mark.parametrize("mm", [1.0, 2.0])
def test_a_shift_along_one_axis_is_found_with_its_size(folds, brain, mm):
    found = misplacement_mm(moved(folds, mm), Volume(folds, AFFINE), brain, NOWHERE)
    seen_mm = mm / np.sqrt(3)  # a third of the gradient's square lies along one axis
    assert found == pytest.approx(2 * np.sqrt(seen_mm**2 - 0.45**2), rel=0.1)


def test_folds_in_place_are_not_misplaced_and_a_scale_does_not_matter(folds, brain):
    assert misplacement_mm(folds, Volume(folds, AFFINE), brain, NOWHERE) == 0
    once = misplacement_mm(moved(folds, 1.5), Volume(folds, AFFINE), brain, NOWHERE)
    scaled = misplacement_mm(1000 * moved(folds, 1.5), Volume(1000 * folds, AFFINE), brain, NOWHERE)
    assert scaled == pytest.approx(once, rel=1e-5)


def test_a_lesion_and_what_is_out_of_view_do_not_count(folds, brain):
    scan = moved(folds, 1.5)
    alone = misplacement_mm(scan, Volume(folds, AFFINE), brain, NOWHERE)
    hole = NOWHERE.copy()
    hole[16:26, 16:26, 16:26] = True
    scan[hole] = 0
    scan[:, :, 34:] = np.nan
    assert misplacement_mm(scan, Volume(folds, AFFINE), brain, hole) == pytest.approx(alone, rel=0.1)


def test_it_is_at_most_four_and_zero_where_nothing_counts(folds, brain):
    assert misplacement_mm(-folds, Volume(folds, AFFINE), brain, NOWHERE) == 4
    assert misplacement_mm(folds, Volume(folds, AFFINE), NOWHERE, NOWHERE) == 0
