from __future__ import annotations

import math

import numpy as np
import pytest

from pet_spect.errors import ImageError
from pet_spect.model import Volume
from pet_spect.report.pictures.comparison import (
    difference_in_points,
    inside,
    ratio_image,
    spread_in_points,
    upper_end,
)

GRID = np.array([[4.0, 0, 0, -96], [0, 4.0, 0, -132], [0, 0, 4.0, -78], [0, 0, 0, 1]])
SHAPE = (49, 58, 49)


def box(x: float, y: float, z: float, half: float):
    """Return which voxels lie in a cube around a point of the standard space."""
    points = np.moveaxis(np.indices(SHAPE), 0, -1) @ GRID[:3, :3].T + GRID[:3, 3]
    return (np.abs(points - [x, y, z]) < half).all(axis=-1)


def scan(values) -> Volume:
    return Volume(np.asarray(values, dtype=np.float32), GRID)


def test_a_visit_is_divided_by_its_own_reference():
    ratio = ratio_image(scan(np.full(SHAPE, 9000.0)), 12000.0)
    assert np.allclose(ratio.data, 0.75)


def test_zero_is_a_measurement_and_outside_the_view_is_not():
    values = np.full(SHAPE, 0.0)
    values[0] = np.nan
    ratio = ratio_image(scan(values), 2.0)
    assert np.isnan(ratio.data[0]).all()
    assert (ratio.data[1:] == 0).all()


@pytest.mark.parametrize("uptake", [0.0, -3.0, math.nan, math.inf])
def test_without_a_reference_above_zero_there_is_no_ratio(uptake):
    with pytest.raises(ImageError, match="needed a number above zero"):
        ratio_image(scan(np.ones(SHAPE)), uptake)


def test_the_blur_of_the_measurement_is_applied():
    point = np.zeros(SHAPE)
    point[20, 20, 20] = 8.0
    assert ratio_image(scan(point), 8.0).data.max() == 1.0
    assert ratio_image(scan(point), 8.0, blur_mm=8.0).data.max() < 0.2


@pytest.mark.parametrize(("x", "side"), [(-40, "left"), (40, "right")])
def test_ten_percent_more_in_the_target_is_ten_points_on_its_side_and_none_on_the_other(x, side):
    more = np.where(box(x, -20, 52, 26), 1.1, 1.0)
    difference = difference_in_points(scan(np.ones(SHAPE)), scan(more))
    left, right = (float(difference.data[box(at, -20, 52, 8)].mean()) for at in (-40, 40))
    own, other = (left, right) if side == "left" else (right, left)
    assert own == pytest.approx(10.0, abs=0.1)
    assert other == pytest.approx(0.0, abs=0.1)


def test_what_has_another_scale_but_the_same_pattern_does_not_differ():
    before, after = scan(np.full(SHAPE, 100.0)), scan(np.full(SHAPE, 137.0))
    difference = difference_in_points(ratio_image(before, 80.0), ratio_image(after, 1.37 * 80.0))
    assert np.allclose(difference.data, 0.0, atol=1e-4)


def test_where_one_visit_was_not_in_view_nothing_is_known():
    after = np.ones(SHAPE)
    after[..., :5] = np.nan
    difference = difference_in_points(scan(np.ones(SHAPE)), scan(after))
    assert np.isnan(difference.data[..., :5]).all()
    assert np.isfinite(difference.data[..., 5:]).all()


def test_visits_on_two_grids_are_an_error():
    with pytest.raises(ImageError, match="do not lie on one grid"):
        difference_in_points(scan(np.ones(SHAPE)), Volume(np.ones(SHAPE, dtype=np.float32), GRID + np.eye(4)))


def test_the_spread_is_that_of_the_noise_and_not_of_a_few_large_changes():
    noise = np.random.default_rng(1).normal(0, 3.0, SHAPE)
    noise[:2] = 500.0
    assert spread_in_points(scan(noise), np.ones(SHAPE, dtype=bool)) == pytest.approx(3.0, rel=0.1)
    assert math.isnan(spread_in_points(scan(noise), np.zeros(SHAPE, dtype=bool)))


def test_a_mask_on_another_grid_is_brought_to_the_scan():
    mask = Volume(box(-40, 0, 0, 14).astype(np.float32), GRID)
    fine = Volume(np.zeros((98, 116, 98), dtype=np.float32), GRID @ np.diag([0.5, 0.5, 0.5, 1]))
    points = np.argwhere(inside(mask, fine)) @ (2 * np.eye(3)) + GRID[:3, 3]
    assert points.mean(axis=0) == pytest.approx([-40, 0, 0], abs=1)


def test_one_scale_holds_the_brain_of_every_visit():
    brain = box(0, 0, 0, 40)
    dim, bright = scan(np.where(brain, 0.9, 7.0)), scan(np.where(brain, 1.31, 0.0))
    assert upper_end([dim, bright], brain) == pytest.approx(1.4)
    assert upper_end([dim], brain) == pytest.approx(1.0)
    assert upper_end([scan(np.full(SHAPE, np.nan))], brain) == pytest.approx(1.0)
