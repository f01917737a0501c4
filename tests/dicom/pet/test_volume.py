"""Classic PET, from files to voxels, affine and SUV."""

import numpy as np
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from pet_spect.remarks import recall_warnings, write_remark
from tests.dicom.conftest import convert, refused

LAMBDA = np.log(2) / 6586.2


def test_every_slice_has_its_own_slope(pet_slices, save):
    slices = pet_slices(np.ones((4, 2, 2)))
    for slope, ds in zip((1, 2.5, 0.125, 4e-8), slices, strict=True):
        ds.RescaleSlope = str(slope)
    volume, facts = convert(save(*slices))
    np.testing.assert_allclose(volume.data[0, 0], [1, 2.5, 0.125, 4e-8], rtol=1e-6)
    assert facts["Units"] == "Bq/mL"


def test_slices_are_ordered_by_position_not_by_name_or_number(pet_slices, save):
    slices = pet_slices(np.arange(4)[:, None, None] * np.ones((4, 2, 2)))
    for number, ds in enumerate(slices):
        ds.InstanceNumber = 4 - number
    shuffled = [slices[k] for k in (2, 0, 3, 1)]
    assert list(convert(save(*shuffled))[0].data[0, 0]) == [0, 1, 2, 3]


def test_marker_lies_where_the_header_puts_it(pet_slices, save):
    stored = np.zeros((4, 6, 5))
    stored[2, 4, 1] = 7  # slice 2, row 4, column 1
    volume, _ = convert(save(*pet_slices(stored)))
    index = np.argwhere(volume.data == 7)[0]
    # LPS: (-10 + 1*2, -20 + 4*2, 2*3) = (-8, -12, 6)
    np.testing.assert_allclose(volume.affine @ [*index, 1], [8, 12, 6, 1])


def test_slices_from_the_head_down_lie_in_the_same_place(pet_slices, save):
    stored = np.zeros((4, 6, 5))
    stored[2, 4, 1] = 7
    slices = pet_slices(stored)
    for ds in slices:  # feet first: x and z of the voxel axes turn around, the marker stays put
        ds.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
        ds.ImagePositionPatient = [-2, -20, ds.ImagePositionPatient[2]]
        ds.PixelData = np.frombuffer(ds.PixelData, "<i2").reshape(6, 5)[:, ::-1].astype("<i2").tobytes()
    volume, _ = convert(save(*slices))
    index = np.argwhere(volume.data == 7)[0]
    np.testing.assert_allclose(volume.affine @ [*index, 1], [8, 12, 6, 1])


SUV_OF_ONE_BQML = 70_000 / (350e6 * np.exp(-LAMBDA * 3600))


def test_start_series_by_its_series_time(pet_slices, save):
    _, facts = convert(save(*pet_slices()))
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)
    assert facts["SUVTimeSource"] == "series time"
    assert (facts["ScanStart"], facts["ImageDecayCorrectionTime"]) == (3600, 3600)


def test_one_reference_time_serves_all_beds(pet_slices, save):
    slices = pet_slices()
    for ds in slices[:2]:
        ds.AcquisitionTime, ds.FrameReferenceTime = "110500", "300000"
    _, facts = convert(save(*slices))
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)


def test_series_time_after_the_scan_gives_way_to_the_frame_reference_time(pet_slices, save):
    _, facts = convert(save(*pet_slices(SeriesTime="113000")))
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML, rel=1e-6)
    assert facts["SUVTimeSource"] == "frame reference time"


@pytest.mark.parametrize(
    ("group", "creator", "element"), [(0x0009, "GEMS_PETD_01", 0x0D), (0x0071, "SIEMENS MED PT", 0x22)]
)
def test_private_decay_correction_time_goes_first(pet_slices, save, group, creator, element):
    slices = pet_slices(SeriesTime="113000", FrameReferenceTime="0")
    for ds in slices:
        ds.private_block(group, creator, create=True).add_new(element, "DT", "20250101110000.00")
    _, facts = convert(save(*slices))
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)
    assert facts["SUVTimeSource"] == "explicit"


