"""A toy head of cubes: two regions in white matter, CSF, skull and scalp round it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pet_spect.imaging.resample import resample_affine
from pet_spect.model import Atlas, Region, Volume
from pet_spect.quantify.measurement import measure_scan, participant_regions
from pet_spect.quantify.noise import Noise
from pet_spect.quantify.partial_volume.corrected_scans import Width, common_widths, correct_scans
from pet_spect.quantify.partial_volume.head_parts import BESIDE_REGIONS, head_parts
from pet_spect.quantify.partial_volume.part_shares import share_parts
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA, blurred

EXTENT = 64
AFFINE = np.eye(4)
AFFINE[:3, 3] = -(EXTENT - 1) / 2
MOTOR = {"left": (slice(17, 26), slice(20, 44), slice(20, 44)), "right": (slice(38, 47), slice(20, 44), slice(20, 44))}
BRAIN = (slice(14, 50),) * 3
INFARCT = (slice(17, 26), slice(20, 44), slice(32, 44))
LEVEL = {"motor": 10.0, "white": 3.0, "csf": 0.5, "skull": 0.2, "scalp": 1.5}
FWHM_MM = 7.0
WHITE_NOISE = Noise(np.array([1e-4, 0.0, 0.0]), np.ones((1, 1, 1)))


def an_atlas():
    labels = np.zeros((EXTENT,) * 3, dtype=np.uint8)
    labels[MOTOR["left"]], labels[MOTOR["right"]] = 1, 2
    return Atlas("toy", labels, AFFINE, (Region(1, "motor", "left"), Region(2, "motor", "right")))


def parts_of_head(lesion=None):
    brain = np.zeros((EXTENT,) * 3, dtype=bool)
    brain[BRAIN] = True
    return head_parts(
        an_atlas(), np.zeros(brain.shape, np.float32), brain.astype(np.float32), brain, AFFINE, lesion=lesion
    )


def a_lesion():
    mask = np.zeros((EXTENT,) * 3, dtype=np.float32)
    mask[INFARCT] = 1
    return Volume(mask, AFFINE)


def a_scan(parts, left=10.0, infarct=1.0, pose=None):
    """What a scanner of 7 mm sees of the head, on voxels of 2 mm, without noise."""
    level = np.zeros(parts.count + 1, dtype=np.float32)
    level[1], level[2] = left, LEVEL["motor"]
    for place, (name, _) in enumerate(BESIDE_REGIONS, start=3):
        level[place] = LEVEL.get(name, 0.0)
    uptake = level[parts.part]
    uptake[parts.infarct] = infarct
    seen = blurred(uptake, np.full(3, FWHM_MM * FWHM_TO_SIGMA))
    grid = np.diag([2.0, 2.0, 2.0, 1.0])
    grid[:3, 3] = -31.0
    pose = np.eye(4) if pose is None else pose
    return Volume(np.nan_to_num(resample_affine(Volume(seen, AFFINE), (32, 32, 32), grid, pose).data), grid)


def corrected(scans, parts, *, lesion=None, noises=None, width=FWHM_MM, poses=None):
    regions = participant_regions(an_atlas(), target=["motor"], lesion=lesion)
    poses = [None] * len(scans) if poses is None else poses
    measured = [measure_scan(scan, regions, to_participant=pose) for scan, pose in zip(scans, poses, strict=True)]
    noises = [None] * len(scans) if noises is None else noises
    return measured, correct_scans(measured, noises, [Width(width, 0.2)] * len(scans), parts, regions)


def test_every_voxel_near_the_brain_is_one_part():
    parts = parts_of_head(a_lesion())
    names = [("motor", "left"), ("motor", "right"), *BESIDE_REGIONS]
    part = {name: parts.part == number for number, name in enumerate(names, start=1)}
    middle = EXTENT // 2
    assert part["motor", "left"][20, 30, 30]
    assert part["white", "left"][30, 30, 30]
    assert part["white", "right"][33, 30, 30]
    assert part["csf", "n/a"][middle, middle, 51]
    assert part["skull", "n/a"][middle, middle, 55]
    assert part["scalp", "n/a"][middle, middle, 60]
    assert parts.part[0, 0, 0] == 0
    assert parts.infarct[20, 30, 40]
    assert parts.infarct.sum() == 9 * 24 * 12


def test_an_atlas_on_another_grid_has_its_labels_at_the_same_place():
    fine = an_atlas()
    coarse = replace(fine, labels=fine.labels[::2, ::2, ::2], affine=AFFINE @ np.diag([2.0, 2.0, 2.0, 1.0]))
    brain = np.ones((EXTENT,) * 3, dtype=bool)
    nothing = np.zeros(brain.shape, np.float32)
    found = head_parts(coarse, nothing, nothing, brain, AFFINE).part
    assert found[20, 30, 30] == 1
    assert found[42, 30, 30] == 2
    assert abs(int((found == 1).sum()) - int((fine.labels == 1).sum())) < 0.2 * (fine.labels == 1).sum()


def test_the_shares_hold_the_volume_of_each_part_and_what_the_infarct_took():
    parts = parts_of_head(a_lesion())
    found = share_parts(a_scan(parts), parts, np.eye(4), None)
    volume = found.shares.total[: parts.count] * found.shares.sub_voxel_ml
    assert volume[1] == pytest.approx(9 * 24 * 24 / 1000, rel=0.02)
    assert volume[-2] == pytest.approx(9 * 24 * 12 / 1000, rel=0.02)
    assert found.lost[:, 0] == pytest.approx([0.5, 0.0], abs=0.01)


def test_beyond_the_edge_of_the_scan_the_box_goes_on_out_of_view():
    parts = parts_of_head()
    scan = a_scan(parts)
    cut = Volume(scan.data[:, :, :20], scan.affine)
    found = share_parts(cut, parts, np.eye(4), None)
    beyond = found.shares.voxel[np.isnan(found.box.data.ravel()[found.shares.voxel])]
    assert beyond.size > 0
    assert np.nanmax(found.box.data) == scan.data[:, :, :20].max()


def test_blurred_uptake_gets_its_true_level_back():
    parts = parts_of_head()
    measured, (found,) = corrected([a_scan(parts, left=7.0)], parts)
    assert [(each.region, each.side) for each in found.uptake] == [("motor_gtm", "left"), ("motor_gtm", "right")]
    assert measured[0].uptake[0].mean < 6.0
    assert [each.mean for each in found.uptake] == pytest.approx([7.0, 10.0], rel=0.02)
    assert found.absence is None


def test_a_change_seen_too_small_gets_its_size_back():
    parts = parts_of_head()
    turned = np.eye(4)
    turned[:3, 3] = 1.3, -0.8, 2.1
    scans = [a_scan(parts, left=7.0), a_scan(parts, left=7.7, pose=turned)]
    measured, found = corrected(scans, parts, poses=[None, turned])
    seen = measured[1].uptake[0].mean / measured[0].uptake[0].mean
    assert seen < 1.085
    assert found[1].uptake[0].mean / found[0].uptake[0].mean == pytest.approx(1.1, abs=0.01)


def test_the_infarct_is_a_part_of_its_own_and_counts_with_its_share():
    lesion = a_lesion()
    parts = parts_of_head(lesion)
    _, (found,) = corrected([a_scan(parts, left=8.0, infarct=1.0)], parts, lesion=lesion)
    assert found.uptake[0].mean == pytest.approx(0.5 * 8.0 + 0.5 * 1.0, rel=0.03)
    assert found.uptake[0].lesion_fraction == pytest.approx(0.5, abs=0.01)


def test_noise_grows_with_the_correction_and_is_not_known_of_a_single_scan():
    parts = parts_of_head()
    measured, (single,) = corrected([a_scan(parts)], parts)
    assert math.isnan(single.sensitivities["motor_gtm", "left"].noise_sd)
    scans = [a_scan(parts), a_scan(parts)]
    _, (first, _) = corrected(scans, parts, noises=[WHITE_NOISE, WHITE_NOISE])
    voxels = np.bincount(measured[0].shares.row)[0]
    assert 0.01 / math.sqrt(voxels) < first.sensitivities["motor_gtm", "left"].noise_sd < 0.01


def test_a_scan_of_unknown_resolution_has_no_corrected_mean():
    parts = parts_of_head()
    _, (found,) = corrected([a_scan(parts)], parts, width=math.nan)
    assert found.absence.code == "partial_volume_resolution"
    assert all(math.isnan(each.mean) for each in found.uptake)


def test_parts_that_cannot_be_told_apart_have_no_corrected_mean():
    # Two labels that alternate from plane to plane look the same to any scanner.
    labels = an_atlas().labels.copy()
    labels[MOTOR["left"]][:, ::2] = 3
    atlas = Atlas("stripes", labels, AFFINE, (*an_atlas().regions, Region(3, "stripe", "left")))
    brain = np.zeros((EXTENT,) * 3, dtype=bool)
    brain[BRAIN] = True
    parts = head_parts(atlas, np.zeros(brain.shape, np.float32), brain.astype(np.float32), brain, AFFINE)
    regions = participant_regions(atlas, target=["motor"])
    measured = [measure_scan(a_scan(parts_of_head()), regions)]
    (found,) = correct_scans(measured, [None], [Width(14.0, 0.2)], parts, regions)
    assert found.absence.code == "partial_volume_condition"
    assert found.condition > 1000
    assert all(math.isnan(each.mean) for each in found.uptake)
    assert found.sensitivities == {}


def test_a_region_without_an_uncorrected_mean_has_no_corrected_one():
    parts = parts_of_head()
    scan = a_scan(parts)
    data = scan.data.copy()
    data[:16] = np.nan
    _, (found,) = corrected([Volume(data, scan.affine)], parts)
    assert math.isnan(found.uptake[0].mean)
    assert found.uptake[1].mean == pytest.approx(10.0, rel=0.05)


def test_an_unknown_width_is_not_replaced_by_that_of_another_visit():
    found = common_widths([Width(6.0, 0.3), Width(math.nan, math.nan), Width(6.2, 0.3)])
    assert [width.fwhm_mm for width in found] == pytest.approx([6.1, math.nan, 6.1], nan_ok=True)
