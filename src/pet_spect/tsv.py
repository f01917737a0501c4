"""Tab-separated tables: one header line, ``n/a`` for missing, ``true``/``false``, no quoting."""

from __future__ import annotations

import codecs
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from pet_spect.errors import TableError, listed, shown
from pet_spect.files import whole_file, write_json

MISSING = "n/a"

MOST_TYPED_BYTES = 2**22
"""Of a table that a person writes: 4 MiB, which some ten thousand scans fill."""

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How an .xlsx or .ods file begins, and an .xls file."""

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_FORMULA = ("=", "+", "-", "@")

Row = dict[str, str]


def read_table(
    path: Path,
    *,
    required: Sequence[str] = (),
    allowed: Sequence[str] | None = None,
    most_bytes: int | None = None,
) -> list[Row]:
    """Read a table; every value is text, surrounding white space is dropped.

    Parameters
    ----------
    path : Path
    required : sequence of str
        Columns that must be there.
    allowed : sequence of str, optional
        With it, any other column is an error.
    most_bytes : int, optional
        With it, a larger file is an error.

    Returns
    -------
    list of dict
        One dict per row, keys in the order of the header. Empty lines are skipped.

    Raises
    ------
    TableError
        If the file cannot be read, is too large, is a workbook of a spreadsheet, is not Unicode text, lacks a column,
        has one twice or one that is not allowed, or has a row of another length than its header.
    """
    header, lines = read_lines(path, most_bytes=most_bytes)
    mistakes = header_mistakes(header, required, allowed)
    if mistakes:
        raise TableError(f"{path}: {mistakes[0]}")
    for number, values in lines:
        if len(values) != len(header):
            raise TableError(
                f"{path}: line {number} has {len(values)} values, the header names {len(header)} columns"
                " (columns are separated by tabs)"
            )
    return [dict(zip(header, values, strict=True)) for _, values in lines]


def read_lines(path: Path, *, most_bytes: int | None = None) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read the header of a table, and the values of each line that is not empty with the line's number.

    Parameters
    ----------
    path : Path
    most_bytes : int, optional
        With it, a larger file is an error.

    Raises
    ------
    TableError
        If the file cannot be read, is too large, is a workbook of a spreadsheet, or is neither UTF-8 nor UTF-16.
    """
    try:
        if path.exists() and not path.is_file():
            raise TableError(f"{path}: is no file; a tab-separated table is needed", code="table_unreadable")
        if most_bytes is not None and path.stat().st_size > most_bytes:
            raise TableError(
                f"{path}: is of {path.stat().st_size / 2**20:.0f} MiB, at most {most_bytes / 2**20:.0f} are read;"
                " check that it is the table",
                code="table_size",
            )
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"{path}: cannot be read ({error.strerror})", code="table_unreadable") from None
    if content.startswith(_WORKBOOK):
        raise TableError(
            f"{path}: is a workbook of a spreadsheet; save it as tab-delimited text", code="table_workbook"
        )
    try:
        # "Unicode Text" of Excel, its only text with tabs that keeps all letters
        text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise TableError(
            f"{path}: is not UTF-8 text; save it as tab-separated UTF-8 (Excel: as Unicode Text)",
            code="table_encoding",
        ) from None
    rows = [
        (number, [value.strip() for value in line.split("\t")])
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]
    if not rows:
        raise TableError(f"{path}: is empty; the first line must name the columns")
    return rows[0][1], rows[1:]


def header_mistakes(header: Sequence[str], required: Sequence[str], allowed: Sequence[str] | None) -> list[str]:
    """Return what is wrong with the columns of a table; those it needs and has not come before those it may not have.

    Parameters
    ----------
    header : sequence of str
    required : sequence of str
        Columns that must be there.
    allowed : sequence of str or None
        Columns that may be there; None if any may.
    """
    if "" in header:
        return [f"column {header.index('') + 1} of the header has no name (is there a tab too many in its line?)"]
    mistakes = [
        f"duplicate column {shown(name)} in the header; keep one"
        for name, count in sorted(Counter(header).items())
        if count > 1
    ][:1]
    missing = [name for name in required if name not in header]
    separator = next((character for character in ";," if len(header) == 1 and character in header[0]), None)
    if missing and separator is not None:
        return [f"its columns are separated by {separator!r}, tabs are needed; save it as tab-delimited text"]
    if len(missing) > 1 and len(header) == 1 and set(missing) <= set(header[0].split()):
        return ["its columns are separated by blanks, tabs are needed; put one tab between two columns"]
    if missing and set(missing) <= {name.strip("\"'") for name in header}:
        return [f"its columns are named in quotes, such as {header[0]}; save it as tab-delimited text without quotes"]
    if missing:
        absent = listed(map(repr, missing), joined=" and no ")
        mistakes.append(f"no column {absent}; found {listed(map(shown, header))}")
    allowed_names = set(allowed or ())
    unknown = [name for name in header if allowed is not None and name not in allowed_names]
    if unknown:
        near = [name for name in allowed or () if name.casefold() == unknown[0].casefold()]
        near = near or get_close_matches(unknown[0], allowed or (), n=1)
        way_out = f"did you mean {near[0]!r}?" if near else f"known are {listed(allowed or ())}"
        more = f" ({len(unknown) - 1} more are not known)" if len(unknown) > 1 else ""
        mistakes.append(f"column {shown(unknown[0])} is not known; {way_out}{more}")
    return mistakes


