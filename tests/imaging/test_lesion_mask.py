"""A lesion mask is a mask, and lies in the brain."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from pet_spect.errors import ImageError
from pet_spect.imaging.lesion_mask import read_lesion_mask, read_mask
from pet_spect.imaging.resample import sample
from pet_spect.model import Atlas, Region

BOX = np.zeros((8, 8, 8), dtype=np.float32)
BOX[2:4, 2:6, 2:6] = 1


def mask(tmp_path, values):
    path = tmp_path / "sub-01_space-MNI152NLin2009cSym_label-lesion_mask.nii.gz"
    nib.save(nib.Nifti1Image(np.asarray(values, dtype=np.float32), np.eye(4)), path)
    return path


@pytest.mark.parametrize("factor", [1, 255, 3])
def test_a_lesion_may_be_any_one_number(tmp_path, factor):
    assert (read_mask(mask(tmp_path, BOX * factor), "lesion").data > 0.5).sum() == 32


@pytest.mark.parametrize("factor", [1, 255, 3])
def test_a_lesion_of_any_number_ends_halfway_to_its_neighbours(tmp_path, factor):
    points = np.array([[3.0 + far, 4.0, 4.0] for far in (0.0, 0.4, 0.6, 0.9)])
    assert (sample(read_mask(mask(tmp_path, BOX * factor), "lesion"), points) > 0.5).tolist() == [1, 1, 0, 0]


def test_fractions_and_the_ringing_of_an_interpolation_are_a_mask(tmp_path):
    soft = BOX * np.linspace(0.6, 1.2, 8, dtype=np.float32)
    assert (read_mask(mask(tmp_path, soft), "lesion").data > 0.5).sum() == 32


@pytest.mark.parametrize(
    "values",
    [BOX * np.arange(8), BOX * np.linspace(0, 255, 8), BOX + (np.arange(8) == 3) * BOX],
    ids=["scan", "fractions_of_255", "two_labels"],
)
def test_a_scan_or_a_map_of_labels_is_no_lesion_mask(tmp_path, values):
    with pytest.raises(
        ImageError, match=r"lesion: holds \d different values up to [0-9.]+, as a scan or a map of"
    ) as e:
        read_mask(mask(tmp_path, values), "lesion")
    assert e.value.code == "lesion_mask_voxels"


def test_the_part_of_a_mask_in_the_brain_is_rounded_down(tmp_path):
    labels = np.zeros((8, 8, 8), dtype=np.uint8)
    labels[:, :, :4] = 1
    atlas = Atlas("toy", labels, np.eye(4), (Region(1, "motor", "left"),))
    values = np.zeros_like(BOX)
    values[:, :, 3:5] = 1
    values[0, 0, 3] = 0  # 63 of 127 voxels are in the brain
    with pytest.raises(ImageError, match=r"49% of the mask lies in the brain of .*, at least 50% is needed; it may be"):
        read_lesion_mask(mask(tmp_path, values), atlas)
