"""The tables of clinical outcomes: their writer, and what the report reads of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pet_spect.errors import TableError
from pet_spect.files import read_json
from pet_spect.quantify.cohort.change import CROSSES_ZERO
from pet_spect.quantify.outcomes.changes import OutcomeChange, OutcomeValue
from pet_spect.quantify.outcomes.imaging import Endpoint, ImagingChanges, Relation
from pet_spect.quantify.outcomes.summary import OutcomeSummary
from pet_spect.remarks import write_cell
from pet_spect.results.analysis_plan import PlanStatement, with_statement
from pet_spect.results.tables.columns import CHANGE, Columns
from pet_spect.results.tables.outcome_columns import (
    OUTCOMES,
    OUTCOMES_CHANGE,
    OUTCOMES_IMAGING,
    OUTCOMES_SUMMARY,
    SPREAD,
)
from pet_spect.tsv import Row, parse_float, read_table, sidecar_of_table, write_table

TABLES: dict[str, Columns] = {
    "outcomes": OUTCOMES,
    "outcomes_change": OUTCOMES_CHANGE,
    "outcomes_summary": OUTCOMES_SUMMARY,
    "outcomes_imaging": OUTCOMES_IMAGING,
}
"""Every table by its name."""


@dataclass(frozen=True)
class OutcomeTables:
    """The tables of clinical outcomes as they are in the files.

    Attributes
    ----------
    rows : dict of str to list of Row
        By name, see `TABLES`.
    dictionaries : dict of str to dict
    """

    rows: dict[str, list[Row]]
    dictionaries: dict[str, dict[str, Any]]


def write_outcome_tables(
    folder: Path,
    values: Iterable[OutcomeValue],
    changes: Iterable[OutcomeChange],
    summary: Iterable[OutcomeSummary],
    related: Iterable[Relation],
    summary_columns: Columns,
    statement: PlanStatement,
) -> None:
    """Write the four tables and their dictionaries.

    Parameters
    ----------
    folder : Path
        ``tables`` of the results folder.
    values, changes, summary, related : iterable
        Their rows.
    summary_columns : mapping
        See `pet_spect.results.tables.outcome_columns.summary_columns`.
    statement : PlanStatement
        For the dictionaries.
    """
    tables: dict[str, tuple[Columns, Iterable[dict[str, Any]]]] = {
        "outcomes": (OUTCOMES, ({name: getattr(row, name) for name in OUTCOMES} for row in values)),
        "outcomes_change": (
            OUTCOMES_CHANGE,
            ({name: getattr(row, name) for name in OUTCOMES_CHANGE} for row in changes),
        ),
        "outcomes_summary": (summary_columns, map(_summary_row, summary)),
        "outcomes_imaging": (OUTCOMES_IMAGING, map(_relation_row, related)),
    }
    for name, (columns, rows) in tables.items():
        write_table(folder / f"{name}.tsv", with_statement(columns, statement), rows)


def _summary_row(row: OutcomeSummary) -> dict[str, Any]:
    found = {"sd": row.description.sd} | asdict(row.inference)
    spread = {name: found[name] for name in SPREAD}
    own = {name: getattr(row, name) for name in OUTCOMES_SUMMARY if name not in (*SPREAD, "reason")}
    return {**own, **spread, "reason": write_cell([row.remark])}


def _relation_row(row: Relation) -> dict[str, Any]:
    found = row.correlation
    return {
        **row.endpoint._asdict(),
        "session": row.session,
        "outcome": row.outcome,
        "n": found.n,
        "n_missing": row.n_missing,
        "spearman_rho": found.rho,
        "p": found.p,
        "p_smallest": found.p_smallest,
        "method": found.method,
        "reason": write_cell([row.remark]),
    }


def imaging_changes(rows: Iterable[Row], endpoints: Sequence[Endpoint]) -> ImagingChanges:
    """Return the included changes of endpoints, in percent where percent mean anything.

    Parameters
    ----------
    rows : iterable of Row
        Of change.tsv.
    endpoints : sequence of Endpoint

    Raises
    ------
    ValueError
        If a change is no number.
    """
    found: dict[tuple[Endpoint, str], dict[str, float]] = {}
    wanted = {endpoint: number for number, endpoint in enumerate(endpoints)}
    for row in rows:
        endpoint = Endpoint(*(row[name] for name in Endpoint._fields))
        if endpoint not in wanted:
            continue
        of_session = found.setdefault((endpoint, row["session"]), {})
        value = parse_float(row["change" if endpoint.measure in CROSSES_ZERO else "change_percent"])
        if row["included"] == "true" and not math.isnan(value):
            of_session[row["participant_id"]] = value
    return dict(sorted(found.items(), key=lambda item: wanted[item[0][0]]))


def read_imaging_changes(results: Path, endpoints: Sequence[Endpoint]) -> ImagingChanges:
    """Return the changes of endpoints in ``tables/change.tsv``; see `imaging_changes`.

    Raises
    ------
    TableError
        If the table is absent or cannot be used, or has rows but none of an endpoint.
    """
    path = results / "tables" / "change.tsv"
    rows = read_table(path, required=tuple(CHANGE))
    try:
        changes = imaging_changes(rows, endpoints)
    except ValueError as error:
        raise TableError(f"{path}: {error}") from None
    for endpoint in endpoints:
        if rows and not any(endpoint == other for other, _ in changes):
            raise TableError(f"{path}: has no row of {' '.join(endpoint)}; run pet-spect cohort for it first")
    return changes


def read_outcome_tables(results: Path) -> OutcomeTables | None:
    """Read the tables of clinical outcomes; None if there are none.

    Raises
    ------
    TableError
        If one of them or its dictionary is absent or cannot be used.
    """
    paths = {name: results / "tables" / f"{name}.tsv" for name in TABLES}
    if not paths["outcomes_summary"].is_file():
        return None
    rows = {name: read_table(path, required=tuple(TABLES[name])) for name, path in paths.items()}
    dictionaries = {name: read_json(sidecar_of_table(path), TableError, "dictionary") for name, path in paths.items()}
    return OutcomeTables(rows, dictionaries)
