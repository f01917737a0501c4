"""The same scans read a second time: PET by dcm2niix, SPECT by the words of the standard and by SimpleITK."""

from __future__ import annotations

import warnings

import gdcm
import nibabel as nib
import numpy as np
import pydicom
import pytest
from scipy.spatial.transform import Rotation

from pet_spect.cli import main
from tests.dicom.convert.scanner import (
    PATIENT_POSITIONS,
    Grid,
    nm_points,
    nm_volume,
    pet_series,
    places_of_values,
    rotated,
    write,
)

AXIAL = Grid((1, 0, 0), (0, 1, 0), first=(-31.5, -20.25, 402.75))
SHAPE = (8, 20, 16)


def turned(*angles):
    return rotated(AXIAL, Rotation.from_euler("xyz", angles, degrees=True).as_matrix())


def counts(shape=SHAPE, largest=3000, smallest=0):
    return np.random.default_rng(1).integers(smallest, largest, shape, endpoint=True)


def convert(folder, tmp_path):
    assert main(["convert", str(folder), "--out", str(tmp_path / "ours.nii.gz")]) == 0
    return nib.Nifti1Image.from_filename(tmp_path / "ours.nii.gz")


def corners(image):
    ends = np.array(np.meshgrid(*[(0, extent - 1) for extent in image.shape], indexing="ij")).reshape(3, -1).T
    return nib.affines.apply_affine(image.affine, ends)


def assert_read_alike(folder, tmp_path, dcm2niix):
    """Values within 1e-5 of each other and every corner within 0.1 mm."""
    ours, theirs = convert(folder, tmp_path), nib.as_closest_canonical(dcm2niix(folder))
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(corners(ours), corners(theirs), rtol=0, atol=0.1)
    mine, other = (np.asarray(image.dataobj, dtype=float) for image in (ours, theirs))
    np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-9 * np.abs(mine).max())
    return ours


def save(tmp_path, slices):
    return write(tmp_path / "scan", slices)


@pytest.mark.parametrize("step", [3.0, -3.0], ids=["rising", "falling"])
@pytest.mark.parametrize("position", PATIENT_POSITIONS)
def test_patient_position_and_slice_order(tmp_path, dcm2niix, position, step):
    row, column = PATIENT_POSITIONS[position]
    grid = Grid(row, column, first=(12.5, -40.0, 300.0), step=step)
    assert_read_alike(save(tmp_path, pet_series(counts(), grid)), tmp_path, dcm2niix)


ANGLES = {
    "about x": (20, 0, 0),
    "about y": (0, 20, 0),
    "about z": (0, 0, 20),
    "about x, backwards": (-20, 0, 0),
    "double": (20, -15, 0),
    "all three": (20, 15, -10),
    "coronal": (-90, 0, 0),
    "sagittal": (-90, 0, 90),
}


@pytest.mark.parametrize("step", [3.0, -3.0], ids=["rising", "falling"])
@pytest.mark.parametrize("angles", ANGLES.values(), ids=ANGLES)
def test_oblique_planes(tmp_path, dcm2niix, angles, step):
    turned_grid = rotated(AXIAL, Rotation.from_euler("xyz", angles, degrees=True).as_matrix(), step=step)
    assert_read_alike(save(tmp_path, pet_series(counts(), turned_grid)), tmp_path, dcm2niix)


@pytest.mark.parametrize("names", ["backwards", "shuffled"])
def test_names_and_numbers_that_do_not_follow_the_positions(tmp_path, dcm2niix, names):
    slices = pet_series(counts(), turned(20, 0, 0))
    order = np.arange(8)[::-1] if names == "backwards" else np.random.default_rng(3).permutation(8)
    for number, index in enumerate(order, start=1):
        slices[index].InstanceNumber = number
    assert_read_alike(save(tmp_path, [slices[index] for index in order]), tmp_path, dcm2niix)


SLOPES = {
    "one": ["1"] * 8,
    "each its own": [f"{1 + k / 4:g}" for k in range(8)],
    "1e-8 for all": ["1.5e-8"] * 8,
    "1e-8, each its own": [f"{(1 + 15 * k) * 1e-8:.9g}" for k in range(8)],
    "1e-6": [f"{(1 + k) * 1e-6:.9g}" for k in range(8)],
    "over six decades": [f"{10.0 ** (k - 4):g}" for k in range(8)],
    "one in a hundred thousand apart": [f"{1 + k * 1e-5:.9g}" for k in range(8)],
    "large": [f"{1e6 + k:g}" for k in range(8)],
}


