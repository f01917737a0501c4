import dataclasses
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from math import exp, log
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from scipy.spatial.transform import Rotation

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.model import Volume
from pet_spect.simulate.writers.pet_series import PetHeader, average_time_s, write_pet_series

HEADER = PetHeader(datetime(2001, 3, 5, 10, 0), datetime(2001, 3, 5, 11, 0), dose_bq=2e8, weight_kg=64.5)

SUPINE = np.array([[-2.0, 0, 0, 20], [0, -2.5, 0, 30], [0, 0, 3, -700], [0, 0, 0, 1]])
MIRRORED = np.diag([-1.0, 1, 1, 1]) @ SUPINE
DOWNWARD = SUPINE @ np.diag([1.0, 1, -1, 1])
OBLIQUE = np.eye(4)
OBLIQUE[:3, :3] = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix() @ np.diag([2.0, 2.5, 3.0])
OBLIQUE[:3, 3] = (11.25, -7.5, 400)
AFFINES = pytest.mark.parametrize(
    "affine", [SUPINE, MIRRORED, DOWNWARD, OBLIQUE], ids=["supine", "mirrored", "downward", "oblique"]
)


def volume_with_marker(affine):
    data = np.random.default_rng(0).uniform(0, 100, (8, 9, 6)).astype(np.float32)
    data[5, 2, 1] = 20_000
    return Volume(data * np.arange(1, 7, dtype=np.float32), affine)


def written(folder: Path, affine=SUPINE, header=HEADER, **options):
    volume = volume_with_marker(affine)
    write_pet_series(folder, volume, header, np.random.default_rng(1), **options)
    return volume, [pydicom.dcmread(path) for path in sorted(folder.iterdir())]


@AFFINES
def test_every_voxel_stands_where_the_affine_puts_it(tmp_path, affine):
    volume, objects = written(tmp_path, affine)
    assert len(objects) == 6
    to_voxel = np.linalg.inv(affine)
    for ds in objects:
        orientation = np.array(ds.ImageOrientationPatient, dtype=float)
        values = ds.pixel_array * float(ds.RescaleSlope)
        for row, column in [(0, 0), (8, 7), (2, 5)]:
            # PS3.3 C.7.6.2.1.1: spacing between rows first; LPS to RAS by turning the first two signs
            lps = np.array(ds.ImagePositionPatient, dtype=float)
            lps += orientation[:3] * float(ds.PixelSpacing[1]) * column
            lps += orientation[3:] * float(ds.PixelSpacing[0]) * row
            i, j, k, _ = to_voxel @ [-lps[0], -lps[1], lps[2], 1]
            np.testing.assert_allclose([i, j], [column, row], atol=1e-6)
            assert k == pytest.approx(round(k), abs=1e-6)
            found = values[row, column]
            assert found == pytest.approx(volume.data[column, row, round(k)], abs=float(ds.RescaleSlope))


