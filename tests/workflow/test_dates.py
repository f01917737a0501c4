"""Results and tables of a computer whose clock is wrong."""

from __future__ import annotations

import os
import time

import pytest

from pet_spect.results import layout

from ..faults import contents
from ..paused import TARGET

pytestmark = pytest.mark.workflow


def test_a_result_that_is_dated_in_the_future_is_made_again(study):
    image = study.folder / TARGET
    assert study.snakemake(TARGET).returncode == 0
    content = image.read_bytes()
    image.write_bytes(b"of an earlier scan")
    os.utime(image, (4e9, 4e9))
    run = study.snakemake(TARGET)
    assert run.returncode == 0
    assert f"Made again:   {TARGET}, dated in the future by a computer whose clock is wrong" in run.stderr
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


def test_what_is_gone_or_dated_in_the_future_is_made_again_and_nothing_else(finished):
    ahead = time.time() + 3600
    made = contents(finished)
    lost = [finished.results / name for name in (layout.lesion_mask("sub-01"), "tables/checks.tsv")]
    for path in lost:
        path.unlink()
    later = finished.results / "tables/scans.tsv"
    later.write_text("altered", encoding="utf-8")
    os.utime(later, (ahead, ahead))
    planned = finished.planned()
    assert {"normalise": 1, "cohort": 1}.items() <= planned.items()
    assert "convert" not in planned
    run = finished.snakemake()
    assert run.returncode == 0, run.stderr
    assert contents(finished) == made
    assert later.stat().st_mtime <= time.time()


def test_a_change_is_seen_although_the_tables_are_dated_later(finished):
    ahead = time.time() + 2
    for path in (finished.results / "tables").iterdir():
        os.utime(path, (ahead, ahead))
    table = finished.folder / "config/participants.tsv"
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    time.sleep(3)  # nothing is dated in the future any more, and the change is older
    assert finished.planned()["cohort"] == 1
