import numpy as np
import pytest
from scipy.linalg import expm, logm
from scipy.spatial.transform import Rotation

from pet_spect.model import Volume
from pet_spect.registration.within_participant import corrections, mean_volume, rigid_part


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
