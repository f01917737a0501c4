"""One simulated trial, its first run and the run after a decision: made once for all test processes."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydicom

from pet_spect.cli import main

from .studies import Study

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


def write_trial(folder: Path) -> None:
    """Write a trial with canaries in every header and in the paths, a text file in the place of one scan."""
    study = folder / "study"
    assert main(["simulate", "--out", str(study), "--participants", "2"]) == 0
    secrets = plant_canaries(study / "dicom")
    (study / "dicom").rename(study / "CANARY_dicom")
    (study / "CANARY_dicom/notes.txt").write_text("CANARY was moved to Thursday\n", encoding="utf-8")
    table = study / "config/scans.tsv"
    head, *lines = table.read_text(encoding="utf-8").replace("\tdicom/", "\tCANARY_dicom/").splitlines()
    refused = ["sub-02", "year1", "IMZ", "CANARY_dicom/notes.txt"]
    lines = [line for line in lines if line.split("\t")[:3] != refused[:3]]
    lines.append("\t".join(refused + ["n/a"] * (head.count("\t") - 3)))
    table.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    _keep(folder, secrets=sorted(secrets))


def secrets_of(folder: Path) -> set[str]:
    """Return what must not come out of the trial again."""
    return set(_kept(folder)["secrets"])


def run_first(folder: Path, study: Study) -> None:
    """Run the trial for the first time, which a refused scan lets fail at the very end."""
    folder.mkdir()
    _keep(folder, run=vars(study.snakemake()))


def sign_and_run(folder: Path, first: Study, study: Study) -> None:
    """Make a study of the trial after its first run, sign the refusal off, and run that."""
    shutil.copytree(first.folder, study.folder)
    study.write("config/qc.tsv", QC)
    _keep(folder, plan=study.planned(), run=vars(study.snakemake()))


def plan_of(folder: Path) -> dict[str, int]:
    """Return what was planned after the decision."""
    return dict(_kept(folder)["plan"])


def run_of(folder: Path) -> subprocess.CompletedProcess[str]:
    """Return a run that was kept."""
    return subprocess.CompletedProcess(**_kept(folder)["run"])


def _keep(folder: Path, **values: Any) -> None:
    (folder / "kept.json").write_text(json.dumps(values), encoding="utf-8")


def _kept(folder: Path) -> Mapping[str, Any]:
    return dict(json.loads((folder / "kept.json").read_text(encoding="utf-8")))
