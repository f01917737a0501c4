"""Every way of storing a voxel."""

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.files.read import read_file
from pet_spect.dicom.files.sources import file_on_disk
from pet_spect.errors import DicomError

VALUES = np.arange(4 * 6 * 5).reshape(4, 6, 5)


def convert(path):
    return convert_scan(path, Declared(), "sub-01")[0].data


def stored(slices, dtype, counts, bits_stored=None, **changes):
    """Store counts of another type in place of 16-bit signed ones."""
    for ds, plane in zip(slices, counts, strict=True):
        kind = np.dtype(dtype)
        ds.BitsAllocated = 8 * kind.itemsize
        ds.BitsStored = bits_stored or ds.BitsAllocated
        ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(kind.kind == "i")
        ds.PixelData = plane.astype(kind).tobytes()
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
    return slices


@pytest.mark.parametrize(
    ("dtype", "top"),
    [("u1", 255), ("i1", 127), ("<u2", 65535), ("<i2", 32767), ("<u4", 4294967295), ("<i4", 2147483647)],
)
def test_whole_numbers_of_every_width_and_sign(pet_slices, save, dtype, top):
    counts = VALUES.astype(np.int64).copy()
    counts[0, 0, 0] = top
    if np.dtype(dtype).kind == "i":
        counts[0, 0, 1] = -top - 1
    data = convert(save(*stored(pet_slices(), dtype, counts)))
    np.testing.assert_array_equal(data, counts.transpose(2, 1, 0).astype(np.float32))


def test_signed_values_of_fewer_bits_than_their_words_keep_their_sign(pet_slices, save):
    counts = VALUES - 60
    slices = stored(pet_slices(), "<u2", counts & 0x0FFF, bits_stored=12)
    for ds in slices:
        ds.PixelRepresentation = 1
    np.testing.assert_array_equal(convert(save(*slices)), counts.transpose(2, 1, 0))


@pytest.mark.parametrize(("keyword", "dtype"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")])
def test_floating_point(pet_slices, save, keyword, dtype):
    slices = pet_slices()
    for ds, plane in zip(slices, VALUES / 8, strict=True):
        del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
        ds.BitsAllocated = 8 * np.dtype(dtype).itemsize
        setattr(ds, keyword, plane.astype(dtype).tobytes())
    np.testing.assert_array_equal(convert(save(*slices)), (VALUES / 8).transpose(2, 1, 0))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_uncompressed_transfer_syntaxes(pet_slices, save, syntax):
    slices = pet_slices()
    for ds, plane in zip(slices, VALUES, strict=True):
        ds.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            ds.PixelData = plane.astype(">i2").tobytes()
    np.testing.assert_array_equal(convert(save(*slices)), VALUES.transpose(2, 1, 0))


COMPRESSED = ("RLELossless", "JPEGLosslessProcess14", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless")


def transcode(path, syntax):
    """Compress a file by GDCM, one of the decoders' own libraries and no code of this package."""
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(path))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


@pytest.mark.parametrize("syntax", COMPRESSED)
@pytest.mark.parametrize("dtype", ["<u2", "<i2", "u1"])
def test_compressed_transfer_syntaxes(pet_slices, save, syntax, dtype):
    counts = np.random.default_rng(1).integers(0, 120, (3, 40, 32)) - (60 if dtype == "<i2" else 0)
    folder = save(*stored(pet_slices(counts), dtype, counts))
    for path in folder.iterdir():
        transcode(path, syntax)
        assert pydicom.dcmread(path).file_meta.TransferSyntaxUID.is_compressed
    np.testing.assert_array_equal(convert(folder), counts.transpose(2, 1, 0))


@pytest.mark.parametrize("syntax", COMPRESSED)
def test_compressed_signed_values_of_fewer_bits_than_their_words(pet_slices, save, syntax):
    counts = np.random.default_rng(1).integers(-2048, 2048, (3, 40, 32))
    slices = stored(pet_slices(counts), "<u2", counts & 0x0FFF, bits_stored=12)
    for ds in slices:
        ds.PixelRepresentation = 1
    folder = save(*slices)
    for path in folder.iterdir():
        transcode(path, syntax)
    np.testing.assert_array_equal(convert(folder), counts.transpose(2, 1, 0))


def test_slopes_of_ten_to_the_minus_eight_keep_every_digit(pet_slices, save):
    slices = pet_slices(VALUES * 250, RescaleSlope="1.2345678E-8")
    np.testing.assert_allclose(convert(save(*slices)), (VALUES * 250 * 1.2345678e-8).transpose(2, 1, 0), rtol=1e-7)


@pytest.mark.parametrize("told", [-2000, 63536])
def test_padding_may_be_told_as_the_unsigned_value_of_its_bits(pet_slices, save, told):
    counts = VALUES.copy()
    counts[:, 0, 0] = -2000
    slices = pet_slices(counts)
    for ds in slices:
        ds.add_new("PixelPaddingValue", "SS" if told < 0 else "US", told)
    data = convert(save(*slices))
    assert np.isnan(data[0, 0]).all()
    assert np.isfinite(data).sum() == 4 * 29


def test_padding_may_be_a_range(pet_slices, save):
    slices = pet_slices()
    for ds in slices:
        ds.add_new("PixelPaddingValue", "SS", 119)
        ds.add_new("PixelPaddingRangeLimit", "SS", 110)
    assert np.isnan(convert(save(*slices))).sum() == 10


def test_padding_of_zero_is_a_measurement(pet_slices, save):
    slices = pet_slices()
    for ds in slices:
        ds.add_new("PixelPaddingValue", "SS", 0)
    assert np.isfinite(convert(save(*slices))).all()


def bits(slices, words, dtype="<u2", **changes):
    """Fill every slice with one word under a header of 12 unsigned bits, changed as told."""
    told = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0} | changes
    for ds in slices:
        stored = np.full((6, 5), words, dtype)
        stored[0, 0] = 0  # an image of one value is refused
        ds.PixelData = stored.tobytes()
        for keyword, value in told.items():
            if value is None:
                del ds[keyword]
            else:
                setattr(ds, keyword, value)
    return slices


def why_not(path):
    with pytest.raises(DicomError) as caught:
        convert(path)
    assert caught.value.code == "pixels"
    return str(caught.value)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("word", "changes"),
    [
        (5000, {}),  # read as 904
        (40000, {"BitsStored": 15, "HighBit": 14}),  # read as 7232
        (1000 << 4, {}),
        (0xF000 + 3000, {}),  # an overlay in all four bits
        (5000, {"PixelRepresentation": 1}),
        (0xF000 + 1000, {"PixelRepresentation": 1}),  # not the sign of what stands below
        (256, {"BitsStored": 8, "HighBit": 7}),
    ],
)
def test_values_that_use_more_bits_than_the_header_says_are_refused(pet_slices, save, syntax, word, changes):
    slices = bits(pet_slices(), word, ">u2" if syntax == ExplicitVRBigEndian else "<u2", **changes)
    for ds in slices:
        ds.file_meta.TransferSyntaxUID = syntax
    used = changes.get("BitsStored", 12)
    assert why_not(save(*slices)) == f"sub-01: file 1 of 4: values use bits above the {used} of BitsStored"


