"""A scan that cannot be used becomes a line that says why, and the study goes on."""

from __future__ import annotations

import shutil

import pytest
from pydicom import dcmread

from pet_spect.remarks import Remark

from ..studies import rows

pytestmark = pytest.mark.workflow


def files(folder):
    return sorted(path for path in folder.iterdir() if path.is_file())


def truncate(folder, other):
    path = files(folder)[10]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(folder, other):
    for path in files(folder):
        path.unlink()


def mix(folder, other):
    for path in files(other):
        shutil.copy(path, folder / f"other-{path.name}")


def lose_a_slice(folder, other):
    by_height = sorted(files(folder), key=lambda path: dcmread(path).ImagePositionPatient[2])
    by_height[len(by_height) // 2].unlink()


def replace_by_text(folder, other):
    empty(folder, other)
    (folder / "readme.txt").write_text("the disc was not readable\n", encoding="utf-8")


# Code of the refusal, and words of its reason.
BAD = {
    ("sub-01", "baseline", "FDG"): (truncate, "pixels", "file 11 of 71: pixel data have "),
    ("sub-01", "baseline", "IMZ"): (replace_by_text, "no_image", "no DICOM image found, 1 files looked at"),
    ("sub-01", "year1", "FDG"): (lose_a_slice, "slice_spacing", "a slice is missing or misplaced"),
    ("sub-01", "year1", "IMZ"): (empty, "no_image", "no DICOM image found, 0 files looked at"),
    ("sub-02", "baseline", "FDG"): (mix, "mixed_series", "several series (71 + 71 images); one series is needed"),
}


@pytest.fixture(scope="module")
def run(trial, tmp_path_factory, study_in):
    """Return a study of nothing but bad scans, which is quick, and its run."""
    study = study_in(tmp_path_factory.mktemp("bad"))
    good = trial[0].folder / "CANARY_dicom"
    lines = ["participant_id session tracer path"]
    for (person, session, tracer), (spoil, _, _) in BAD.items():
        folder = study.folder / "dicom" / f"{person}-{session}-{tracer}"
        shutil.copytree(good / f"{person}/ses-{session}/{tracer}", folder)
        spoil(folder, good / f"{person}/ses-year1/{tracer}")
        lines.append(f"{person} {session} {tracer} {folder.relative_to(study.folder)}")
    study.write("config/config.yaml", "participants: config/participants.tsv\nscans: config/scans.tsv\n")
    study.write("config/participants.tsv", "participant_id lesion_side\nsub-01 left\nsub-02 right\n")
    study.write("config/scans.tsv", "\n".join([*lines, ""]))
    return study, study.snakemake()


def test_the_run_ends_with_1_and_without_a_traceback(run):
    study, finished = run
    assert finished.returncode == 1
    assert "Traceback" not in finished.stdout + finished.stderr + study.logs()
    failed = [line for line in finished.stderr.splitlines() if " failed." in line]
    assert failed == ["Step accounted failed. Its log is logs/accounted.log"]


@pytest.mark.parametrize("key", BAD, ids="-".join)
def test_each_bad_scan_is_one_line_in_its_log_and_a_row_in_the_table(run, key):
    study, _ = run
    person, session, tracer = key
    _, code, words = BAD[key]
    label, datatype = {"FDG": ("18FFDG", "pet"), "IMZ": ("123IIMZ", "spect")}[tracer]
    stem = f"{person}_ses-{session}_trc-{label}"
    (line,) = (study.folder / f"logs/convert/{stem}_{datatype}.log").read_text(encoding="utf-8").splitlines()
    (scan,) = (
        row
        for row in rows(study.results / "tables/scans.tsv")
        if (row["participant_id"], row["session"], row["tracer"]) == key
    )
    assert (scan["status"], scan["stage"], scan["code"]) == ("refused", "convert", code)
    assert line == f"pet-spect convert: {scan['reason']}"
    assert line.startswith(f"pet-spect convert: {stem}: ")
    assert words in line


def test_all_values_are_na_with_the_reason(run):
    table = rows(run[0].results / "tables/uptake.tsv")
    assert {row["mean"] for row in table} == {"n/a"}
    reasons = {(row["participant_id"], row["session"], row["tracer"]): row["reason"] for row in table}
    assert all(reasons[key] not in ("n/a", Remark.of("no_scan").text) for key in BAD)
    assert reasons["sub-02", "year1", "IMZ"] == Remark.of("no_scan").text
