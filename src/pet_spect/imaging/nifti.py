"""Opening of NIfTI files: packing and header are checked before they are used."""

from __future__ import annotations

import io
import logging
import math
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import nibabel as nib
import numpy as np

from pet_spect.errors import ImageError
from pet_spect.imaging import gzipped
from pet_spect.imaging.nifti_space import check_space
from pet_spect.model import MOST_VOXELS

MOST_PACKED = 2**30
"""Bytes of voxels in memory up to which `gzipped.MOST_RATIO` does not matter: a mask is little else than zeros."""

_HEADER_BYTES = 540
_KINDS = {348: nib.Nifti1Image, 540: nib.Nifti2Image}
_MARKS = {348: (344, b"n+1"), 540: (4, b"n+2")}
"""Where the mark of a single file stands, by the size of the header."""

_SAVE_AS_ONE = "save it as one .nii.gz file with an orientation (with nibabel, FSL or SPM) and give that"

_PAIR_ENDINGS = (".hdr", ".img", ".hdr.gz", ".img.gz")


def check_no_pair(path: Path, label: str) -> None:
    """Refuse an image in two files, ``.hdr`` and ``.img``; a DICOM file may have such a name.

    Raises
    ------
    ImageError
        ``image_pair``.
    """
    ending = next((ending for ending in _PAIR_ENDINGS if path.name.lower().endswith(ending)), None)
    if ending is None:
        return
    stem = path.name[: -len(ending)]
    for name in (f"{stem}.hdr", f"{stem}.hdr.gz", path.name):
        try:
            head = _head(path.with_name(name))
        except (OSError, *gzipped.BROKEN):
            continue
        if _size(head) is not None:
            raise ImageError(
                f"{label}: is a pair of files (.hdr, .img) in NIfTI or Analyze form; {_SAVE_AS_ONE}",
                code="image_pair",
            )


def open_nifti(path: Path, label: str, *, most_packed: int = MOST_PACKED) -> nib.Nifti1Image:
    """Open a NIfTI-1 or NIfTI-2 file of one part, packed or not, without reading its voxels into memory.

    Parameters
    ----------
    path : Path
        What is packed with gzip is read to its end, so that its checksum and its length hold.
    label : str
        How messages call it.
    most_packed : int
        Bytes that the voxels may take as 32-bit floats though the file has less than the 200th of it.

    Returns
    -------
    nibabel image
        Of real numbers; there are as many in the file as its header says, and it says for sure where they lie.

    Raises
    ------
    ImageError
        ``image_missing``, ``image_unreadable``, ``image_damaged``, ``image_pair``, ``image_voxels``, ``image_shape``
        or ``image_affine``.
    """
    try:
        with muted():
            if not stat.S_ISREG(path.stat().st_mode):
                raise ImageError(f"{label}: is not a file; a NIfTI image is needed", code="image_unreadable")
            with _content(path, label) as stream:
                head = stream.read(_HEADER_BYTES)
                needed, surplus = _check_header(head, path, label, most_packed)
                length = path.stat().st_size
                if _is_gz(path):
                    length = len(head) + gzipped.drain(stream, needed + surplus)
            _check_length(length, needed, surplus, label)
            kind = _KINDS[_size(head) or 0]
            holders = kind.make_file_map({"image": str(path)})  # from_filename changes .Nii.gz to .nii.gz
            image: nib.Nifti1Image = kind.from_file_map(holders)
            check_space(image, label, _raw(head))
            return image
    except ImageError:
        raise
    except FileNotFoundError:
        raise ImageError(f"{label}: does not exist", code="image_missing") from None
    except gzipped.BROKEN as error:
        raise ImageError(
            f"{label}: is damaged or cut short: its gzip packing does not agree with its own checksum or length"
            f" ({type(error).__name__}); copy the file anew from where it came from",
            code="image_damaged",
        ) from None
    except Exception as error:  # each part of a damaged header fails in a way of its own
        raise ImageError(
            f"{label}: is not a readable NIfTI image ({type(error).__name__})", code="image_unreadable"
        ) from None


@contextmanager
def muted() -> Iterator[None]:
    """Keep what numpy and nibabel say of a damaged header out of the log; our error says it in one line."""
    logger: logging.Logger = nib.imageglobals.logger
    before, logger.disabled = logger.disabled, True
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = before


def _raw(head: bytes) -> nib.Nifti1Header:
    """Return a header as it stands in the file; opening an image puts some of its mistakes right."""
    header: nib.Nifti1Header = _KINDS[_size(head) or 348].header_class.from_fileobj(io.BytesIO(head), check=False)
    return header


