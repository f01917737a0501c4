"""What the index finds in heaps of files, and that convert agrees with it."""

import copy
import io
import os
import zipfile

import pydicom
import pytest

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.files.read import series_code
from pet_spect.dicom.index.drafts import tables_of
from pet_spect.dicom.index.survey import survey_folders
from pet_spect.errors import DicomError
from tests.dicom.index.conftest import by_series, ct_slice


def test_a_series_is_told_with_its_geometry_unit_and_tracer(heap, scan):
    tables = tables_of(survey_folders([heap(*scan())]))
    (row,) = tables.index
    told = ("series", "participant_id", "session", "modality", "tracer", "tracer_from", "files", "slices")
    assert [row[column] for column in told] == ["6694f83c", "sub-01", "baseline", "PT", "FDG", "text", 4, 4]
    told = ("matrix", "voxel_mm", "axes", "units", "convertible", "code", "reason", "scans_line", "note")
    assert [row[column] for column in told] == ["5 x 6 x 4", "2 x 2 x 3", "LPS", "Bq/mL", "yes", *["n/a"] * 2, 2, "n/a"]


def test_one_series_in_a_folder_of_its_own_is_found_by_the_folder(heap, scan):
    root = heap(*scan(), folder="a/b")
    heap(*scan("1.2.3.5", date="20250101"), folder="a/c")
    scans = tables_of(survey_folders([root])).scans
    assert [(row["path"], row["series"], row["session"]) for row in scans] == [
        (str(root / "a/b"), "n/a", "baseline"),
        (str(root / "a/c"), "n/a", "year1"),
    ]


def test_several_series_in_one_folder_are_found_by_their_codes_and_convert_finds_them(heap, scan):
    root = heap(*scan(), *scan("1.2.3.5", date="20250101"), ct_slice(scan()[0]))
    tables = tables_of(survey_folders([root]))
    assert [(row["path"], row["series"]) for row in tables.scans] == [
        (str(root), series_code("1.2.3.4")),
        (str(root), series_code("1.2.3.5")),
    ]
    for row in tables.scans:
        volume, _ = convert_scan(root, Declared(), "sub-01", str(row["series"]))
        assert volume.data.shape == (5, 6, 4)
    with pytest.raises(DicomError, match="name one, as --series or in the column series of scans"):
        convert_scan(root, Declared(), "sub-01")


def test_a_series_whose_files_are_strewn_is_found_by_the_folder_around_them(heap, scan):
    for number, ds in enumerate(scan()):
        root = heap(ds, folder=f"x/{number}")
    (row,) = tables_of(survey_folders([root])).scans
    assert (row["path"], row["series"]) == (str(root / "x"), "n/a")


def test_scans_whose_places_lie_in_one_another_are_both_named(heap, scan):
    root = heap(*scan(), folder="x")
    heap(*scan("1.2.3.5", date="20250101"), folder="x/y")
    scans = tables_of(survey_folders([root])).scans
    assert [(row["path"], row["series"]) for row in scans] == [
        (str(root / "x"), series_code("1.2.3.4")),
        (str(root / "x/y"), series_code("1.2.3.5")),
    ]


def test_objects_of_one_file_are_found_by_their_files(heap, nm_object):
    first, second = nm_object(SeriesInstanceUID="1.2.7"), nm_object(SeriesInstanceUID="1.2.8")
    root = heap(first, second)
    rows = tables_of(survey_folders([root])).scans
    assert {row["path"] for row in rows} == {str(path) for path in root.iterdir()}
    assert {row["series"] for row in rows} == {"n/a"}


def test_an_archive_is_a_place_and_a_copy_of_a_series_is_told(heap, scan, tmp_path):
    root = heap(*scan(), folder="a")
    with zipfile.ZipFile(root / "dump", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (root / "a").iterdir():
            archive.write(file, file.name)
    tables = tables_of(survey_folders([root]))
    assert sorted(str(row["path"]) for row in tables.scans) == [str(root / "a"), str(root / "dump")]
    for row in tables.index:
        assert (row["session"], row["convertible"]) == ("n/a", "yes")
        assert "series found in 2 places" in row["note"]
    volume, _ = convert_scan(root / "dump", Declared(), "sub-01")
    assert volume.data.shape == (5, 6, 4)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CorrectedImage": ["DECY"]}, "attenuation"),
        ({"RescaleSlope": None}, "rescale_slope"),
        ({"Units": "CANARY"}, "units"),
        ({"Rows": 700}, "pixels"),
        ({"SeriesType": ["GATED", "IMAGE"]}, "gated"),
        ({"PixelSpacing": None}, "geometry_missing"),
    ],
)
def test_what_convert_refuses_is_refused_for_its_reason_and_not_drafted(heap, scan, change, code):
    root = heap(*scan(**change))
    tables = tables_of(survey_folders([root]))
    (row,) = tables.index
    with pytest.raises(DicomError) as caught:
        convert_scan(root, Declared(), "sub-01")
    assert (row["convertible"], row["code"]) == ("no", caught.value.code) == ("no", code)
    assert str(row["reason"]).rpartition(": ")[2] == str(caught.value).rpartition(": ")[2]
    assert tables.scans == []
    assert [person["participant_id"] for person in tables.participants] == ["sub-01"]


