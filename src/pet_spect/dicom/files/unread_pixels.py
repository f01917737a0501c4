"""The size of the pixel data that follow a header, without reading them."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from pydicom.dataset import FileDataset

_PIXEL_TAGS = ((0x7FE0, 0x0008), (0x7FE0, 0x0009), (0x7FE0, 0x0010))
_UNDEFINED = 0xFFFFFFFF
_ITEM, _END = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)


def pixel_bytes_at(stream: BinaryIO, dataset: FileDataset) -> tuple[int | None, bool]:
    """Return how many bytes of pixel data a file holds.

    Parameters
    ----------
    stream : binary file
        Where pydicom left it when it stopped before the pixel data.
    dataset : pydicom FileDataset
        The data set that pydicom read.

    Returns
    -------
    held : int or None
        None if no pixel data follow.
    cut_short : bool
        Whether the file ends before the pixel data that it announces.
    """
    implicit, little = dataset.original_encoding
    order = "<" if little else ">"
    start = stream.tell()
    element = stream.read(12)
    if len(element) < 8 or struct.unpack_from(f"{order}HH", element) not in _PIXEL_TAGS:
        return None, False
    long_form = not implicit and element[4:6] in (b"OB", b"OW", b"OF", b"OD", b"UN", b"OV")
    if long_form and len(element) < 12:
        return 0, True
    if implicit or long_form:
        (length,) = struct.unpack_from(f"{order}I", element, 4 if implicit else 8)
    else:
        (length,) = struct.unpack_from(f"{order}H", element, 6)
    first = start + (12 if long_form else 8)
    end = stream.seek(0, io.SEEK_END)
    if length == _UNDEFINED:
        last = _end_of_fragments(stream, first, end, order)
        return (end if last is None else last) - first, last is None
    return int(min(length, end - first)), first + length > end


def _end_of_fragments(stream: BinaryIO, first: int, end: int, order: str) -> int | None:
    """Return where encapsulated pixel data (PS3.5 A.4) end, None if they do not."""
    offset = first
    while offset + 8 <= end:
        stream.seek(offset)
        group, element, length = struct.unpack(f"{order}HHI", stream.read(8))
        if (group, element) == _END:
            return offset
        if (group, element) != _ITEM or length == _UNDEFINED:
            break
        offset += 8 + length
    return None
