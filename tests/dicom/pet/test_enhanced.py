import copy

import numpy as np
import pytest
from pydicom.sequence import Sequence

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.errors import DicomError
from tests.dicom.conftest import item, macro

SUV_OF_ONE_BQML = 70_000 / (350e6 * 0.5 ** (3600 / 6586.2))


def refused(path):
    with pytest.raises(DicomError) as caught:
        convert_scan(path, Declared(), "sub-01")
    assert str(caught.value).startswith("sub-01")
    return caught.value


def test_frames_are_placed_and_scaled_one_by_one(enhanced, save):
    volume, facts = convert_scan(save(enhanced()), Declared(), "sub-01")
    index = np.argwhere(volume.data == 14)[0]  # 7 times the slope of the second frame
    np.testing.assert_allclose(volume.affine @ [*index, 1], [8, 12, 6, 1])
    assert list(volume.data[0, 0]) == [4, 3, 2, 1]
    assert facts["Units"] == "Bq/mL"


def test_dose_is_mbq_and_decay_correction_time_explicit(enhanced, save):
    _, facts = convert_scan(save(enhanced()), Declared(), "sub-01")
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)
    assert facts["SUVTimeSource"] == "explicit"


def test_voxels_may_be_suv_already(enhanced, save):
    _, facts = convert_scan(save(enhanced("g/ml{SUVbw}")), Declared(), "sub-01")
    assert (facts["Units"], facts["SUVbwFactor"]) == ("SUVbw g/mL", 1.0)


def test_legacy_converted_object_keeps_its_classic_attributes(enhanced, save):
    ds = enhanced(SOPClassUID="1.2.840.10008.5.1.4.1.1.128.1", DecayCorrection="START", CorrectedImage=["DECY", "ATTN"])
    for frame in ds.PerFrameFunctionalGroupsSequence:
        del frame.RealWorldValueMappingSequence
        frame.PixelValueTransformationSequence = macro(RescaleSlope="2", RescaleIntercept="0", RescaleType="US")
    classic = {"Units": "BQML", "AcquisitionDate": "20250101", "AcquisitionTime": "110000"}
    ds.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence = macro(**classic)
    volume, facts = convert_scan(save(ds), Declared(), "sub-01")
    assert volume.data.max() == 14
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"AttenuationCorrected": "NO"}, "attenuation"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "DYNAMIC", "NONE"]}, "not_static"),
        ({"DecayCorrectionDateTime": "20250101113000"}, "decay_time"),
        ({"units": "furlong"}, "units"),
        ({"NumberOfFrames": 3}, "frames"),
        ({"NumberOfFrames": 5}, "pixels"),
        ({"PerFrameFunctionalGroupsSequence": Sequence()}, "slice_single"),
    ],
)
def test_what_is_not_understood_is_refused(enhanced, save, changes, code):
    assert refused(save(enhanced(**changes))).code == code


def test_two_frames_in_one_place_are_refused(enhanced, save):
    ds = enhanced()
    ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence[0].ImagePositionPatient = [-10, -20, 9]
    error = refused(save(ds))
    assert error.code == "slice_duplicate"
    assert "frame" in str(error)


@pytest.mark.parametrize("spacing", [[2, -2], [0, 2]])
def test_pixel_spacing_that_is_not_positive_is_refused_for_it_would_mirror(enhanced, save, spacing):
    ds = enhanced()
    ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = spacing
    assert refused(save(ds)).code == "geometry"


def test_values_beyond_32_bit_floats_are_refused(enhanced, save):
    ds = enhanced()
    ds.PerFrameFunctionalGroupsSequence[1].RealWorldValueMappingSequence[0].RealWorldValueSlope = 1e300
    assert refused(save(ds)).code == "rescale_slope"


