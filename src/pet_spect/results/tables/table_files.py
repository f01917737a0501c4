"""The tables that lie in a results folder, each with its data dictionary, read line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pet_spect.errors import TableError, shown
from pet_spect.files import read_json
from pet_spect.results.finished_run import check_finished
from pet_spect.results.tables.tables import TABLES
from pet_spect.tsv import sidecar_of_table


@dataclass(frozen=True)
class TableFile:
    """A table and what its columns mean.

    Attributes
    ----------
    path : Path
    columns : dict
        Column name to its entry in the data dictionary, in the order of the table.
    """

    path: Path
    columns: Mapping[str, Mapping[str, Any]]

    @property
    def name(self) -> str:
        """The name of the file without its ending."""
        return self.path.stem

    def rows(self) -> Iterator[list[str]]:
        """Yield the values of each row; never holds more than one line.

        Raises
        ------
        TableError
            If the table is not UTF-8 text, or a row has more or fewer values than the header.
        """
        lines = _lines(self.path)
        next(lines)
        for number, line in enumerate(lines, start=2):
            values = line.split("\t")
            if len(values) != len(self.columns):
                raise TableError(
                    f"{self.path}: line {number} has {len(values)} values, the header names {len(self.columns)}"
                    " columns; run the workflow again"
                )
            yield values


def table_files(results: Path) -> list[TableFile]:
    """Return the tables of a finished run: those of `TABLES` in their order, then any other by name.

    Parameters
    ----------
    results : Path

    Raises
    ------
    TableError
        If it is no results folder of a finished run, a table cannot be read, or its data dictionary is absent or does
        not describe exactly its columns.
    """
    check_finished(results, "summary")
    order = list(TABLES)
    paths = (path for path in (results / "tables").glob("*.tsv") if not path.name.startswith("."))
    known_first = sorted(paths, key=lambda path: (order.index(path.stem) if path.stem in TABLES else len(order), path))
    return [_table_file(path) for path in known_first]


def _table_file(path: Path) -> TableFile:
    header = next(_lines(path), "").split("\t")
    dictionary = read_json(sidecar_of_table(path), TableError, "dictionary")
    if header != list(dictionary):
        pairs = zip([*header, None], [*dictionary, None], strict=False)
        column, described = next(pair for pair in pairs if pair[0] != pair[1])
        raise TableError(
            f"{path}: {_told(column)}, where {sidecar_of_table(path).name} describes {_told(described)};"
            " run the workflow again",
            code="dictionary_unreadable",
        )
    for name, entry in dictionary.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("Description"), str):
            raise TableError(
                f"{sidecar_of_table(path)}: column {shown(name)} has no Description; run the workflow again",
                code="dictionary_unreadable",
            )
    return TableFile(path, dictionary)


def _told(column: str | None) -> str:
    return "no further column" if column is None else f"column {shown(column)}"


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", newline="\n") as stream:
            for line in stream:
                yield line.rstrip("\r\n")
    except UnicodeDecodeError:
        raise TableError(f"{path}: is not UTF-8 text; run the workflow again", code="table_encoding") from None
