"""One file of a scan, on disk or in an archive, and whether it may be a slice that lost its mark."""

from __future__ import annotations

import io
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

MARK_END = 132
"""The first bytes of a DICOM file: 128 that mean nothing, then ``DICM`` (PS3.10 7.1)."""

_FIRST = frozenset([(2, 0), (2, 1), *((8, element) for element in (0, 1, 5, 6, 8, 0x12, 0x13, 0x14, 0x15, 0x16, 0x18))])
_FIRST_BYTES = 256
_DICOM_ENDINGS = frozenset((".dcm", ".ima", ".dicom"))
_UNFINISHED = frozenset(
    (".!qb", ".!ut", ".aria2", ".crdownload", ".download", ".filepart", ".opdownload", ".part", ".partial")
)
_PACKED = frozenset((".7z", ".bz2", ".gz", ".lz4", ".lzma", ".xz", ".z", ".zip", ".zst"))
_HARMLESS = frozenset(
    [
        *("authors", "changelog", "changes", "copying", "dicomdir", "index", "licence", "license", "lockfile"),
        *("makefile", "manifest", "notice", "readme", "version"),
        *(f"{kind}sum{end}" for kind in ("md5", "sha1", "sha256", "sha512") for end in ("", "s")),
    ]
)


@dataclass(frozen=True)
class PlacedFile:
    """One file of a folder or archive.

    Attributes
    ----------
    name : str
        Its path below the folder; in an archive any text its writer chose, so only its ending is used.
    path : str or None
        Where it lies on disk; None in an archive.
    number, total : int
        Which file of how many it is; the `total` of a tar, which is not known before its end, is 0.
    alone : bool
        Whether this file itself was named.
    open : function
        Opens it from its start. In an archive only while it is the current one.
    """

    name: str
    path: str | None
    number: int
    total: int
    alone: bool
    open: Callable[[], BinaryIO]

    @property
    def message_name(self) -> str:
        """Name of the file in messages, within its folder or archive."""
        return f"file {self.number} of {self.total}" if self.total else f"file {self.number}"


def may_be_slice(file: PlacedFile, head: bytes) -> bool:
    """Return whether a file without DICOM's mark may be an image that lost it, so that a slice would be missing.

    It may if it ends like DICOM, or begins like a data set that lacks the mark. Images on media have names
    without an ending, or UIDs, of which the last number looks like one: a file so called may if it is cut
    short within the mark (an empty one too), or has a number in its name, or nothing but zeros before the mark.
    An unfinished download may if the finished file may, and a packed file if what is packed is called like DICOM.

    Parameters
    ----------
    file : PlacedFile
    head : bytes
        Its first 512 bytes.

    Examples
    --------
    >>> def named(name): return PlacedFile(name, None, 1, 1, False, io.BytesIO)
    >>> [may_be_slice(named(name), b"") for name in ("IM0005", "1.2.840.5", "5.txt", "Thumbs.db", "README")]
    [True, True, False, False, False]
    >>> [may_be_slice(named(name), b"once upon a time " * 9) for name in ("IM0005", "notes")]
    [True, False]
    >>> [may_be_slice(named(name), b"") for name in ("IM0005.part", "5.pdf.part", "5.dcm.gz", "5.nii.gz")]
    [True, False, True, False]
    """
    if file.path is not None and not Path(file.path).is_file():  # a pipe
        return False
    name = PurePosixPath(file.name.lower())
    if is_packed_slice(name.name):
        return True
    if is_unfinished(name.name):
        name = name.with_suffix("")
    if name.suffix in _DICOM_ENDINGS or _is_bare_data_set(head):
        return True
    if name.name in _HARMLESS or not (name.suffix == "" or name.suffix[1:].isdecimal()):
        return False
    return len(head) < MARK_END or not any(head[:128]) or any(map(str.isdecimal, name.name))


def is_unfinished(name: str) -> bool:
    """Return whether a file is called like a download that has not come to its end.

    Examples
    --------
    >>> [is_unfinished(name) for name in ("IM0005.dcm.part", "IM0005.dcm", "1.2.840.5")]
    [True, False, False]
    """
    return PurePosixPath(name.lower()).suffix in _UNFINISHED


def is_packed_slice(name: str) -> bool:
    """Return whether a file is called like one DICOM file that was packed, its download finished or not.

    Examples
    --------
    >>> [is_packed_slice(name) for name in ("IM0005.dcm.gz", "scan.zip", "image.nii.gz")]
    [True, False, False]
    """
    path = PurePosixPath(name.lower())
    if is_unfinished(name):
        path = path.with_suffix("")
    return path.suffix in _PACKED and PurePosixPath(path.stem).suffix in _DICOM_ENDINGS


def _is_bare_data_set(head: bytes) -> bool:
    """Return whether something begins with the first element of a data set, of either byte order."""
    for order in "<>" if len(head) >= 8 else "":
        group, element, length = struct.unpack_from(f"{order}HHI", head)
        explicit = head[4:6].isalpha() and head[4:6].isupper()
        if (group, element) in _FIRST and (explicit or (length <= _FIRST_BYTES and length % 2 == 0)):
            return True
    return False


def is_hidden(name: str) -> bool:
    """Return whether a part of a member's name is hidden; ``.`` and ``..`` are not.

    Examples
    --------
    >>> [is_hidden(name) for name in ("./a/1.dcm", "../a", "__MACOSX/._1.dcm")]
    [False, False, True]
    """
    return any(part.startswith(".") and part not in (".", "..") for part in PurePosixPath(name).parts)


def open_regular(file: Path) -> BinaryIO:
    """Open a file; what is neither file nor link to one (a pipe would wait for ever) has no content.

    Raises
    ------
    OSError
        If it cannot be opened.
    """
    if not stat.S_ISREG(file.stat().st_mode):
        return io.BytesIO()
    return file.open("rb")
