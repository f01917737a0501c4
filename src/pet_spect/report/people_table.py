"""The table of all participants: status, flags, and the primary endpoint with each tracer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from pet_spect.remarks import codes_in
from pet_spect.report.answer.endpoints import Outcome
from pet_spect.report.display import Cell, Column, Table, unique, words
from pet_spect.report.ranks import FIRST, SECOND
from pet_spect.report.results_folder import Results
from pet_spect.report.target_lost import target_lost
from pet_spect.tsv import MISSING

WORST_LAST = ("measured", "missing", "excluded", "refused")
"""The statuses of a scan."""

_NOT_COMPUTED = frozenset(("no_suv", "no_lesion_mask"))
_NOTHING = Cell(MISSING, missing=True)


def people_table(results: Results, outcomes: Sequence[Outcome]) -> Table:
    """Return one row per participant of the scans table.

    Parameters
    ----------
    results : Results
    outcomes : sequence of Outcome
        Of each tracer that of the primary follow-up is shown; the others are left out.

    Returns
    -------
    Table
        Every cell is rounded as in the table of the endpoint. A participant without a value has ``n/a``.
    """
    sides = results.lesion_sides
    statuses = _worst_statuses(results)
    flags = _flags(results)
    primary = [outcome for outcome in outcomes if outcome.is_primary]
    lost, source = _with_source_in_head(target_lost(results))
    cells = {outcome.tracer: _cells(outcome) for outcome in primary}
    rows = []
    for person in unique([row["participant_id"] for row in results.tables["scans"]]):
        row = [Cell(person), _cell(sides.get(person, MISSING)), *([lost.get(person, _NOTHING)] if lost else [])]
        for outcome in primary:
            mine = cells[outcome.tracer].get(person, {})
            row.append(_cell(statuses.get((person, outcome.tracer), MISSING)))
            row += [mine.get(key, _NOTHING) for key in ("baseline", "follow_up", _change_of(outcome), "qc")]
        rows.append([*row, Cell(", ".join(flags.get(person, [])))])
    return Table(_columns(primary, lost=f"target in the lesion{source}" if lost else ""), rows, [False] * len(rows))


def _cell(text: str) -> Cell:
    return Cell(text, missing=text == MISSING)


def _columns(primary: Sequence[Outcome], *, lost: str) -> list[Column]:
    columns = [
        Column("participant", "The participant, with a link to the page of the person.", key="participant_id"),
        Column("lesion side", "The side of the stroke.", key="lesion_side", rank=SECOND),
    ]
    if lost:
        meaning = "Share of the target, on the side of the stroke, that lies in the lesion and cannot show a change."
        columns.append(Column(lost, meaning, key="target_in_lesion"))
    for outcome in primary:
        tracer, first, later = outcome.tracer, outcome.reference_session, outcome.session
        told = [
            ("scans", "The worst status of the scans with this tracer.", False, SECOND),
            (first, f"{outcome.endpoint}, at {first}.", True, SECOND),
            (later, f"{outcome.endpoint}, at {later}.", True, SECOND),
            ("change", f"{outcome.endpoint}: from {first} to {later}.", True, FIRST),
            ("qc", "Quality of this change: pass, warn or fail.", False, FIRST),
        ]
        columns += [
            Column(f"{tracer} {name}", meaning, is_number, f"{tracer}_{name}", rank)
            for name, meaning, is_number, rank in told
        ]
    flags = "Scans without a usable value, and warnings. The page of the person says what they mean."
    return [*columns, Column("flags", flags, key="flags")]


def _with_source_in_head(lost: Mapping[str, Cell]) -> tuple[Mapping[str, Cell], str]:
    """Return the cells without the source of the lesion, and the source, if it is the same of everybody."""
    parts = {person: cell.text.partition(" (") for person, cell in lost.items()}
    sources = {f"{begin}{source}" for _, begin, source in parts.values()}
    if len(sources) != 1:
        return lost, ""
    return {person: Cell(share) for person, (share, _, _) in parts.items()}, sources.pop()


def _cells(outcome: Outcome) -> dict[str, dict[str, Cell]]:
    keys = [column.key for column in outcome.table.columns]
    return {row[0].text: dict(zip(keys, row, strict=True)) for row in outcome.table.rows}


def _change_of(outcome: Outcome) -> str:
    """Return the column of the change: in percent, unless the measure crosses zero and has none."""
    place = [column.key for column in outcome.table.columns].index("change_percent")
    return "change" if all(row[place].missing for row in outcome.table.rows) else "change_percent"


def _worst_statuses(results: Results) -> Mapping[tuple[str, str], str]:
    worst: dict[tuple[str, str], str] = {}
    for row in results.tables["scans"]:
        key = row["participant_id"], row["tracer"]
        worst[key] = max(worst.get(key, WORST_LAST[0]), row["status"], key=WORST_LAST.index)
    return worst


def _flags(results: Results) -> Mapping[str, list[str]]:
    """Return each participant's scans without a usable value, and in words the codes of the remarks, said once."""
    flags: dict[str, dict[str, None]] = {}
    for row in results.tables["scans"]:
        if row["status"] != "measured":
            flags.setdefault(row["participant_id"], {})[f"{row['session']} {row['tracer']} {row['status']}"] = None
    for name, column in (("scans", "warnings"), ("ratios", "reason"), ("change", "reason")):
        for row in results.tables[name]:
            if row[column] != MISSING:
                flags.setdefault(row["participant_id"], {}).update(dict.fromkeys(_flag_words(row[column])))
    return {person: list(codes) for person, codes in flags.items()}


@cache
def _flag_words(reason: str) -> list[str]:
    return [words(code) for code in sorted(codes_in(reason) - _NOT_COMPUTED)]
