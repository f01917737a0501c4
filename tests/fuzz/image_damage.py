"""Damage to what says how many voxels there are, how they are packed and where they lie."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from .element_damage import one_object
from .elements import DicomObject, Element, clone
from .seeds import COMPRESSED_KINDS, Scan, pick

PIXELS = 0x7FE00010
_ROWS, _COLUMNS, _FRAMES, _SAMPLES, _ALLOCATED = 0x00280010, 0x00280011, 0x00280008, 0x00280002, 0x00280100
_SHORTS = (0, 1, 2, 3, 7, 12, 32, 64, 255, 256, 4095, 32767, 32768, 65535)
_FRAME_COUNTS = ("0", "-1", "1", "2", "3", "5", "1000", "65536", "2147483647", "99999999999", "1e3", "4\\4", "4.5", "")
_SYNTAXES = (
    *("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.3", "junk", ""),
    *(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 80, 81, 90, 91, 92, 93, 100, 102, 110, 201, 202, 203)),
    *("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.6.1", "1.2.840.10008.1.2.8.1", "1.2.840.10008.5.1.4.1.1.128"),
)
_VECTORS = (0x00540010, 0x00540020, 0x00540050, 0x00540060, 0x00540070, 0x00540080, 0x00540090, 0x00540100)


def _short(value: int) -> bytes:
    return struct.pack("<H", value & 0xFFFF)


def _chosen(scan: Scan, rng: np.random.Generator) -> list[DicomObject]:
    return scan.objects if rng.integers(2) else [one_object(scan, rng)]


def absurd_size(scan: Scan, rng: np.random.Generator) -> None:
    """Claim another number of rows, columns, frames, samples or bits."""
    changes: list[tuple[int, bytes, bytes]] = []
    for _ in range(int(rng.integers(1, 4))):
        tag = int(
            rng.choice([_ROWS, _COLUMNS, _FRAMES, _SAMPLES, _ALLOCATED, 0x00280101, 0x00280102, 0x00280103, 0x00280006])
        )
        if tag == _FRAMES:
            changes.append((tag, b"IS", pick(rng, _FRAME_COUNTS).encode()))
        else:
            changes.append((tag, b"US", _short(pick(rng, _SHORTS))))
    if rng.integers(3) == 0:
        changes = [(_ROWS, b"US", _short(65535)), (_COLUMNS, b"US", _short(int(rng.choice([8192, 65535]))))]
    for ds in _chosen(scan, rng):
        for change in changes:
            ds.set(*change)


def wrong_syntax(scan: Scan, rng: np.random.Generator) -> None:
    """Name another transfer syntax than the file is written in."""
    syntax = pick(rng, _SYNTAXES).encode()
    for ds in _chosen(scan, rng):
        for element in ds.meta:
            if element.tag == 0x00020010:
                element.value = syntax + b"\0" * (len(syntax) % 2)


def wrong_pixels(scan: Scan, rng: np.random.Generator) -> None:
    """Take pixel data away, add some, or keep them under another name and kind."""
    for ds in _chosen(scan, rng):
        found = ds.find(PIXELS) or ds.find(0x7FE00008)
        if found is None:
            continue
        way = int(rng.integers(5))
        if way == 0:
            found.value = found.value[: int(rng.integers(len(found.value)))]
        elif way == 1:
            found.value += rng.bytes(int(rng.choice([1, 2, 96, 10_000])))
        elif way == 2:
            found.tag = int(rng.choice([0x7FE00008, 0x7FE00009, 0x7FE00010]))
            found.vr = pick(rng, [b"OF", b"OD", b"OW", b"OB", b"UN"])
        elif way == 3:
            found.is_undefined = not found.is_undefined
        else:
            ds.body.append(Element(0x7FE00009, b"OD", rng.bytes(384)))


def _fragments(value: bytes) -> list[bytes]:
    found, place = [], 0
    while place + 8 <= len(value):
        (length,) = struct.unpack("<I", value[place + 4 : place + 8])
        found.append(value[place + 8 : place + 8 + length])
        place += 8 + length
    return found


def _packed(fragments: list[bytes]) -> bytes:
    return b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(part)) + part for part in fragments)


def break_fragments(scan: Scan, rng: np.random.Generator) -> None:
    """Break the offset table, lose, double, split or reorder fragments, or damage what is in them."""
    for ds in _chosen(scan, rng):
        found = ds.find(PIXELS)
        if found is None or not found.is_undefined:
            continue
        parts = _fragments(found.value)
        which = int(rng.integers(len(parts)))
        way = int(rng.integers(8))
        if way == 0:
            parts[0] = rng.bytes(int(rng.integers(0, 40)))
        elif way == 1:
            del parts[which]
        elif way == 2:
            parts.insert(which, parts[-1])
        elif way == 3:
            parts[which : which + 1] = [parts[which][:3], parts[which][3:]]
        elif way == 4:
            parts[which] = parts[which][: int(rng.integers(len(parts[which]) + 1))]
        elif way in (5, 6) and len(parts[-1]):
            content = bytearray(parts[-1])
            for place in rng.integers(0, min(len(content), 100 if way == 5 else len(content)), int(rng.integers(1, 6))):
                content[place] = int(rng.integers(256))
            parts[-1] = bytes(content)
        else:
            parts = parts[:1] + [b""] * int(rng.choice([1, 100, 20_000]))
        found.value = _packed(parts)
        if rng.integers(8) == 0:
            found.value = found.value[: int(rng.integers(len(found.value) + 1))]


def bomb(scan: Scan, rng: np.random.Generator) -> None:
    """Let a compressed image claim a size, precision or number of components that is not the header's."""
    height, width = (int(size) for size in rng.choice([1, 4, 8, 32, 4096, 65535], 2))
    claims_it, parts_count = bool(rng.integers(2)), int(rng.choice([1, 1, 3, 255]))
    for ds in _chosen(scan, rng):
        found = ds.find(PIXELS)
        if found is None or not found.is_undefined:
            continue
        parts = _fragments(found.value)
        content = bytearray(parts[-1])
        if content[:4] == b"\xff\x4f\xff\x51":
            high, wide = (height, width) if rng.integers(4) else (1 << 31, 1 << 31)
            content[8:16] = struct.pack(">II", wide, high)
            if rng.integers(2):
                content[24:32] = struct.pack(">II", wide, high)
            if rng.integers(4) == 0:
                content[40:42] = struct.pack(">H", parts_count)
        elif content[:2] == b"\xff\xd8":
            frame = next(
                (
                    content.find(bytes([0xFF, mark]))
                    for mark in (0xC3, 0xF7, 0xC0, 0xC1)
                    if bytes([0xFF, mark]) in content
                ),
                2,
            )
            content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
            content[frame + 4] = int(rng.choice([content[frame + 4], 2, 8, 12, 16, 255]))
        else:  # run lengths: each segment repeats one byte as often as it can
            content = bytearray(struct.pack("<16I", 2, 64, 2064, *[0] * 13) + b"\x81\x07" * 2000)
        parts[-1] = bytes(content)
        found.value = _packed(parts)
        if claims_it:
            ds.set(_ROWS, b"US", _short(height))
            ds.set(_COLUMNS, b"US", _short(width))


