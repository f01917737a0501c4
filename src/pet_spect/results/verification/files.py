"""Altered, missing and foreign files of a results folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from pet_spect.digests import file_sha256
from pet_spect.errors import TableError
from pet_spect.results import layout
from pet_spect.results.proof.manifest import DERIVED, MANIFEST, Manifest, read_manifest
from pet_spect.results.proof.manifest_entries import FileEntry, files_below
from pet_spect.results.proof.manifest_part import read_part
from pet_spect.results.verification.finding import Finding, remade_by


def check_manifest(results: Path, sha256_elsewhere: str | None = None) -> tuple[Manifest, list[Finding]]:
    """Return the manifest, and whether it is as it was written.

    Parameters
    ----------
    results : Path
    sha256_elsewhere : str, optional
        Hash of the file that somebody wrote down when the run ended.

    Raises
    ------
    TableError
        If there is none, or it cannot be read.
    """
    manifest = read_manifest(results)
    found = []
    if (results / MANIFEST).read_bytes() != manifest.text().encode("utf-8"):
        found.append(
            Finding(MANIFEST, "altered: its content does not have the hash that it states", remade_by(MANIFEST))
        )
    now = file_sha256(results / MANIFEST)
    if sha256_elsewhere is not None and now != sha256_elsewhere.lower():
        found.append(Finding(MANIFEST, f"is not the one that was written down: its SHA-256 is {now}"))
    return manifest, found


def check_files(results: Path, manifest: Manifest) -> list[Finding]:
    """Return what is wrong with the files of a results folder, sorted by path.

    Every file is read once, whole, so that a change of a single bit in the trailer of a gzip stream, which readers of
    images skip, is found as well.
    """
    found = _check_all(results, manifest.files)
    known = {entry.path for entry in manifest.files}
    found += _foreign(files_below(results), known, manifest)
    unfinished = [Finding(who, "was not finished in this run: run the workflow again") for who in manifest.unfinished]
    return sorted([*found, *unfinished], key=lambda each: each.name)


def check_parts(results: Path) -> list[Finding]:
    """Return what is wrong with the files of participants by their parts, where there is no manifest that lists all."""
    found: list[Finding] = []
    for path in sorted(results.glob("sub-*/sub-*_manifest.json")):
        if path.name == Path(layout.manifest_part(path.parent.name)).name:
            try:
                found += _check_all(results, read_part(results, path.parent.name).files)
            except TableError:
                part = layout.manifest_part(path.parent.name)
                found.append(Finding(part, "altered: is no list of files", remade_by(part)))
    return found


def _check_all(results: Path, entries: Sequence[FileEntry]) -> list[Finding]:
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        checked = pool.map(lambda entry: _check_file(results, entry), entries)
        return [finding for finding in checked if finding is not None]


def _check_file(results: Path, entry: FileEntry) -> Finding | None:
    path = results / entry.path
    if path.is_symlink():
        return Finding(entry.path, "is a link; the run wrote a file", remade_by(entry.path))
    try:
        size = path.stat().st_size
        if size > entry.size and _head_sha256(path, entry.size) == entry.sha256:
            what = f"altered: {size - entry.size} bytes were added to its end"
        elif size != entry.size:
            what = f"altered: has {size} bytes, the run wrote {entry.size}"
        elif file_sha256(path) != entry.sha256:
            what = "altered: its content is not what the run wrote"
        else:
            return None
    except FileNotFoundError:
        what = "missing"
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
    return Finding(entry.path, what, remade_by(entry.path))


def _head_sha256(path: Path, size: int) -> str:
    with path.open("rb") as stream:
        return sha256(stream.read(size)).hexdigest()


def _foreign(paths: Iterable[str], known: set[str], manifest: Manifest) -> Iterator[Finding]:
    for path in paths:
        if path in known or path == MANIFEST or path in DERIVED or path.partition("/")[0] in manifest.unfinished:
            continue
        yield Finding(path, "foreign: the run did not make it")


def manifest_or_finding(results: Path, sha256_elsewhere: str | None) -> tuple[Manifest | None, list[Finding]]:
    """Return the manifest and what is wrong with it; None if it cannot be used."""
    try:
        return check_manifest(results, sha256_elsewhere)
    except TableError as error:
        if not (results / MANIFEST).is_file():
            return None, [Finding(MANIFEST, "missing: run the workflow again", remade_by(MANIFEST))]
        reason = str(error).removeprefix(f"{results / MANIFEST}: ")
        return None, [Finding(MANIFEST, f"altered: {reason}", remade_by(MANIFEST))]
