"""Fingerprint of a scan's files: notices that they changed without reading them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from pet_spect.files import sidecar, write_json
from pet_spect.live_run import NAME, PLACE

_FOUND = "pet_spect_fingerprints.json"


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
        It is the same on all computers that share the files.
    """
    files = sorted(_files(str(path)))
    return hashlib.sha256("\n".join(files).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def write_fingerprints(found: Mapping[str, str]) -> None:
    """Write down for the jobs of this run, beside the file that names it, the fingerprints of scans by their label.

    Raises
    ------
    OvertakenError
        If another run has begun.
    OSError
        If the file cannot be written.
    """
    write_json(_place(), {"Run": os.environ[NAME], "Fingerprints": dict(found)})


def fingerprints_of_run() -> dict[str, str]:
    """Return the fingerprints that the main process of this job's run wrote down; none if it is not known."""
    with suppress(KeyError, OSError, TypeError, ValueError):
        said = json.loads(_place().read_bytes())
        if said["Run"] == os.environ[NAME]:
            return dict(said["Fingerprints"])
    return {}


def _place() -> Path:
    return Path(os.environ[PLACE]).with_name(_FOUND)


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
    # whole seconds: some network file systems show no more, so that two computers would not agree
    return f"{name}\t{status.st_size}\t{status.st_mtime_ns // 10**9}"
