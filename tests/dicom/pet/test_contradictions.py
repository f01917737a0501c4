"""Two elements that contradict each other are never read by one of them alone."""

import numpy as np
import pytest

from pet_spect.imaging.attenuation import corrected_by
from pet_spect.remarks import recall_warnings, write_remark
from tests.dicom.conftest import convert, item, macro, refused
from tests.dicom.facts.test_declared import factor, pair  # noqa: F401

SHAPE = (4, 6, 5)
IODINE = {"CodeValue": "C-114A4", "CodingSchemeDesignator": "SRT", "CodeMeaning": "^123^Iodine"}


@pytest.fixture
def spect_drug(drug):
    nuclide = macro(**IODINE)
    return drug(Radiopharmaceutical="iomazenil", RadionuclideHalfLife="47604", RadionuclideCodeSequence=nuclide)


@pytest.fixture
def objects(pet_slices, nm_object):
    """Return a maker of the objects of a PET or a SPECT."""
    return lambda kind, **changes: pet_slices(**changes) if kind == "PET" else [nm_object(**changes)]


def flagged(path, code, **declared):
    """Return the sidecar of a scan that is flagged with one code, in words that are let through again."""
    facts = convert(path, **declared)[1]
    (warning,) = (warning for warning in facts["Warnings"] if warning["Code"] == code)
    assert [write_remark(one) for one in recall_warnings([warning])] == [warning]
    return facts


# --- attenuation


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("measured,, 0.096000 cm-1,", True),
        ("measured,0.096000 1/cm", True),
        ("CTAC-SG", True),
        ("NONE, 0.000000 cm-1,", False),
        ("NONE", False),
        ("not attenuation corrected", False),
        ("", None),
        ("Site protocol 7", None),
    ],
)
def test_methods_as_scanners_write_them(text, corrected):
    assert corrected_by(text) is corrected


def test_pet_with_attn_and_no_method_is_refused(pet_slices, save):
    error = refused(save(*pet_slices(AttenuationCorrectionMethod="NONE, 0.000000 cm-1,")))
    assert error.code == "attenuation"
    assert "AttenuationCorrectionMethod that it was not" in str(error)


@pytest.mark.parametrize("method", ["measured,, 0.096000 cm-1,", "CT", None, "", "own"])
def test_pet_with_attn_and_any_method_is_read(pet_slices, save, method):
    assert convert(save(*pet_slices(AttenuationCorrectionMethod=method)))[1]["Warnings"] == []


@pytest.mark.parametrize(("terms", "method"), [(["ATTN"], "NONE"), (["DECY"], "Chang, 0.11 cm-1")])
def test_spect_whose_attenuation_is_in_doubt_counts_as_uncorrected(nm_object, save, terms, method):
    facts = flagged(save(nm_object(CorrectedImage=terms, AttenuationCorrectionMethod=method)), "attenuation_conflict")
    assert facts["AttenuationCorrection"] == "none"


def test_spect_sent_as_pet_whose_attenuation_is_in_doubt_counts_as_uncorrected(pet_slices, save, spect_drug):
    scan = pet_slices(RadiopharmaceuticalInformationSequence=spect_drug, AttenuationCorrectionMethod="NONE")
    assert flagged(save(*scan), "attenuation_conflict")["AttenuationCorrection"] == "none"


@pytest.mark.parametrize(
    "told", [{"CorrectedImage": ["DECY", "SCAT"]}, {"AttenuationCorrectionMethod": "NONE, 0.000000 cm-1,"}]
)
def test_json_that_contradicts_itself_about_attenuation(pair, told):  # noqa: F811
    with pytest.raises(Exception, match="attenuation was corrected and") as caught:
        convert(pair(**told))
    assert caught.value.code == "attenuation"
    spect = {"Modality": "NM", "TracerName": "IMZ", "TracerRadionuclide": "I123"}
    assert flagged(pair(**told, **spect), "attenuation_conflict")["AttenuationCorrection"] == "none"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"AttenuationCorrected": "NO", "CorrectedImage": ["ATTN", "DECY"]}, "attenuation"),
        ({"CorrectedImage": ["DECY"]}, "attenuation"),
        ({"DecayCorrected": "NO", "CorrectedImage": ["ATTN", "DECY"]}, "decay_correction"),
        ({"DecayCorrected": "NO", "DecayCorrection": "START"}, "decay_correction"),
        ({"DecayCorrection": "NONE"}, "decay_correction"),
    ],
)
def test_enhanced_pet_that_contradicts_itself_is_refused(enhanced, save, changes, code):
    assert refused(save(enhanced(**changes))).code == code


