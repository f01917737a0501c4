"""Survey of a folder of DICOM files: every series, whether it can be converted, and whose scan it may be."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pet_spect.dicom.index.assignment import Suggestion, suggest
from pet_spect.dicom.index.findings import LINK, Found, Image, Trouble
from pet_spect.dicom.index.series_summary import Described, Refused, describe
from pet_spect.dicom.index.walk import Progress, look
from pet_spect.errors import DicomError
from pet_spect.study.paths import usable_path


@dataclass(frozen=True)
class Entry:
    """One series with the place by which convert is to find it.

    Attributes
    ----------
    series : Described
    place : Path
        A folder, a file or an archive.
    named : bool
        Whether the series must be named beside the place, which holds others too.
    suggestion : Suggestion
    """

    series: Described
    place: Path
    named: bool
    suggestion: Suggestion


@dataclass(frozen=True)
class Index:
    """What was found.

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


def index(folders: Sequence[Path], progress: Progress = lambda done, total: None) -> Index:
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
    found = look(_roots(folders), progress)
    if not found.series:
        raise DicomError(f"no DICOM image found, {found.looked_at} files looked at", code="no_image")
    described = [describe(scan) for series in found.series.values() for scan in series.scans()]
    places = {id(one): _place(one, found) for one in described}
    described_placed = [(_with_neighbours(one, places[id(one)], found), places[id(one)]) for one in described]
    suggestions = suggest([one for one, _ in described_placed])
    _tell_twins([one for one, _ in described_placed], suggestions)
    named = _named(described_placed, found)
    entries = [
        Entry(one, place, name, suggestion)
        for (one, place), name, suggestion in zip(described_placed, named, suggestions, strict=True)
    ]
    troubles = sorted(found.troubles, key=lambda trouble: (str(trouble.path), trouble.code))
    return Index(sorted(entries, key=_order), troubles, found.looked_at, found.passed_over)


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


def _place(one: Described, found: Found) -> Path:
    """Return the smallest place that holds a series: its only file where others lie beside it, else a folder."""
    folders = list(one.found.folders) or [one.found.root]
    if folders == [one.found.root] and not one.found.root.is_dir():
        return one.found.root
    common = Path(os.path.commonpath(folders))
    image: Image | None = one.found.images[0] if one.found.files == 1 else None
    if image is not None and image.path is not None and one.found.objects > 1:
        return image.path
    if image is not None and image.path is not None and len(_neighbours(common, one.found.root, found)) > 1:
        return image.path
    return common


def _neighbours(place: Path, root: Path, found: Found) -> list[str]:
    """Return the series with images in a place."""
    return [
        uid
        for (other_root, uid), series in found.series.items()
        if other_root == root and any(_holds(place, folder) for folder in series.folders)
    ]


def _holds(place: Path, path: Path) -> bool:
    return place == path or place in path.parents


def _with_neighbours(one: Described, place: Path, found: Found) -> Described:
    """Return a series refused if something in its place may be a slice of it."""
    if not one.usable:
        return one
    reason = one.refused
    if not usable_path(str(place)):
        needed = "its path holds { } < > or characters no table can hold, or begins with ~ or -; rename its folder"
        return replace(one, refused=Refused("path_unusable", needed))
    blocking = [t.code for t in found.troubles if t.blocks and t.root == one.found.root and _holds(place, t.path)]
    if blocking:
        code, _ = Counter(blocking).most_common(1)[0]
        files = "1 file" if len(blocking) == 1 else f"{len(blocking)} files"
        reason = Refused(code, f"{files} in its place cannot be read and may be slices of it; move them away")
    elif found.holds_link(place):
        reason = Refused(LINK, "a link to a folder lies in its place and is not followed; put the folder itself there")
    elif one.found.uid and place.is_dir() and "" in _neighbours(place, one.found.root, found):
        reason = Refused("mixed_series", "images without SeriesInstanceUID lie in its place; move them away")
    return replace(one, refused=reason)


def _named(placed: Sequence[tuple[Described, Path]], found: Found) -> list[bool]:
    """Return which series must be named: those whose place holds another, and scans whose places are nested."""
    scans = [place for one, place in placed if one.usable]
    times = Counter(scans)
    inner = {place for place in times for parent in place.parents if parent in times}
    outer = {parent for place in times for parent in place.parents if parent in times}
    return [
        bool(one.code)
        and (
            times[place] > 1
            or place in inner | outer
            or (_is_shared(place, one.found.root) and len(_neighbours(place, one.found.root, found)) > 1)
        )
        for one, place in placed
    ]


def _is_shared(place: Path, root: Path) -> bool:
    """Return whether a place can hold several series: a folder or an archive."""
    return place == root or place.is_dir()


def _tell_twins(series: Sequence[Described], suggestions: Sequence[Suggestion]) -> None:
    """Note series that were found in several places, whole or in parts, and those of several scans."""
    places: defaultdict[str, set[Path]] = defaultdict(set)
    for one in series:
        places[one.code].add(one.found.root)
    for one, suggestion in zip(series, suggestions, strict=True):
        if one.found.objects > 1:
            suggestion.notes.append(
                f"its series holds {one.found.objects} volumes, each of which is listed by its file"
            )
        if one.code and len(places[one.code]) > 1:
            suggestion.notes.append(f"series found in {len(places[one.code])} places")
            suggestion.session = None


def _order(entry: Entry) -> tuple[object, ...]:
    person, day = entry.suggestion.participant or "", entry.series.person.day
    last = (day is None, day or 0.0, entry.series.code, str(entry.place))
    return (not entry.series.kind, person == "", len(person), person, *last)