def same_content(first: Path, second: Path) -> bool:
    """Return whether two files hold the same bytes once they are unpacked.

    Raises
    ------
    OSError, EOFError, zlib.error
        If one of them cannot be read.
    """
    with _content(first, "") as one, _content(second, "") as other:
        while True:
            here, there = one.read(2**20), other.read(2**20)
            if here != there:
                return False
            if not here:
                return True


def _head(path: Path) -> bytes:
    with _content(path, "") as stream:
        return stream.read(_HEADER_BYTES)


def _is_gz(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


@contextmanager
def _content(path: Path, label: str) -> Iterator[BinaryIO]:
    with path.open("rb") as stream:
        head = stream.read(_HEADER_BYTES)
        is_packed = head[:2] == gzipped.MARK
        stream.seek(0)
        if is_packed != _is_gz(path) and head:
            if not is_packed and _size(head) is None:
                raise ImageError(
                    f"{label}: is not a readable NIfTI image (neither gzip nor such a header)", code="image_unreadable"
                )
            has, other = ("is", ".nii.gz") if is_packed else ("is not", ".nii")
            raise ImageError(
                f"{label}: {has} packed with gzip, against its name; let the name end in {other}",
                code="image_unreadable",
            )
        yield gzipped.gunzip(stream) if is_packed else stream


def _size(head: bytes) -> int | None:
    """Return the size that a header says it has, in either byte order; None if it is none."""
    sizes = (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))
    return next((size for size in sizes if size in _KINDS and len(head) >= size), None)


def _check_header(head: bytes, path: Path, label: str, most_packed: int) -> tuple[int, int]:
    """Return how many bytes a file must have by its header, and how many more it may have: less than a slice."""
    size = _size(head)
    if size is None:
        raise ImageError(f"{label}: is not a readable NIfTI image (it has no such header)", code="image_unreadable")
    place, single = _MARKS[size]
    if head[place : place + 3] != single:
        raise ImageError(
            f"{label}: is in Analyze form, or the header of a pair of files, not one NIfTI file; {_SAVE_AS_ONE}",
            code="image_pair",
        )
    header = _KINDS[size].header_class.from_fileobj(io.BytesIO(head))
    kind, shape = header.get_data_dtype(), header.get_data_shape()
    if kind.kind not in "iuf":
        raise ImageError(f"{label}: its voxels are not single real numbers", code="image_voxels")
    if np.isinf(_raw(head)["scl_slope"]):  # which nibabel takes for none; NaN and 0 do mean none
        raise ImageError(f"{label}: scl_slope is infinite", code="image_voxels")
    voxels = math.prod(shape)
    if voxels < 1:
        raise ImageError(f"{label}: has no voxels", code="image_shape")
    if voxels > MOST_VOXELS:
        raise ImageError(f"{label}: {voxels} voxels are more than {MOST_VOXELS}", code="image_shape")
    start = header.get_data_offset()
    if start < size:  # nibabel takes 0 at its word, and the header for voxels
        raise ImageError(
            f"{label}: vox_offset says that voxels begin within the header; write the image anew",
            code="image_unreadable",
        )
    in_memory = voxels * max(kind.itemsize, np.dtype(np.float32).itemsize)
    if _is_gz(path) and in_memory > max(most_packed, gzipped.MOST_RATIO * path.stat().st_size):
        raise ImageError(
            f"{label}: its file is too small for the {voxels} voxels of its header, packed as it is",
            code="image_shape",
        )
    return start + voxels * kind.itemsize, kind.itemsize * math.prod(shape[:2]) - 1


def _check_length(length: int, needed: int, surplus: int, label: str) -> None:
    if length < needed:
        raise ImageError(
            f"{label}: its file is too small for the voxels of its header: {length} bytes, {needed} are needed",
            code="image_shape",
        )
    if length > needed + surplus:
        raise ImageError(
            f"{label}: holds more voxels than its header says: {needed} bytes are described, and more follow;"
            " its header is damaged, or was edited",
            code="image_shape",
        )


def write_nifti(image: nib.Nifti1Image, path: Path) -> None:
    """Write an image, packed if its name ends in .gz; the same image gives the same bytes."""
    with path.open("wb") as file:
        if not _is_gz(path):
            image.to_file_map(image.make_file_map({"image": file}))
            return
        with gzipped.packing(file) as stream:
            image.to_file_map(image.make_file_map({"image": cast(io.IOBase, stream)}))
