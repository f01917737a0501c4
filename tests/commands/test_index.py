"""``pet-spect index`` as a person runs it: what it prints and writes, what it refuses, and that it names nobody."""

import copy
import os
import pty
import stat
import subprocess
import sys
import tarfile
import zipfile

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from pet_spect.cli import main
from pet_spect.tsv import read_table

CANARY = "CANARY1948"
TEXT = ("AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT", "UI")


def pet_slice(place, series="1.2.3.4", date="20240101"):
    """Return one slice of an FDG-PET."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{series}.{place}"
    ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.Modality = series, f"1.9.{date}", "PT"
    ds.PatientID, ds.PatientName, ds.PatientBirthDate, ds.StudyDate = "H4711", "Doe^Jane", "19480212", date
    ds.SeriesType, ds.Units, ds.DecayCorrection = ["STATIC", "IMAGE"], "BQML", "START"
    ds.CorrectedImage = ["DECY", "ATTN"]
    ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3 * place]
    ds.PixelSpacing, ds.RescaleSlope, ds.RescaleIntercept = [2, 2], "1", "0"
    drug = Dataset()
    drug.Radiopharmaceutical = "FDG"
    ds.RadiopharmaceuticalInformationSequence = Sequence([drug])
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.Rows, ds.Columns, ds.PixelData = 4, 5, bytes(range(40))
    return ds


def write(folder, *objects):
    folder.mkdir(parents=True, exist_ok=True)
    for ds in objects:
        copy.deepcopy(ds).save_as(folder / f"{len(list(folder.iterdir())):03d}", enforce_file_format=True)


@pytest.fixture
def heap(tmp_path):
    """Return a folder with two visits of one person in one folder."""
    visits = [pet_slice(place, "1.2.3.4", "20240101") for place in range(4)]
    visits += [pet_slice(place, "1.2.3.5", "20250101") for place in range(4)]
    write(tmp_path / "heap", *visits)
    return tmp_path / "heap"


def run(*arguments):
    return main(["index", *map(str, arguments)])


def test_the_table_is_printed_and_three_tables_are_written(heap, tmp_path, capfd):
    assert run(heap, "--out", tmp_path / "draft") == 0
    told = capfd.readouterr()
    assert told.err == ""
    assert "8 files looked at: 8 images in 2 series, 0 with problems, 0 ignored." in told.out
    assert "Before you run the workflow, fill in every lesion_side" in told.out
    assert sorted(p.name for p in (tmp_path / "draft").iterdir()) == [
        "index.json",
        "index.tsv",
        "participants.tsv",
        "scans.tsv",
    ]
    assert (tmp_path / "draft/participants.tsv").read_text() == "participant_id\tlesion_side\nsub-01\tn/a\n"
    assert (tmp_path / "draft/scans.tsv").read_text() == (
        "participant_id\tsession\ttracer\tpath\tseries\n"
        f"sub-01\tbaseline\tFDG\t{heap}\t6694f83c\n"
        f"sub-01\tyear1\tFDG\t{heap}\tf53eea05\n"
    )
    rows = read_table(tmp_path / "draft/index.tsv")
    assert [(row["place"], row["series"], row["scans_line"]) for row in rows] == [
        ("1", "6694f83c", "2"),
        ("1", "f53eea05", "3"),
    ]


def test_a_folder_with_blanks_keeps_them_in_the_draft(heap, tmp_path):
    there = heap.rename(tmp_path / "two  blanks")
    run(there, "--out", tmp_path / "draft")
    assert {row["path"] for row in read_table(tmp_path / "draft/scans.tsv")} == {str(there)}


def test_a_relative_folder_is_written_whole(heap, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("heap", "--out", "draft")
    assert {row["path"] for row in read_table(tmp_path / "draft/scans.tsv")} == {str(heap)}


@pytest.mark.parametrize("name", ["participants.tsv", "scans.tsv", "index.tsv", "index.json"])
def test_nothing_is_overwritten(heap, tmp_path, capfd, name):
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / name).write_text("mine")
    assert run(heap, "--out", tmp_path / "draft") == 1
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err == (
        f"pet-spect index: {tmp_path / 'draft' / name}: is there already and is not overwritten; name another folder,"
        " or move it\n"
    )
    assert [p.name for p in (tmp_path / "draft").iterdir()] == [name]


@pytest.mark.parametrize(
    ("audit", "message"),
    [
        ("results/audit.tsv", "lies in a results folder, where no identifier may go"),
        ("a/Results/b/audit.tsv", "lies in a results folder, where no identifier may go"),
        ("draft/audit.tsv", "whose tables are passed on"),
        ("heap/audit.tsv", "lies in folder 1 that is indexed"),
        ("link/audit.tsv", "lies in a results folder, where no identifier may go"),
        ("there.tsv", "is there already and is not overwritten"),
    ],
)
def test_an_audit_file_is_refused_where_identifiers_must_not_go(heap, tmp_path, capfd, audit, message):
    (tmp_path / "results").mkdir()
    (tmp_path / "link").symlink_to("results")
    (tmp_path / "there.tsv").touch()
    assert run(heap, "--out", tmp_path / "draft", "--audit", tmp_path / audit) == 1
    told = capfd.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert not (tmp_path / "draft").exists()


def test_drafts_do_not_go_into_results(heap, tmp_path, capfd):
    assert run(heap, "--out", tmp_path / "results/draft") == 1
    assert "lies in a results folder, and scans.tsv holds paths" in capfd.readouterr().err


def test_an_audit_file_is_advised_only_where_there_is_none(heap, tmp_path, capfd):
    assert run(heap, "--out", tmp_path / "draft") == 0
    assert "To see who each line is, run again with --audit FILE" in capfd.readouterr().out
    assert run(heap, "--out", tmp_path / "again", "--audit", tmp_path / "audit.tsv") == 0
    printed = capfd.readouterr().out
    assert "--audit" not in printed
    assert printed.endswith("The audit file says who each line is.\n")


def test_an_audit_file_tells_what_each_line_stands_for_and_only_its_owner_reads_it(heap, tmp_path):
    (heap / "broken").write_bytes(bytes(128) + b"DICM" + b"\xff" * 40)
    audit = tmp_path / "audit.tsv"
    assert run(heap, "--out", tmp_path / "draft", "--audit", audit) == 0
    assert stat.S_IMODE(audit.stat().st_mode) == 0o600
    first, second, broken = read_table(audit)
    assert (first["index_line"], first["participant_id"], first["PatientID"], first["PatientName"]) == (
        *("2", "sub-01", "H4711", "Doe^Jane"),
    )
    assert [row["SeriesInstanceUID"] for row in (first, second)] == ["1.2.3.4", "1.2.3.5"]
    assert (broken["path"], broken["code"]) == (str(heap / "broken"), "file_damaged")


def test_no_cell_of_an_audit_file_is_a_formula(tmp_path):
    visit = [pet_slice(place) for place in range(4)]
    for ds in visit:
        ds.PatientName, ds.PatientID = "=HYPERLINK(1)", "-4711"
    write(tmp_path / "heap", *visit)
    assert run(tmp_path / "heap", "--out", tmp_path / "draft", "--audit", tmp_path / "audit.tsv") == 0
    (row,) = read_table(tmp_path / "audit.tsv")
    assert (row["PatientName"], row["PatientID"]) == ("'=HYPERLINK(1)", "-4711")


def test_a_folder_that_is_not_there_is_one_line_that_does_not_repeat_it(tmp_path, capfd):
    assert run(tmp_path / "Doe^Jane", "--out", tmp_path / "draft") == 1
    assert capfd.readouterr().err == ("pet-spect index: folder 1 of 1: cannot be read (No such file or directory)\n")


def plant(ds, depth=0):
    """Put the canary into every text element that `ds` does not have, into private ones and a sequence."""
    for tag, (vr, *_rest, keyword) in pydicom.datadict.DicomDictionary.items():
        if not 0x0008 <= tag >> 16 <= 0x0054 or not keyword or keyword in ds or vr not in TEXT:
            continue
        ds.add(pydicom.DataElement(tag, vr if vr in ("PN", "UT", "LT") else "LO", CANARY))
    if depth == 0:
        ds.RequestAttributesSequence = Sequence([plant(Dataset(), 1)])
    ds.private_block(0x0099, CANARY, create=True).add_new(1, "LO", CANARY)
    return ds


def planted(place, refused):
    ds = plant(pet_slice(place))
    ds.PatientID = ds.PatientName = ds.StudyDate = ds.PatientBirthDate = CANARY
    ds.StudyInstanceUID = ds.SeriesInstanceUID = ds.Modality = CANARY
    ds.CorrectedImage = [*ds.CorrectedImage, CANARY]
    ds.RadiopharmaceuticalInformationSequence[0].Radiopharmaceutical = CANARY
    for keyword in ("SUVType", "AcquisitionDateTime", "DecayCorrectionDateTime", "TimezoneOffsetFromUTC"):
        del ds[keyword]
    if refused:
        ds.Units = CANARY
    return ds


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_nothing_personal_leaves_but_the_paths_of_the_scans(tmp_path, refused):
    heap = tmp_path / f"{CANARY}^Jane"
    write(heap, *(planted(place, refused) for place in range(4)))
    broken = tmp_path / f"{CANARY}^John"
    broken.mkdir()
    (broken / f"{CANARY}.dcm").write_text(CANARY)
    (broken / f"{CANARY}.raw").write_bytes(b"\x08\x00" + CANARY.encode())
    (broken / f"{CANARY}.gone").symlink_to(CANARY)
    (broken / f"{CANARY}.bad").write_bytes(bytes(128) + b"DICM" + CANARY.encode())
    with zipfile.ZipFile(tmp_path / f"{CANARY}.zip", "w") as archive:
        for file in heap.iterdir():
            archive.write(file, f"{CANARY}/{file.name}")
        archive.writestr(f"{CANARY}.zip", b"PK\x03\x04" + CANARY.encode())
    with tarfile.open(tmp_path / f"{CANARY}.tar", "w") as archive:
        archive.add(heap, CANARY)
    (tmp_path / f"{CANARY}.tgz").write_bytes(b"\x1f\x8b" + CANARY.encode())
    command = [sys.executable, "-m", "pet_spect.cli", "index", *tmp_path.iterdir(), "--out", tmp_path / "draft"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    draft = {path.name: path.read_bytes() for path in (tmp_path / "draft").iterdir()}
    scans = [
        b"\t".join(value for column, value in enumerate(line.split(b"\t")) if column != 3)
        for line in draft.pop("scans.tsv").splitlines()
    ]
    assert len(scans) == (1 if refused else 4)
    for text in (done.stdout, done.stderr, *draft.values(), *scans):
        assert b"CANARY" not in text
        assert b"1948" not in text
    assert done.stderr == b""


@pytest.mark.parametrize("closed", [True, False])
def test_a_folder_that_may_not_be_looked_into_is_listed_and_not_named(heap, tmp_path, capfd, monkeypatch, closed):
    (heap / "CANARY").mkdir()
    real = os.scandir

    def scandir(path):
        if closed and os.fspath(path).endswith("CANARY"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert run(heap, "--out", tmp_path / "draft") == 0
    told = capfd.readouterr()
    assert "CANARY" not in told.out + told.err
    assert ("file_unreadable" in told.out) == closed


def test_a_progress_bar_is_shown_on_a_terminal_alone(heap, tmp_path):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pet_spect.cli", "index", str(heap), "--out", str(tmp_path / "draft")]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=theirs, check=False)
    os.close(theirs)
    assert done.returncode == 0
    assert b"indexing" in os.read(ours, 65536)
    os.close(ours)


def test_convert_takes_the_scan_that_the_draft_names(heap, tmp_path):
    run(heap, "--out", tmp_path / "draft")
    (row, _) = read_table(tmp_path / "draft/scans.tsv")
    out = tmp_path / "a.nii.gz"
    assert main(["convert", row["path"], "--series", row["series"], "--out", str(out)]) == 0
    assert out.exists()


def test_a_link_to_a_folder_is_told_with_what_it_hides(heap, tmp_path, capfd):
    write(tmp_path / "far", pet_slice(0, "1.2.3.6"))
    (heap / "Doe").symlink_to(tmp_path / "far")
    assert run(heap, "--out", tmp_path / "draft") == 0
    told = capfd.readouterr().out
    assert "link_not_followed: 1 link to a folder elsewhere, which is not followed" in told
    assert "0 with problems, 0 ignored.\n1 link to folders not followed: scans found only there are in no table" in told
    assert "Doe" not in told


def test_a_bug_is_told_after_everything_was_written(heap, tmp_path, capfd, monkeypatch):
    def examine(headers, called, declared):
        raise OverflowError("CANARY")

    monkeypatch.setattr("pet_spect.dicom.index.series_summary.examine", examine)
    assert run(heap, "--out", tmp_path / "draft") == 1
    told = capfd.readouterr()
    assert told.err.startswith("pet-spect index: 2 of 2 lines are incomplete because of a bug")
    assert "(internal_error)" in told.err
    assert told.err.count("\n") == 1
    assert "OverflowError; this is a bug of pet_spect, please report it" in told.out
    assert "CANARY" not in told.out + told.err
    assert len(list((tmp_path / "draft").iterdir())) == 4
