from dataclasses import replace

import numpy as np
import pytest

from pet_spect.imaging.normal_uptake import PATTERNS
from pet_spect.simulate.heads.anatomy import affine_of, individual_anatomy, petalia, random_warp, smooth_noise, upsample
from pet_spect.simulate.heads.traits import STANDARD, draw_traits

pytestmark = pytest.mark.slow


def ventricle_voxels(head):
    return np.count_nonzero(np.isin(head.labels, head.labels_of(["lateral_ventricle"])))


def regional_mean(head, tracer, name):
    return head.uptake[tracer][np.isin(head.labels, head.labels_of([name]))].mean()


def made(head, **traits):
    return individual_anatomy(head, np.random.default_rng(0), traits=replace(STANDARD, **traits))


def test_without_traits_a_person_is_the_standard_head(head):
    twin = made(head)
    np.testing.assert_array_equal(twin.head.labels, head.labels)
    for tracer, uptake in head.uptake.items():
        np.testing.assert_allclose(twin.head.uptake[tracer], uptake, atol=1e-6)


def test_two_participants_have_different_heads_of_real_size(head):
    one, two = (individual_anatomy(head, np.random.default_rng(seed)).head.labels for seed in (1, 2))
    assert np.mean(one[head.labels > 0] != two[head.labels > 0]) > 0.1
    for labels in (one, two):
        assert 0.83**3 < np.count_nonzero(labels) / np.count_nonzero(head.labels) < 1.03**3  # 0.93, 2.5 SD


def test_a_head_of_90_percent_length_has_73_percent_of_the_volume(head):
    small = made(head, size=(0.9, 0.9, 0.9)).head.labels
    assert np.count_nonzero(small) / np.count_nonzero(head.labels) == pytest.approx(0.9**3, rel=0.01)


@pytest.mark.parametrize("ratio", [1.5, 2.5, 4.0])
def test_ventricles_have_the_asked_volume_and_cortex_stays(head, ratio):
    aged = made(head, ventricle_ratio=ratio).head
    assert ventricle_voxels(aged) / ventricle_voxels(head) == pytest.approx(ratio, rel=0.1)
    cortex = np.isin(head.labels, head.labels_of(["precentral", "superior_frontal", "superior_parietal"]))
    assert np.mean(aged.labels[cortex] == head.labels[cortex]) > 0.99


def test_small_ventricles_push_nothing_across_each_other(head):
    points = made(head, ventricle_ratio=0.7).standard_points.astype(float)
    gradient = np.stack([np.stack(np.gradient(component, 2.0)) for component in points])
    assert np.linalg.det(np.moveaxis(gradient, (0, 1), (-2, -1))).min() > 0.5


@pytest.mark.parametrize("tracer", ["FDG", "IMZ"])
def test_thin_cortex_takes_up_6_to_13_percent_less_per_mm_and_nothing_else_does(head, tracer):
    thin = made(head, thinning_mm=1.0).head
    for name in ("precentral", "superior_frontal", "superior_parietal", "cuneus", "insula"):
        assert 0.87 < regional_mean(thin, tracer, name) / regional_mean(head, tracer, name) < 0.94
    for name in ("cerebellum_gray_matter", "putamen", "pons"):
        assert regional_mean(thin, tracer, name) == regional_mean(head, tracer, name)


@pytest.mark.parametrize("tracer", ["FDG", "IMZ"])
def test_at_the_usual_thinning_regional_means_are_those_of_the_pattern(head, tracer):
    usual = made(head, thinning_mm=0.4, usual_thinning_mm=0.4).head
    young = made(head, thinning_mm=0.0, usual_thinning_mm=0.4).head
    for name in ("precentral", "cuneus", "insula", "cerebellum_gray_matter", "lateral_ventricle"):
        assert regional_mean(usual, tracer, name) == pytest.approx(regional_mean(head, tracer, name), rel=1e-4)
    assert 1.02 < regional_mean(young, tracer, "precentral") / regional_mean(head, tracer, "precentral") < 1.06


def test_scalp_is_scaled_alone(head):
    bright = made(head, scalp={"FDG": 2.0, "IMZ": 1.0}).head
    np.testing.assert_array_equal(bright.uptake["IMZ"], made(head).head.uptake["IMZ"])
    scalp = (head.labels == 0) & (head.uptake["FDG"] == np.float32(PATTERNS["FDG"].scalp))
    np.testing.assert_allclose(bright.uptake["FDG"][scalp], 2 * PATTERNS["FDG"].scalp, rtol=1e-5)
    np.testing.assert_allclose(bright.uptake["FDG"][head.labels > 0], head.uptake["FDG"][head.labels > 0], atol=1e-6)


def test_petalia_moves_the_right_frontal_pole_forward_and_the_left_occipital_pole_back():
    right_front, left_front = (np.array([x, 67.0, 0], np.float32) for x in (60, -60))
    right_back, left_back = (np.array([x, -103.0, 0], np.float32) for x in (60, -60))
    # a point of the person comes from further back if the head protrudes there
    assert petalia(right_front, 4.0) == pytest.approx(-2, abs=0.02)
    assert petalia(left_front, 4.0) == pytest.approx(2, abs=0.02)
    assert petalia(left_back, 4.0) == pytest.approx(2, abs=0.02)
    assert petalia(right_back, 4.0) == pytest.approx(-2, abs=0.02)
    assert petalia(np.array([60.0, -18, 0], np.float32), 4.0) == 0


@pytest.mark.parametrize("seed", range(5))
def test_warp_folds_nowhere(seed):
    displacement = random_warp(np.random.default_rng(seed), (48, 57, 48), rms_mm=4.0).astype(float)
    gradient = np.stack([np.stack(np.gradient(component, 4.0)) for component in displacement])
    jacobian = np.linalg.det(np.moveaxis(gradient, (0, 1), (-2, -1)) + np.eye(3))
    assert 0.2 < jacobian.min() < jacobian.max() < 4
    assert 2.7 < displacement.std() < 6


def test_affine_keeps_the_middle_of_the_head():
    centre = np.array([0.0, -18.0, 10.0])
    affine = affine_of(draw_traits(np.random.default_rng(3)), centre)
    np.testing.assert_allclose(affine @ [*centre, 1], [*centre, 1], atol=1e-9)


def test_upsampling_is_exact_for_a_linear_image():
    x, y, z = np.indices((4, 5, 6), dtype=np.float32)
    fine = upsample(x + 10 * y - z, (13, 17, 21), 4)
    x, y, z = np.indices((13, 17, 21), dtype=np.float32) / 4
    np.testing.assert_allclose(fine, x + 10 * y - z, atol=1e-5)


def test_smooth_noise_has_unit_variance_and_the_asked_correlation():
    noise = smooth_noise(np.random.default_rng(0), (80, 80, 80), np.array([2.0, 2.0, 1.0]))[8:-8, 8:-8, 8:-8]
    assert noise.std() == pytest.approx(1, rel=0.03)
    beside = np.mean(noise[:-4] * noise[4:]) / noise.var()
    assert beside == pytest.approx(np.exp(-1), abs=0.05)  # white noise blurred by s: exp(-d² / 4 s²)