def test_private_decay_correction_time_after_the_scan_began_is_refused(pet_slices, save):
    slices = pet_slices()
    for ds in slices:
        ds.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20250101113000")
    assert refused(save(*slices)).code == "decay_time"


def test_decay_factor_that_contradicts_takes_the_suv_away(pet_slices, save):
    _, facts = convert(save(*pet_slices(DecayFactor="1.5")))
    assert facts["SUVbwFactor"] is None
    assert "DecayFactor 1.5 contradicts" in facts["SUVReason"]
    assert [w["Code"] for w in facts["Warnings"]] == ["decay_factor_conflict"]


def test_voxels_corrected_to_administration(pet_slices, save):
    _, facts = convert(save(*pet_slices(DecayCorrection="ADMIN")))
    assert facts["SUVbwFactor"] == pytest.approx(70_000 / 350e6)
    assert facts["ImageDecayCorrectionTime"] == 0


def test_uncorrected_beds_are_brought_to_one_time(pet_slices, save):
    slices = pet_slices(np.full((4, 2, 2), 1000), DecayCorrection="NONE", CorrectedImage=["ATTN"])
    for ds in slices[:2]:  # measured one half-life later, so a true activity twice as high at the common time
        ds.AcquisitionTime = "124946.2"
    volume, facts = convert(save(*slices))
    over_the_frame = LAMBDA * 300 / (1 - np.exp(-LAMBDA * 300))
    np.testing.assert_allclose(volume.data[0, 0], np.array([2000, 2000, 1000, 1000]) * over_the_frame, rtol=1e-6)
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)
    assert facts["ImageDecayCorrected"] is True


def test_uncorrected_beds_without_half_life_are_refused(pet_slices, save, drug):
    unknown = drug(RadionuclideHalfLife=None, RadionuclideCodeSequence=None, Radiopharmaceutical=None)
    slices = pet_slices(DecayCorrection="NONE", CorrectedImage=["ATTN"], RadiopharmaceuticalInformationSequence=unknown)
    slices[0].AcquisitionTime = "110500"
    assert refused(save(*slices)).code == "decay_none"


def test_units_are_kept_and_named(pet_slices, save):
    for number, (units, kind, name) in enumerate(
        [
            ("GML", None, "SUVbw g/mL"),
            ("GML", "LBM", "SUVlbm g/mL"),
            ("CM2ML", None, "SUVbsa cm2/mL"),
            ("CNTS", None, "counts"),
        ]
    ):
        volume, facts = convert(save(*pet_slices(Units=units, SUVType=kind), folder=str(number)))
        assert facts["Units"] == name
        assert volume.data.max() == 119


def test_philips_factor_is_found_with_and_without_its_creator(pet_slices, save):
    named, bare = pet_slices(Units="CNTS"), pet_slices(Units="CNTS")
    for ds in named:
        block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", "0.0")  # absent
        block.add_new(0x09, "DS", "1.8")
    for ds in bare:
        ds.add_new((0x7053, 0x1000), "DS", "0.0005")
    assert convert(save(*named, folder="a"))[1]["SUVbwFactor"] == pytest.approx(1.8 * SUV_OF_ONE_BQML)
    assert convert(save(*bare, folder="b"))[1]["SUVbwFactor"] == 0.0005


@pytest.mark.parametrize(
    "changes",
    [
        {"RadionuclideTotalDose": "350"},  # MBq
        {"RadiopharmaceuticalStartDateTime": "20250101100000.00", "RadiopharmaceuticalStartTime": None},
        {"RadiopharmaceuticalStartDateTime": "20250101100000.00"},
    ],
)
def test_dose_and_injection_are_understood_in_every_form(pet_slices, save, drug, changes):
    _, facts = convert(save(*pet_slices(RadiopharmaceuticalInformationSequence=drug(**changes))))
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)
    assert facts["InjectedRadioactivity"] == 350


