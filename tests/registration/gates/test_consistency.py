from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from pet_spect.errors import RegistrationError
from pet_spect.model import ScanKey, Volume
from pet_spect.registration.gates.consistency import (
    agreements,
    different_size,
    disagreement,
    identical,
    identity_conflicts,
    odd_ones_out,
)
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.templates.template import Template

GATES = Gates()
FDG1, FDG2, IMZ1, IMZ2 = (ScanKey("sub-01", ses, tr) for tr in ("FDG", "IMZ") for ses in ("baseline", "year1"))
ERROR = RegistrationError("odd")


def pose(scale=(1.0, 1.0, 1.0), angle=0.0):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", (angle, -angle, angle / 2), degrees=True).as_matrix() @ np.diag(scale)
    return matrix


def test_the_scan_in_conflict_with_all_others_goes_alone():
    assert set(odd_ones_out({(FDG1, FDG2): ERROR, (FDG2, IMZ1): ERROR, (FDG2, IMZ2): ERROR})) == {FDG2}


def test_of_two_that_disagree_both_go():
    assert set(odd_ones_out({(FDG1, FDG2): ERROR})) == {FDG1, FDG2}


def test_without_conflict_nobody_goes():
    assert odd_ones_out({}) == {}


def test_one_head_in_other_positions_has_one_size():
    poses = {FDG1: pose((0.95, 1.05, 1.0), 5), FDG2: pose((0.96, 1.04, 1.01), -12), IMZ1: pose((0.99, 1.02, 0.97), 8)}
    assert different_size(poses, GATES) == {}


def test_a_visit_whose_voxels_are_12_percent_too_large_goes():
    poses = {FDG1: pose(), FDG2: pose((1.12, 1.12, 1.12), 9), IMZ1: pose((1.01, 1.0, 0.99)), IMZ2: pose()}
    conflicts = different_size(poses, GATES)
    assert "by 12% between baseline FDG and year1 FDG, at most 6% is plausible" in str(conflicts[FDG1, FDG2])
    assert {key: error.code for key, error in odd_ones_out(conflicts).items()} == {FDG2: "gate_size"}


def test_one_scan_listed_as_two_visits_is_found():
    data = np.random.default_rng(0).random((5, 5, 5)).astype(np.float32)
    scans = {FDG1: Volume(data, np.eye(4)), FDG2: Volume(data.copy(), pose(angle=3)), IMZ1: Volume(data + 1, np.eye(4))}
    assert list(identical(scans)) == [(FDG1, FDG2)]


def head(seed, lopsided=0.3):
    """Smooth uptake that is higher on one side, plus noise of its own."""
    rng = np.random.default_rng(1)
    pattern = gaussian_filter(rng.random((24, 24, 24)), 2)
    pattern = (pattern + pattern[::-1]) * (1 + lopsided * np.sign(np.arange(24) - 11.5))[:, None, None]
    noise = np.random.default_rng(seed).standard_normal(pattern.shape) * 0.05 * pattern.std()
    return Volume((pattern + noise).astype(np.float32), np.eye(4))


BRAIN = np.ones((24, 24, 24), bool)


def test_two_visits_of_one_head_agree():
    found = agreements({FDG1: head(1), FDG2: head(2), IMZ1: head(3)}, BRAIN)
    assert list(found) == [(FDG1, FDG2)]
    assert found[FDG1, FDG2][0] > 0.98
    assert disagreement(found.items(), GATES) == {}


def test_a_mirrored_visit_is_found():
    turned = head(2)
    found = agreements({FDG1: head(1), FDG2: Volume(turned.data[::-1].copy(), np.eye(4))}, BRAIN)
    (error,) = disagreement(found.items(), GATES).values()
    assert error.code == "gate_mirrored_visit"


def test_somebody_elses_scan_is_found_when_it_looks_different():
    other = Volume(gaussian_filter(np.random.default_rng(9).random((24, 24, 24)), 2).astype(np.float32), np.eye(4))
    found = agreements({FDG1: head(1, 0.0), FDG2: other}, BRAIN)
    (error,) = disagreement(found.items(), GATES).values()
    assert error.code in ("gate_agreement", "gate_mirrored_visit")


