from __future__ import annotations

from pathlib import Path

import pytest

from pet_spect.errors import StudyError
from pet_spect.model import ScanKey
from pet_spect.study.decisions import decisions_by_scan, read_decisions
from pet_spect.study.participants import read_participants
from pet_spect.study.scans import read_scans

SESSIONS, TRACERS = ["baseline", "year1"], ["FDG", "IMZ"]
QC_HEADER = "participant_id decision session tracer code reason initials time version"


def table(path: Path, *lines: str) -> Path:
    """Write lines whose columns are separated by single blanks."""
    path.write_text("".join(line.replace(" ", "\t") + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def scans(tmp_path):
    return lambda *lines: read_scans(table(tmp_path / "scans.tsv", *lines), {"sub-01"}, SESSIONS, TRACERS)


@pytest.fixture
def participants(tmp_path):
    return lambda *lines: read_participants(table(tmp_path / "participants.tsv", *lines))


@pytest.fixture
def decisions(tmp_path):
    return lambda *lines: read_decisions(table(tmp_path / "qc.tsv", *lines))


def test_participants_keep_their_order_and_what_the_table_says(participants):
    people = participants(
        "participant_id lesion_side lesion_mask lesion_territory height_m sex",
        "sub-02 right masks/02.nii.gz infratentorial 1.72 F",
        "sub-01 left n/a n/a n/a n/a",
    )
    assert list(people) == ["sub-02", "sub-01"]
    second, first = people.values()
    assert (second.lesion_side, second.lesion_mask, second.height_m) == ("right", Path("masks/02.nii.gz"), 1.72)
    assert (second.lesion_territory, second.sex) == ("infratentorial", "F")
    assert (first.lesion_side, first.lesion_mask, first.height_m, first.sex) == ("left", None, None, None)
    assert first.lesion_territory == "n/a"


@pytest.mark.parametrize("side", ["Left", "L", "ipsilateral", "both", "n/a"])
def test_a_side_is_left_or_right_and_nothing_else(participants, side):
    with pytest.raises(StudyError, match=f"line 2, lesion_side: found '{side}', needed left or right"):
        participants("participant_id lesion_side", f"sub-01 {side}")


def test_a_side_in_capitals_is_told_the_spelling(participants):
    with pytest.raises(StudyError, match=r"did you mean 'right'\?"):
        participants("participant_id lesion_side", "sub-01 RIGHT")


def test_a_participant_cannot_have_two_sides(participants):
    with pytest.raises(StudyError, match="line 4: sub-01 is a duplicate of line 2"):
        participants("participant_id lesion_side", "sub-01 left", "sub-02 left", "sub-01 right")


def test_a_participant_may_have_an_anatomical_image_and_name_its_series(participants):
    people = participants(
        "participant_id lesion_side anat anat_series",
        "sub-01 left dicom/mr 0123ABCD",
        "sub-02 left dicom/mr 4567ef01",
        "sub-03 left mri/03_T1w.nii.gz n/a",
        "sub-04 right n/a n/a",
    )
    assert [(person.anat, person.anat_series) for person in people.values()] == [
        (Path("dicom/mr"), "0123abcd"),
        (Path("dicom/mr"), "4567ef01"),
        (Path("mri/03_T1w.nii.gz"), None),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("sub-01 left a n/a", "sub-02 left a n/a"), "line 3: anat a is the path of line 2; each scan needs its own"),
        (("sub-01 left a 0123abcd", "sub-02 left a/b n/a"), "line 3: anat a/b lies inside that of line 2"),
        (("sub-01 left n/a 0123abcd",), "anat_series: found '0123abcd', needed n/a, for the column anat names no"),
        (("sub-01 left a T1",), "anat_series: found 'T1', needed the 8 hexadecimal digits"),
        (("sub-01 left a_T1w.nii.gz 0123abcd",), "anat_series: found '0123abcd', needed n/a, for a NIfTI image"),
        (("sub-01 left {a} n/a",), "anat: found '{a}', needed a path without"),
    ],
)
def test_an_anatomical_image_is_one_persons_and_one_series(participants, rows, message):
    with pytest.raises(StudyError, match=message):
        participants("participant_id lesion_side anat anat_series", *rows)


@pytest.mark.parametrize("column", ["treatment_mask"])
def test_a_column_that_nothing_reads_must_be_empty(participants, column):
    header = f"participant_id lesion_side {column}"
    assert participants(header, "sub-01 left n/a")["sub-01"].lesion_side == "left"
    with pytest.raises(StudyError, match=r"needed n/a \(not supported yet in this version\)"):
        participants(header, "sub-01 left file.nii.gz")


