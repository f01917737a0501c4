"""Paths of scans: those that a table can hold, and none that two scans share by mistake."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from pet_spect.errors import ConfigError, TableError, listed, shown
from pet_spect.files import is_nifti
from pet_spect.study.rows import TableRow

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


def check_paths(where: str, paths: Mapping[str, str]) -> None:
    """Refuse a path of a configuration that the workflow would take for anything else.

    Parameters
    ----------
    where : str
        The file that names them.
    paths : mapping of str to str
        Key to path.

    Raises
    ------
    ConfigError
        If one is not usable (`usable_path`).
    """
    for key, path in paths.items():
        if not usable_path(path):
            raise ConfigError(f"{where}: {key}: found {shown(path)}, needed {NEEDED_PATH}; rename the place")


def check_there(table: Path, places: Mapping[str, Path], *, as_files: bool = False) -> None:
    """Refuse a table that names what is not there.

    Parameters
    ----------
    table : Path
    places : mapping of str to Path
        Whose place it is, and the place.
    as_files : bool, default False
        Whether each must be a file.

    Raises
    ------
    TableError
        Naming the first places that are not there.
    """
    is_there = os.path.isfile if as_files else os.path.exists  # Path.exists fails on a name that is too long
    absent = [f"{name} {path}" for name, path in places.items() if not is_there(path)]
    if absent:
        raise TableError(
            f"{table}: {listed(absent)} {'does' if len(absent) == 1 else 'do'} not exist; correct the"
            f" path{'' if len(absent) == 1 else 's'} (relative ones start at the folder the workflow runs in)"
        )


def path_or_none(line: TableRow, column: str) -> Path | None:
    """Return a path of a table, None if there is none.

    Raises
    ------
    TableError
        If it holds anything that the workflow would take for something else (`usable_path`).
    """
    text = line.text(column)
    if text is None:
        return None
    if not usable_path(text):
        raise line.wrong(column, NEEDED_PATH)
    return Path(text)


def series_or_none(line: TableRow, path: Path, column: str = "series") -> str | None:
    """Return the code of a series that lies with others in one place, None if none is named.

    Parameters
    ----------
    line : TableRow
    path : Path
        The place.
    column : str
        Where the code stands.

    Raises
    ------
    TableError
        If it is no such code, or `path` is a NIfTI image.
    """
    series = (line.text(column) or "").lower() or None
    if series is not None and not _SERIES.fullmatch(series):
        raise line.wrong(column, "the 8 hexadecimal digits that pet-spect index gives a series")
    if series is not None and is_nifti(path):
        raise line.wrong(column, "n/a, for a NIfTI image is one scan")
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
        """Take the place of a line's scan, or raise if an earlier line has it, lies in it or holds it."""
        place, *folders = map(self._as_spelt_before, _with_parents(Path(os.path.realpath(path))))
        for how, lines in (
            ("is the path", self.listed.get(place)),
            *(("lies inside that", self.listed.get(folder)) for folder in folders),
            ("holds that", self.holding.get(place)),
        ):
            earlier = _line_of(lines or {}, series)
            if earlier is not None:
                raise TableError(
                    f"{line.path}: line {line.number}: {self.column} {path} {how} of line {earlier};"
                    " each scan needs its own, or both lines a series"
                )
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
