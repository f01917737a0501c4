"""Where scans lie: paths that a table can hold, and places that no two scans share by mistake."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from pet_spect.errors import TableError
from pet_spect.lines import Line

_SERIES = re.compile("[0-9a-f]{8}")
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def usable_path(text: str) -> bool:
    """Return whether a table can hold a path and the workflow will not take it for a pattern.

    Examples
    --------
    >>> usable_path("/data/it's here"), usable_path("/data/{1}"), usable_path("/data/1 ")
    (True, False, False)
    """
    return text == text.strip() and not any(
        character in "{}" or unicodedata.category(character) in _UNSEEN for character in text
    )


def path_or_none(line: Line, column: str) -> Path | None:
    """Return a path of a table, None if there is none.

    Raises
    ------
    TableError
        If it holds anything that the workflow would read as a pattern or a table as its end.
    """
    text = line.text(column)
    if text is None:
        return None
    if not usable_path(text):
        raise line.wrong(column, "a path without { } and without control characters")
    return Path(text)


def series_or_none(line: Line, path: Path, column: str = "series") -> str | None:
    """Return the code of a series that lies with others in one place, None if none is named.

    Parameters
    ----------
    line : Line
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
    if series is not None and path.name.endswith((".nii", ".nii.gz")):
        raise line.wrong(column, "n/a, for a NIfTI image is one scan")
    return series


@dataclass
class Places:
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

    def take(self, line: Line, path: Path, series: str | None) -> None:
        """Take the place of a line's scan, or raise if an earlier line has it, lies in it or holds it."""
        place = Path(os.path.realpath(path))
        for how, lines in (
            ("is the path", self.listed.get(place)),
            *(("lies inside that", self.listed.get(folder)) for folder in place.parents),
            ("holds that", self.holding.get(place)),
        ):
            earlier = _line_of(lines or {}, series)
            if earlier is not None:
                raise TableError(
                    f"{line.path}: line {line.number}: {self.column} {path} {how} of line {earlier};"
                    " each scan needs its own, or both lines a series"
                )
        self.listed.setdefault(place, {})[series] = line.number
        for folder in place.parents:
            self.holding.setdefault(folder, {})[series] = line.number


def _line_of(lines: dict[str | None, int], series: str | None) -> int | None:
    """Return an earlier line whose scan may be that of `series`."""
    return next(iter(lines.values()), None) if series is None else lines.get(series, lines.get(None))