# --- decay


def test_a_decay_factor_without_decay_correction_takes_the_suv(pet_slices, save):
    scan = {"DecayCorrection": "NONE", "CorrectedImage": ["ATTN"]}
    facts = flagged(save(*pet_slices(**scan, DecayFactor="1.25")), "decay_factor_conflict")
    assert facts["SUVbwFactor"] is None
    assert convert(save(*pet_slices(**scan, DecayFactor="1")))[1]["Warnings"] == []


def test_beds_with_decay_factors_and_no_decay_correction_are_refused(pet_slices, save):
    slices = pet_slices(DecayCorrection="NONE", CorrectedImage=["ATTN"], DecayFactor="1.25")
    for ds in slices[2:]:
        ds.AcquisitionTime, ds.DecayFactor = "111000", "1.33"
    assert refused(save(*slices)).code == "decay_none"


def test_a_decay_factor_that_is_not_the_one_to_the_administration_is_told(pet_slices, save):
    facts = flagged(save(*pet_slices(DecayCorrection="ADMIN", DecayFactor="1.1")), "decay_factor_conflict")
    assert facts["SUVbwFactor"] == pytest.approx(70_000 / 350e6)
    right = np.exp(np.log(2) / 6586.2 * (3600 + 149.605))
    assert convert(save(*pet_slices(DecayCorrection="ADMIN", DecayFactor=f"{right:.6f}")))[1]["Warnings"] == []


def test_json_that_contradicts_itself_about_decay_is_refused(pair):  # noqa: F811
    with pytest.raises(Exception, match="ImageDecayCorrected is true and DecayCorrection NONE") as caught:
        convert(pair(DecayCorrection="NONE"))
    assert caught.value.code == "decay_correction"
    assert convert(pair(DecayCorrection="START"), weight_kg=70.0)[1]["SUVbwFactor"] == factor(60)


def test_a_json_whose_decay_factor_is_of_another_time_has_no_suv(pair):  # noqa: F811
    """Of a scan from 50 to 70 min after TimeZero, as dcm2niix wrote it: corrected to SeriesTime, which it left out."""
    late = {"FrameDuration": [1200], "DecayFactor": [1.45951]}
    facts = flagged(pair(**late), "decay_factor_conflict", weight_kg=70.0)
    assert facts["SUVbwFactor"] is None
    right = {"ScanStart": 3000, "FrameTimesStart": [3000], "InjectionStart": 0}
    facts = convert(pair(**late, **right), weight_kg=70.0)[1]
    assert (facts["SUVbwFactor"], facts["Warnings"]) == (pytest.approx(70_000 / 350e6), [])
    part = {"ScanStart": 0, "FrameTimesStart": [3000], "InjectionStart": 0}  # of a scan that began with the injection
    facts = convert(pair(**late, **part), weight_kg=70.0)[1]
    assert (facts["SUVbwFactor"], facts["UptakeMinutes"], facts["Warnings"]) == (pytest.approx(2e-4), 50.0, [])


# --- units


def test_another_unit_in_rescale_type_takes_the_suv(pet_slices, save):
    assert flagged(save(*pet_slices(RescaleType="GML")), "units_conflict")["SUVbwFactor"] is None


@pytest.mark.parametrize("told", ["BQML", "US", "SUV", None])
def test_a_rescale_type_that_says_nothing_else_is_passed_over(pet_slices, save, told):
    assert convert(save(*pet_slices(RescaleType=told)))[1]["Warnings"] == []


def test_suv_by_surface_that_says_body_weight_is_told(pet_slices, save):
    assert flagged(save(*pet_slices(Units="CM2ML", SUVType="BW")), "units_conflict")["Units"] == "SUVbsa cm2/mL"
    assert convert(save(*pet_slices(Units="CM2ML", SUVType="BSA")))[1]["Warnings"] == []


