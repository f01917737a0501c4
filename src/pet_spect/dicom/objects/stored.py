"""The stored values of an object: checked against its header, then decoded."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
)

from pet_spect.dicom.objects.encapsulated import ITEM_BYTES, misfit, too_few
from pet_spect.dicom.objects.quiet import mute, quiet
from pet_spect.errors import DicomError
from pet_spect.model import MOST_VOXELS
from pet_spect.remarks.catalogue import Code

PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
"""The elements that hold pixel data: whole numbers, 32-bit and 64-bit floats."""

_PADDING = (
    ("PixelPaddingValue", "PixelPaddingRangeLimit"),
    ("FloatPixelPaddingValue", "FloatPixelPaddingRangeLimit"),
    ("DoubleFloatPixelPaddingValue", "DoubleFloatPixelPaddingRangeLimit"),
)
_WORDS = (8, 16, 32, 64)
_FLOATS = {"FloatPixelData": "<f4", "DoubleFloatPixelData": "<f8"}


class Bits(NamedTuple):
    """How whole numbers lie in their words (PS3.3 C.7.6.3.1, PS3.5 8.1.1): in the lowest `used` bits of `allocated`."""

    allocated: int
    used: int
    signed: bool


class _PixelHeader(Protocol):
    """The part of a header that describes its pixel data; see `pet_spect.dicom.objects.header.Header`."""

    @property
    def dataset(self) -> Dataset: ...
    @property
    def pixel_bytes(self) -> int | None: ...
    @property
    def transfer_syntax(self) -> str: ...
    @property
    def layout(self) -> tuple[tuple[int, int, int], Bits | None]: ...
    def error(self, message: str, code: Code) -> DicomError: ...
    def text(self, tag: str) -> str | None: ...
    def number(self, tag: str) -> float | None: ...
    def integer(self, tag: str) -> int | None: ...


def stored_frames(header: _PixelHeader) -> Callable[[int], NDArray[Any]]:
    """Return a reader of one frame of an object that was read with its pixel data; see `Header.frames`."""
    shape, bits = header.layout
    voxels = math.prod(shape)
    try:
        with mute():
            _check_compressed(header, shape)
            words, narrow = _words(header, bits, voxels)
    except (DicomError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # every decoder has exceptions of its own; that of a panic is no Exception
        raise header.error(f"pixel data cannot be decoded ({type(error).__name__})", "pixels") from None
    if words.size != voxels:
        raise header.error(f"pixel data hold {words.size} values, the header {voxels}", "pixels")
    by_frame = np.asarray(words).reshape(shape)
    return lambda index: _without_padding(header, _widened(header, by_frame[index], narrow))


def _words(header: _PixelHeader, bits: Bits | None, voxels: int) -> tuple[NDArray[Any], Bits | None]:
    """Return the decoded words, uncompressed ones as they lie in memory, and how values lie in them if not wholly."""
    syntax = UID(header.dataset.file_meta.TransferSyntaxUID)
    if syntax in (ImplicitVRLittleEndian, ExplicitVRLittleEndian):  # which needs no decoder
        keyword = next(word for word in PIXEL_KEYWORDS if word in header.dataset)
        kind = _FLOATS[keyword] if bits is None else f"<{'i' if bits.signed else 'u'}{bits.allocated // 8}"
        words = np.frombuffer(header.dataset[keyword].value, kind, voxels)
        return words, None if bits is None or bits.used == bits.allocated else bits
    if bits is None or bits.used == bits.allocated:
        return pixel_array(header.dataset), None
    if syntax in JPEG2000TransferSyntaxes or (syntax in JPEGLSTransferSyntaxes and bits.signed):
        return pixel_array(header.dataset), None  # its own header says how many bits there are
    return pixel_array(header.dataset, correct_unused_bits=False), bits


def _widened(header: _PixelHeader, words: NDArray[Any], narrow: Bits | None) -> NDArray[Any]:
    """Return words whose unused bits continue their sign; refuse bits that hold something else."""
    if narrow is None:
        return words
    if unused_bits_hold_something(words, narrow):
        raise header.error(f"values use bits above the {narrow.used} of BitsStored", "pixels")
    spare = narrow.allocated - narrow.used
    return np.asarray((words << spare) >> spare)


def unused_bits_hold_something(words: NDArray[np.integer], bits: Bits) -> bool:
    """Return whether bits above BitsStored hold what values do not account for, as overlays once did (PS3.3 C.9.2).

    Parameters
    ----------
    words : integer array
        Whole words, of either sign.
    bits : Bits

    Examples
    --------
    >>> words = np.array([0x0FFF, 0xFFFF], dtype=np.uint16)
    >>> unused_bits_hold_something(words, Bits(16, 12, signed=True))  # -1, with zeros or with its sign before it
    False
    >>> unused_bits_hold_something(words, Bits(16, 12, signed=False))
    True
    """
    above = words.view(f"{words.dtype.byteorder}u{bits.allocated // 8}") >> (bits.used - bits.signed)
    if not bits.signed:
        return bool(above.any())
    negative = 2 ** (bits.allocated - bits.used + 1) - 1  # the sign and all above it
    return not bool(((above <= 1) | (above == negative)).all())


def _without_padding(header: _PixelHeader, stored: NDArray[Any]) -> NDArray[Any]:
    """Return stored values with NaN where there is padding (PS3.3 C.7.5.1.1.2), which is out of view.

    A 0 stays 0: a padding of 0 cannot be told from a measured 0, which is more common.
    """
    ends = next((padding for words in _PADDING if (padding := _padding(header, *words))), None)
    if ends is None or not any(ends):
        return stored
    if stored.dtype.kind in "iu":  # a negative value may be written as the unsigned one of the same bits
        bits = 8 * stored.dtype.itemsize
        if not all(end.is_integer() and -(2 ** (bits - 1)) <= end < 2 ** min(bits, 63) for end in ends):
            raise header.error(f"PixelPaddingValue is no whole number of {bits} bits", "pixels")
        ends = [float(np.int64(end).astype(stored.dtype)) for end in ends]
    return np.where((stored >= min(ends)) & (stored <= max(ends)) & (stored != 0), np.nan, stored)


def _padding(header: _PixelHeader, value: str, limit: str) -> list[float] | None:
    """Return the ends of the range of padding, None where there is none."""
    first, last = header.number(value), header.number(limit)
    if first is None:
        return None
    return [first, first if last is None else last]


def checked(header: _PixelHeader) -> tuple[tuple[int, int, int], Bits | None]:
    """Return frames, rows and columns, and how whole numbers lie in their words; see `Header.check_pixels`."""
    rows, columns = header.integer("Rows") or 0, header.integer("Columns") or 0
    frames = header.integer("NumberOfFrames") or 1
    if rows < 1 or columns < 1 or frames < 1 or (header.integer("SamplesPerPixel") or 1) != 1:
        raise header.error(f"{frames} frames of {rows} x {columns} with one sample each are needed", "pixels")
    if header.text("PhotometricInterpretation") not in (None, "MONOCHROME1", "MONOCHROME2"):
        raise header.error("PhotometricInterpretation is not a grey scale; MONOCHROME2 is needed", "pixels")
    if rows * columns * frames > MOST_VOXELS:
        raise header.error(f"{frames} frames of {rows} x {columns} are more than this program reads", "pixels")
    _check_length(header, frames, rows * columns * frames)
    return (frames, rows, columns), _bits(header)


def _bits(header: _PixelHeader) -> Bits | None:
    """Return how whole numbers lie in their words, None for floats; refuse what is unclear."""
    allocated, used = header.integer("BitsAllocated") or 0, header.integer("BitsStored")
    highest, sign = header.integer("HighBit"), header.integer("PixelRepresentation")
    # floats have none of the three (PS3.3 C.7.6.24), which tells them where the header alone was read
    bare = allocated in (32, 64) and used is highest is sign is None
    if "PixelData" not in header.dataset and (header.pixel_bytes is None or bare):
        return None
    if allocated not in _WORDS:
        raise header.error(f"BitsAllocated is {allocated}, 8, 16, 32 or 64 is needed", "pixels")
    if used is None or not 1 <= used <= allocated:
        raise header.error(f"BitsStored is {_shown(used)}, 1 to {allocated} is needed", "pixels")
    if highest != used - 1 and (highest is not None or used < allocated):  # where all are used nothing else is possible
        raise header.error(f"HighBit is {_shown(highest)}, {used - 1} is needed with {used} BitsStored", "pixels")
    if sign not in (0, 1):
        raise header.error(f"PixelRepresentation is {_shown(sign)}, 0 or 1 is needed", "pixels")
    return Bits(allocated, used, sign == 1)


def _shown(number: int | None) -> str:
    return "missing" if number is None else str(number)


def _check_compressed(header: _PixelHeader, shape: tuple[int, int, int]) -> None:
    syntax = UID(header.dataset.file_meta.TransferSyntaxUID)
    if not syntax.is_compressed:
        return
    why = misfit(header.dataset.PixelData, syntax, shape, header.integer("BitsAllocated") or 0)
    if why is not None:
        raise header.error(f"pixel data {why}", "pixels")


def held_bytes(header: _PixelHeader) -> int:
    """Return how many bytes of pixel data are in memory."""
    try:
        with quiet():
            return len(next((header.dataset[k].value for k in PIXEL_KEYWORDS if k in header.dataset), None) or b"")
    except Exception as error:  # a value that is none
        raise header.error(f"pixel data cannot be read ({type(error).__name__})", "pixels") from None


def check_surplus(header: _PixelHeader) -> None:
    """Refuse more pixel data than the header accounts for; see `Header.check_surplus`."""
    bits, columns = header.integer("BitsAllocated") or 0, header.integer("Columns") or 0
    needed = (header.integer("NumberOfFrames") or 1) * (header.integer("Rows") or 0) * columns * bits // 8
    pixel_bytes = held_bytes(header) if header.pixel_bytes is None else header.pixel_bytes
    if (
        not UID(header.dataset.file_meta.TransferSyntaxUID).is_compressed
        and pixel_bytes - needed >= columns * bits // 8
    ):
        raise header.error(f"pixel data have {pixel_bytes} bytes, {needed} are needed", "pixels")


def _check_length(header: _PixelHeader, frames: int, voxels: int) -> None:
    syntax = header.transfer_syntax
    bits = header.integer("BitsAllocated") or 0
    pixel_bytes = held_bytes(header) if header.pixel_bytes is None else header.pixel_bytes
    try:
        with quiet():
            compressed = UID(syntax).is_compressed
    except Exception as error:  # an unknown transfer syntax
        raise header.error(f"pixel data cannot be decoded ({type(error).__name__})", "pixels") from None
    needed = frames * ITEM_BYTES if compressed else voxels * bits // 8
    if bits < 8 or pixel_bytes < needed:
        raise header.error(f"pixel data have {pixel_bytes} bytes, {needed} are needed", "pixels")
    if compressed and too_few(pixel_bytes, voxels):
        raise header.error(
            f"pixel data have {pixel_bytes} compressed bytes for {voxels} voxels; no real image needs so few",
            "pixels",
        )
