"""What the sidecar keeps of acquisition and reconstruction, and that nothing else slips through."""

import json

import numpy as np
import pytest
from pydicom.sequence import Sequence

from pet_spect.dicom.bids.recalled_acquisition import recalled_acquisition
from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.acquisition import keys_of
from pet_spect.dicom.facts.declared import Declared
from pet_spect.imaging.images import write_scan
from tests.dicom.conftest import convert, item, macro

KEYS = set(keys_of(recalled_acquisition({})))


def window(name, lower, upper):
    limits = macro(EnergyWindowLowerLimit=str(lower), EnergyWindowUpperLimit=str(upper))
    return item(EnergyWindowName=name, EnergyWindowRangeSequence=limits)


def rotation(milliseconds, frames):
    return macro(ActualFrameDuration=milliseconds, NumberOfFramesInRotation=frames)


def rich(ds):
    """Give a SPECT all that a sidecar keeps."""
    ds.CountsAccumulated = 4_987_654
    ds.CorrectedImage, ds.ScatterCorrectionMethod = ["ATTN", "SCAT"], "Convolution Subtraction"
    ds.EnergyWindowInformationSequence = Sequence([window("I123_EM", 143.1, 174.9), window("Doe lower", 130, 143)])
    ds.DetectorInformationSequence[0].CollimatorType = "FANB"
    ds.DetectorInformationSequence[0].CollimatorGridName = "LEHR"
    ds.ReconstructionMethod, ds.ConvolutionKernel = "OSEM 8i6s", "Butter 0.48/10"
    ds.RotationInformationSequence = rotation(30000, 60)
    return ds


TOLD = {
    "MatrixSize": [5, 6, 4],
    "CountsAccumulated": 4.99e6,
    "ScatterCorrectionMethod": "Convolution Subtraction",
    "EnergyWindows": [
        {"Window": 1, "Name": "I123", "LowerLimit": 143.1, "UpperLimit": 174.9},
        {"Window": 2, "Name": "unlisted", "LowerLimit": 130.0, "UpperLimit": 143.0},
    ],
    "CollimatorType": "FANB",
    "CollimatorName": "LEHR",
    "ReconMethodName": "OSEM 8i6s",
    "ReconMethodParameterLabels": ["iterations", "subsets"],
    "ReconMethodParameterUnits": ["none", "none"],
    "ReconMethodParameterValues": [8, 6],
    "ReconFilterType": "Butterworth",
    "ReconFilterCutoff": 0.48,
    "ReconFilterOrder": 10,
    "FrameDuration": [1800.0],
}


def test_a_spect_says_how_it_was_acquired_and_reconstructed(nm_object, save):
    _, facts = convert(save(rich(nm_object())))
    assert {key: facts.get(key) for key in TOLD} == TOLD


def test_it_is_kept_when_the_image_is_read_again(nm_object, save, tmp_path):
    volume, facts = convert(save(rich(nm_object())))
    write_scan(tmp_path / "image.nii.gz", volume, facts)
    _, again = convert_scan(tmp_path / "image.nii.gz", Declared(), "sub-01")
    assert {key: again.get(key) for key in TOLD} == TOLD


def test_what_a_header_does_not_say_is_left_out(nm_object, save):
    _, facts = convert(save(nm_object(CorrectedImage=None)))
    assert KEYS & set(facts) == {"MatrixSize"}
    assert {"FrameDuration", "UptakeMinutes", "ImageActivity"} & set(facts) == set()


def test_scatter_that_other_corrections_do_not_include_is_none(nm_object, save):
    assert convert(save(nm_object()))[1]["ScatterCorrectionMethod"] == "none"
    assert convert(save(nm_object(CorrectedImage=["SCAT"]), folder="b"))[1]["ScatterCorrectionMethod"] == "applied"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("PSF+TOF 3i21s", [3, 21]),
        ("OSEM3D 4i21s", [4, 21]),
        ("OSEM 4 iterations, 8 subsets", [4, 8]),
        ("TrueX + TOF (ultraHD-PET) 2i21s", [2, 21]),
        ("VPFX", None),
        ("FBP 1.25", None),
    ],
)
def test_iterations_and_subsets_as_makers_write_them(pet_slices, save, text, values):
    assert convert(save(*pet_slices(ReconstructionMethod=text)))[1].get("ReconMethodParameterValues") == values


