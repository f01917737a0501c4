import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume, Warp
from pet_spect.registration import plausibility as p

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
    return Volume(np.where(brain, data, 0).astype(np.float32), np.eye(4)), brain


def test_a_template_matches_itself():
    template, brain = checkerboard()
    found = p.match(template, template, brain)
    assert (found.similarity, found.brain_coverage) == pytest.approx((1.0, 1.0))
    assert found.overlap > 0.95
    p.check_match(found, GATES)


def test_noise_does_not_match():
    template, brain = checkerboard()
    noise = Volume(np.random.default_rng(0).random((12, 12, 12)).astype(np.float32), np.eye(4))
    with pytest.raises(RegistrationError, match="similarity to the template is"):
        p.check_match(p.match(noise, template, brain), GATES)


def test_half_a_brain_in_view_is_refused_by_its_coverage():
    template, brain = checkerboard()
    half = template.data.copy()
    half[:, :, 6:] = np.nan
    with pytest.raises(RegistrationError, match="50% of the brain is in the field of view, 70% is needed"):
        p.check_match(p.match(Volume(half, np.eye(4)), template, brain), GATES)


def test_a_constant_scan_is_no_match():
    template, brain = checkerboard()
    assert p.match(Volume(np.ones((12, 12, 12), np.float32), np.eye(4)), template, brain).similarity == 0.0


def test_uptake_beside_the_brain_lowers_the_overlap():
    template, brain = checkerboard()
    beside = template.data.copy()
    beside[:2] = 50.0
    assert p.match(Volume(beside, np.eye(4)), template, brain).overlap < 0.6


def test_local_volume_change_of_a_stretch_is_its_determinant():
    grid = np.indices((8, 8, 8)).transpose(1, 2, 3, 0).astype(np.float32)
    warp = Warp(grid * np.array([0.5, 0, 0], np.float32), np.eye(4))  # x grows by half
    assert p.jacobian_range(warp, np.ones((8, 8, 8), bool)) == pytest.approx((1.5, 1.5))


def test_a_fold_is_refused():
    with pytest.raises(RegistrationError, match=r"changes local volume by -0\.20 to 2\.00"):
        p.check_jacobian(-0.2, 2.0, GATES)
