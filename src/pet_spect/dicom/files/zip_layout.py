"""The layout of a zip file, and whether its directory lists all of its parts (APPNOTE 4.3).

`zipfile` believes the directory: an entry that a flipped bit takes out of it, or a second archive that was
appended, is lost without an error. Files would be missing, and slices with them.
"""

from __future__ import annotations

import io
import struct
import zipfile
from typing import BinaryIO

_END, _END_64, _LOCATOR, _LOCAL = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x03\x04"
_END_BYTES, _LOCATOR_BYTES, _LOCAL_BYTES = 22, 20, 30
_DESCRIPTOR_BYTES = 24
"""The longest data descriptor; less than a local header, so nothing so short holds a file."""

_UTF_8 = 0x800
_CHUNK = 2**16


def directory_size(stream: BinaryIO) -> int:
    """Return the length of a zip's directory as its end record says, before it is read into memory.

    Raises
    ------
    EOFError, struct.error
        If there is no end record, or it is cut short.
    """
    tail, at = _end(stream)
    (size,) = struct.unpack_from("<I", tail, at + 12)
    if _is_64(tail, at):
        (size,) = struct.unpack_from("<Q", _end_64(stream, tail, at), 40)
    return int(size)


def lists_all(stream: BinaryIO, archive: zipfile.ZipFile) -> bool:
    """Return whether a zip's directory lists every file that the zip holds, by the name it has there.

    It does if it has as many entries as the end record says, and nothing that may be a file lies before,
    between or behind what it lists. Data descriptors and zeros may lie anywhere.

    Raises
    ------
    EOFError, struct.error, ValueError
        If a part is cut short, or a name cannot be read.
    """
    members = archive.infolist()
    return (
        _agrees_in_number(stream, len(members))
        and _is_spare_tail(stream)
        and _is_tiled(stream, members, archive.start_dir)
    )


def _end(stream: BinaryIO) -> tuple[bytes, int]:
    """Return the last bytes of a zip and where its end record begins in them."""
    stream.seek(max(0, stream.seek(0, io.SEEK_END) - 2**16 - _END_BYTES))
    tail = stream.read()
    at = tail.rfind(_END)
    if at < 0:
        raise EOFError
    return tail, at


def _is_64(tail: bytes, at: int) -> bool:
    return at >= _LOCATOR_BYTES and tail.startswith(_LOCATOR, at - _LOCATOR_BYTES)


def _end_64(stream: BinaryIO, tail: bytes, at: int) -> bytes:
    stream.seek(struct.unpack_from("<Q", tail, at - 12)[0])
    return stream.read(56)


def _agrees_in_number(stream: BinaryIO, members: int) -> bool:
    tail, at = _end(stream)
    (count,) = struct.unpack_from("<H", tail, at + 10)
    if _is_64(tail, at):
        record = _end_64(stream, tail, at)
        if record.startswith(_END_64):
            (count,) = struct.unpack_from("<Q", record, 32)
            return bool(count == members)
    return bool(count == members % 2**16)  # old writers count 65,536 files as none


def _is_spare_tail(stream: BinaryIO) -> bool:
    """Return whether no file lies behind the end record and its comment."""
    tail, at = _end(stream)
    (comment,) = struct.unpack_from("<H", tail, at + 20)
    return not any(tail[at + _END_BYTES + comment + _DESCRIPTOR_BYTES :])


def _is_tiled(stream: BinaryIO, members: list[zipfile.ZipInfo], end: int) -> bool:
    """Return whether local headers and contents fill a zip up to its directory, gaps for a descriptor aside."""
    reached = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if not _is_spare(stream, reached, member.header_offset):
            return False
        stream.seek(member.header_offset)
        header = stream.read(_LOCAL_BYTES)
        name_bytes, extra_bytes = struct.unpack_from("<HH", header, 26)
        name = stream.read(name_bytes).decode("utf-8" if member.flag_bits & _UTF_8 else "cp437")
        if not header.startswith(_LOCAL) or name != member.orig_filename:
            return False
        content = member.header_offset + _LOCAL_BYTES + name_bytes + extra_bytes
        reached = max(reached, content + member.compress_size)
    return _is_spare(stream, reached, end)


def _is_spare(stream: BinaryIO, start: int, end: int) -> bool:
    """Return whether bytes hold no file: a data descriptor at the most, and zeros behind it."""
    start += _DESCRIPTOR_BYTES
    stream.seek(start)
    while start < end:
        chunk = stream.read(min(_CHUNK, end - start))
        if any(chunk):
            return False
        start += len(chunk) or end
    return True
