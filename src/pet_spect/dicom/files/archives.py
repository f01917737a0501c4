"""Archives of DICOM files (zip, tar, and tar packed with gzip, bzip2 or xz), read member by member in memory.

Nothing is written, so names that lead out of a folder do no harm; devices are no
files and are passed over, and so are links to what the archive holds. An archive that
may hold more files than were read is refused: slices would be missing. What is unpacked is counted,
and an archive that unpacks to more than is sensible is refused before memory or time run out.
"""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import IO, BinaryIO, Literal, cast

from pet_spect.dicom.files.packed_streams import bunzip2, unxz
from pet_spect.dicom.files.placed_file import MARK_END, PlacedFile, is_hidden, may_be_slice, open_regular
from pet_spect.dicom.files.tar_links import Links
from pet_spect.dicom.files.zip_layout import directory_size, lists_all
from pet_spect.errors import DicomError
from pet_spect.imaging.gzipped import MARK, MOST_RATIO, gunzip

MOST_MEMBERS = 200_000
"""Largest number of members of one archive."""

MOST_BYTES_OF_MEMBER = 2**30
"""Largest DICOM file read from an archive, bytes; it is held in memory."""

MOST_BYTES = 2**37
"""Largest content of one archive, bytes (128 GiB, a disk full of scans)."""

RATIO_FROM = 2**26
"""Content up to which the ratio does not matter, bytes: empty images compress well, and 64 MiB do no harm."""

MOST_PADDING = 2**22
"""Most zeros after the end mark of a tar, bytes: records are of 10 KiB, on tapes of up to 4 MiB. A download that
never went on leaves more.
"""

Kind = Literal["zip", "tar"]

_BLOCK = 512
_CHUNK = 2**20
_PACKED: dict[bytes, str] = {MARK: "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz"}
_BYTES_PER_ENTRY = 256
_CONTINUED = b"M"
"""Type of a tar's member that began in the volume before (GNU)."""

_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(EOFError, struct.error, ValueError, NotImplementedError, RecursionError),
)
"""Exceptions of the libraries on damaged archives, apart from OSError without a number."""


def archive_kind(path: Path) -> Kind | None:
    """Return what kind of archive a file is by its content, None if it is none.

    A DICOM file is none, whatever its first 128 bytes look like.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open_regular(path) as stream:
        head = stream.read(_BLOCK)
    if head[:MARK_END].endswith(b"DICM"):
        return None
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if any(head.startswith(mark) for mark in _PACKED):
        try:
            with open_regular(path) as stream:
                head = _unpacking(stream, head).read(_BLOCK)
        except (*_BROKEN, OSError):
            return "tar"  # what is broken this early may have been one: reading it will say so
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return None
    return "tar"


def is_archive(head: bytes) -> bool:
    """Return whether a file within an archive begins like an archive itself."""
    return head.startswith((b"PK\x03\x04", *_PACKED)) or head[257:262] == b"ustar"


def archived_files(path: Path, kind: Kind, called: str) -> Iterator[PlacedFile]:
    """Yield the visible files of an archive, in its order.

    Parameters
    ----------
    path : Path
    kind : {'zip', 'tar'}
    called : str
        Name of the archive in messages; they name no member.

    Raises
    ------
    DicomError
        ``archive_damaged``, ``archive_encrypted``, or ``archive_limit`` if it holds more than the limits above;
        ``archive_links`` if a tar has a link to what it does not hold. Some are raised after the last file.
        A fault of a single member of a zip is raised when that member is opened.
    """
    try:
        with open_regular(path) as stream:
            meter = _Meter(stream.seek(0, io.SEEK_END), called)
            stream.seek(0)
            yield from _zipped(stream, meter, called) if kind == "zip" else _tarred(stream, meter, called)
    except _BROKEN:
        raise _damaged(called) from None
    except OSError as error:
        if error.errno is None:
            raise _damaged(called) from None
        raise DicomError(f"{called}: cannot be read ({error.strerror})", code="file_unreadable") from None


def _damaged(called: str, detail: str = "") -> DicomError:
    why = f" ({detail}); copy it again, or pack the whole folder again" if detail else ""
    return DicomError(f"{called}: is an archive that is damaged or cut short{why}", code="archive_damaged")


class _Meter:
    """Counts what an archive unpacks to."""

    def __init__(self, size: int, called: str) -> None:
        self.size, self.called, self.unpacked = size, called, 0

    def add(self, count: int) -> None:
        self.unpacked += count
        self.check(self.unpacked)

    def check(self, unpacked: int) -> None:
        if unpacked > MOST_BYTES:
            raise self.error(f"unpacks to more than {MOST_BYTES >> 30} GiB")
        if unpacked > max(RATIO_FROM, MOST_RATIO * self.size):
            raise self.error(f"unpacks to more than {MOST_RATIO} times its size")

    def error(self, what: str) -> DicomError:
        return DicomError(f"{self.called}: is an archive that {what}; unpack it to a folder", code="archive_limit")

    def content(self, member: IO[bytes], claimed: int) -> bytes:
        """Return a member's content; of what is no DICOM only the first bytes, the rest is not unpacked.

        The content in memory never exceeds the limits, whatever size the archive states.
        """
        head = member.read(_BLOCK)
        if not head[:MARK_END].endswith(b"DICM"):
            return head
        buffer = io.BytesIO()
        buffer.write(head)
        while claimed <= MOST_BYTES_OF_MEMBER and (chunk := member.read(_CHUNK)):
            claimed = max(claimed, buffer.tell() + len(chunk))
            self.check(self.unpacked + buffer.tell() + len(chunk))
            buffer.write(chunk)
        if claimed > MOST_BYTES_OF_MEMBER:
            raise self.error(f"holds a file of more than {MOST_BYTES_OF_MEMBER >> 30} GiB")
        return buffer.getvalue()


def _zipped(stream: BinaryIO, meter: _Meter, called: str) -> Iterator[PlacedFile]:
    if directory_size(stream) > MOST_MEMBERS * _BYTES_PER_ENTRY:
        raise meter.error(f"holds more than {MOST_MEMBERS} files")
    with zipfile.ZipFile(stream) as archive:
        # not is_dir(), which fails on an empty name
        members = [m for m in archive.infolist() if not m.filename.endswith("/") and not is_hidden(m.filename)]
        if len(members) > MOST_MEMBERS:
            raise meter.error(f"holds more than {MOST_MEMBERS} files")
        if any(member.flag_bits & 1 for member in members):
            raise DicomError(
                f"{called}: is an encrypted archive; unpack it to a folder first", code="archive_encrypted"
            )
        if not lists_all(stream, archive):
            raise _damaged(
                called, "it holds files that its directory does not list: a part may be lost, or two were joined"
            )
        for number, member in enumerate(members, start=1):
            unpack = cache(partial(_unpacked, archive, member, meter))  # once, however often it is opened
            yield PlacedFile(member.filename, None, number, len(members), alone=False, open=partial(_opened, unpack))


def _opened(unpack: Callable[[], bytes]) -> BinaryIO:
    return io.BytesIO(unpack())


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, meter: _Meter) -> bytes:
    try:
        with archive.open(member) as stream:
            content = meter.content(stream, member.file_size)
    except _BROKEN:
        raise OSError from None  # without a number: the file is damaged
    meter.add(len(content))
    return content


class _StrictTarInfo(tarfile.TarInfo):
    """A member's header; one that cannot be read is an error, where `tarfile` would take it for the end."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> _StrictTarInfo:
        try:
            return super().fromtarfile(tarfile)
        except _HEADER_ERROR as error:
            if type(error).__name__ == "EOFHeaderError":  # the mark of the end
                raise
            raise EOFError from None


