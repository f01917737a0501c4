import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from pet_spect.errors import RegionError
from pet_spect.model import Atlas, Region, Volume, Warp

from .measured import region_uptake


def centred(shape, voxel_mm=1.0):
    """Affine that puts the middle of the grid at the origin."""
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = -voxel_mm * (np.array(shape) - 1) / 2
    return affine


def two_boxes():
    """A box of 4 x 6 x 6 mm on either side of an unlabelled gap of 4 mm: mirror-symmetric about x = 0."""
    labels = np.zeros((16, 12, 12), dtype=np.uint8)
    labels[2:6, 3:9, 3:9] = 1
    labels[10:14, 3:9, 3:9] = 2
    regions = (Region(1, "motor", "left"), Region(2, "motor", "right"))
    return Atlas("toy", labels, centred(labels.shape), regions)


def scan_of(data, voxel_mm=1.0):
    return Volume(np.asarray(data, dtype=np.float32), centred(np.shape(data), voxel_mm))


def by_side(rows):
    return {row.side: row for row in rows if not row.region.endswith("_lesionfree")}


def test_mean_volume_and_coverage_of_a_box():
    data = np.zeros((16, 12, 12))
    data[:8], data[8:] = 60.0, 90.0
    left, right = (by_side(region_uptake(scan_of(data), two_boxes()))[side] for side in ("left", "right"))
    assert (left.mean, left.sd, left.coverage) == (60.0, 0.0, 1.0)
    assert (right.mean, right.sd, right.coverage) == (90.0, 0.0, 1.0)
    assert left.volume_ml == pytest.approx(4 * 6 * 6 / 1000)
    assert np.isnan(left.lesion_fraction)


@settings(max_examples=25)
@given(st.sampled_from([1.0, 2.0]), st.tuples(*[st.floats(-0.5, 0.5)] * 3))
def test_where_the_grid_lies_against_that_of_the_atlas_changes_no_mean(voxel_mm, shift):
    # the boxes are whole voxels wide, and uptake rises by 1 per mm: half a millimetre off would read 0.5 off
    atlas = two_boxes()
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = np.array(shift) - 12
    extent = round(24 / voxel_mm) + 1
    places = np.stack(np.meshgrid(*[np.arange(extent)] * 3, indexing="ij"), axis=-1) * voxel_mm + affine[:3, 3]
    for axis in range(3):
        scan = Volume((100 + places[..., axis]).astype(np.float32), affine)
        left, right = (by_side(region_uptake(scan, atlas))[side].mean for side in ("left", "right"))
        middle = (-4.0, 4.0) if axis == 0 else (0.0, 0.0)
        assert_allclose((left, right), 100 + np.array(middle), atol=0.01)


@pytest.mark.parametrize("voxel_mm", [0.8, 1.0])
def test_no_part_of_a_coarse_label_is_lost_between_the_voxels_of_a_finer_scan(voxel_mm):
    # on its outer side, a label has a share in points up to a whole voxel of the atlas away
    labels = np.zeros((5, 5, 5), dtype=np.uint8)
    labels[2, 2, 2] = 1
    atlas = Atlas("toy", labels, centred(labels.shape, 4.0), (Region(1, "motor", "left"),))
    (motor,) = region_uptake(scan_of(np.ones((40, 40, 40)), voxel_mm), atlas)
    assert motor.volume_ml == pytest.approx(0.064)


def test_zero_uptake_is_averaged_like_any_other():
    data = np.zeros((16, 12, 12))
    data[2:4] = 10.0  # half of the left box
    left = by_side(region_uptake(scan_of(data), two_boxes()))["left"]
    assert (left.mean, left.sd) == (5.0, 5.0)


def test_a_voxel_counts_with_the_fraction_of_it_in_the_region():
    # The box spans x = -6..-2 and the first two voxels -8..-4 and -4..0: half of the box in each.
    data = np.zeros((4, 3, 3))
    data[0], data[1] = 8.0, 2.0
    left = by_side(region_uptake(scan_of(data, 4.0), two_boxes()))["left"]
    assert (left.mean, left.sd) == (5.0, 3.0)
    assert left.volume_ml == pytest.approx(0.144)


