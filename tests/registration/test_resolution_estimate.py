import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.normal_uptake import region_mask
from pet_spect.imaging.tissue import tissue_maps
from pet_spect.model import Volume, Warp
from pet_spect.registration import resolution_estimate as resolution
from pet_spect.registration.resolution_estimate import MISREGISTRATION_FWHM_MM, SharpTissue, estimate_fwhm, sharp_tissue

pytestmark = pytest.mark.slow

VOXEL_MM = 2.0
SHAPE = (80, 80, 72)
AFFINE = np.diag([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0])


def folded(seed, width):
    """Return 0 and 1 in folds about as thick as cortex."""
    return gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), width) > 0


@pytest.fixture(scope="module")
def tissue():
    grey, filled = folded(1, 1.5), folded(2, 5.0) & folded(3, 5.0)
    maps = np.stack([grey & ~filled, ~grey & ~filled, filled]).astype(np.float32)
    return SharpTissue(maps, np.ones(SHAPE, dtype=bool), AFFINE)


def seen(tissue, fwhm, *, grey=1.0, white=0.3, noise=0.0, lost=None):
    uptake = grey * tissue.maps[0] + white * tissue.maps[1] + 1.1 * tissue.maps[2]
    if lost is not None:
        uptake[lost] = 0.1
    blurred = gaussian_filter(uptake, fwhm * resolution.FWHM_TO_SIGMA / VOXEL_MM, mode="constant")
    blurred += noise * gaussian_filter(np.random.default_rng(4).standard_normal(SHAPE), 1.0) / 0.15
    return Volume(blurred.astype(np.float32), AFFINE)


def found(scan, tissue, warp=None, to_participant=None):
    rigid = np.eye(4) if to_participant is None else to_participant
    return estimate_fwhm(scan, tissue, scan_to_participant_points=rigid, participant_to_standard_points=warp)


def raw(estimate):
    """Return the estimate before misregistration, of which there is none here, is taken off."""
    return np.hypot(estimate.fwhm_mm, MISREGISTRATION_FWHM_MM)


@pytest.mark.parametrize("fwhm", [5.4, 7.3, 11.0, 14.0])
def test_the_blur_of_a_scan_is_found_whatever_its_contrast(tissue, fwhm):
    for levels in ({}, {"grey": 16_000.0, "white": 2_400.0}):
        assert raw(found(seen(tissue, fwhm, **levels), tissue)) == pytest.approx(fwhm, abs=0.1)


def test_noise_moves_the_estimate_no_further_than_it_says(tissue):
    clean, noisy = found(seen(tissue, 7.0), tissue), found(seen(tissue, 7.0, noise=0.15), tissue)
    assert clean.sd_mm < 0.02 < noisy.sd_mm < 0.3
    assert abs(raw(noisy) - 7.0) < 3 * noisy.sd_mm


def test_an_infarct_is_not_taken_for_blur(tissue):
    lost = np.zeros(SHAPE, dtype=bool)
    lost[8:30, 20:45, 30:55] = True
    assert raw(found(seen(tissue, 7.0, lost=lost), tissue)) == pytest.approx(7.0, abs=0.15)


def test_the_scan_is_looked_at_where_it_lies(tissue):
    scan = seen(tissue, 7.0)
    moved = np.eye(4)
    moved[:3, 3] = 5.0, -3.0, 2.0
    there = Volume(scan.data, np.linalg.inv(moved) @ scan.affine)
    assert raw(found(there, tissue, to_participant=moved)) == pytest.approx(7.0, abs=0.1)
    field = Warp(np.full((4, 4, 4, 3), (5.0, -3.0, 2.0), dtype=np.float32), np.diag([60.0, 60.0, 60.0, 1.0]))
    assert raw(found(there, tissue, warp=field)) == pytest.approx(7.0, abs=0.1)


def test_a_gain_in_the_scan_changes_nothing(tissue):
    scan = seen(tissue, 7.0, noise=0.05)
    louder = Volume(scan.data * np.float32(4096), scan.affine)
    assert found(louder, tissue).fwhm_mm == pytest.approx(found(scan, tissue).fwhm_mm, abs=1e-3)


def test_nothing_is_told_without_the_brain(tissue):
    scan = seen(tissue, 7.0)
    away = np.eye(4)
    away[0, 3] = 1000.0
    assert np.isnan(found(scan, tissue, to_participant=away).fwhm_mm)
    assert found(scan, tissue, to_participant=away).reason == "the brain does not lie in the scan"


@pytest.mark.parametrize("fill", [np.nan, 0.0])
def test_nothing_is_told_of_an_empty_scan(tissue, fill):
    told = found(Volume(np.full(SHAPE, fill, dtype=np.float32), AFFINE), tissue)
    assert np.isnan(told.fwhm_mm)
    assert told.reason == "too little of the brain is in view"


def test_nothing_is_told_from_a_slab(tissue):
    data = seen(tissue, 7.0).data.copy()
    data[:, :, 20:] = np.nan
    assert found(Volume(data, AFFINE), tissue).reason == "too little of the brain is in view"


def test_nothing_is_told_of_a_scan_blurred_beyond_what_is_searched(tissue):
    told = found(seen(tissue, 26.0), tissue)
    assert np.isnan(told.fwhm_mm)
    assert told.reason


def test_nothing_is_told_of_a_scan_as_sharp_as_the_misregistration(tissue):
    told = found(seen(tissue, 4.5), tissue)
    assert np.isnan(told.fwhm_mm)
    assert told.reason == "it is finer than 2 mm"


def test_cerebellum_and_brainstem_are_not_looked_at():
    atlas = load_atlas()
    tissue = sharp_tissue(atlas, tissue_maps(atlas))
    below = region_mask(atlas, "cerebellum_gray_matter", "brainstem")
    assert not tissue.counted[below].any()
    assert (tissue.maps[:2, below] == 0).all()
    assert tissue.counted[region_mask(atlas, "precentral")].mean() > 0.99
