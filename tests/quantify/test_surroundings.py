import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pet_spect.model import Volume, Warp, opposite
from pet_spect.quantify.surroundings import (
    MIRRORED,
    RINGS,
    TREATMENT_SITE,
    distances,
    holds,
    is_surrounding,
    lesion_rings,
    side_of,
    treatment_regions,
)

SHAPE = (81, 9, 9)
AFFINE = np.array([[1.0, 0, 0, -40], [0, 1, 0, -4], [0, 0, 1, -4], [0, 0, 0, 1]])
TISSUE = Volume(np.ones(SHAPE, dtype=np.float32), AFFINE)
INNER, OUTER = RINGS


def slab(first, last):
    """Return a lesion of all voxels from x = first to x = last, mm."""
    data = np.zeros(SHAPE, dtype=np.float32)
    data[first + 40 : last + 41] = 1
    return Volume(data, AFFINE)


def planes(atlas, name):
    """Return the x of every plane of a region, all of whose voxels must belong to it."""
    (index,) = (region.index for region in atlas.regions if region.name == name)
    inside = atlas.labels == index
    assert (inside.any(axis=(1, 2)) == inside.all(axis=(1, 2))).all()
    return [int(x) - 40 for x in np.flatnonzero(inside.all(axis=(1, 2)))]


def sides(atlas):
    return {region.name: region.side for region in atlas.regions}


def stretched(factor):
    """Return the way from the standard space to a head that is so many times as wide."""
    x = AFFINE[0, 3] + np.arange(SHAPE[0])
    displacement = np.zeros((*SHAPE, 3), dtype=np.float32)
    displacement[..., 0] = ((factor - 1) * x)[:, np.newaxis, np.newaxis]
    return Warp(displacement, AFFINE)


def test_rings_round_a_slab_by_hand():
    atlas = lesion_rings(TISSUE, slab(-28, -26), "left")
    assert planes(atlas, INNER) == [*range(-38, -28), *range(-25, -15)]
    assert planes(atlas, OUTER) == [-40, -39, *range(-15, -5)]
    assert planes(atlas, INNER + MIRRORED) == [*range(16, 26), *range(29, 39)]
    assert sides(atlas) == {INNER: "left", OUTER: "left", INNER + MIRRORED: "right", OUTER + MIRRORED: "right"}


def test_distances_are_those_of_the_participant():
    atlas = lesion_rings(TISSUE, slab(-28, -26), "left", stretched(2.0))
    # a plane is 2 mm from the next one; the surface of the lesion is taken half a voxel, 0.5 mm, from its last plane
    assert planes(atlas, INNER) == [*range(-33, -28), *range(-25, -20)]
    assert planes(atlas, OUTER) == [*range(-38, -33), *range(-20, -15)]


def test_rings_end_at_the_midline():
    atlas = lesion_rings(TISSUE, slab(-6, -3), "left")
    assert planes(atlas, INNER) == [*range(-16, -6), -2, -1]
    assert planes(atlas, INNER + MIRRORED) == [1, 2, *range(7, 17)]
    assert not (atlas.labels[40] > 0).any()


def test_a_lesion_across_the_midline_counts_on_its_side_and_is_left_out_of_the_other():
    atlas = lesion_rings(TISSUE, slab(-5, 9), "left")
    assert planes(atlas, INNER) == [*range(-15, -9)]
    assert planes(atlas, INNER + MIRRORED) == [*range(10, 16)]


def test_the_mirrored_lesion_is_in_neither():
    lesion = slab(-28, -26)
    lesion.data[14 + 40 : 17 + 40] = 1  # an old infarct on the other side, mirrored at -16 to -14
    atlas = lesion_rings(TISSUE, lesion, "left")
    assert planes(atlas, INNER) == [*range(-38, -28), *range(-25, -16)]
    assert planes(atlas, OUTER) == [-40, -39, *range(-13, -5)]
    assert planes(atlas, OUTER + MIRRORED) == [*range(6, 14), 39, 40]


def test_there_is_no_csf_in_a_ring():
    tissue = np.ones(SHAPE, dtype=np.float32)
    tissue[[40 - 20, 40 + 20]] = 0
    atlas = lesion_rings(Volume(tissue, AFFINE), slab(-28, -26), "left")
    assert -20 not in planes(atlas, INNER)
    assert 20 not in planes(atlas, INNER + MIRRORED)


def test_without_a_lesion_on_the_side_there_is_no_ring():
    assert lesion_rings(TISSUE, slab(10, 12), "left") is None