def test_another_kind_of_image_is_told_and_makes_nobody_a_participant(heap, scan):
    tables = tables_of(survey_folders([heap(ct_slice(scan()[0]))]))
    (row,) = tables.index
    assert (row["modality"], row["code"], row["reason"]) == (
        "CT",
        "sop_class",
        "file 1: is neither a PET nor an NM image (Modality CT)",
    )
    assert (tables.participants, tables.scans) == ([], [])


def test_a_spect_that_does_not_say_how_it_lies_is_drafted_with_a_question(heap, nm_object, drug):
    ds = nm_object(DetectorInformationSequence=None, StudyDate="20240101")
    ds.RadiopharmaceuticalInformationSequence = drug(Radiopharmaceutical="Iomazenil", RadionuclideCodeSequence=None)
    tables = tables_of(survey_folders([heap(ds)]))
    assert (tables.index[0]["convertible"], tables.index[0]["code"]) == ("orientation", "orientation_unknown")
    assert [(row["tracer"], row["session"], row["orientation"]) for row in tables.scans] == [("IMZ", "baseline", "?")]


def test_a_guessed_tracer_is_shown_and_left_open_in_the_draft(heap, scan, drug):
    guessed = drug(Radiopharmaceutical=None)
    tables = tables_of(survey_folders([heap(*scan(RadiopharmaceuticalInformationSequence=guessed))]))
    assert (tables.index[0]["tracer"], tables.index[0]["tracer_from"]) == ("FDG?", "radionuclide")
    assert (tables.scans[0]["tracer"], tables.scans[0]["session"]) == ("n/a", "n/a")


def dynamic(scan, frames):
    """Return frames of one minute, the first an hour after the injection."""
    return [
        ds
        for frame in range(frames)
        for ds in scan(
            SeriesType=["DYNAMIC", "IMAGE"],
            AcquisitionTime=f"11{frame:02d}00",
            ActualFrameDuration="60000",
            NumberOfTimeSlices=2,
        )
    ]


def test_a_dynamic_scan_is_drafted_and_asks_for_its_window(heap, scan):
    tables = tables_of(survey_folders([heap(*dynamic(scan, 2))]))
    assert (tables.index[0]["convertible"], tables.index[0]["code"]) == ("frame_window", "not_static")
    assert [list(row) for row in tables.scans] == [["participant_id", "session", "tracer", "path", "series"]]


def test_one_frame_of_a_dynamic_scan_is_not_drafted(heap, scan):
    tables = tables_of(survey_folders([heap(*dynamic(scan, 1))]))
    assert (tables.index[0]["convertible"], tables.index[0]["code"], tables.scans) == ("no", "not_static", [])


DAMAGED = bytes(128) + b"DICM" + b"\xff" * 50


def test_a_damaged_file_is_listed_and_costs_only_the_scans_it_may_belong_to(heap, scan):
    root = heap(*scan(), folder="a")
    heap(*scan("1.2.3.5", date="20250101"), folder="b")
    (root / "a" / "broken").write_bytes(DAMAGED)
    tables = tables_of(survey_folders([root]))
    first = by_series(tables.index)[series_code("1.2.3.4")]
    assert (first["code"], first["reason"]) == (
        "file_damaged",
        "1 file in its folder or archive cannot be read and may be slices of it; move them away",
    )
    assert [row["path"] for row in tables.scans] == [str(root / "b")]
    assert [(row["code"], row["files"]) for row in tables.index if row["series"] == "n/a"] == [("file_damaged", 1)]
    with pytest.raises(DicomError, match="is damaged"):
        convert_scan(root / "a", Declared(), "sub-01", series_code("1.2.3.4"))


