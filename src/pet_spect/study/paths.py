"""Paths of scans: those that a table can hold, and none that two scans share by mistake."""

from __future__ import annotations

import os
import re
import shlex
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from pet_spect.files import is_nifti
from pet_spect.study.rows import TableRow

NEEDED_NAME = "a file name without control characters or blanks at its ends"
"""What `usable_name` asks for."""

_SERIES = re.compile("[0-9a-f]{8}")
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_LONGEST = 4096

NEEDED_PATH = "a path without { } < >, control characters or blanks at its ends, which begins with neither ~ nor -"
"""What `usable_path` asks for. Snakemake takes ``{x}`` for a wildcard and ``<results>`` for a name of its own."""


def usable_path(text: str) -> bool:
    """Return whether a table can hold a path and the workflow will take it for nothing but a path.

    Examples
    --------
    >>> usable_path("/data/it's [here]*"), usable_path("/data/{1}"), usable_path("<results>/1"), usable_path("/data/1 ")
    (True, False, False, False)
    >>> usable_path("~/data"), usable_path("./-x")
    (False, False)
    """
    return (
        0 < len(text) <= _LONGEST
        and text == text.strip()
        and not str(PurePath(text)).startswith(("~", "-"))
        and not any(character in "{}<>" or unicodedata.category(character) in _UNSEEN for character in text)
    )


def usable_name(path: PurePath) -> bool:
    """Return whether the name of a file can be a cell of a table, and its path can be printed.

    Examples
    --------
    >>> usable_name(PurePath("config/a b.tsv")), usable_name(PurePath("config/ a.tsv"))
    (True, False)
    """
    name = path.name
    seen = not any(unicodedata.category(character) in _UNSEEN for character in name)
    return bool(name) and name == name.strip() and seen and not any("\ud800" <= each <= "\udfff" for each in str(path))


def needed_path(text: str) -> str:
    """Return what is needed instead of a path that is not usable, with a hint where its writer meant the home folder.

    Examples
    --------
    >>> needed_path("~/data").removeprefix(NEEDED_PATH)
    ' (~ is not read as the home folder; write that folder out)'
    """
    return NEEDED_PATH + (" (~ is not read as the home folder; write that folder out)" if text.startswith("~") else "")


def absence(path: Path) -> str:
    """Return how to correct a path that does not exist.

    Examples
    --------
    >>> absence(Path("dicom/01"))
    'dicom/01 does not exist, relative to the working directory; correct the path'
    >>> absence(Path("'/data/01'"))
    "'/data/01' does not exist, relative to the working directory; write the path without quotes"
    >>> absence(Path("/$DATA/01"))
    '/$DATA/01 does not exist; variables are not replaced; write out what the variable stands for'
    """
    text = str(path)
    if os.path.isdir(text):  # noqa: PTH112
        return f"{text} is a folder; name the file in it"
    relative = "" if path.is_absolute() else ", relative to the working directory"
    return f"{text} does not exist{relative}; {_way_out(text)}"


