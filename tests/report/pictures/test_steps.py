from __future__ import annotations

import numpy as np
import pytest

from pet_spect.errors import AtlasError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.model import Volume, Warp
from pet_spect.report.pictures.planes import PIXEL_MM
from pet_spect.report.pictures.steps import (
    Registration,
    after_warp,
    before_warp,
    in_own_space,
    lesion_step,
    linear_part,
    outlines,
)

pytestmark = pytest.mark.slow

GRID = np.array([[4.0, 0, 0, -96], [0, 4.0, 0, -132], [0, 0, 4.0, -78], [0, 0, 0, 1]])
SHAPE = (49, 58, 49)
SHIFT = np.array([30.0, -10.0, 100.0])
STILL = Warp(np.zeros((*SHAPE, 3), dtype=np.float32), GRID)


@pytest.fixture(scope="module")
def masks():
    return outlines(load_atlas("CerebrA"), ["precentral"], ["pons"])


def positions():
    return np.moveaxis(np.indices(SHAPE), 0, -1) @ GRID[:3, :3].T + GRID[:3, 3]


def box(x: float, y: float, z: float, half: float = 12.0) -> Volume:
    """Return 1 in a cube around a point of the standard space, 0 elsewhere."""
    inside = (np.abs(positions() - [x, y, z]) < half).all(axis=-1)
    return Volume(inside.astype(np.float32), GRID)


def registration(data, masks, to_standard=STILL, from_standard=STILL) -> Registration:
    """Return a scan whose own space is shifted against the participant's."""
    own, to_scan = GRID.copy(), np.eye(4)
    own[:3, 3] += SHIFT
    to_scan[:3, 3] = SHIFT
    linear = linear_part(from_standard, masks["brain"])
    return Registration(Volume(data, own), Volume(data, GRID), to_scan, to_standard, from_standard, linear)


@pytest.fixture(scope="module")
def scan(masks):
    """Return a scan that is hot in the left motor cortex."""
    return registration(0.2 + 5 * box(-40, -12, 50).data, masks)


def centre_of(array) -> float:
    return float(np.nonzero(array)[1].mean()) / array.shape[1]


def test_left_target_and_a_hot_left_lie_on_the_left_after_the_warp(scan, masks):
    panel = after_warp(scan, masks).panels[0]
    assert panel.plane.caption == "MNI z = 52"
    assert centre_of(np.nan_to_num(panel.image) > 3) < 0.4
    assert centre_of(panel.masks["left"] > 0.5) < 0.4
    assert centre_of(panel.masks["right"] > 0.5) > 0.6


def test_own_space_follows_the_transforms_to_the_target(scan, masks):
    axial, _, coronal, left, right = in_own_space(scan, masks).panels
    for panel in (axial, coronal):
        assert centre_of(panel.masks["left"] > 0.5) < 0.4
        assert centre_of(panel.masks["right"] > 0.5) > 0.6
    target = np.argwhere(masks["left"].data > 0.5).mean(axis=0) @ masks["left"].affine[:3, :3].T
    assert left.plane.centre[0] == pytest.approx((target + masks["left"].affine[:3, 3] + SHIFT)[0], abs=0.5)
    assert (left.masks["left"] > 0.5).any()
    assert not (left.masks["right"] > 0.5).any()
    assert (right.masks["right"] > 0.5).any()


def test_reference_regions_are_cut_in_own_space(scan, masks):
    assert (in_own_space(scan, masks).panels[1].masks["reference"] > 0.5).any()


def test_midplane_is_where_the_transforms_put_it(scan, masks):
    six_mm_right = Warp(np.zeros((*SHAPE, 3), dtype=np.float32), GRID)
    six_mm_right.displacement[..., 0] = 6.0
    for to_standard, standard_x in ((STILL, 0.0), (six_mm_right, -6.0)):
        moved = registration(scan.native.data, masks, to_standard, STILL)
        panel = in_own_space(moved, masks).panels[0]
        column = np.abs(panel.from_midplane[100]).argmin()
        x = panel.plane.points()[100, column, 0]
        assert x == pytest.approx(standard_x + SHIFT[0], abs=PIXEL_MM)


def test_before_the_warp_only_its_linear_part_is_taken(masks):
    points = positions()
    matrix = np.diag([1.1, 0.9, 1.05, 1.0])
    matrix[:3, 3] = [4, -3, 5]
    linear = points @ matrix[:3, :3].T + matrix[:3, 3] - points
    bend = np.stack([np.zeros(SHAPE), np.zeros(SHAPE), 6 * np.sin(points[..., 0] / 6)], axis=-1)
    warp = Warp((linear + bend).astype(np.float32), GRID)
    assert linear_part(warp, masks["brain"]) == pytest.approx(matrix, abs=0.4)
    assert linear_part(Warp(linear.astype(np.float32), GRID), masks["brain"]) == pytest.approx(matrix, abs=1e-4)


def test_before_the_warp_a_shift_of_the_head_is_undone(masks):
    shifted = Warp(np.full((*SHAPE, 3), 8.0, dtype=np.float32), GRID)
    scan = registration(box(-40 + 8, -18 + 8, 50 + 8).data, masks, from_standard=shifted)
    panel = before_warp(scan, masks).panels[0]
    rows, columns = np.nonzero(np.nan_to_num(panel.image) > 0.5)
    middle = panel.plane.points()[round(rows.mean()), round(columns.mean())]
    assert middle[:2] == pytest.approx([-40, -18], abs=2)


def test_before_and_after_show_the_same_planes(scan, masks):
    planes = [[panel.plane for panel in step(scan, masks).panels] for step in (before_warp, after_warp)]
    assert planes[0] == planes[1]


def test_lesion_is_shown_where_it_is_largest_beside_the_scan_without_it(scan, masks):
    lesion = Volume(np.maximum(box(-38, 6, 22).data, box(40, 6, -30, 5).data), GRID)
    plain, outlined, _, coronal, sagittal = lesion_step(scan, masks, lesion, "Lesion, given").panels
    assert abs(outlined.plane.centre[2] - 22) < 12
    assert abs(coronal.plane.centre[1] - 6) < 12
    assert abs(sagittal.plane.centre[0] + 38) < 12
    assert not (plain.masks["lesion"] > 0.5).any()
    np.testing.assert_array_equal(plain.image, outlined.image)
    rows, columns = np.nonzero(outlined.masks["lesion"] > 0.5)
    middle = outlined.plane.points()[round(rows.mean()), round(columns.mean())]
    assert middle[:2] == pytest.approx([-38, 6], abs=2)


def test_empty_lesion_draws_nothing(scan, masks):
    nothing = Volume(np.zeros(SHAPE, dtype=np.float32), GRID)
    step = lesion_step(scan, masks, nothing, "Lesion, estimated")
    assert (step.title, step.panels) == ("4  Lesion: none seen", [])


def test_target_the_atlas_lacks_is_an_error():
    with pytest.raises(AtlasError, match="CerebrA: has no region 'motor' with a left and a right side"):
        outlines(load_atlas("CerebrA"), ["motor"])


def test_target_without_sides_is_an_error():
    with pytest.raises(AtlasError, match="has no region 'pons' with a left and a right side"):
        outlines(load_atlas("CerebrA"), ["pons"])


def test_reference_the_atlas_lacks_is_an_error():
    with pytest.raises(AtlasError, match="has no region 'cerebelum'"):
        outlines(load_atlas("CerebrA"), ["precentral"], ["cerebelum"])
