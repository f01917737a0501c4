import copy
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.tag import Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from pet_spect.cli import main
from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.files.read import Header, read_file, read_images, series_code, visible_files
from pet_spect.dicom.files.sources import file_on_disk
from pet_spect.errors import DicomError


def test_junk_and_hidden_files_and_objects_without_pixels_are_passed_over(pet_slices, save):
    folder = save(*pet_slices())
    (folder / "readme.txt").write_text("nothing")
    for name in ("README", "LICENSE", "DICOMDIR", "MD5SUMS", "Thumbs.db", "desktop.ini", "scan.md5"):
        (folder / name).write_bytes(b"")
    (folder / "notes").write_text("He was restless, so the scan began a quarter of an hour late. " * 3)
    (folder / ".snakemake_timestamp").write_bytes(b"")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "broken.dcm").write_bytes(b"junk")
    report = pet_slices()[0]
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    del report.PixelData
    report.save_as(folder / "report.dcm", enforce_file_format=True)
    assert len(read_images(folder, "sub-01")) == 4


def test_folder_is_searched_in_depth(pet_slices, save, tmp_path):
    save(*pet_slices(), folder="a")
    (tmp_path / "deep").mkdir()
    (tmp_path / "a").rename(tmp_path / "deep" / "a")
    assert len(read_images(tmp_path, None)) == 4


def test_messages_name_label_and_number_and_never_the_path(pet_slices, save):
    folder = save(*pet_slices())
    assert [header.name for header in read_images(folder, "sub-01")] == [f"sub-01: file {k} of 4" for k in (1, 2, 3, 4)]


