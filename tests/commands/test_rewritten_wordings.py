"""Nothing but the text of a remark depends on its wording: the steps are run again with every wording rewritten."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pet_spect import remarks
from pet_spect.cli import main
from pet_spect.files import sidecar
from pet_spect.model import Refusal
from pet_spect.remarks import codes_in
from pet_spect.remarks.catalogue import CATALOGUE
from pet_spect.results import layout
from pet_spect.results.registration.registration_entries import RefusedAnat
from pet_spect.results.registration.registration_record import write_registration_record
from pet_spect.tsv import read_table
from tests import records
from tests.commands.cohort.test_cohort import MEANS, SESSIONS, TRACERS, Study
from tests.commands.measure.test_measure import LABELS, Participant, cut_at_the_top, halves
from tests.dicom.conftest import drug_item, pet_slice
from tests.report.conftest import _write_picture

TABLES = ("uptake", "ratios", "change", "summary", "scans")
CELLS = ("reason", "warnings")
REWRITTEN = {
    "short": "x",
    "like a cell": "twice; no_suv: none; gate_scale: {{}}; weight_conflict",
    "code in front": "low_coverage: cut; x",
}
WORDS = " ".join(REWRITTEN.values())


def rewritten(wording):
    """Return the catalogue with another wording for everything that has one."""
    return {
        code: replace(kind, wording=wording if isinstance(kind.wording, str) else dict.fromkeys(kind.wording, wording))
        if kind.wording is not None and not (kind.has_no_code and ":" in wording)  # which could not be told from a code
        else kind
        for code, kind in CATALOGUE.items()
    }


def converted(folder: Path) -> list[dict]:
    """Convert a PET with many doubtful numbers, then its NIfTI and JSON, and return both sidecars."""
    stored = np.arange(4 * 6 * 5).reshape(4, 6, 5)
    slices = [pet_slice(plane, (-10, -20, 3 * k)) for k, plane in enumerate(stored)]
    drug = drug_item(RadionuclideTotalDose="5", RadionuclideHalfLife="7000")
    for number, one in enumerate(slices):
        one.PatientWeight, one.PatientSize, one.NumberOfSlices = "70000", "175", 9
        one.BurnedInAnnotation, one.ConversionType, one.RescaleType = "YES", "WSD", "CNTS"
        one.RadiopharmaceuticalInformationSequence = [drug]
        (folder / "dicom").mkdir(parents=True, exist_ok=True)
        one.save_as(folder / f"dicom/{number}.dcm", enforce_file_format=True)
    body = ["--sex", "F", "--weight-kg", "90", "--injection-time", "10:20", "--uptake-minutes", "90"]
    images = [folder / f"{name}.nii.gz" for name in ("first", "second")]
    for source, image in zip((folder / "dicom", images[0]), images, strict=True):
        assert main(["convert", str(source), "--out", str(image), *body]) == 0
    return [json.loads(Path(sidecar(str(image))).read_text()) for image in images]


def measured(folder: Path, warnings: list[dict]) -> Participant:
    """Measure a person: one scan cut at the top, one refused, one whole, one missing; a refused anatomical image."""
    folder.mkdir()
    person = Participant(folder)
    person.anat = RefusedAnat(kind="unknown", refusal=Refusal("convert", "anat_thick", "6 mm"))
    cut = halves(60.0, 90.0)
    cut[:, :, 6:] = np.nan
    person.add("baseline", "FDG", cut, told=cut_at_the_top(), Warnings=warnings)
    person.add("year1", "FDG", halves(60.0, 90.0), SUVbwFactor=None, SUVReason="no dose", Warnings=warnings)
    person.add("baseline", "IMZ", halves(60.0, 90.0), refused=True)
    assert person.run() == 0
    return person


def reported(folder: Path, warnings: list[dict]) -> Study:
    """Make the tables of a cohort with refusals, flags and sign-offs, its report, and the account of it."""
    study = Study(folder)
    refused = Refusal("normalise", "gate_overlap", "overlap is 0.66")
    fault = remarks.write_remark(refused.remark)
    gone = {"Status": "refused", "Stage": "convert", "Code": "mixed_orientation", "Reason": "two orientations"}
    facts = {
        ("baseline", "FDG"): {"Warnings": warnings, "AttenuationCorrection": None},
        ("year1", "FDG"): {"Warnings": [fault], "Accepted": [fault], "SUVbwFactor": None},
        ("baseline", "IMZ"): {"AttenuationCorrection": False},
    }
    study.add("sub-01", facts=facts)
    study.add("sub-02", facts={("year1", "FDG"): gone, ("year1", "IMZ"): missing_scan()})
    mirrored = {(region, other(side)): mean for (region, side), mean in MEANS.items()}
    study.add(
        "sub-03",
        means={("year1", "FDG"): mirrored},
        facts={("year1", "FDG"): {"DeficitMl": {"left": 0.0, "right": 20.0}}},
    )
    study.add("sub-04", means={(session, "FDG"): {("pons", "n/a"): 0.0} for session in SESSIONS})
    study.add("sub-05", lesion_side="right")
    study.decide("sub-01", "year1", "FDG", "accept", "gate_overlap")
    study.decide("sub-02", "year1", "FDG", "accept", "mixed_orientation")
    study.decide("sub-04", "year1", "IMZ", "exclude", "motion")
    study.decide("sub-05", "baseline", "FDG", "accept", "laterality_disagree")
    study.list_scan("sub-01", "baseline", "FDG", days="365", glucose="200", benzodiazepine="yes")
    study.list_scan("sub-01", "year1", "FDG", days="-5")
    assert study.run() == 0
    for who in (f"sub-0{number}" for number in range(1, 6)):
        entries = [records.registered(s, t, LABELS[t][0]) for s in SESSIONS for t in TRACERS]
        write_registration_record(study.results / layout.registration_record(who), records.record_of(who, *entries))
        for session, tracer in ((s, t) for s in SESSIONS for t in TRACERS):
            _write_picture(study.results, who, session, tracer)
    assert main(["report", str(study.results)]) == 0
    return study


def missing_scan():
    return {"Status": "missing", "Reason": remarks.Remark.of("no_scan").text}


def other(side):
    return {"left": "right", "right": "left"}.get(side, side)


def said(rows):
    """Return rows with the codes of a cell in the place of its words."""
    return [{name: sorted(codes_in(text)) if name in CELLS else text for name, text in row.items()} for row in rows]


def everything(folder: Path):
    """Return what the steps write, without the words of remarks, and the codes that the report shows."""
    sidecars = converted(folder / "convert")
    warnings = sidecars[0]["Warnings"]
    person = measured(folder / "measure", warnings)
    study = reported(folder / "cohort", warnings)
    page = (study.results / "report" / "index.html").read_text(encoding="utf-8")
    for told in sidecars:
        told.pop("SUVReason", None)
        told.pop("Provenance")  # holds hashes of files with words in them
    told = {
        "sidecars": [told | {"Warnings": facts_of(told["Warnings"])} for told in sidecars],
        "measured": [scan | {"Warnings": facts_of(scan["Warnings"]), "Reason": None} for scan in all_scans(person)],
        "rows": said(read_table(person.out)),
        "page": {code for code in CATALOGUE if f"{code}:" in page} - {code for code in CATALOGUE if code in WORDS},
    }
    for name in TABLES:
        told[name] = said(study.table(name))
        for row in told[name] if name == "scans" else []:
            row["reason"] = row["sign_off"] = None  # the text of the fault without its code, which stands beside it
    told["accounted"] = accounted(study)
    return told


def accounted(study):
    """Return the two accounts of a study: as it is, and once every open refusal is excluded."""
    first = study.accounted()
    for row in study.table("scans"):
        if row["status"] in ("refused", "excluded") and row["decision"] == "n/a":
            scan = [row["participant_id"], row["session"], row["tracer"]]
            study.decisions = [one for one in study.decisions if one[:3] != scan]
            study.decide(*scan, "exclude", row["code"])
    assert study.run() == 0
    return first, study.accounted(), read_table(study.results / "tables" / "accounted.tsv")


def all_scans(person):
    return [person.told(session, tracer) for session in SESSIONS for tracer in LABELS]


def facts_of(warnings):
    return [(warning["Code"], warning["Fields"]) for warning in warnings]


@pytest.fixture(scope="module")
def as_worded(tmp_path_factory):
    return everything(tmp_path_factory.mktemp("as_worded"))


def test_the_steps_meet_remarks_of_every_kind(as_worded):
    codes = {code for warnings in as_worded["sidecars"] for code, _ in warnings["Warnings"]}
    for rows in (as_worded["rows"], *(as_worded[name] for name in TABLES)):
        codes |= {code for row in rows for name in CELLS for code in row.get(name) or ()}
    codes |= {row["code"] for row in as_worded["scans"]}
    assert len(as_worded["sidecars"][0]["Warnings"]) >= 9
    assert codes >= {
        *("weight_in_grams", "units_conflict", "secondary_image", "half_life_conflict", "low_coverage", "brain_cut"),
        *("gate_scale", "gate_overlap", "mixed_orientation", "anat_refused", "no_suv", "no_lesion_mask"),
        *("benzodiazepine", "glucose_high", "visit_order", "attenuation_unknown", "no_attenuation_correction"),
        *("laterality_disagree", "denominator_too_small", "excluded", "motion"),
    }
    assert {row["qc"] for row in as_worded["ratios"]} == {"pass", "warn", "fail"}
    assert as_worded["accounted"][:2] == (1, 0)
    assert len(as_worded["page"]) > 10


@pytest.mark.parametrize("wording", REWRITTEN.values(), ids=REWRITTEN)
def test_only_the_text_of_remarks_changes_with_their_wording(as_worded, tmp_path, monkeypatch, wording):
    monkeypatch.setattr(remarks, "CATALOGUE", rewritten(wording))
    again = everything(tmp_path)
    assert again.keys() == as_worded.keys()
    for name, told in as_worded.items():
        assert again[name] == told, name
