from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume
from pet_spect.registration.plausibility import Gates
from pet_spect.registration.resemblance import appearance, check_appearance, check_integrity, integrity
from pet_spect.registration.template import Template

GATES = Gates()
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
GRID = (np.indices((97, 115, 97)) - np.array([48, 57, 48]).reshape(3, 1, 1, 1)) * 2.0
X, Y, Z = GRID
BRAIN = (X / 65) ** 2 + (Y / 85) ** 2 + (Z / 60) ** 2 < 1
DEEP = (X / 35) ** 2 + (Y / 50) ** 2 + (Z / 30) ** 2 < 1


def template(cortex, deep, back):
    level = np.where(DEEP, deep, cortex) + back * (Y < -50)
    return Template(Volume(gaussian_filter(np.where(BRAIN, level, 0), 1.5).astype(np.float32), AFFINE), BRAIN, ())


TEMPLATES = {"FDG": template(1.0, 1.1, 0.0), "IMZ": template(0.8, 0.3, 0.3)}


def scan(change=1.0, tracer="FDG"):
    noise = 0.05 * gaussian_filter(np.random.default_rng(0).standard_normal(BRAIN.shape), 1.0) / 0.2
    data = TEMPLATES[tracer].uptake.data * (1 + noise) * change
    return Volume((1e4 * data).astype(np.float32), AFFINE)


def refusal(volume, tracer="FDG"):
    with pytest.raises(RegistrationError) as refused:
        check_appearance(appearance(volume, tracer, TEMPLATES), GATES)
    return refused.value


@pytest.mark.parametrize("tracer", ["FDG", "IMZ"])
def test_a_whole_brain_passes(tracer):
    found = appearance(scan(tracer=tracer), tracer, TEMPLATES)
    check_appearance(found, GATES)
    assert (found.profile_low, found.profile_high, found.side_low) == pytest.approx((1, 1, 1), abs=0.1)
    assert (found.blur_mm, found.beside) == (0.0, 0.0)


def test_an_infarct_of_a_hemisphere_passes():
    lost = (np.abs(X - 40) < 25) & (np.abs(Y) < 50) & (np.abs(Z) < 40)
    found = appearance(scan(np.where(lost, 0.15, 1.0)), "FDG", TEMPLATES)
    check_appearance(found, GATES)
    assert found.profile_low > 0.85


@pytest.mark.parametrize(("tracer", "other"), [("FDG", "IMZ"), ("IMZ", "FDG")])
def test_a_scan_of_the_other_tracer_is_refused(tracer, other):
    assert refusal(scan(tracer=other), tracer).code == "gate_tracer"


def test_with_one_template_the_tracer_is_not_asked():
    assert appearance(scan(), "FDG", {"FDG": TEMPLATES["FDG"]}).other_tracer == -1.0


@pytest.mark.parametrize(
    "lost",
    [Z > 20, Y > 30, np.abs(Z) < 12, np.abs(X) > 30, X > 20],
    ids=["top", "front", "slices in the middle", "both sides", "one side"],
)
def test_a_part_without_uptake_is_refused(lost):
    assert refusal(scan(np.where(lost, 0.0, 1.0))).code in ("gate_profile", "gate_tracer")


def test_a_shaded_scan_is_refused():
    error = refusal(scan(0.6 + 0.4 * np.clip(Z / 60, -1, 1)))
    assert error.code == "gate_profile"


def test_a_part_out_of_view_is_not_held_against_a_scan():
    data = scan().data.copy()
    data[Z > 40] = np.nan
    check_appearance(appearance(Volume(data, AFFINE), "FDG", TEMPLATES), GATES)


def test_the_blur_of_a_scan_is_told():
    blurred = Volume(gaussian_filter(scan().data, 4.5), AFFINE)  # 21 mm
    assert appearance(blurred, "FDG", TEMPLATES).blur_mm == 20.0


def test_a_second_head_beside_the_first_is_refused():
    data = scan().data
    beside = np.roll(data, 62, axis=0)
    assert refusal(Volume(np.maximum(data, beside), AFFINE)).code == "gate_beside"


def test_a_scan_that_meets_the_template_nowhere_is_refused():
    assert refusal(Volume(np.full(BRAIN.shape, np.nan, np.float32), AFFINE)).code == "gate_profile"


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


def test_each_limit_of_the_appearance_has_its_gate():
    good = appearance(scan(), "FDG", TEMPLATES)
    for change, code in (
        ({"other_tracer": 0.2}, "gate_tracer"),
        ({"profile_low": 0.1}, "gate_profile"),
        ({"profile_high": 3.0}, "gate_profile"),
        ({"side_low": 0.05}, "gate_profile"),
        ({"blur_mm": 30.0}, "gate_blur"),
        ({"beside": 0.5}, "gate_beside"),
    ):
        with pytest.raises(RegistrationError) as refused:
            check_appearance(replace(good, **change), GATES)
        assert refused.value.code == code