def _way_out(text: str) -> str:
    """Return how to correct a path that does not exist, by what its writer probably meant."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return "write the path without quotes"
    if re.match(r"[A-Za-z]:[\\/]|\\\\", text):
        return "it is a path of Windows; write the path that this computer has for it, such as /mnt/c/data"
    if re.match("[a-z]+:/", text):
        return "it is a web address; copy the scan to a folder and write the path of that folder"
    if re.search(r"\$\w|\$\{|%\w+%", text):
        return "variables are not replaced; write out what the variable stands for"
    if "*" in text or "?" in text:
        return "* and ? do not stand for other letters; write the path of the folder"
    other = text.removesuffix(".gz") if text.endswith(".nii.gz") else f"{text}.gz"
    if is_nifti(Path(text)) and os.path.isfile(other):  # noqa: PTH113
        return f"did you mean {other}?"
    return "correct the path"


def colliding(names: Iterable[str]) -> tuple[str, str] | None:
    """Return the first two names whose files would be the same where a file system ignores case.

    Examples
    --------
    >>> colliding(["baseline", "year1", "Baseline"])
    ('baseline', 'Baseline')
    """
    spelt: dict[str, str] = {}
    for name in names:
        earlier = spelt.setdefault(name.casefold(), name)
        if earlier != name:
            return earlier, name
    return None


def check_there(line: TableRow, column: str, *, as_file: bool = False) -> None:
    """Note in a row that its path does not exist, or was changed in the future.

    Snakemake refuses what was made from a file that is younger, after the work is done, and would do so again in each
    run until that time has come.

    Parameters
    ----------
    line : TableRow
    column : str
    as_file : bool, default False
        Whether it must be a file.
    """
    text = line.text(column)
    if text is None or line.is_wrong(column):
        return
    is_there = os.path.isfile if as_file else os.path.exists  # Path.exists fails on a name that is too long
    if not is_there(text):
        line.refuse(absence(Path(text)), column)
    elif (changed := os.stat(text).st_mtime) > time.time():  # noqa: PTH116
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(changed))
        line.refuse(
            f"{text} has a date in the future ({when}), from a computer whose clock is wrong; type:"
            f" touch {shlex.quote(text)}",
            column,
        )


def check_outside(lines: Iterable[TableRow], column: str, results: Path) -> None:
    """Note in rows without mistakes that a path lies in the folder that the workflow writes, or holds that folder.

    Parameters
    ----------
    lines : iterable of TableRow
    column : str
    results : Path
        The folder that the workflow writes.
    """
    written = os.path.join(os.path.realpath(results), "")  # noqa: PTH118
    for line in lines:
        text = line.text(column)
        if text is None or line.mistakes:
            continue
        place = os.path.join(os.path.realpath(text), "")  # noqa: PTH118
        which = f"{results}/, which the workflow writes"
        if place.startswith(written):
            line.refuse(f"{text} lies in {which}; move the scan to another folder", column)
        elif written.startswith(place):
            line.refuse(f"{text} holds {which}; move the scan to its own folder", column)


def path_or_none(line: TableRow, column: str) -> Path | None:
    """Return a path of a table, None if there is none or the workflow would take it for something else."""
    text = line.text(column)
    if text is not None and not usable_path(text):
        line.wrong(column, needed_path(text))
        return None
    return None if text is None else Path(text)


def series_or_none(line: TableRow, path: Path | None, column: str = "series") -> str | None:
    """Return the code of a series that lies with others in one place, None if none is named.

    Parameters
    ----------
    line : TableRow
    path : Path or None
        The place; None if it is not known.
    column : str
        Where the code stands.
    """
    series = (line.text(column) or "").lower() or None
    if series is not None and not _SERIES.fullmatch(series):
        line.wrong(column, "the 8 hexadecimal digits that pet-spect index gives a series")
    elif series is not None and path is not None and is_nifti(path):
        line.wrong(column, "n/a, because a NIfTI image is one scan")
    return series


@dataclass
class DistinctPaths:
    """Where the scans of earlier lines lie, to find a scan that is listed as two.

    Scans whose series are named and differ may share a place.

    Attributes
    ----------
    column : str
        Of the table, that holds the places.
    """

    column: str = "path"
    listed: dict[Path, dict[str | None, int]] = field(default_factory=dict)
    holding: dict[Path, dict[str | None, int]] = field(default_factory=dict)
    spelt: dict[str, Path] = field(default_factory=dict)

    def take(self, line: TableRow, path: Path, series: str | None) -> None:
        """Take the place of a line's scan, or note that an earlier line has it, lies in it or holds it."""
        place, *folders = map(self._as_spelt_before, _with_parents(Path(os.path.realpath(path))))
        for how, lines in (
            ("is the path", self.listed.get(place)),
            *(("lies inside that", self.listed.get(folder)) for folder in folders),
            ("holds that", self.holding.get(place)),
        ):
            earlier = _line_of(lines or {}, series)
            if earlier is not None:
                line.refuse(
                    f"{self.column} {path} {how} of line {earlier}; each scan needs its own, or both lines a series"
                )
                return
        self.listed.setdefault(place, {})[series] = line.number
        for folder in folders:
            self.holding.setdefault(folder, {})[series] = line.number

    def _as_spelt_before(self, place: Path) -> Path:
        """Return a place as an earlier line spells it, where the file system ignores case or how accents are stored."""
        earlier = self.spelt.setdefault(unicodedata.normalize("NFC", str(place)).casefold(), place)
        try:
            return earlier if earlier == place or earlier.samefile(place) else place
        except OSError:
            return place


def _with_parents(place: Path) -> list[Path]:
    return [place, *place.parents]


def _line_of(lines: dict[str | None, int], series: str | None) -> int | None:
    """Return an earlier line whose scan may be that of `series`."""
    return next(iter(lines.values()), None) if series is None else lines.get(series, lines.get(None))