def mapping(slope=1.0, code="Bq/ml", **changes):
    unit = macro(CodeValue=code, CodingSchemeDesignator="UCUM", CodeMeaning="unit")
    told = item(RealWorldValueSlope=slope, RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=unit)
    for keyword, value in changes.items():
        setattr(told, keyword, value)
    return [told]


def test_two_slopes_to_one_unit_are_refused(pet_slices, save):
    assert refused(save(*pet_slices(RealWorldValueMappingSequence=mapping(2.0)))).code == "real_world_values"
    assert convert(save(*pet_slices(RealWorldValueMappingSequence=mapping(0.0002, "g/ml{SUVbw}"))))[1]["Warnings"] == []


def test_two_slopes_of_spect_to_one_unit_are_refused(nm_object, save):
    spect = nm_object(RealWorldValueMappingSequence=mapping(2.0), RescaleSlope="1", RescaleType="BQML")
    assert refused(save(spect)).code == "real_world_values"


# --- numbers of slices and frames, spacing


@pytest.mark.parametrize("kind", ["PET", "NM"])
@pytest.mark.parametrize(("stated", "code"), [(5, "fewer_slices_than_stated"), (3, "more_slices_than_stated")])
def test_another_number_of_slices_is_told(objects, save, kind, stated, code):
    flagged(save(*objects(kind, NumberOfSlices=stated)), code)


def test_time_frames_that_are_missing_are_told(pet_slices, save):
    made = []
    for number, minute in enumerate((0, 5)):
        middle = 1000 * (60 * minute + 149.605)
        made += pet_slices(
            np.arange(120).reshape(SHAPE) + number,
            SeriesType=["DYNAMIC", "IMAGE"],
            NumberOfTimeSlices=3,
            AcquisitionTime=f"11{minute:02d}00",
            FrameReferenceTime=f"{middle:.3f}",
        )
    flagged(save(*made), "fewer_frames_than_stated", frame_window=(60.0, 70.0))


def test_slices_further_apart_than_stated_are_told(pet_slices, save):
    flagged(save(*pet_slices(SpacingBetweenSlices=1.5)), "spacing_conflict")
    assert convert(save(*pet_slices(SpacingBetweenSlices=-3)))[1]["Warnings"] == []


# --- times


def test_a_duration_in_seconds_is_not_used(pet_slices, save):
    facts = flagged(save(*pet_slices(ActualFrameDuration="300", FrameReferenceTime=None)), "duration_implausible")
    assert "FrameDuration" not in facts
    assert facts["SUVbwFactor"] == factor(60)
    slices = pet_slices()
    slices[0].ActualFrameDuration = "500"
    assert convert(save(*slices))[1]["Warnings"] == []


def test_two_starts_of_the_acquisition_are_told(pet_slices, save):
    flagged(save(*pet_slices(AcquisitionDateTime="20250101113000")), "acquisition_times_differ")
    for told in ("20250101110000.000000", "20260404110000"):
        assert convert(save(*pet_slices(AcquisitionDateTime=told)))[1]["Warnings"] == []


# --- Modality and SOP class


@pytest.mark.parametrize("kind", ["PET", "NM"])
@pytest.mark.parametrize("modality", ["CT", "MR", "US"])
def test_an_object_of_another_modality_is_refused(objects, save, kind, modality):
    assert refused(save(*objects(kind, Modality=modality))).code == "modality"


@pytest.mark.parametrize(("kind", "modality"), [("PET", "NM"), ("NM", "PT")])
def test_spect_in_pet_objects_and_pet_in_nm_objects_are_told(objects, save, kind, modality):
    flagged(save(*objects(kind, Modality=modality)), "modality_conflict")


@pytest.mark.parametrize("kind", ["PET", "NM"])
@pytest.mark.parametrize("modality", ["OT", None, ""])
def test_a_modality_that_says_nothing_is_passed_over(objects, save, kind, modality):
    assert convert(save(*objects(kind, Modality=modality)))[1]["Warnings"] == []


# --- where stored values hold