def test_run_lengths_that_use_more_bits_than_the_header_says_are_refused(pet_slices, save):
    folder = save(*bits(pet_slices(), 5000))
    for path in folder.iterdir():
        ds = pydicom.dcmread(path)
        ds.compress(RLELossless, generate_instance_uid=False)
        ds.save_as(path)
    assert "values use bits above the 12 of BitsStored" in why_not(folder)


@pytest.mark.parametrize("word", [4091, 65531])
def test_negative_values_may_be_written_with_zeros_or_their_sign_in_the_bits_above(pet_slices, save, word):
    words = np.full((6, 5), word, "<u2")
    words[0, 1] = 7  # a scan without a voxel above 0 is refused
    assert set(convert(save(*bits(pet_slices(), words, PixelRepresentation=1))).flat) == {0.0, -5.0, 7.0}


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize(("word", "sign"), [(4095, 0), (2047, 1)])
def test_largest_value_of_fewer_bits_than_its_word_is_read(pet_slices, save, syntax, word, sign):
    slices = bits(pet_slices(), word, ">u2" if syntax == ExplicitVRBigEndian else "<u2", PixelRepresentation=sign)
    for ds in slices:
        ds.file_meta.TransferSyntaxUID = syntax
    assert set(convert(save(*slices)).flat) == {0.0, word}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"HighBit": 15}, "HighBit is 15, 11 is needed with 12 BitsStored"),  # 1000 << 4 was read as 3712
        ({"HighBit": None}, "HighBit is missing, 11 is needed with 12 BitsStored"),
        ({"BitsStored": None}, "BitsStored is missing, 1 to 16 is needed"),
        ({"BitsStored": 0}, "BitsStored is 0, 1 to 16 is needed"),
        ({"BitsStored": 17, "HighBit": 16}, "BitsStored is 17, 1 to 16 is needed"),
        ({"BitsAllocated": 12}, "BitsAllocated is 12, 8, 16, 32 or 64 is needed"),
        ({"PixelRepresentation": None}, "PixelRepresentation is missing, 0 or 1 is needed"),  # -5 was read as 65531
        ({"PixelRepresentation": 2}, "PixelRepresentation is 2, 0 or 1 is needed"),
        ({"BitsStored": 16, "HighBit": 15, "PixelRepresentation": None}, "PixelRepresentation is missing"),
    ],
)
@pytest.mark.parametrize("header_only", [False, True])
def test_a_header_that_does_not_say_which_bits_make_a_value_is_refused(pet_slices, save, changes, told, header_only):
    folder = save(*bits(pet_slices(), 1000, **changes))
    if not header_only:
        assert why_not(folder).startswith(f"sub-01: file 1 of 4: {told}")
        return
    file = file_on_disk(min(folder.iterdir()), 1, 1, alone=True)
    header = read_file(file, "x", header_only=True)
    with pytest.raises(DicomError, match=told):
        header.check_pixels()


def test_where_all_bits_are_used_the_highest_need_not_be_told(pet_slices, save):
    slices = bits(pet_slices(), 65535, BitsStored=16, HighBit=None)
    assert set(convert(save(*slices)).flat) == {0.0, 65535.0}


def test_floats_are_known_from_their_header_alone(pet_slices, save):
    (ds, *_) = pet_slices()
    del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
    ds.BitsAllocated, ds.FloatPixelData = 32, np.zeros(30, "<f4").tobytes()
    (path,) = save(ds).iterdir()
    header = read_file(file_on_disk(path, 1, 1, alone=True), "x", header_only=True)
    assert header.check_pixels() == (1, 6, 5)
