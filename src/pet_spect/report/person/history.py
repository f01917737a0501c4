"""History of one participant: how each scan was made, what was decided about it, and what two readers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pet_spect.errors import TableError
from pet_spect.files import read_json
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.report.display import Cell, Column, Table, table
from pet_spect.results.tables.decision_columns import DECISIONS, READERS
from pet_spect.results.uptake.uptake_record import read_uptake_scans
from pet_spect.results.uptake.uptake_scan import UptakeScan
from pet_spect.study.decisions import DECISION_COLUMNS
from pet_spect.tsv import MISSING, Row, read_table, sidecar_of_table

_FACTS = (
    ("visit", "Session and tracer."),
    ("scanner", "Maker and model."),
    ("day", "Days since the treatment; negative before it."),
    ("uptake time", "From the injection to the start of the scan."),
    ("duration", "How long was measured."),
    ("activity", "Injected, net of the residual."),
    ("reconstruction", "Method, iterations, subsets and filter."),
    ("corrections", "Of attenuation and of scatter."),
    ("voxel", "Edge lengths."),
    ("resolution", "Full width at half maximum as estimated, and the blur that was applied before measuring."),
    ("not compared", "Items of the protocol that could not be compared with the first session."),
)
_DECIDED = tuple(
    name for name in (*DECISION_COLUMNS, "chained", "counts", "result", "remarks") if name != "participant_id"
)
_READ = tuple(name for name in READERS if name != "participant_id")


def scan_facts(folder: Path, participant: str, scans: Sequence[Row], *, crashed: bool = False) -> Table:
    """Return how each scan of a participant was made, as far as its sidecar and the scans table say.

    Parameters
    ----------
    folder : Path
        The results folder.
    participant : str
    scans : sequence of dict
        The participant's rows of scans.tsv.
    crashed : bool, default False
        Whether a step of the participant did not finish, so that the sidecar is one of an earlier run and is not read.

    Raises
    ------
    TableError
        If the sidecar of the uptake table is of another version.
    """
    tables = [] if crashed else sorted((folder / participant).glob(f"{participant}_seg-*_uptake.tsv"))
    entries = read_uptake_scans(tables[0]) if len(tables) == 1 else ()
    by_visit = {(entry.session, entry.tracer): entry for entry in entries}
    lines = [
        [_cell(text) for text in _facts(row, by_visit.get((row["session"], row["tracer"])))]
        for row in scans
        if row["status"] != "missing"
    ]
    return Table([Column(name, meaning) for name, meaning in _FACTS], lines, [False] * len(lines))


def _cell(text: str) -> Cell:
    return Cell(text or MISSING, missing=not text)


def _facts(row: Row, entry: UptakeScan | None) -> list[str]:
    made = (None if entry is None else entry.protocol) or ScanProtocol()
    filters = [made.filter_type, _with_unit(made.filter_size_mm, "mm")]
    passes = [_with_unit(made.iterations, "iterations"), _with_unit(made.subsets, "subsets")]
    voxel = "" if made.voxel_mm is None else " × ".join(f"{edge:.3g}" for edge in made.voxel_mm) + " mm"
    corrections = {"attenuation": made.attenuation, "scatter": made.scatter}
    return [
        f"{row['session']} {row['tracer']}",
        _joined([made.maker, made.model], " "),
        "" if row["days_since_treatment"] == MISSING else row["days_since_treatment"].replace("-", "−"),
        "" if row["uptake_minutes"] == MISSING else f"{row['uptake_minutes']} min",
        _with_unit(None if made.duration_s is None else made.duration_s / 60, "min"),
        _with_unit(made.dose_mbq, "MBq"),
        _joined([made.reconstruction, *passes, *filters]),
        _joined([f"{name} {method}" for name, method in corrections.items() if method]),
        voxel,
        _resolution(entry),
        "" if row["not_compared"] == MISSING else row["not_compared"].replace("_", " "),
    ]


def _resolution(entry: UptakeScan | None) -> str:
    if entry is None or entry.resolution is None:
        return ""
    own, blur = entry.resolution.estimated_mm, entry.resolution.blur_mm
    blurred = f"blurred by {blur:.1f} mm" if blur else ""
    return _joined(["" if own is None else f"{own:.1f} mm", blurred])


def _joined(parts: Sequence[str | None], between: str = ", ") -> str:
    return between.join(part for part in parts if part)


def _with_unit(number: float | None, unit: str) -> str:
    return "" if number is None else f"{number:.4g} {unit}"


class Decisions:
    """The tables of decisions and of readers of a results folder; one that is not there says nothing.

    Raises
    ------
    TableError
        If a table or its dictionary is unusable.
    """

    def __init__(self, folder: Path) -> None:
        self._decisions = _rows(folder, "decisions", DECISIONS)
        self._readers = _rows(folder, "readers", READERS)

    def of(self, participant: str) -> tuple[Table | None, Table | None]:
        """Return every line about a participant, and in what two readers disagree; None where there is nothing."""
        return _shown(self._decisions, participant, _DECIDED), _shown(self._readers, participant, _READ)


_Rows = tuple[dict[str, list[Row]], dict[str, Any]]


def _rows(folder: Path, name: str, columns: Mapping[str, Any]) -> _Rows:
    path = folder / "tables" / f"{name}.tsv"
    if not path.is_file():
        return {}, {}
    grouped: dict[str, list[Row]] = {}
    for row in read_table(path, required=tuple(columns)):
        grouped.setdefault(row["participant_id"], []).append(row)
    return grouped, read_json(sidecar_of_table(path), TableError, "dictionary")


def _shown(rows: _Rows, participant: str, columns: Sequence[str]) -> Table | None:
    mine, dictionary = rows[0].get(participant, []), rows[1]
    if not mine:
        return None
    shown = table(columns, mine, dictionary)
    return Table(shown.columns, shown.rows, [row.get("result") == "fail" for row in mine])
