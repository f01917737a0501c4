"""Results and tables of a computer whose clock is wrong."""

from __future__ import annotations

import os
import time

import pytest

from ..paused import TARGET, recover

pytestmark = pytest.mark.workflow


def test_a_result_that_is_dated_in_the_future_is_made_again_after_recover(study):
    image = study.folder / TARGET
    assert study.snakemake(TARGET).returncode == 0
    content = image.read_bytes()
    image.write_bytes(b"of an earlier scan")
    os.utime(image, (4e9, 4e9))
    for options in ([], ["-n"]):
        run = study.snakemake(*options, TARGET)
        assert run.returncode == 1
        assert f"pet_spect: {TARGET} has a date in the future (2096-10-" in run.stderr
        assert f"type: pet-spect recover {study.folder} --yes\n" in run.stderr
    assert recover(study, "--yes").returncode == 0
    assert study.snakemake(TARGET).returncode == 0
    assert image.read_bytes() == content
    assert image.stat().st_mtime <= time.time()


def test_a_table_and_a_sidecar_that_are_dated_in_the_future_stop_the_run_in_one_line(study):
    scans = study.folder / "config/scans.tsv"
    scans.write_text(scans.read_text(encoding="utf-8").replace("dicom/01/baseline/FDG", "fdg.nii.gz"), encoding="utf-8")
    study.write("fdg.nii.gz", "")
    study.write("fdg.json", "{}")
    for name in ("config/participants.tsv", "fdg.json"):
        os.utime(study.folder / name, (4e9, 4e9))
    run = study.snakemake("-n")
    assert run.returncode == 1
    said = [line for line in run.stderr.splitlines() if line.startswith("pet_spect: ")]
    assert len(said) == 1
    assert said[0].startswith("pet_spect: config/participants.tsv and 1 more have a date in the future (2096-10-")
    assert said[0].endswith("from a computer whose clock is wrong; type: touch config/participants.tsv fdg.json")


def test_a_step_after_a_result_that_is_dated_a_minute_ahead_does_not_fail(finished):
    (finished.results / "tables/accounted.tsv").unlink()
    ahead = time.time() + 55
    os.utime(finished.results / "tables/scans.tsv", (ahead, ahead))
    run = finished.snakemake()
    assert run.returncode == 0, run.stderr
    assert (finished.results / "tables/accounted.tsv").stat().st_mtime == pytest.approx(ahead)
