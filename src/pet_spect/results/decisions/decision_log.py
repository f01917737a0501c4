"""The log of decisions: every line of a table of decisions that was signed or that a run has seen, only added to.

Each line of the log holds its own SHA-256 and that of the line before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from pet_spect.errors import TableError
from pet_spect.files import locked, whole_file, write_json
from pet_spect.model import LoggedLine, ScanKey
from pet_spect.results.tables.decision_columns import DECISIONS_LOG
from pet_spect.tsv import MISSING, Row, read_table, sidecar_of_table

_START = "0" * 64


def log_path(results: Path) -> Path:
    """Return the path of the log of a results folder."""
    return results / "tables" / "decisions_log.tsv"


def read_log(results: Path) -> tuple[tuple[LoggedLine, ...], bool]:
    """Read the log of a results folder.

    Returns
    -------
    lines : tuple of LoggedLine
        None if there is no log, or no line of it can be read.
    whole : bool
        Whether every line of the log continues the line before it. Lines that are missing at its end do not show.
    """
    rows, whole = _read_rows(log_path(results))
    return tuple(_logged(row) for row in rows), whole


def append_log(results: Path, lines: Iterable[LoggedLine]) -> None:
    """Add the lines that the log does not hold yet; those that it holds stay as they are.

    Raises
    ------
    TableError
        If the log is not as it was written: nothing is added to such a one.
    """
    path = log_path(results)
    with locked(path):
        rows, whole = _read_rows(path)
        if not whole:
            raise TableError(f"{path}: is not as it was written; restore it", code="qc_log_altered")
        known = {(row["by"], row["table"], row["sha256"]) for row in rows}
        head = rows[-1]["log_sha256"] if rows else _START
        new: list[Row] = []
        for line in lines:
            row = _row(line, head)
            if (row["by"], line.table, line.sha256) not in known:
                known.add((row["by"], line.table, line.sha256))
                new.append(row)
                head = new[-1]["log_sha256"]
        if new:
            write_json(sidecar_of_table(path), DECISIONS_LOG)
            with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
                stream.write("\t".join(DECISIONS_LOG) + "\n")
                stream.writelines("\t".join(row[name] for name in DECISIONS_LOG) + "\n" for row in [*rows, *new])


def _read_rows(path: Path) -> tuple[list[Row], bool]:
    if not path.exists():
        return [], True
    try:
        rows = read_table(path, required=tuple(DECISIONS_LOG), allowed=tuple(DECISIONS_LOG))
        return rows, _is_whole(rows)
    except (TableError, ValueError):
        return [], False


def _is_whole(rows: Sequence[Row]) -> bool:
    head = _START
    for row in rows:
        if row["previous"] != head or row["log_sha256"] != _line_sha256(row) or int(row["place"]) < 1:
            return False
        head = row["log_sha256"]
    return True


def _line_sha256(row: Row) -> str:
    content = {name: row[name] for name in DECISIONS_LOG if name != "log_sha256"}
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _logged(row: Row) -> LoggedLine:
    key = ScanKey(row["participant_id"], row["session"], row["tracer"])
    place = int(row["place"]) if row["place"].isdecimal() else 0
    chained, by_run = row["chained"] == "true", row["by"] == "run"
    return LoggedLine(row["table"], place, chained, key, row["decision"], row["code"], row["sha256"], by_run)


def _row(line: LoggedLine, previous: str) -> Row:
    row = {
        "by": "run" if line.by_run else "sign",
        "table": line.table,
        "place": str(line.place),
        "chained": "true" if line.chained else "false",
        "participant_id": line.key.participant,
        "session": line.key.session,
        "tracer": line.key.tracer,
        "decision": line.decision,
        "code": line.code or MISSING,
        "sha256": line.sha256,
        "previous": previous,
    }
    return {**row, "log_sha256": _line_sha256(row)}
