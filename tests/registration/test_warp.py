import numpy as np
import pytest

from pet_spect.imaging.resample import apply_affine, sample
from pet_spect.model import Volume
from pet_spect.registration.warp import FIELD_MARGIN_MM, _around, _part_of

AFFINE = np.array([[2.0, 0, 0, -90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])


@pytest.mark.parametrize("first", [(30, 20, 10), (0, 0, 0), (38, 49, 38)])
def test_the_grid_of_a_registration_holds_what_counts_at_its_place_and_a_margin(first):
    shape = (40, 50, 40)
    target = Volume(np.random.default_rng(0).random(shape, np.float32), AFFINE)
    mask = np.zeros(shape, bool)
    counted = tuple(slice(start, start + 2) for start in first)
    mask[counted] = True
    box = _around(mask)
    near, mask_near = _part_of(target, box), mask[box]

    assert mask_near.sum() == mask.sum()
    points = apply_affine(near.affine, np.argwhere(mask_near).astype(float))
    np.testing.assert_array_equal(points, apply_affine(AFFINE, np.argwhere(mask).astype(float)))
    np.testing.assert_allclose(sample(near, points), target.data[mask])
    margin = round(FIELD_MARGIN_MM / 2)
    for start, extent, size in zip(first, near.data.shape, shape, strict=True):
        assert extent == min(start + 2 + margin, size) - max(start - margin, 0)