def test_a_constant_scan_agrees_with_nothing():
    found = agreements({FDG1: head(1), FDG2: Volume(np.ones((24, 24, 24), np.float32), np.eye(4))}, BRAIN)
    assert found[FDG1, FDG2] == pytest.approx((0.0, 0.0))


PLAIN = Template(Volume(np.ones((40, 40, 40), np.float32), np.eye(4)), np.ones((40, 40, 40), bool), ())


def pattern(seed):
    """Smooth and symmetric, of root mean square 1 about 0 once smoothed as the gate smooths."""
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((40, 40, 40)), 3)
    noise = noise + noise[::-1]
    seen = gaussian_filter(noise, 2)
    return (noise - seen.mean()) / seen.std()


def with_pattern(values):
    return Volume((1 + values).astype(np.float32), np.eye(4))


OWN, OTHER, NOISE_1, NOISE_2 = (pattern(seed) for seed in range(4))


@pytest.mark.parametrize(
    ("first", "second", "strange"),
    [
        (0.08 * OWN, 0.08 * OTHER, True),  # two people
        (0.08 * OWN, 0.08 * OWN + 0.02 * NOISE_1, False),
        # near the template, so that noise is as large as what sets this person apart: likeness 0.41
        (0.025 * OWN + 0.03 * NOISE_1, 0.025 * OWN + 0.03 * NOISE_2, False),
        (0.03 * NOISE_1, 0.03 * NOISE_2, True),
    ],
)
def test_two_people_are_distinguished_from_noise(first, second, strange):
    scans = {FDG1: with_pattern(first), FDG2: with_pattern(second)}
    conflicts = identity_conflicts(scans, {"FDG": PLAIN}, GATES)
    assert [error.code for error in conflicts.values()] == ["gate_identity"] * strange


@pytest.mark.parametrize(("fwhm_mm", "strange"), [(6.0, True), (11.0, False), (float("nan"), True)])
def test_noise_may_set_two_scans_further_apart_where_counts_are_few(fwhm_mm, strange):
    scans = {FDG1: with_pattern(0.055 * OWN + 0.06 * NOISE_1), FDG2: with_pattern(0.055 * OWN + 0.06 * NOISE_2)}
    conflicts = identity_conflicts(scans, {"FDG": replace(PLAIN, fwhm_mm=fwhm_mm)}, GATES)
    assert [error.code for error in conflicts.values()] == ["gate_identity"] * strange


@pytest.mark.parametrize(
    ("of_anatomy", "opposite"),
    [
        (0.01, False),  # without a lesion nothing makes tissue and uptake lopsided alike
        (0.03, True),
    ],
)
def test_a_mirrored_anatomical_image_is_found_by_its_lesion_alone(of_anatomy, opposite):
    lopsided = gaussian_filter(np.random.default_rng(5).standard_normal((40, 40, 40)), 3)
    lopsided -= lopsided[::-1]
    lopsided /= gaussian_filter(lopsided, 4).std()
    anatomy = ScanKey("sub-01", "n/a", "anat:T1w")
    scans = {FDG1: with_pattern(0.06 * lopsided), anatomy: with_pattern(-of_anatomy * lopsided)}
    conflicts = identity_conflicts(scans, {"FDG": PLAIN, "anat:T1w": PLAIN}, GATES)
    assert [error.code for error in conflicts.values()] == ["gate_mirrored_visit"] * opposite


@pytest.mark.parametrize(
    ("asymmetry", "opposite"),
    [
        (0.03, False),  # as a healthy brain: the asymmetries of two tracers have no common sign
        (0.06, True),
    ],
)
def test_scans_of_two_tracers_are_called_mirrored_by_a_lesion_alone(asymmetry, opposite):
    lopsided = gaussian_filter(np.random.default_rng(6).standard_normal((40, 40, 40)), 3)
    lopsided -= lopsided[::-1]
    lopsided /= gaussian_filter(lopsided, 4).std()
    imz = ScanKey("sub-01", "baseline", "IMZ")
    scans = {FDG1: with_pattern(asymmetry * lopsided), imz: with_pattern(-asymmetry * lopsided)}
    conflicts = identity_conflicts(scans, {"FDG": PLAIN, "IMZ": PLAIN}, GATES)
    assert [error.code for error in conflicts.values()] == ["gate_mirrored_visit"] * opposite
