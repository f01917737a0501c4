"""Damage to the elements of one object: lengths, kinds, texts, numbers, times, nesting."""

from __future__ import annotations

import struct

import numpy as np

from .elements import DicomObject, Element, clone, walk
from .seeds import CANARY, Scan, pick

_LENGTHS = (0, 1, 3, 7, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_VRS = (
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV ZZ \0\0"
).split(b" ")
_NUMBERS = (
    *("nan", "inf", "-inf", "1e400", "-1e400", "1e-400", "0", "-0", "-1", "1e38", "1e308", "1e-38", "1e-320"),
    *("", " ", "nonsense", "1,5", "0x10", "1_000", "1\\2", "\\", "1\\\\2", "\\".join("1" * 99), "9" * 400),
    *("1e5000000000", "٣", "1 2", "1d5", "+-3", f"{CANARY}", "2147483648", "-2147483649", "1e9", "65536", "\0\0"),
)
_TIMES = (
    *("00000101", "99991231", "19000229", "20251301", "20250230", "0", "-1", "240000", "235960", "256199.9999999"),
    *(
        "110000.999999999999",
        "11:00:00",
        "",
        "20250101000000+9999",
        "20250101000000-9999",
        "99991231235959.999999-1200",
    ),
    *("00000000000000", "20250101110000.000000+2500", "+0000", "+9999", "-9959", "²0250101", CANARY, "1" * 300, "1\\2"),
    *("2025", "202501", "2025010111", "00010101000000+1400", "99991231235959-1400", "20250101235960"),
)
_TEXTS = (
    *(b"\0" * 10, b"\x1b$B" * 30, b"\xff\xfe\xfd\xfc", b"\n\n" + CANARY.encode() + b"\r\n", b"\x1b[31m", b"\\" * 64),
    *(b"A" * 60_000, "é\u202e\U0001f600".encode(), b"%s%n{0}" * 4, b"../../../etc/passwd", b" ", b""),
)
_CHARSETS = (
    *("ISO_IR 6", "ISO_IR 192", "GB18030", "ISO 2022 IR 87", "\\ISO 2022 IR 87\\ISO 2022 IR 159", "nonsense", "\\\\\\"),
    *(
        "ISO_IR 192\\ISO 2022 IR 149",
        "utf_7",
        "rot13",
        "zlib_codec",
        "idna",
        "A" * 400,
        CANARY,
        "ISO_IR 100\\" * 50,
        "\0",
    ),
)
_NUMBER_TAGS = (
    *(0x00280030, 0x00281052, 0x00281053, 0x00180050, 0x00180088, 0x00101020, 0x00101030, 0x00181242, 0x00541300),
    *(0x00541321, 0x00181074, 0x00181075, 0x00200032, 0x00200037, 0x00540081, 0x00280120, 0x00541000, 0x0040A30A),
    *(0x00409225, 0x00409224, 0x00189220, 0x00280008, 0x00540051, 0x00540061, 0x00540071, 0x70531000, 0x70531009),
)
_TIME_TAGS = (
    *(0x00080020, 0x00080021, 0x00080022, 0x0008002A, 0x00080030, 0x00080031, 0x00080032, 0x00080201, 0x00181072),
    *(0x00181078, 0x00189074, 0x00189701, 0x0009100D, 0x00711022),
)


def one_object(scan: Scan, rng: np.random.Generator) -> DicomObject:
    """Return the object that gets damaged."""
    return pick(rng, scan.objects)


def _any_element(ds: DicomObject, rng: np.random.Generator) -> tuple[list[Element], Element]:
    found = list(walk(ds.body)) + ([(ds.meta, element) for element in ds.meta] if rng.integers(8) == 0 else [])
    return pick(rng, found)


def _chosen(scan: Scan, rng: np.random.Generator) -> list[DicomObject]:
    """Return one object or all: what all slices share is read further."""
    return scan.objects if rng.integers(2) else [one_object(scan, rng)]


def lie_about_length(scan: Scan, rng: np.random.Generator) -> None:
    """Give one element a length that is not its own."""
    _, element = _any_element(one_object(scan, rng), rng)
    element.length = pick(rng, _LENGTHS) if rng.integers(3) else len(element.value) + int(rng.integers(-3, 4))


def change_vr(scan: Scan, rng: np.random.Generator) -> None:
    """Give an element another value representation."""
    which, vr = int(rng.integers(1 << 30)), pick(rng, _VRS)
    for ds in _chosen(scan, rng):
        found = [element for _, element in walk(ds.body)]
        found[which % len(found)].vr = vr.ljust(2)


def junk_value(scan: Scan, rng: np.random.Generator) -> None:
    """Give an element bytes that mean nothing, or one longer by far."""
    which, size = int(rng.integers(1 << 30)), int(rng.choice([1, 2, 3, 8, 30, 1000, 1_000_000]))
    junk = rng.bytes(size) if rng.integers(2) else b"\\" * size
    for ds in _chosen(scan, rng):
        found = [element for _, element in walk(ds.body)]
        found[which % len(found)].value, found[which % len(found)].items = junk, None


def drop_or_empty(scan: Scan, rng: np.random.Generator) -> None:
    """Take an element out, or leave it without a value."""
    which, is_dropped = int(rng.integers(1 << 30)), bool(rng.integers(2))
    for ds in _chosen(scan, rng):
        found = list(walk(ds.body))
        level, element = found[which % len(found)]
        if is_dropped:
            level.remove(element)
        else:
            element.value, element.items = b"", None if element.items is None else []


def duplicate(scan: Scan, rng: np.random.Generator) -> None:
    """Give an element twice, or move it out of order."""
    level, element = _any_element(one_object(scan, rng), rng)
    (twin,) = clone([element])
    if rng.integers(2):
        twin.value, twin.items = rng.bytes(4), None
    elif rng.integers(2):
        level.remove(element)
        twin = element
    level.insert(int(rng.integers(len(level) + 1)), twin)


def borrow_value(scan: Scan, rng: np.random.Generator) -> None:
    """Give an element what another one of the object holds, a sequence among them."""
    ds = one_object(scan, rng)
    (_, taker), (_, giver) = _any_element(ds, rng), _any_element(ds, rng)
    (borrowed,) = clone([giver])
    taker.vr, taker.value, taker.items = borrowed.vr, borrowed.value, borrowed.items


def bad_number(scan: Scan, rng: np.random.Generator) -> None:
    """Write a number as no scanner would."""
    known = [tag for tag in _NUMBER_TAGS if scan.objects[0].find(tag)]
    tag, text = pick(rng, known), pick(rng, _NUMBERS)
    for ds in _chosen(scan, rng):
        found = ds.find(tag)
        if found is None:
            continue
        count = found.value.count(b"\\") + 1
        if found.vr in (b"FD", b"FL", b"US", b"UL", b"SS") and rng.integers(4):
            found.value = pick(rng, (b"\xff", b"\0", b"\x7f")) * len(found.value) if rng.integers(2) else rng.bytes(9)
            continue
        values = found.value.split(b"\\")
        values[int(rng.integers(count))] = text.encode()
        is_text = found.vr in (b"DS", b"IS")
        found.value = b"\\".join(values) if is_text else text.encode()
        found.vr = pick(rng, (found.vr, found.vr, b"LO", b"UN") if is_text else (b"LO", b"UN"))


def bad_time(scan: Scan, rng: np.random.Generator) -> None:
    """Write a date, a time or an offset as no scanner would."""
    text = pick(rng, _TIMES)
    tag = int(rng.choice([tag for tag in _TIME_TAGS if scan.objects[0].find(tag)] + [0x00080201]))
    vr = pick(rng, [b"LO", b"DT", b"TM", b"DA", b"SH"])
    for ds in _chosen(scan, rng):
        ds.set(tag, vr, text.encode())


def bad_text(scan: Scan, rng: np.random.Generator) -> None:
    """Put control characters, invalid bytes or very much into a text."""
    text = b"x" * 1_000_000 if rng.integers(16) == 0 else pick(rng, _TEXTS)
    which = int(rng.integers(1 << 30))
    for ds in _chosen(scan, rng):
        texts = [e for _, e in walk(ds.body) if e.vr in (b"CS", b"LO", b"SH", b"PN", b"UI", b"ST", b"LT", b"UT")]
        texts[which % len(texts)].value = text
        if len(text) > 0xFFFF:
            texts[which % len(texts)].vr = b"UT"


def bad_charset(scan: Scan, rng: np.random.Generator) -> None:
    """Name a character set that is none, beside texts that need one."""
    charset = pick(rng, _CHARSETS)
    for ds in _chosen(scan, rng):
        ds.set(0x00080005, b"CS", charset.encode())
        for tag in (0x00081010, 0x00100010, 0x00080070, 0x00181030):
            if rng.integers(2):
                ds.set(tag, b"LO", pick(rng, (b"\x1b$B\x1b", b"\xe3\x81", b"\x81\x30\x81", b"+AGE-")))


def nest(scan: Scan, rng: np.random.Generator) -> None:
    """Put sequences into sequences, hundreds and thousands of levels deep, of stated or open length."""
    ds = one_object(scan, rng)
    depth, is_undefined = int(rng.choice([100, 1000, 5000])), bool(rng.integers(2))
    tag = int(rng.choice([0x00540016, 0x52009229, 0x52009230, 0x00409096, 0x00400555, 0x00091001, 0x00540022]))
    little = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    vr = b"" if ds.syntax.endswith("1.2") else b"SQ\0\0"
    value = b""
    parts: list[bytes] = []
    if is_undefined:
        head = little + vr + struct.pack("<IHHI", 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
        end = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
        value = head * depth + (end * depth if rng.integers(2) else b"")
        value = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + value
    else:
        size = 0
        for _ in range(depth):
            parts.append(little + vr + struct.pack("<IHHI", size + 8, 0xFFFE, 0xE000, size))
            size += 16 + len(vr)
        value = struct.pack("<HHI", 0xFFFE, 0xE000, size) + b"".join(reversed(parts))
    ds.set(tag, pick(rng, (b"SQ", b"SQ", b"UN")), value, is_undefined=is_undefined)


def enclose(scan: Scan, rng: np.random.Generator) -> None:
    """Put the whole object, or one of its sequences, into an item of itself."""
    ds = one_object(scan, rng)
    sequences = [element for _, element in walk(ds.body) if element.items]
    target = pick(rng, sequences)
    inner = clone(ds.body if rng.integers(2) else target.items[0])
    for _ in range(int(rng.integers(6))):
        inner = [Element(target.tag, b"SQ", items=[inner], is_undefined=bool(rng.integers(2)))]
    target.items = [*target.items, inner] if rng.integers(2) else [inner]


ELEMENT_DAMAGE = (
    *(lie_about_length, change_vr, junk_value, drop_or_empty, duplicate, borrow_value, bad_number, bad_time),
    *(bad_text, bad_charset, nest, enclose),
)