def test_folder_without_images_says_how_many_files_were_looked_at(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b").write_text("x" * 132)
    with pytest.raises(DicomError, match="sub-01: no DICOM image found, 2 files looked at"):
        read_images(tmp_path, "sub-01")


def test_missing_path_is_one_line(tmp_path):
    with pytest.raises(DicomError, match=r"sub-01: cannot be read \(No such file"):
        read_images(tmp_path / "nowhere", "sub-01")


def test_text_that_calls_itself_dicom_is_refused_even_in_a_folder(pet_slices, save):
    folder = save(*pet_slices())
    (folder / "zzz.dcm").write_text("not an image")
    with pytest.raises(DicomError, match="sub-01: file 5 of 5: is not a DICOM file"):
        read_images(folder, "sub-01")


LOST = {
    "empty": lambda whole: b"",
    "within the mark": lambda whole: whole[:100],
    "without mark": lambda whole: whole[132:],
    "without meta information": lambda whole: whole[whole.index(b"\x08\0\x16\0") :],
    "zeros": lambda whole: bytes(len(whole)),
    "a page in its place": lambda whole: b"<html><title>404 Not Found</title></html>" * 9,
}


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize("name", ["IM0005", "1.2.840.113619.5", "0005", "zzz.IMA"])
@pytest.mark.parametrize("packed", [False, True])
def test_last_slice_that_lost_its_mark_is_refused_though_its_name_has_no_ending(
    pet_slices, save, tmp_path, how, name, packed
):
    folder = save(*pet_slices())
    last = sorted(folder.iterdir())[-1]
    last.rename(folder / name)
    (folder / name).write_bytes(LOST[how]((folder / name).read_bytes()))
    place = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", folder)) if packed else folder
    with pytest.raises(DicomError, match=r"sub-01: file \d of 4: is not a DICOM file") as caught:
        read_images(place, "sub-01")
    assert caught.value.code == "not_dicom"


@pytest.mark.parametrize("name", ["notes", "slice", "scan.img"])
def test_data_set_without_mark_is_refused_whatever_it_is_called(pet_slices, save, name):
    folder = save(*pet_slices())
    last = sorted(folder.iterdir())[-1]
    (folder / name).write_bytes(LOST["without meta information"](last.read_bytes()))
    with pytest.raises(DicomError, match="is not a DICOM file"):
        read_images(folder, "sub-01")


def test_data_set_without_mark_in_implicit_little_endian_is_refused(pet_slices, save):
    folder = save(*pet_slices())
    (folder / "raw.bin").write_bytes(b"\x08\0\x05\0\x0a\0\0\0ISO_IR 100" + bytes(500))
    with pytest.raises(DicomError, match="is not a DICOM file"):
        read_images(folder, "sub-01")


def test_archive_and_numbers_of_another_program_beside_slices_are_passed_over(pet_slices, save, tmp_path):
    folder = save(*pet_slices())
    (folder / "sinogram.img").write_bytes(np.array([8, 300, 7], dtype="<i4").tobytes() + bytes(900))
    shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    (tmp_path / "packed.zip").rename(folder / "study1")
    assert len(read_images(folder, "sub-01")) == 4


@pytest.mark.parametrize("kept", [140, 300, 700, 0.5, 0.98])
def test_file_cut_anywhere_is_refused(pet_slices, save, kept):
    folder = save(*pet_slices(np.zeros((2, 64, 64))))
    file = sorted(folder.iterdir())[0]
    whole = file.read_bytes()
    file.write_bytes(whole[: kept if kept > 1 else int(kept * len(whole))])
    with pytest.raises(DicomError, match=r"sub-01: file 1 of 2: (is damaged|has no pixel data|pixel data)"):
        [header.pixels() for header in read_images(folder, "sub-01")]


@pytest.mark.parametrize("seed", range(20))
def test_damaged_bytes_end_in_one_line_and_never_in_a_traceback(pet_slices, save, seed, capfd):
    folder = save(*pet_slices())
    file = sorted(folder.iterdir())[seed % 4]
    whole = bytearray(file.read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(132, len(whole), 1 + seed):
        whole[place] = random.integers(256)
    file.write_bytes(whole)
    out = folder.parent / "out" / "image.nii.gz"
    status = main(["convert", str(folder), "--label", "sub-01", "--out", str(out)])
    told = capfd.readouterr().err
    assert status == 0 or told.startswith("pet-spect convert: sub-01")
    assert told.count("\n") == status
    assert (status == 0) == out.exists()


def test_odd_value_is_refused_without_being_quoted(pet_slices, save):
    ds = pet_slices()[0]
    ds["RescaleSlope"] = pydicom.DataElement("RescaleSlope", "LO", "Jane Doe")
    (header,) = read_images(save(ds), "sub-01")
    with pytest.raises(DicomError, match="RescaleSlope cannot be read") as caught:
        header.number("RescaleSlope")
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_number_must_be_finite(pet_slices, save, value):
    ds = pet_slices()[0]
    ds["RescaleSlope"] = pydicom.DataElement("RescaleSlope", "LO", value)
    (header,) = read_images(save(ds), "sub-01")
    with pytest.raises(DicomError):
        header.number("RescaleSlope")


def test_more_pixels_than_the_file_holds_are_refused_before_memory_is_asked_for(pet_slices, save):
    ds = pet_slices()[0]
    ds.Rows = ds.Columns = 20_000
    (header,) = read_images(save(ds), "sub-01")
    with pytest.raises(DicomError, match="pixel data have 60 bytes, 800000000 are needed"):
        header.pixels()


def test_absurd_number_of_frames_is_refused(pet_slices, save):
    (header,) = read_images(save(pet_slices(NumberOfFrames=2**31 - 1)[0]), "sub-01")
    with pytest.raises(DicomError, match="more than this program reads"):
        header.pixels()


def test_run_length_pixels_are_those_that_were_stored(pet_slices, save):
    stored = np.arange(16 * 16).reshape(1, 16, 16)
    (ds,) = pet_slices(stored)
    ds.compress(RLELossless, generate_instance_uid=False)
    (header,) = read_images(save(ds), "sub-01")
    np.testing.assert_array_equal(header.pixels(), stored)


def test_jpeg_2000_pixels_are_those_that_were_stored(pet_slices, save):
    openjpeg = pytest.importorskip("openjpeg")
    stored = np.arange(64 * 64, dtype=np.int16).reshape(1, 64, 64) - 100
    (ds,) = pet_slices(stored)
    ds.PixelData = encapsulate([openjpeg.encode(stored[0], photometric_interpretation=2)])
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    ds["PixelData"].is_undefined_length = True
    (header,) = read_images(save(ds), "sub-01")
    np.testing.assert_array_equal(header.pixels(), stored)


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless, JPEGLosslessSV1])
def test_damaged_compressed_pixels_are_refused_in_one_line(pet_slices, save, tmp_path, syntax):
    (ds,) = pet_slices(np.arange(16 * 16).reshape(1, 16, 16))
    ds.PixelData = encapsulate([b"\xff\x4f\xff\x51CANARY" + bytes(60)])
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = syntax
    second = copy.deepcopy(ds)
    second.ImagePositionPatient = [-10, -20, 3]
    command = [sys.executable, "-m", "pet_spect.cli", "convert", save(ds, second), "--label", "sub-01"]
    done = subprocess.run([*command, "--out", tmp_path / "x.nii.gz"], capture_output=True, text=True, check=False)
    assert re.fullmatch(r"pet-spect convert: sub-01: file . of 2: pixel data cannot be decoded \(\w+\)\n", done.stderr)


