from __future__ import annotations

import os

import pytest

from pet_spect.fingerprint import fingerprint


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
