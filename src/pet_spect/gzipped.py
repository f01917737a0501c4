"""Gzip streams, believed only when they were read to their end: the checksum and the length stand there (RFC 1952).

A reader that stops at the last byte it needs, as nibabel does, takes a stream with a flipped bit or without an end for
a sound one. Several members, one after the other, are one stream, and zeros after the last are padding; anything else
after it is damage.
"""

from __future__ import annotations

import gzip
import zlib
from typing import BinaryIO, cast

MARK = b"\x1f\x8b"
"""The first bytes of a gzip stream."""

BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a damaged stream raises."""

MOST_RATIO = 200
"""Largest content of a packed file relative to its own size; images shrink to a third, a bomb to a thousandth or less.
"""

_CHUNK = 2**18


def gunzip(stream: BinaryIO) -> BinaryIO:
    """Return the content of a gzip stream, to be read; who reads it believes it after `drain` only."""
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
