"""The same series read by dcm2niix, which knows PET (for NM it ignores the sign of the spacing)."""

import nibabel as nib
import numpy as np
import pytest

from pet_spect.cli import main


@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_oblique_pet_is_read_as_dcm2niix_reads_it(pet_slices, save, tmp_path, dcm2niix, angle):
    stored = np.random.default_rng(1).integers(0, 3000, (8, 20, 16))
    slices = pet_slices(stored)
    row = np.array([np.cos(angle), 0, np.sin(angle)])
    column = np.array([0, np.cos(angle), -np.sin(angle)])
    column = column - (column @ row) * row
    column /= np.linalg.norm(column)
    normal = np.cross(row, column)
    for k, ds in enumerate(slices):
        ds.ImageOrientationPatient = [f"{c:.12f}" for c in (*row, *column)]
        ds.ImagePositionPatient = [f"{p:.10f}" for p in np.array([10, 20, 30]) + 3 * k * normal]
        ds.RescaleSlope, ds.InstanceNumber = str(1 + k / 4), k + 1
        ds.StudyInstanceUID, ds.NumberOfSlices = "1.2.5", 8
    folder = save(*slices)
    main(["convert", str(folder), "--out", str(tmp_path / "ours.nii.gz")])
    ours = nib.Nifti1Image.from_filename(tmp_path / "ours.nii.gz")
    theirs = nib.as_closest_canonical(dcm2niix(folder))
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=0.1)
    np.testing.assert_allclose(np.asarray(ours.dataobj), np.asarray(theirs.dataobj), rtol=1e-5)
