"""The files of a scan: a folder, one file, or an archive, which is read in memory and never unpacked to disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from pet_spect.dicom.files.archives import archive_kind, archived_files
from pet_spect.dicom.files.placed_file import MARK_END, PlacedFile, is_hidden, open_regular
from pet_spect.errors import DicomError


def visible_files(
    folder: Path,
    unlisted: Callable[[OSError], None] | None = None,
    linked: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Return every file below a folder whose path from there has no hidden part, sorted.

    Links to folders are not followed.

    Parameters
    ----------
    folder : Path
    unlisted : function, optional
        Called with the error where a folder cannot be listed, which is then passed over.
    linked : function, optional
        Called with each link to a folder outside `folder` that `folder` does not lie in:
        what it leads to is not found otherwise.

    Raises
    ------
    OSError
        If a folder cannot be listed and `unlisted` is not given.
    """

    def fail(error: OSError) -> None:
        raise error

    files: list[Path] = []
    for where, folders, names in os.walk(folder, onerror=unlisted or fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if linked is not None:
            for link in (Path(where, name) for name in sorted(folders)):
                if link.is_symlink() and _leads_away(link.resolve(), folder.resolve()):
                    linked(link)
        files += [Path(where, name) for name in names if not name.startswith(".")]
    return sorted(files)


def _leads_away(target: Path, folder: Path) -> bool:
    if target.is_relative_to(folder):
        return is_hidden(str(target.relative_to(folder)))
    return not folder.is_relative_to(target)


def files_in(path: Path, called: str) -> Iterator[PlacedFile]:
    """Yield the visible files of a folder or archive, or one file.

    Parameters
    ----------
    path : Path
        A folder (searched in depth; archives lying in it are files like others), an archive, or one file.
    called : str
        Name of the folder or archive in messages.

    Raises
    ------
    DicomError
        If it cannot be read; see `pet_spect.dicom.files.archives.archived_files`. If it
        is a folder with a link to another folder, in which slices may lie.
    """

    def refuse(_: Path) -> None:
        raise DicomError(
            f"{called}: holds a link to a folder, which is not followed; name the folder itself",
            code="link_not_followed",
        )

    try:
        if stat.S_ISDIR(path.stat().st_mode):
            files = visible_files(path, linked=refuse)
        else:
            if not _is_dicom(path):
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
