import numpy as np
import pytest

from pet_spect.simulate.anatomy import individual_anatomy, random_affine, random_warp, smooth_noise, upsample


def test_without_warp_and_affine_the_labels_are_the_standard_ones(head):
    twin = individual_anatomy(head, np.random.default_rng(0), warp_rms_mm=0, affine=np.eye(4))
    np.testing.assert_array_equal(twin.head.labels, head.labels)


def test_two_participants_have_different_heads_of_similar_size(head):
    one, two = (individual_anatomy(head, np.random.default_rng(seed)).head.labels for seed in (1, 2))
    assert 0.1 < np.mean(one[head.labels > 0] != two[head.labels > 0]) < 0.8
    for labels in (one, two):
        assert 0.75 < np.count_nonzero(labels) / np.count_nonzero(head.labels) < 1.3


@pytest.mark.parametrize("seed", range(5))
def test_warp_folds_nowhere(seed):
    displacement = random_warp(np.random.default_rng(seed), (48, 57, 48)).astype(float)
    gradient = np.stack([np.stack(np.gradient(component, 4.0)) for component in displacement])
    jacobian = np.linalg.det(np.moveaxis(gradient, (0, 1), (-2, -1)) + np.eye(3))
    assert 0.2 < jacobian.min() < jacobian.max() < 4
    assert 2 < displacement.std() < 4.5


def test_affine_keeps_the_middle_of_the_head():
    centre = np.array([0.0, -18.0, 10.0])
    affine = random_affine(np.random.default_rng(3), centre)
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
