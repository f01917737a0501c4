import numpy as np
import pytest
from scipy.ndimage import binary_erosion
from scipy.spatial.transform import Rotation

from pet_spect.errors import RegistrationError
from pet_spect.imaging.images import canonical
from pet_spect.imaging.resample import apply_affine, resample_affine, sample
from pet_spect.model import ScanKey, Volume
from pet_spect.registration.anatomical_image import (
    CONTRASTS,
    at_working_voxel,
    bias_field,
    centre_of_head,
    extract_brain,
)
from pet_spect.registration.warp import near_brain
from pet_spect.registration.within_participant import align, participant_grid
from pet_spect.simulate.anatomical_image import scan_anat, standard_anat
from pet_spect.simulate.heads.anatomy import individual_anatomy
from pet_spect.simulate.heads.standard_head import standard_head
from pet_spect.simulate.heads.traits import STANDARD
from tests.phantoms import phantom

pytestmark = pytest.mark.slow

WHITE_MM, GREY_MM, OUTSIDE_MM = [[27.0, -30, 28]], [[0.0, -62, -22]], [[0.0, 0, 90]]
LESION_MM = np.array([-27.0, -30, 28])
BRAIN = np.array([[0.0, -20, 10], [-40, -20, 50], [40, -20, 50], [0, 60, 10], [0, -90, 0]])

POSE = np.eye(4)
POSE[:3, :3] = Rotation.from_euler("xyz", [9, -5, 6], degrees=True).as_matrix()
POSE[:3, 3] = (7, -12, 9)


@pytest.fixture(scope="module")
def templates(template_of):
    return {kind: template_of(kind) for kind in CONTRASTS}


@pytest.fixture(scope="module")
def heads(atlas):
    """The standard head with a lesion on the left, lying as `POSE` says, as MR and CT see it."""
    head = standard_head(atlas, step=2)
    anatomy = individual_anatomy(head, np.random.default_rng(0), traits=STANDARD)
    lost = np.linalg.norm(anatomy.standard_points - LESION_MM.reshape(3, 1, 1, 1), axis=0) < 12
    images = {}
    for kind in CONTRASTS:
        standard = standard_anat(kind, atlas, step=2)
        seen = scan_anat(kind, standard, anatomy, lost.astype(np.float32), POSE, np.random.default_rng(1), thin=2)
        images[kind] = canonical(seen)
    return images


@pytest.fixture(scope="module")
def brains(heads, templates):
    return {kind: extract_brain(image, kind, templates[kind]) for kind, image in heads.items()}


@pytest.mark.parametrize("kind", CONTRASTS)
def test_the_template_shows_the_brain_alone_on_the_grid_of_the_tracers(templates, fdg, kind):
    template, tracer = templates[kind], fdg
    np.testing.assert_array_equal(template.uptake.affine, tracer.uptake.affine)
    np.testing.assert_array_equal(template.brain, tracer.brain)
    far = ~template.brain & (template.uptake.data > 0.3 * template.uptake.data.max())
    assert far.sum() < 0.02 * template.brain.sum()
    mirrored = template.uptake.data[::-1]
    assert np.abs(template.uptake.data - mirrored).max() < 0.05 * template.uptake.data.max()


def test_white_matter_is_bright_in_t1_and_dark_in_ct(templates):
    white, grey = (
        {kind: float(sample(template.uptake, np.array(place))[0]) for kind, template in templates.items()}
        for place in (WHITE_MM, GREY_MM)
    )
    assert white["T1w"] > 1.1 * grey["T1w"]
    assert white["CT"] < 0.95 * grey["CT"]
    assert 25 < white["CT"] < 38


@pytest.mark.parametrize("kind", CONTRASTS)
def test_the_brain_is_cut_out_whole_and_alone(brains, templates, kind):
    brain, template = brains[kind], templates[kind]
    standard = resample_affine(brain, template.brain.shape, template.uptake.affine, POSE)
    cut = np.nan_to_num(standard.data) > 0
    overlap = 2 * (cut & template.brain).sum() / (cut.sum() + template.brain.sum())
    assert overlap > 0.93
    deep = binary_erosion(template.brain, iterations=5)
    assert (cut & deep).sum() > 0.99 * deep.sum()  # the lesion included
    assert sample(standard, LESION_MM[np.newaxis])[0] < 0.6 * sample(standard, np.array(WHITE_MM))[0]
    assert np.nan_to_num(sample(standard, np.array(OUTSIDE_MM))[0]) == 0


