"""An Excel workbook of result tables: one sheet per table, and one that says what every column means."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import clear_frames
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pet_spect.files import whole_file
from pet_spect.results.tables.table_files import TableFile
from pet_spect.tsv import inert, parse_float

MOST_ROWS = 1_048_576
"""Rows of a sheet, its header included; a longer table goes on in a further sheet."""

_MOST_CHARACTERS, _CUT = 32_767, " ... (cut here; the results folder holds all of it)"
_MOST_NAME = 31
_DATE = datetime(2000, 1, 1)
"""Said to be the date of every workbook, so that equal tables give equal bytes."""

_NARROW, _WIDE = 10, 60
_DICTIONARY = "dictionary"
_DICTIONARY_COLUMNS = ("table", "column", "description", "units", "levels", "further")
_OWN_COLUMNS = ("Description", "Units", "Levels")

Value = str | float | bool


def write_workbook(path: Path, tables: Sequence[TableFile], *, most_rows: int = MOST_ROWS) -> dict[str, list[str]]:
    """Write tables as the sheets of a workbook, row by row.

    A column whose dictionary entry has ``Units`` holds numbers, one whose ``Levels`` are true and false holds booleans.
    What is missing stays the text ``n/a``, which Excel's functions pass over: an empty cell would count as 0 in a sum
    with ``+``. All other values are texts, never formulas.

    Parameters
    ----------
    path : Path
        The ``.xlsx``. Its bytes depend on the tables alone.
    tables : sequence of TableFile
    most_rows : int
        Of a sheet, its header included.

    Returns
    -------
    dict of str to list of str
        The sheets of each table, in order.

    Raises
    ------
    TableError
        If a table cannot be read.
    OSError
        If the workbook cannot be written.
    """
    with whole_file(path) as partial:
        content = BytesIO()  # a file on a full disk would fail once more when XlsxWriter throws it away
        sheets = _fill(content, tables, most_rows)
        partial.write_bytes(content.getbuffer())
    return sheets


def _fill(content: BytesIO, tables: Sequence[TableFile], most_rows: int) -> dict[str, list[str]]:
    """Write the workbook into `content`; its rows wait in files of a temporary folder until all are there."""
    sheets: dict[str, list[str]] = {}
    with TemporaryDirectory() as folder:
        try:
            with Workbook(content, {"constant_memory": True, "tmpdir": folder}) as workbook:
                workbook.set_properties({"created": _DATE})
                book = _Book(workbook, most_rows)
                for table in tables:
                    widths = [_width(name, entry) for name, entry in table.columns.items()]
                    sheets[table.name] = book.add(table.name, list(table.columns), widths, _typed_rows(table))
                widths = [_NARROW * 2, _NARROW * 2, _WIDE, _NARROW * 2, _WIDE, _WIDE]
                book.add(_DICTIONARY, _DICTIONARY_COLUMNS, widths, _dictionary_rows(tables), wrapped=True)
        except (OSError, FileCreateError) as error:
            fault = error if isinstance(error, OSError) else error.args[0]
            clear_frames(fault.__traceback__)  # XlsxWriter's ZipFile ends here, as long as `content` is open
            raise OSError(fault.errno, fault.strerror, fault.filename or folder) from None
    return sheets


class _Book:
    """A workbook that grows by sheets of different names."""

    def __init__(self, workbook: Workbook, most_rows: int) -> None:
        self._workbook = workbook
        self._most_rows = most_rows
        self._names: set[str] = set()
        self._bold = workbook.add_format({"bold": True})
        self._wrap = workbook.add_format({"text_wrap": True, "valign": "top"})

    def add(
        self,
        name: str,
        header: Sequence[str],
        widths: Sequence[int],
        rows: Iterable[Sequence[Value]],
        *,
        wrapped: bool = False,
    ) -> list[str]:
        """Add a table; return the names of its sheets, more than one if it is too long for one."""
        style = self._wrap if wrapped else None
        sheet = self._sheet(name, header, widths)
        names, place = [sheet.get_name()], 0
        for row in rows:
            place += 1
            if place == self._most_rows:
                sheet, place = self._sheet(name, header, widths), 1
                names.append(sheet.get_name())
            for column, value in enumerate(row):
                _write(sheet, place, column, value, style)
        return names

    def _sheet(self, name: str, header: Sequence[str], widths: Sequence[int]) -> Worksheet:
        sheet = self._workbook.add_worksheet(sheet_name(name, self._names))
        self._names.add(sheet.get_name())
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(header):
            _write(sheet, 0, column, heading, self._bold)
        return sheet


def _write(sheet: Worksheet, row: int, column: int, value: Value, style: Format | None) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, plain_text(value), style)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value, style)
    else:
        sheet.write_number(row, column, value, style)


def plain_text(text: str) -> str:
    """Return a text that a cell can hold, and that neither Excel nor XlsxWriter takes for anything but a text.

    XlsxWriter writes what begins with ``<r>`` and ends with ``</r>`` into the file as it is.

    Examples
    --------
    >>> plain_text("=1+1"), plain_text("<r>1</r>"), plain_text("-1.5"), plain_text("left")
    ("'=1+1", "'<r>1</r>", '-1.5', 'left')
    """
    text = inert(text)
    if text.startswith("<r>"):
        text = f"'{text}"
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - len(_CUT)] + _CUT


def sheet_name(name: str, taken: Collection[str]) -> str:
    """Return a name that Excel takes for a sheet: at most 31 characters, other than all others whatever their case.

    Examples
    --------
    >>> sheet_name("uptake", []), sheet_name("Uptake", ["uptake"]), sheet_name("a/b", []), sheet_name("history", [])
    ('uptake', 'Uptake (2)', 'a_b', 'history_')
    """
    name = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", name).strip("' ") or "table"
    name = f"{name}_" if name.lower() == "history" else name
    lower = {other.lower() for other in taken}
    candidate, number = name[:_MOST_NAME], 1
    while candidate.lower() in lower:
        number += 1
        ending = f" ({number})"
        candidate = name[: _MOST_NAME - len(ending)] + ending
    return candidate


def _typed_rows(table: TableFile) -> Iterator[list[Value]]:
    kinds = [_kind(entry) for entry in table.columns.values()]
    for row in table.rows():
        yield [typed(text, kind) for text, kind in zip(row, kinds, strict=True)]


def _kind(entry: Mapping[str, Any]) -> type[Value]:
    if "Units" in entry:
        return float
    levels = entry.get("Levels")
    return bool if isinstance(levels, dict) and levels.keys() == {"true", "false"} else str


def typed(text: str, kind: type[Value]) -> Value:
    """Return the value of a cell: a number or a boolean where the column holds such, else the text.

    Examples
    --------
    >>> [typed(text, float) for text in ("1", "-2.5e-3", "n/a", "1e999")], typed("true", bool), typed("01", str)
    ([1.0, -0.0025, 'n/a', '1e999'], True, '01')
    """
    if kind is bool and text in ("true", "false"):
        return text == "true"
    if kind is float:
        try:
            number = parse_float(text)
        except ValueError:
            return text
        return number if math.isfinite(number) else text
    return text


def _width(name: str, entry: Mapping[str, Any]) -> int:
    return max(_NARROW, len(name) + 2) if _kind(entry) is not str else max(2 * _NARROW, len(name) + 2)


def _dictionary_rows(tables: Iterable[TableFile]) -> Iterator[list[Value]]:
    for table in tables:
        for name, entry in table.columns.items():
            levels = entry.get("Levels", {})
            meanings = [f"{level}: {meaning}" for level, meaning in levels.items()] if isinstance(levels, dict) else []
            further = {key: value for key, value in entry.items() if key not in _OWN_COLUMNS}
            yield [
                table.name,
                name,
                entry["Description"],
                str(entry.get("Units", "")),
                "\n".join(meanings),
                json.dumps(further, ensure_ascii=False) if further else "",
            ]
