"""Real and published objects, through the files that convert writes."""

import json

import nibabel as nib
import numpy as np
import pytest

from pet_spect.cli import main
from pet_spect.tsv import read_table

pytestmark = pytest.mark.external

CASES = ("DRO_0_0", "DRO_2_0", "DRO_2_2", "DRO_2_4", "DRO_3_0", "DRO_3_2", "DRO_4_1", "DRO_5_0")


def suv_of(folder, out):
    """Return image and SUVbw, as a reader of the two files would."""
    assert main(["convert", str(folder), "--out", str(out)]) == 0
    image = nib.Nifti1Image.from_filename(out)
    factor = json.loads(out.with_name(out.name.replace(".nii.gz", ".json")).read_text())["SUVbwFactor"]
    return image, np.asarray(image.dataobj) * factor


@pytest.mark.parametrize("case", CASES)
def test_suv_reference_object(external_data, tmp_path, case):
    folder = external_data / "suv_reference"
    (row,) = (r for r in read_table(folder / "expected.tsv") if r["case"] == case)
    _, suv = suv_of(folder / case, tmp_path / "suv.nii.gz")
    inside = suv[suv > 0]
    found = [f"{value:.2f}" for value in (inside.min(), np.median(inside), inside.max())]
    assert found == [row["suv_min"], row["suv_median"], row["suv_max"]]


def test_real_scanner_gives_the_published_suv_in_the_published_place(external_data, tmp_path):
    folder = external_data / "sts_001"
    image, suv = suv_of(folder / "dicom", tmp_path / "sts.nii.gz")
    crop = nib.Nifti1Image.from_filename(folder / "suv_reference_crop.nii.gz")
    indices = np.stack(np.meshgrid(*map(np.arange, crop.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    voxels = nib.affines.apply_affine(np.linalg.inv(image.affine) @ crop.affine, indices)
    np.testing.assert_allclose(voxels, np.rint(voxels), atol=1e-3)
    found = suv[tuple(np.rint(voxels).astype(int).T)]
    assert np.abs(found - np.asarray(crop.dataobj).ravel()).max() < 0.001


def test_real_scanner_is_read_as_dcm2niix_reads_it(external_data, tmp_path, dcm2niix):
    main(["convert", str(external_data / "sts_001" / "dicom"), "--out", str(tmp_path / "ours.nii.gz")])
    ours = nib.Nifti1Image.from_filename(tmp_path / "ours.nii.gz")
    theirs = nib.as_closest_canonical(dcm2niix(external_data / "sts_001" / "dicom"))
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=0.1)
    np.testing.assert_allclose(np.asarray(ours.dataobj), np.asarray(theirs.dataobj), rtol=1e-5, atol=1e-3)
