"""Whatever ends a run early leaves no half file under a final name, and the next run completes it."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import time

import pytest

from ..studies import PET_SPECT

pytestmark = pytest.mark.workflow


@pytest.fixture
def unrun(trial, tmp_path, study_in):
    """Return the trial before its first run, with the scans of one person."""
    study = study_in(tmp_path / "study")
    left_out = shutil.ignore_patterns("results", "logs", ".snakemake")
    shutil.copytree(trial[0].folder, study.folder, ignore=left_out)
    table = study.folder / "config/scans.tsv"
    head, *lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([head, *(line for line in lines if line.startswith("sub-01\t")), ""]), encoding="utf-8")
    return study


def begin(command, folder):
    """Start a command in a process group of its own, as a terminal does, even where the tests run in the background."""
    # A command inherits that SIGINT is ignored, and not a handler of it. A preexec_fn is not safe beside threads.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def end_when_a_file_is_half_written(process, folder, number):
    until = time.monotonic() + 60
    while not any(folder.rglob(".partial-*")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
    os.killpg(process.pid, number)
    return process.communicate(timeout=60)


def converting(study):
    command = [str(PET_SPECT), "convert", "CANARY_dicom/sub-01/ses-baseline/FDG", "--label", "sub-01"]
    return [*command, "--out", "results/scan.nii.gz"]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_interrupted_conversion_leaves_nothing_and_says_so_in_one_line(unrun):
    process = begin(converting(unrun), unrun.folder)
    _, said = end_when_a_file_is_half_written(process, unrun.folder, signal.SIGINT)
    assert (process.returncode, said) == (130, "pet-spect convert: interrupted\n")
    assert names(unrun.results) == []


def test_a_terminated_conversion_leaves_nothing(unrun):
    process = begin(converting(unrun), unrun.folder)
    _, said = end_when_a_file_is_half_written(process, unrun.folder, signal.SIGTERM)
    assert (process.returncode, said) == (128 + signal.SIGTERM, "")
    assert names(unrun.results) == []


def test_a_killed_conversion_leaves_no_final_name_and_the_next_one_cleans_up(unrun):
    process = begin(converting(unrun), unrun.folder)
    end_when_a_file_is_half_written(process, unrun.folder, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert [name for name in names(unrun.results) if not name.startswith(".partial-")] == []
    assert subprocess.run(converting(unrun), cwd=unrun.folder, check=False).returncode == 0
    assert names(unrun.results) == ["scan.json", "scan.nii.gz"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on_where_it_was(unrun, number):
    process = begin(unrun.command("--cores", "1", "--until", "convert"), "/")
    _, said = end_when_a_file_is_half_written(process, unrun.folder, number)
    assert process.returncode != 0
    assert "Traceback" not in said
    for path in unrun.results.rglob("sub-*.nii.gz"):
        assert gzip.decompress(path.read_bytes()) != b""
    if number == signal.SIGKILL:
        locked = unrun.snakemake("--until", "convert")
        assert locked.returncode == 1
        assert "type: pet-spect recover" in locked.stderr
        assert unrun.snakemake("--unlock").returncode == 0
    again = unrun.snakemake("--until", "convert")
    assert again.returncode == 0, again.stderr
    assert len(list(unrun.results.rglob("sub-*.nii.gz"))) == 4
    assert list(unrun.results.rglob(".partial-*")) == []


def test_an_interrupted_normalisation_leaves_nothing(signed, tmp_path):
    stem = "sub-01_ses-baseline_trc-18FFDG_pet.nii.gz"
    image = signed[0].results / "sub-01/ses-baseline/pet" / stem
    command = [str(PET_SPECT), "normalise", "--participant", "sub-01", "--results", "results"]
    process = begin([*command, "--scan", "baseline", "FDG", str(image)], tmp_path)
    assert process.stderr is not None
    assert process.stderr.readline() == "sub-01: registering 1 scans\n"
    time.sleep(3)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "pet-spect normalise: interrupted\n")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