def deflate_bomb(scan: Scan, rng: np.random.Generator) -> None:
    """Let a deflated file blow up, or end in the middle of its stream."""
    name = sorted(scan.encoded())[0]
    ds, scan.files, scan.objects = scan.objects[0], scan.encoded(), []
    way = int(rng.integers(3))
    if way == 0:
        ds.set(0x00091001, b"OB", bytes(int(rng.choice([1 << 20, 1 << 26, 1 << 28]))))
        scan.files[name] = ds.encoded()
    elif way == 1:
        scan.files[name] = scan.files[name][: int(rng.integers(300, len(scan.files[name])))]
    else:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        head = scan.files[name][: len(scan.files[name]) // 4]
        scan.files[name] = head + packer.compress(rng.bytes(500)) + packer.flush()


_POSITIONS = ("0", "nan", "1e30", "-1e300", "1e-300", "1e6", "3.0000001", "-0", "6", "1e308", "", "x", "2147483648")
_ORIENTATIONS = (
    *(
        "0\\0\\0\\0\\0\\0",
        "1\\0\\0\\1\\0\\0",
        "1\\0\\0\\0\\1",
        "1\\0\\0\\0\\1\\0\\0",
        "nan\\0\\0\\0\\1\\0",
        "2\\0\\0\\0\\2\\0",
    ),
    *(
        "1e200\\0\\0\\0\\1\\0",
        "0.7\\0.7\\0\\-0.7\\0.7\\0",
        "1\\0\\0\\0\\0\\1",
        "1\\0\\0\\0\\-1\\0",
        "0\\0\\1\\0\\1\\0",
        "",
    ),
)
_SPACINGS = (
    "0\\0",
    "-2\\2",
    "1e-300\\1e-300",
    "1e300\\1e300",
    "2",
    "2\\2\\2",
    "nan\\2",
    "1e-9\\2",
    "1e5\\1e5",
    "",
    "2e-38\\2",
)


def absurd_place(scan: Scan, rng: np.random.Generator) -> None:
    """Place slices where none can be, or turn and stretch them."""
    way = int(rng.integers(4))
    if way == 0:
        tag, text = 0x00200037, pick(rng, _ORIENTATIONS)
    elif way == 1:
        tag, text = 0x00280030, pick(rng, _SPACINGS)
    elif way == 2:
        tag, text = 0x00180088, pick(rng, _POSITIONS)
    else:
        tag, text = 0x00200032, "\\".join(_POSITIONS[int(n)] for n in rng.integers(0, len(_POSITIONS), 3))
    for number, ds in enumerate(_chosen(scan, rng)):
        if tag == 0x00200032 and rng.integers(2):
            factor = float(rng.choice([1e-4, 1e4, 1e12, 1e35, 1e150, -1e307]))
            text = f"{factor:g}\\{-factor:g}\\{factor * number:g}"
        ds.set(tag, b"DS", text.encode())


def junk_vector(scan: Scan, rng: np.random.Generator) -> None:
    """Give a frame vector, or what names the vectors, values of all kinds, a million of them among these."""
    count = int(rng.choice([0, 1, 3, 4, 8, 30_000, 1_000_000]))
    way = int(rng.integers(4))
    values = (rng.integers(0, 65536, count), np.ones(count, int), np.arange(1, count + 1), np.arange(count, 0, -1))[way]
    written = values.astype("<u2").tobytes()
    vr = [b"US", b"UN", b"OW", b"IS"][int(rng.choice([0, 0, 0, 1, 2, 3]))]
    for ds in _chosen(scan, rng):
        if rng.integers(3) == 0:
            tags = rng.choice([*_VECTORS, 0x00280010, 0x00091001, 0], int(rng.choice([0, 1, 2, 5, 200_000])))
            pointer = b"".join(struct.pack("<HH", int(tag) >> 16, int(tag) & 0xFFFF) for tag in tags)
            ds.set(0x00280009, b"AT", pointer[: None if rng.integers(2) else -1], length=len(pointer) % 65536)
        else:
            tag = pick(rng, _VECTORS)
            ds.set(tag, b"UN" if len(written) > 65534 else vr, written)


def break_groups(scan: Scan, rng: np.random.Generator) -> None:
    """Lose functional groups, empty them, nest them, or have a hundred thousand of them."""
    ds = one_object(scan, rng)
    found = ds.find(int(rng.choice([0x52009229, 0x52009230])))
    if found is None or not found.items:
        return
    way = int(rng.integers(7))
    item = pick(rng, found.items)
    if way == 0:
        found.items = found.items[: int(rng.integers(len(found.items)))]
    elif way == 1:
        item.clear()
    elif way == 2:
        item.remove(pick(rng, item))
    elif way == 3:
        found.items = found.items * 2
    elif way == 4:
        inner = pick(rng, item)
        inner.items = [*(inner.items or []), clone(item)] if rng.integers(2) else []
    elif way == 5:
        is_full = bool(rng.integers(2))
        many = pick(rng, (1000, 5000) if is_full else (1000, 100_000))
        found.items = [item if is_full else []] * many
        if rng.integers(2):
            ds.set(_FRAMES, b"IS", str(many).encode())
    else:
        inner = pick(rng, item)
        inner.items, inner.value, inner.vr = None, rng.bytes(30), b"UN"


def break_private(scan: Scan, rng: np.random.Generator) -> None:
    """Lose the creator of private elements, name another, two, or put junk into what it reserved."""
    group, junk = (
        int(rng.choice([0x0009, 0x0071, 0x7053])),
        (b"", b"\xff\xfe", b"GEMS_PETD_01", b"1e400", b"nan", b"-1"),
    )
    for ds in _chosen(scan, rng):
        tag = group << 16 | int(rng.choice([0x10, 0x11, 0x1000, 0x1009, 0x100D, 0x1022, 0x1077, 0x110D, 0x1122]))
        vr = pick(rng, [b"LO", b"UN", b"DS", b"DT", b"SQ", b"FD"])
        ds.set(tag, vr, pick(rng, junk))


IMAGE_DAMAGE = (absurd_size, wrong_syntax, wrong_pixels, absurd_place, junk_vector, break_private)
DAMAGE_OF_SOME = {
    break_fragments: COMPRESSED_KINDS,
    bomb: COMPRESSED_KINDS,
    deflate_bomb: ("pet_deflated",),
    break_groups: ("enhanced", "enhanced_legacy", "enhanced_rle"),
    absurd_place: ("nm", "nm_gated", "pet", "enhanced", "enhanced_legacy"),
    junk_vector: ("nm", "nm_gated"),
}
"""What makes sense, or most of it, in some kinds of scan alone."""