def test_dateless_injection_is_the_evening_before_a_scan_after_midnight(pet_slices, save, drug):
    times = {"SeriesTime": "003000", "AcquisitionTime": "003000"}
    slices = pet_slices(**times, RadiopharmaceuticalInformationSequence=drug(RadiopharmaceuticalStartTime="233000"))
    assert convert(save(*slices))[1]["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)


def test_injection_half_a_day_ago_is_not_believed(pet_slices, save, drug):
    slices = pet_slices(RadiopharmaceuticalInformationSequence=drug(RadiopharmaceuticalStartTime="113000"))
    _, facts = convert(save(*slices))
    assert facts["SUVbwFactor"] is None
    assert "implausible" in facts["SUVReason"]


def test_weight_in_grams_is_understood_and_told(pet_slices, save):
    _, facts = convert(save(*pet_slices(PatientWeight="70000")))
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)
    assert [w["Code"] for w in facts["Warnings"]] == ["weight_in_grams"]


def test_half_life_of_another_nuclide_takes_the_suv_away(pet_slices, save, drug):
    _, facts = convert(save(*pet_slices(RadiopharmaceuticalInformationSequence=drug(RadionuclideHalfLife="109.8"))))
    assert facts["SUVbwFactor"] is None
    assert facts["SUVReason"] == "half-life 109.8 s in the header is not that of F18 (6586.2 s)"


@pytest.mark.parametrize("weight", [None, "0"])
def test_missing_weight_takes_only_the_suv_away(pet_slices, save, weight):
    volume, facts = convert(save(*pet_slices(PatientWeight=weight)))
    assert volume.data.max() == 119
    assert (facts["SUVbwFactor"], facts["SUVReason"]) == (None, "patient weight is missing")


def test_tables_fill_gaps(pet_slices, save):
    slices = pet_slices(PatientWeight=None, RadiopharmaceuticalInformationSequence=None)
    _, facts = convert(save(*slices), weight_kg=70.0, dose_mbq=350.0, injection_time="10:00")
    assert facts["SUVbwFactor"] is None  # nothing says which radionuclide
    assert facts["SUVReason"] == "half-life of the radionuclide is missing"


def test_tables_fill_gaps_of_the_administration(pet_slices, save, drug):
    bare = drug(RadionuclideTotalDose=None, RadiopharmaceuticalStartTime=None)
    slices = pet_slices(PatientWeight=None, RadiopharmaceuticalInformationSequence=bare)
    for when in ({"injection_time": "10:00"}, {"uptake_minutes": 60.0}):
        _, facts = convert(save(*slices), weight_kg=70.0, dose_mbq=350.0, **when)
        assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)
        assert facts["Warnings"] == []


