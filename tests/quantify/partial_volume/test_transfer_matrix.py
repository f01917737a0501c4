import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.ndimage import gaussian_filter

from pet_spect.model import Volume
from pet_spect.quantify.noise import Noise, mean_noise_sd
from pet_spect.quantify.partial_volume.transfer_matrix import mean_covariance, part_means, transfer_matrix
from pet_spect.quantify.region_weights import RegionWeights
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA, gaussian_kernel

SHAPE = (9, 8, 7)
VOXEL_MM = np.array([2.0, 3.0, 2.5])


def box(data):
    return Volume(np.asarray(data, dtype=np.float32), np.diag([*VOXEL_MM, 1.0]))


def shares_of(fractions, weights=None):
    """Shares of (n_parts, n_voxels) fractions, one sub-voxel per voxel."""
    row, voxel = np.nonzero(fractions)
    weight = fractions if weights is None else weights
    total = np.append(fractions.sum(axis=1), np.zeros(len(fractions)))
    voxel_ml = VOXEL_MM.prod() / 1000
    return RegionWeights(row, voxel, fractions[row, voxel], weight[row, voxel], total, voxel_ml, False)


def random_parts(parts=4, seed=1):
    """Fractions that sum to 1 in every voxel, and other weights in the means."""
    rng = np.random.default_rng(seed)
    raw = rng.random((parts, int(np.prod(SHAPE)))) ** 4
    return raw / raw.sum(axis=0), raw


def dense_blur(fwhm_mm):
    """The point spread as a matrix from voxels to voxels: the product of those of the three axes."""
    matrix = np.ones((1, 1))
    for extent, voxel in zip(SHAPE, VOXEL_MM, strict=True):
        kernel = gaussian_kernel(fwhm_mm * FWHM_TO_SIGMA / voxel)
        lag = np.subtract.outer(np.arange(extent), np.arange(extent)) + len(kernel) // 2
        axis = np.where((lag >= 0) & (lag < len(kernel)), kernel[np.clip(lag, 0, len(kernel) - 1)], 0.0)
        matrix = np.kron(matrix, axis)
    return matrix


@pytest.mark.parametrize("fwhm_mm", [4.0, 9.0])
def test_the_matrix_is_that_of_dense_voxel_matrices(fwhm_mm):
    fractions, weights = random_parts()
    found = transfer_matrix(box(np.ones(SHAPE)), shares_of(fractions, weights), 4, fwhm_mm)
    normalised = weights / weights.sum(axis=1, keepdims=True)
    assert_allclose(found, normalised @ dense_blur(fwhm_mm) @ fractions.T, rtol=1e-5)


def test_a_voxel_out_of_view_weighs_nothing_but_spills_into_the_others():
    fractions, _ = random_parts()
    data = np.ones(SHAPE)
    data[:, :, :2] = np.nan
    found = transfer_matrix(box(data), shares_of(fractions), 4, 6.0)
    seen = fractions * np.isfinite(data).ravel()
    assert_allclose(found, seen / seen.sum(axis=1, keepdims=True) @ dense_blur(6.0) @ fractions.T, rtol=1e-5)


def test_two_halves_of_a_bar_worked_by_hand():
    # A bar of 12 voxels along x, half and half; FWHM such that sigma is one voxel. A voxel at distance d from the
    # border (1, 2, ...) sees of the other half what lies beyond it: the tail of the kernel from d on.
    fractions = np.zeros((2, 12))
    fractions[0, :6], fractions[1, 6:] = 1, 1
    kernel = gaussian_kernel(1.0)
    half = len(kernel) // 2
    spill = np.mean([kernel[half + d :].sum() - kernel[half + d + 6 :].sum() for d in range(1, 7)])
    affine = np.diag([2.0, 1000.0, 1000.0, 1.0])
    row, voxel = np.nonzero(fractions)
    ones = np.ones(12)
    shares = RegionWeights(row, voxel, ones, ones, np.array([6.0, 6, 0, 0]), 2000.0, False)
    line = Volume(np.ones((12, 1, 1), dtype=np.float32), affine)
    found = transfer_matrix(line, shares, 2, 2.0 / FWHM_TO_SIGMA)
    assert found[0, 1] == pytest.approx(spill, rel=1e-4)
    assert found[1, 0] == pytest.approx(spill, rel=1e-4)


def test_a_part_out_of_view_has_neither_mean_nor_row():
    fractions = np.zeros((2, int(np.prod(SHAPE))))
    data = np.full(SHAPE, 3.0)
    data[0] = np.nan
    inside = np.zeros(SHAPE, dtype=bool)
    inside[0] = True
    fractions[0, inside.ravel()], fractions[1, ~inside.ravel()] = 1, 1
    shares = shares_of(fractions)
    assert_allclose(part_means(box(data), shares, 2), [np.nan, 3.0])
    matrix = transfer_matrix(box(data), shares, 2, 5.0)
    assert np.isnan(matrix[0]).all()
    assert np.isfinite(matrix[1]).all()


def test_the_covariance_of_the_means_is_that_of_many_noisy_images():
    fractions, weights = random_parts()
    shares = shares_of(fractions, weights)
    uptake = np.full(SHAPE, 4.0, dtype=np.float32)
    noise = Noise(np.array([0.0, 0.25, 0.0]), correlation(1.0))
    found = mean_covariance(noise, box(uptake), shares, 4)
    rng = np.random.default_rng(3)
    normalised = weights / weights.sum(axis=1, keepdims=True)
    padded = [extent + 12 for extent in SHAPE]
    drawn = []
    for _ in range(1500):
        field = gaussian_filter(rng.standard_normal(padded), 1.0)[6:-6, 6:-6, 6:-6] / NORM
        drawn.append(normalised @ field.ravel())
    assert_allclose(found, np.cov(np.array(drawn).T), rtol=0.2, atol=0.07 * np.diag(found).mean())


def test_its_diagonal_is_the_noise_of_a_region():
    fractions, weights = random_parts()
    noise = Noise(np.array([0.04, 0.25, 0.01]), correlation(0.8))
    uptake = np.random.default_rng(5).uniform(1, 9, SHAPE).astype(np.float32)
    found = mean_covariance(noise, box(uptake), shares_of(fractions, weights), 4)
    alone = [mean_noise_sd(noise, uptake, part.reshape(SHAPE)) for part in weights]
    assert_allclose(np.sqrt(np.diag(found)), alone, rtol=1e-6)


def delta():
    image = np.zeros((13, 13, 13))
    image[6, 6, 6] = 1
    return image


NORM = np.sqrt((gaussian_filter(delta(), 1.0) ** 2).sum())
"""Standard deviation of white noise after a Gaussian of one voxel."""


def correlation(sigma):
    """Correlation of white noise after a Gaussian of `sigma` voxels, by distance up to 6 voxels."""
    kernel = gaussian_filter(delta(), sigma)
    spread = gaussian_filter(kernel, sigma)
    return spread / spread[6, 6, 6]
