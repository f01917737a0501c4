"""The files of a place: a folder, one file, or an archive, which is read in memory and never unpacked to disk."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pet_spect.errors import DicomError

MARK_END = 132
"""The first bytes of a DICOM file: 128 that mean nothing, then ``DICM`` (PS3.10 7.1)."""


@dataclass(frozen=True)
class PlacedFile:
    """One file of a place.

    Attributes
    ----------
    name : str
        Its name below the place; of an archive whatever its writer chose, so for looking at its ending only.
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
    def place(self) -> str:
        """How messages call the file within its place."""
        return f"file {self.number} of {self.total}" if self.total else f"file {self.number}"


def visible_files(folder: Path, unlisted: Callable[[OSError], None] | None = None) -> list[Path]:
    """Return every file below a folder whose path from there has no hidden part, sorted.

    Links to folders are not followed.

    Parameters
    ----------
    folder : Path
    unlisted : function, optional
        Called with the error where a folder cannot be listed, which is then passed over.

    Raises
    ------
    OSError
        If a folder cannot be listed and `unlisted` is not given.
    """

    def fail(error: OSError) -> None:
        raise error

    found: list[Path] = []
    for where, folders, names in os.walk(folder, onerror=unlisted or fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(where, name) for name in names if not name.startswith(".")]
    return sorted(found)


def is_hidden(name: str) -> bool:
    """Return whether a part of a member's name is hidden; ``.`` and ``..`` are not.

    Examples
    --------
    >>> [is_hidden(name) for name in ("./a/1.dcm", "../a", "__MACOSX/._1.dcm")]
    [False, False, True]
    """
    return any(part.startswith(".") and part not in (".", "..") for part in PurePosixPath(name).parts)


def files_in(path: Path, called: str) -> Iterator[PlacedFile]:
    """Yield the visible files of a place.

    Parameters
    ----------
    path : Path
        A folder (searched in depth; archives lying in it are files like others), an archive, or one file.
    called : str
        How messages call the place.

    Raises
    ------
    DicomError
        If the place cannot be read; see `pet_spect.dicom.archives.archived_files`.
    """
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            files = visible_files(path)
        else:
            if not _is_dicom(path):
                from pet_spect.dicom.archives import archive_kind, archived_files

                kind = archive_kind(path)
                if kind is not None:
                    yield from archived_files(path, kind, called)
                    return
            files = [path]
    except OSError as error:
        raise DicomError(f"{called}: cannot be read ({error.strerror})", code="file_unreadable") from None
    for number, file in enumerate(files, start=1):
        yield file_on_disk(file, number, len(files), alone=file == path)


def _is_dicom(path: Path) -> bool:
    with open_regular(path) as stream:
        return stream.read(MARK_END).endswith(b"DICM")


def file_on_disk(file: Path, number: int, total: int, *, alone: bool) -> PlacedFile:
    """Return a file of a folder."""
    return PlacedFile(file.name, str(file), number, total, alone, lambda: open_regular(file))


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
