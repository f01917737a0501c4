"""An archive that may hold more slices than can be read from it is refused; honest ones of every writer are read."""

import bz2
import gzip
import io
import lzma
import shutil
import struct
import subprocess
import tarfile
import zipfile

import pytest

from pet_spect.dicom.files import archives
from pet_spect.dicom.files.read import read_images
from pet_spect.errors import DicomError
from tests.dicom.files.test_archives import pack, refusal, special, stored, tarred, zipped


@pytest.fixture
def members(pet_slices):
    return {f"study/{number}": stored(ds) for number, ds in enumerate(pet_slices())}


def halves(members):
    items = list(members.items())
    return dict(items[:2]), dict(items[2:])


@pytest.mark.parametrize("kind", ["zip", "tar", "gz", "bz2", "xz"])
def test_two_archives_joined_are_refused(tmp_path, members, kind):
    first, second = (pack(tmp_path / "a", half, kind).read_bytes() for half in halves(members))
    (tmp_path / "a").write_bytes(first + second)
    with pytest.raises(DicomError, match=r"^sub-01: is an archive that is damaged or cut short \(.*two were joined"):
        read_images(tmp_path / "a", "sub-01")


@pytest.mark.parametrize("length", [512, 4096])
@pytest.mark.parametrize("packer", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_tar_with_a_header_overwritten_by_zeros_is_refused(tmp_path, members, length, packer):
    members = {name: content + bytes(5000) for name, content in members.items()}
    content = bytearray(tarred(tmp_path / "a", members).read_bytes())
    with tarfile.open(tmp_path / "a") as archive:
        place = archive.getmembers()[2].offset
    content[place : place + length] = bytes(length)
    (tmp_path / "a").write_bytes(packer(bytes(content)))
    assert refusal(tmp_path / "a") == "archive_damaged"


def test_a_tar_whose_end_was_never_written_is_refused(tmp_path, members):
    path = tarred(tmp_path / "a", members)
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(2**20))  # a record of a tape
    assert len(read_images(path, "sub-01")) == 4
    path.write_bytes(whole + bytes(archives.MOST_PADDING))
    with pytest.raises(DicomError, match="its last 4 MiB are zeros"):
        read_images(path, "sub-01")


def test_a_tar_that_begins_in_another_volume_is_refused(tmp_path, members):
    odd = {special("study/0.dcm", b"M"): b"rest"}
    assert refusal(tarred(tmp_path / "a", odd | members)) == "archive_damaged"


