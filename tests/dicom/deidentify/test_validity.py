"""De-identified objects are valid DICOM, as far as the originals are, and real ones convert alike."""

import re
import subprocess
from datetime import datetime

import numpy as np
import pytest

from pet_spect.cli import main
from pet_spect.model import Volume
from pet_spect.simulate.writers.nm_object import NmHeader, write_nm_recon
from pet_spect.simulate.writers.pet_series import PetHeader, write_pet_series

from .test_folder import assert_converts_alike, headers

CASES = ("DRO_0_0", "DRO_2_0", "DRO_2_2", "DRO_2_4", "DRO_3_0", "DRO_3_2", "DRO_4_1", "DRO_5_0")


@pytest.fixture
def deidentified(tmp_path):
    """Return a function that de-identifies a folder."""

    def run(folder):
        assert main(["deidentify", str(folder), str(tmp_path / "shared")]) == 0
        return tmp_path / "shared"

    return run


@pytest.fixture
def small_volume():
    """Return 8 slices of 12 by 10 voxels."""
    data = np.arange(960, dtype=np.float32).reshape(10, 12, 8)
    return Volume(data, np.diag([-2.0, -2.0, 3.0, 1.0]))


def problems(validator, folder):
    """Return the kinds of error dciodvfy finds in the first and the last object, without the values it quotes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    said = [
        subprocess.run([validator, str(path)], capture_output=True, check=False).stderr
        for path in files[:: len(files) - 1 or 1]
    ]
    lines = b"\n".join(said).decode(errors="replace").splitlines()
    return {re.sub(r"<[^>]*>(?= for value)|<[\d.]+>", "<>", line) for line in lines if line.startswith("Error")}


@pytest.mark.parametrize("maker", ["pet_spect", "GE MEDICAL SYSTEMS", "SIEMENS"])
def test_simulated_pet_is_valid_dicom(tmp_path, need_tool, deidentified, small_volume, maker):
    start = datetime(2025, 1, 1, 11)
    header = PetHeader(injection=datetime(2025, 1, 1, 10), start=start, manufacturer=maker)
    write_pet_series(tmp_path / "scan", small_volume, header, np.random.default_rng(1))
    assert problems(need_tool("dciodvfy"), deidentified(tmp_path / "scan")) == set()


@pytest.mark.parametrize("scaling", ["none", "slope", "real_world"])
def test_simulated_spect_is_valid_dicom(tmp_path, need_tool, deidentified, small_volume, scaling):
    header = NmHeader(injection=datetime(2025, 1, 1, 8), start=datetime(2025, 1, 1, 11), scaling=scaling)
    write_nm_recon(tmp_path / "scan" / "object", small_volume, header)
    assert problems(need_tool("dciodvfy"), deidentified(tmp_path / "scan")) == set()


def test_a_term_that_was_withheld_is_valid_dicom(tmp_path, need_tool, deidentified, small_volume):
    odd = {"BodyPartExamined": "HEAD AND DOE", "CollimatorType": "DOE", "ManufacturerModelName": "Doe 7"}
    header = PetHeader(injection=datetime(2025, 1, 1, 10), start=datetime(2025, 1, 1, 11), text=odd)
    write_pet_series(tmp_path / "scan", small_volume, header, np.random.default_rng(1))
    out = deidentified(tmp_path / "scan")
    assert headers(out)[0].BodyPartExamined == "UNLISTED"
    assert problems(need_tool("dciodvfy"), out) == set()


@pytest.mark.external
@pytest.mark.parametrize("case", [f"suv_reference/{case}" for case in CASES] + ["sts_001/dicom"])
def test_real_and_published_objects(external_data, need_tool, deidentified, case):
    folder = external_data / case
    out = deidentified(folder)
    assert_converts_alike(folder, out)
    validator = need_tool("dciodvfy")
    assert problems(validator, out) <= problems(validator, folder)
