"""Canaries in every text a header can carry, in folder and file names: none comes out."""

import subprocess
import sys

import nibabel as nib
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

CANARY = "CANARY1948"
TEXT = ("AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT", "UI")
SEQUENCES = ("RequestAttributesSequence", "EnergyWindowInformationSequence", "ReferencedStudySequence")


def plant(ds, depth=0):
    """Put the canary into every text element that `ds` does not have, into private ones and sequences."""
    for tag, (vr, *_rest, keyword) in pydicom.datadict.DicomDictionary.items():
        if not 0x0008 <= tag >> 16 <= 0x0054 or not keyword or keyword in ds:
            continue
        if vr in TEXT:
            ds.add(pydicom.DataElement(tag, vr if vr in ("PN", "UT", "LT") else "LO", CANARY))
        elif keyword in SEQUENCES and depth == 0:
            ds.add(pydicom.DataElement(tag, "SQ", Sequence([plant(Dataset(), 1)])))
    ds.private_block(0x0099, CANARY, create=True).add_new(1, "LO", CANARY)
    return ds


def overwrite_free_text(ds):
    """Put the canary where a header has a text of its own that nothing depends on."""
    ds.PatientName, ds.PatientID, ds.Manufacturer, ds.ManufacturerModelName = (CANARY,) * 4
    ds.CorrectedImage = [*ds.CorrectedImage, CANARY]
    for drug in ds.get("RadiopharmaceuticalInformationSequence", ()):
        drug.Radiopharmaceutical = CANARY


@pytest.mark.slow
@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize("kind", ["PT", "NM"])
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_nothing_personal_leaves(pet_slices, nm_object, save, tmp_path, kind, refused):
    objects = pet_slices() if kind == "PT" else [nm_object()]
    for ds in objects:
        plant(ds)
        overwrite_free_text(ds)
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID
        for keyword in ("SUVType", "AcquisitionDateTime", "DecayCorrectionDateTime", "TimezoneOffsetFromUTC"):
            del ds[keyword]
        if refused:
            ds.PixelSpacing = None
            ds.Units = CANARY
    folder = save(*objects, folder=f"{CANARY}^Jane")
    out = tmp_path / "out" / "image.nii.gz"
    command = [sys.executable, "-m", "pet_spect.cli", "convert", folder, "--out", out]
    done = subprocess.run([*command, "--label", "sub-01", "--record-refusal"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    told = out.with_name("image.json").read_bytes()
    assert (b"Refusal" in told) == refused, told
    for text in (done.stdout, done.stderr, told, nib.Nifti1Image.from_filename(out).header.binaryblock):
        assert b"CANARY" not in text