_HEADER_ERROR = tarfile.HeaderError


def _tarred(stream: BinaryIO, meter: _Meter, called: str) -> Iterator[PlacedFile]:
    head = stream.read(_BLOCK)
    stream.seek(0)
    counted = _Counted(_unpacking(stream, head), meter)
    links = Links()
    with tarfile.open(fileobj=counted, mode="r|", bufsize=2**16, tarinfo=_StrictTarInfo) as archive:
        number = 0
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # or it would keep the header of every member
            if member.type == _CONTINUED:
                raise _damaged(called, "it begins in another volume")
            if is_hidden(member.name):
                continue
            if not member.isreg():
                _note(links, member)
            else:
                number += 1
                links.add_file(member.name)
                content = meter.content(cast("IO[bytes]", archive.extractfile(member)), member.size)
                yield PlacedFile(member.name, None, number, 0, alone=False, open=partial(io.BytesIO, content))
            if number + len(links) > MOST_MEMBERS:
                raise meter.error(f"holds more than {MOST_MEMBERS} files")
        _check_end(cast(BinaryIO, archive.fileobj), called)
    if any(may_be_slice(_empty(name), b"") for name in links.lost()):
        raise DicomError(
            f"{called}: is an archive with links to files that it does not hold or hides, which may be slices;"
            " pack it again with the files themselves (tar --dereference --hard-dereference)",
            code="archive_links",
        )


def _note(links: Links, member: tarfile.TarInfo) -> None:
    if member.isdir():
        links.add_folder(member.name)
    elif member.issym() or member.islnk():
        links.add_link(member)


def _empty(name: str) -> PlacedFile:
    return PlacedFile(name, None, 0, 0, alone=False, open=io.BytesIO)


def _check_end(rest: BinaryIO, called: str) -> None:
    """Read a tar to its end, where the checksum of the packed data is; only zeros may follow its end mark."""
    zeros = 0
    while chunk := rest.read(_CHUNK):
        zeros += len(chunk)
        if any(chunk):
            raise _damaged(called, "data follow its end mark: a part may be lost, or two were joined")
    if zeros > MOST_PADDING:
        raise _damaged(called, f"its last {zeros >> 20} MiB are zeros")


def _unpacking(stream: BinaryIO, head: bytes) -> BinaryIO:
    openers: dict[str, Callable[[BinaryIO], BinaryIO]] = {"gzip": gunzip, "bzip2": bunzip2, "xz": unxz}
    kind = next((kind for mark, kind in _PACKED.items() if head.startswith(mark)), None)
    return openers[kind](stream) if kind else stream


class _Counted(io.RawIOBase):
    """A stream whose bytes are counted."""

    def __init__(self, stream: BinaryIO, meter: _Meter) -> None:
        self._stream, self._meter = stream, meter

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._meter.add(len(data))
        return data