def format_value(value: Any) -> str:
    r"""Return a value as a table spells it.

    Examples
    --------
    >>> [format_value(v) for v in (None, float("nan"), True, 3, 1 / 3, "left")]
    ['n/a', 'n/a', 'true', '3', '0.333333333333', 'left']

    Characters that nobody sees, such as those that turn the direction of the text behind them, are left out.

    >>> format_value("good\u202e dab")
    'good dab'
    """
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.12g}" if math.isfinite(value) else MISSING
    text = str(value)
    if not text.isascii():
        text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    return " ".join(text.split()) or MISSING


def inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula or a quoted cell: an apostrophe before one that begins so.

    A spreadsheet drops the quotes of a cell, so that a formula may stand behind them, and looks for the end of a cell
    that begins with a quote in the lines below. A number keeps its sign.

    Examples
    --------
    >>> inert("=1+1"), inert("+see note"), inert("-1.2"), inert("left")
    ("'=1+1", "'+see note", '-1.2', 'left')
    >>> print(inert('"=1+1"'), inert('"moved'), inert('he "moved"'))
    '"=1+1" '"moved he "moved"
    """
    begins = unicodedata.normalize("NFKC", text.lstrip()[:1])
    return f"'{text}" if begins in (*_FORMULA, '"') and not _DECIMAL.fullmatch(text) else text


def parse_float(text: str) -> float:
    """Return the number a table holds, NaN for ``n/a`` or nothing.

    Raises
    ------
    ValueError
        If the text is neither; ``NaN``, ``inf`` and ``1_7``, which Python reads, are not numbers of a table.
    """
    if text in ("", MISSING):
        return math.nan
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a decimal number")
    return float(text)


def write_table(path: Path, columns: Mapping[str, Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a table and its JSON data dictionary beside it.

    Parameters
    ----------
    path : Path
        The ``.tsv``; the dictionary gets the same name with ``.json``.
    columns : mapping
        Column name to its entry in the dictionary (``Description``, ``Units``, ``Levels``),
        in the order of the table.
    rows : iterable of mapping
        Each with exactly the keys of `columns`; see `format_value` and `inert`.
    """
    with table_writer(path, columns) as write:
        write(rows)


@contextmanager
def table_writer(
    path: Path, columns: Mapping[str, Mapping[str, Any]]
) -> Iterator[Callable[[Iterable[Mapping[str, Any]]], None]]:
    """Write a table bit by bit: give what writes rows, as `write_table` writes all of them.

    Nothing is there before the block succeeds.
    """
    with lines_writer(path, columns) as write:
        yield lambda rows: write(_lines(rows, columns))


@contextmanager
def lines_writer(path: Path, columns: Mapping[str, Mapping[str, Any]]) -> Iterator[Callable[[Iterable[str]], None]]:
    """Write a table of lines that are spelled already: give what writes them.

    Nothing is there before the block succeeds.
    """
    with whole_file(path) as partial:
        with partial.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write("\t".join(columns) + "\n")
            yield lambda lines: stream.writelines(f"{line}\n" for line in lines)
        write_json(sidecar_of_table(path), columns)  # first, so that a table that is there is documented


def _lines(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    names = columns.keys()
    for row in rows:
        if row.keys() != names:
            raise ValueError(f"row has columns {sorted(row)}, the table {sorted(columns)}")
        yield "\t".join([_cell(row[name]) for name in names])


def _cell(value: Any) -> str:
    if type(value) is float:
        return f"{value:.12g}" if math.isfinite(value) else MISSING
    return _text_cell(value) if type(value) is str else inert(format_value(value))


@lru_cache(maxsize=2**12)
def _text_cell(text: str) -> str:
    """Return a text as a cell; most are those of many other rows."""
    return inert(format_value(text))


def sidecar_of_table(path: Path) -> Path:
    """Return the path of a table's data dictionary."""
    return path.with_suffix(".json")