@pytest.mark.parametrize("packer", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("behind", [b"x", b"BZ", b"garbage" * 9, bytes(7) + b"\n"])
def test_garbage_behind_packed_data_is_refused(tmp_path, members, packer, behind):
    content = packer(tarred(tmp_path / "a", members).read_bytes())
    (tmp_path / "a").write_bytes(content + behind)
    assert refusal(tmp_path / "a") == "archive_damaged"


@pytest.mark.parametrize("packer", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_data_in_several_streams_and_padded_with_zeros_are_read(tmp_path, members, packer):
    content = tarred(tmp_path / "a", members).read_bytes()
    parts = [packer(content[at : at + 1000]) for at in range(0, len(content), 1000)]
    (tmp_path / "a").write_bytes(b"".join([*parts, packer(b""), bytes(70_000)]))
    assert len(read_images(tmp_path / "a", "sub-01")) == 4


@pytest.mark.parametrize("kind", ["bz2", "xz"])
def test_packed_data_without_their_end_are_refused(tmp_path, members, kind):
    path = pack(tmp_path / "a", members, kind)
    for lost in (1, 4, 9, 30):
        (tmp_path / "b").write_bytes(path.read_bytes()[:-lost])
        assert refusal(tmp_path / "b") == "archive_damaged"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("target", ["../store/abc", "/data/IM3.dcm", ".git/annex/key", "study/3.dcm"])
def test_a_link_that_may_be_a_slice_which_a_tar_lacks_or_hides_is_refused(tmp_path, members, kind, target):
    hidden = {".git/annex/key": members.popitem()[1]}
    path = tarred(tmp_path / "a", hidden | members | {special("study/3.dcm", kind, target): b""})
    with pytest.raises(DicomError, match=r"links to files that it does not hold or hides.*\(tar --deref") as caught:
        read_images(path, "sub-01")
    assert caught.value.code == "archive_links"


def entry(content, number):
    """Return where an entry of a zip's directory begins."""
    place = -1
    for _ in range(number):
        place = content.index(b"PK\x01\x02", place + 1)
    return place


def test_a_zip_whose_directory_lost_an_entry_to_a_flipped_bit_is_refused(tmp_path, members):
    path = zipped(tmp_path / "a", members)
    whole = path.read_bytes()
    length = entry(whole, 3) - entry(whole, 2)
    for low in (length, 64):  # as an entry that swallows the next one whole, and in part
        content = bytearray(whole)
        struct.pack_into("<H", content, entry(whole, 2) + 32, low)
        path.write_bytes(content)
        assert refusal(path) == "archive_damaged"


def test_a_zip_whose_directory_and_count_agree_on_too_few_is_refused(tmp_path, members):
    path = zipped(tmp_path / "a", members)
    content = bytearray(path.read_bytes())
    struct.pack_into("<H", content, entry(content, 2) + 32, entry(content, 3) - entry(content, 2))
    struct.pack_into("<HH", content, content.rfind(b"PK\x05\x06") + 8, 3, 3)
    path.write_bytes(content)
    assert refusal(path) == "archive_damaged"


@pytest.mark.parametrize(("bit", "name"), [(6, "no.dcm"), (0, "study/foo")])
def test_a_name_in_the_directory_that_became_hidden_or_a_folder_is_refused(tmp_path, members, bit, name):
    """``n`` and ``.``, and ``o`` and ``/``, differ in one bit."""
    path = zipped(tmp_path / "a", {name: members.popitem()[1]} | members)
    content = bytearray(path.read_bytes())
    content[entry(content, 1) + 46 + (0 if bit == 6 else len(name) - 1)] ^= 1 << bit
    path.write_bytes(content)
    assert refusal(path) == "archive_damaged"


def test_a_zip_with_a_cut_one_behind_it_is_refused(tmp_path, members):
    first, second = (zipped(tmp_path / "a", half).read_bytes() for half in halves(members))
    (tmp_path / "a").write_bytes(first + second[:-30])
    assert refusal(tmp_path / "a") == "archive_damaged"


class Pipe(io.RawIOBase):
    """A stream that cannot be sought."""

    def __init__(self):
        self.content = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.content += data
        return len(data)


def streamed(path, members):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    path.write_bytes(pipe.content)


def streamed_64(path, members):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, content in members.items():
            with archive.open(name, "w", force_zip64=True) as stream:
                stream.write(content)
    path.write_bytes(pipe.content)


def with_comment(path, members):
    with zipfile.ZipFile(zipped(path, members), "a") as archive:
        archive.comment = b"a comment " * 99


def appended(path, members):
    first, second = halves(members)
    zipped(path, first)
    with zipfile.ZipFile(path, "a") as archive:
        for name, content in second.items():
            archive.writestr(name, content)


def with_folders_and_odd_names(path, members):
    zipped(path, {"Müller/": b"", "__MACOSX/._1": b"x", "empty.txt": b""})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as archive:
        for name, content in members.items():
            archive.writestr(f"Müller/{name}", content)


def of_windows(path, members):
    """Write names with backslashes, as some programs of Windows do."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name.replace("/", "\\")
            info.create_system = 0
            archive.writestr(info, content)


def aligned(path, members):
    """Write zeros between the members, and behind the end."""
    with path.open("wb") as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
            stream.write(bytes(100))
            archive.start_dir = stream.tell()
    path.write_bytes(path.read_bytes() + b"\r\n")


def of_macos(path, members):
    """Write as ditto does: sizes behind the content, and an extra field that is longer in the local header."""
    local, directory = b"", b""
    for name, content in members.items():
        place, head = len(local), struct.pack("<HHHHH", 20, 8, 0, 0, 0x21)
        crc, size = zipfile.crc32(content), len(content)
        extra = struct.pack("<HH", 0x5855, 12) + bytes(12)
        local += b"PK\x03\x04" + head + struct.pack("<IIIHH", 0, 0, 0, len(name), len(extra)) + name.encode() + extra
        local += content + struct.pack("<4sIII", b"PK\x07\x08", crc, size, size)
        extra = struct.pack("<HH", 0x5855, 8) + bytes(8)
        directory += b"PK\x01\x02" + struct.pack("<H", 0x315) + head
        directory += struct.pack("<IIIHHHHHII", crc, size, size, len(name), len(extra), 0, 0, 0, 0, place)
        directory += name.encode() + extra
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(members), len(members), len(directory), len(local), 0)
    path.write_bytes(local + directory + end)


WRITERS = [
    *(streamed, streamed_64, with_comment, appended, with_folders_and_odd_names),
    *(of_windows, aligned, of_macos),
]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_a_zip_of_any_writer_is_read(tmp_path, members, write):
    write(tmp_path / "a", members)
    assert len(read_images(tmp_path / "a", "sub-01")) == 4


@pytest.mark.slow
def test_a_zip_of_many_members_with_64_bit_counts_is_read(tmp_path, members):
    zipped(tmp_path / "a", members | {f"notes/{n}.txt": b"" for n in range(66_000)}, zipfile.ZIP_STORED)
    assert len(read_images(tmp_path / "a", "sub-01")) == 4


@pytest.mark.skipif(shutil.which("zip") is None, reason="zip is not installed")
@pytest.mark.parametrize("flags", [["-r"], ["-rfd"], ["-rfz"], ["-r0X"], ["-r", "-"]], ids="".join)
def test_a_zip_of_info_zip_is_read(tmp_path, members, flags):
    (tmp_path / "study").mkdir()
    for name, content in members.items():
        (tmp_path / name).write_bytes(content)
    name = [] if "-" in flags else ["a.zip"]
    made = subprocess.run(["zip", "-q", *flags, *name, "study"], cwd=tmp_path, capture_output=True, check=True)
    if not name:
        (tmp_path / "a.zip").write_bytes(made.stdout)
    assert len(read_images(tmp_path / "a.zip", "sub-01")) == 4
    subprocess.run(["zip", "-qd", "a.zip", "study/3"], cwd=tmp_path, check=True)
    assert len(read_images(tmp_path / "a.zip", "sub-01")) == 3


@pytest.mark.skipif(shutil.which("tar") is None, reason="tar is not installed")
@pytest.mark.parametrize(
    "flags", [["--format=v7"], ["--format=gnu"], ["--format=posix"], ["-b2048"], ["-V", "label.txt"]]
)
def test_a_tar_of_gnu_tar_is_read(tmp_path, members, flags):
    (tmp_path / "study").mkdir()
    for name, content in members.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "study/5").hardlink_to(tmp_path / "study/0")
    (tmp_path / "study/again").symlink_to("0")
    subprocess.run(["tar", "-cf", "a.tar", *flags, "study"], cwd=tmp_path, check=True)
    subprocess.run(["tar", "-cf", "b.tar", "-C", "study", "0"], cwd=tmp_path, check=True)
    assert len(read_images(tmp_path / "a.tar", "sub-01")) == 4