def test_conflicts_with_the_tables_are_told_and_the_header_stays(pet_slices, save):
    _, facts = convert(
        save(*pet_slices()), weight_kg=90.0, dose_mbq=300.0, injection_time="10:20", sex="F", height_m=1.5
    )
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)
    assert {w["Code"] for w in facts["Warnings"]} == {
        *("weight_conflict", "dose_conflict", "injection_time_conflict", "sex_conflict", "height_conflict")
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"RescaleSlope": None}, "rescale_slope"),
        ({"RescaleSlope": "0"}, "rescale_slope"),
        ({"RescaleSlope": "1e300"}, "rescale_slope"),
        ({"RescaleIntercept": "-1"}, "rescale_intercept"),
        ({"Units": None}, "units"),
        ({"Units": "MLMINML"}, "units"),
        ({"SUVType": "XYZ", "Units": "GML"}, "suv_type"),
        ({"CorrectedImage": ["DECY", "SCAT"]}, "attenuation"),
        ({"CorrectedImage": ["DECY"]}, "attenuation"),
        ({"CorrectedImage": None}, "decay_correction"),
        ({"DecayCorrection": None}, "decay_correction"),
        ({"DecayCorrection": "NONE"}, "decay_correction"),
        ({"CorrectedImage": ["ATTN"]}, "decay_correction"),
        ({"SeriesType": ["DYNAMIC", "IMAGE"]}, "not_static"),
        ({"SeriesType": ["DYNAMIC", "IMAGE"], "NumberOfTimeSlices": 6}, "not_static"),
        ({"SeriesType": ["GATED", "IMAGE"]}, "gated"),
        ({"SeriesType": ["WHOLE BODY", "REPROJECTION"]}, "reprojection"),
        ({"NumberOfRRIntervals": 8}, "gated"),
        ({"ImagePositionPatient": None}, "geometry_missing"),
        ({"ImageOrientationPatient": None}, "geometry_missing"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "orientation"),
        ({"PixelSpacing": None}, "geometry_missing"),
        ({"PixelData": b"12"}, "pixels"),
    ],
)
def test_what_is_not_understood_is_refused(pet_slices, save, changes, code):
    assert refused(save(*pet_slices(**changes))).code == code


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("RescaleSlope", None, "rescale_slope"),
        ("RescaleIntercept", "3", "rescale_intercept"),
        ("FrameOfReferenceUID", "1.2.9", "mixed_series"),
        ("Units", "GML", "mixed_series"),
        ("PatientID", "someone else", "mixed_series"),
        ("SeriesInstanceUID", "1.2.9", "mixed_series"),
        ("ImageOrientationPatient", [0, 1, 0, 1, 0, 0], "mixed_orientation"),
        ("PixelSpacing", [2, 3], "mixed_spacing"),
        ("ImagePositionPatient", [-10, -20, 3], "slice_duplicate"),
        ("ImagePositionPatient", [-10, -20, 7], "slice_spacing"),
        ("ImagePositionPatient", [-12, -20, 6], "slice_spacing"),
    ],
)
def test_one_slice_that_does_not_belong_is_enough(pet_slices, save, keyword, value, code):
    slices = pet_slices()
    if value is None:
        del slices[2][keyword]
    else:
        setattr(slices[2], keyword, value)
    assert refused(save(*slices)).code == code


def test_missing_slice_is_refused(pet_slices, save):
    slices = pet_slices()
    assert refused(save(slices[0], slices[1], slices[3])).code == "slice_spacing"


def test_fewer_slices_than_the_header_says_are_told(pet_slices, save):
    _, facts = convert(save(*pet_slices(NumberOfSlices=47)))
    (warning,) = facts["Warnings"]
    assert (warning["Code"], warning["Fields"]) == ("fewer_slices_than_stated", {"found": 4, "stated": 47})


def test_one_file_of_a_series_is_no_volume(pet_slices, save):
    folder = save(*pet_slices())
    assert refused(sorted(folder.iterdir())[0]).code == "slice_single"


def test_other_images_in_the_folder_make_it_a_mixed_series(pet_slices, save):
    slices = pet_slices()
    slices[0].SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    assert "mixed series: several kinds of image (3 + 1 images)" in str(refused(save(*slices[1:], slices[0])))