def test_part_of_a_region_beyond_the_scan_counts_against_coverage():
    whole = np.full((16, 12, 12), 7.0)
    cut = Volume(
        whole[3:].astype(np.float32),
        centred(whole.shape) @ np.array([[1, 0, 0, 3.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
    )
    sides = by_side(region_uptake(cut, two_boxes(), min_coverage=0.7))
    assert (sides["left"].coverage, sides["left"].mean) == (0.75, 7.0)
    assert sides["left"].volume_ml == pytest.approx(0.144)
    assert sides["right"].coverage == 1.0
    sides = by_side(region_uptake(cut, two_boxes()))
    assert np.isnan(sides["left"].mean)
    assert np.isnan(sides["left"].sd)
    assert sides["right"].mean == 7.0


def test_nan_is_out_of_view():
    data = np.full((16, 12, 12), 7.0)
    data[2] = np.nan
    left = by_side(region_uptake(scan_of(data), two_boxes(), min_coverage=0.75))["left"]
    assert (left.coverage, left.mean) == (0.75, 7.0)


def test_a_region_entirely_out_of_view_has_no_mean():
    data = np.full((16, 12, 12), np.nan)
    data[8:] = 1.0
    left = by_side(region_uptake(scan_of(data), two_boxes(), min_coverage=0.0))["left"]
    assert left.coverage == 0.0
    assert np.isnan(left.mean)


def test_an_image_far_from_the_atlas_is_an_error():
    away = centred((4, 4, 4))
    away[0, 3] = 500.0
    with pytest.raises(RegionError, match="check that both are in one space"):
        region_uptake(Volume(np.ones((4, 4, 4), dtype=np.float32), away), two_boxes())


def test_a_rigid_transform_is_followed_from_scan_to_participant():
    data = np.zeros((16, 12, 12))
    data[2:6, 3:9, 3:9] = 60.0
    shifted = Volume(data.astype(np.float32), centred(data.shape))
    shifted.affine[1, 3] += 20.0
    back = np.eye(4)
    back[1, 3] = -20.0
    assert by_side(region_uptake(shifted, two_boxes(), scan_to_participant_points=back))["left"].mean == 60.0


def test_a_warp_is_followed_from_participant_to_standard():
    data = np.zeros((24, 12, 12))
    data[2:6, 3:9, 3:9] = 60.0  # at x = -10 .. -6; the atlas has it 4 mm further right
    displacement = np.zeros((30, 20, 20, 3), dtype=np.float32)
    displacement[..., 0] = 4.0
    warp = Warp(displacement, centred((30, 20, 20)))
    assert by_side(region_uptake(scan_of(data), two_boxes(), participant_to_standard_points=warp))["left"].mean == 60.0


def test_what_a_stretching_warp_enlarges_is_measured_in_the_persons_own_volume():
    shape = (20, 16, 16)
    grid = np.stack(np.meshgrid(*[np.arange(n) - (n - 1) / 2 for n in shape], indexing="ij"), axis=-1)
    warp = Warp(grid.astype(np.float32), centred(shape))  # x goes to 2 x: the person is half as large
    left = by_side(region_uptake(scan_of(np.ones((16, 12, 12))), two_boxes(), participant_to_standard_points=warp))[
        "left"
    ]
    assert left.volume_ml == pytest.approx(0.144 / 8)


def test_what_lies_beyond_the_warp_is_out_of_view():
    warp = Warp(np.zeros((13, 12, 12, 3), dtype=np.float32), centred((16, 12, 12)))
    warp.affine[0, 3] += 3.0  # the field begins 3 mm to the right of the grid's edge, 1 mm inside the left box
    sides = by_side(region_uptake(scan_of(np.ones((16, 12, 12))), two_boxes(), participant_to_standard_points=warp))
    assert sides["left"].coverage == 0.75
    assert sides["right"].coverage == 1.0


def test_lesion_voxels_are_left_out_of_the_lesionfree_region_only():
    data = np.full((16, 12, 12), 8.0)
    data[2] = 0.0
    mask = np.zeros((16, 12, 12))
    mask[2] = 1.0
    rows = region_uptake(scan_of(data), two_boxes(), lesion=scan_of(mask), lesionfree=["motor"])
    found = {(row.region, row.side): row for row in rows}
    assert found["motor", "left"].mean == 6.0
    assert found["motor_lesionfree", "left"].mean == 8.0
    assert found["motor", "left"].lesion_fraction == found["motor_lesionfree", "left"].lesion_fraction == 0.25
    assert found["motor_lesionfree", "left"].volume_ml == pytest.approx(0.108)
    assert found["motor_lesionfree", "right"].lesion_fraction == 0.0


def test_a_mask_that_ends_with_the_lesion_is_as_large_as_one_with_a_margin():
    def measured(margin):
        affine = np.eye(4)
        affine[:3, 3] = np.array([-5.4, -2.4, -2.4]) - margin
        lesion = Volume(np.pad(np.ones((4, 6, 6), dtype=np.float32), margin), affine)
        return by_side(region_uptake(scan_of(np.ones((32, 24, 24)), 0.5), two_boxes(), lesion=lesion))["left"]

    assert measured(0).lesion_fraction == measured(1).lesion_fraction > 0.6


def test_a_region_that_is_all_lesion_leaves_nothing():
    rows = region_uptake(
        scan_of(np.ones((16, 12, 12))), two_boxes(), lesion=scan_of(np.ones((16, 12, 12))), lesionfree=["motor"]
    )
    assert rows[2].volume_ml == 0.0
    assert np.isnan(rows[2].mean)


def test_without_a_lesion_mask_the_lesionfree_region_has_no_value():
    rows = region_uptake(scan_of(np.ones((16, 12, 12))), two_boxes(), lesionfree=["motor"])
    assert [row.region for row in rows] == ["motor", "motor", "motor_lesionfree", "motor_lesionfree"]
    assert np.isnan(rows[2].mean)
    assert np.isnan(rows[2].volume_ml)


@pytest.mark.parametrize("voxel_mm", [1.0, 2.0, 3.27])
@pytest.mark.parametrize("offset_mm", [0.0, 0.5, 0.3])
def test_a_mirrored_image_swaps_left_and_right(voxel_mm, offset_mm):
    rng = np.random.default_rng(1)
    shape = tuple(int(np.ceil(n / voxel_mm)) + 1 for n in (16, 12, 12))
    scan = scan_of(rng.random(shape), voxel_mm)
    scan.affine[0, 3] += offset_mm
    mirrored = Volume(scan.data, np.diag([-1.0, 1.0, 1.0, 1.0]) @ scan.affine)
    before, after = by_side(region_uptake(scan, two_boxes())), by_side(region_uptake(mirrored, two_boxes()))
    for side, other in (("left", "right"), ("right", "left")):
        assert after[other].volume_ml == pytest.approx(before[side].volume_ml, rel=1e-12)
        assert after[other].mean == pytest.approx(before[side].mean, rel=1e-12)
        assert after[other].sd == pytest.approx(before[side].sd, rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(1e-6, 1e6), seed=st.integers(0, 100))
def test_uptake_follows_the_scale_of_the_image(scale, seed):
    data = np.random.default_rng(seed).random((16, 12, 12)).astype(np.float32)
    plain = region_uptake(scan_of(data), two_boxes())
    scaled = region_uptake(scan_of(data * np.float32(scale)), two_boxes())
    assert_allclose([r.mean for r in scaled], [r.mean * scale for r in plain], rtol=1e-5)


@pytest.mark.parametrize("voxel_mm", [1.0, 1.5, 2.0])
def test_of_a_region_that_is_lost_altogether_nothing_is_left(voxel_mm):
    atlas = two_boxes()
    lesion = Volume((atlas.labels == 1).astype(np.float32), atlas.affine)
    extent = np.ceil(np.array(atlas.labels.shape) / voxel_mm).astype(int)
    scan = Volume(np.ones(extent, np.float32), centred(extent, voxel_mm))
    rows = {(row.region, row.side): row for row in region_uptake(scan, atlas, lesion=lesion, lesionfree=("motor",))}
    assert rows["motor_lesionfree", "left"].volume_ml == 0
    assert rows["motor", "left"].lesion_fraction == 1
    assert rows["motor_lesionfree", "right"].volume_ml == pytest.approx(0.144, rel=0.01)
