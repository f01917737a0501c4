import numpy as np
import pytest

from pet_spect.errors import ImageError
from pet_spect.imaging.images import read_rigid, read_warp
from pet_spect.imaging.resample import apply_affine, displace
from pet_spect.model import Warp
from pet_spect.results import layout
from pet_spect.results.registration.transforms import (
    read_participant_to_scan_points,
    read_participant_to_standard_points,
    read_scan_to_participant_points,
    read_standard_to_participant_points,
    write_participant_to_scan_points,
    write_standard_warps,
)

SCAN = layout.ScanName("sub-01", "baseline", "18FFDG", "pet")
ORIGIN = np.zeros((1, 3))


def shift(*mm):
    matrix = np.eye(4)
    matrix[:3, 3] = mm
    return matrix


def constant(*mm):
    affine = np.diag([10.0, 10.0, 10.0, 1.0])
    affine[:3, 3] = -20
    return Warp(np.full((5, 5, 5, 3), mm, dtype=np.float32), affine)


def test_the_file_that_moves_a_scan_to_the_participant_takes_participant_points_to_the_scan(tmp_path):
    write_participant_to_scan_points(tmp_path, SCAN, shift(1, 2, 3))
    stored = read_rigid(
        tmp_path / "sub-01/xfm/sub-01_ses-baseline_trc-18FFDG_from-scan_to-participant_mode-image_xfm.mat"
    )
    assert apply_affine(stored, ORIGIN).tolist() == [[1, 2, 3]]
    assert apply_affine(read_participant_to_scan_points(tmp_path, SCAN), ORIGIN).tolist() == [[1, 2, 3]]
    assert apply_affine(read_scan_to_participant_points(tmp_path, SCAN), ORIGIN).tolist() == [[-1, -2, -3]]


def test_the_file_that_moves_the_participant_to_the_standard_space_takes_standard_points_to_the_participant(tmp_path):
    forth, back = constant(1, 2, 3), constant(4, 5, 6)
    write_standard_warps(tmp_path, "sub-01", participant_to_standard_points=forth, standard_to_participant_points=back)
    stored = read_warp(tmp_path / "sub-01/xfm/sub-01_from-participant_to-MNI152NLin2009cSym_mode-image_xfm.nii.gz")
    assert displace(stored, ORIGIN).tolist() == [[4, 5, 6]]
    assert displace(read_standard_to_participant_points(tmp_path, "sub-01"), ORIGIN).tolist() == [[4, 5, 6]]
    assert displace(read_participant_to_standard_points(tmp_path, "sub-01"), ORIGIN).tolist() == [[1, 2, 3]]


def test_what_stands_in_the_place_of_a_transform_that_is_not_there_is_none(tmp_path):
    write_participant_to_scan_points(tmp_path, SCAN, None)
    write_standard_warps(tmp_path, "sub-01", participant_to_standard_points=None, standard_to_participant_points=None)
    with pytest.raises(ImageError):
        read_participant_to_scan_points(tmp_path, SCAN)
    for read in (read_participant_to_standard_points, read_standard_to_participant_points):
        with pytest.raises(ImageError):
            read(tmp_path, "sub-01")