def test_an_unknown_column_is_an_error(participants):
    with pytest.raises(StudyError, match="column 'leison_mask' is not known"):
        participants("participant_id lesion_side leison_mask", "sub-01 left n/a")


def test_a_scan_holds_numbers_where_the_table_does(scans):
    (scan,) = scans(
        "participant_id session tracer path weight_kg dose_mbq injection_time benzodiazepine",
        "sub-01 year1 IMZ dicom/1 70.5 n/a 09:30 no",
    )
    assert scan.key == ScanKey("sub-01", "year1", "IMZ")
    assert (scan.path, scan.weight_kg, scan.dose_mbq) == (Path("dicom/1"), 70.5, None)
    assert (scan.injection_time, scan.benzodiazepine, scan.orientation) == ("09:30", False, None)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("sub-02 baseline FDG x", "participant_id: found 'sub-02', needed somebody participants.tsv lists"),
        ("sub-01 Baseline FDG x", r"session: found 'Baseline', needed baseline or year1 \(did you mean 'baseline'"),
        ("sub-01 baseline fdg x", r"tracer: found 'fdg', needed FDG or IMZ \(did you mean 'FDG'"),
        ("sub-01 baseline FDG n/a", "path: found 'n/a', needed a value"),
    ],
)
def test_a_scan_of_something_unknown_is_an_error(scans, row, message):
    with pytest.raises(StudyError, match=message):
        scans("participant_id session tracer path", row)


def test_one_visit_has_one_scan_of_a_tracer(scans):
    with pytest.raises(StudyError, match="line 3: sub-01 baseline FDG is a duplicate of line 2"):
        scans("participant_id session tracer path", "sub-01 baseline FDG x", "sub-01 baseline FDG y")


@pytest.mark.parametrize(
    ("other", "how"),
    [
        ("dicom/1/", "is the path"),
        ("./dicom/x/../1", "is the path"),
        ("link", "is the path"),
        ("link/1.dcm", "lies inside that"),
        ("dicom", "holds that"),
    ],
)
@pytest.mark.parametrize("who", ["sub-01 year1", "sub-02 baseline"])
def test_one_place_serves_one_scan(tmp_path, monkeypatch, other, how, who):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dicom/1").mkdir(parents=True)
    (tmp_path / "link").symlink_to("dicom/1")
    rows = ["sub-01 baseline FDG dicom/1", f"{who} FDG {other}"]
    with pytest.raises(StudyError, match=f"line 3: path .* {how} of line 2; each scan needs its own"):
        read_scans(
            table(tmp_path / "scans.tsv", "participant_id session tracer path", *rows),
            {"sub-01", "sub-02"},
            SESSIONS,
            TRACERS,
        )


@pytest.mark.parametrize("other", ["dicom/1", "dicom/1/2", "dicom", "dicom.zip"])
def test_scans_whose_series_are_named_and_differ_may_share_a_place(scans, other):
    header = "participant_id session tracer path series"
    rows = ["sub-01 baseline FDG dicom/1 0123abcd", f"sub-01 year1 FDG {other} 4567ef01"]
    assert [scan.series for scan in scans(header, *rows)] == ["0123abcd", "4567ef01"]


@pytest.mark.parametrize(
    ("first", "second"), [("0123abcd", "0123abcd"), ("0123abcd", "n/a"), ("n/a", "0123abcd"), ("n/a", "n/a")]
)
@pytest.mark.parametrize("other", ["dicom/1", "dicom/1/2", "dicom"])
def test_scans_that_may_be_one_series_need_places_of_their_own(scans, other, first, second):
    rows = [f"sub-01 baseline FDG dicom/1 {first}", f"sub-01 year1 FDG {other} {second}"]
    with pytest.raises(StudyError, match="of line 2; each scan needs its own, or both lines a series"):
        scans("participant_id session tracer path series", *rows)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "dicom 0123ABCG",
            "line 2, series: found '0123ABCG', needed the 8 hexadecimal digits that pet-spect index gives",
        ),
        ("x.nii.gz 0123abcd", "line 2, series: found '0123abcd', needed n/a, for a NIfTI image is one scan"),
    ],
)
def test_a_series_is_a_code_and_belongs_to_dicom(scans, row, message):
    with pytest.raises(StudyError, match=message):
        scans("participant_id session tracer path series", f"sub-01 baseline FDG {row}")


def test_scans_side_by_side_are_two(scans):
    rows = ["sub-01 baseline FDG dicom/1", "sub-01 year1 FDG dicom/10"]
    assert len(scans("participant_id session tracer path", *rows)) == 2


