"""Survey of a folder of DICOM files: every series, whether it can be converted, and whose scan it may be."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pet_spect.dicom.index.assignment import Suggestion, suggest
from pet_spect.dicom.index.findings import LINK, TROUBLES, Findings, Image, Trouble
from pet_spect.dicom.index.series_summary import Described, Refused, describe
from pet_spect.dicom.index.walk import Progress, look
from pet_spect.errors import DicomError
from pet_spect.study.paths import usable_path


@dataclass(frozen=True)
class Entry:
    """One series with the path by which convert is to find it.

    Attributes
    ----------
    series : Described
    path : Path
        A folder, a file or an archive.
    named : bool
        Whether the series must be named beside the path, which holds others too.
    suggestion : Suggestion
    """

    series: Described
    path: Path
    named: bool
    suggestion: Suggestion


@dataclass(frozen=True)
class Survey:
    """Series and troubles of some folders.

    Attributes
    ----------
    entries : list of Entry
        By suggested participant, study date and series code.
    troubles : list of Trouble
        Files that cannot be read, by where they lie.
    looked_at, passed_over : int
        Files; those that are no DICOM, or DICOM without pixels.
    """

    entries: list[Entry]
    troubles: list[Trouble]
    looked_at: int
    passed_over: int


def survey_folders(folders: Sequence[Path], progress: Progress = lambda done, total: None) -> Survey:
    """Look at every file of some folders and of the archives in them.

    Parameters
    ----------
    folders : sequence of Path
        Folders, archives or files.
    progress : function, optional

    Raises
    ------
    DicomError
        If one does not exist, or there is no DICOM image.
    """
    findings = look(_roots(folders), progress)
    if not findings.series:
        raise DicomError(
            f"no DICOM image found, {findings.looked_at} files looked at; {_why_none(findings)}", code="no_image"
        )
    summaries = [describe(scan) for series in findings.series.values() for scan in series.scans()]
    paths = {id(described): _smallest_path(described, findings) for described in summaries}
    located = [
        (_with_neighbours(described, paths[id(described)], findings), paths[id(described)]) for described in summaries
    ]
    suggestions = suggest([described for described, _ in located])
    _note_twins([described for described, _ in located], suggestions)
    named = _named(located, findings)
    entries = [
        Entry(described, path, name, suggestion)
        for (described, path), name, suggestion in zip(located, named, suggestions, strict=True)
    ]
    troubles = sorted(findings.troubles, key=lambda trouble: (str(trouble.path), trouble.code))
    return Survey(sorted(entries, key=_order), troubles, findings.looked_at, findings.passed_over)


def _why_none(findings: Findings) -> str:
    """Return what is wrong with the files, by their number, where none of them is an image."""
    counts = Counter(trouble.code for trouble in findings.troubles)
    wrong = [
        f"{count} {'link ' if code == LINK else 'x '}{TROUBLES.get(code, TROUBLES['file_damaged'])}"
        for code, count in sorted(counts.items())
    ]
    return "; ".join(wrong) or (
        "the images themselves are needed; previews, a DICOMDIR alone and archives other than zip and tar are not read"
    )


def _roots(folders: Sequence[Path]) -> list[Path]:
    """Return folders with whole paths, without those that lie in another."""
    for number, folder in enumerate(folders, start=1):
        try:
            folder.stat()
        except OSError as error:
            called = f"folder {number} of {len(folders)}"
            raise DicomError(f"{called}: cannot be read ({error.strerror})", code="file_unreadable") from None
    whole = sorted({folder.resolve(): folder.absolute() for folder in folders}.items())
    return [path for real, path in whole if not any(other in real.parents for other, _ in whole)]


def _smallest_path(described: Described, findings: Findings) -> Path:
    """Return the smallest path that holds a series: its only file if its folder holds others, else the folder."""
    folders = list(described.source.folders) or [described.source.root]
    if folders == [described.source.root] and not described.source.root.is_dir():
        return described.source.root
    common = Path(os.path.commonpath(folders))
    image: Image | None = described.source.images[0] if described.source.files == 1 else None
    if image is not None and image.path is not None and described.source.objects > 1:
        return image.path
    if image is not None and image.path is not None and len(_neighbours(common, described.source.root, findings)) > 1:
        return image.path
    return common


def _neighbours(path: Path, root: Path, findings: Findings) -> list[str]:
    """Return the series with images below a path."""
    return [
        uid
        for (other_root, uid), series in findings.series.items()
        if other_root == root and any(_holds(path, folder) for folder in series.folders)
    ]


def _holds(folder: Path, path: Path) -> bool:
    return folder == path or folder in path.parents


def _with_neighbours(described: Described, path: Path, findings: Findings) -> Described:
    """Return a series, refused if another file below its path may be a slice of it."""
    if not described.usable:
        return described
    reason = described.refused
    if not usable_path(str(path)):
        needed = "its path holds { } < > or characters no table can hold, or begins with ~ or -; rename its folder"
        return replace(described, refused=Refused("path_unusable", needed))
    blocking = [
        t.code for t in findings.troubles if t.blocks and t.root == described.source.root and _holds(path, t.path)
    ]
    if blocking:
        code, _ = Counter(blocking).most_common(1)[0]
        files = "1 file" if len(blocking) == 1 else f"{len(blocking)} files"
        reason = Refused(
            code, f"{files} in its folder or archive cannot be read and may be slices of it; move them away"
        )
    elif findings.holds_link(path):
        reason = Refused(LINK, "a link to a folder lies in its folder and is not followed; put the folder itself there")
    elif described.source.uid and path.is_dir() and "" in _neighbours(path, described.source.root, findings):
        reason = Refused("mixed_series", "images without SeriesInstanceUID lie in its folder; move them away")
    return replace(described, refused=reason)


def _named(placed: Sequence[tuple[Described, Path]], findings: Findings) -> list[bool]:
    """Return which series must be named: those whose path holds another, and scans whose paths are nested."""
    scans = [path for described, path in placed if described.usable]
    times = Counter(scans)
    inner = {path for path in times for parent in path.parents if parent in times}
    outer = {parent for path in times for parent in path.parents if parent in times}
    return [
        bool(described.code)
        and (
            times[path] > 1
            or path in inner | outer
            or (_is_shared(path, described.source.root) and len(_neighbours(path, described.source.root, findings)) > 1)
        )
        for described, path in placed
    ]


def _is_shared(path: Path, root: Path) -> bool:
    """Return whether a path can hold several series: a folder or an archive."""
    return path == root or path.is_dir()


def _note_twins(series: Sequence[Described], suggestions: Sequence[Suggestion]) -> None:
    """Note series that were found in several places, whole or in parts, and those of several scans."""
    roots: defaultdict[str, set[Path]] = defaultdict(set)
    for described in series:
        roots[described.code].add(described.source.root)
    for described, suggestion in zip(series, suggestions, strict=True):
        if described.source.objects > 1:
            suggestion.notes.append(
                f"its series holds {described.source.objects} volumes, each of which is listed by its file"
            )
        if described.code and len(roots[described.code]) > 1:
            suggestion.notes.append(f"series found in {len(roots[described.code])} places")
            suggestion.session = None


def _order(entry: Entry) -> tuple[object, ...]:
    person, day = entry.suggestion.participant or "", entry.series.person.day
    last = (day is None, day or 0.0, entry.series.code, str(entry.path))
    return (not entry.series.kind, person == "", len(person), person, *last)
