import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.gates.resemblance import (
    Appearance,
    appearance,
    check_appearance,
    check_integrity,
    integrity,
    own_match,
)
from pet_spect.registration.templates.appearance import assembled, region_factors
from pet_spect.registration.templates.template import Template

pytestmark = pytest.mark.slow

GATES = Gates()
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
GRID = (np.indices((97, 115, 97)) - np.array([48, 57, 48]).reshape(3, 1, 1, 1)) * 2.0
X, Y, Z = GRID
BRAIN = (X / 65) ** 2 + (Y / 85) ** 2 + (Z / 60) ** 2 < 1
DEEP = (X / 35) ** 2 + (Y / 50) ** 2 + (Z / 30) ** 2 < 1


LEVEL = np.where(DEEP, 1.1, 1.0)
TEMPLATE = Template(Volume(gaussian_filter(np.where(BRAIN, LEVEL, 0), 1.5).astype(np.float32), AFFINE), BRAIN, ())


def scan(change=1.0):
    noise = 0.05 * gaussian_filter(np.random.default_rng(0).standard_normal(BRAIN.shape), 1.0) / 0.2
    return Volume((1e4 * TEMPLATE.uptake.data * (1 + noise) * change).astype(np.float32), AFFINE)


def refusal(volume):
    with pytest.raises(RegistrationError) as refused:
        check_appearance(appearance(volume, TEMPLATE), GATES)
    return refused.value


def test_a_whole_brain_passes():
    found = appearance(scan(), TEMPLATE)
    assert found == Appearance(0.0, 0.0)
    check_appearance(found, GATES)


@pytest.mark.parametrize(
    "lost", [(np.abs(X - 40) < 25) & (np.abs(Y) < 50) & (np.abs(Z) < 40), X > 5], ids=["an infarct", "a hemisphere"]
)
def test_what_one_side_has_lost_is_no_blur(lost):
    assert appearance(scan(np.where(lost, 0.15, 1.0)), TEMPLATE).blur_mm == 0.0


def test_a_part_out_of_view_is_not_held_against_a_scan():
    data = scan().data.copy()
    data[Z > 40] = np.nan
    assert appearance(Volume(data, AFFINE), TEMPLATE) == Appearance(0.0, 0.0)


def test_the_blur_of_a_scan_is_told_and_refused():
    blurred = Volume(gaussian_filter(scan().data, 7.5), AFFINE)  # 35 mm
    assert appearance(blurred, TEMPLATE).blur_mm == 30.0
    error = refusal(blurred)
    assert error.code == "gate_blur"
    assert str(error) == (
        "the scan is blurred: the template fits best with 30 mm of further blur, at most 20 mm is plausible"
    )


def test_a_second_head_beside_the_first_is_refused():
    data = scan().data
    beside = np.roll(data, 62, axis=0)
    assert refusal(Volume(np.maximum(data, beside), AFFINE)).code == "gate_beside"


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_of_a_scan_that_meets_the_template_nowhere_nothing_is_told(value):
    found = appearance(Volume(np.full(BRAIN.shape, value, np.float32), AFFINE), TEMPLATE)
    assert found == Appearance(0.0, 0.0)


def matched(scan, template, lesion=None):
    lesion = np.zeros(scan.shape, dtype=bool) if lesion is None else lesion
    return own_match(scan, template, *region_factors(scan, template, lesion), lesion)


@pytest.mark.parametrize("seed", range(3))
def test_the_uptake_of_regions_changes_no_similarity(fdg, seed):
    noise = gaussian_filter(np.random.default_rng(9).standard_normal(fdg.brain.shape), 1.0).astype(np.float32)
    factors = np.random.default_rng(seed).uniform(0.6, 1.4, len(fdg.parts))
    even, own = (matched(7 * assembled(fdg, each) + noise, fdg) for each in (np.ones(len(factors)), factors))
    assert 0.9 < even.similarity < 1.0
    assert own.similarity == pytest.approx(even.similarity, abs=0.02)
    assert own.overlap == pytest.approx(even.overlap, abs=0.02)


def test_an_anatomy_that_does_not_fit_lowers_the_similarity(fdg):
    here, near, far = (matched(np.roll(fdg.uptake.data, voxels, axis=1), fdg).similarity for voxels in (0, 3, 6))
    assert here > near + 0.02 > far + 0.05


def test_what_is_lesion_or_out_of_view_does_not_count_for_the_match(fdg):
    scan = fdg.uptake.data.copy()
    lesion = np.zeros(scan.shape, dtype=bool)
    lesion[28:38, 55:70, 45:60] = True
    scan[lesion] = 0
    scan[:, :, 70:] = np.nan
    assert matched(scan, fdg, lesion).similarity > 0.98


def test_a_scan_is_one_continuous_measurement():
    found = integrity(scan())
    assert found.jump < 1.5
    assert found.flat < 0.01
    check_integrity(found, GATES)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_block_of_slices_doubled_or_shifted_is_refused(axis):
    data = np.moveaxis(scan().data, axis, 0).copy()
    data[48:] = data[42:-6]
    with pytest.raises(RegistrationError, match="neighbouring slices change") as refused:
        check_integrity(integrity(Volume(np.moveaxis(data, 0, axis), AFFINE)), GATES)
    assert refused.value.code == "gate_slices"


def test_a_saturated_scan_is_refused():
    data = scan().data
    with pytest.raises(RegistrationError, match="one and the same value") as refused:
        check_integrity(integrity(Volume(np.minimum(data, 8e3), AFFINE)), GATES)
    assert refused.value.code == "gate_flat"


def test_an_empty_scan_has_no_jump():
    assert integrity(Volume(np.zeros((9, 9, 9), np.float32), AFFINE)).jump == 0.0


@pytest.mark.parametrize(
    ("found", "code"), [(Appearance(30.0, 0.0), "gate_blur"), (Appearance(0.0, 0.5), "gate_beside")]
)
def test_each_limit_of_the_appearance_has_its_gate(found, code):
    with pytest.raises(RegistrationError) as refused:
        check_appearance(found, GATES)
    assert refused.value.code == code
