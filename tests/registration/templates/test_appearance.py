import numpy as np
import pytest

from pet_spect.registration.templates.appearance import (
    as_blurred_as,
    assembled,
    local_ratio,
    own_appearance,
    region_factors,
)
from pet_spect.registration.templates.template import make_template

pytestmark = pytest.mark.slow

SCALE = 7.0


@pytest.fixture(scope="module")
def template(fdg):
    return fdg


@pytest.fixture(scope="module")
def nothing(template):
    return np.zeros(template.brain.shape, dtype=bool)


def scan_of(template, factors):
    return np.asarray(SCALE * assembled(template, factors), dtype=np.float32)


def large_part(template):
    return int(np.argmax([part.uptake.sum() for part in template.parts[:60]]))


def test_the_parts_add_up_to_the_template(template):
    whole = assembled(template, np.ones(len(template.parts)))
    assert np.abs(whole - template.uptake.data).max() < 1e-5


def test_a_dimmed_region_is_found_with_its_factor_and_no_other_is(template, nothing):
    dimmed = large_part(template)
    factors = np.ones(len(template.parts))
    factors[dimmed] = 0.8
    found, scale = region_factors(scan_of(template, factors), template, nothing)
    relative = found * scale / SCALE
    assert relative[dimmed] == pytest.approx(0.8, abs=0.01)
    assert np.abs(np.delete(relative, dimmed) - 1).max() < 0.02


def test_a_region_out_of_view_keeps_the_factor_of_the_whole(template, nothing):
    scan = scan_of(template, np.ones(len(template.parts)))
    scan[:, :, :30] = np.nan
    found, scale = region_factors(scan, template, nothing)
    assert scale == pytest.approx(SCALE, rel=1e-3)
    assert found == pytest.approx(np.ones(len(found)), abs=0.02)


def test_what_is_ignored_teaches_no_region_its_uptake(template):
    part = template.parts[large_part(template)]
    scan = scan_of(template, np.ones(len(template.parts)))
    hole = np.zeros(scan.shape, dtype=bool)
    middle = tuple(slice(axis.start + 6, axis.stop - 6) for axis in part.place)
    hole[middle] = True
    scan[hole] = 0
    heeded, _ = region_factors(scan, template, np.zeros_like(hole))
    ignored, scale = region_factors(scan, template, hole)
    assert heeded.min() < 0.9
    assert ignored * scale / SCALE == pytest.approx(np.ones(len(ignored)), abs=0.02)


def test_a_true_asymmetry_of_five_percent_stays_one(template, nothing):
    scan = SCALE * template.uptake.data.copy()
    left = scan.shape[0] // 2
    scan[:left] *= np.float32(0.95)
    own = own_appearance(scan, template, nothing).data
    inside = template.brain.copy()
    inside[left - 6 : left + 7] = False
    mirrored = own[::-1]
    ratio = own[:left][inside[:left]].sum() / mirrored[:left][inside[:left]].sum()
    assert ratio == pytest.approx(0.95, abs=0.003)


def test_an_infarct_is_taken_over_as_it_is(template, nothing):
    scan = SCALE * template.uptake.data.copy()
    x, y, z = np.indices(scan.shape)
    infarct = (x - 30) ** 2 + (y - 60) ** 2 + (z - 55) ** 2 < 8**2
    scan[infarct] *= np.float32(0.1)
    own = own_appearance(scan, template, nothing).data
    assert own[30, 60, 55] < 0.4 * SCALE * template.uptake.data[30, 60, 55]


def test_in_a_lesion_and_beside_it_the_scan_itself_takes_the_templates_place(template, nothing):
    scan = np.asarray(SCALE * np.roll(template.uptake.data, 3, axis=1), dtype=np.float32)
    scan[:, :, :4] = np.nan
    lesion = nothing.copy()
    lesion[28:33, 58:63, 53:58] = True
    own, unknowing = (own_appearance(scan, template, known).data for known in (lesion, nothing))
    near, fading, far = (np.s_[32 + step, 60, 55] for step in (2, 3, 8))  # 4, 6 and 16 mm from its face
    assert own[near] == pytest.approx(scan[near], rel=1e-5)
    assert own[fading] == pytest.approx((2 * scan[fading] + unknowing[fading]) / 3, rel=0.02)
    assert own[far] == pytest.approx(unknowing[far], rel=0.02)
    assert np.isfinite(own).all()


def test_far_from_the_brain_the_local_ratio_is_one(template):
    own = template.uptake.data
    ratio = local_ratio(np.asarray(0.5 * own, dtype=np.float32), own, template.brain)
    assert ratio[0, 0, 0] == 1
    assert ratio[template.brain] == pytest.approx(0.5, abs=1e-3)


def test_a_head_as_blurred_as_its_template_or_more_stays_as_it_is(atlas, imz):
    head = make_template("IMZ", atlas, fwhm_mm=15.0).uptake
    assert as_blurred_as(imz, head, np.eye(4)) is head


def test_a_sharper_head_is_blurred_to_the_resolution_of_its_template(atlas, imz):
    # a mean of flumazenil-PET as IMZ is far sharper than SPECT
    head = make_template("IMZ", atlas, fwhm_mm=5.0).uptake
    blurred = as_blurred_as(imz, head, np.eye(4))

    def off(volume):
        return np.abs(volume.data - imz.uptake.data)[imz.brain].mean()

    assert off(blurred) < 0.3 * off(head)
