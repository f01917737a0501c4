"""One whole run of a small simulated trial, and what a change afterwards does again."""

from __future__ import annotations

import csv
import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from pet_spect.cli import main

from .conftest import Study

pytestmark = pytest.mark.workflow

TO_THE_END = {"cohort": 1, "report": 1, "accounted": 1}
QC = (
    "participant_id session tracer decision code reason initials time version\n"
    "sub-02 year1 IMZ exclude not_dicom seen AB 2026-11-23 0.1.0\n"
)
CANARIES = {
    "PatientName": "CANARY^NAME",
    "PatientID": "CANARY-ID",
    "PatientBirthDate": "19510203",
    "InstitutionName": "CANARY HOSPITAL",
    "OperatorsName": "CANARY^OPERATOR",
    "StationName": "CANARYSTATION",
    "StudyDescription": "CANARY STUDY",
    "SeriesDescription": "CANARY SERIES",
    "AccessionNumber": "CANARY-1",
}
IDENTIFYING = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "StudyDate")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def plant_canaries(folder: Path) -> set[str]:
    """Give every DICOM file a person and an institution; return what must not come out again."""
    secrets = {"CANARY", CANARIES["PatientBirthDate"]}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            header = pydicom.dcmread(path)
            secrets |= {str(header[name].value) for name in IDENTIFYING if name in header}
            for name, value in CANARIES.items():
                setattr(header, name, value)
            header.private_block(0x0011, "CANARY CREATOR", create=True).add_new(1, "LO", "CANARY PRIVATE")
            header.save_as(path)
    return secrets


@pytest.fixture(scope="session")
def trial(tmp_path_factory, study_in):
    """Return a trial with canaries in every header and in the paths, a text file in the place of one scan."""
    found = study_in(tmp_path_factory.mktemp("trial"))
    assert main(["simulate", "--out", str(found.folder), "--participants", "2"]) == 0
    secrets = plant_canaries(found.folder / "dicom")
    (found.folder / "dicom").rename(found.folder / "CANARY_dicom")
    (found.folder / "CANARY_dicom/notes.txt").write_text("CANARY was moved to Thursday\n", encoding="utf-8")
    table = found.folder / "config/scans.tsv"
    head, *lines = table.read_text(encoding="utf-8").replace("\tdicom/", "\tCANARY_dicom/").splitlines()
    refused = ["sub-02", "year1", "IMZ", "CANARY_dicom/notes.txt"]
    lines = [line for line in lines if line.split("\t")[:3] != refused[:3]]
    lines.append("\t".join(refused + ["n/a"] * (head.count("\t") - 3)))
    table.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return found, secrets


@pytest.fixture(scope="session")
def first_run(trial):
    study, _ = trial
    return study.snakemake()


@pytest.fixture(scope="session")
def signed(trial, first_run, tmp_path_factory, study_in):
    """Return the study after somebody signed the refusal off, and that run."""
    study = study_in(tmp_path_factory.mktemp("signed") / "study")
    shutil.copytree(trial[0].folder, study.folder)
    study.write("config/qc.tsv", QC)
    plan = study.planned()
    return study, plan, study.snakemake()


@pytest.fixture
def finished(signed, tmp_path, study_in: Callable[[Path], Study]) -> Study:
    """Return a copy of the finished study, to be changed."""
    study = study_in(tmp_path / "study")
    shutil.copytree(signed[0].folder, study.folder)
    return study


def test_a_refused_scan_fails_the_run_by_name_when_the_report_stands(trial, first_run):
    results = trial[0].folder / "results"
    assert first_run.returncode == 1
    assert "pet-spect accounted: 1 scan needs a decision in config/qc.tsv: sub-02_ses-year1 IMZ" in first_run.stderr
    assert (results / "report/index.html").is_file()
    assert not (results / "tables/accounted.tsv").exists()


def test_only_the_last_step_fails(first_run):
    assert {line for line in first_run.stderr.splitlines() if line.startswith("Error in rule")} == {
        "Error in rule accounted:"
    }