def test_values_beyond_a_mapping_are_refused(nm_object, enhanced, save):
    short = {"RealWorldValueFirstValueMapped": 0, "RealWorldValueLastValueMapped": 100}
    error = refused(save(nm_object(RealWorldValueMappingSequence=mapping(**short))))
    assert (error.code, "19 voxels lie outside" in str(error)) == ("real_world_range", True)
    ds = enhanced()
    for group in ds.PerFrameFunctionalGroupsSequence:
        group.RealWorldValueMappingSequence[0].RealWorldValueFirstValueMapped = 0
        group.RealWorldValueMappingSequence[0].RealWorldValueLastValueMapped = 6
    assert refused(save(ds)).code == "real_world_range"


@pytest.mark.parametrize("ends", [(0, 65535), (0, 119), (1, 119), (32768, 32767), (0, 32767), (0, 0)])
def test_whole_ranges_as_scanners_write_them_are_read(nm_object, save, ends):
    (whole,) = mapping(2.0)
    whole.add_new("RealWorldValueFirstValueMapped", "US", ends[0])
    whole.add_new("RealWorldValueLastValueMapped", "US", ends[1])
    volume, _ = convert(save(nm_object(RealWorldValueMappingSequence=[whole])))
    assert volume.data.max() == 238


def test_padding_may_lie_beyond_a_mapping(nm_object, save):
    stored = np.arange(120).reshape(SHAPE)
    stored[0] = -2000
    whole = mapping(RealWorldValueFirstValueMapped=0, RealWorldValueLastValueMapped=200)
    volume, _ = convert(save(nm_object(stored, PixelPaddingValue=-2000, RealWorldValueMappingSequence=whole)))
    assert np.isnan(volume.data).sum() == 30


@pytest.mark.parametrize(
    ("value", "limit", "missing"),
    [(0, None, 0), (0, 5, 5), (-3, 0, 1), (5, 0, 5), (7, 7, 1), (None, 5, 0)],
)
def test_padding_is_out_of_view_and_zero_is_measured(pet_slices, save, value, limit, missing):
    stored = np.arange(120).reshape(SHAPE)
    stored[3, 5, 4] = -2
    volume, _ = convert(save(*pet_slices(stored, PixelPaddingValue=value, PixelPaddingRangeLimit=limit)))
    assert np.isnan(volume.data).sum() == missing
    assert (volume.data == 0).sum() == 1


TABLE = {"LUTDescriptor": [256, 0, 16], "ModalityLUTType": "US", "LUTData": bytes(512)}


@pytest.mark.parametrize("kind", ["PET", "NM"])
def test_values_that_a_table_gives_are_refused_and_an_empty_one_says_nothing(objects, save, kind):
    assert convert(save(*objects(kind, ModalityLUTSequence=[])))[0].data.max() > 0
    assert refused(save(*objects(kind, ModalityLUTSequence=macro(**TABLE)))).code == "modality_lut"


def test_a_table_of_real_world_values_is_refused_in_enhanced_pet(enhanced, save):
    ds = enhanced()
    for frame in ds.PerFrameFunctionalGroupsSequence:
        frame.RealWorldValueMappingSequence[0].RealWorldValueLUTData = [0.0, 1.0, 4.0]
    error = refused(save(ds))
    assert (error.code, "RealWorldValueLUTData" in str(error)) == ("real_world_values", True)


@pytest.mark.parametrize("slope", [{"RealWorldValueSlope": 2.0, "RealWorldValueIntercept": 0.0}, {}])
def test_a_table_of_real_world_values_is_refused_with_a_slope_beside_it_or_without(nm_object, save, slope):
    table = macro(RealWorldValueLUTData=[float(number) for number in range(120)], **slope)
    error = refused(save(nm_object(RealWorldValueMappingSequence=table)))
    assert (error.code, "RealWorldValueLUTData" in str(error)) == ("real_world_values", True)


@pytest.mark.parametrize(("weight", "codes"), [(7, ["weight_unusual"]), (340, ["weight_unusual"]), (20, []), (300, [])])
def test_a_weight_that_no_adult_has_is_used_and_told_of(pet_slices, save, weight, codes):
    _, facts = convert(save(*pet_slices(PatientWeight=str(weight))))
    assert [warning["Code"] for warning in facts["Warnings"]] == codes
    assert [write_remark(one) for one in recall_warnings(facts["Warnings"])] == facts["Warnings"]
    assert facts["SUVbwFactor"] == pytest.approx(weight / 70 * convert(save(*pet_slices()))[1]["SUVbwFactor"])
