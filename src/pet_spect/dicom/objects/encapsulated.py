"""The size that compressed pixel data state, read before a decoder believes it.

The decoders' C libraries trust these numbers: where they are not those of the DICOM header a library may
write past the end of the image and take the whole program with it, or ask for gigabytes. Bytes in, numbers out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.encaps import generate_frames

_JPEG = tuple(f"1.2.840.10008.1.2.4.{end}" for end in ("50", "51", "57", "70", "80", "81"))
_JPEG_2000 = tuple(f"1.2.840.10008.1.2.4.{end}" for end in ("90", "91", "92", "93", "201", "202", "203"))
_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_SCAN, _PRESETS, _END = 0xDA, 0xF8, 0xD9
_OVERSIZE = 4
ITEM_BYTES = 8
"""Fewest bytes of a frame: the tag and length of its fragment (PS3.5 A.4)."""

_CODESTREAM = b"\xff\x4f\xff\x51"
_ALWAYS_READ = 2**24
_VOXELS_PER_BYTE = 100


@dataclass(frozen=True)
class CodedImage:
    """Size of one compressed image by its own header."""

    rows: int
    columns: int
    samples: int
    bits: int


def too_few(compressed_bytes: int, voxels: int) -> bool:
    """Return whether so many compressed bytes cannot be an image of so many voxels, but only claim to be.

    Parameters
    ----------
    compressed_bytes, voxels : int
        Images need a byte for 10 voxels or fewer, those without any noise for 50; up to 2^24 voxels do no harm.
    """
    return voxels > max(_ALWAYS_READ, _VOXELS_PER_BYTE * compressed_bytes)


def misfit(data: bytes, syntax: str, shape: tuple[int, int, int], bits_allocated: int) -> str | None:
    """Return why compressed pixel data must not be decoded, None if they may be.

    Parameters
    ----------
    data : bytes
        Value of encapsulated PixelData (PS3.5 A.4).
    syntax : str
        Transfer syntax UID.
    shape : three ints
        Frames, rows and columns of the DICOM header.
    bits_allocated : int

    Returns
    -------
    str or None
        The rest of a sentence that begins with "pixel data".

    Raises
    ------
    ValueError, struct.error
        If `data` are not encapsulated, or hold no image header where one is needed.
    """
    frames, rows, columns = shape
    if syntax not in _JPEG + _JPEG_2000:
        return None
    read = _jpeg_header if syntax in _JPEG else _jpeg_2000_header
    for number, frame in enumerate(generate_frames(data, number_of_frames=frames), start=1):
        if number > frames:
            break
        image = read(frame)
        if (image.rows, image.columns, image.samples) != (rows, columns, 1):
            size = f"{image.rows} x {image.columns} with {image.samples} samples"
            return f"hold an image of {size}, the header says {rows} x {columns} with one"
        if bits_allocated != _container(image.bits):
            return f"hold an image of {image.bits} bits, but BitsAllocated is {bits_allocated}"
    return None


def _container(bits: int) -> int | None:
    """Return the size of the integers that decoders make of samples with so many bits, None if there is none."""
    return next((size for size in (8, 16, 32) if bits <= size), None)


def _jpeg_header(frame: bytes) -> CodedImage:
    """Read the frame header of JPEG (ISO 10918-1 B.2.2) or JPEG-LS (ISO 14495-1 C.2.2)."""
    image = None
    for marker, content in _segments(frame):
        if marker in _FRAME_HEADERS:
            if image is not None:
                raise ValueError("two frame headers")
            bits, rows, columns, samples = struct.unpack(">BHHB", content[:6])
            image = CodedImage(rows, columns, samples, bits)
        elif marker == _PRESETS and content[:1] == bytes([_OVERSIZE]):
            raise ValueError("a size beyond 16 bits")
    if image is None:
        raise ValueError("no frame header")
    return image


def _segments(frame: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of each segment before the coded data."""
    if frame[:2] != b"\xff\xd8":
        raise ValueError("no start of image")
    offset = 2
    while offset + 4 <= len(frame):
        prefix, marker, length = struct.unpack(">BBH", frame[offset : offset + 4])
        if prefix != 0xFF or length < 2:
            raise ValueError("no marker where one is needed")
        if marker == 0xFF:  # markers may be filled up in front
            offset += 1
            continue
        if marker in (_SCAN, _END):
            return
        yield marker, frame[offset + 4 : offset + 2 + length]
        offset += 2 + length
    raise ValueError("no coded data")


def _jpeg_2000_header(frame: bytes) -> CodedImage:
    """Read the SIZ segment of a JPEG 2000 codestream (ISO 15444-1 A.5.1), in a JP2 file or bare."""
    start = frame.find(_CODESTREAM)
    if start < 0:
        raise ValueError("no codestream")
    x_end, y_end, x_start, y_start, *_, samples = struct.unpack(">8IH", frame[start + 8 : start + 42])
    depth, x_step, y_step = struct.unpack(">BBB", frame[start + 42 : start + 45])
    if (x_step, y_step) != (1, 1):
        raise ValueError("a sample that is thinned out")
    return CodedImage(y_end - y_start, x_end - x_start, samples, (depth & 0x7F) + 1)
