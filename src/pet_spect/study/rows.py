"""Tables whose rows know where they stand and collect the mistakes that are found in them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from pet_spect.errors import MOST_MISTAKES, Mistake, StudyError, TableError, listed, shown, without_place
from pet_spect.tsv import MISSING, MOST_TYPED_BYTES, Row, header_mistakes, parse_float, read_lines

Suggestions = dict[tuple[str, str], str]
"""Column and value to the known value that it resembles; of a whole table, since each takes long to find."""


@dataclass(frozen=True)
class TableRow:
    """A row that knows where it stands and collects its mistakes, one for each column.

    Every method returns what the row holds even if that is a mistake, so that the rest of the row is checked, too.

    Attributes
    ----------
    path : Path
    number : int
        Line of the file, the header being 1.
    row : dict
        Column to text.
    mistakes : list of Mistake
        Those found so far.
    """

    path: Path
    number: int
    row: Row
    mistakes: list[Mistake] = field(default_factory=list)
    _suggestions: Suggestions = field(default_factory=dict)

    def is_wrong(self, column: str) -> bool:
        """Return whether a mistake was found in a column."""
        return any(mistake.column == column for mistake in self.mistakes)

    def refuse(self, message: str, column: str | None = None) -> None:
        """Note a mistake, unless the column has one already."""
        if column is None or not self.is_wrong(column):
            self.mistakes.append(Mistake(str(self.path), self.number, column, message))

    def wrong(self, column: str, needed: str) -> None:
        """Note that a column does not hold what is needed."""
        self.refuse(f"found {shown(self.row.get(column, ''))}, needed {needed}", column)

    def text(self, column: str) -> str | None:
        """Return the value, None if there is none."""
        value = self.row.get(column, "")
        return None if value in ("", MISSING) else value

    def needed_text(self, column: str) -> str:
        """Return the value, which must be there."""
        value = self.text(column)
        if value is None:
            self.wrong(column, "a value")
        return value or ""

    def number_or_none(self, column: str) -> float | None:
        """Return the value as a finite number, None if there is none."""
        try:
            value = parse_float(self.row.get(column, ""))
        except ValueError:
            value = math.inf
        if math.isinf(value):
            self.wrong(column, "a number such as 72.5, with a point and without a unit, or n/a")
        return value if math.isfinite(value) else None

    def one_of(self, column: str, choices: Collection[str]) -> str:
        """Return the value, which must be spelt exactly like one of `choices`."""
        value = self.row.get(column, "")
        if value not in choices:
            meant = self.suggestion(column, choices)
            self.wrong(column, listed(choices, joined=" or ") + meant + _look_alike(value))
        return value

    def identifier(self, column: str, needed: str) -> str:
        """Return the value, which must be of plain letters, digits and ``-``."""
        value = self.needed_text(column)
        strange = _look_alike(value)
        if strange:
            self.wrong(column, needed + strange)
        return value

    def suggestion(self, column: str, choices: Collection[str], *, likeness: float = 0.6) -> str:
        """Return in words which choice a value resembles, in any capitals; empty where none, or after many of them."""
        value = self.row.get(column, "")
        if (column, value) not in self._suggestions:
            if len(self._suggestions) >= MOST_MISTAKES:
                return ""
            spelt = {choice.lower(): choice for choice in reversed(list(choices))}
            near = get_close_matches(value.lower(), spelt, n=1, cutoff=likeness)
            self._suggestions[column, value] = f" (did you mean {spelt[near[0]]!r}?)" if near else ""
        return self._suggestions[column, value]


def as_participant(text: str) -> str | None:
    """Return a participant's name as it must be spelled, where its letters and digits make one.

    Examples
    --------
    >>> as_participant("STRK-001"), as_participant("SUB_01"), as_participant("sub-"), as_participant("M\u00fcller")
    ('sub-STRK001', 'sub-01', None, None)
    """
    plain = re.sub("[-_. ]", "", re.sub("^sub[-_. ]+", "", text, flags=re.IGNORECASE))
    return f"sub-{plain}" if plain.isascii() and plain.isalnum() else None


def known_participant(line: TableRow, participants: Collection[str] | None) -> str:
    """Return the participant of a row, who must be in participants.tsv.

    Parameters
    ----------
    line : TableRow
    participants : collection of str or None
        Those that participants.tsv lists; None if that is not known, so that any may be there.
    """
    identity = line.identifier("participant_id", "somebody participants.tsv lists")
    if participants is not None and identity not in participants and not line.is_wrong("participant_id"):
        spelled = as_participant(identity)
        meant = f" (did you mean {spelled!r}?)" if spelled in participants else ""
        meant = meant or line.suggestion("participant_id", participants, likeness=0.9)
        line.wrong("participant_id", f"somebody participants.tsv lists{meant}")
    return identity


def _look_alike(text: str) -> str:
    """Return which character of a name only looks like one of A to Z, a to z, 0 to 9."""
    strange = next((character for character in text if not character.isascii()), None)
    return "" if strange is None else f" (U+{ord(strange):04X} is no plain letter or digit, even if it looks like one)"


def note_repeated(line: TableRow, name: str, earlier: dict[str, tuple[str, int]]) -> None:
    """Note that an earlier line has a name, in the same or in other capitals: their files may be the same.

    Parameters
    ----------
    line : TableRow
    name : str
    earlier : dict
        The names of the lines before and their lines, by name without capitals; the line's own is added.
    """
    other, number = earlier.setdefault(name.casefold(), (name, line.number))
    if number == line.number:
        return
    if other == name:
        line.refuse(f"{name} is a duplicate of line {number}")
    else:
        line.refuse(
            f"{name} and {other} of line {number} differ only in capitals, so their files could overwrite each other;"
            " rename one"
        )


@dataclass(frozen=True)
class Table:
    """A table of the study.

    Attributes
    ----------
    path : Path
    rows : list of TableRow
        Those that have a value for each column; none if the columns are not certain.
    file_mistakes : list of Mistake
        Those of the file, its header and the rows that are not in `rows`.
    """

    path: Path
    rows: list[TableRow]
    file_mistakes: list[Mistake]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was filled in yet."""
        return not self.rows and not self.file_mistakes

    @property
    def mistakes(self) -> list[Mistake]:
        """All that were found, in the order of the lines."""
        mistakes = [*self.file_mistakes, *(mistake for row in self.rows for mistake in row.mistakes)]
        return sorted(mistakes, key=lambda mistake: mistake.line or 0)

    def check(self) -> None:
        """Raise a `StudyError` if any mistake was found."""
        if mistakes := self.mistakes:
            raise StudyError(mistakes)


def open_table(path: Path, columns: Sequence[str], *, required: int) -> Table:
    """Read a table; mistakes are in what is returned.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        The columns that may be there.
    required : int
        How many of them, from the first, must be there.
    """
    try:
        header, lines = read_lines(path, most_bytes=MOST_TYPED_BYTES)
    except TableError as error:
        return Table(path, [], [Mistake(str(path), None, None, without_place(error, path))])
    needed = columns[:required]
    mistakes = [Mistake(str(path), None, None, message) for message in header_mistakes(header, needed, columns)]
    if not set(needed) <= set(header) or len(set(header)) < len(header):
        return Table(path, [], mistakes)
    rows = []
    suggestions: Suggestions = {}
    for number, values in lines:
        if len(values) == len(header):
            rows.append(TableRow(path, number, dict(zip(header, values, strict=True)), [], suggestions))
        else:
            message = f"found {len(values)} values, needed {len(header)}, as many as the header names columns"
            mistakes.append(Mistake(str(path), number, None, f"{message} (columns are separated by tabs)"))
    return Table(path, rows, mistakes)
