import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pet_spect.errors import RegistrationError
from pet_spect.model import Warp
from pet_spect.registration.gates import plausibility as p

GATES = p.Gates()


def affine(scale=(1, 1, 1), angle=0.0, shear=0.0):
    matrix = np.eye(4)
    stretch = np.diag(np.array(scale, dtype=float))
    stretch[0, 1] = stretch[1, 0] = shear
    matrix[:3, :3] = Rotation.from_euler("x", angle, degrees=True).as_matrix() @ stretch
    return matrix


def test_a_head_of_usual_size_and_pose_passes():
    p.check_affine(p.affine_shape(affine(scale=(0.85, 0.9, 0.97), angle=20, shear=0.03)), GATES)


@pytest.mark.parametrize(
    ("matrix", "code"),
    [
        (affine(scale=(1.92, 1.32, 0.42)), "gate_scale"),  # an uncropped whole body
        (affine(scale=(2, 2, 2)), "gate_scale"),  # voxel size doubled
        (affine(scale=(1.0, 1.0, 1.3)), "gate_proportion"),  # one axis 1.3 times too long
        (affine(scale=(-1, 1, 1)), "gate_mirrored"),
        (affine(shear=0.25), "gate_shear"),
        (affine(angle=90), "gate_rotation"),
    ],
)
def test_an_affine_no_head_needs_is_refused(matrix, code):
    with pytest.raises(RegistrationError) as refused:
        p.check_affine(p.affine_shape(matrix), GATES)
    assert refused.value.code == code


def test_the_shape_of_an_affine_is_measured():
    shape = p.affine_shape(affine(scale=(0.8, 1.0, 1.2), angle=30))
    assert (shape.scale_low, shape.scale_high, shape.rotation_deg) == pytest.approx((0.8, 1.2, 30.0))


def checkerboard():
    data = np.indices((12, 12, 12)).sum(axis=0).astype(np.float32)
    brain = np.zeros(data.shape, bool)
    brain[2:10, 2:10, 2:10] = True
    return np.where(brain, data, 0).astype(np.float32), brain


def test_a_template_matches_itself():
    template, brain = checkerboard()
    found = p.match(template, template, brain)
    assert found.similarity == pytest.approx(1.0)
    assert found.overlap > 0.95
    p.check_match(found, GATES)


def test_noise_does_not_match():
    template, brain = checkerboard()
    noise = np.random.default_rng(0).random((12, 12, 12)).astype(np.float32)
    with pytest.raises(
        RegistrationError, match="similarity to the template with the scan's own regional uptake is"
    ) as no:
        p.check_match(p.match(noise, template, brain), GATES)
    assert no.value.code == "gate_similarity"


def test_what_is_out_of_view_is_not_held_against_a_match():
    template, brain = checkerboard()
    half = template.copy()
    half[:, :, 6:] = np.nan
    found = p.match(half, template, brain)
    assert found.similarity == pytest.approx(1.0)
    assert found.overlap > 0.95


@pytest.mark.parametrize("value", [1.0, np.nan])
def test_a_constant_or_empty_scan_is_no_match(value):
    template, brain = checkerboard()
    assert p.match(np.full((12, 12, 12), value, np.float32), template, brain) == p.Match(0.0, 0.0)


def test_uptake_beside_the_brain_lowers_the_overlap():
    template, brain = checkerboard()
    beside = template.copy()
    beside[:2] = 50.0
    found = p.match(beside, template, brain)
    assert found.overlap < 0.6
    with pytest.raises(RegistrationError, match="overlap with the template's brain is") as refused:
        p.check_match(found, GATES)
    assert refused.value.code == "gate_overlap"


def test_local_volume_change_of_a_stretch_is_its_determinant():
    grid = np.indices((8, 8, 8)).transpose(1, 2, 3, 0).astype(np.float32)
    warp = Warp(grid * np.array([0.5, 0, 0], np.float32), np.eye(4))  # x grows by half
    assert p.jacobian_range(warp, np.ones((8, 8, 8), bool)) == pytest.approx((1.5, 1.5))


def test_a_fold_is_refused():
    with pytest.raises(RegistrationError, match=r"changes local volume by -0\.20 to 2\.00"):
        p.check_jacobian(-0.2, 2.0, GATES)