def test_ct_is_neither_pet_nor_nm(pet_slices, save):
    slices = pet_slices(Modality="CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    assert "neither a PET nor an NM image (Modality CT)" in str(refused(save(*slices)))


def test_orientation_that_contradicts_the_header_is_refused(pet_slices, save):
    folder = save(*pet_slices())
    assert convert(folder, orientation="LPS")[0].data.shape == (5, 6, 4)
    assert refused(folder, orientation="RPS").code == "orientation_conflict"


def test_spect_in_pet_clothes_is_converted(pet_slices, save, drug):
    iodine = drug(Radiopharmaceutical="123I-IMZ", RadionuclideHalfLife="47604", RadionuclideCodeSequence=Sequence())
    _, facts = convert(save(*pet_slices(Units="CNTS", RadiopharmaceuticalInformationSequence=iodine)))
    assert (facts["TracerName"], facts["TracerRadionuclide"]) == ("IMZ", "I123")
    assert facts["SUVbwFactor"] is None


@pytest.mark.parametrize("spacing", [[2, -2], [-2, 2], [0, 0], [0, 2]])
def test_pixel_spacing_that_is_not_positive_is_refused_for_it_would_mirror(pet_slices, save, spacing):
    error = refused(save(*pet_slices(PixelSpacing=spacing)))
    assert error.code == "geometry"
    assert "two positive numbers are needed" in str(error)


@pytest.mark.parametrize("dose", ["5.0", "5000000", "19.9", "2001"])
def test_dose_that_may_be_in_another_unit_gives_no_suv(pet_slices, save, drug, dose):
    sequence = drug(RadionuclideTotalDose=dose)
    _, facts = convert(save(*pet_slices(RadiopharmaceuticalInformationSequence=sequence)))
    assert facts["SUVbwFactor"] is None
    assert "MBq in the header is not between 20 and 2000 MBq and was not used" in facts["SUVReason"]
    assert [w["Code"] for w in facts["Warnings"]] == ["dose_implausible"]
    assert "InjectedRadioactivity" not in facts


def test_warnings_that_convert_writes_survive_a_second_conversion(pet_slices, save, drug):
    sequence = drug(RadionuclideTotalDose="5", RadionuclideHalfLife="7000")
    slices = pet_slices(
        PatientWeight="70000", PatientSize="175", NumberOfSlices=9, RadiopharmaceuticalInformationSequence=sequence
    )
    told = convert(save(*slices), sex="F", weight_kg=90.0, injection_time="10:20")[1]["Warnings"]
    assert len(told) == 8
    assert [write_remark(one) for one in recall_warnings(told)] == told


def iomazenil(drug):
    return drug(
        Radiopharmaceutical="I-123 Iomazenil",
        RadionuclideCodeSequence=None,
        RadionuclideHalfLife="47604.6",
        RadionuclideTotalDose="167000000",
    )


def test_spect_sent_as_pet_is_read_as_such_and_may_lack_attenuation_correction(pet_slices, save, drug):
    spect = pet_slices(Units="CNTS", CorrectedImage=["DECY"], RadiopharmaceuticalInformationSequence=iomazenil(drug))
    volume, facts = convert(save(*spect))
    assert volume.data.max() == 119
    assert (facts["TracerRadionuclide"], facts["TracerName"]) == ("I123", "IMZ")
    assert facts["AttenuationCorrection"] == "none"
    assert [w["Code"] for w in facts["Warnings"]] == ["attenuation_uncorrected"]


def test_frame_reference_time_that_contradicts_the_series_time_is_told(pet_slices, save):
    _, facts = convert(save(*pet_slices(SeriesTime="105000")))
    assert facts["SUVTimeSource"] == "series time"
    (warning,) = facts["Warnings"]
    assert warning["Code"] == "reference_time_conflict"
    assert warning["Fields"] == {"seconds": 600, "reference": "series time"}
    assert len(recall_warnings(facts["Warnings"])) == 1


def test_decay_factor_settles_which_time_voxels_hold_for(pet_slices, save):
    after_ten_minutes = np.exp(LAMBDA * (600 + 149.6))
    _, facts = convert(save(*pet_slices(SeriesTime="105000", DecayFactor=f"{after_ten_minutes:.6f}")))
    assert facts["Warnings"] == []


def test_injection_whose_date_is_another_gives_way_to_its_time_of_day(pet_slices, save, drug):
    item = drug(RadiopharmaceuticalStartDateTime="19700101100000", RadiopharmaceuticalStartTime=None)
    _, facts = convert(save(*pet_slices(RadiopharmaceuticalInformationSequence=item)))
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)
    assert [w["Code"] for w in facts["Warnings"]] == ["injection_date_replaced"]
    assert len(recall_warnings(facts["Warnings"])) == 1


