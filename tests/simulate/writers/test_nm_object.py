import dataclasses
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from scipy.spatial.transform import Rotation

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.model import Volume
from pet_spect.simulate.writers.nm_object import NmHeader, write_nm_recon

HEADER = NmHeader(datetime(2001, 3, 5, 10, 0), datetime(2001, 3, 5, 13, 0), weight_kg=0.0)

UPWARD = np.array([[-4.0, 0, 0, 20], [0, -3.5, 0, 30], [0, 0, 3, -700], [0, 0, 0, 1]])
DOWNWARD = UPWARD @ np.diag([1.0, 1, -1, 1])
OBLIQUE = np.eye(4)
OBLIQUE[:3, :3] = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix() @ np.diag([2.0, 2.5, 3.0])
OBLIQUE[:3, 3] = (11.25, -7.5, 400)
VECTORS = [None, [1, 3, 5, 2, 4, 6], [6, 5, 4, 3, 2, 1]]


def written(path: Path, affine=UPWARD, header=HEADER, **options):
    volume = Volume(np.random.default_rng(0).uniform(10, 100, (8, 9, 6)).astype(np.float32), affine)
    write_nm_recon(path, volume, header, **options)
    return volume, pydicom.dcmread(path)


@pytest.mark.parametrize("vector", VECTORS, ids=["in order", "interleaved", "backwards"])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("affine", [UPWARD, DOWNWARD, OBLIQUE], ids=["upward", "downward", "oblique"])
def test_every_voxel_stands_where_the_affine_puts_it(tmp_path, affine, sign, vector):
    volume, ds = written(tmp_path / "nm.dcm", affine, spacing_sign=sign, slice_vector=vector)
    detector = ds.DetectorInformationSequence[0]
    row, column = np.array(detector.ImageOrientationPatient, dtype=float).reshape(2, 3)
    spacing = float(ds.SpacingBetweenSlices)
    assert np.sign(spacing) == sign
    slices = [ds.SliceVector] if isinstance(ds.SliceVector, int) else list(ds.SliceVector)
    to_voxel = np.linalg.inv(affine)
    scale = float(volume.data.max()) / 32767
    for frame, number in enumerate(slices):
        for r, c in [(0, 0), (8, 7), (2, 5)]:
            lps = np.array(detector.ImagePositionPatient, dtype=float)
            lps += (number - 1) * spacing * np.cross(row, column)
            lps += row * float(ds.PixelSpacing[1]) * c + column * float(ds.PixelSpacing[0]) * r
            i, j, k, _ = to_voxel @ [-lps[0], -lps[1], lps[2], 1]
            np.testing.assert_allclose([i, j, k], np.rint([i, j, k]), atol=1e-5)
            expected = float(volume.data[round(i), round(j), round(k)])
            assert ds.pixel_array[frame, r, c] * scale == pytest.approx(expected, abs=scale)


def test_geometry_is_in_the_detector_sequence_alone(tmp_path):
    _, ds = written(tmp_path / "nm.dcm")
    assert "ImagePositionPatient" not in ds
    assert "ImageOrientationPatient" not in ds
    assert ds.FrameIncrementPointer == 0x00540080
    assert (ds.Modality, ds.ImageType[2], ds.NumberOfFrames) == ("NM", "RECON TOMO", 6)


def test_real_values_are_given_where_the_scaling_says(tmp_path):
    objects = {}
    for scaling in ("none", "slope", "real_world"):
        volume, objects[scaling] = written(
            tmp_path / f"{scaling}.dcm", header=dataclasses.replace(HEADER, scaling=scaling)
        )
    mapping = objects["real_world"].RealWorldValueMappingSequence[0]
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "Bq/ml"
    largest = volume.data.max()
    assert objects["real_world"].pixel_array.max() * mapping.RealWorldValueSlope == pytest.approx(largest, rel=1e-4)
    assert objects["slope"].pixel_array.max() * float(objects["slope"].RescaleSlope) == pytest.approx(largest, rel=1e-4)
    assert "RescaleSlope" not in objects["none"]
    assert "RealWorldValueMappingSequence" not in objects["none"]


def test_header_tells_nuclide_dose_and_that_nobody_typed_the_weight(tmp_path):
    header = dataclasses.replace(HEADER, text={"StudyDescription": "CANARY"})
    _, ds = written(tmp_path / "nm.dcm", header=header)
    dose = ds.RadiopharmaceuticalInformationSequence[0]
    assert dose.RadionuclideCodeSequence[0].CodeMeaning == "^123^Iodine"
    assert dose.RadionuclideTotalDose == 167e6
    assert (ds.PatientWeight, ds.StudyDescription, "ATTN" in ds.CorrectedImage) == (0, "CANARY", True)


def test_slice_vector_must_name_each_slice_once(tmp_path):
    with pytest.raises(ValueError, match="permutation of 1 to 6"):
        written(tmp_path / "nm.dcm", slice_vector=[1, 1, 2, 3, 4, 5])


@pytest.mark.parametrize("scaling", ["none", "slope", "real_world"])
def test_dciodvfy_finds_no_error(tmp_path, dicom_errors, scaling):
    path = tmp_path / "nm.dcm"
    written(path, OBLIQUE, dataclasses.replace(HEADER, scaling=scaling), spacing_sign=-1)
    assert dicom_errors([path]) == []


def test_the_header_confirms_iomazenil(tmp_path):
    written(tmp_path / "nm.dcm")
    needed = Declared(radionuclide="I123", radiopharmaceuticals=("iomazenil",))
    _, facts = convert_scan(tmp_path / "nm.dcm", needed, "sub-01")
    assert (facts["TracerName"], facts["TracerRadionuclide"], facts["TracerIdentity"]) == ("IMZ", "I123", "header")
