"""A disk that is full, or may not be written, is one line; with room the next run completes."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.workflow

TARGET = "results/sub-01/ses-baseline/pet/sub-01_ses-baseline_trc-18FFDG_pet.nii.gz"
LOG = "logs/convert/sub-01_ses-baseline_trc-18FFDG_pet.log"


@pytest.fixture
def small(trial, tmp_path, study_in):
    """Return the trial before its first run, its results on a disk of 200 kB, and what mounts that disk anew."""
    without = pytest.fail if os.environ.get("CI") else pytest.skip
    if os.geteuid() != 0:
        without("only root may mount a small disk")
    study = study_in(tmp_path / "study")
    left_out = shutil.ignore_patterns("results", "logs", ".snakemake")
    shutil.copytree(trial[0].folder, study.folder, ignore=left_out)
    study.results.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(study.results)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        without(f"mount: {made.stderr.strip()}")

    def remount(options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(study.results)], check=True)

    yield study, remount
    subprocess.run(["umount", str(study.results)], check=True)


def written(study):
    return sorted(path.name for path in study.results.rglob("*") if path.is_file())


def test_a_full_disk_is_one_line_and_with_room_the_next_run_completes(small):
    study, remount = small
    run = study.snakemake(TARGET)
    assert run.returncode == 1
    assert "Traceback" not in run.stdout + run.stderr
    (line,) = (study.folder / LOG).read_text(encoding="utf-8").splitlines()
    assert line == f"pet-spect convert: cannot read or write {TARGET} (No space left on device)"
    assert written(study) == ["analysis_plan.json"]
    remount("size=50m")
    again = study.snakemake(TARGET)
    assert again.returncode == 0, again.stderr
    assert TARGET.rpartition("/")[2] in written(study)


def test_results_that_may_not_be_written_are_one_line(small):
    study, remount = small
    remount("ro")
    run = study.snakemake(TARGET)
    assert run.returncode == 1
    assert "Traceback" not in run.stdout + run.stderr
    assert "Read-only file system" in run.stderr