@AFFINES
def test_dcm2niix_puts_the_marker_where_the_affine_does(tmp_path, affine):
    volume, _ = written(tmp_path / "dicom", affine, slice_order="ascending")
    (tmp_path / "nifti").mkdir()
    command = [
        Path(sys.executable).with_name("dcm2niix"),
        "-b",
        "n",
        "-f",
        "pet",
        "-o",
        tmp_path / "nifti",
        tmp_path / "dicom",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    image = nib.Nifti1Image.from_filename(tmp_path / "nifti" / "pet.nii")
    data = np.asarray(image.dataobj)
    found = image.affine @ [*np.unravel_index(data.argmax(), data.shape), 1]
    np.testing.assert_allclose(found, affine @ [5, 2, 1, 1], atol=1e-3, err_msg=said.stdout)
    assert data.max() == pytest.approx(volume.data.max(), rel=1e-4)


def test_each_slice_has_its_own_slope(tmp_path):
    _, objects = written(tmp_path)
    assert len({float(ds.RescaleSlope) for ds in objects}) == 6
    assert all(ds.pixel_array.max() == 32767 and ds.RescaleIntercept == 0 for ds in objects)


def test_shuffled_files_tell_nothing_of_the_order(tmp_path):
    _, objects = written(tmp_path)
    for key in (lambda ds: ds.InstanceNumber, lambda ds: 0):
        heights = [float(ds.ImagePositionPatient[2]) for ds in sorted(objects, key=key)]
        assert heights != sorted(heights)
        assert heights != sorted(heights, reverse=True)


@pytest.mark.parametrize(("order", "step"), [("ascending", 3.0), ("descending", -3.0)])
def test_instances_are_numbered_in_the_asked_order(tmp_path, order, step):
    _, objects = written(tmp_path, slice_order=order)
    heights = [float(ds.ImagePositionPatient[2]) for ds in sorted(objects, key=lambda ds: ds.InstanceNumber)]
    assert [b - a for a, b in pairwise(heights)] == pytest.approx([step] * 5)


def test_times_agree_with_decay_corrected_to_the_start(tmp_path):
    _, objects = written(tmp_path)
    ds = objects[0]
    decay = log(2) / 6586.2
    duration = ds.ActualFrameDuration / 1000
    average = log(decay * duration / (1 - exp(-decay * duration))) / decay
    assert (ds.DecayCorrection, ds.Units) == ("START", "BQML")
    assert ds.SeriesDate + ds.SeriesTime == ds.AcquisitionDate + ds.AcquisitionTime == "20010305110000.000"
    assert float(ds.FrameReferenceTime) / 1000 == pytest.approx(average)
    assert log(float(ds.DecayFactor)) / decay == pytest.approx(average)
    assert average_time_s(900.0, 6586.2) == pytest.approx(450 - 3.55, abs=0.01)  # T/2 − λT²/24


def test_dose_and_corrections_are_complete(tmp_path):
    _, objects = written(tmp_path)
    ds = objects[0]
    dose = ds.RadiopharmaceuticalInformationSequence[0]
    assert (dose.RadionuclideTotalDose, dose.RadionuclideHalfLife) == (2e8, 6586.2)
    assert dose.RadiopharmaceuticalStartDateTime == "20010305100000.000000"
    assert dose.RadionuclideCodeSequence[0].CodeMeaning == "^18^Fluorine"
    assert {"ATTN", "DECY"} <= set(ds.CorrectedImage)
    assert (ds.PatientWeight, ds.ManufacturerModelName) == (64.5, "pet_spect simulate")


def test_uncorrected_attenuation_is_not_claimed(tmp_path):
    _, objects = written(tmp_path, header=dataclasses.replace(HEADER, attenuation_corrected=False))
    assert "ATTN" not in objects[0].CorrectedImage
    assert "AttenuationCorrectionMethod" not in objects[0]


@pytest.mark.parametrize(
    ("manufacturer", "tag"), [("GE MEDICAL SYSTEMS", 0x0009100D), ("SIEMENS", 0x00711022), ("pet_spect", None)]
)
def test_vendors_state_the_decay_correction_time_in_their_own_element(tmp_path, manufacturer, tag):
    _, objects = written(tmp_path, header=dataclasses.replace(HEADER, manufacturer=manufacturer))
    private = [element for element in objects[0] if element.tag.is_private and not element.tag.is_private_creator]
    assert [int(element.tag) for element in private] == ([tag] if tag else [])
    assert all(str(element.value).startswith("20010305110000") for element in private)


def test_further_text_and_absent_weight(tmp_path):
    header = dataclasses.replace(HEADER, weight_kg=None, dose_bq=None, text={"OperatorsName": "CANARY^OPERATOR"})
    _, objects = written(tmp_path, header=header)
    assert objects[0].OperatorsName == "CANARY^OPERATOR"
    assert "PatientWeight" not in objects[0]
    assert "RadionuclideTotalDose" not in objects[0].RadiopharmaceuticalInformationSequence[0]


@pytest.mark.parametrize("position", ["HFS", "HFP", "FFS", "FFP"])
def test_patient_position_is_told_and_moves_no_voxel(tmp_path, position):
    _, objects = written(tmp_path / position, patient_position=position)
    recumbent = objects[0].PatientOrientationCodeSequence[0]
    lying = recumbent.PatientOrientationModifierCodeSequence[0].CodeMeaning
    entering = objects[0].PatientGantryRelationshipCodeSequence[0].CodeMeaning
    assert (entering[0].upper(), lying[0].upper()) == (position[0], position[2])
    assert all(ds.ImageOrientationPatient == [1, 0, 0, 0, 1, 0] for ds in objects)


def test_same_scan_gives_same_bytes_and_another_scan_other_identifiers(tmp_path):
    for name, header in (
        ("one", HEADER),
        ("again", HEADER),
        ("other", dataclasses.replace(HEADER, start=HEADER.start + timedelta(1))),
    ):
        written(tmp_path / name, header=header)
    one, again = ([path.read_bytes() for path in sorted((tmp_path / name).iterdir())] for name in ("one", "again"))
    assert one == again
    uids = [{pydicom.dcmread(path).SOPInstanceUID for path in (tmp_path / n).iterdir()} for n in ("one", "other")]
    assert not uids[0] & uids[1]


def test_slanted_axes_cannot_be_said(tmp_path):
    slanted = SUPINE.copy()
    slanted[0, 2] = 1
    with pytest.raises(ValueError, match="not orthogonal"):
        written(tmp_path, slanted)


@pytest.mark.parametrize("manufacturer", ["pet_spect", "GE MEDICAL SYSTEMS", "SIEMENS"])
def test_dciodvfy_finds_no_error(tmp_path, dicom_errors, manufacturer):
    written(tmp_path, OBLIQUE, dataclasses.replace(HEADER, manufacturer=manufacturer))
    assert dicom_errors(tmp_path.iterdir()) == []


def test_the_header_confirms_fluorodeoxyglucose(tmp_path):
    written(tmp_path)
    needed = Declared(radionuclide="F18", radiopharmaceuticals=("fluorodeoxyglucose",))
    _, facts = convert_scan(tmp_path, needed, "sub-01")
    assert (facts["TracerName"], facts["TracerRadionuclide"], facts["TracerIdentity"]) == ("FDG", "F18", "header")
