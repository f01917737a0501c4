import json

import numpy as np
import pytest

from pet_spect.cli import main
from pet_spect.commands.normalise.lesion import read_lesion
from pet_spect.errors import ImageError
from pet_spect.imaging import images
from pet_spect.model import STANDARD_SPACE, ScanKey, Volume
from pet_spect.registration.itk import use_threads
from pet_spect.results import layout

from ...phantoms import phantom

KEY = ScanKey("sub-01", "baseline", "FDG")
ANAT = ScanKey("sub-01", "n/a", "anat:T1w")


def mask(folder, name, *, empty=False):
    data = np.zeros((20, 20, 20), np.float32)
    if not empty:
        data[5:8, 5:8, 5:8] = 1
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = -40
    images.write_volume(folder / name, Volume(data, affine))
    return folder / name


@pytest.fixture
def scans(tmp_path):
    return {KEY: tmp_path / layout.scan_image("sub-01", "baseline", "18FFDG", "pet")}


@pytest.mark.parametrize(
    ("name", "drawn_on"),
    [
        (f"sub-01_space-{STANDARD_SPACE}_label-lesion_mask.nii.gz", None),
        ("sub-01_space-anat_label-lesion_mask.nii.gz", ANAT),
        ("sub-01_ses-baseline_trc-18FFDG_label-lesion_mask.nii.gz", KEY),
    ],
)
def test_the_name_says_what_a_mask_was_drawn_on(tmp_path, scans, name, drawn_on):
    assert read_lesion("sub-01", mask(tmp_path, name), scans, ANAT).drawn_on == drawn_on


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("DOE_JOHN.nii.gz", "says no space"),
        ("sub-01_ses-year9_trc-18FFDG_mask.nii.gz", "says ses-year9_trc-18FFDG"),
        ("sub-01_space-anat_mask.nii.gz", "says space-anat"),
    ],
)
def test_a_mask_of_an_image_that_is_not_there_is_an_error_that_names_nobody(tmp_path, scans, name, found):
    with pytest.raises(ImageError, match=found) as caught:
        read_lesion("sub-01", mask(tmp_path, name), scans, None)
    assert caught.value.code == "lesion_mask_space"
    assert "DOE" not in str(caught.value)


def test_an_empty_mask_is_no_mask(tmp_path, scans):
    with pytest.raises(ImageError, match="empty") as caught:
        read_lesion("sub-01", mask(tmp_path, "a_space-anat_mask.nii.gz", empty=True), scans, ANAT)
    assert caught.value.code == "lesion_mask_empty"


def test_a_mask_that_cannot_be_read_is_an_error(tmp_path, scans):
    path = tmp_path / "a_space-anat_mask.nii.gz"
    path.write_bytes(b"no image")
    with pytest.raises(ImageError, match="the lesion mask of sub-01") as caught:
        read_lesion("sub-01", path, scans, ANAT)
    assert caught.value.code.startswith("lesion_mask_")


@pytest.mark.slow
@pytest.mark.usefixtures("kept_templates", "short_warp")
def test_by_hand_a_mask_without_a_space_is_one_line_and_nothing_is_written(tmp_path, capsys):
    use_threads(1)
    scan = tmp_path / layout.scan_image("sub-01", "baseline", "18FFDG", "pet")
    images.write_scan(scan, phantom("FDG", 4), {"Units": "Bq/mL"})
    before = sorted(tmp_path.rglob("*"))
    arguments = ["normalise", "--participant", "sub-01", "--results", str(tmp_path), "--scan", "baseline", "FDG"]
    drawn = mask(tmp_path, "elsewhere.nii.gz")
    assert main([*arguments, str(scan), "--lesion-mask", str(drawn)]) == 1
    told = capsys.readouterr().err
    assert "its file name says no space" in told
    assert "Traceback" not in told
    assert sorted(tmp_path.rglob("*")) == sorted([*before, drawn])


@pytest.mark.slow
@pytest.mark.usefixtures("kept_templates", "short_warp")
def test_with_record_refusal_a_mask_without_a_space_is_recorded_and_the_lesion_estimated(tmp_path):
    use_threads(1)
    scan = tmp_path / layout.scan_image("sub-01", "baseline", "18FFDG", "pet")
    images.write_scan(scan, phantom("FDG", 4), {"Units": "Bq/mL"})
    arguments = ["normalise", "--participant", "sub-01", "--results", str(tmp_path), "--record-refusal"]
    drawn = mask(tmp_path, "elsewhere.nii.gz")
    assert main([*arguments, "--scan", "baseline", "FDG", str(scan), "--lesion-mask", str(drawn)]) == 0
    told = json.loads((tmp_path / layout.registration_record("sub-01")).read_text())["Lesion"]
    assert (told["Source"], told["Code"]) == ("estimated", "lesion_mask_space")
    assert images.read_volume(tmp_path / layout.lesion_mask("sub-01")).data.shape == (97, 115, 97)
