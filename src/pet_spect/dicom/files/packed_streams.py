"""Unpacking of xz and bzip2 streams, believed only if nothing but zeros follows the last of them.

`lzma.LZMAFile` and `bz2.BZ2File` pass over what they cannot read after the first stream, and with it the rest of
an archive. Several streams, one after the other, are one content (as `pbzip2` and `pixz` write them).
"""

from __future__ import annotations

import bz2
import io
import lzma
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 2**16

_Decompressor = lzma.LZMADecompressor | bz2.BZ2Decompressor


def unxz(stream: BinaryIO) -> BinaryIO:
    """Return the content of an xz file, to be read.

    Reading raises EOFError or lzma.LZMAError if it is cut short, damaged, or followed by anything but zeros.
    """
    return _opened(stream, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ))


def bunzip2(stream: BinaryIO) -> BinaryIO:
    """Return the content of a bzip2 file, to be read.

    Reading raises EOFError or an OSError without number if it is cut short, damaged, or followed by anything
    but zeros.

    Examples
    --------
    >>> bunzip2(io.BytesIO(bz2.compress(b"one, ") + bz2.compress(b"two") + bytes(9))).read()
    b'one, two'
    """
    return _opened(stream, bz2.BZ2Decompressor)


def _opened(stream: BinaryIO, decompressor: Callable[[], _Decompressor]) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Streams(stream, decompressor), _CHUNK))


class _Streams(io.RawIOBase):
    """The content of compressed streams that follow each other."""

    def __init__(self, stream: BinaryIO, decompressor: Callable[[], _Decompressor]) -> None:
        self._stream, self._new, self._current = stream, decompressor, decompressor()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        while view.nbytes:
            packed = b""
            if self._current.eof:
                packed = self._after(self._current.unused_data)
                if not packed:
                    return 0
                self._current = self._new()
            elif self._current.needs_input:
                packed = self._stream.read(_CHUNK)
                if not packed:
                    raise EOFError("a compressed stream has no end")
            content = self._current.decompress(packed, view.nbytes)
            if content:
                view[: len(content)] = content
                return len(content)
        return 0

    def _after(self, packed: bytes) -> bytes:
        """Return what follows a stream and the zeros that pad it, nothing at the end of the file."""
        packed = packed.lstrip(b"\0")
        while not packed and (more := self._stream.read(_CHUNK)):
            packed = more.lstrip(b"\0")
        return packed