def test_padding_is_outside_the_field_of_view(pet_slices, save):
    ds = pet_slices(np.array([[[-32768, 0], [1, 2]]]), PixelPaddingValue=-32768)[0]
    (header,) = read_images(save(ds), "sub-01")
    np.testing.assert_array_equal(header.pixels(), [[[np.nan, 0], [1, 2]]])


def test_private_element_is_read_from_the_block_of_its_creator(pet_slices, save):
    ds = pet_slices()[0]
    block = ds.private_block(0x0009, "GEMS_OTHER", create=True)
    block.add_new(0x0D, "LO", "other")
    block = ds.private_block(0x0009, "GEMS_PETD_01", create=True)
    block.add_new(0x0D, "DT", "20250101100000")
    (header,) = read_images(save(ds), "sub-01")
    assert header.private_text(0x0009, "GEMS_PETD_01", 0x0D) == "20250101100000"
    assert header.private_text(0x0009, "GEMS_THIRD", 0x0D) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root can list every folder")
def test_folder_that_cannot_be_listed_is_an_error(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(OSError, match="denied"):
        visible_files(tmp_path)


def test_file_without_file_meta_transfer_syntax_is_refused(pet_slices, tmp_path):
    buffer = io.BytesIO()
    ds = pet_slices()[0]
    ds.save_as(buffer, enforce_file_format=True)
    whole = buffer.getvalue().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.9.9.9\0", 1)
    (tmp_path / "a.dcm").write_bytes(whole)
    with pytest.raises(DicomError, match=r"sub-01: file 1 of 1"):
        read_images(tmp_path, "sub-01")[0].pixels()


@pytest.fixture
def two_series(pet_slices, save):
    """Return a folder of two series of four slices, and their codes."""
    first, second = pet_slices(), pet_slices(SeriesInstanceUID="1.2.3.5")
    return save(*first, *second), series_code("1.2.3.4"), series_code("1.2.3.5")


def test_a_series_is_chosen_by_its_code(two_series):
    folder, *codes = two_series
    for code, uid in zip(codes, ("1.2.3.4", "1.2.3.5"), strict=True):
        found = read_images(folder, "sub-01", code)
        assert [header.text("SeriesInstanceUID") for header in found] == [uid] * 4


def test_a_series_that_is_not_there_is_named(two_series):
    with pytest.raises(DicomError, match="sub-01: no DICOM image of series 00000000 found, 8 files looked at"):
        read_images(two_series[0], "sub-01", "00000000")


def files_of(folder, uid):
    return [file for file in sorted(folder.iterdir()) if pydicom.dcmread(file).SeriesInstanceUID == uid]


@pytest.mark.parametrize("kept", [0.98, 0.75])
def test_a_damaged_image_of_another_series_costs_nothing(two_series, kept):
    folder, first, second = two_series
    file = files_of(folder, "1.2.3.5")[0]
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole))])
    assert len(read_images(folder, "sub-01", first)) == 4
    with pytest.raises(DicomError, match=r"sub-01: file \d of 8: "):
        [header.pixels() for header in read_images(folder, "sub-01", second)]


@pytest.mark.parametrize("content", [b"", b"junk", bytes(128) + b"DICM" + b"\xff" * 50])
def test_a_damaged_file_that_may_be_a_slice_is_refused(two_series, content):
    folder, first, _ = two_series
    (folder / "zzz.dcm").write_bytes(content)
    with pytest.raises(DicomError, match="sub-01: file 9 of 9: "):
        read_images(folder, "sub-01", first)


