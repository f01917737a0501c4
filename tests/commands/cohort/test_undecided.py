"""The study as if nobody had decided, beside the decided one."""

from __future__ import annotations

import pytest

from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.remarks import Remark, write_remark
from pet_spect.results.typed_json import as_json

from .test_cohort import Study

ACCEPTED = [write_remark(Remark.said("gate_overlap", "overlap is 0.60, 0.70 is needed"))]
FAULTY = {("year1", "FDG"): {"Warnings": ACCEPTED, "Accepted": ACCEPTED}}


@pytest.fixture
def study(tmp_path):
    """Return a study of five people whose FDG ratio rises by 0.125, 0.25, 0.375, 0.5 and 0.625."""
    found = Study(tmp_path)
    for number, rise in enumerate((1.0, 2.0, 3.0, 4.0, 5.0), start=1):
        facts = FAULTY if number == 5 else None
        found.add(f"sub-0{number}", means={("year1", "FDG"): {("motor", "left"): 6.0 + rise}}, facts=facts)
    return found


def fdg(study):
    return next(
        row
        for row in study.table("decided")
        if (row["tracer"], row["region"], row["measure"], row["quantity"]) == ("FDG", "motor", "uptake_ratio", "change")
        and (row["reference"], row["analysis_set"]) == ("cerebellum_ipsilesional", "as_accepted")
    )


def test_an_accepted_scan_is_missing_where_nobody_had_decided(study):
    study.decide("sub-05", "year1", "FDG", "accept", "gate_overlap")
    assert study.run() == 0
    row = fdg(study)
    assert (row["n"], row["mean_change"]) == ("5", "0.375")
    assert (row["n_everything"], row["mean_change_everything"]) == ("4", "0.3125")


def test_an_excluded_scan_is_there_where_nobody_had_decided(study):
    study.decide("sub-01", "year1", "FDG", "exclude", "moved")
    study.decide("sub-05", "year1", "FDG", "accept", "gate_overlap")
    assert study.run() == 0
    row = fdg(study)
    assert (row["n"], row["mean_change"]) == ("4", "0.4375")
    assert (row["n_everything"], row["mean_change_everything"]) == ("4", "0.3125")
    assert row["n_not_measured"] == "0"


def test_a_scan_that_a_check_excluded_and_a_person_accepted_is_missing_too(tmp_path):
    study = Study(tmp_path)
    early = {("baseline", "IMZ"): {"Protocol": as_json(ScanProtocol(start_minutes=30.0))}}
    study.add("sub-01", facts=early)
    study.decide("sub-01", "baseline", "IMZ", "accept", "uptake_window")
    assert study.run() == 0
    rows = [row for row in study.table("decided") if row["tracer"] == "IMZ" and row["region"] == "motor"]
    rows = [row for row in rows if row["analysis_set"] == "as_accepted"]
    assert {(row["n"], row["n_everything"]) for row in rows} == {("1", "0")}


def test_without_decisions_both_are_the_summary(tmp_path):
    study = Study(tmp_path)
    study.add("sub-01")
    assert study.run() == 0
    summary = [(row["n"], row["mean_change"]) for row in study.table("summary")]
    assert [(row["n"], row["mean_change"]) for row in study.table("decided")] == summary
    assert [(row["n_everything"], row["mean_change_everything"]) for row in study.table("decided")] == summary


@pytest.mark.parametrize("people", [0, 2])
def test_a_study_whose_scans_are_all_missing_has_its_rows(tmp_path, people):
    study = Study(tmp_path)
    gone = {
        (session, tracer): {"Status": "missing", "Reason": "no scan listed"}
        for session in ("baseline", "year1")
        for tracer in ("FDG", "IMZ")
    }
    for number in range(people):
        study.add(f"sub-0{number}", facts=gone)
    assert study.run() == 0
    assert study.table("decisions") == []
    if people:
        assert {(row["n"], row["n_everything"]) for row in study.table("decided")} == {("0", "0")}
        assert {row["result"] for row in study.table("checks")} == {"n/a"}
