import numpy as np
import pytest
from scipy.linalg import expm, logm
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from pet_spect.imaging.resample import apply_affine, resample_affine
from pet_spect.model import Volume
from pet_spect.registration.within_participant import between, corrections, mean_volume, rigid_part


def motion(angles, shift):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    return np.real(logm(matrix))


def test_two_scans_meet_half_way():
    apart = motion((0, 0, 4), (6.0, 0, 0))
    first, second = corrections({(0, 1): apart}, 2)
    assert first == pytest.approx(expm(-apart / 2))
    assert second == pytest.approx(expm(apart / 2))


def test_exchanging_the_scans_exchanges_their_corrections_to_the_last_bit():
    apart = motion((1, 2, 3), (4, 5, 6))
    first, second = corrections({(0, 1): apart}, 2)
    swapped_first, swapped_second = corrections({(0, 1): -apart}, 2)
    assert np.array_equal(first, swapped_second)
    assert np.array_equal(second, swapped_first)


def test_corrections_of_many_scans_reproduce_every_motion():
    poses = [motion((0, 0, 0), shift) for shift in ((0, 0, 0), (2, 0, 0), (0, 3, 0), (1, 1, 1))]
    motions = {(i, j): poses[j] - poses[i] for i in range(4) for j in range(i + 1, 4)}
    found = corrections(motions, 4)
    for (i, j), apart in motions.items():
        assert np.linalg.inv(found[i]) @ found[j] == pytest.approx(expm(apart))
    assert sum(np.real(logm(matrix)) for matrix in found) == pytest.approx(np.zeros((4, 4)), abs=1e-12)


def test_the_rigid_part_of_a_stretched_turn_is_the_turn():
    turn = Rotation.from_euler("xyz", (10, -5, 20), degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([0.9, 1.1, 1.0])
    affine[:3, 3] = (3, 4, 5)
    centre = np.array([0.0, -20.0, 10.0])
    rigid = rigid_part(affine, centre)
    assert rigid[:3, :3] == pytest.approx(turn)
    assert rigid[:3, :3] @ centre + rigid[:3, 3] == pytest.approx(affine[:3, :3] @ centre + affine[:3, 3])


def test_the_mean_ignores_what_is_out_of_view_and_scale():
    first = Volume(np.array([[[1.0, 3.0, np.nan, np.nan]]], np.float32), np.eye(4))
    second = Volume(np.array([[[10.0, 30.0, 20.0, np.nan]]], np.float32), np.eye(4))
    mean = mean_volume([first, second], np.array([[[True, True, False, False]]]))
    assert mean.data[0, 0] == pytest.approx([0.5, 1.5, 1.0, np.nan], nan_ok=True)


def volumes(*rows):
    return [Volume(np.array([[row]], np.float32), np.eye(4)) for row in rows]


def test_a_cut_scan_is_scaled_by_what_all_have_in_view():
    # all three are the same head; by their own means over the mask (2, 1 and 2) they would not agree
    whole, cut, louder = volumes([1.0, 1.0, 4.0], [1.0, 1.0, np.nan], [10.0, 10.0, 40.0])
    mean = mean_volume([whole, cut, louder], np.ones((1, 1, 3), bool))
    assert mean.data[0, 0] == pytest.approx([1.0, 1.0, 4.0])


def test_scans_that_have_nothing_in_common_are_each_scaled_by_what_they_have():
    mean = mean_volume(volumes([2.0, 6.0, np.nan], [np.nan, np.nan, 5.0]), np.ones((1, 1, 3), bool))
    assert mean.data[0, 0] == pytest.approx([0.5, 1.5, 1.0])


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["none", "the top of one", "the top of one and a side of the other"])
def test_two_views_of_one_head_are_aligned_whatever_either_has_out_of_view(cut):
    shape, affine = (60, 72, 60), np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = (-88, -106, -88)
    middle = np.array([29.5, 35.5, 29.5]).reshape(3, 1, 1, 1)
    inside = (((np.indices(shape) - middle) / np.array([22, 28, 21]).reshape(3, 1, 1, 1)) ** 2).sum(axis=0) < 1
    folds = gaussian_filter(np.random.default_rng(1).random(shape), 2.5)
    head = Volume((inside * (0.5 + 8 * (folds - folds.min()))).astype(np.float32), affine)
    head = Volume(gaussian_filter(head.data, 1.0), affine)
    true = np.real(expm(motion((3, -2, 2), (3.0, -2.0, 2.5))))
    first, second = head.data.copy(), np.nan_to_num(resample_affine(head, shape, affine, np.linalg.inv(true)).data)
    if cut != "none":
        second[:, :, 38:] = np.nan
    if cut.endswith("other"):
        first[:14] = np.nan
    found = expm(between(Volume(first, affine), Volume(second, affine), inside))
    ends = np.array([[0.0, 0, 0], [60, 0, 0], [-60, 0, 0], [0, 75, 0], [0, -75, 0], [0, 0, 55], [0, 0, -55]])
    assert np.linalg.norm(apply_affine(found, ends) - apply_affine(true, ends), axis=1).max() < 0.5
