"""Whose the images of one series are, and a series that meets a bug."""

from pet_spect.dicom.files.read import series_code
from pet_spect.dicom.index import series_summary as series
from pet_spect.dicom.index import walk as files
from pet_spect.dicom.index.drafts import tables_of
from pet_spect.dicom.index.survey import survey_folders
from tests.dicom.index.conftest import by_series


def test_both_people_of_one_series_are_participants_and_it_is_refused(heap, scan):
    root = heap(*scan(patient="P1", PatientName="A"), folder="a")
    heap(*scan(patient="P2", PatientName="B"), folder="b")
    tables = tables_of(survey_folders([root]))
    (row,) = tables.index
    assert (row["participant_id"], row["convertible"], row["code"]) == ("n/a", "no", "mixed_series")
    assert [person["participant_id"] for person in tables.participants] == ["sub-01", "sub-02"]
    assert tables.scans == []


def test_a_series_of_two_names_under_one_placeholder_is_refused(heap, scan):
    first, *rest = scan(PatientName="Doe^Jane")
    for ds in rest:
        ds.PatientName = "Roe^Richard"
    for ds in (first, *rest):
        ds.PatientID = "0"
    (row,) = tables_of(survey_folders([heap(first, *rest)])).index
    assert (row["convertible"], row["code"]) == ("no", "mixed_series")


def test_somebody_whose_images_are_all_cut_short_is_a_participant(heap, scan):
    root = heap(*scan())
    for file in root.iterdir():
        file.write_bytes(file.read_bytes()[:-9])
    tables = tables_of(survey_folders([root]))
    assert [row["code"] for row in tables.index] == ["file_damaged"]
    assert [person["participant_id"] for person in tables.participants] == ["sub-01"]


def test_a_bug_that_one_series_meets_hides_no_other(heap, scan, monkeypatch):
    root = heap(*scan(), *scan("1.2.3.5", "P2", "20250101"))
    right = series.examine

    def examine(headers, called, declared):
        if headers[0].text("PatientID") == "P2":
            raise OverflowError("CANARY")
        return right(headers, called, declared)

    monkeypatch.setattr(series, "examine", examine)
    tables = tables_of(survey_folders([root]))
    row = by_series(tables.index)[series_code("1.2.3.5")]
    assert (row["convertible"], row["code"]) == ("no", "internal_error")
    assert row["reason"] == "OverflowError; this is a bug of pet_spect, please report it"
    assert [row["series"] for row in tables.scans] == ["6694f83c"]
    assert len(tables.participants) == 2


def test_a_bug_that_one_file_meets_hides_no_other(heap, scan, monkeypatch):
    root = heap(*scan(), folder="a")
    heap(*scan("1.2.3.5", date="20250101"), folder="b")

    def is_image(header):
        if header.text("SeriesInstanceUID") == "1.2.3.5":
            raise RecursionError("CANARY")
        return True

    monkeypatch.setattr(files, "is_image", is_image)
    tables = tables_of(survey_folders([root]))
    assert [(row["code"], row["files"]) for row in tables.index if row["series"] == "n/a"] == [("internal_error", 4)]
    assert [row["path"] for row in tables.scans] == [str(root / "a")]
