"""SHA-256 of files, of folders by what their files hold, and of JSON."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pet_spect.files import is_nifti, sidecar


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def text_sha256(lines: Iterable[str]) -> str:
    """Return the SHA-256 of lines, each with its line feed."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("ascii")).hexdigest()


def json_sha256(content: object) -> str:
    """Return the SHA-256 of a value as JSON with sorted keys, no blanks, and everything but ASCII escaped.

    Examples
    --------
    >>> json_sha256({"a": 1, "b": 2}) == json_sha256({"b": 2, "a": 1})
    True
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def source_sha256(path: Path) -> str:
    """Return the SHA-256 of a scan as it was given.

    Parameters
    ----------
    path : Path
        A file; of a NIfTI image with JSON beside it, both count. Of a folder, every file below it but hidden ones.

    Returns
    -------
    str
        Of one file its own. Of several, that of the sorted list of their hashes: names, which may tell who a person
        is, are no part of it, and a copy with other names has the same.
    """
    if path.is_dir():
        return text_sha256(sorted(file_sha256(Path(name)) for name in _files_below(str(path))))
    facts = Path(sidecar(str(path)))
    if is_nifti(path) and facts.is_file():
        return text_sha256(sorted((file_sha256(path), file_sha256(facts))))
    return file_sha256(path)


def _files_below(folder: str) -> Iterator[str]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            whole = os.path.join(where, name)  # noqa: PTH118
            if not name.startswith(".") and os.path.isfile(whole):  # noqa: PTH113
                yield whole
