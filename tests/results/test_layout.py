from pathlib import PurePath

import pytest

from pet_spect.errors import ConfigError
from pet_spect.files import sidecar
from pet_spect.results import layout

SCAN = ("sub-01", "baseline", "18FFDG")


def test_the_names_of_the_contract():
    assert layout.scan_image(*SCAN, "pet") == "sub-01/ses-baseline/pet/sub-01_ses-baseline_trc-18FFDG_pet.nii.gz"
    assert sidecar(layout.scan_image(*SCAN, "pet")).endswith("trc-18FFDG_pet.json")
    assert layout.standard_image(*SCAN, "pet").endswith("_trc-18FFDG_space-MNI152NLin2009cSym_pet.nii.gz")
    assert layout.participant_to_standard("sub-01") == (
        "sub-01/xfm/sub-01_from-participant_to-MNI152NLin2009cSym_mode-image_xfm.nii.gz"
    )
    assert layout.scan_to_participant(*SCAN).endswith("_from-scan_to-participant_mode-image_xfm.mat")
    assert layout.uptake_table("sub-01", "CerebrA") == "sub-01/sub-01_seg-CerebrA_uptake.tsv"


def test_a_name_is_taken_apart_as_it_was_put_together():
    assert layout.scan_name(PurePath(layout.scan_image(*SCAN, "pet"))) == (*SCAN, "pet")


@pytest.mark.parametrize("name", ["scan.nii.gz", "sub-01_ses-a_trc-b_space-MNI_pet.nii.gz", "sub-01_ses-a_pet.nii.gz"])
def test_another_name_is_refused(name):
    with pytest.raises(ConfigError, match="is not named"):
        layout.scan_name(PurePath(name))