@pytest.mark.parametrize(
    ("text", "values"),
    [("011118-QVolMI-TOMO64-OSEM8it6subNonePF-RR-SC-ACM", [8, 6]), ("Doe 4i21s", None), ("19480213 1it", None)],
)
def test_of_a_description_two_numbers_alone_are_read(nm_object, save, text, values):
    _, facts = convert(save(nm_object(SeriesDescription=text)))
    assert facts.get("ReconMethodParameterValues") == values
    assert not any(word in json.dumps(facts) for word in ("Doe", "1948", "011118"))


def test_enhanced_pet_says_it_in_its_frames(enhanced, save):
    ds = enhanced()
    (shared,) = ds.SharedFunctionalGroupsSequence
    shared.PETReconstructionSequence = macro(NumberOfIterations=3, NumberOfSubsets=21)
    assert convert(save(ds))[1]["ReconMethodParameterValues"] == [3, 21]


@pytest.mark.parametrize(("kernel", "size"), [("XYZ Gauss2.00", 2.0), ("Gaussian 5.00 mm", 5.0), ("Hann 0.5", None)])
def test_size_of_a_gaussian_filter(pet_slices, save, kernel, size):
    assert convert(save(*pet_slices(ConvolutionKernel=kernel)))[1].get("ReconFilterSize") == size


def test_cutoff_and_order_may_stand_in_the_method(nm_object, save):
    _, facts = convert(save(nm_object(ReconstructionMethod="FBP Butterworth Cutoff=0.48, Order=10")))
    assert (facts["ReconFilterCutoff"], facts["ReconFilterOrder"]) == (0.48, 10)


def test_a_reconstruction_that_counts_one_frame_says_nothing_of_the_rotation(nm_object, save):
    assert "FrameDuration" not in convert(save(nm_object(RotationInformationSequence=rotation(30000, 1))))[1]


def test_uptake_minutes_and_activity_of_pet(pet_slices, save):
    counts = np.full((4, 6, 5), 30000)
    counts[0, 0, :2] = 29999, 30001  # an image of one value is refused
    volume, facts = convert(save(*pet_slices(counts)))
    assert facts["UptakeMinutes"] == 60.0
    assert facts["FrameDuration"] == [300.0]
    assert (facts["ImageActivity"], facts["ImageActivityUnits"]) == (0.0432, "MBq")
    assert facts["ImageActivity"] == pytest.approx(volume.data.sum() * 0.012 / 1e6)


@pytest.mark.parametrize(
    "changes",
    [
        {"CollimatorType": "DOE"},
        {"CountsAccumulated": "19480213"},
        {"ReconMethodParameterLabels": ["Doe"], "ReconMethodParameterValues": [1948]},
        {"ReconMethodParameterLabels": ["subsets"], "ReconMethodParameterValues": ["Doe"]},
        {"MatrixSize": ["Doe", 1, 2]},
        {"EnergyWindows": [{"Window": "Doe", "Name": "Doe"}, "Doe", {"Window": 1, "Name": "Doe", "UpperLimit": 1948}]},
        {"ReconFilterSize": "Doe", "ReconFilterOrder": 1948, "ReconFilterCutoff": True},
        {"CollimatorName": "Doe", "ScatterCorrectionMethod": "Doe"},
        {"EnergyWindows": {"Doe": 1}, "MatrixSize": {"Doe": 1}, "ReconMethodParameterLabels": "Doe"},
    ],
)
def test_a_json_that_says_something_else_is_not_passed_on(changes):
    told = json.dumps(keys_of(recalled_acquisition(changes)))
    assert "Doe" not in told
    assert "DOE" not in told
    assert "1948" not in told
