import os
import subprocess
import sys

import numpy as np
import pytest

from pet_spect.cli import main

from .cases import CHOICES
from .judges import check_study
from .seeds import DICOM_KINDS, NIFTI_KINDS, sound_scan
from .study_mistakes import STUDY_MISTAKES, sound_study

CASES = 300


@pytest.mark.parametrize("kind", DICOM_KINDS + NIFTI_KINDS)
def test_scan_that_is_not_damaged_is_converted(kind, tmp_path):
    scan = sound_scan(kind)
    for name, content in scan.encoded().items():
        (tmp_path / name).write_bytes(content)
    out = tmp_path / "out/image.nii.gz"
    assert main(["convert", str(tmp_path / scan.entry), "--out", str(out), *CHOICES.get(kind, ())]) == 0


def test_study_that_is_not_damaged_is_read(tmp_path):
    for name, content in sound_study().files.items():
        (tmp_path / name).write_bytes(content)
    assert check_study(tmp_path, must_fail=False) == "read"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", STUDY_MISTAKES)
def test_study_with_a_mistake_is_refused_in_one_short_line(name, seed, tmp_path):
    study = sound_study()
    STUDY_MISTAKES[name](study, np.random.default_rng(seed))
    for file, content in study.files.items():
        (tmp_path / file).write_bytes(content)
    assert check_study(tmp_path, must_fail=True).startswith("refused ")


@pytest.mark.slow
def test_damaged_scans_end_in_an_image_or_one_line_of_refusal(repository):
    """The first cases of the campaign that CONTRIBUTING.md tells how to run; in processes that may crash."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-m", "tests.fuzz.campaign", "--cases", str(CASES)]
    done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{CASES} cases" in done.stdout
    assert "converted" in done.stdout
