from __future__ import annotations

import re
from pathlib import Path

import pytest

from pet_spect.errors import StudyError
from pet_spect.model import ScanKey


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
        ("sub-03 baseline FDG x", "participant_id: found 'sub-03', needed somebody participants.tsv lists"),
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
def test_one_place_serves_one_scan(scans, tmp_path, monkeypatch, other, how, who):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dicom/1").mkdir(parents=True)
    (tmp_path / "link").symlink_to("dicom/1")
    rows = ["sub-01 baseline FDG dicom/1", f"{who} FDG {other}"]
    with pytest.raises(StudyError, match=f"line 3: path .* {how} of line 2; each scan needs its own"):
        scans("participant_id session tracer path", *rows)


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
        ("x.nii.gz 0123abcd", "line 2, series: found '0123abcd', needed n/a, because a NIfTI image is one scan"),
    ],
)
def test_a_series_is_a_code_and_belongs_to_dicom(scans, row, message):
    with pytest.raises(StudyError, match=message):
        scans("participant_id session tracer path series", f"sub-01 baseline FDG {row}")


def test_scans_side_by_side_are_two(scans):
    rows = ["sub-01 baseline FDG dicom/1", "sub-01 year1 FDG dicom/10"]
    assert len(scans("participant_id session tracer path", *rows)) == 2


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


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
def test_an_image_is_listed_with_its_json_beside_it(scans, tmp_path, name):
    image = tmp_path / name
    image.touch()
    with pytest.raises(StudyError, match=r"line 2: path .* has no x\.json beside it"):
        scans("participant_id session tracer path", f"sub-01 baseline FDG {image}")
    (tmp_path / "x.json").touch()
    assert len(scans("participant_id session tracer path", f"sub-01 baseline FDG {image}")) == 1


@pytest.mark.parametrize("value", ["70kg", "70,5", "NA", "-", "?", "inf", "1_7", "NaN", "1e999"])
def test_a_weight_is_a_plain_number(scans, value):
    with pytest.raises(
        StudyError, match=re.escape(f"weight_kg: found '{value}', needed a number such as 72.5, with a point")
    ):
        scans("participant_id session tracer path weight_kg", f"sub-01 baseline FDG x {value}")


def test_lines_are_counted_as_an_editor_counts_them(scans):
    with pytest.raises(StudyError, match="line 4, session"):
        scans("participant_id session tracer path", "sub-01 baseline FDG x", "", "sub-01 year9 FDG y")
