"""Archives, honest and hostile, read without writing anything."""

import bz2
import contextlib
import gzip
import io
import lzma
import struct
import tarfile
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from pet_spect.dicom.files import archives
from pet_spect.dicom.files.archives import archive_kind
from pet_spect.dicom.files.read import read_images
from pet_spect.dicom.files.sources import files_in
from pet_spect.errors import DicomError


def stored(ds):
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def zipped(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def special(name, kind, target=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.fixture
def members(pet_slices):
    return {f"study/{number}": stored(ds) for number, ds in enumerate(pet_slices())}


def pack(path, members, kind):
    if kind == "zip":
        return zipped(path, members)
    return tarred(path, members, {"tar": "w", "gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}[kind])


KINDS = ["zip", "tar", "gz", "bz2", "xz"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_known_by_its_content_and_read_as_the_folder_would_be(tmp_path, members, pet_slices, save, kind):
    path = pack(tmp_path / "no_ending", members | {"readme": b"nothing"}, kind)
    found, folder = read_images(path, "sub-01"), read_images(save(*pet_slices()), "sub-01")
    assert len(found) == 4
    assert {header.text("SOPInstanceUID") for header in found}.isdisjoint({None})
    for one in found:
        (same,) = (
            other
            for other in folder
            if other.vector("ImagePositionPatient", 3) == one.vector("ImagePositionPatient", 3)
        )
        np.testing.assert_array_equal(one.pixels(), same.pixels())
    assert sorted(item.name for item in tmp_path.iterdir()) == ["no_ending", "scan"]


def test_what_only_looks_packed_is_no_archive(tmp_path):
    (tmp_path / "image.nii.gz").write_bytes(gzip.compress(bytes(2000)))
    (tmp_path / "text").write_text("x" * 2000)
    assert [archive_kind(tmp_path / name) for name in ("image.nii.gz", "text")] == [None] * 2


def test_a_dicom_file_is_no_archive_whatever_its_preamble_looks_like(tmp_path, members):
    content = b"PK\x03\x04" + next(iter(members.values()))[4:]
    (tmp_path / "a").write_bytes(content)
    assert archive_kind(tmp_path / "a") is None
    assert len(read_images(tmp_path / "a", "sub-01")) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_messages_name_no_member(tmp_path, members, kind):
    first, *others = members.values()
    path = pack(
        tmp_path / "a", {"DOE^JANE/1": first[:-9]} | {f"DOE^JANE/{n}": c for n, c in enumerate(others, 2)}, kind
    )
    with pytest.raises(
        DicomError, match=r"^sub-01: file 1( of 4)?: (pixel data|has no pixel data|is damaged)"
    ) as caught:
        [header.pixels() for header in read_images(path, "sub-01")]
    assert "DOE" not in str(caught.value)


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("name", ["../../{}", "/etc/{}", "./{}", "a/../../{}", "C:\\{}", "\\\\host\\{}"])
def test_names_that_lead_out_of_a_folder_write_nothing(tmp_path, members, monkeypatch, kind, name):
    (tmp_path / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep/er")
    path = pack(tmp_path / "a", {name.format(n): content for n, content in enumerate(members.values())}, kind)
    assert len(read_images(path, "sub-01")) == 4
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "deep", "er"]


def test_links_and_devices_in_a_tar_are_no_files(tmp_path, members):
    odd = {
        special("link.txt", tarfile.SYMTYPE, "/etc/passwd"): b"",
        special("link.dcm", tarfile.SYMTYPE, "study/0"): b"",
        special("study/again", tarfile.SYMTYPE, "../study"): b"",
        special("study/twice.dcm", tarfile.SYMTYPE, "../link.dcm"): b"",
        special("hard.dcm", tarfile.LNKTYPE, "study/0"): b"",
        special("disk.dcm", tarfile.BLKTYPE): b"",
        special("zero.dcm", tarfile.CHRTYPE): b"",
        special("pipe.dcm", tarfile.FIFOTYPE): b"",
        special("folder.dcm", tarfile.DIRTYPE): b"",
    }
    assert len(read_images(tarred(tmp_path / "a", odd | members), "sub-01")) == 4


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_hidden_members_are_passed_over(tmp_path, members, kind):
    path = pack(tmp_path / "a", members | {"__MACOSX/._1.dcm": b"junk", ".cache/2.dcm": b"junk"}, kind)
    assert len(read_images(path, "sub-01")) == 4


def test_an_archive_in_an_archive_is_not_opened(tmp_path, members):
    inner = zipped(tmp_path / "inner", members).read_bytes()
    with pytest.raises(DicomError, match="no DICOM image found, 1 files looked at"):
        read_images(zipped(tmp_path / "a", {"inner.zip": inner}), "sub-01")


def test_a_folder_is_read_without_the_archives_in_it(tmp_path, members, pet_slices, save):
    folder = save(*pet_slices())
    zipped(folder / "copy.zip", members)
    assert len(read_images(folder, "sub-01")) == 4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.4, 0.9])
def test_an_archive_cut_short_is_refused(tmp_path, members, kind, kept):
    path = pack(tmp_path / "a", members, kind)
    content = path.read_bytes()
    end = len(content.rstrip(b"\0")) if kind == "tar" else len(content)  # zeros fill up its last block
    path.write_bytes(content[: int(kept * end)])
    with pytest.raises(DicomError, match="sub-01: is an archive that is damaged or cut short") as caught:
        read_images(path, "sub-01")
    assert caught.value.code == "archive_damaged"


def test_a_tar_cut_between_two_members_is_refused(tmp_path, members):
    path = tarred(tmp_path / "a", members)
    size = 512 + -(-len(members["study/0"]) // 512) * 512
    path.write_bytes(path.read_bytes()[: 2 * size])
    with pytest.raises(DicomError, match="damaged or cut short"):
        read_images(path, "sub-01")


def test_a_member_of_a_zip_whose_bytes_changed_is_refused(tmp_path, members):
    path = zipped(tmp_path / "a", members, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[len(members["study/0"])] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DicomError, match="sub-01: file 1 of 4: is damaged"):
        read_images(path, "sub-01")


def test_an_encrypted_archive_is_refused_by_name(tmp_path, members):
    path = zipped(tmp_path / "a", members)
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(mark, at + 1)
    path.write_bytes(content)
    with pytest.raises(DicomError, match="is an encrypted archive; unpack it to a folder first") as caught:
        read_images(path, "sub-01")
    assert caught.value.code == "archive_encrypted"


def empty_dicom(size):
    return bytes(128) + b"DICM" + bytes(size - 132)


@pytest.mark.parametrize("kind", ["zip", "gz", "bz2", "xz"])
def test_a_bomb_is_refused_before_it_bursts(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(archives, "RATIO_FROM", 2**20)
    path = pack(tmp_path / "a", {f"{n}": empty_dicom(2**20) for n in range(20)}, kind)
    with pytest.raises(DicomError, match="unpacks to more than 200 times its size; unpack it to a folder") as caught:
        [file.open() for file in files_in(path, "sub-01")]
    assert caught.value.code == "archive_limit"


def test_what_is_no_dicom_is_not_unpacked_from_a_zip(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "RATIO_FROM", 2**20)
    path = pack(tmp_path / "a", {f"{n}": bytes(2**20) for n in range(20)}, "zip")
    assert [len(file.open().read()) for file in files_in(path, "sub-01")] == [512] * 20


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_member_larger_than_memory_should_hold_is_refused(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(archives, "MOST_BYTES_OF_MEMBER", 2**16)
    path = pack(tmp_path / "a", {"1": empty_dicom(2**17)}, kind)
    with pytest.raises(DicomError, match="holds a file of more than"):
        [file.open() for file in files_in(path, "sub-01")]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_too_many_members_are_refused(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    path = pack(tmp_path / "a", {f"{n}": b"" for n in range(4)}, kind)
    with pytest.raises(DicomError, match="holds more than 3 files"):
        list(files_in(path, "sub-01"))


def test_more_content_than_a_disk_of_scans_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 2**20)
    path = pack(tmp_path / "a", {f"{n}": np.random.default_rng(n).bytes(2**18) for n in range(9)}, "tar")
    with pytest.raises(DicomError, match="unpacks to more than"):
        list(files_in(path, "sub-01"))


def test_a_declared_list_of_members_larger_than_the_limit_is_not_read(tmp_path, members):
    path = zipped(tmp_path / "a", members)
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.rfind(b"PK\x05\x06") + 12, 2**31)
    path.write_bytes(content)
    with pytest.raises(DicomError, match="holds more than 200000 files"):
        read_images(path, "sub-01")


def test_a_zip_with_64_bit_lengths_is_read(tmp_path, members):
    path = tmp_path / "a"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            with archive.open(name, "w", force_zip64=True) as stream:
                stream.write(content)
    assert len(read_images(path, "sub-01")) == 4


def test_names_that_are_no_utf_8_do_not_matter_in_a_tar(tmp_path, members):
    path = tmp_path / "a"
    with tarfile.open(path, "w", encoding="latin-1", format=tarfile.GNU_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(f"Müller/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert len(read_images(path, "sub-01")) == 4


@pytest.mark.parametrize("packer", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_file_that_is_no_tar_is_no_dicom(tmp_path, members, packer):
    (tmp_path / "1.dcm.packed").write_bytes(packer(members["study/0"]))
    with pytest.raises(DicomError, match="is not a DICOM file"):
        read_images(tmp_path / "1.dcm.packed", "sub-01")


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", KINDS)
def test_damage_anywhere_is_a_refusal_and_never_another_error(tmp_path, members, kind, seed):
    path = pack(tmp_path / "a", members, kind)
    content, random = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for place in random.integers(0, len(content), 1 + 3 * seed):
        content[place] = random.integers(256)
    path.write_bytes(content)
    with contextlib.suppress(DicomError):
        read_images(path, "sub-01")


def refusal(path):
    with pytest.raises(DicomError) as caught:
        [header.pixels() for header in read_images(path, "sub-01")]
    return caught.value.code


def test_no_flipped_bit_of_a_packed_tar_is_taken_for_an_image(tmp_path, members):
    path = tarred(tmp_path / "scan.tar.gz", members, "w:gz")
    whole = path.read_bytes()
    start = whole.index(b"\0", 10) + 1  # the name within gzip's header may be anything
    for place in range(8 * start, 8 * len(whole), 1 + len(whole) // 12):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(OSError, EOFError, zlib.error):
            if gzip.decompress(damaged) == gzip.decompress(whole):  # the same content by another way to pack it
                continue
        assert refusal(path) in ("archive_damaged", "not_dicom", "file_damaged")  # a slice may be read first


@pytest.mark.parametrize("lost", range(1, 10))
def test_a_packed_tar_without_its_last_bytes_is_refused(tmp_path, members, lost):
    path = tarred(tmp_path / "scan.tgz", members, "w:gz")
    path.write_bytes(path.read_bytes()[:-lost])
    assert refusal(path) == "archive_damaged"


def test_a_packed_tar_may_be_padded_with_zeros_and_by_nothing_else(tmp_path, members):
    path = tarred(tmp_path / "scan.tgz", members, "w:gz")
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(1000))
    assert len(read_images(path, "sub-01")) == 4
    path.write_bytes(whole + b"garbage")
    assert refusal(path) == "archive_damaged"


def claiming(path, members, kind, size):
    """Write an archive whose first member says that it is larger than it is."""
    if kind == "zip":
        content = bytearray(zipped(path, members).read_bytes())
        struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, size)
    else:
        name, first = next(iter(members.items()))
        member = tarfile.TarInfo(name)
        member.size = size
        content = member.tobuf(tarfile.GNU_FORMAT) + first + bytes(2**15)
    path.write_bytes(bytes(content))
    return path


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("size", [2**30 + 1, 2**32 - 2])
def test_a_member_that_claims_more_than_is_read_is_refused_before_memory_is_asked_for(tmp_path, members, kind, size):
    path = claiming(tmp_path / "a", members, kind, size)
    tracemalloc.start()
    try:
        assert refusal(path) == "archive_limit"
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_a_bomb_that_begins_like_an_image_is_not_held_in_memory(tmp_path, members, kind):
    name, first = next(iter(members.items()))
    path = pack(tmp_path / "a", {name: first + bytes(2**27)}, kind)
    tracemalloc.start()
    try:
        assert refusal(path) == "archive_limit"
        assert tracemalloc.get_traced_memory()[1] < 2**27
    finally:
        tracemalloc.stop()
