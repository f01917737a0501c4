"""Typed elements and pixels of one DICOM object.

pydicom raises many kinds of exception on malformed files, and its warnings
quote values, a patient's name among them. Here every such exception becomes a
`DicomError` that names the element and the file but quotes no value, and the
warnings are silenced.
"""

from __future__ import annotations

import math
from collections.abc import Callable, MutableSequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from pet_spect.dicom.objects import stored
from pet_spect.dicom.objects.quiet import quiet
from pet_spect.errors import DicomError
from pet_spect.remarks.catalogue import Code

SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.128": "PET",
    "1.2.840.10008.5.1.4.1.1.128.1": "Legacy Converted Enhanced PET",
    "1.2.840.10008.5.1.4.1.1.130": "Enhanced PET",
    "1.2.840.10008.5.1.4.1.1.20": "NM",
}
"""The kinds of image this package converts as scans of a tracer, by SOP class (PS3.4 B.5)."""

ANATOMICAL_SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "Enhanced CT",
    "1.2.840.10008.5.1.4.1.1.2.2": "Legacy Converted Enhanced CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "Enhanced MR",
    "1.2.840.10008.5.1.4.1.1.4.4": "Legacy Converted Enhanced MR",
}
"""The kinds it converts as images of the anatomy."""

_Tag = str | BaseTag | tuple[int, int]


_LONGEST_SEEN = 256
_BINARY = frozenset(("AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"))

_key = cache(Tag)  # a series asks each of its headers for the same elements


