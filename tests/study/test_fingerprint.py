from __future__ import annotations

import os

import pytest

from pet_spect.dicom.files.read import visible_files
from pet_spect.study.fingerprint import fingerprint


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scan" / "bed").mkdir(parents=True)
    for name in ("a.dcm", "bed/b.dcm"):
        (tmp_path / "scan" / name).write_bytes(b"12345")
    return tmp_path / "scan"


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
