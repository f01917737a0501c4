"""Headers of the DICOM images in a folder, an archive or a file."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.uid import DeflatedExplicitVRLittleEndian

from pet_spect.dicom.files.archives import is_archive
from pet_spect.dicom.files.deflated import unpacks_too_far
from pet_spect.dicom.files.placed_file import MARK_END, PlacedFile, is_packed_slice, is_unfinished, may_be_slice
from pet_spect.dicom.files.sources import files_in, visible_files
from pet_spect.dicom.files.unread_pixels import pixel_bytes_at
from pet_spect.dicom.objects.header import SOP_CLASSES, Header, sop_class
from pet_spect.dicom.objects.quiet import quiet
from pet_spect.errors import DicomError
from pet_spect.imaging.gzipped import MOST_RATIO

__all__ = (
    "SOP_CLASSES",
    "Header",
    "is_image",
    "parse",
    "read_file",
    "read_images",
    "series_code",
    "sop_class",
    "visible_files",
)

_MOST_HELD = 2**29
"""Bytes of pixel data kept in memory; those of further files of a folder are read when they are needed."""

_LARGE = 2**24
"""From so many bytes on a file is read piece by piece, and its pixel data only when they are needed."""

_HEAD = 512


def series_code(uid: str) -> str:
    """Return the code by which tables and flags name a series, from which its identifier cannot be read.

    Examples
    --------
    >>> series_code("1.2.3.4")
    '6694f83c'
    """
    return hashlib.sha256(uid.encode()).hexdigest()[:8]


def read_images(
    path: Path, label: str | None, series: str | None = None, kinds: Mapping[str, str] = SOP_CLASSES
) -> list[Header]:
    """Read every DICOM image of a folder or an archive, or one file.

    Parameters
    ----------
    path : Path
        Files that are not DICOM and objects without pixels (DICOMDIR, reports,
        structure sets) are passed over in a folder and in an archive.
    label : str, optional
        With it, messages call the files "<label>: file 17 of 47"; without, by path.
    series : str, optional
        With it, images of other series are passed over; see `series_code`.
    kinds : mapping
        By SOP class, the images that are sought: one without pixel data is damaged.

    Returns
    -------
    list of Header
        In the order of the file names, or of the archive, which mean nothing.

    Raises
    ------
    DicomError
        If there is no image, or a file is damaged that may belong to the scan.
    """
    called = label or str(path)
    headers: list[Header] = []
    parsed_values: dict[tuple[Any, ...], list[Any]] = {}
    looked_at = bytes_held = 0
    for file in files_in(path, called):
        looked_at += 1
        name = file.path if label is None and file.path else f"{called}: {file.message_name}"
        header = _read_one(
            file, name, series, later=file.path is not None and (bytes_held > _MOST_HELD or _is_large(file.path))
        )
        if header is not None and is_image(header, kinds):
            headers.append(replace(header, parsed_values=parsed_values))
            bytes_held += header.held_bytes()
    if not headers:
        of_series = "" if series is None else f" of series {series}"
        raise DicomError(f"{called}: no DICOM image{of_series} found, {looked_at} files looked at", code="no_image")
    return headers


def is_image(header: Header, kinds: Mapping[str, str] = SOP_CLASSES) -> bool:
    """Return whether an object has pixels.

    Parameters
    ----------
    header : Header
    kinds : mapping
        By SOP class, the images that are sought.

    Raises
    ------
    DicomError
        If it has none though its kind must have, or its kind is not known; if they are cut short.
    """
    if header.cut_short:
        raise header.error("is cut short within its pixel data", "file_damaged")
    if not header.has_pixels and sop_class(header) in (None, *kinds):
        raise header.error("has no pixel data; it is damaged or cut short", "file_damaged")
    return header.has_pixels


def _read_one(file: PlacedFile, name: str, series: str | None, *, later: bool) -> Header | None:
    """Read a file if it may be of the series; its pixel data only when they are asked for if that is to be `later`."""
    if series is not None or later:
        header = read_file(file, name, header_only=True)
        uid = header.text("SeriesInstanceUID") if header else None
        if series is not None and uid is not None and series_code(uid) != series:
            return None
        if later:
            return header
    return read_file(file, name, header_only=False)


def read_file(file: PlacedFile, name: str, *, header_only: bool) -> Header | None:
    """Read one file.

    Parameters
    ----------
    file : PlacedFile
    name : str
        Its name in messages.
    header_only : bool
        Stop before the pixel data.

    Returns
    -------
    Header or None
        None if it is no DICOM and need not be.

    Raises
    ------
    DicomError
        If it cannot be read or is damaged, or is no DICOM but may be a slice that was, or nothing else was named.
    """
    try:
        with file.open() as stream:
            head = stream.read(_HEAD)
            stream.seek(0)
            if head[:MARK_END].endswith(b"DICM"):
                header = parse(stream, name, header_only=header_only)
                return replace(header, read_again=partial(_whole, file, name)) if header.pixel_bytes else header
    except OSError as error:
        if error.errno is not None:
            raise DicomError(f"{name}: cannot be read ({error.strerror})", code="file_unreadable") from None
        raise DicomError(f"{name}: is damaged or cut short", code="file_damaged") from None
    if file.alone:
        raise DicomError(f"{name}: is not a DICOM file (its 'DICM' mark is missing)", code="not_dicom")
    if may_be_slice(file, head) and (is_packed_slice(file.name) or not is_archive(head)):
        raise DicomError(f"{name}: {_no_slice(file.name)}; if it is not a slice, move it away", code="not_dicom")
    return None


def _no_slice(name: str) -> str:
    """Return why a file that may be a slice cannot be read."""
    if is_unfinished(name):
        return "is an unfinished download that may be a slice; download it again"
    if is_packed_slice(name):
        return "is a packed file that may be a slice; unpack it"
    return "is not a DICOM file (its 'DICM' mark is missing) and may be a damaged slice"


def _is_large(path: str) -> bool:
    """Return whether a file is large; a missing file is reported when it is opened."""
    with suppress(OSError):
        return Path(path).stat().st_size > _LARGE
    return False


def _is_long(stream: BinaryIO) -> bool:
    """Return whether a stream, at its start, holds more than should be copied, or lies in memory as it is."""
    if isinstance(stream, io.BytesIO):
        return True
    end = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return end > _LARGE


def _whole(file: PlacedFile, name: str) -> Header:
    header = read_file(file, name, header_only=False)
    if header is None:
        raise DicomError(f"{name}: is no longer a DICOM file", code="file_damaged")
    return header


def parse(stream: BinaryIO, name: str, *, header_only: bool) -> Header:
    """Read an object from the start of a stream; a `DicomError` if it is damaged."""
    if unpacks_too_far(stream):
        raise DicomError(f"{name}: unpacks to more than {MOST_RATIO} times its size", code="file_damaged")
    try:
        with quiet():
            # pydicom asks a stream for its position at each element, which is quicker in memory
            source = stream if header_only or _is_long(stream) else io.BytesIO(stream.read())
            dataset = pydicom.dcmread(source, stop_before_pixels=header_only)
            dataset.buffer = None  # or it would hold all that was read a second time
            start = stream.tell() if header_only else None
            pixel_bytes, cut_short = pixel_bytes_at(stream, dataset) if header_only else (None, False)
            if header_only and dataset.file_meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
                stream.seek(0)  # what was deflated as a whole has no place where its pixel data begin
                dataset, start, pixel_bytes = pydicom.dcmread(stream), None, None
    except OSError:
        raise
    except Exception:  # EOFError, struct.error, NotImplementedError, ... on damaged files
        raise DicomError(f"{name}: is damaged or cut short", code="file_damaged") from None
    return Header(dataset, name, None if pixel_bytes is None else start, pixel_bytes, cut_short)
