import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pet_spect.errors import RegistrationError
from pet_spect.imaging.resample import apply_affine, displace, resample_affine, sample
from pet_spect.model import ScanKey, Volume
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.normalise import Lesion, normalise
from pet_spect.registration.warp import Deformation, Step

from ..phantoms import phantom

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("known_registrations")]

QUICK = Deformation(Step("mattes", (10, 0, 0), 0.2, 4.0, 1.0), Step("CC", (6, 0, 0), 0.2, 3.0, 0.0))
BASELINE, YEAR1 = ScanKey("sub-01", "baseline", "FDG"), ScanKey("sub-01", "year1", "FDG")
BRAIN = np.array([[0.0, -20, 10], [-40, -20, 50], [40, -20, 50], [0, 60, 10], [0, -90, 0]])


@pytest.fixture(scope="module")
def templates(fdg):
    return {"FDG": fdg}


def moved(angles, shift):
    """Standard points to points of a head that has moved."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    return matrix


def scan(matrix, seed):
    """The marker phantom, moved by `matrix`, on a 3 mm grid, with a little noise."""
    head = phantom("FDG")
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = (-110, -150, -95)
    seen = np.nan_to_num(resample_affine(head, (74, 88, 70), affine, np.linalg.inv(matrix)).data)
    noise = np.random.default_rng(seed).standard_normal(seen.shape) * 0.03 * seen.max()
    return Volume((seen + noise).astype(np.float32), affine)


MOTIONS = {BASELINE: moved((4, -3, 5), (6, -4, 3)), YEAR1: moved((-6, 2, -4), (-5, 7, -2))}


@pytest.fixture(scope="module")
def scans():
    return {key: scan(matrix, seed) for seed, (key, matrix) in enumerate(MOTIONS.items())}


@pytest.fixture(scope="module")
def result(scans, templates, known_registrations):
    return normalise(scans, templates, gates=Gates(), deformation=QUICK)


def test_two_poses_of_one_head_are_found_to_half_a_millimetre(result):
    first, second = (result.scans[key].to_scan for key in (BASELINE, YEAR1))
    points = apply_affine(MOTIONS[BASELINE], BRAIN)
    found = apply_affine(second @ np.linalg.inv(first), points)
    assert np.linalg.norm(found - apply_affine(MOTIONS[YEAR1], BRAIN), axis=1).max() < 0.5


def test_the_hot_motor_cortex_is_on_the_left_in_standard_space(result):
    for registered in result.scans.values():
        left, right = sample(registered.standard, np.array([[-38.0, -14, 54], [38.0, -14, 54]]))
        assert left > 1.3 * right


def test_the_way_to_standard_space_and_back_ends_where_it_began(result):
    back = displace(result.to_standard, displace(result.to_participant, BRAIN))
    assert np.linalg.norm(back - BRAIN, axis=1).max() < 0.5


def test_the_order_of_the_visits_changes_no_bit(result, scans, templates):
    swapped = normalise({BASELINE: scans[YEAR1], YEAR1: scans[BASELINE]}, templates, gates=Gates(), deformation=QUICK)
    assert np.array_equal(swapped.to_standard.displacement, result.to_standard.displacement)
    assert np.array_equal(swapped.scans[BASELINE].to_scan, result.scans[YEAR1].to_scan)


def ball(affine, shape, centre_mm, radius_mm):
    """A ball of ones on a grid."""
    points = apply_affine(affine, np.moveaxis(np.indices(shape), 0, -1).astype(float))
    return Volume((np.linalg.norm(points - centre_mm, axis=-1) <= radius_mm).astype(np.float32), affine)


LESION_MM = np.array([-30.0, -16.0, 36.0])


@pytest.mark.parametrize("drawn_on", [BASELINE, None])
def test_a_lesion_that_was_drawn_reaches_the_standard_space(scans, templates, drawn_on):
    if drawn_on is None:
        mask = ball(
            np.diag([2.0, 2.0, 2.0, 1.0]) @ [[1, 0, 0, -45], [0, 1, 0, -60], [0, 0, 1, -35], [0, 0, 0, 1]],
            (91, 109, 91),
            LESION_MM,
            12.0,
        )
    else:
        one = scans[drawn_on]
        mask = ball(one.affine, one.data.shape, apply_affine(MOTIONS[drawn_on], LESION_MM[np.newaxis])[0], 12.0)
    found = normalise(
        {BASELINE: scans[BASELINE]}, templates, gates=Gates(), deformation=QUICK, lesion=Lesion(mask, drawn_on)
    ).lesion
    points = apply_affine(found.affine, np.argwhere(found.data > 0.5).astype(float))
    assert np.linalg.norm(points.mean(axis=0) - LESION_MM) < 3.0
    assert 0.6 < len(points) * 8 / (4 / 3 * np.pi * 12**3) < 1.5


def test_a_brain_without_a_lesion_has_none(result):
    assert not result.lesion.data.any()


def test_a_scan_that_is_no_head_is_refused_and_the_other_goes_on(result, scans, templates):
    noise = np.random.default_rng(5).random(scans[YEAR1].data.shape).astype(np.float32)
    found = normalise(
        {BASELINE: scans[BASELINE], YEAR1: Volume(noise, scans[YEAR1].affine)},
        templates,
        gates=Gates(),
        deformation=QUICK,
    )
    assert list(found.scans) == [BASELINE]
    assert found.refused[YEAR1].code == "no_head"


def test_a_mirrored_visit_is_refused_with_its_partner_for_nobody_can_tell_which_it_is(scans, templates):
    mirrored = Volume(np.ascontiguousarray(scans[YEAR1].data[::-1]), scans[YEAR1].affine)
    found = normalise({BASELINE: scans[BASELINE], YEAR1: mirrored}, templates, gates=Gates(), deformation=QUICK)
    assert {key: error.code for key, error in found.refused.items()} == dict.fromkeys(
        (BASELINE, YEAR1), "gate_mirrored_visit"
    )


def test_a_visit_with_a_wrong_voxel_size_is_refused(scans, templates):
    larger = Volume(scans[YEAR1].data, np.diag([1.12, 1.12, 1.12, 1.0]) @ scans[YEAR1].affine)
    found = normalise({BASELINE: scans[BASELINE], YEAR1: larger}, templates, gates=Gates(), deformation=QUICK)
    assert {error.code for error in found.refused.values()} == {"gate_size"}


def test_one_scan_given_as_two_visits_is_refused(scans, templates):
    found = normalise({BASELINE: scans[BASELINE], YEAR1: scans[BASELINE]}, templates, gates=Gates(), deformation=QUICK)
    assert {error.code for error in found.refused.values()} == {"identical_scans"}


def test_when_ants_gives_up_on_the_warp_every_scan_says_so(scans, templates, monkeypatch):
    def give_up(*_, **__):
        raise RegistrationError("ants gave up (Registration failed with error code 1)", code="ants_failed")

    monkeypatch.setattr("pet_spect.registration.placement.pose.find_pose", lambda *_: np.eye(4))
    monkeypatch.setattr("pet_spect.registration.normalise.align", give_up)
    found = normalise(scans, templates, gates=Gates(), deformation=QUICK)
    assert {error.code for error in found.refused.values()} == {"ants_failed"}
    assert found.to_standard is None


def test_with_no_scan_left_there_is_no_warp(scans, templates):
    empty = Volume(np.zeros((40, 40, 40), np.float32), np.diag([4.0, 4.0, 4.0, 1.0]))
    found = normalise({BASELINE: empty}, templates, gates=Gates(), deformation=QUICK)
    assert found.refused[BASELINE].code == "empty_scan"
    assert (found.scans, found.to_standard, found.to_participant) == ({}, None, None)


@pytest.mark.parametrize("axes", [(1, 0, 2), (0, 2, 1)])
def test_a_head_turned_by_a_right_angle_is_refused(scans, templates, axes):
    turned = Volume(np.ascontiguousarray(scans[BASELINE].data.transpose(axes)[::-1]), scans[BASELINE].affine)
    found = normalise({BASELINE: turned}, templates, gates=Gates(), deformation=QUICK)
    assert BASELINE in found.refused


STRICT = Gates(similarity_min=0.999, agreement_min=0.9999)


def test_accepted_faults_let_the_scans_through_and_are_kept(scans, templates):
    accepted = {BASELINE: {"gate_similarity", "gate_agreement"}, YEAR1: {"gate_similarity"}}
    found = normalise(scans, templates, gates=STRICT, deformation=QUICK, accepted=accepted)
    assert found.refused == {}
    codes = {key: sorted(error.code for error in errors) for key, errors in found.accepted.items()}
    assert codes == {key: ["gate_agreement", "gate_similarity"] for key in (BASELINE, YEAR1)}
    assert found.lead == "FDG"


def test_the_acceptance_of_one_code_is_not_that_of_another(scans, templates):
    found = normalise(
        {BASELINE: scans[BASELINE]}, templates, gates=STRICT, deformation=QUICK, accepted={BASELINE: {"gate_overlap"}}
    )
    assert found.refused[BASELINE].code == "gate_similarity"
    assert found.accepted == {}


def test_of_a_refused_scan_head_and_pose_are_kept_as_far_as_they_were_found(scans, templates):
    noise = np.random.default_rng(5).random(scans[YEAR1].data.shape).astype(np.float32)
    found = normalise(
        {BASELINE: scans[BASELINE], YEAR1: Volume(noise, scans[YEAR1].affine)},
        templates,
        gates=STRICT,
        deformation=QUICK,
    )
    assert found.refused.keys() == {BASELINE, YEAR1}
    head, no_head = found.tried[BASELINE], found.tried[YEAR1]
    assert (no_head.head_box, no_head.pose) == (None, None)
    assert all(0 <= first < last <= extent for (first, last), extent in zip(head.head_box, (74, 88, 70), strict=True))
    assert np.linalg.norm(apply_affine(head.pose, BRAIN) - apply_affine(MOTIONS[BASELINE], BRAIN), axis=1).max() < 8.0
