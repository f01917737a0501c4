from __future__ import annotations

import pytest

from pet_spect.errors import StudyError
from pet_spect.model import ScanKey
from pet_spect.study.decisions import decisions_by_scan

QC_HEADER = "participant_id decision session tracer code reason initials time version"


def test_a_decision_says_who_when_and_why(decisions):
    (decision,) = decisions(QC_HEADER, "sub-01 accept baseline FDG suv_missing seen AB 2026-11-23 0.1.0")
    assert decision.key == ScanKey("sub-01", "baseline", "FDG")
    assert (decision.decision, decision.code, decision.initials) == ("accept", "suv_missing", "AB")


def test_a_misspelled_code_is_not_accepted_in_silence(decisions):
    with pytest.raises(
        StudyError, match=r"code: found 'gate_overlp', needed a code of .*; did you mean 'gate_overlap'"
    ):
        decisions(QC_HEADER, "sub-01 accept baseline FDG gate_overlp seen AB 2026-11-23 0.2.0")


@pytest.mark.parametrize("day", ["2026-13-45", "2026-02-30", "2026-11-23T25:00"])
def test_a_decision_has_a_date_of_the_calendar(decisions, day):
    with pytest.raises(StudyError, match=f"line 2, time: found '{day}', needed an existing date"):
        decisions(QC_HEADER, f"sub-01 accept baseline FDG suv_missing seen AB {day} 0.2.0")


@pytest.mark.parametrize("column", ["reason", "initials", "time", "version"])
def test_a_decision_without_a_signature_does_not_count(decisions, column):
    signed = {"reason": "seen", "initials": "AB", "time": "2026-11-23", "version": "0.1.0"} | {column: "n/a"}
    with pytest.raises(StudyError, match=f"line 2, {column}: found 'n/a', needed a value"):
        decisions(QC_HEADER, " ".join(["sub-01 accept baseline FDG code", *signed.values()]))


def test_a_decision_is_accept_or_exclude(decisions):
    with pytest.raises(StudyError, match="decision: found 'ok', needed accept or exclude"):
        decisions(QC_HEADER, "sub-01 ok baseline FDG code seen AB 2026-11-23 0.1.0")


def test_accepting_needs_the_code_it_accepts_and_excluding_does_not(decisions):
    with pytest.raises(StudyError, match="line 2: accept needs the code it accepts"):
        decisions(QC_HEADER, "sub-01 accept baseline FDG n/a seen AB 2026-11-23 0.1.0")
    (decision,) = decisions(QC_HEADER, "sub-01 exclude baseline FDG n/a seen AB 2026-11-23 0.1.0")
    assert decision.code is None


def test_a_scan_is_not_both_accepted_and_excluded(decisions):
    rows = [f"sub-01 {verdict} baseline FDG code seen AB 2026-11-23 0.1.0" for verdict in ("accept", "exclude")]
    with pytest.raises(StudyError, match="line 3: sub-01 baseline FDG is a duplicate of line 2"):
        decisions(QC_HEADER, *rows)


def test_a_scan_may_be_accepted_with_several_codes_each_once(decisions):
    rows = [f"sub-01 accept baseline FDG gate_{code} seen AB 2026-11-23 0.2.0" for code in ("overlap", "similarity")]
    found = decisions(QC_HEADER, *rows)
    assert [decision.code for decision in decisions_by_scan(found)[found[0].key]] == ["gate_overlap", "gate_similarity"]
    with pytest.raises(StudyError, match="line 4: sub-01 baseline FDG is a duplicate of line 2"):
        decisions(QC_HEADER, *rows, rows[0])


def test_a_line_with_the_former_name_of_a_code_accepts_the_code_of_today(decisions):
    old = "sub-01 accept year1 FDG gate_stranger seen AB 2026-11-28 0.2.0"
    (decision,) = decisions(QC_HEADER, old)
    assert decision.code == "gate_identity"
    with pytest.raises(StudyError, match="line 3: sub-01 year1 FDG is a duplicate of line 2"):
        decisions(QC_HEADER, old, old.replace("gate_stranger", "gate_identity"))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("gate_mirrored_visit", "left and right are exchanged in one of the scans, and it is unknown in which"),
        ("identical_scans", "one scan cannot be two visits"),
        ("gate_field_of_view", "the part that is out of view cannot be measured"),
    ],
)
def test_accepting_what_nobody_can_accept_is_an_error_that_says_why(decisions, code, why):
    good = "sub-01 accept year1 FDG gate_overlap seen AB 2026-11-28 0.2.0"
    message = rf"qc.tsv: line 3: {code} cannot be accepted: {why}; correct the scan or its line .* or write exclude"
    with pytest.raises(StudyError, match=message):
        decisions(QC_HEADER, good, f"sub-01 accept baseline FDG {code} seen AB 2026-11-28 0.2.0")
    (excluded,) = decisions(QC_HEADER, f"sub-01 exclude baseline FDG {code} seen AB 2026-11-28 0.2.0")
    assert excluded.code == code


def test_a_line_of_version_0_1_and_a_code_that_no_longer_exists_stay_valid(decisions):
    rows = [
        "sub-01 accept baseline FDG identical_scans seen AB 2026-11-23 0.1.0",
        "sub-01 accept year1 FDG gate_of_long_ago seen AB 2026-11-23 0.2.0",
    ]
    assert [decision.code for decision in decisions(QC_HEADER, *rows)] == ["identical_scans", "gate_of_long_ago"]