def test_a_mask_on_another_grid_makes_the_same_rings():
    fine = slab(-28, -26)
    coarse = Volume(
        np.ones((3, 9, 9), dtype=np.float32),
        AFFINE @ np.array([[1.0, 0, 0, 12], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
    )
    np.testing.assert_array_equal(
        lesion_rings(TISSUE, coarse, "left").labels, lesion_rings(TISSUE, fine, "left").labels
    )


@given(
    places=st.lists(st.tuples(st.integers(0, 80), st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=20),
    side=st.sampled_from(["left", "right"]),
)
@settings(max_examples=25, deadline=None)
def test_exchanged_sides_give_exchanged_rings(places, side):
    data = np.zeros(SHAPE, dtype=np.float32)
    data[tuple(np.array(places).T)] = 1
    atlas = lesion_rings(TISSUE, Volume(data, AFFINE), side)
    mirror = lesion_rings(TISSUE, Volume(data[::-1].copy(), AFFINE), opposite(side))
    assert (atlas is None) == (mirror is None)
    if atlas is None:
        return
    np.testing.assert_array_equal(mirror.labels, atlas.labels[::-1])
    assert {name: opposite(at) for name, at in sides(atlas).items()} == sides(mirror)
    own, other = atlas.labels, atlas.labels[::-1]
    np.testing.assert_array_equal(np.where((own > 0) & (own <= 2), own + 2, 0), np.where(other > 2, other, 0))


# --- treatment sites


def sphere(atlas, name=TREATMENT_SITE):
    (index,) = (region.index for region in atlas.regions if region.name == name)
    return atlas.labels == index


def point(x, y=0, z=0):
    return np.array([x, y, z], dtype=float), "left" if x < 0 else "right"


def test_a_sphere_by_hand_and_its_mirror_image():
    atlas = treatment_regions(TISSUE, points=[point(-20)], radius_mm=2)
    assert sphere(atlas).sum() == 33  # voxels within 2 of the middle one: 1 + 6 + 12 + 8 + 6
    assert sphere(atlas)[20 - 2 : 20 + 3].sum() == 33
    np.testing.assert_array_equal(sphere(atlas, TREATMENT_SITE + MIRRORED), sphere(atlas)[::-1])
    assert sides(atlas) == {TREATMENT_SITE: "left", TREATMENT_SITE + MIRRORED: "right"}


def test_a_site_on_the_other_side_is_not_flipped():
    left, right = (treatment_regions(TISSUE, points=[point(x)], radius_mm=3) for x in (-20, 20))
    np.testing.assert_array_equal(right.labels, left.labels[::-1])
    assert sides(right) == {TREATMENT_SITE: "right", TREATMENT_SITE + MIRRORED: "left"}


def test_a_sphere_ends_at_the_midline_and_leaves_out_the_track():
    track = np.zeros(SHAPE, dtype=bool)
    track[40 - 3, 4, 4:] = True
    atlas = treatment_regions(TISSUE, points=[point(-1)], track=track, radius_mm=3)
    assert not sphere(atlas)[40:].any()
    assert not (sphere(atlas) & track).any()
    assert sphere(treatment_regions(TISSUE, points=[point(-1)], radius_mm=3))[40 - 3, 4, 4]


def test_several_points_of_one_side_are_one_site():
    atlas = treatment_regions(TISSUE, points=[point(-20), point(-21)], radius_mm=1)
    assert sphere(atlas).sum() == 7 + 7 - 2


def test_sites_on_both_sides_have_no_mirror_image():
    atlas = treatment_regions(TISSUE, points=[point(-20), point(30)], radius_mm=2)
    assert [(region.name, region.side) for region in atlas.regions] == [
        (TREATMENT_SITE, "left"),
        (TREATMENT_SITE, "right"),
    ]
    assert [(atlas.labels == index).sum() for index in (1, 2)] == [33, 33]


def test_without_points_the_tissue_round_the_track_is_the_site():
    track = np.zeros(SHAPE, dtype=bool)
    track[40 - 20] = True
    atlas = treatment_regions(TISSUE, track=track, radius_mm=3)
    assert planes(atlas, TREATMENT_SITE) == [-23, -22, -21, -19, -18, -17]


def test_a_radius_is_one_of_the_participant():
    atlas = treatment_regions(TISSUE, stretched(2.0), points=[point(-40)], radius_mm=2)
    inside = sphere(atlas)
    assert (inside.any(axis=(1, 2))).nonzero()[0].tolist() == [19, 20, 21]


def test_distances_are_infinite_where_nobody_asked():
    inside = slab(-28, -26).data > 0
    places = np.zeros(SHAPE, dtype=bool)
    places[40 - 20, 4, 4], places[40 - 10, 4, 4] = True, True
    found = distances(inside, places, AFFINE, None, 10.0)
    assert found[40 - 20, 4, 4] == pytest.approx(5.5)
    assert np.isinf(found).sum() == found.size - 1


def test_a_point_is_in_a_mask_by_its_voxel():
    mask = slab(-28, -26)
    assert [holds(mask, (x, 0, 0)) for x in (-28.4, -28.6, -26, -25.4)] == [True, False, True, False]
    assert not holds(mask, (-400, 0, 0))


def test_a_point_on_the_midline_has_no_side():
    assert [side_of((x, 0, 0)) for x in (-0.6, 0.4, 0.6)] == ["left", None, "right"]


def test_the_names_of_surroundings():
    assert is_surrounding("lesion_ring_0_10_mirrored")
    assert is_surrounding("treatment_site")
    assert not is_surrounding("precentral_lesionfree")
