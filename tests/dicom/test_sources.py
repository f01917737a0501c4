import os

import pytest

from pet_spect.dicom.read import read_images
from pet_spect.dicom.sources import files_in, visible_files
from pet_spect.errors import DicomError


def test_a_pipe_in_a_folder_does_not_make_it_wait(pet_slices, save):
    folder = save(*pet_slices())
    os.mkfifo(folder / "pipe")
    assert len(read_images(folder, "sub-01")) == 4


def test_a_pipe_as_the_scan_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DicomError, match="sub-01: file 1 of 1: is not a DICOM file"):
        read_images(tmp_path / "pipe", "sub-01")


def test_links_to_folders_are_not_followed_round_in_circles(pet_slices, save):
    folder = save(*pet_slices())
    (folder / "again").symlink_to(folder)
    assert len(visible_files(folder)) == 4
    assert len(read_images(folder, "sub-01")) == 4


def test_a_link_to_nowhere_is_refused_for_a_slice_may_be_missing(pet_slices, save):
    folder = save(*pet_slices())
    (folder / "gone").symlink_to(folder / "nowhere")
    with pytest.raises(DicomError, match=r"cannot be read \(No such file or directory\)"):
        read_images(folder, "sub-01")


def test_names_that_are_no_utf_8_are_read(pet_slices, save):
    folder = save(*pet_slices())
    file = sorted(folder.iterdir())[0]
    file.rename(folder / os.fsdecode(b"M\xfcller"))
    assert len(read_images(folder, "sub-01")) == 4


def test_empty_files_are_passed_over(pet_slices, save):
    folder = save(*pet_slices())
    (folder / "nothing").touch()
    assert len(read_images(folder, "sub-01")) == 4


def test_a_folder_that_cannot_be_listed_can_be_passed_over(tmp_path, monkeypatch):
    def walk(folder, onerror):
        onerror(PermissionError(13, "Permission denied", str(tmp_path / "closed")))
        return [(str(tmp_path), [], ["a"])]

    monkeypatch.setattr(os, "walk", walk)
    told = []
    assert visible_files(tmp_path, told.append) == [tmp_path / "a"]
    assert told[0].filename == str(tmp_path / "closed")


def test_files_of_a_folder_are_counted_in_the_order_of_their_names(tmp_path):
    for name in ("b", "a/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [(file.name, file.place) for file in files_in(tmp_path, "x")] == [("c", "file 1 of 2"), ("b", "file 2 of 2")]
