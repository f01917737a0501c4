"""Signed lines of qc.tsv: appended one at a time, each with the hash of the line before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pet_spect.errors import TableError
from pet_spect.files import locked, whole_file
from pet_spect.model import LoggedLine
from pet_spect.study.decision_chain import head_of
from pet_spect.study.decisions import DECISION_COLUMNS, QC_COLUMNS, QcLine, lines_of
from pet_spect.study.qc_tables import QcTable, QcTables
from pet_spect.study.rows import Table, TableRow, open_table
from pet_spect.tsv import MISSING, format_value, inert


def append_signed_line(
    path: Path,
    cells: Mapping[str, str],
    log: Callable[[], tuple[LoggedLine, ...]] = tuple,
    note: Callable[[QcLine], None] | None = None,
) -> QcLine:
    """Append a signed line to a table of decisions; two programs at the same time wait for each other.

    The lines before keep their cells. A table of version 0.1, which has no columns for hashes, gets them. A table that
    does not exist is made.

    Parameters
    ----------
    path : Path
    cells : mapping of str to str
        Column of `QC_COLUMNS` to its cell, ``previous`` aside; a column that is left out is n/a.
    log : callable
        Returns the lines that are known from earlier runs and signatures; called while nobody else signs here.
    note : callable, optional
        Notes the new line elsewhere. It is called when the new table is written but does not count yet: if it fails,
        the table stays as it was.

    Returns
    -------
    QcLine
        The line as it stands in the table.

    Raises
    ------
    StudyError
        With every mistake of the table, or of the new line.
    TableError
        If signed lines of the table were altered, removed or moved (``qc_altered``).
    """
    with locked(path):
        table = open_table(path, QC_COLUMNS, required=len(DECISION_COLUMNS)) if path.exists() else Table(path, [], [])
        lines = lines_of(table)
        table.check()
        _check_unaltered(path, lines, log())
        texts = {name: inert(format_value(cells.get(name))) for name in QC_COLUMNS}
        row = {**texts, "previous": head_of([line.link for line in lines])}
        number = table.rows[-1].number + 1 if table.rows else 2
        whole = Table(path, [*table.rows, TableRow(path, number, row)], [])
        signed = lines_of(whole)
        whole.check()
        columns = list(dict.fromkeys([*(table.rows[0].row if table.rows else ()), *QC_COLUMNS]))
        with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write("\t".join(columns) + "\n")
            for line in whole.rows:
                stream.write("\t".join(line.row.get(name, MISSING) for name in columns) + "\n")
            stream.close()
            if note is not None:
                note(signed[-1])
        return signed[-1]


def logged(table: str, line: QcLine, *, by_run: bool) -> LoggedLine:
    """Return a line of a table as the log keeps it, noted by a run or by whoever signed it."""
    code = line.code or MISSING
    return LoggedLine(table, line.place, line.link.chained, line.key, line.said, code, line.link.sha256, by_run)


def _check_unaltered(path: Path, lines: list[QcLine], log: tuple[LoggedLine, ...]) -> None:
    """Refuse to sign behind lines that were altered: the new line would seem to confirm them."""
    tables = QcTables((QcTable(path.name, tuple(lines)),), log=log)
    faults = [fault for fault in tables.faults() if fault.fails and fault.table == path.name]
    if faults:
        raise TableError(f"{path}: {faults[0].remark.text}", code=faults[0].remark.code)
