"""``pet-spect convert`` as a person or a rule runs it."""

import json
import os
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from pet_spect.cli import main
from pet_spect.errors import RefusedError
from pet_spect.imaging.images import read_scan, read_sidecar
from pet_spect.study.fingerprint import fingerprint


def nm_object():
    """Return a reconstructed SPECT of 4 slices."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.20"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    ds.ImageType = ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
    ds.CorrectedImage = ["ATTN"]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.NumberOfFrames, ds.Rows, ds.Columns, ds.PixelSpacing, ds.SpacingBetweenSlices = 4, 5, 6, [2, 2], -3
    ds.FrameIncrementPointer, ds.SliceVector = 0x00540080, [1, 2, 3, 4]
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    ds.DetectorInformationSequence = Sequence([detector])
    ds.PixelData = np.arange(120, dtype="<u2").tobytes()
    return ds


@pytest.fixture
def scan(tmp_path):
    """Return the path of a SPECT object."""
    nm_object().save_as(tmp_path / "scan.dcm", enforce_file_format=True)
    return tmp_path / "scan.dcm"


@pytest.fixture
def projections(tmp_path):
    """Return the path of a SPECT object that is refused."""
    ds = nm_object()
    ds.ImageType = ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]
    ds.save_as(tmp_path / "tomo.dcm", enforce_file_format=True)
    return tmp_path / "tomo.dcm"


def test_image_and_sidecar_are_written_side_by_side(scan, tmp_path, capfd):
    assert main(["convert", str(scan), "--out", str(tmp_path / "out" / "image.nii.gz")]) == 0
    image = tmp_path / "out" / "image.nii.gz"
    volume, facts = read_scan(image), read_sidecar(image)
    assert volume.data.shape == (6, 5, 4)
    assert nib.aff2axcodes(volume.affine) == ("R", "A", "S")
    assert (facts["Units"], facts["SkullStripped"]) == ("relative", False)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["image.json", "image.nii.gz"]
    assert capfd.readouterr() == ("", "")


def test_refusal_by_hand_is_one_line_and_writes_nothing(projections, tmp_path, capfd):
    assert main(["convert", str(projections), "--out", str(tmp_path / "out" / "image.nii.gz")]) == 1
    told = capfd.readouterr().err
    assert told.startswith(f"pet-spect convert: {projections}: holds projections (TOMO)")
    assert told.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_refusal_in_the_workflow_is_recorded(projections, tmp_path, capfd):
    out = tmp_path / "out" / "image.nii.gz"
    assert main(["convert", str(projections), "--out", str(out), "--label", "sub-01", "--record-refusal"]) == 0
    with pytest.raises(RefusedError, match=r"sub-01: file 1 of 1: holds projections"):
        read_scan(out)
    assert json.loads(out.with_name("image.json").read_text())["Refusal"]["Code"] == "projections"
    assert capfd.readouterr().err.count("\n") == 1


def test_a_recorded_refusal_without_a_label_holds_no_path(projections, tmp_path, capfd):
    out = tmp_path / "out" / "image.nii.gz"
    assert main(["convert", str(projections), "--out", str(out), "--record-refusal"]) == 0
    assert "scan: file 1 of 1: holds projections" in out.with_name("image.json").read_text()
    assert projections.name not in out.with_name("image.json").read_text() + capfd.readouterr().err


@pytest.mark.parametrize("change", ["emptied", "gone", "other time"])
def test_a_scan_whose_files_changed_during_the_run_is_neither_converted_nor_recorded_as_refused(
    scan, tmp_path, capfd, change
):
    folder = tmp_path / "folder"
    folder.mkdir()
    slices = scan.rename(folder / scan.name)
    before = fingerprint(folder)
    if change == "other time":
        os.utime(slices, (1, 1))
    else:
        slices.unlink()
    if change == "gone":
        folder.rmdir()
    flags = ["--label", "sub-01", "--record-refusal", "--fingerprint", before]
    assert main(["convert", str(folder), "--out", str(tmp_path / "out/image.nii.gz"), *flags]) == 1
    assert "sub-01: its files changed, or were not there, while the run worked" in capfd.readouterr().err
    assert not (tmp_path / "out/image.nii.gz").exists()


def test_a_scan_whose_files_are_as_they_were_is_converted(scan, tmp_path):
    out = tmp_path / "image.nii.gz"
    assert main(["convert", str(scan), "--out", str(out), "--fingerprint", fingerprint(scan)]) == 0
    assert out.exists()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p.mkdir(), "no DICOM image found, 0 files looked at"),
        (lambda p: p.write_text("hello"), "is not a DICOM file"),
        (lambda p: None, "cannot be read (No such file or directory)"),
    ],
)
def test_what_is_no_scan_is_one_line(tmp_path, capfd, make, message):
    make(tmp_path / "scan.dcm")
    assert main(["convert", str(tmp_path / "scan.dcm"), "--out", str(tmp_path / "x.nii.gz")]) == 1
    told = capfd.readouterr().err
    assert message in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "flags", [["--weight-kg", "0"], ["--weight-kg", "heavy"], ["--sex", "X"], ["--out", "image.png"]]
)
def test_wrong_flags_are_wrong_usage(scan, tmp_path, capsys, flags):
    with pytest.raises(SystemExit) as caught:
        main(["convert", str(scan), "--out", str(tmp_path / "x.nii.gz"), *flags])
    assert caught.value.code == 2


@pytest.mark.parametrize("weight", ["1_7", "abc", "nan", "inf", "-5", "0"])
def test_weight_that_is_no_plain_positive_number_is_named_in_plain_words(scan, tmp_path, capsys, weight):
    with pytest.raises(SystemExit):
        main(["convert", str(scan), "--out", str(tmp_path / "x.nii.gz"), f"--weight-kg={weight}"])
    told = capsys.readouterr().err
    assert f"{weight} is not a positive number" in told
    assert "_positive" not in told


def test_image_does_not_remain_where_its_sidecar_cannot_be_written(scan, tmp_path):
    (tmp_path / "x.json").mkdir()
    assert main(["convert", str(scan), "--out", str(tmp_path / "x.nii.gz")]) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["scan.dcm", "x.json"]


def test_start_is_light():
    heavy = "{'ants', 'nilearn', 'pandas', 'scipy.io', 'scipy.sparse', 'scipy.ndimage', 'matplotlib'}"
    code = f"import sys, pet_spect.commands.convert; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    "flags",
    [
        *(
            ["--gate", "all"],
            ["--gate", "0"],
            ["--energy-window", "1.5"],
            ["--detector", "-1"],
            ["--frame-window", "40"],
        ),
        ["--frame-window", "-5", "10"],
    ],
)
def test_a_choice_that_is_none_is_wrong_usage(scan, tmp_path, flags):
    with pytest.raises(SystemExit) as caught:
        main(["convert", str(scan), "--out", str(tmp_path / "image.nii.gz"), *flags])
    assert caught.value.code == 2


def test_a_window_that_ends_before_it_begins_is_refused(scan, tmp_path, capfd):
    assert main(["convert", str(scan), "--out", str(tmp_path / "image.nii.gz"), "--frame-window", "60", "40"]) == 1
    assert "--frame-window 60 40: the first must be less than the second" in capfd.readouterr().err


def test_a_choice_is_not_looked_at_where_there_is_one_volume(scan, tmp_path):
    flags = ["--frame-window", "0", "10", "--gate", "sum", "--energy-window", "2", "--detector", "1"]
    assert main(["convert", str(scan), "--out", str(tmp_path / "image.nii.gz"), *flags]) == 0


def of_tracer(tmp_path, name, meaning):
    """Return the path of a SPECT object of a radiopharmaceutical."""
    ds, drug, nuclide = nm_object(), Dataset(), Dataset()
    drug.Radiopharmaceutical, nuclide.CodeMeaning = name, meaning
    drug.RadionuclideCodeSequence = Sequence([nuclide])
    ds.RadiopharmaceuticalInformationSequence = Sequence([drug])
    ds.save_as(tmp_path / "tracer.dcm", enforce_file_format=True)
    return tmp_path / "tracer.dcm"


IMZ = ["--radionuclide", "123I", "--radiopharmaceutical", "iomazenil"]


def test_a_scan_of_the_tracer_it_is_listed_as_is_converted(tmp_path):
    scan = of_tracer(tmp_path, "I-123 IMZ", "^123^Iodine")
    assert main(["convert", str(scan), "--out", str(tmp_path / "image.nii.gz"), *IMZ]) == 0
    assert json.loads((tmp_path / "image.json").read_text())["TracerIdentity"] == "header"


@pytest.mark.parametrize(
    ("name", "meaning", "code"),
    [("FDG", "^18^Fluorine", "tracer_nuclide"), ("DaTSCAN", "^123^Iodine", "tracer_radiopharmaceutical")],
)
def test_a_scan_of_another_tracer_is_recorded_as_refused_by_name(tmp_path, capfd, name, meaning, code):
    scan, out = of_tracer(tmp_path, name, meaning), tmp_path / "image.nii.gz"
    command = ["convert", str(scan), "--out", str(out), "--label", "sub-01", "--record-refusal", *IMZ]
    assert main(command) == 0
    assert json.loads((tmp_path / "image.json").read_text())["Refusal"]["Code"] == code
    assert "this tracer needs" in capfd.readouterr().err


def test_each_accepted_name_is_a_flag_of_its_own(tmp_path):
    scan = of_tracer(tmp_path, "DaTSCAN", "^123^Iodine")
    flags = [*IMZ, "--radiopharmaceutical", "ioflupane"]
    assert main(["convert", *flags, str(scan), "--out", str(tmp_path / "image.nii.gz")]) == 0


def test_a_radionuclide_that_is_none_is_wrong_usage(scan, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["convert", str(scan), "--out", str(tmp_path / "x.nii.gz"), "--radionuclide", "gold"])
    assert "gold is not a known radionuclide, such as F-18 or I-123" in capsys.readouterr().err


def nifti_scan(folder):
    """Return a NIfTI scan whose JSON has a key that convert does not keep."""
    folder.mkdir()
    values = np.random.default_rng(0).random((6, 7, 8), np.float32)
    image = nib.Nifti1Image(values, np.diag([2.0, 2.0, 2.0, 1.0]))
    nib.save(image, folder / "scan.nii.gz")
    keys = {"Units": "Bq/mL", "AttenuationCorrection": "CT", "ImageDecayCorrected": True, "TracerRadionuclide": "F18"}
    (folder / "scan.json").write_text(json.dumps(keys | {"Notes": "kept by the user"}))
    return folder / "scan.nii.gz"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("flags", [[], ["--record-refusal"], ["--anat"]])
@pytest.mark.parametrize("way", ["itself", "its JSON", "a link", "a hard link", "a folder that is a link"])
def test_the_input_is_never_the_output(tmp_path, capfd, way, flags):
    path = nifti_scan(tmp_path / "in")
    out = path
    if way == "its JSON":
        out = path.with_name("scan.nii")
    elif way == "a link":
        out = tmp_path / "link.nii.gz"
        out.symlink_to(path)
    elif way == "a hard link":
        out = tmp_path / "link.nii.gz"
        out.hardlink_to(path)
    elif way == "a folder that is a link":
        (tmp_path / "folder").symlink_to(tmp_path / "in")
        out = tmp_path / "folder" / "scan.nii.gz"
    before = contents(tmp_path / "in")
    assert main(["convert", str(path), "--out", str(out), *flags]) == 1
    told = capfd.readouterr().err
    assert "--out: its image or its JSON is the input itself; name another file" in told
    assert (told.count("\n"), contents(tmp_path / "in")) == (1, before)


def test_the_output_may_lie_beside_an_input_file_or_folder(scan, tmp_path):
    path = nifti_scan(tmp_path / "in")
    assert main(["convert", str(path), "--out", str(tmp_path / "in" / "other.nii.gz")]) == 0
    (tmp_path / "scan").mkdir()
    scan.rename(tmp_path / "scan" / "scan.dcm")
    for _ in range(2):  # the second time the output is there
        assert main(["convert", str(tmp_path / "scan"), "--out", str(tmp_path / "scan.nii.gz")]) == 0
