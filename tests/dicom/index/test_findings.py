"""Where the scans of a heap lie, and what in a place may be a part of one."""

import zipfile
from pathlib import Path

import pytest

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.files.read import series_code
from pet_spect.dicom.index.drafts import tables_of
from pet_spect.dicom.index.survey import survey_folders
from pet_spect.errors import DicomError
from tests.dicom.index.conftest import by_series, ct_slice


def test_a_link_to_a_folder_costs_the_scans_in_whose_place_it_lies(heap, scan):
    root = heap(*scan(), folder="a")
    heap(*scan("1.2.3.5", date="20250101"), folder="b")
    (root / "a" / "more").symlink_to(root / "b")
    tables = tables_of(survey_folders([root]))
    assert by_series(tables.index)[series_code("1.2.3.4")]["code"] == "link_not_followed"
    assert [row["path"] for row in tables.scans] == [str(root / "b")]
    with pytest.raises(DicomError, match="link to a folder") as caught:
        convert_scan(root / "a", Declared(), "sub-01")
    assert caught.value.code == "link_not_followed"


@pytest.mark.parametrize("content", [b"", b"cut short", b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100" + bytes(200)])
def test_a_file_that_may_have_been_a_slice_costs_the_scans_beside_it(heap, scan, content):
    root = heap(*scan())
    (root / "IM9999").write_bytes(content)
    tables = tables_of(survey_folders([root]))
    assert by_series(tables.index)["6694f83c"]["code"] == "not_dicom"
    assert tables.scans == []
    with pytest.raises(DicomError) as caught:
        convert_scan(root, Declared(), "sub-01")
    assert caught.value.code == "not_dicom"


def test_each_spect_of_one_series_is_offered_by_its_file(heap, nm_object):
    root = heap(nm_object(), nm_object(PatientID="someone"), nm_object(ImageType=["ORIGINAL", "PRIMARY", "TOMO"]))
    tables = tables_of(survey_folders([root]))
    assert sorted(row["convertible"] for row in tables.index) == ["no", "yes", "yes"]
    assert all("its series holds 3 volumes" in row["note"] for row in tables.index)
    assert not any("places" in row["note"] for row in tables.index)
    for row in tables.scans:
        assert row["series"] == "n/a"
        volume, _ = convert_scan(Path(row["path"]), Declared(), "sub-01")
        assert volume.data.shape == (5, 6, 4)
    with pytest.raises(DicomError, match=r"several NM volumes .3 objects.*name one of its files"):
        convert_scan(root, Declared(), "sub-01")


def test_several_spects_of_one_series_in_an_archive_stay_refused(heap, nm_object, tmp_path):
    root = heap(nm_object(), nm_object())
    with zipfile.ZipFile(tmp_path / "dump.zip", "w") as archive:
        for file in root.iterdir():
            archive.write(file, file.name)
    (row,) = tables_of(survey_folders([tmp_path / "dump.zip"])).index
    assert (row["convertible"], row["code"]) == ("no", "mixed_series")


def test_a_screen_shot_with_the_series_of_a_pet_is_to_be_moved_away(heap, scan):
    shot = ct_slice(scan()[0])
    shot.SeriesInstanceUID = "1.2.3.4"
    root = heap(*scan(), shot)
    for code in (None, "6694f83c"):
        with pytest.raises(DicomError, match=r"several kinds of image .* move the other kind of image away"):
            convert_scan(root, Declared(), "sub-01", code)
