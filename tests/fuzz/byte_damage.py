"""Damage to the bytes of one file, whatever they mean."""

from __future__ import annotations

import struct

import numpy as np

from .seeds import Scan, pick

_HEADER = 400
"""Where the file meta information and the first elements lie."""

_LENGTHS = (0, 1, 2, 7, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def _one_file(scan: Scan, rng: np.random.Generator) -> str:
    """Write the objects out and return the name of the file that gets damaged."""
    scan.files, scan.objects = scan.encoded(), []
    name = pick(rng, sorted(name for name in scan.files if not name.endswith(".json")))
    scan.files[name] = scan.files[name].ljust(16, b"\0")
    return name


def _places(rng: np.random.Generator, low: int, high: int, most: int) -> list[int]:
    return [int(place) for place in rng.integers(min(low, high - 1), high, int(rng.integers(1, most)))]


def flip_bits(scan: Scan, rng: np.random.Generator) -> None:
    """Flip a few bits anywhere."""
    name = _one_file(scan, rng)
    content = bytearray(scan.files[name])
    for place in _places(rng, 0, len(content), 12):
        content[place] ^= 1 << int(rng.integers(8))
    scan.files[name] = bytes(content)


def flip_header_bits(scan: Scan, rng: np.random.Generator) -> None:
    """Flip a few bits where the first elements lie."""
    name = _one_file(scan, rng)
    content = bytearray(scan.files[name])
    for place in _places(rng, 128, min(_HEADER, len(content)), 4):
        content[place] ^= 1 << int(rng.integers(8))
    scan.files[name] = bytes(content)


def overwrite(scan: Scan, rng: np.random.Generator) -> None:
    """Put random bytes, zeros or ones over a stretch."""
    name = _one_file(scan, rng)
    content = bytearray(scan.files[name])
    place, size = int(rng.integers(len(content))), int(rng.integers(1, 200))
    filler = (rng.bytes(size), bytes(size), b"\xff" * size)[rng.integers(3)]
    content[place : place + size] = filler[: len(content) - place]
    scan.files[name] = bytes(content)


def insert_bytes(scan: Scan, rng: np.random.Generator) -> None:
    """Push everything behind one place back."""
    name = _one_file(scan, rng)
    content = scan.files[name]
    place = int(rng.integers(len(content)))
    scan.files[name] = content[:place] + rng.bytes(pick(rng, (1, 2, 8, 64, 4096))) + content[place:]


def drop_bytes(scan: Scan, rng: np.random.Generator) -> None:
    """Take a stretch out."""
    name = _one_file(scan, rng)
    content = scan.files[name]
    place = int(rng.integers(len(content)))
    scan.files[name] = content[:place] + content[place + pick(rng, (1, 2, 8, 64, 512)) :]


def copy_bytes(scan: Scan, rng: np.random.Generator) -> None:
    """Put a stretch of the file a second time, over or between what is there."""
    name = _one_file(scan, rng)
    content = scan.files[name]
    start, place, size = (int(n) for n in rng.integers(0, len(content), 3))
    skipped = size if rng.integers(2) else 0
    scan.files[name] = content[:place] + content[start : start + size] + content[place + skipped :]


def cut(scan: Scan, rng: np.random.Generator) -> None:
    """End the file early, at any place, the very first ones among them."""
    name = _one_file(scan, rng)
    content = scan.files[name]
    least = pick(rng, (0, 128, len(content) - 12))
    scan.files[name] = content[: int(rng.integers(min(max(least, 0), len(content)), len(content) + 1))]


def break_meta(scan: Scan, rng: np.random.Generator) -> None:
    """Damage the preamble, the mark or the group length of the file meta information."""
    name = _one_file(scan, rng)
    content = bytearray(scan.files[name])
    way = rng.integers(4)
    if way == 0:
        content[128:132] = b"DICOM"[: int(rng.integers(5))].ljust(4, b"\0")
    elif way == 1:
        del content[: int(rng.integers(1, 132))]
    elif way == 2:
        content[140:144] = struct.pack("<I", pick(rng, _LENGTHS))
    else:
        place = int(rng.integers(min(132, len(content) - 1), min(330, len(content))))
        content[place : place + 2] = rng.bytes(2)
    scan.files[name] = bytes(content)


def break_length(scan: Scan, rng: np.random.Generator) -> None:
    """Put an absurd 16- or 32-bit number where a length may stand."""
    name = _one_file(scan, rng)
    content = bytearray(scan.files[name])
    place = int(rng.integers(0, max(len(content) - 4, 1)))
    length = pick(rng, _LENGTHS)
    written = struct.pack("<I", length) if rng.integers(2) else struct.pack("<H", length & 0xFFFF)
    content[place : place + len(written)] = written
    scan.files[name] = bytes(content)


BYTE_DAMAGE = (
    *(flip_bits, flip_header_bits, overwrite, insert_bytes, drop_bytes, copy_bytes, cut, break_meta, break_length),
)
