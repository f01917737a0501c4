"""SPECT geometry is computed here by PS3.3 C.8.4.15, independently of the code."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.dicom.conftest import convert, refused

# Where rows and columns run for a patient in each position on a table that does not move (LPS+).
POSITIONS = {
    "HFS": ([1, 0, 0, 0, 1, 0], 1),
    "FFS": ([-1, 0, 0, 0, 1, 0], -1),
    "HFP": ([-1, 0, 0, 0, -1, 0], 1),
    "FFP": ([1, 0, 0, 0, -1, 0], -1),
}


def detector(position, orientation):
    item = Dataset()
    item.ImagePositionPatient, item.ImageOrientationPatient = list(position), list(orientation)
    return Sequence([item])


def marked():
    """Return (slices, rows, columns) with one hot voxel in slice number 2, row 4, column 1."""
    stored = np.zeros((4, 6, 5))
    stored[1, 4, 1] = 7
    return stored


@pytest.mark.parametrize("spacing", [4.0, -4.0])
@pytest.mark.parametrize("position", POSITIONS)
def test_marker_lies_where_the_standard_puts_it(nm_object, save, position, spacing):
    orientation, normal = POSITIONS[position]
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    assert np.cross(row, column)[2] == normal
    ds = nm_object(marked(), spacing, DetectorInformationSequence=detector((-10, -20, 30), orientation))
    volume, _ = convert(save(ds))
    lps = np.array([-10, -20, 30]) + 1 * 2 * row + 4 * 2 * column + 1 * spacing * np.array([0, 0, normal])
    index = np.argwhere(volume.data == 7)[0]
    np.testing.assert_allclose(volume.affine @ [*index, 1], [-lps[0], -lps[1], lps[2], 1])


@pytest.mark.parametrize(("spacing", "height"), [(4.0, 34.0), (-4.0, 26.0)])
def test_sign_of_the_spacing_decides_between_head_and_feet(nm_object, save, spacing, height):
    volume, _ = convert(save(nm_object(marked(), spacing)))
    index = np.argwhere(volume.data == 7)[0]
    assert (volume.affine @ [*index, 1])[2] == height


def test_frames_are_ordered_by_slice_vector_not_by_place_in_the_file(nm_object, save):
    stored = marked()[[0, 2, 3, 1]]
    volume, _ = convert(save(nm_object(stored, 4.0, SliceVector=[1, 3, 4, 2])))
    index = np.argwhere(volume.data == 7)[0]
    assert (volume.affine @ [*index, 1])[2] == 34.0


def test_oblique_detector_is_kept(nm_object, save):
    cosine, sine = np.cos(0.3), np.sin(0.3)
    orientation = [1, 0, 0, 0, round(cosine, 9), round(sine, 9)]
    volume, _ = convert(save(nm_object(marked(), -4.0, DetectorInformationSequence=detector((0, 0, 0), orientation))))
    lps = np.array([2, 8 * cosine, 8 * sine]) - 4 * np.array([0, -sine, cosine])
    index = np.argwhere(volume.data == 7)[0]
    np.testing.assert_allclose(volume.affine @ [*index, 1], [-lps[0], -lps[1], lps[2], 1], atol=1e-6)


def test_modality_may_read_anything_for_the_class_decides(nm_object, save):
    assert convert(save(nm_object(Modality="OT")))[1]["Modality"] == "NM"


@pytest.mark.parametrize(
    "sequence", [None, Sequence(), Sequence([Dataset()])], ids=["no sequence", "no detector", "no position"]
)
def test_geometry_that_is_absent_is_not_invented(nm_object, save, sequence):
    folder = save(nm_object(marked(), DetectorInformationSequence=sequence))
    assert refused(folder).code == "orientation_unknown"
    volume, facts = convert(folder, orientation="LPI")
    assert facts["Warnings"][0]["Code"] == "orientation_declared"
    x, y, z, _ = volume.affine @ [*np.argwhere(volume.data == 7)[0], 1]
    # column 1 of 0..4, row 4 of 0..5, slice 1 of 0..3 from the centre: right, back, up
    assert (x, y, z) == (2, -3, 2)


def test_position_outside_the_detector_sequence_does_not_count(nm_object, save):
    ds = nm_object(DetectorInformationSequence=None)
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    assert refused(save(ds)).code == "orientation_unknown"


def test_first_frame_that_is_not_slice_one_is_ambiguous(nm_object, save):
    folder = save(nm_object(marked()[::-1], SliceVector=[4, 3, 2, 1]))
    error = refused(folder)
    assert error.code == "orientation_unknown"
    assert "the first stored frame is slice 4" in str(error)
    volume, _ = convert(folder, orientation="LPS")
    x, y, z, _ = volume.affine @ [*np.argwhere(volume.data == 7)[0], 1]
    assert (x, y, z) == (2, -3, -2)


def test_declared_orientation_must_agree_with_the_header(nm_object, save):
    folder = save(nm_object())
    assert refused(folder, orientation="LPS").code == "orientation_conflict"
    assert convert(folder, orientation="LPI")[1]["Warnings"] == []


def reversed_frames(make):
    return make(marked()[::-1], SliceVector=[4, 3, 2, 1])


def without_position(make):
    ds = make(marked())
    del ds.DetectorInformationSequence[0].ImagePositionPatient
    return ds


@pytest.mark.parametrize("build", [reversed_frames, without_position])
@pytest.mark.parametrize("letters", ["RPS", "RPI", "LAS", "RAS", "SPL", "PLS"])
def test_declared_columns_and_rows_must_agree_with_the_orientation_in_the_header(nm_object, save, build, letters):
    error = refused(save(build(nm_object)), orientation=letters)
    assert error.code == "orientation_conflict"
    assert "ImageOrientationPatient says that column and row grow towards LP" in str(error)


@pytest.mark.parametrize("build", [reversed_frames, without_position])
@pytest.mark.parametrize("letters", ["LPS", "LPI"])
def test_only_the_end_from_which_slices_are_counted_is_left_to_declare(nm_object, save, build, letters):
    volume, facts = convert(save(build(nm_object)), orientation=letters)
    x, y, z, _ = volume.affine @ [*np.argwhere(volume.data == 7)[0], 1]
    number = np.argwhere(volume.data == 7)[0][2]
    assert (x, y, z) == (2, -3, (1 if letters == "LPS" else -1) * 4 * (number - 1.5))
    assert facts["Warnings"][0]["Fields"]["case"] == "in_plane"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]}, "projections"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"]}, "not_recon_tomo"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "GATED TOMO", "EMISSION"]}, "projections"),
        ({"ImageType": None}, "not_recon_tomo"),
        ({"EnergyWindowVector": [1, 1, 2, 2]}, "energy_window"),
        ({"EnergyWindowVector": [1, 1]}, "frame_order"),
        ({"DetectorVector": [1, 1, 2, 2]}, "detector"),
        ({"TimeSlotVector": [1, 1, 2, 2]}, "gate"),
        ({"RotationVector": [1, 1, 2, 2]}, "not_static"),
        ({"SliceVector": [1, 2, 3, 3]}, "frame_order"),
        ({"SliceVector": [1, 2, 4, 5]}, "frame_order"),
        ({"SliceVector": [1, 2, 3]}, "frame_order"),
        ({"SliceVector": None}, "frame_order"),
        ({"FrameIncrementPointer": None}, "frame_order"),
        ({"FrameIncrementPointer": 0x00540010}, "frame_order"),
        ({"SpacingBetweenSlices": None}, "geometry_missing"),
        ({"SpacingBetweenSlices": 0}, "geometry_missing"),
        ({"PixelSpacing": None}, "geometry_missing"),
        ({"PixelSpacing": [-2, 2]}, "geometry"),
        ({"PixelSpacing": [2, 0]}, "geometry"),
        ({"RescaleSlope": "0"}, "rescale_slope"),
        ({"RescaleSlope": "1e38"}, "rescale_slope"),
        ({"RescaleSlope": "2", "RescaleIntercept": "1"}, "rescale_intercept"),
        ({"PixelData": b"12"}, "pixels"),
    ],
)
def test_what_is_not_understood_is_refused(nm_object, save, changes, code):
    assert refused(save(nm_object(**changes))).code == code


def test_projections_are_refused_with_advice(nm_object, save):
    error = refused(save(nm_object(ImageType=["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"])))
    assert "export the reconstructed series (RECON TOMO)" in str(error)


def test_two_volumes_in_a_folder_are_refused(nm_object, save):
    assert refused(save(nm_object(), nm_object())).code == "mixed_series"


def test_voxels_without_a_scale_are_relative(nm_object, save):
    volume, facts = convert(save(nm_object()))
    assert (facts["Units"], facts["SUVbwFactor"]) == ("relative", None)
    assert volume.data.max() == 119


def test_rescale_slope_scales(nm_object, save):
    assert convert(save(nm_object(RescaleSlope="0.5")))[0].data.max() == 59.5


@pytest.mark.parametrize(("code", "units"), [("Bq/ml", "Bq/mL"), ("{counts}", "counts"), ("1", "relative")])
def test_scale_may_be_a_real_world_value_mapping_only(nm_object, save, code, units):
    unit, mapping = Dataset(), Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = code, "UCUM", "unit"
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 0.25, 0.0
    mapping.MeasurementUnitsCodeSequence = Sequence([unit])
    volume, facts = convert(save(nm_object(RealWorldValueMappingSequence=Sequence([mapping]))))
    assert facts["Units"] == units
    assert volume.data.max() == 29.75


def test_missing_attenuation_correction_is_told(nm_object, save):
    _, facts = convert(save(nm_object(CorrectedImage=["SCAT"])))
    assert facts["AttenuationCorrection"] == "none"
    assert [w["Code"] for w in facts["Warnings"]] == ["attenuation_uncorrected"]