def test_a_refused_scan_is_na_with_its_reason_and_the_others_have_values(trial, first_run):
    table = rows(trial[0].folder / "results/tables/uptake.tsv")
    target = [row for row in table if row["region"] == "precentral"]
    assert len(target) == 2 * 2 * 2 * 2  # participants, sessions, tracers, sides
    without = {(row["participant_id"], row["session"], row["tracer"]) for row in target if row["mean"] == "n/a"}
    assert without == {("sub-02", "year1", "IMZ")}
    (scan,) = [row for row in rows(trial[0].folder / "results/tables/scans.tsv") if row["status"] == "refused"]
    assert (scan["stage"], scan["decision"]) == ("convert", "n/a")
    assert scan["code"] != "n/a"
    assert scan["reason"] != "n/a"


def test_nothing_personal_comes_out(trial, first_run):
    study, secrets = trial
    found = []
    for path in [*study.folder.glob("results/**/*"), *study.folder.glob("logs/**/*")]:
        if path.is_file():
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found += [(path.name, secret) for secret in secrets if secret.encode() in content or secret in path.name]
    assert len(secrets) > len(IDENTIFYING)
    assert found == []


def test_a_sign_off_redoes_the_cohort_and_ends_well(signed):
    study, plan, run = signed
    assert plan == TO_THE_END
    assert run.returncode == 0, run.stderr
    counts = rows(study.folder / "results/tables/accounted.tsv")
    assert sum(int(row["scans"]) for row in counts) == 8
    assert [row for row in counts if row["decision"] == "exclude"] != []


def test_a_second_run_has_nothing_to_do(signed):
    assert signed[0].planned() == {}


def test_swapping_the_lesion_side_redoes_the_cohort_and_inverts_the_ratios(finished):
    def contralateral():
        return [
            float(row["value"])
            for row in rows(finished.folder / "results/tables/ratios.tsv")
            if row["participant_id"] == "sub-01"
            and (row["region"], row["measure"], row["reference"]) == ("precentral", "uptake_ratio", "contralateral")
        ]

    table = finished.folder / "config/participants.tsv"
    text, before = table.read_text(encoding="utf-8"), contralateral()
    table.write_text(text.replace("sub-01\tleft", "sub-01\tright"), encoding="utf-8")
    assert table.read_text(encoding="utf-8") != text
    assert finished.planned() == TO_THE_END
    assert finished.snakemake("--until", "cohort").returncode == 0
    assert len(before) == 4
    assert contralateral() == pytest.approx([1 / value for value in before])


def test_another_coverage_redoes_the_measurement_and_nothing_before(finished):
    config = finished.folder / "config/config.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "measure: {min_coverage: 0.8}\n", encoding="utf-8")
    assert finished.planned() == TO_THE_END | {"measure": 2}


def test_a_file_touched_inside_a_folder_is_converted_again(finished):
    changed = sorted((finished.folder / "CANARY_dicom/sub-01/ses-year1/FDG").iterdir())[3]
    os.utime(changed)
    assert finished.planned() == TO_THE_END | {"convert": 1, "normalise": 1, "measure": 1, "figures": 1}


def test_a_new_participant_redoes_nobody_else(finished):
    table = finished.folder / "config/participants.tsv"
    head, *lines = table.read_text(encoding="utf-8").splitlines()
    lines.append("\t".join(["sub-03", "left"] + ["n/a"] * (head.count("\t") - 1)))
    table.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    assert finished.planned() == TO_THE_END | {"measure": 1}


def test_a_weight_filled_in_redoes_that_scan_alone(finished):
    table = finished.folder / "config/scans.tsv"
    head, *lines = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines())
    lines[0][head.index("weight_kg")] = "71"
    table.write_text("\n".join("\t".join(line) for line in [head, *lines]) + "\n", encoding="utf-8")
    assert finished.planned() == TO_THE_END | {"convert": 1, "normalise": 1, "measure": 1, "figures": 1}


def test_snakemake_makes_its_own_report_of_the_pictures(finished):
    run = finished.snakemake("--report", "snakemake.html")
    assert run.returncode == 0, run.stderr
    assert "trc-18FFDG_registration.png" in (finished.folder / "snakemake.html").read_text(encoding="utf-8")
