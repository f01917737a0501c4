"""Fingerprint of a scan's files: notices that they changed without reading them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from pet_spect.files import sidecar


def fingerprint(path: Path) -> str:
    """Return a digest of the names, sizes and modification times of a scan's files.

    Parameters
    ----------
    path : Path
        A folder (with everything below it), or a file; a NIfTI image counts with its sidecar.

    Returns
    -------
    str
        16 hexadecimal digits, from which no name can be read; another string when a file
        was added, removed, renamed, resized or touched. A path without files has one too.
    """
    files = sorted(_files(str(path)))
    return hashlib.sha256("\n".join(files).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _files(path: str) -> Iterator[str]:
    if not os.path.isdir(path):  # noqa: PTH112  (os is several times faster here than pathlib)
        for name in {path, sidecar(path)}:
            if os.path.isfile(name):  # noqa: PTH113
                yield _line(name, os.path.basename(name))  # noqa: PTH119
        return
    for where, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                whole = os.path.join(where, name)  # noqa: PTH118
                yield _line(whole, whole.removeprefix(path))


def _line(path: str, name: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:  # a link to nowhere, or in a circle; whether that matters is for convert to say
        status = os.lstat(path)
    return f"{name}\t{status.st_size}\t{status.st_mtime_ns}"
