"""DICOM objects as trees of raw elements, which can be written with any lie in them.

pydicom mends or refuses much of what a damaged file may hold; this writer puts down what it is told.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".1.99", ".2"))
UNDEFINED = 0xFFFFFFFF

_LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
_WORDS = {b"US": 2, b"SS": 2, b"OW": 2, b"AT": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"OF": 4, b"FD": 8, b"OD": 8}
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


@dataclass
class Element:
    """One element; `items` where it is a sequence, `length` where the written one is to be another than the true."""

    tag: int
    vr: bytes
    value: bytes = b""
    items: list[list[Element]] | None = None
    length: int | None = None
    is_undefined: bool = False


@dataclass
class DicomObject:
    """File meta information and elements of one file."""

    meta: list[Element]
    body: list[Element]
    syntax: str = EXPLICIT
    preamble: bytes = field(default=bytes(128) + b"DICM")

    def find(self, tag: int) -> Element | None:
        """Return the first element of this tag, outermost first."""
        return next((element for _, element in walk(self.body) if element.tag == tag), None)

    def set(self, tag: int, vr: bytes, value: bytes, **lies: object) -> None:
        """Replace each element of this tag, or add one to the outermost level."""
        found = False
        for level, element in list(walk(self.body)):
            if element.tag == tag:
                level[level.index(element)] = Element(tag, vr, value, **lies)  # type: ignore[arg-type]
                found = True
        if not found:
            place = next((n for n, element in enumerate(self.body) if element.tag > tag), len(self.body))
            self.body.insert(place, Element(tag, vr, value, **lies))  # type: ignore[arg-type]

    def delete(self, tag: int) -> None:
        """Delete each element of this tag."""
        for level, element in list(walk(self.body)):
            if element.tag == tag:
                level.remove(element)

    def encoded(self) -> bytes:
        """Return the file."""
        body = _written(self.body, self.syntax)
        if self.syntax == DEFLATED:
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            body = packer.compress(body) + packer.flush()
            body += bytes(len(body) % 2)
        return self.preamble + _written(self.meta, EXPLICIT) + body


def clone(elements: list[Element]) -> list[Element]:
    """Return a copy that shares no element."""
    return [replace(e, items=None if e.items is None else [clone(item) for item in e.items]) for e in elements]


def walk(elements: list[Element]) -> Iterator[tuple[list[Element], Element]]:
    """Yield each element with the level it stands in, outer levels first."""
    levels = [elements]
    while levels:
        level = levels.pop(0)
        for element in list(level):
            yield level, element
            levels += element.items or []


def parse(file: bytes) -> DicomObject:
    """Return a well-formed file in Explicit VR Little Endian as a tree."""
    (meta_length,) = struct.unpack("<I", file[140:144])
    body_start = 144 + meta_length
    return DicomObject(_parsed(file, 132, body_start), _parsed(file, body_start, len(file)))


def _parsed(data: bytes, place: int, end: int) -> list[Element]:
    found = []
    while place < end:
        group, number, vr = struct.unpack("<HH2s", data[place : place + 6])
        long = vr in _LONG
        (length,) = struct.unpack(
            "<I" if long else "<H", data[place + 8 : place + 12] if long else data[place + 6 : place + 8]
        )
        place += 12 if long else 8
        element = Element(group << 16 | number, vr)
        if length == UNDEFINED:  # the seeds have encapsulated pixel data alone in this form
            length = data.index(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0), place) - place
            element.value, element.is_undefined = data[place : place + length], True
            place += 8
        elif vr == b"SQ":
            element.items = _items(data, place, place + length)
        else:
            element.value = data[place : place + length]
        place += length
        found.append(element)
    return found


def _items(data: bytes, place: int, end: int) -> list[list[Element]]:
    items = []
    while place < end:
        _, _, length = struct.unpack("<HHI", data[place : place + 8])
        items.append(_parsed(data, place + 8, place + 8 + length))
        place += 8 + length
    return items


def _written(elements: list[Element], syntax: str) -> bytes:
    return b"".join(_one(element, syntax) for element in elements)


def _one(element: Element, syntax: str) -> bytes:
    order = ">" if syntax == BIG_ENDIAN else "<"
    if element.items is not None:
        value = b"".join(_item(_written(item, syntax), order, element.is_undefined) for item in element.items)
    else:
        value = _swapped(element) if syntax == BIG_ENDIAN else element.value
    if element.is_undefined:
        length, value = UNDEFINED, value + _tag(_SEQUENCE_END, order) + bytes(4)
    else:
        length = len(value)
    length = length if element.length is None else element.length
    head = _tag(element.tag, order)
    if syntax == IMPLICIT:
        return head + struct.pack(f"{order}I", length & UNDEFINED) + value
    if element.vr in _LONG:
        return head + element.vr + bytes(2) + struct.pack(f"{order}I", length & UNDEFINED) + value
    return head + element.vr + struct.pack(f"{order}H", length & 0xFFFF) + value


def _item(content: bytes, order: str, is_undefined: bool) -> bytes:
    length = UNDEFINED if is_undefined else len(content)
    end = _tag(_ITEM_END, order) + bytes(4) if is_undefined else b""
    return _tag(_ITEM, order) + struct.pack(f"{order}I", length) + content + end


def _tag(tag: int, order: str) -> bytes:
    return struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF)


def _swapped(element: Element) -> bytes:
    size = _WORDS.get(element.vr, 1)
    whole = len(element.value) // size * size
    words = [element.value[place : place + size][::-1] for place in range(0, whole, size)]
    return b"".join(words) + element.value[whole:]
