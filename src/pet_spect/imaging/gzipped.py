"""Gzip streams, read to their end before they are used: checksum and length come last (RFC 1952).

A reader that stops at the last byte it needs, as nibabel does, takes a stream with a flipped bit or without an end for
a sound one. Several members, one after the other, are one stream, and zeros after the last are padding; anything else
after it is damage.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MARK = b"\x1f\x8b"
"""The first bytes of a gzip stream."""

BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a damaged stream raises."""

MOST_RATIO = 200
"""Largest content of a packed file relative to its own size; images shrink to a third, a bomb to a thousandth or less.
"""

_CHUNK = 2**18
_LEVEL = 6  # a person's files are a fifth smaller than with nibabel's 1, for 2.5 s of a processor
_GZIP = 31


def gunzip(stream: BinaryIO) -> BinaryIO:
    """Return the content of a gzip stream, to be read; it is verified only after `drain`."""
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream))


def drain(content: BinaryIO, most: int) -> int:
    """Read what is left of a stream to its end and return how many bytes that were, holding none of them.

    Parameters
    ----------
    content : binary stream
        Of `gunzip`, or any other.
    most : int
        Reading stops once more bytes than these were found, so that no bomb is unpacked for ever.

    Returns
    -------
    int
        At most `most` if the end was reached, more if it was not.

    Raises
    ------
    EOFError, zlib.error, gzip.BadGzipFile
        If the stream is cut short, its checksum or length is wrong, or anything but zeros follows it.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import io
    >>> drain(gunzip(io.BytesIO(gzip.compress(bytes(10)))), 100)
    10
    """
    count = 0
    while count <= most and (chunk := content.read(_CHUNK)):
        count += len(chunk)
    return count


@contextmanager
def packing(file: BinaryIO) -> Iterator[BinaryIO]:
    """Give a stream whose content goes to `file` as one gzip member, without name or time.

    `gzip.GzipFile` tries again to write what it could not when it is forgotten, and from Python 3.13 on that prints a
    traceback: a full disk must be one line.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> with packing(file) as stream:
    ...     _ = stream.write(b"content")
    >>> gzip.decompress(file.getvalue())
    b'content'
    """
    packed = _Packed(file)
    yield cast(BinaryIO, packed)
    packed.finish()


class _Packed(io.RawIOBase):
    """Packs what is written, and knows how much that was: nibabel asks, and moves on over zeros."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._packer, self._size = file, zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP), 0

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        size = memoryview(data).nbytes
        self._file.write(self._packer.compress(data))
        self._size += size
        return size

    def tell(self) -> int:
        return self._size

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or place < self._size:
            raise io.UnsupportedOperation("a stream that is being packed only goes on")
        self.write(bytes(place - self._size))
        return self._size

    def finish(self) -> None:
        self._file.write(self._packer.flush())
