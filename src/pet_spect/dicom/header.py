"""Reading elements and pixels of DICOM objects, with types.

pydicom raises many kinds of exception on malformed files, and its warnings
quote values, a patient's name among them. Here every such exception becomes a
`DicomError` that names the element and the file but quotes no value, and the
warnings are silenced.
"""

from __future__ import annotations

import math
from collections.abc import Callable, MutableSequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from pet_spect.dicom.encapsulated import ITEM_BYTES, misfit, too_few
from pet_spect.dicom.quiet import mute, quiet
from pet_spect.errors import DicomError

SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.128": "PET",
    "1.2.840.10008.5.1.4.1.1.128.1": "Legacy Converted Enhanced PET",
    "1.2.840.10008.5.1.4.1.1.130": "Enhanced PET",
    "1.2.840.10008.5.1.4.1.1.20": "NM",
}
"""The kinds of image this package converts, by SOP class (PS3.4 B.5)."""

_PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
MOST_VOXELS = 2**29
"""Largest number of voxels of one image."""


_Tag = str | BaseTag | tuple[int, int]


_LONGEST_SEEN = 256

_key = cache(Tag)  # a series asks each of its headers for the same elements


@dataclass(frozen=True)
class Header:
    """One dataset, or one item of a sequence, read with types.

    Attributes
    ----------
    dataset : pydicom Dataset
    name : str
        How messages call the file.
    pixel_start, pixel_bytes : int or None
        Where in the file pixel data begin and how many there are, where the header alone was read.
    cut_short : bool
        Whether the file ends before the pixel data it announces, where the header alone was read.
    read_again : function or None
        Reads the file anew with its pixel data, where the header alone was read.
    seen : dict
        Values by their bytes, which the headers of a series share: slices repeat nearly everything.
    """

    dataset: Dataset
    name: str
    pixel_start: int | None = None
    pixel_bytes: int | None = None
    cut_short: bool = False
    read_again: Callable[[], Header] | None = None
    seen: dict[tuple[Any, ...], list[Any]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def has_pixels(self) -> bool:
        """Whether the object has pixel data, read or not."""
        return self.pixel_bytes is not None or any(keyword in self.dataset for keyword in _PIXEL_KEYWORDS)

    def error(self, message: str, code: str) -> DicomError:
        """Return an error whose line begins with the file."""
        return DicomError(f"{self.name}: {message}", code=code)

    def _values(self, tag: _Tag) -> list[Any]:
        try:
            key = _key(tag)
            if key not in self.dataset:
                return []
            raw = self.dataset.get_item(key)
            bytes_of = (*raw[:4], raw.is_little_endian) if isinstance(raw, RawDataElement) else None
            if bytes_of is not None and bytes_of in self.seen:
                return self.seen[bytes_of]
            with quiet():
                value = self.dataset[key].value
        except Exception as error:  # pydicom: AttributeError, KeyError, struct.error, ValueError, ... by element
            raise self._unreadable(tag, error) from None
        values = (
            list(value) if isinstance(value, MutableSequence | tuple) and not isinstance(value, bytearray) else [value]
        )
        kept = [item for item in values if item is not None and item not in ("", b"")]
        if bytes_of is not None and bytes_of[2] <= _LONGEST_SEEN and not any(isinstance(v, Dataset) for v in kept):
            self.seen[bytes_of] = kept
        return kept

    def _unreadable(self, tag: _Tag, error: Exception) -> DicomError:
        shown = tag if isinstance(tag, str) else str(Tag(tag))
        return self.error(f"{shown} cannot be read ({type(error).__name__})", "element_unreadable")

    def texts(self, tag: _Tag) -> tuple[str, ...]:
        """Return the values of an element as stripped text; empty if it is missing."""
        try:
            found = [item.decode("ascii") if isinstance(item, bytes) else str(item) for item in self._values(tag)]
        except UnicodeDecodeError as error:
            raise self._unreadable(tag, error) from None
        return tuple(text for text in (item.strip(" \0") for item in found) if text)

    def text(self, tag: _Tag) -> str | None:
        """Return the first value of an element as text, None if it is missing or empty."""
        found = self.texts(tag)
        return found[0] if found else None

    def numbers(self, tag: _Tag) -> tuple[float, ...]:
        """Return the values of an element as finite numbers; empty if it is missing.

        Raises
        ------
        DicomError
            If a value is not a finite number.
        """
        try:
            found = tuple(
                float(item.decode("ascii").strip(" \0") if isinstance(item, bytes) else item)
                for item in self._values(tag)
            )
        except (ValueError, TypeError, UnicodeDecodeError) as error:
            raise self._unreadable(tag, error) from None
        if not all(map(math.isfinite, found)):
            raise self._unreadable(tag, ValueError())
        return found

    def vector(self, tag: str, length: int) -> tuple[float, ...] | None:
        """Return an element of exactly `length` numbers, None if it is missing."""
        found = self.numbers(tag)
        if found and len(found) != length:
            raise self.error(f"{tag} has {len(found)} values, {length} are needed", "element_unreadable")
        return found or None

    def number(self, tag: _Tag) -> float | None:
        """Return the first value of an element as a number, None if it is missing."""
        found = self.numbers(tag)
        return found[0] if found else None

    def integer(self, tag: str) -> int | None:
        """Return the first value of an element as a whole number, None if it is missing."""
        found = self.number(tag)
        if found is not None and found != int(found):
            raise self._unreadable(tag, ValueError())
        return None if found is None else int(found)

    def items(self, tag: _Tag) -> tuple[Header, ...]:
        """Return the items of a sequence; empty if it is missing."""
        found = self._values(tag)
        if not all(isinstance(item, Dataset) for item in found):
            raise self._unreadable(tag, TypeError())
        return tuple(Header(item, self.name, seen=self.seen) for item in found)

    def private_text(self, group: int, creator: str, element: int) -> str | None:
        """Return a private element from the block its creator reserved, None if it is missing.

        Where no creator at all is named (de-identification drops them) the usual
        first block is read.
        """
        for block in range(0x10, 0x20):
            if _key((group, (block << 8) + element)) not in self.dataset:
                continue
            found = self.text((group, block))
            if found == creator or (found is None and block == 0x10):
                return self.text((group, (block << 8) + element))
        return None

    def pixels(self) -> NDArray[Any]:
        """Return the stored values, (frames, rows, columns), without any scale; NaN where there is padding.

        Raises
        ------
        DicomError
            If the pixel data are missing, truncated, not one sample per voxel, too
            large, or in a compression that cannot be decoded.
        """
        frames, rows, columns = self.check_pixels()
        if self.read_again is not None:
            return self.read_again().pixels()
        try:
            with mute():
                self._check_compressed((frames, rows, columns))
                stored = self._plain_pixels(frames * rows * columns)
                if stored is None:
                    stored = pixel_array(self.dataset)
        except (DicomError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # every decoder has exceptions of its own; that of a panic is no Exception
            raise self.error(f"pixel data cannot be decoded ({type(error).__name__})", "pixels") from None
        if stored.size != rows * columns * frames:
            raise self.error(f"pixel data hold {stored.size} values, the header {rows * columns * frames}", "pixels")
        stored = np.asarray(stored).reshape(frames, rows, columns)
        return self._without_padding(stored)

    def _plain_pixels(self, voxels: int) -> NDArray[Any] | None:
        """Return uncompressed little-endian whole numbers that fill their words, which need no decoder."""
        bits, syntax = self.integer("BitsAllocated"), self.dataset.file_meta.TransferSyntaxUID
        if "PixelData" not in self.dataset or bits not in (8, 16, 32) or bits != self.integer("BitsStored"):
            return None
        if syntax not in (ImplicitVRLittleEndian, ExplicitVRLittleEndian):
            return None
        kind = "i" if self.integer("PixelRepresentation") == 1 else "u"
        return np.frombuffer(self.dataset.PixelData, f"<{kind}{bits // 8}", voxels)

    def _without_padding(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Return stored values with NaN where there is padding (PS3.3 C.7.5.1.1.2)."""
        keywords = ("PixelPaddingValue", "FloatPixelPaddingValue", "DoubleFloatPixelPaddingValue")
        padding = next(filter(None, map(self.number, keywords)), None)
        if padding is None:  # a padding of 0 cannot be told from a measured 0, which is the commoner
            return stored
        ends = [padding, self.number("PixelPaddingRangeLimit") or padding]
        if stored.dtype.kind in "iu":  # a negative value may be written as the unsigned one of the same bits
            ends = [float(np.int64(end).astype(stored.dtype)) for end in ends]
        return np.where((stored >= min(ends)) & (stored <= max(ends)), np.nan, stored)

    def check_pixels(self) -> tuple[int, int, int]:
        """Return frames, rows and columns; refuse pixel data that `pixels` could not read, without decoding them."""
        rows, columns = self.integer("Rows") or 0, self.integer("Columns") or 0
        frames = self.integer("NumberOfFrames") or 1
        if rows < 1 or columns < 1 or frames < 1 or (self.integer("SamplesPerPixel") or 1) != 1:
            raise self.error(f"{frames} frames of {rows} x {columns} with one sample each are needed", "pixels")
        if rows * columns * frames > MOST_VOXELS:
            raise self.error(f"{frames} frames of {rows} x {columns} are more than this program reads", "pixels")
        self._check_length(frames, rows * columns * frames)
        return frames, rows, columns

    def _check_compressed(self, shape: tuple[int, int, int]) -> None:
        syntax = UID(self.dataset.file_meta.TransferSyntaxUID)
        if not syntax.is_compressed:
            return
        why = misfit(self.dataset.PixelData, syntax, shape, self.integer("BitsAllocated") or 0)
        if why is not None:
            raise self.error(f"pixel data {why}", "pixels")

    def held_bytes(self) -> int:
        """Return how many bytes of pixel data are in memory."""
        try:
            with quiet():
                return len(next((self.dataset[k].value for k in _PIXEL_KEYWORDS if k in self.dataset), None) or b"")
        except Exception as error:  # a value that is none
            raise self.error(f"pixel data cannot be read ({type(error).__name__})", "pixels") from None

    def _check_length(self, frames: int, voxels: int) -> None:
        syntax = Header(self.dataset.file_meta, self.name).text("TransferSyntaxUID") or ""
        bits = self.integer("BitsAllocated") or 0
        held = self.held_bytes() if self.pixel_bytes is None else self.pixel_bytes
        try:
            with quiet():
                compressed = UID(syntax).is_compressed
        except Exception as error:  # an unknown transfer syntax
            raise self.error(f"pixel data cannot be decoded ({type(error).__name__})", "pixels") from None
        needed = frames * ITEM_BYTES if compressed else voxels * bits // 8
        if bits < 8 or held < needed:
            raise self.error(f"pixel data have {held} bytes, {needed} are needed", "pixels")
        if compressed and too_few(held, voxels):
            raise self.error(
                f"pixel data have {held} compressed bytes for {voxels} voxels, which no image needs so few of", "pixels"
            )


def sop_class(header: Header) -> str | None:
    """Return the SOP class UID of an object, also where only its file meta information names it."""
    return header.text("SOPClassUID") or Header(header.dataset.file_meta, header.name).text("MediaStorageSOPClassUID")
