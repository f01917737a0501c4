"""``pet-spect deidentify`` as a person runs it."""

import shutil
import zipfile

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from pet_spect.cli import main

NM, CT, CAPTURE, REPORT = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("20", "2", "7", "88.11"))


def an_object(sop_class, *, pixels=True, **elements):
    """Return a reconstructed SPECT of 4 slices, or another object that looks like one."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.SeriesInstanceUID, ds.PatientID = "1.2.3", "someone"
    ds.ImageType = ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.NumberOfFrames, ds.Rows, ds.Columns = 4, 5, 6
    if pixels:
        ds.PixelData = np.arange(120, dtype="<u2").tobytes()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


@pytest.fixture
def put(tmp_path):
    """Return a writer into the folder that is to be de-identified."""
    (tmp_path / "in").mkdir()

    def write(name, ds):
        ds.save_as(tmp_path / "in" / name, enforce_file_format=True)
        return tmp_path / "in" / name

    return write


@pytest.fixture
def run(tmp_path, capfd):
    """Return a function that runs the verb and gives its status and the one line it says."""

    def call(*flags, source="in", out="out"):
        status = main(["deidentify", str(tmp_path / source), str(tmp_path / out), *map(str, flags)])
        said = capfd.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1
        return status, said.err

    return call


def nothing_was_written(folder):
    return {path.name for path in folder.iterdir()} <= {"in", "in.zip", "key"}


def test_what_is_left_out_is_counted_by_kind(put, run, tmp_path):
    put("nm.dcm", an_object(NM))
    for name, ds in {
        "ct1.dcm": an_object(CT),
        "ct2.dcm": an_object(CT),
        "capture.dcm": an_object(CAPTURE),
        "report.dcm": an_object(REPORT, pixels=False),
        "projections.dcm": an_object(NM, ImageType=["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]),
    }.items():
        put(name, ds)
    (tmp_path / "in" / "notes.txt").write_text("seen on Thursday")
    (tmp_path / "in" / ".hidden.dcm").write_text("not even looked at")
    status, said = run()
    assert status == 0
    assert said == (
        "pet-spect deidentify: written: 1 image, 1 series, 1 patient; left out: CT Image Storage (2),"
        " NM object that is no image of a volume (1), Secondary Capture Image Storage (1), file that is not DICOM (1),"
        " object without pixels (1)\n"
    )
    assert len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) == 1


def test_a_file_alone_and_an_archive_are_read_too(put, run, tmp_path):
    path = put("nm.dcm", an_object(NM))
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.write(path, "Jane Doe/nm.dcm")
    for number, source in enumerate(("in/nm.dcm", "in.zip")):
        assert run("--id", "sub-01", source=source, out=f"out{number}")[0] == 0
        (written,) = (tmp_path / f"out{number}").rglob("*.dcm")
        assert pydicom.dcmread(written).PatientID == "sub-01"


def test_burned_in_annotation_is_refused_and_nothing_is_written(put, run, tmp_path):
    put("a.dcm", an_object(NM))
    path = put("b.dcm", an_object(NM, BurnedInAnnotation="YES"))
    status, said = run()
    assert status == 1
    assert said.startswith(f"pet-spect deidentify: {path}: its header says that text is burned into the image")
    assert nothing_was_written(tmp_path)


def test_an_image_that_is_left_out_may_have_text_burned_in(put, run):
    put("a.dcm", an_object(NM))
    put("b.dcm", an_object(CAPTURE, BurnedInAnnotation="YES"))
    assert run()[0] == 0


def test_a_damaged_file_is_named_and_nothing_is_written(put, run, tmp_path):
    put("a.dcm", an_object(NM))
    path = put("b.dcm", an_object(NM))
    path.write_bytes(path.read_bytes()[:-20])
    status, said = run()
    assert status == 1
    assert f"{path}: " in said
    assert nothing_was_written(tmp_path)


def test_a_folder_without_images_is_refused(put, run, tmp_path):
    put("ct.dcm", an_object(CT))
    assert run() == (
        1,
        f"pet-spect deidentify: {tmp_path / 'in'}: no PET or reconstructed NM image found;"
        " left out: CT Image Storage (1)\n",
    )
    assert nothing_was_written(tmp_path)


def test_a_folder_that_is_not_there_is_refused(run, tmp_path):
    status, said = run(source="nowhere")
    assert (status, said) == (
        1,
        f"pet-spect deidentify: {tmp_path / 'nowhere'}: cannot be read (No such file or directory)\n",
    )


def test_out_must_be_new_or_empty(put, run, tmp_path):
    put("a.dcm", an_object(NM))
    (tmp_path / "out").mkdir()
    assert run()[0] == 0
    before = sorted(path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm"))
    status, said = run()
    assert status == 1
    assert "exists and is not an empty folder" in said
    assert sorted(path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm")) == before


@pytest.mark.parametrize(("source", "out"), [("in", "in/out"), ("in/deeper", "in"), ("in", "in")])
def test_in_and_out_lie_apart(put, run, tmp_path, source, out):
    put("a.dcm", an_object(NM))
    (tmp_path / "in/deeper").mkdir()
    assert run(source=source, out=out)[0] == 1
    assert len(list((tmp_path / "in").iterdir())) == 2


def test_one_code_is_not_for_two_patients(put, run, tmp_path):
    put("a.dcm", an_object(NM))
    path = put("b.dcm", an_object(NM, PatientID="somebody else"))
    status, said = run("--id", "sub-01")
    assert status == 1
    assert said == (
        f"pet-spect deidentify: {path}: is of another patient than those before it (PatientIDs differ);"
        " sub-01 can be only one\n"
    )
    assert nothing_was_written(tmp_path)


@pytest.mark.parametrize("flags", [[], ["--id", "sub-01"]])
@pytest.mark.parametrize(
    ("number", "first", "second", "what"),
    [
        ("001", {"PatientBirthDate": "19500101"}, {"PatientBirthDate": "19610202"}, "birth dates"),
        ("001", {"PatientSex": "M"}, {"PatientSex": "F"}, "sexes"),
        ("001", {"PatientName": "Doe^Jane"}, {"PatientName": "Roe^Richard"}, "names"),
    ],
)
def test_one_patient_id_is_not_for_two_patients(put, run, tmp_path, flags, number, first, second, what):
    put("a.dcm", an_object(NM, PatientID=number, **first))
    path = put("b.dcm", an_object(NM, PatientID=number, **second))
    status, said = run(*flags)
    assert status == 1
    assert said.startswith(f"pet-spect deidentify: {path}: ")
    assert f"{what} differ" in said
    assert not set(said.split()) & {number, *first.values(), *second.values()}
    assert nothing_was_written(tmp_path)


def test_a_name_that_is_spelt_anew_is_one_patient_if_the_birth_date_is_one(put, run):
    born = {"PatientBirthDate": "19500101"}
    put("a.dcm", an_object(NM, PatientName="Doe^Jane", **born))
    put("b.dcm", an_object(NM, PatientName="ROE JANE", **born))
    assert run()[1].endswith("1 patient\n")


def test_behind_a_placeholder_name_and_birth_date_tell_who_it_is(put, run, tmp_path):
    for name, who in (("a", "Doe^Jane"), ("b", "Roe^Richard"), ("c", "DOE JANE")):
        put(f"{name}.dcm", an_object(NM, PatientID="0", PatientName=who, PatientBirthDate="19500101"))
    assert run()[1].endswith("2 patients\n")
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_nobody_is_not_guessed_and_can_be_named(put, run, tmp_path):
    path = put("a.dcm", an_object(NM, PatientID="ANONYMOUS", PatientName="Anonymous", PatientSex="M"))
    status, said = run()
    assert (status, said) == (
        1,
        f"pet-spect deidentify: {path}: has neither a PatientID nor a PatientName that tells whose it is; give each"
        " person a folder and a run with --id\n",
    )
    assert run("--id", "sub-01", out="named")[0] == 0
    put("b.dcm", an_object(NM, PatientID="ANONYMOUS", PatientName="Anonymous", PatientSex="F"))
    assert "sexes differ" in run("--id", "sub-01")[1]


@pytest.mark.parametrize("code", ["Jane Doe", "../x", "", "sub_01"])
def test_a_code_is_letters_digits_and_hyphens(put, tmp_path, code, capfd):
    put("a.dcm", an_object(NM))
    with pytest.raises(SystemExit) as caught:
        main(["deidentify", str(tmp_path / "in"), str(tmp_path / "out"), "--id", code])
    assert caught.value.code == 2
    assert "letters, digits and hyphens" in capfd.readouterr().err


def test_a_short_or_missing_key_is_refused(put, run, tmp_path):
    put("a.dcm", an_object(NM))
    assert "head -c 32 /dev/urandom" in run("--key", tmp_path / "key")[1]
    (tmp_path / "key").write_bytes(b"12345")
    assert "holds 5 bytes, at least 16 random ones are needed" in run("--key", tmp_path / "key")[1]
    assert nothing_was_written(tmp_path)


def test_the_same_key_gives_the_same_bytes(put, run, tmp_path):
    for name in ("b.dcm", "a.dcm"):
        put(name, an_object(NM))
    (tmp_path / "key").write_bytes(bytes(32))
    for out in ("one", "two"):
        assert run("--key", tmp_path / "key", out=out)[0] == 0
    one, two = (
        {path.relative_to(tmp_path / out): path.read_bytes() for path in (tmp_path / out).rglob("*.dcm")}
        for out in ("one", "two")
    )
    assert one == two
    assert len(one) == 2


def test_what_a_killed_run_left_behind_is_cleared(put, run, tmp_path):
    put("a.dcm", an_object(NM))
    shutil.copytree(tmp_path / "in", tmp_path / ".partial-out")
    assert run()[0] == 0
    assert not (tmp_path / ".partial-out").exists()
    assert not list((tmp_path / "out").rglob("a.dcm"))
