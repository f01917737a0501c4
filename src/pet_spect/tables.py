"""Tab-separated tables: one header line, ``n/a`` for missing, ``true``/``false``, no quoting."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pet_spect.errors import TableError
from pet_spect.files import whole_file, write_json

MISSING = "n/a"

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

Row = dict[str, str]


def read_table(path: Path, *, required: Sequence[str] = (), allowed: Sequence[str] | None = None) -> list[Row]:
    """Read a table; every value is text, surrounding white space is dropped.

    Parameters
    ----------
    path : Path
    required : sequence of str
        Columns that must be there.
    allowed : sequence of str, optional
        With it, any other column is an error.

    Returns
    -------
    list of dict
        One dict per row, keys in the order of the header. Empty lines are skipped.

    Raises
    ------
    TableError
        If the file cannot be read, is not UTF-8, lacks a column, has one twice or
        one that is not allowed, or has a row of another length than its header.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TableError(f"{path}: cannot be read ({error.strerror})", code="table_unreadable") from None
    except UnicodeDecodeError:
        raise TableError(f"{path}: is not UTF-8 text; save it as tab-separated UTF-8", code="table_encoding") from None
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise TableError(f"{path}: is empty; the first line must name the columns")
    header = [name.strip() for name in lines[0][1].split("\t")]
    _check_header(path, header, required, allowed)
    rows = []
    for number, line in lines[1:]:
        values = [value.strip() for value in line.split("\t")]
        if len(values) != len(header):
            raise TableError(
                f"{path}: line {number} has {len(values)} values, the header names {len(header)} columns"
                " (columns are separated by tabs)"
            )
        rows.append(dict(zip(header, values, strict=True)))
    return rows


def _check_header(path: Path, header: list[str], required: Sequence[str], allowed: Sequence[str] | None) -> None:
    if "" in header:
        raise TableError(
            f"{path}: column {header.index('') + 1} of the header has no name (is there a tab too many in its line?)"
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise TableError(f"{path}: column {twice[0]!r} stands twice in the header")
    missing = [name for name in required if name not in header]
    if missing:
        raise TableError(f"{path}: no column {missing[0]!r}; found {', '.join(header)}")
    unknown = [name for name in header if allowed is not None and name not in allowed]
    if unknown:
        raise TableError(f"{path}: column {unknown[0]!r} is not known; known are {', '.join(allowed or ())}")


def format_value(value: Any) -> str:
    """Return a value as a table spells it.

    Examples
    --------
    >>> [format_value(v) for v in (None, float("nan"), True, 3, 1 / 3, "left")]
    ['n/a', 'n/a', 'true', '3', '0.333333333333', 'left']
    """
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.12g}" if math.isfinite(value) else MISSING
    text = " ".join(str(value).split())
    return text or MISSING


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
        Each with exactly the keys of `columns`; see `format_value`.
    """
    write_json(sidecar_of_table(path), columns)  # first, so that a table that is there is documented
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(columns) + "\n")
        for row in rows:
            if row.keys() != columns.keys():
                raise ValueError(f"row has columns {sorted(row)}, the table {sorted(columns)}")
            stream.write("\t".join(format_value(row[name]) for name in columns) + "\n")


def sidecar_of_table(path: Path) -> Path:
    """Return the path of a table's data dictionary."""
    return path.with_suffix(".json")
