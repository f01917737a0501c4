"""Every way of storing a voxel."""

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.declared import Declared

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
