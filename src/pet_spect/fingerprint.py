"""Noticing that a scan's files changed without reading them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from pet_spect.layout import sidecar

_NOT_DATA = (".snakemake_timestamp",)


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
                yield _line(os.path.basename(name), os.stat(name))  # noqa: PTH116, PTH119
        return
    folders = [path]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders.append(entry.path)
                elif entry.name not in _NOT_DATA:
                    yield _line(entry.path.removeprefix(path), entry.stat())


def _line(name: str, status: os.stat_result) -> str:
    return f"{name}\t{status.st_size}\t{status.st_mtime_ns}"