def test_the_bias_of_the_coils_is_found_and_an_infarct_is_not_taken_for_one():
    shape = (60, 70, 60)
    x, y, z = (np.linspace(-1, 1, extent) for extent in shape)
    inside = np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2) < 0.9
    bias = np.exp(0.3 * x[:, None, None] - 0.2 * y[:, None] ** 2 + 0.1 * z)
    rng = np.random.default_rng(0)
    expected = np.where(inside, rng.uniform(0.6, 0.9, shape), 0).astype(np.float32)
    image = 700 * expected * bias
    lesion = np.sqrt((x[:, None, None] - 0.4) ** 2 + y[:, None] ** 2 + z**2) < 0.3
    image[lesion] *= 0.25
    found = bias_field(image.astype(np.float32), expected, inside)
    ratio = found[inside] / bias[inside]
    assert ratio.std() / ratio.mean() < 0.01
    assert np.log(found[inside]).mean() == pytest.approx(0, abs=1e-5)
    assert found.min() > 0


@pytest.mark.parametrize("kind", CONTRASTS)
def test_a_scan_is_aligned_to_the_anatomy_to_less_than_a_millimetre_on_average(brains, fdg, kind):
    # the marker phantom lies in standard space, so the motion from it to the anatomy is `POSE`
    anat, scan = ScanKey("sub-01", "n/a", f"anat:{kind}"), ScanKey("sub-01", "baseline", "FDG")
    near = np.eye(4)
    near[:3, :3] = Rotation.from_euler("xyz", [2, 1, -2], degrees=True).as_matrix()
    near[:3, 3] = (2, -2, 1.5)
    grid = participant_grid(np.array([0.0, -18, 0]))
    standard_brain = Volume(near_brain(fdg).astype(np.float32), fdg.uptake.affine)
    mask = np.nan_to_num(resample_affine(standard_brain, *grid, np.eye(4)).data) > 0.5
    found = align({anat: brains[kind], scan: phantom("FDG")}, {anat: POSE @ near, scan: np.eye(4)}, mask, grid)
    motion = found[anat] @ np.linalg.inv(found[scan])
    assert np.linalg.norm(apply_affine(motion, BRAIN) - apply_affine(POSE, BRAIN), axis=1).mean() < 0.75


def test_the_neck_does_not_move_the_centre_of_the_head(heads):
    head = at_working_voxel(heads["T1w"], CONTRASTS["T1w"])
    with_neck = head.data.copy()
    bottom = int(np.flatnonzero(head.data.max(axis=(0, 1)) > 300)[0])
    assert bottom > 15
    with_neck[40:90, 40:90, : bottom + 8] = 500
    before, after = centre_of_head(head), centre_of_head(Volume(with_neck, head.affine))
    assert np.linalg.norm(before - after) < 5


def test_bone_and_air_count_as_csf_and_padding_stays_out_of_view():
    data = np.full((20, 20, 20), 37.0, dtype=np.float32)
    data[10:] = 900
    data[:3] = np.nan
    data[:, :10] = np.where(np.isnan(data[:, :10]), np.nan, -1000)
    found = at_working_voxel(Volume(data, np.diag([1.0, 1, 1, 1])), CONTRASTS["CT"])
    assert found.data.shape == (10, 10, 10)
    np.testing.assert_allclose(found.voxel_size, 2)
    assert np.isnan(found.data[0]).all()
    assert found.data[9].max() < 1
    assert found.data[3, 0].max() < 1
    assert found.data[3, 9].min() > 25


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_an_image_without_a_head_is_refused(templates, value):
    empty = Volume(np.full((60, 60, 60), value, dtype=np.float32), np.diag([3.0, 3, 3, 1]))
    with pytest.raises(RegistrationError, match="no head found") as caught:
        extract_brain(empty, "T1w", templates["T1w"])
    assert caught.value.code == "no_head"