def test_injection_of_another_day_and_an_unlikely_time_of_day_gives_no_suv(pet_slices, save, drug):
    item = drug(RadiopharmaceuticalStartDateTime="19700101013000", RadiopharmaceuticalStartTime=None)
    _, facts = convert(save(*pet_slices(RadiopharmaceuticalInformationSequence=item)))
    assert facts["SUVbwFactor"] is None


@pytest.mark.parametrize("start", ["220000", "170000"])  # a slip of am and pm; UTC of another continent
def test_dateless_injection_long_before_the_scan_is_not_that_of_the_day_before(pet_slices, save, drug, start):
    item = drug(RadiopharmaceuticalStartTime=start)
    _, facts = convert(save(*pet_slices(RadiopharmaceuticalInformationSequence=item)))
    assert facts["SUVbwFactor"] is None
    assert "min before the scan is implausible" in facts["SUVReason"]


@pytest.mark.parametrize(
    ("injection", "clock"),
    [
        ("20250101090000Z", "+0100"),
        ("20250101090000+0000", "+0100"),
        ("20250101100000+0100", None),
        ("20250101100000+0100", "+0100"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_dated_injection_is_put_on_the_clock_of_the_scanner(pet_slices, save, drug, injection, clock):
    item = drug(RadiopharmaceuticalStartDateTime=injection, RadiopharmaceuticalStartTime=None)
    slices = pet_slices(RadiopharmaceuticalInformationSequence=item, TimezoneOffsetFromUTC=clock)
    assert convert(save(*slices))[1]["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)


def test_declared_injection_in_utc_is_put_on_the_clock_of_the_scanner(pet_slices, save, drug):
    bare = drug(RadiopharmaceuticalStartTime=None)
    slices = pet_slices(RadiopharmaceuticalInformationSequence=bare, TimezoneOffsetFromUTC="+0100")
    _, facts = convert(save(*slices), injection_time="2025-01-01T09:00:00Z")
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)


@pytest.mark.parametrize("utc", ["20250101090000Z", "20250101090000+0000"])
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_injection_in_utc_cannot_be_compared_with_a_clock_of_unknown_offset(pet_slices, save, drug, utc):
    item = drug(RadiopharmaceuticalStartDateTime=utc, RadiopharmaceuticalStartTime=None)
    assert convert(save(*pet_slices(RadiopharmaceuticalInformationSequence=item)))[1]["SUVbwFactor"] is None


def test_dateless_injection_goes_before_a_dated_one_on_another_clock(pet_slices, save, drug):
    item = drug(RadiopharmaceuticalStartDateTime="20250101083000+0530")  # 10:00 at +0700
    _, facts = convert(save(*pet_slices(RadiopharmaceuticalInformationSequence=item)))
    assert facts["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)


def test_a_time_without_a_scan_is_held_to_what_can_still_be_measured(pet_slices, save, drug):
    item = drug(RadiopharmaceuticalStartDateTime="20241230110000", RadiopharmaceuticalStartTime=None)
    slices = pet_slices(RadiopharmaceuticalInformationSequence=item, AcquisitionTime=None)
    for ds in slices:
        ds.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20250101110000")
    _, facts = convert(save(*slices))
    assert facts["SUVbwFactor"] is None
    assert "injection 2880 min before the time voxels hold for is implausible" in facts["SUVReason"]


@pytest.mark.parametrize("half_life", [None, "7000"])  # of no radionuclide
def test_fdg_is_labelled_with_fluorine(pet_slices, save, drug, half_life):
    item = drug(RadionuclideCodeSequence=None, RadionuclideHalfLife=half_life)
    _, facts = convert(save(*pet_slices(RadiopharmaceuticalInformationSequence=item)))
    assert facts["TracerRadionuclide"] == "F18"
    assert (facts["SUVbwFactor"] is None) == (half_life is not None)


def test_dose_of_another_radionuclide_may_be_in_mci_too(pet_slices, save, drug):
    gallium = drug(
        Radiopharmaceutical="X", RadionuclideHalfLife="4057.7", RadionuclideTotalDose="5", RadionuclideCodeSequence=None
    )
    nuclide = Dataset()
    nuclide.CodeMeaning = "^68^Gallium"
    gallium[0].RadionuclideCodeSequence = Sequence([nuclide])
    _, facts = convert(save(*pet_slices(RadiopharmaceuticalInformationSequence=gallium)))
    assert facts["SUVReason"] == "dose 5 MBq in the header is not between 20 and 2000 MBq and was not used"


@pytest.mark.parametrize(("keyword", "text"), [("PatientWeight", b"70 kg "), ("PatientSize", b"1,75")])
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_a_body_size_that_is_no_number_does_not_block_the_image(pet_slices, save, keyword, text):
    slices = pet_slices()
    for ds in slices:
        element = ds[keyword]
        ds[keyword] = RawDataElement(element.tag, "DS", len(text), text, 0, False, True)
    volume, facts = convert(save(*slices))
    assert volume.data.max() == 119
    assert (facts["SUVbwFactor"] is None) == (keyword == "PatientWeight")
    assert [w["Code"] for w in facts["Warnings"]] == [
        {"PatientWeight": "weight", "PatientSize": "height"}[keyword] + "_unreadable"
    ]
    assert len(recall_warnings(facts["Warnings"])) == 1


def test_numbers_are_compared_as_numbers_and_empty_items_say_nothing(pet_slices, save, drug):
    slices = pet_slices()
    slices[1].PatientWeight = "70.0"
    slices[2].RadiopharmaceuticalInformationSequence = drug(RadionuclideTotalDose="3.5e8")
    slices[3].RadiopharmaceuticalInformationSequence = Sequence([*drug(), Dataset(), *drug()])
    assert convert(save(*slices))[1]["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"CountsSource": "TRANSMISSION"}, "not_emission"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "reprojection"),
    ],
)
def test_what_is_no_image_of_emission_in_a_volume_is_refused(pet_slices, save, changes, code):
    assert refused(save(*pet_slices(**changes))).code == code


def test_slices_of_two_reconstructions_are_no_series(pet_slices, save):
    slices = pet_slices(ReconstructionMethod="OSEM")
    slices[1].ReconstructionMethod = "FBP"
    assert refused(save(*slices)).code == "mixed_series"


def test_an_intercept_that_is_a_rounded_zero_is_zero(pet_slices, save):
    assert convert(save(*pet_slices(RescaleIntercept="1e-12")))[0].data.max() == 119


def test_undecayed_beds_of_unknown_times_are_refused(pet_slices, save):
    slices = pet_slices(DecayCorrection="NONE", CorrectedImage=["ATTN"])
    slices[3].FrameReferenceTime = "1215000"  # AcquisitionTime is that of the whole scan
    assert refused(save(*slices)).code == "decay_none"


def test_a_date_that_is_none_gives_way_to_the_next(pet_slices, save):
    slices = pet_slices()
    slices[0].add_new("AcquisitionDate", "LO", "unknown")
    assert convert(save(*slices))[1]["SUVbwFactor"] == pytest.approx(SUV_OF_ONE_BQML)


def test_a_header_with_dates_far_apart_gives_no_suv_and_no_traceback(pet_slices, save):
    slices = pet_slices(SeriesDate="20200101", DecayFactor="1.02")
    _, facts = convert(save(*slices))
    assert facts["SUVbwFactor"] is None


def test_static_scan_outside_the_frame_window_is_told(pet_slices, save):
    _, facts = convert(save(*pet_slices()), frame_window=(20.0, 30.0))
    (warning,) = facts["Warnings"]
    assert warning["Code"] == "frame_window_missed"
    assert warning["Fields"] == {"begin": 60, "end": 65, "first": 20, "last": 30}
    assert len(recall_warnings(facts["Warnings"])) == 1
    assert convert(save(*pet_slices()), frame_window=(60.0, 65.0))[1]["Warnings"] == []