def test_an_image_without_a_series_may_belong_to_any(two_series, pet_slices):
    folder, first, _ = two_series
    pet_slices(SeriesInstanceUID=None)[0].save_as(folder / "zzz", enforce_file_format=True)
    assert len(read_images(folder, "sub-01", first)) == 5


def header_of(file):
    return read_file(file_on_disk(file, 1, 1, alone=True), "x", header_only=True)


def test_a_header_read_alone_knows_its_pixels_and_reads_them_when_asked(pet_slices, save):
    (file,) = save(pet_slices()[1]).iterdir()
    header = header_of(file)
    assert "PixelData" not in header.dataset
    assert (header.has_pixels, header.pixel_bytes, header.cut_short) == (True, 60, False)
    np.testing.assert_array_equal(header.pixels()[0], np.arange(30, 60).reshape(6, 5))


@pytest.mark.parametrize("compressed", [False, True])
def test_a_header_read_alone_knows_that_its_pixels_are_cut_short(pet_slices, save, compressed):
    (ds,) = pet_slices(np.arange(16 * 16).reshape(1, 16, 16))
    if compressed:
        ds.compress(RLELossless, generate_instance_uid=False)
    (file,) = save(ds).iterdir()
    assert not header_of(file).cut_short
    file.write_bytes(file.read_bytes()[:-9])
    assert header_of(file).cut_short


def test_a_deflated_object_is_read_whole_for_its_header(pet_slices, save):
    ds = pet_slices()[0]
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    (file,) = save(ds).iterdir()
    assert header_of(file).has_pixels
    assert header_of(file).pixels().shape == (1, 6, 5)


def test_pixels_of_a_series_too_large_for_memory_are_read_when_they_are_needed(pet_slices, save, monkeypatch):
    folder = save(*pet_slices())
    whole, _ = convert_scan(folder, Declared())
    monkeypatch.setattr("pet_spect.dicom.files.read._MOST_HELD", 100)
    assert [header.read_again is not None for header in read_images(folder, None)] == [False, False, True, True]
    np.testing.assert_array_equal(convert_scan(folder, Declared())[0].data, whole.data)


def told_by_two(first, second, tag):
    """Return what two headers of one series say, of which the second was read after the first."""
    seen = {}
    return [Header(ds, "x", parsed_values=seen).texts(tag) for ds in (first, second)]


def implicit(**changes):
    ds = Dataset()
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, ds, implicit_vr=True, little_endian=True)
    return pydicom.dcmread(io.BytesIO(buffer.getvalue()), force=True)


def test_bytes_alike_are_negative_where_the_object_is_signed_and_positive_where_it_is_not():
    unsigned = implicit(PixelRepresentation=0, SmallestImagePixelValue=63536)
    signed = implicit(PixelRepresentation=1, SmallestImagePixelValue=-2000)
    assert told_by_two(unsigned, signed, "SmallestImagePixelValue") == [("63536",), ("-2000",)]


def test_bytes_alike_are_read_in_the_character_set_of_their_object():
    latin, greek = implicit(SpecificCharacterSet="ISO_IR 100"), implicit(SpecificCharacterSet="ISO_IR 126")
    for ds in (latin, greek):
        ds[0x00081030] = RawDataElement(Tag(0x00081030), None, 2, b"\xe1 ", 0, True, True)
    assert told_by_two(latin, greek, "StudyDescription") == [("á",), ("α",)]


def test_private_bytes_alike_are_read_as_their_creator_means_them():
    """(0029,xx01) is a number of Philips and a text of Mitra."""
    number, text = implicit(), implicit()
    for ds, creator in ((number, b"1.2.840.113663.1"), (text, b"MITRA PRESENTATION 1.0")):
        for tag, value in ((Tag(0x00290010), creator), (Tag(0x00291001), b"12")):
            ds[tag] = RawDataElement(tag, None, len(value), value, 0, True, True)
    buffers = [io.BytesIO(), io.BytesIO()]
    for ds, buffer in zip((number, text), buffers, strict=True):
        pydicom.dcmwrite(buffer, ds, implicit_vr=True, little_endian=True)
    number, text = (pydicom.dcmread(io.BytesIO(buffer.getvalue()), force=True) for buffer in buffers)
    assert told_by_two(number, text, (0x0029, 0x1001)) == [("12849",), ("12",)]
