"""What the terminal says of a study before the work."""

from __future__ import annotations

import pytest

from pet_spect.model import Decision, ScanKey
from pet_spect.study.overview import study_overview


def checks(participants, results):
    lines = study_overview(participants, [], [], ["baseline"], ["FDG"], results).splitlines()
    return [line.removeprefix("Check:        ") for line in lines[4:]]


@pytest.mark.parametrize("name", ["AnnaBerg", "berg", "Berg1961", "19610312", "Berg030412", "H1234567"])
def test_an_identity_that_may_be_a_name_or_a_hospital_number_is_said_without_it(tmp_path, name):
    (line,) = checks(["sub-01", f"sub-{name}"], tmp_path)
    assert line.startswith("participant 2 in participants.tsv looks like a name, a birth date or a hospital number. It")
    assert name not in line


@pytest.mark.parametrize("name", ["01", "A", "STRK001", "S12", "00042", "siteB07", "MCC0012", "patient0001"])
def test_a_code_of_a_trial_is_none(tmp_path, name):
    assert checks([f"sub-{name}"], tmp_path) == []


def test_a_decision_about_a_visit_without_a_scan_is_told(tmp_path):
    scans = [ScanKey("sub-01", "year1", "FDG")]
    wrong, right = (
        Decision("sub-01", session, "FDG", "exclude", None, "moved", "AB", "2026-11-23", "0.2.0")
        for session in ("baseline", "year1")
    )
    overview = study_overview(["sub-01"], scans, [wrong, right], ["baseline", "year1"], ["FDG"], tmp_path)
    assert overview.splitlines()[3:] == [
        "Excluded:     1 scan, signed off in qc.tsv: sub-01 year1 FDG",
        "Check:        qc.tsv decides about sub-01 baseline FDG, not in scans.tsv. Is another scan meant?",
    ]


def test_altered_decisions_are_told_before_anything_is_done(tmp_path):
    key = ScanKey("sub-01", "year1", "FDG")
    altered = Decision("sub-01", "year1", "FDG", "exclude", "qc_altered", "line 2 was altered", "n/a", "n/a", "n/a")
    overview = study_overview(["sub-01"], [key], [altered], ["baseline", "year1"], ["FDG"], tmp_path)
    assert overview.splitlines()[3:] == [
        "Excluded:     none",
        "Check:        signed decisions were altered or removed: sub-01 year1 FDG not used. line 2 was altered",
    ]


def test_results_of_people_who_take_no_part_any_more_are_told(tmp_path):
    for name in ("sub-01", "sub-02", "sub-AnnaBerg", "tables"):
        (tmp_path / name).mkdir()
    assert checks(["sub-01"], tmp_path) == [
        f"{tmp_path}/ still holds sub-02, sub-..., not in participants.tsv. Delete what must not be passed on"
    ]