@pytest.mark.parametrize("slopes", SLOPES.values(), ids=SLOPES)
def test_slopes(tmp_path, dcm2niix, slopes):
    slices = pet_series(counts(), AXIAL)
    for ds, slope in zip(slices, slopes, strict=True):
        ds.RescaleSlope = slope
    assert_read_alike(save(tmp_path, slices), tmp_path, dcm2niix)


INTEGERS = {
    "unsigned 8": ("<u1", 0, 255),
    "unsigned 16, small": ("<u2", 0, 3000),
    "unsigned 16, full": ("<u2", 0, 65535),
    "signed 16, negative": ("<i2", -32768, 32767),
    "unsigned 32": ("<u4", 0, 2**31 - 1),
    "signed 32, negative": ("<i4", -(2**30), 2**30),
}


@pytest.mark.parametrize("slopes", ["one", "each its own"])
@pytest.mark.parametrize(("kind", "smallest", "largest"), INTEGERS.values(), ids=INTEGERS)
def test_integers(tmp_path, dcm2niix, kind, smallest, largest, slopes):
    stored, kind = counts(largest=largest, smallest=smallest), np.dtype(kind)
    bits = 8 * kind.itemsize
    slices = pet_series(
        stored,
        AXIAL,
        BitsAllocated=bits,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=int(kind.kind == "i"),
    )
    for ds, plane, slope in zip(slices, stored, SLOPES[slopes], strict=True):
        ds.PixelData, ds.RescaleSlope = plane.astype(kind).tobytes(), slope
        ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    assert_read_alike(save(tmp_path, slices), tmp_path, dcm2niix)


def test_dcm2niix_takes_slopes_less_than_1e_7_apart_as_one_and_we_do_not(tmp_path, dcm2niix):
    stored, slopes = counts(), np.arange(1, 9) * 1e-8
    slices = pet_series(stored, AXIAL)
    for ds, slope in zip(slices, slopes, strict=True):
        ds.RescaleSlope = f"{slope:.9g}"
    folder = save(tmp_path, slices)
    ours, theirs = convert(folder, tmp_path), nib.as_closest_canonical(dcm2niix(folder))
    by_hand = stored[:, ::-1, ::-1].transpose(2, 1, 0)  # rows run to the left, columns to the back
    np.testing.assert_allclose(ours.get_fdata(), by_hand * slopes, rtol=1e-5)
    np.testing.assert_allclose(theirs.get_fdata(), by_hand * slopes[0], rtol=1e-5)


SHAPES = {
    "wide": ((8, 12, 24), (2.0, 2.0)),
    "tall": ((8, 24, 12), (2.0, 2.0)),
    "pixels taller than wide": ((8, 20, 16), (4.0625, 1.5)),
    "pixels wider than tall": ((8, 16, 20), (1.5, 4.0625)),
    "two slices": ((2, 20, 16), (2.0, 2.0)),
    "many slices": ((150, 20, 16), (2.0, 2.0)),
}


@pytest.mark.parametrize(("shape", "spacing"), SHAPES.values(), ids=SHAPES)
def test_shapes(tmp_path, dcm2niix, shape, spacing):
    grid = rotated(turned(10, 0, 0), np.eye(3), between_rows=spacing[0], between_columns=spacing[1])
    assert_read_alike(save(tmp_path, pet_series(counts(shape), grid)), tmp_path, dcm2niix)


def test_slices_no_more_uneven_than_real_ones(tmp_path, dcm2niix):
    slices = pet_series(counts(), AXIAL)
    for ds, height in zip(slices, np.cumsum([0, 3.27, 3.29, 3.27, 3.27, 3.19, 3.29, 3.27]), strict=True):
        ds.ImagePositionPatient = [-31.5, -20.25, round(height, 2)]
    assert_read_alike(save(tmp_path, slices), tmp_path, dcm2niix)


SYNTAXES = {
    "RLE": gdcm.TransferSyntax.RLELossless,
    "JPEG lossless": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "JPEG-LS": gdcm.TransferSyntax.JPEGLSLossless,
    "JPEG 2000": gdcm.TransferSyntax.JPEG2000Lossless,
    "implicit": gdcm.TransferSyntax.ImplicitVRLittleEndian,
    "big endian": gdcm.TransferSyntax.ExplicitVRBigEndian,
}


def recode(path, syntax):
    reader, changer, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(path))
    assert reader.Read()
    changer.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    changer.SetInput(reader.GetImage())
    assert changer.Change()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(changer.GetOutput())
    assert writer.Write()
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == gdcm.TransferSyntax(syntax).GetString()


