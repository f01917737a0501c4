from __future__ import annotations

import os

import pytest

from pet_spect.dicom.files.read import visible_files
from pet_spect.errors import OvertakenError
from pet_spect.live_run import NAME, PLACE, claim
from pet_spect.study.fingerprint import fingerprint, fingerprints_of_run, write_fingerprints


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scan" / "bed").mkdir(parents=True)
    for name in ("a.dcm", "bed/b.dcm"):
        (tmp_path / "scan" / name).write_bytes(b"12345")
    return tmp_path / "scan"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return the file of a run that this process is."""
    for name in (NAME, PLACE):
        monkeypatch.setenv(name, "")
    path = tmp_path / ".snakemake" / "pet_spect_run.json"
    claim(path)
    return path


def touch(path):
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: touch(folder / "bed/b.dcm"),
        lambda folder: (folder / "a.dcm").unlink(),
        lambda folder: (folder / "a.dcm").rename(folder / "c.dcm"),
        lambda folder: (folder / "bed/new.dcm").touch(),
    ],
    ids=["touched", "removed", "renamed", "added"],
)
def test_it_changes_when_a_file_in_the_folder_was(folder, change):
    before = fingerprint(folder)
    change(folder)
    assert fingerprint(folder) != before


def test_it_stays_when_only_snakemake_left_its_mark(folder):
    before = fingerprint(folder)
    (folder / ".snakemake_timestamp").touch()
    assert fingerprint(folder) == before


def test_it_does_not_depend_on_where_the_folder_lies(folder):
    before = fingerprint(folder)
    assert fingerprint(folder.rename(folder.with_name("moved"))) == before


def test_it_tells_no_name(folder):
    assert len(fingerprint(folder)) == 16
    assert int(fingerprint(folder), 16)


def test_a_nifti_image_counts_with_its_sidecar(tmp_path):
    image, facts = tmp_path / "a.nii.gz", tmp_path / "a.json"
    image.touch()
    facts.touch()
    before = fingerprint(image)
    touch(facts)
    assert fingerprint(image) != before


@pytest.mark.parametrize("target", ["nowhere", "link", "."], ids=["dangling", "to_itself", "to_its_folder"])
def test_a_link_that_leads_nowhere_new_is_no_error_and_counts_by_its_own_name(folder, target):
    before = fingerprint(folder)
    (folder / "link").symlink_to(target)
    with_link = fingerprint(folder)
    assert (with_link == before) == (target == ".")
    assert fingerprint(folder) == with_link


def test_a_linked_file_counts_as_what_it_leads_to(folder, tmp_path):
    real = folder.rename(tmp_path / "real") / "a.dcm"
    folder.mkdir()
    (folder / "a.dcm").symlink_to(real)
    before = fingerprint(folder)
    touch(real)
    assert fingerprint(folder) != before


@pytest.mark.parametrize("name", [".DS_Store", "bed/._b.dcm", ".cache/c.dcm"])
def test_what_convert_does_not_read_does_not_count(folder, name):
    before = fingerprint(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).touch()
    assert fingerprint(folder) == before


def test_an_archive_counts_as_a_file(tmp_path):
    archive = tmp_path / "dump.zip"
    archive.write_bytes(b"12345")
    before = fingerprint(archive)
    touch(archive)
    assert fingerprint(archive) != before


def test_a_path_that_is_a_link_to_itself_is_no_error(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert len(fingerprint(tmp_path / "loop")) == 16


def test_it_looks_at_the_files_that_convert_reads(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/c.dcm").touch()
    before = fingerprint(folder), visible_files(folder)
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    assert (fingerprint(folder), visible_files(folder)) == before


def test_it_is_the_same_where_a_file_system_shows_whole_seconds_only(folder):
    os.utime(folder / "a.dcm", ns=(1_700_000_000_999_999_999,) * 2)
    before = fingerprint(folder)
    os.utime(folder / "a.dcm", ns=(1_700_000_000_000_000_000,) * 2)
    assert fingerprint(folder) == before


def test_a_job_learns_what_its_run_found(run):
    write_fingerprints({"sub-01_anat": "0123456789abcdef"})
    assert fingerprints_of_run() == {"sub-01_anat": "0123456789abcdef"}


def test_a_job_of_an_earlier_run_learns_nothing_of_a_new_one(run, monkeypatch):
    write_fingerprints({"sub-01_anat": "0123456789abcdef"})
    monkeypatch.setenv(NAME, "an earlier one")
    assert fingerprints_of_run() == {}
    with pytest.raises(OvertakenError):
        write_fingerprints({})


@pytest.mark.parametrize("text", [None, "{", "[]", '{"Run": 1}'])
def test_without_what_the_run_found_a_job_knows_nothing(run, text):
    if text is not None:
        (run.parent / "pet_spect_fingerprints.json").write_text(text)
    assert fingerprints_of_run() == {}


def test_a_verb_by_hand_knows_of_no_run(monkeypatch):
    monkeypatch.delenv(PLACE, raising=False)
    assert fingerprints_of_run() == {}
