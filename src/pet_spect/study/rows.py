"""Rows of a table that know where they stand, so that an error can name the line."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pet_spect.errors import TableError, listed, shown
from pet_spect.tsv import MISSING, MOST_TYPED_BYTES, Row, parse_float, read_table


@dataclass(frozen=True)
class TableRow:
    """A row that knows where it stands, so that its errors can say so.

    Attributes
    ----------
    path : Path
    number : int
        Line of the file, the header being 1.
    row : dict
        Column to text.
    """

    path: Path
    number: int
    row: Row

    def wrong(self, column: str, needed: str) -> TableError:
        """Return the error that a column does not hold what is needed."""
        found = self.row.get(column, "")
        return TableError(f"{self.path}: line {self.number}, {column}: found {shown(found)}, needed {needed}")

    def text(self, column: str) -> str | None:
        """Return the value, None if there is none."""
        value = self.row.get(column, "")
        return None if value in ("", MISSING) else value

    def needed_text(self, column: str) -> str:
        """Return the value, which must be there."""
        value = self.text(column)
        if value is None:
            raise self.wrong(column, "a value")
        return value

    def number_or_none(self, column: str) -> float | None:
        """Return the value as a finite number, None if there is none."""
        try:
            value = parse_float(self.row.get(column, ""))
        except ValueError:
            raise self.wrong(column, "a finite decimal number") from None
        if math.isinf(value):
            raise self.wrong(column, "a finite decimal number")
        return None if math.isnan(value) else value

    def one_of(self, column: str, choices: Collection[str]) -> str:
        """Return the value, which must be spelt exactly like one of `choices`."""
        value = self.row.get(column, "")
        if value in choices:
            return value
        near = get_close_matches(value.lower(), [choice.lower() for choice in choices], n=1)
        meant = next((f" (did you mean {choice!r}?)" for choice in choices if choice.lower() in near), "")
        raise self.wrong(column, listed(choices, joined=" or ") + meant + _look_alike(value))

    def identifier(self, column: str, needed: str) -> str:
        """Return the value, which must be of plain letters, digits and ``-``; the rest is told of in words."""
        value = self.needed_text(column)
        strange = _look_alike(value)
        if strange:
            raise self.wrong(column, needed + strange)
        return value


def _look_alike(text: str) -> str:
    """Return which character of a name is none of A to Z, a to z, 0 to 9, where no eye could tell."""
    strange = next((one for one in text if not one.isascii()), None)
    return "" if strange is None else f" (U+{ord(strange):04X} is no plain letter or digit, even if it looks like one)"


def read_rows(path: Path, columns: Sequence[str], *, required: int) -> list[TableRow]:
    """Read a table's rows with their line numbers.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        The columns that may be there.
    required : int
        How many of them, from the first, must be there.

    Raises
    ------
    TableError
        See `pet_spect.tsv.read_table`.
    """
    rows = read_table(path, required=columns[:required], allowed=columns, most_bytes=MOST_TYPED_BYTES)
    text = path.read_text(encoding="utf-8-sig").splitlines()
    numbers = [number for number, line in enumerate(text, start=1) if line.strip()][1:]
    return [TableRow(path, number, row) for number, row in zip(numbers, rows, strict=True)]