@pytest.mark.parametrize(
    "path",
    [
        *(
            "dicom/{1}",
            "a}",
            "dicom/\a1",
            "dicom/\u200b1",
            "<results>/01",
            "a>b",
            "a<b",
            "~/01",
            "~ann/01",
            "-x",
            "./-x",
        ),
        "x" * 5000,
    ],
)
def test_a_path_the_workflow_cannot_take_is_an_error(scans, participants, path):
    with pytest.raises(StudyError, match=r"line 2, path: found .* needed a path without \{ \} < >, control"):
        scans("participant_id session tracer path", f"sub-01 baseline FDG {path}")
    with pytest.raises(StudyError, match=r"line 2, lesion_mask: found .* needed a path without \{ \}"):
        participants("participant_id lesion_side lesion_mask", f"sub-01 left {path}")


@pytest.mark.parametrize(
    "path", ["dicom/st*r[ab]?", "dicom/a;b$(id)`x`&|", "dicom/M\u00fcller's", "a~b/c-d", "=x/@y/+z"]
)
def test_a_path_that_reaches_the_workflow_as_it_is_is_taken(scans, path):
    (scan,) = scans("participant_id session tracer path", f"sub-01 baseline FDG {path}")
    assert str(scan.path) == path


def test_places_that_differ_in_capitals_are_one_where_the_file_system_says_so(tmp_path, scans):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/X.dcm").touch()
    (tmp_path / "a/x.dcm").hardlink_to(tmp_path / "a/X.dcm")
    rows = [f"sub-01 {session} FDG {tmp_path}/a/{name}.dcm" for session, name in (("baseline", "X"), ("year1", "x"))]
    with pytest.raises(StudyError, match=r"line 3: path .*x\.dcm is the path of line 2"):
        scans("participant_id session tracer path", *rows)
    (tmp_path / "a/x.dcm").unlink()
    (tmp_path / "a/x.dcm").touch()
    assert len(scans("participant_id session tracer path", *rows)) == 2


def test_participants_that_differ_in_capitals_alone_are_refused(participants):
    with pytest.raises(StudyError, match="line 4: sub-aB and sub-Ab of line 2 differ only in capitals"):
        participants("participant_id lesion_side", "sub-Ab left", "sub-02 left", "sub-aB right")


def test_a_letter_that_only_looks_plain_is_named(participants, scans):
    with pytest.raises(StudyError, match=r"needed sub- followed by letters and digits \(U\+0430 is no plain letter"):
        participants("participant_id lesion_side", "sub-\u0430 left")
    with pytest.raises(StudyError, match=r"line 2, participant_id: .*\(U\+0661 is no plain letter or digit"):
        scans("participant_id session tracer path", "sub-0\u0661 baseline FDG x")
    with pytest.raises(StudyError, match=r"line 2, session: .*did you mean 'baseline'\?\) \(U\+0435 is no plain"):
        scans("participant_id session tracer path", "sub-01 bas\u0435line FDG x")


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
def test_an_image_is_listed_with_its_json_beside_it(scans, tmp_path, name):
    image = tmp_path / name
    image.touch()
    with pytest.raises(StudyError, match=r"line 2: path .* has no x\.json beside it"):
        scans("participant_id session tracer path", f"sub-01 baseline FDG {image}")
    (tmp_path / "x.json").touch()
    assert len(scans("participant_id session tracer path", f"sub-01 baseline FDG {image}")) == 1


@pytest.mark.parametrize("value", ["70kg", "70,5", "inf", "1_7", "NaN", "1e999"])
def test_a_weight_is_a_finite_decimal_number(scans, value):
    with pytest.raises(StudyError, match=f"line 2, weight_kg: found '{value}', needed a finite decimal number"):
        scans("participant_id session tracer path weight_kg", f"sub-01 baseline FDG x {value}")


def test_lines_are_counted_as_an_editor_counts_them(scans):
    with pytest.raises(StudyError, match="line 4, session"):
        scans("participant_id session tracer path", "sub-01 baseline FDG x", "", "sub-01 year9 FDG y")


def test_a_decision_says_who_when_and_why(decisions):
    (decision,) = decisions(QC_HEADER, "sub-01 accept baseline FDG suv_missing seen AB 2026-11-23 0.1.0")
    assert decision.key == ScanKey("sub-01", "baseline", "FDG")
    assert (decision.decision, decision.code, decision.initials) == ("accept", "suv_missing", "AB")


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


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("gate_mirrored_visit", "left and right are exchanged and no eye can tell in which scan"),
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
