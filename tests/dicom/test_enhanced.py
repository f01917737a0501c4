import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.declared import Declared
from pet_spect.errors import DicomError

SUV_OF_ONE_BQML = 70_000 / (350e6 * 0.5 ** (3600 / 6586.2))


def item(**elements):
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def macro(**elements):
    return Sequence([item(**elements)])


@pytest.fixture
def enhanced(pet_slices, drug):
    """Return a maker of one object whose frames, stored from the head down, carry slopes of their own."""

    def make(units="Bq/ml", **changes):
        stored = np.ones((4, 6, 5))
        stored[1, 4, 1] = 7  # second frame stored, third from below
        ds = pet_slices(stored[:1])[0]
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.130"
        for keyword in (
            *("RescaleSlope", "RescaleIntercept", "Units", "DecayCorrection", "CorrectedImage", "SeriesType"),
            *(
                "ImagePositionPatient",
                "ImageOrientationPatient",
                "PixelSpacing",
                "AcquisitionTime",
                "FrameReferenceTime",
            ),
        ):
            del ds[keyword]
        ds.ImageType = ["ORIGINAL", "PRIMARY", "STATIC", "NONE"]
        ds.DecayCorrected, ds.AttenuationCorrected, ds.DecayCorrectionDateTime = "YES", "YES", "20250101110000"
        ds.RadiopharmaceuticalInformationSequence = drug(
            RadionuclideTotalDose="350",
            RadiopharmaceuticalStartDateTime="20250101100000",
            RadiopharmaceuticalStartTime=None,
        )
        ds.NumberOfFrames, ds.PixelData = 4, stored.astype("<i2").tobytes()
        shared = item(
            PixelMeasuresSequence=macro(PixelSpacing=[2, 2], SliceThickness=3),
            PlaneOrientationSequence=macro(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        )
        ds.SharedFunctionalGroupsSequence = Sequence([shared])
        frames = []
        for number in range(4):
            mapping = item(
                RealWorldValueSlope=float(number + 1),
                RealWorldValueIntercept=0.0,
                MeasurementUnitsCodeSequence=macro(CodeValue=units, CodingSchemeDesignator="UCUM", CodeMeaning="unit"),
            )
            frames.append(
                item(
                    PlanePositionSequence=macro(ImagePositionPatient=[-10, -20, 9 - 3 * number]),
                    FrameContentSequence=macro(
                        FrameAcquisitionDateTime="20250101110000", FrameAcquisitionDuration=300000.0
                    ),
                    RealWorldValueMappingSequence=Sequence([mapping]),
                )
            )
        ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
        return ds

    return make


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
        ({"NumberOfFrames": 3}, "pixels"),
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