def frames_again(ds, starts, counts):
    """Make a dynamic object of one volume: each time frame begins at its minute and has its counts."""
    once = list(ds.PerFrameFunctionalGroupsSequence)
    groups = []
    for start in starts:
        for group in copy.deepcopy(once):
            group.FrameContentSequence[0].FrameAcquisitionDateTime = f"2025010111{start:02d}00"
            group.RealWorldValueMappingSequence[0].RealWorldValueSlope = 1.0
            groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    ds.NumberOfFrames = len(groups)
    stored = np.repeat(counts, len(once))[:, None, None] * np.ones((1, 6, 5))
    stored[:, 0, 0] = 0  # an image of one value is refused
    ds.PixelData = stored.astype("<i2").tobytes()
    ds.ImageType = ["ORIGINAL", "PRIMARY", "DYNAMIC", "NONE"]
    return ds


def test_time_frames_are_averaged_as_those_of_classic_series_are(enhanced, save):
    folder = save(frames_again(enhanced(), (0, 5, 10), (1, 10, 30)))
    assert refused(folder).code == "not_static"
    volume, facts = convert_scan(folder, Declared(frame_window=(65.0, 75.0)), "sub-01")
    assert (volume.data[1:] == 20).all()
    assert (facts["FramesAveraged"], facts["ScanStart"]) == (2, 3900.0)


def test_gated_frames_are_refused(enhanced, save):
    assert refused(save(enhanced(ImageType=["ORIGINAL", "PRIMARY", "CARDIAC_GATED", "NONE"]))).code == "gated"


def test_frames_without_decay_correction_hold_for_their_reference_time(enhanced, save):
    ds = enhanced(DecayCorrected="NO", DecayCorrectionDateTime=None)
    ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = "20250101090000"
    for number, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
        del group.FrameContentSequence[0].FrameAcquisitionDateTime
        group.FrameContentSequence[0].FrameReferenceDateTime = f"202501011{number // 2}0000"
        group.RealWorldValueMappingSequence[0].RealWorldValueSlope = 1.0
    ds.PixelData = np.ones((4, 6, 5), "<i2").tobytes()
    volume, facts = convert_scan(save(ds), Declared(), "sub-01")
    # frames 3 and 4, the two lowest slices, an hour later than frames 1 and 2
    np.testing.assert_allclose(volume.data[0, 0], [2 ** (3600 / 6586.2)] * 2 + [1, 1], rtol=1e-6)
    assert facts["SUVbwFactor"] == pytest.approx(70_000 / 350e6 * 2 ** (3600 / 6586.2))


def mapping_to(code, slope):
    unit = macro(CodeValue=code, CodingSchemeDesignator="UCUM", CodeMeaning="unit")
    return item(RealWorldValueSlope=slope, RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=unit)


def test_activity_goes_before_suv_where_voxels_are_mapped_to_both(enhanced, save):
    ds = enhanced()
    for group in ds.PerFrameFunctionalGroupsSequence:
        mappings = [mapping_to("g/ml{SUVbw}", 0.5), mapping_to("Bq/ml", 3.0)]
        group.RealWorldValueMappingSequence = Sequence(mappings)
    volume, facts = convert_scan(save(ds), Declared(), "sub-01")
    assert (facts["Units"], volume.data.min()) == ("Bq/mL", 3.0)


def test_two_mappings_to_one_unit_are_refused(enhanced, save):
    ds = enhanced()
    mappings = [mapping_to("Bq/ml", 2.0), mapping_to("Bq/ml", 3.0)]
    ds.PerFrameFunctionalGroupsSequence[0].RealWorldValueMappingSequence = Sequence(mappings)
    assert refused(save(ds)).code == "real_world_values"


@pytest.mark.parametrize(
    "said",
    [
        {"AttenuationCorrected": "NO"},
        {"DecayCorrected": "NO"},
        {"DecayCorrectionDateTime": "20250101103000"},
    ],
)
def test_corrections_of_one_frame_that_are_not_those_of_the_others_are_refused(enhanced, save, said):
    ds = enhanced()
    ds.PerFrameFunctionalGroupsSequence[2].PETFrameCorrectionFactorsSequence = macro(**said)
    assert refused(save(ds)).code == "mixed_series"


def test_two_scales_to_one_unit_that_differ_are_refused(enhanced, save):
    ds = enhanced()
    ds.PerFrameFunctionalGroupsSequence[2].PixelValueTransformationSequence = macro(
        RescaleSlope="7", RescaleIntercept="0", RescaleType="BQML"
    )
    assert refused(save(ds)).code == "real_world_values"
