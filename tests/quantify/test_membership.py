import math

import numpy as np
import pytest

from pet_spect.model import Atlas, Region, Volume
from pet_spect.quantify.membership import membership_certainty
from tests.quantify.measured import region_uptake

LEFT, RIGHT = Region(1, "motor", "left"), Region(2, "motor", "right")


def slabs(thickness):
    """Two slabs of the target, `thickness` voxels of 1 mm, in a wide field."""
    labels = np.zeros((80, 60, 60), np.int32)
    labels[10 : 10 + thickness] = 1
    labels[70 - thickness : 70] = 2
    return Atlas("toy", labels, np.diag([1.0, 1.0, 1.0, 1.0]), (LEFT, RIGHT))


def test_the_heart_of_a_thick_slab_is_certain_and_its_face_half_as_likely():
    certainty = membership_certainty(slabs(21), ("motor",), 6.0, resolution_mm=1.0)
    assert certainty[20, 30, 30] == pytest.approx(0.9204**3, abs=0.004)  # 10.5 mm to either face: 2 Phi(10.5 / 6) - 1
    # half a voxel inside the face: Phi(0.5 / 6) - Phi(-20.5 / 6), to the greatest power
    assert certainty[10, 30, 30] == pytest.approx(0.5329**3, abs=0.004)


def expected_slope(misplacement_mm, resolution_mm, weight):
    """What the weighted mean of a misplaced box shows of a change in it, over what the box in place shows."""

    def blurred(*sigmas):  # a box blurred, at the centres of its voxels
        sigma = float(np.hypot(*sigmas)) * 2**0.5
        sides = [
            np.array([(math.erf((i + 0.5) / sigma) + math.erf((n - i - 0.5) / sigma)) / 2 for i in range(n)])
            for n in weight.shape
        ]
        return np.einsum("i,j,k->ijk", *sides)

    scanner_mm = resolution_mm / (8 * math.log(2)) ** 0.5
    return np.average(blurred(scanner_mm, misplacement_mm), weights=weight) / np.mean(blurred(scanner_mm, 0.0))


@pytest.mark.parametrize(("misplacement_mm", "resolution_mm"), [(1.2, 4.0), (1.5, 6.0), (2.0, 8.0)])
def test_weights_show_98_percent_of_a_change_and_differ_no_more_than_that_takes(misplacement_mm, resolution_mm):
    weight = membership_certainty(slabs(9), ("motor",), misplacement_mm, resolution_mm=resolution_mm)[10:19]
    assert expected_slope(misplacement_mm, resolution_mm, np.ones_like(weight)) < 0.96
    assert expected_slope(misplacement_mm, resolution_mm, weight) == pytest.approx(0.98, abs=0.002)


def test_all_weighs_alike_where_that_shows_enough_of_a_change():
    assert (membership_certainty(slabs(9), ("motor",), 0.5, resolution_mm=6.0) == 1).all()


def test_a_blurry_scan_needs_less_weighting_than_a_sharp_one():
    sharp, blurry = (membership_certainty(slabs(9), ("motor",), 2.0, resolution_mm=mm)[10, 30, 30] for mm in (6, 11))
    assert sharp < blurry < 1


def test_both_sides_are_weighed_to_one_power():
    atlas = slabs(9)
    atlas.labels[16:19] = 0  # the left slab is thinner
    certainty = membership_certainty(atlas, ("motor",), 2.0, resolution_mm=6.0)
    left, right = (np.log(certainty[x, 30, 30]) for x in (10, 69))
    thin, thick = (math.log(math.erf((n - 0.5) / 2 / 2**0.5) / 2 + math.erf(0.25 / 2**0.5) / 2) for n in (6, 9))
    assert left / right == pytest.approx(thin / thick, rel=0.02)


def test_left_and_right_are_mirror_images():
    certainty = membership_certainty(slabs(9), ("motor",), 2.0)
    assert np.array_equal(certainty, certainty[::-1])


def test_a_mirrored_lesion_gives_mirrored_weights():
    atlas = slabs(9)
    mask = np.zeros((79, 60, 60), np.float32)
    mask[9:11] = 1
    affine = np.eye(4)
    affine[0, 3] = 0.5  # the centres of the atlas's voxels lie on the faces of the mask's
    left, right = (membership_certainty(atlas, ("motor",), 2.0, Volume(data, affine)) for data in (mask, mask[::-1]))
    assert np.array_equal(left, right[::-1])


def test_only_the_regions_asked_for_are_weighted_and_no_misplacement_weighs_nothing():
    assert (membership_certainty(slabs(9), (), 2.0) == 1).all()
    assert (membership_certainty(slabs(9), ("motor",), 0.0) == 1).all()


def test_a_region_thinner_than_the_misplacement_still_has_weight():
    assert membership_certainty(slabs(1), ("motor",), 6.0)[10].min() > 0


@pytest.mark.parametrize(("lost", "of_blur"), [(0, 1.0), (3, 0.5), (6, 0.0), (20, 0.0)])
def test_the_more_of_a_region_is_lost_the_less_its_heart_is_preferred(lost, of_blur):
    atlas = slabs(20)
    mask = np.zeros(atlas.labels.shape, np.float32)
    mask[70 - lost : 70] = 1  # of 20 voxels of the right slab
    certainty = membership_certainty(atlas, ("motor",), 2.0, Volume(mask, atlas.affine))
    assert np.array_equal(certainty, membership_certainty(atlas, ("motor",), 2.0 * of_blur))


def test_the_edge_weighs_less_in_the_mean_but_not_in_volume_and_coverage():
    atlas = slabs(9)
    scan = np.full(atlas.labels.shape, 1.0, np.float32)
    scan[12:17] = 2.0  # the heart of the left slab
    volume = Volume(scan, atlas.affine)
    even = region_uptake(volume, atlas)
    weighed = region_uptake(volume, atlas, certainty=membership_certainty(atlas, ("motor",), 2.5))
    assert even[0].mean == pytest.approx(1 + 5 / 9)
    assert weighed[0].mean > 1.7
    assert weighed[1].mean == pytest.approx(1.0)
    assert (weighed[0].volume_ml, weighed[0].coverage) == (even[0].volume_ml, even[0].coverage)
