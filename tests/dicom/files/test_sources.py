import os

import pytest

from pet_spect.dicom.files.read import read_images
from pet_spect.dicom.files.sources import files_in, visible_files
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


def test_an_empty_file_is_refused_unless_its_ending_tells_that_it_is_no_slice(pet_slices, save):
    folder = save(*pet_slices())
    (folder / "nothing.txt").touch()
    assert len(read_images(folder, "sub-01")) == 4
    (folder / "nothing").touch()
    with pytest.raises(DicomError, match="sub-01: file 5 of 6: is not a DICOM file"):
        read_images(folder, "sub-01")


@pytest.mark.parametrize("hidden", [False, True])
def test_a_link_to_a_folder_that_may_hold_slices_is_refused(pet_slices, save, tmp_path, hidden):
    folder = save(*pet_slices())
    elsewhere = folder / ".elsewhere" if hidden else tmp_path / "elsewhere"
    elsewhere.mkdir()
    last = sorted(folder.iterdir())[-1]
    last.rename(elsewhere / last.name)
    (folder / "more").symlink_to(elsewhere)
    with pytest.raises(DicomError, match=r"^sub-01: holds a link to a folder, which is not followed") as caught:
        read_images(folder, "sub-01")
    assert caught.value.code == "link_not_followed"


def test_links_to_folders_that_are_read_anyway_or_lie_around_the_scan_do_no_harm(pet_slices, save, tmp_path):
    save(*pet_slices(), folder="a")
    (tmp_path / "scan").mkdir()
    (tmp_path / "a").rename(tmp_path / "scan" / "a")
    (tmp_path / "scan" / "again").symlink_to("a")
    (tmp_path / "scan" / "a" / "up").symlink_to(tmp_path)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "scan" / ".link").symlink_to(tmp_path / ".hidden")
    assert len(read_images(tmp_path / "scan", "sub-01")) == 4


def test_a_scan_may_be_named_by_a_link(pet_slices, save, tmp_path):
    (tmp_path / "link").symlink_to(save(*pet_slices()))
    (tmp_path / "link" / "again").symlink_to(tmp_path / "link")
    assert len(read_images(tmp_path / "link", "sub-01")) == 4


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
    assert [(file.name, file.message_name) for file in files_in(tmp_path, "x")] == [
        ("c", "file 1 of 2"),
        ("b", "file 2 of 2"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "IM0007.dcm.gz",
            b"\x1f\x8b\x08",
            "is a packed file that may be a slice; unpack it; if it is not a slice, move it",
        ),
        ("IM0007.IMA.zip", b"PK\x03\x04", "is a packed file that may be a slice"),
        (
            "IM0007.dcm.part",
            b"",
            "is an unfinished download that may be a slice; download it again; if it is not a slice, move",
        ),
        ("IM0007.dcm.filepart", bytes(100), "is an unfinished download"),
        ("IM0007.part", bytes(9000), "is an unfinished download"),
        ("Unconfirmed 2718.crdownload", b"", "is an unfinished download"),
        ("IM0007.dcm.gz.part", b"\x1f\x8b\x08", "is an unfinished download"),
    ],
)
def test_an_unfinished_or_packed_slice_beside_others_is_refused(pet_slices, save, name, content, message):
    folder = save(*pet_slices())
    (folder / name).write_bytes(content)
    with pytest.raises(DicomError, match=f"sub-01: file . of 5: {message}") as caught:
        read_images(folder, "sub-01")
    assert caught.value.code == "not_dicom"


def test_other_downloads_and_packed_files_beside_slices_do_no_harm(pet_slices, save):
    folder = save(*pet_slices())
    for name in (
        "report 2.pdf.part",
        "copy.zip",
        "scan1.tar.gz",
        "image1.nii.gz",
        "log.1.gz",
        "README.part",
        "a.zip.part",
    ):
        (folder / name).write_bytes(b"PK\x03\x04 or anything")
    assert len(read_images(folder, "sub-01")) == 4


def test_a_finished_slice_with_the_name_of_a_download_is_read_and_a_cut_one_refused(pet_slices, save):
    folder = save(*pet_slices())
    last = sorted(folder.iterdir())[-1]
    part = last.rename(folder / "IM0007.dcm.part")
    assert len(read_images(folder, "sub-01")) == 4
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(DicomError, match=r"cut short|pixel data"):
        [header.pixels() for header in read_images(folder, "sub-01")]
