"""Series and unreadable files found by reading every file of some folders.

Headers alone are read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pet_spect.dicom.files.archives import Kind, archive_kind, archived_files, is_archive
from pet_spect.dicom.files.placed_file import MARK_END, PlacedFile, open_regular
from pet_spect.dicom.files.read import is_image, read_file
from pet_spect.dicom.files.sources import file_on_disk, visible_files
from pet_spect.dicom.index.findings import LINK, Findings, FoundSeries, Image, Trouble, frames_of
from pet_spect.dicom.objects.header import Header, sop_class
from pet_spect.dicom.objects.identity import person_of
from pet_spect.dicom.objects.quiet import quiet
from pet_spect.errors import DicomError
from pet_spect.remarks.catalogue import Code

_RAW_START = b"\x08\x00"
"""First bytes (group 8) of a little-endian data set that lacks preamble and mark."""

Progress = Callable[[int, int], None]
"""Called after each file with the number of files looked at and the number known so far."""


def look(roots: Sequence[Path], progress: Progress = lambda done, total: None) -> Findings:
    """Look at every visible file of some folders and of the archives in them.

    Parameters
    ----------
    roots : sequence of Path
        Folders, archives or files, none inside another.
    progress : function, optional
    """
    findings = Findings()
    listed: list[tuple[Path, Path]] = []
    for root in roots:

        def unlisted(error: OSError, root: Path = root) -> None:
            findings.troubles.append(Trouble(Path(error.filename), root, "file_unreadable"))

        def linked(link: Path, root: Path = root) -> None:
            findings.troubles.append(Trouble(link, root, LINK, blocks=False))

        listed += [(root, file) for file in (visible_files(root, unlisted, linked) if root.is_dir() else [root])]
    total = len(listed)
    with quiet():
        for number, (root, path) in enumerate(listed, start=1):
            kind = _look_at(findings, root, path, number)
            if kind is not None:
                _look_into(
                    findings, path, kind, lambda member_count: progress(findings.looked_at, total + member_count)
                )
            progress(findings.looked_at, max(total, findings.looked_at))
    return findings


def _look_at(findings: Findings, root: Path, path: Path, number: int) -> Kind | None:
    """Take a file in; if it is an archive, return of which kind."""
    findings.looked_at += 1
    try:
        header = read_file(file_on_disk(path, number, 0, alone=False), "", header_only=True)
        if header is not None:
            _take(findings, header, root, path.parent, Trouble(path, root, "file_damaged"), Image(path, number))
            return None
        kind = archive_kind(path)
        if kind is None:
            with open_regular(path) as stream:
                _pass_over(findings, stream.read(MARK_END), Trouble(path, root, "not_dicom", blocks=False))
    except DicomError as error:
        kind = archive_kind(path) if error.code == "not_dicom" else None
        if kind is None:
            findings.troubles.append(Trouble(path, root, error.code))
    except OSError:
        kind = None
        findings.troubles.append(Trouble(path, root, "file_unreadable"))
    except Exception:  # a bug that one file meets must not hide the others; it is reported as one
        kind = None
        findings.troubles.append(Trouble(path, root, "internal_error"))
    return kind


def _look_into(findings: Findings, path: Path, kind: Kind, progress: Callable[[int], None]) -> None:
    """Take in what is in an archive."""
    before, member_count = findings.looked_at, 0
    try:
        for file in archived_files(path, kind, ""):
            findings.looked_at += 1
            member_count = max(file.total, findings.looked_at - before)
            _look_at_member(findings, path, file)
            progress(member_count)
    except DicomError as error:
        findings.troubles.append(Trouble(path, path, error.code))
    except Exception:
        findings.troubles.append(Trouble(path, path, "internal_error"))


def _look_at_member(findings: Findings, archive: Path, file: PlacedFile) -> None:
    try:
        with file.open() as stream:
            content = stream.read()
        header = read_file(file, "", header_only=True)
    except OSError:
        findings.troubles.append(Trouble(archive, archive, "file_damaged"))
        return
    except DicomError as error:
        findings.troubles.append(Trouble(archive, archive, error.code))
        return
    if header is None:
        nested = is_archive(content)
        code: Code = "archive_nested" if nested else "not_dicom"
        _pass_over(findings, b"" if nested else content, Trouble(archive, archive, code, blocks=False), nested=nested)
        return
    packed = zlib.compress(content[: header.pixel_start], 1)
    image = Image(None, file.number, packed, header.pixel_bytes)
    _take(findings, header, archive, archive, Trouble(archive, archive, "file_damaged"), image)


def _pass_over(findings: Findings, head: bytes, trouble: Trouble, *, nested: bool = False) -> None:
    findings.passed_over += 1
    if nested or head.startswith(_RAW_START):
        findings.troubles.append(trouble)


def _take(findings: Findings, header: Header, root: Path, folder: Path, trouble: Trouble, image: Image) -> None:
    """Take in an object that was read."""
    try:
        uid, sop = header.text("SeriesInstanceUID"), sop_class(header)
    except DicomError:
        findings.troubles.append(trouble)
        return
    try:
        has_pixels = is_image(header)
    except DicomError as error:
        if uid is None:
            findings.troubles.append(trouble)
        else:
            series = findings.series.setdefault((root, uid), FoundSeries(root, uid))
            series.damaged[error.code] += 1
            series.folders[folder] += 0
            series.sop_classes.add(sop or "")
            series.damaged_person = series.damaged_person or person_of(header)
        return
    if not has_pixels:
        findings.passed_over += 1
        return
    series = findings.series.setdefault((root, uid or ""), FoundSeries(root, uid or ""))
    series.folders[folder] += 1
    series.sop_classes.add(sop or "")
    if not series.images or series.known_kind:
        series.images.append(replace(image, frames=frames_of(header)))
