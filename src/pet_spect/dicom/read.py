"""Reading DICOM files: the one place where pydicom is asked for anything.

pydicom raises many kinds of exception on malformed files, and its warnings
quote values, a patient's name among them. Here every such exception becomes a
`DicomError` that names the element and the file but quotes no value, and the
warnings are silenced.
"""

from __future__ import annotations

import logging
import math
import os
import stat
import warnings
from collections.abc import Iterator, MutableSequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from pet_spect.errors import DicomError

SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.128": "PET",
    "1.2.840.10008.5.1.4.1.1.128.1": "Legacy Converted Enhanced PET",
    "1.2.840.10008.5.1.4.1.1.130": "Enhanced PET",
    "1.2.840.10008.5.1.4.1.1.20": "NM",
}
"""The kinds of image this package converts, by SOP class (PS3.4 B.5)."""

_PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_MOST_VOXELS = 2**29
_DICOM_ENDINGS = (".dcm", ".ima", ".dicom")

_Tag = str | BaseTag | tuple[int, int]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence every logger and warning; pydicom's child loggers do not obey their parent's switch."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextmanager
def _mute() -> Iterator[None]:
    """Silence the decoders' C libraries, which write to the process's standard error."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        with _quiet():
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@dataclass(frozen=True)
class Header:
    """One dataset, or one item of a sequence, read with types.

    Attributes
    ----------
    dataset : pydicom Dataset
    name : str
        How messages call the file.
    """

    dataset: Dataset
    name: str

    def error(self, message: str, code: str) -> DicomError:
        """Return an error whose line begins with the file."""
        return DicomError(f"{self.name}: {message}", code=code)

    def _values(self, tag: _Tag) -> list[Any]:
        try:
            with _quiet():
                if tag not in self.dataset:
                    return []
                value = self.dataset[tag].value
        except Exception as error:  # pydicom: AttributeError, KeyError, struct.error, ValueError, ... by element
            raise self._unreadable(tag, error) from None
        values = (
            list(value) if isinstance(value, MutableSequence | tuple) and not isinstance(value, bytearray) else [value]
        )
        return [item for item in values if item is not None and item not in ("", b"")]

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
        return tuple(Header(item, self.name) for item in found)

    def private_text(self, group: int, creator: str, element: int) -> str | None:
        """Return a private element from the block its creator reserved, None if it is missing.

        Where no creator at all is named (de-identification drops them) the usual
        first block is read.
        """
        creators = {block: self.text((group, block)) for block in range(0x10, 0x20)}
        for block, found in creators.items():
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
        rows, columns = self.integer("Rows") or 0, self.integer("Columns") or 0
        frames = self.integer("NumberOfFrames") or 1
        if rows < 1 or columns < 1 or frames < 1 or (self.integer("SamplesPerPixel") or 1) != 1:
            raise self.error(f"{frames} frames of {rows} x {columns} with one sample each are needed", "pixels")
        if rows * columns * frames > _MOST_VOXELS:
            raise self.error(f"{frames} frames of {rows} x {columns} are more than this program reads", "pixels")
        self._check_length(rows * columns * frames)
        try:
            with _mute():
                stored = self.dataset.pixel_array
        except Exception as error:  # every decoder has exceptions of its own
            raise self.error(f"pixel data cannot be decoded ({type(error).__name__})", "pixels") from None
        if stored.size != rows * columns * frames:
            raise self.error(f"pixel data hold {stored.size} values, the header {rows * columns * frames}", "pixels")
        stored = np.asarray(stored).reshape(frames, rows, columns)
        padding = self.number("PixelPaddingValue")
        if not padding:  # a padding of 0 cannot be told from a measured 0, which is the commoner
            return stored
        return np.where(stored == padding, np.nan, stored)

    def _check_length(self, voxels: int) -> None:
        syntax = Header(self.dataset.file_meta, self.name).text("TransferSyntaxUID") or ""
        bits = self.integer("BitsAllocated") or 0
        needed = voxels * bits // 8
        try:
            with _quiet():
                compressed = UID(syntax).is_compressed
                data = next((self.dataset[k].value for k in _PIXEL_KEYWORDS if k in self.dataset), b"")
        except Exception as error:  # an unknown transfer syntax, a deferred read that fails
            raise self.error(f"pixel data cannot be decoded ({type(error).__name__})", "pixels") from None
        if not compressed and (bits < 8 or len(data or b"") < needed):
            raise self.error(f"pixel data have {len(data or b'')} bytes, {needed} are needed", "pixels")


def sop_class(header: Header) -> str | None:
    """Return the SOP class UID of an object, also where only its file meta information names it."""
    return header.text("SOPClassUID") or Header(header.dataset.file_meta, header.name).text("MediaStorageSOPClassUID")


def visible_files(folder: Path) -> list[Path]:
    """Return every file below a folder whose path from there has no hidden part, sorted.

    Raises
    ------
    OSError
        If a folder cannot be listed.
    """

    def fail(error: OSError) -> None:
        raise error

    found: list[Path] = []
    for where, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(where, name) for name in names if not name.startswith(".")]
    return sorted(found)


def read_images(path: Path, label: str | None) -> list[Header]:
    """Read every DICOM image of a folder, or one file.

    Parameters
    ----------
    path : Path
        Files that are not DICOM and objects without pixels (DICOMDIR, reports,
        structure sets) are passed over in a folder.
    label : str, optional
        With it, messages call the files "<label>: file 17 of 47"; without, by path.

    Returns
    -------
    list of Header
        In the order of the file names, which means nothing.

    Raises
    ------
    DicomError
        If there is no image, or a file is damaged.
    """
    called = label or str(path)
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
        files = visible_files(path) if is_folder else [path]
    except OSError as error:
        raise DicomError(f"{called}: cannot be read ({error.strerror})", code="file_unreadable") from None
    found: list[Header] = []
    for number, file in enumerate(files, start=1):
        name = str(file) if label is None else f"{label}: file {number} of {len(files)}"
        header = _read(file, name, alone=not is_folder)
        if header is None:
            continue
        if any(keyword in header.dataset for keyword in _PIXEL_KEYWORDS):
            found.append(header)
        elif sop_class(header) in (None, *SOP_CLASSES):
            raise header.error("has no pixel data; it is damaged or cut short", "file_damaged")
    if not found:
        raise DicomError(f"{called}: no DICOM image found, {len(files)} files looked at", code="no_image")
    return found


def _read(file: Path, name: str, *, alone: bool) -> Header | None:
    try:
        with file.open("rb") as stream:
            is_dicom = stream.read(132)[128:] == b"DICM"
            stream.seek(0)
            if is_dicom:
                with _quiet():
                    return Header(pydicom.dcmread(stream), name)
    except OSError as error:
        if error.errno is not None:
            raise DicomError(f"{name}: cannot be read ({error.strerror})", code="file_unreadable") from None
        raise DicomError(f"{name}: is damaged or cut short", code="file_damaged") from None
    except Exception:  # EOFError, struct.error, NotImplementedError, ... on damaged files
        raise DicomError(f"{name}: is damaged or cut short", code="file_damaged") from None
    if alone or file.suffix.lower() in _DICOM_ENDINGS:
        raise DicomError(f"{name}: is not a DICOM file (its 'DICM' mark is missing)", code="not_dicom")
    return None
