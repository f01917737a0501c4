"""Links in a tar, and which of them lead to nothing that is read."""

from __future__ import annotations

import posixpath
import tarfile


class Links:
    """The links of a tar, and what they may lead to.

    A link to a visible file or a folder of the same tar adds nothing. A link to anything else may stand
    for a slice, the content of which is not there or hidden.
    """

    def __init__(self) -> None:
        self._targets: dict[str, str] = {}
        self._names: set[str] = set()
        self._folders: set[str] = {"."}

    def __len__(self) -> int:
        return len(self._targets)

    def add_file(self, name: str) -> None:
        """Note a visible file."""
        self._names.add(_path_in_tar(name))
        self._add_above(name)

    def add_folder(self, name: str) -> None:
        """Note a visible folder."""
        self._folders.add(_path_in_tar(name))
        self._add_above(name)

    def add_link(self, link: tarfile.TarInfo) -> None:
        """Note a visible link, symbolic (its target starts at its folder) or hard (at the root of the tar)."""
        start = posixpath.dirname(_path_in_tar(link.name)) if link.issym() else ""
        outside = link.issym() and link.linkname.startswith("/")
        self._targets[_path_in_tar(link.name)] = (
            link.linkname if outside else _path_in_tar(posixpath.join(start, link.linkname))
        )

    def lost(self) -> list[str]:
        """Return the names of the links that lead, through others perhaps, to no visible file or folder."""
        return [name for name in self._targets if not self._leads_to_something(name)]

    def _leads_to_something(self, name: str) -> bool:
        passed: set[str] = set()
        while name in self._targets and name not in passed:
            passed.add(name)
            name = self._targets[name]
        return name in self._names or name in self._folders

    def _add_above(self, name: str) -> None:
        folder = posixpath.dirname(_path_in_tar(name))
        while folder and folder not in self._folders:
            self._folders.add(folder)
            folder = posixpath.dirname(folder)


def _path_in_tar(name: str) -> str:
    """Return a name as it lies below the root of a tar."""
    return posixpath.normpath(name.lstrip("/"))