def test_a_file_cut_short_costs_its_own_series_alone(heap, scan):
    root = heap(*scan(), *scan("1.2.3.5", date="20250101"))
    file = next(file for file in root.iterdir() if pydicom.dcmread(file).SeriesInstanceUID == "1.2.3.5")
    file.write_bytes(file.read_bytes()[:-9])
    tables = tables_of(survey_folders([root]))
    rows = by_series(tables.index)
    assert (rows[series_code("1.2.3.5")]["convertible"], rows[series_code("1.2.3.5")]["code"]) == ("no", "file_damaged")
    assert [row["series"] for row in tables.scans] == [series_code("1.2.3.4")]
    convert_scan(root, Declared(), "sub-01", series_code("1.2.3.4"))


def test_every_kind_of_trouble_is_counted_by_place_and_code(heap, scan, tmp_path_factory):
    root = heap(*scan(), folder="good")
    bad = root / "bad"
    bad.mkdir()
    for name, content in (
        ("1", DAMAGED),
        ("2", DAMAGED),
        ("3.dcm", b"text"),
        ("4", b"\x08\x00\x05\x00rest of a data set without a mark"),
        ("5", b"\x1f\x8b broken"),
        ("6", b""),
        ("7.txt", b"notes"),
    ):
        (bad / name).write_bytes(content)
    (bad / "gone").symlink_to("nowhere")
    os.mkfifo(bad / "pipe")
    (bad / "circle").symlink_to(bad)  # leads to nothing new
    (bad / "away").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    inner = io.BytesIO()
    zipfile.ZipFile(inner, "w").writestr("a", b"x")
    with zipfile.ZipFile(bad / "outer", "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    found = survey_folders([root])
    troubles = [(row["code"], row["files"]) for row in tables_of(found).index if row["series"] == "n/a"]
    assert sorted(troubles) == [
        ("archive_damaged", 1),
        ("archive_nested", 1),
        ("file_damaged", 2),
        ("file_unreadable", 1),
        ("link_not_followed", 1),
        ("not_dicom", 3),  # the text that calls itself DICOM, the data set without mark, the empty file
    ]
    assert found.passed_over == 3  # the text, the pipe, the inner archive
    assert len(tables_of(found).scans) == 1


def test_a_dicomdir_and_reports_are_passed_over(heap, scan):
    report = copy.deepcopy(scan()[0])
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    del report.PixelData, report.SeriesInstanceUID
    found = survey_folders([heap(*scan(), report)])
    assert (len(found.entries), found.passed_over, found.troubles) == (1, 1, [])


@pytest.mark.parametrize("folder", ["a{b}", "a<results>"])
def test_a_path_that_a_table_cannot_hold_is_told(heap, scan, folder):
    tables = tables_of(survey_folders([heap(*scan(), folder=folder)]))
    assert (tables.index[0]["code"], tables.scans) == ("path_unusable", [])


def test_an_image_without_a_series_costs_the_scans_beside_it(heap, scan):
    root = heap(*scan(), scan(series=None)[0])
    tables = tables_of(survey_folders([root]))
    assert by_series(tables.index)[series_code("1.2.3.4")]["code"] == "mixed_series"
    assert tables.scans == []


def test_a_folder_named_twice_or_within_another_is_looked_at_once(heap, scan):
    root = heap(*scan(), folder="a")
    assert survey_folders([root, root / "a", root]).looked_at == 4


def test_the_index_does_not_depend_on_the_names_of_files(heap, scan, tmp_path):
    root = heap(*scan(), *scan("1.2.3.5", "P2", "20240101"), *scan("1.2.3.6", "P1", "20250101"))
    before = tables_of(survey_folders([root])).index
    for number, file in enumerate(sorted(root.iterdir(), reverse=True)):
        file.rename(root / f"n{number:03d}")
    assert tables_of(survey_folders([root])).index == before


def test_nothing_to_index_is_an_error(tmp_path):
    (tmp_path / "preview.png").write_bytes(b"\x89PNG")
    with pytest.raises(DicomError, match=r"no DICOM image found, 1 files looked at; .* previews, a DICOMDIR alone and"):
        survey_folders([tmp_path])
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "cut.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    (tmp_path / "b" / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DicomError, match=r"; 1 x an archive that is damaged or cut short; 1 link to a folder"):
        survey_folders([tmp_path / "b"])
    with pytest.raises(DicomError, match=r"^folder 2 of 2: cannot be read \(No such file or directory\)$"):
        survey_folders([tmp_path, tmp_path / "DOE^JANE"])


def test_progress_is_told_after_each_file(heap, scan):
    told = []
    survey_folders([heap(*scan())], lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
