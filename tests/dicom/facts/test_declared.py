"""What the tables declare counts for NIfTI + JSON as it does for DICOM."""

import json

import nibabel as nib
import numpy as np
import pytest

from pet_spect.errors import DicomError
from tests.dicom.conftest import convert

JSON = {
    "Modality": "PT",
    "Units": "Bq/mL",
    "TracerName": "FDG",
    "TracerRadionuclide": "F18",
    "InjectedRadioactivity": 350,
    "InjectedRadioactivityUnits": "MBq",
    "TimeZero": "11:00:00",
    "ScanStart": 0,
    "InjectionStart": -3600,
    "FrameTimesStart": [0],
    "FrameDuration": [300],
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 0,
    "AttenuationCorrection": "measured",
}
DEFAULTS = {"InjectionStart": 0}  # ScanStart and InjectionStart both at TimeZero, as PET2BIDS writes them


def factor(minutes, weight=70.0):
    """Return the SUV factor of 350 MBq, so many minutes after the injection."""
    return pytest.approx(weight * 1000 / (350e6 * 0.5 ** (minutes * 60 / 6586.2)))


@pytest.fixture
def pair(tmp_path):
    """Return a writer of an image and its JSON."""

    def write(**changes):
        image = nib.Nifti1Image(np.arange(60, dtype=np.float32).reshape(3, 4, 5), np.diag([2, 2, 2, 1.0]))
        nib.save(image, tmp_path / "scan.nii.gz")
        told = {key: value for key, value in (JSON | changes).items() if value is not None}
        (tmp_path / "scan.json").write_text(json.dumps(told))
        return tmp_path / "scan.nii.gz"

    return write


@pytest.fixture
def dicom(pet_slices, save, drug):
    """Return a writer of the same scan as DICOM."""

    def write(injected="100000", **changes):
        told = drug(RadiopharmaceuticalStartTime=injected)
        return save(*pet_slices(RadiopharmaceuticalInformationSequence=told, **changes))

    return write


def codes(facts):
    return {warning["Code"] for warning in facts["Warnings"]}


@pytest.mark.parametrize("declared", [{"uptake_minutes": 62.0}, {"injection_time": "09:58"}])
def test_declared_times_stand_in_for_the_defaults_of_converters(pair, declared):
    _, facts = convert(pair(**DEFAULTS), weight_kg=70.0, **declared)
    assert facts["SUVbwFactor"] == factor(62)
    assert codes(facts) == {"injection_implausible"}
    assert facts["UptakeMinutes"] == 62.0


def test_an_injection_at_the_start_of_a_static_scan_gives_no_suv(pair, dicom):
    expected = "injection 0 min before the scan is implausible"
    assert convert(pair(**DEFAULTS), weight_kg=70.0)[1]["SUVReason"] == expected
    assert convert(dicom(injected="110000"))[1]["SUVReason"] == expected


def test_a_short_lived_tracer_may_be_injected_as_the_scan_begins(pair):
    water = {"TracerName": "water", "TracerRadionuclide": "O15", "InjectedRadioactivity": 700}
    assert convert(pair(**DEFAULTS, **water), weight_kg=70.0)[1]["SUVbwFactor"] == pytest.approx(1e-4)


@pytest.mark.parametrize("declared", [{"uptake_minutes": 62.0}, {"injection_time": "2025-01-01T09:58:00"}])
def test_declared_times_fill_a_gap(pair, dicom, declared):
    for path in (pair(InjectionStart=None), dicom(injected=None)):
        _, facts = convert(path, weight_kg=70.0, **declared)
        assert facts["SUVbwFactor"] == factor(62)
        assert facts["Warnings"] == []


def test_another_declared_time_is_told_on_both_paths(pair, dicom):
    for path, source in ((pair(), "JSON"), (dicom(), "header")):
        _, facts = convert(path, weight_kg=70.0, uptake_minutes=75.0)
        (warning,) = facts["Warnings"]
        assert warning["Code"] == "injection_time_conflict"
        assert warning["Fields"] == {"minutes": 15, "source": source}
        assert facts["SUVbwFactor"] == factor(60)


@pytest.mark.parametrize(
    ("key", "stated", "what", "declared"),
    [
        ("PatientWeight", 70, "weight", {"weight_kg": 85.0}),
        ("PatientSize", 1.75, "height", {"height_m": 1.6}),
        ("PatientSex", "M", "sex", {"sex": "F"}),
        ("InjectedRadioactivity", 350, "dose", {"dose_mbq": 300.0}),
    ],
)
def test_body_and_dose_conflicts_are_told_on_both_paths(pair, dicom, key, stated, what, declared):
    told = {"PatientWeight": 70} | {key: stated}
    for path, source in ((pair(**told), "JSON"), (dicom(), "header")):
        _, facts = convert(path, **declared)
        (warning,) = facts["Warnings"]
        assert warning["Code"] == f"{what}_conflict"
        assert warning["Fields"] == {"stated": stated, "declared": next(iter(declared.values())), "source": source}
        assert facts["SUVbwFactor"] == factor(60)


def test_weight_of_the_json_is_read_and_one_in_grams_understood(pair):
    assert convert(pair(PatientWeight=71.5))[1]["SUVbwFactor"] == factor(60, weight=71.5)
    assert codes(convert(pair(PatientWeight=71500))[1]) == {"weight_in_grams"}
    assert codes(convert(pair(PatientWeight="heavy"), weight_kg=70.0)[1]) == {"weight_unreadable"}


def test_voxels_of_another_suv_need_the_sex_as_in_dicom(pair):
    lean = pair(Units="SUVlbm g/mL")
    missing = convert(lean, weight_kg=70.0, height_m=1.75)[1]
    assert missing["SUVReason"] == "voxels are SUVlbm and the patient sex is missing"
    assert convert(lean, weight_kg=70.0, height_m=1.75, sex="M")[1]["SUVbwFactor"] == pytest.approx(70 / 57.8)


def test_a_declared_time_that_cannot_be_compared_is_told(pair):
    _, facts = convert(pair(TimeZero=None), weight_kg=70.0, injection_time="09:58")
    assert codes(facts) == {"injection_time_unchecked"}
    assert facts["SUVbwFactor"] == factor(60)
    _, facts = convert(pair(TimeZero=None, InjectionStart=None), weight_kg=70.0, injection_time="09:58")
    assert "no time of day" in facts["SUVReason"]


def test_a_time_that_is_none_is_refused_for_a_json_too(pair):
    with pytest.raises(DicomError, match="sub-01: the declared injection time is neither"):
        convert(pair(), injection_time="noon")


def test_without_a_time_of_decay_correction_the_json_says_so(pair):
    _, facts = convert(pair(ImageDecayCorrectionTime=None), weight_kg=70.0, uptake_minutes=62.0)
    assert facts["SUVReason"].startswith("the JSON does not tell to which time")


def test_an_impossible_time_of_the_header_gives_way_to_the_tables(dicom):
    _, facts = convert(dicom(injected="115900"), uptake_minutes=60.0)
    assert (facts["SUVbwFactor"], codes(facts)) == (factor(60), {"injection_implausible"})


def test_two_declared_times_that_differ_are_told(pair, dicom):
    for path in (pair(InjectionStart=None), dicom(injected=None)):
        _, facts = convert(path, weight_kg=70.0, injection_time="09:58", uptake_minutes=50.0)
        assert (facts["SUVbwFactor"], codes(facts)) == (factor(62), {"declared_times_differ"})
