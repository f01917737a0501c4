"""The report's part about decisions: what was done to them, every line, the two readers, and the study without them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pet_spect.errors import TableError, shown
from pet_spect.files import read_json
from pet_spect.remarks import codes_in
from pet_spect.report.display import Table, table
from pet_spect.results.tables.decision_columns import AGREEMENT, DECIDED, DECISIONS, READERS
from pet_spect.study.decisions import DECISION_COLUMNS
from pet_spect.tsv import MISSING, Row, read_table, sidecar_of_table

_LINE = (*DECISION_COLUMNS, "table", "chained", "counts", "result", "remarks")
_MEANS = ("tracer", "region", "reference", "session", "n", "mean_change", "n_everything", "mean_change_everything")


@dataclass(frozen=True)
class DecisionsPart:
    """What the report says of decisions.

    Attributes
    ----------
    altered : list of str
        Signed decisions that were altered or removed.
    doubtful : list of str
        Decisions to look at again.
    unsigned : int
        Lines that were written by hand, so that they can be changed unseen.
    lines : Table or None
        Every line; None if nobody decided anything.
    agreement, disagreements : Table or None
        Of two readers; None if there is one, or they agree in all.
    decided : Table or None
        Ratios whose mean differs without the decisions; None if none does.
    not_measured : int
        Scans that were excluded before they were measured, and are missing in both means.
    """

    altered: list[str]
    doubtful: list[str]
    unsigned: int
    lines: Table | None
    agreement: Table | None
    disagreements: Table | None
    decided: Table | None
    not_measured: int


def decisions_part(results: Path) -> DecisionsPart:
    """Read what the report says of decisions; a table that is not there says nothing.

    Raises
    ------
    TableError
        If a table or its dictionary is unusable.
    """
    rows, dictionary = _read(results, "decisions", DECISIONS)
    agreement, of_agreement = _read(results, "agreement", AGREEMENT)
    readers, of_readers = _read(results, "readers", READERS)
    decided, of_decided = _read(results, "decided", DECIDED)
    doubtful = [row for row in rows if row["result"] == "warn" and codes_in(row["remarks"]) != {"qc_unchained"}]
    lines = table(_LINE, rows, dictionary) if rows else None
    marked = None if lines is None else Table(lines.columns, lines.rows, [row["result"] == "fail" for row in rows])
    differing = [row for row in decided if _differs(row)]
    return DecisionsPart(
        altered=[_line(row) for row in rows if row["result"] == "fail"],
        doubtful=[_line(row) for row in doubtful],
        unsigned=sum(row["chained"] == "false" and row["sha256"] != MISSING for row in rows),
        lines=marked,
        agreement=table(tuple(AGREEMENT), agreement, of_agreement) if agreement else None,
        disagreements=table(tuple(READERS), readers, of_readers) if readers else None,
        decided=table(_MEANS, differing, of_decided) if differing else None,
        not_measured=sum({row["tracer"]: _count(row, "n_not_measured") for row in decided}.values()),
    )


def _count(row: Row, column: str) -> int:
    if not re.fullmatch("[0-9]+", row[column], re.ASCII):
        raise TableError(f"tables/decided.tsv: {column} of {row['tracer']} is {shown(row[column])}, needed a number")
    return int(row[column])


def _differs(row: Row) -> bool:
    is_ratio = row["measure"] == "uptake_ratio" and row["quantity"] == "change"
    same = (row["n"], row["mean_change"]) == (row["n_everything"], row["mean_change_everything"])
    return is_ratio and not same


def _line(row: Row) -> str:
    who = " ".join(row[name] for name in ("participant_id", "session", "tracer") if row[name] != MISSING)
    return f"{who or row['table']}: {row['remarks']}"


def _read(results: Path, name: str, columns: Any) -> tuple[list[Row], dict[str, Any]]:
    path = results / "tables" / f"{name}.tsv"
    if not path.is_file():
        return [], {}
    return read_table(path, required=tuple(columns)), read_json(sidecar_of_table(path), TableError, "dictionary")
