import numpy as np
import pytest

from pet_spect.registration.lesion_estimate import estimate_lesion

pytestmark = pytest.mark.slow

CENTRE_MM = (-30.0, -16.0, 36.0)


@pytest.fixture(scope="module")
def template(fdg):
    return fdg


def ball(template, centre_mm, radius_mm):
    affine = template.uptake.affine
    axes = [
        affine[axis, 3] + affine[axis, axis] * np.arange(extent) - centre_mm[axis]
        for axis, extent in enumerate(template.brain.shape)
    ]
    x, y, z = np.ix_(*axes)
    return x**2 + y**2 + z**2 <= radius_mm**2


def with_holes(template, *holes):
    scan = 5 * template.uptake.data.copy()
    for hole in holes:
        scan[hole] *= np.float32(0.1)
    return scan


def test_an_infarct_is_found_where_it_is(template):
    infarct = ball(template, CENTRE_MM, 15.0)
    found = estimate_lesion(with_holes(template, infarct), template)
    assert 2 * (found & infarct).sum() / (found.sum() + infarct.sum()) > 0.7
    assert not found[template.brain.shape[0] // 2 :].any()


def test_a_healthy_brain_has_no_lesion(template):
    assert not estimate_lesion(with_holes(template), template).any()


def test_an_asymmetry_of_a_fifth_is_no_lesion(template):
    scan = with_holes(template)
    scan[: scan.shape[0] // 2] *= np.float32(0.8)
    assert not estimate_lesion(scan, template).any()


def test_a_gap_on_both_sides_is_no_lesion_for_ventricles_are_wide(template):
    holes = [ball(template, (x, *CENTRE_MM[1:]), 15.0) for x in (-30.0, 30.0)]
    assert not estimate_lesion(with_holes(template, *holes), template).any()


def test_what_is_not_in_view_is_no_lesion(template):
    scan = with_holes(template)
    scan[:20] = np.nan
    assert not estimate_lesion(scan, template).any()