@pytest.mark.parametrize("signed", [0, 1], ids=["unsigned", "signed"])
@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_transfer_syntaxes(tmp_path, dcm2niix, syntax, signed):
    stored = counts(largest=30000, smallest=-30000 if signed else 0)
    slices = pet_series(stored, AXIAL, PixelRepresentation=signed)
    for ds, slope in zip(slices, SLOPES["each its own"], strict=True):
        ds.RescaleSlope = slope
    folder = save(tmp_path, slices)
    for path in folder.iterdir():
        recode(path, syntax)
    assert_read_alike(folder, tmp_path, dcm2niix)


@pytest.mark.parametrize("decay", ["START", "ADMIN"])
@pytest.mark.parametrize("units", ["BQML", "GML", "CM2ML", "CNTS", "CPS", "PROPCNTS", "PROPCPS"])
def test_units(tmp_path, dcm2niix, units, decay):
    slices = pet_series(counts(), AXIAL, Units=units, DecayCorrection=decay, RescaleSlope="0.125")
    assert_read_alike(save(tmp_path, slices), tmp_path, dcm2niix)


def spect(step, vector=None, angles=(0, 0, 0), position="HFS"):
    matrix = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    grid = rotated(Grid(*PATIENT_POSITIONS[position], (-31.5, 60.0, 402.75), 2.5, 2.0), matrix, step=step)
    return nm_volume(np.arange(8 * 6 * 5).reshape(8, 6, 5), grid, vector)


VECTORS = {
    "in order": None,
    "permuted": [1, 5, 3, 8, 2, 7, 4, 6],
    "the rest backwards": [1, 8, 7, 6, 5, 4, 3, 2],
}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
@pytest.mark.parametrize("step", [4.0, -4.0])
@pytest.mark.parametrize("angles", [(0, 0, 0), (20, 0, 0), (20, -15, 10)], ids=str)
@pytest.mark.parametrize("position", PATIENT_POSITIONS)
def test_every_voxel_of_a_spect_lies_where_the_standard_puts_it(tmp_path, position, angles, step, vector):
    folder = write(tmp_path / "scan", [spect(step, vector, angles, position)])
    raw = pydicom.dcmread(folder / "0000.dcm")
    order = np.argsort(np.frombuffer(raw.PixelData, "<i2"))
    values, places = places_of_values(convert(folder, tmp_path))
    np.testing.assert_array_equal(values, np.arange(8 * 6 * 5))
    np.testing.assert_allclose(places, nm_points(raw).reshape(-1, 3)[order], rtol=0, atol=1e-3)


@pytest.mark.parametrize("step", [4.0, -4.0])
@pytest.mark.parametrize("angles", [(0, 0, 0), (20, 0, 0), (20, -15, 10)], ids=str)
@pytest.mark.parametrize("position", PATIENT_POSITIONS)
def test_spect_in_order_is_read_as_itk_reads_it(tmp_path, position, angles, step):
    folder = write(tmp_path / "scan", [spect(step, None, angles, position)])
    theirs = itk_points(folder / "0000.dcm")
    values, places = places_of_values(convert(folder, tmp_path))
    np.testing.assert_array_equal(values, np.arange(8 * 6 * 5))
    np.testing.assert_allclose(places, theirs, rtol=0, atol=0.1)


def itk_points(path):
    """Return where ITK puts the values 0, 1, 2, ..., LPS+ mm."""
    with warnings.catch_warnings():  # its bindings warn when they are imported
        warnings.simplefilter("ignore")
        sitk = pytest.importorskip("SimpleITK")
    image = sitk.ReadImage(str(path))
    stored = sitk.GetArrayFromImage(image)
    indices = np.argwhere(np.ones_like(stored))[:, ::-1]
    directions = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    return (indices @ directions.T + image.GetOrigin())[np.argsort(stored, axis=None)]


def test_dcm2niix_turns_a_spect_with_negative_spacing_upside_down_and_we_do_not(tmp_path, dcm2niix):
    folder = write(tmp_path / "scan", [spect(-4.0)])
    heights = {}
    for reader, image in (("ours", convert(folder, tmp_path)), ("theirs", dcm2niix(folder))):
        values, places = places_of_values(image)
        heights[reader] = places[values == 7 * 30][0, 2]  # the first voxel of the last slice
    assert heights == pytest.approx({"ours": 402.75 - 7 * 4, "theirs": 402.75 + 7 * 4})