@dataclass(frozen=True)
class Header:
    """One dataset, or one item of a sequence, read with types.

    Attributes
    ----------
    dataset : pydicom Dataset
    name : str
        Name of the file in messages.
    pixel_start, pixel_bytes : int or None
        Where in the file pixel data begin and how many there are, where the header alone was read.
    cut_short : bool
        Whether the file ends before the pixel data it announces, where the header alone was read.
    read_again : function or None
        Reads the file again with its pixel data, where the header alone was read.
    parsed_values : dict
        Values by their bytes, which the headers of a series share: slices repeat nearly everything.
    base : Header or None
        Holds what the dataset itself lacks: for a frame, the elements common to all frames.
    """

    dataset: Dataset
    name: str
    pixel_start: int | None = None
    pixel_bytes: int | None = None
    cut_short: bool = False
    read_again: Callable[[], Header] | None = None
    parsed_values: dict[tuple[Any, ...], list[Any]] = field(default_factory=dict, compare=False, repr=False)
    base: Header | None = None
    _base_values: dict[BaseTag, list[Any]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def has_pixels(self) -> bool:
        """Whether the object has pixel data, read or not."""
        return self.pixel_bytes is not None or any(keyword in self.dataset for keyword in stored.PIXEL_KEYWORDS)

    @property
    def transfer_syntax(self) -> str:
        """UID of the transfer syntax; empty if the file does not name it."""
        return Header(self.dataset.file_meta, self.name).text("TransferSyntaxUID") or ""

    def error(self, message: str, code: Code) -> DicomError:
        """Return an error whose line begins with the file."""
        return DicomError(f"{self.name}: {message}", code=code)

    def _values(self, tag: _Tag) -> list[Any]:
        try:
            key = _key(tag)
            if key not in self.dataset:
                return [] if self.base is None else self.base.values_for_frames(key)
            raw = self.dataset.get_item(key)
            bytes_of = (*raw[:4], raw.is_little_endian) if isinstance(raw, RawDataElement) else None
            if bytes_of is not None and bytes_of in self.parsed_values:
                return self.parsed_values[bytes_of]
            with quiet():
                value = self.dataset[key].value
        except Exception as error:  # pydicom: AttributeError, KeyError, struct.error, ValueError, ... by element
            raise self._unreadable(tag, error) from None
        values = (
            list(value) if isinstance(value, MutableSequence | tuple) and not isinstance(value, bytearray) else [value]
        )
        kept = [item for item in values if item is not None and item not in ("", b"")]
        if isinstance(raw, RawDataElement) and _says_all(raw) and not any(isinstance(v, Dataset) for v in kept):
            self.parsed_values[bytes_of] = kept
        return kept

    def values_for_frames(self, key: BaseTag) -> list[Any]:
        """Return the values of an element for the headers of which this is the base, who all ask for the same."""
        if key not in self._base_values:
            self._base_values[key] = self._values(key)
        return self._base_values[key]

    def _holds(self, key: BaseTag) -> bool:
        return key in self.dataset or (self.base is not None and self.base._holds(key))

    def _unreadable(self, tag: _Tag, error: Exception) -> DicomError:
        shown = tag if isinstance(tag, str) else str(Tag(tag))
        return self.error(f"{shown} cannot be read ({type(error).__name__})", "element_unreadable")

    def texts(self, tag: _Tag) -> tuple[str, ...]:
        """Return the values of an element as stripped text; empty if it is missing."""
        values = self._values(tag)
        if any(isinstance(item, Dataset) for item in values):
            raise self._unreadable(tag, TypeError())
        try:
            decoded = [item.decode("ascii") if isinstance(item, bytes) else str(item) for item in values]
        except UnicodeDecodeError as error:
            raise self._unreadable(tag, error) from None
        return tuple(text for text in (item.strip(" \0") for item in decoded) if text)

    def text(self, tag: _Tag) -> str | None:
        """Return the first value of an element as text, None if it is missing or empty."""
        texts = self.texts(tag)
        return texts[0] if texts else None

    def numbers(self, tag: _Tag) -> tuple[float, ...]:
        """Return the values of an element as finite numbers; empty if it is missing.

        Raises
        ------
        DicomError
            If a value is not a finite number.
        """
        try:
            numbers = tuple(
                float(item.decode("ascii").strip(" \0") if isinstance(item, bytes) else item)
                for item in self._values(tag)
            )
        except (ValueError, TypeError, UnicodeDecodeError) as error:
            raise self._unreadable(tag, error) from None
        if not all(map(math.isfinite, numbers)):
            raise self._unreadable(tag, ValueError())
        return numbers

    def vector(self, tag: str, length: int) -> tuple[float, ...] | None:
        """Return an element of exactly `length` numbers, None if it is missing."""
        numbers = self.numbers(tag)
        if numbers and len(numbers) != length:
            raise self.error(f"{tag} has {len(numbers)} values, {length} are needed", "element_unreadable")
        return numbers or None

    def number(self, tag: _Tag) -> float | None:
        """Return the first value of an element as a number, None if it is missing."""
        numbers = self.numbers(tag)
        return numbers[0] if numbers else None

    def integer(self, tag: str) -> int | None:
        """Return the first value of an element as a whole number, None if it is missing."""
        number = self.number(tag)
        if number is not None and number != int(number):
            raise self._unreadable(tag, ValueError())
        return None if number is None else int(number)

    def items(self, tag: _Tag) -> tuple[Header, ...]:
        """Return the items of a sequence; empty if it is missing."""
        values = self._values(tag)
        if not all(isinstance(item, Dataset) for item in values):
            raise self._unreadable(tag, TypeError())
        return tuple(Header(item, self.name, parsed_values=self.parsed_values) for item in values)

    def private_text(self, group: int, creator: str, element: int) -> str | None:
        """Return a private element from the block its creator reserved, None if it is missing.

        Where no creator at all is named (de-identification drops them) the usual
        first block is read.
        """
        for block in range(0x10, 0x20):
            if not self._holds(_key((group, (block << 8) + element))):
                continue
            reserved_by = self.text((group, block))
            if reserved_by == creator or (reserved_by is None and block == 0x10):
                return self.text((group, (block << 8) + element))
        return None

    def frames(self) -> Callable[[int], NDArray[Any]]:
        """Return a reader of the stored values of each frame, from 0: (rows, columns), without any scale.

        Values are NaN where there is padding. So that a large object fits in memory its frames are never
        held together as other than they are stored; compressed ones are decoded all at once.

        Raises
        ------
        DicomError
            If the pixel data are missing, truncated, not one sample per voxel, too
            large, or in a compression that cannot be decoded; if the header does not
            say for sure which bits make a value. The reader, if other bits of its frame hold something.
        """
        if self.read_again is None:
            return stored.stored_frames(self)
        self.check_pixels()
        return self.read_again().frames()

    def pixels(self) -> NDArray[Any]:
        """Return the stored values of all frames, (frames, rows, columns); see `frames`."""
        read = self.frames()
        return np.stack([read(index) for index in range(self.layout[0][0])])

    def check_pixels(self) -> tuple[int, int, int]:
        """Return frames, rows and columns; refuse pixel data that `pixels` could not read, without decoding them."""
        return self.layout[0]

    @cached_property
    def layout(self) -> tuple[tuple[int, int, int], stored.Bits | None]:
        """Frames, rows and columns, and how whole numbers lie in their words (None for floats); see `check_pixels`."""
        return stored.checked(self)

    def held_bytes(self) -> int:
        """Return how many bytes of pixel data are in memory."""
        return stored.held_bytes(self)

    def check_surplus(self) -> None:
        """Refuse uncompressed pixel data that are longer by a row or more: Rows or Columns may be wrong, so all places.

        Padding is shorter. To be called after `check_pixels`.
        """
        stored.check_surplus(self)


def _says_all(raw: RawDataElement) -> bool:
    """Return whether the value follows from the element's own bytes, so that another object's alike has the same.

    It may depend on the private creator, on PixelRepresentation ("US or SS"), or on the character set.
    """
    if raw.length > _LONGEST_SEEN or raw.tag.is_private or not isinstance(raw.value, bytes):
        return False
    vr = raw.VR
    if vr is None or vr == "UN":
        if not dictionary_has_tag(raw.tag):
            return False
        vr = dictionary_VR(raw.tag)
    if vr in _BINARY:
        return True
    return " or " not in vr and raw.value.isascii() and b"\x1b" not in raw.value


def sop_class(header: Header) -> str | None:
    """Return the SOP class UID of an object, also where only its file meta information names it."""
    return header.text("SOPClassUID") or Header(header.dataset.file_meta, header.name).text("MediaStorageSOPClassUID")
