"""Everybody, one after the other: pictures, flags and values."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from pet_spect.report.display import Cell, Table, table, unique
from pet_spect.report.outcomes import lesion_sides
from pet_spect.report.records import Results, key_of
from pet_spect.tables import MISSING, Row

_CHANGE = (
    "tracer",
    "region",
    "measure",
    "reference",
    "session",
    "baseline",
    "follow_up",
    "change",
    "change_percent",
    "qc",
    "included",
    "reason",
)
_RATIOS = (
    "session",
    "tracer",
    "region",
    "measure",
    "reference",
    "value",
    "numerator",
    "denominator",
    "qc",
    "reason",
)
_SCAN = (
    "participant_id",
    "session",
    "tracer",
    "status",
    "stage",
    "code",
    "reason",
    "decision",
)


@dataclass(frozen=True)
class Visit:
    """One visit with one tracer.

    Attributes
    ----------
    session, tracer, status : str
    reason : str
        Why there is no value; empty if there is one.
    source : str
        The picture as a data URI or a relative address; empty if no scan is listed.
    alt : str
        What the picture shows.
    gates : list of str
        What was measured of the registration.
    """

    session: str
    tracer: str
    status: str
    reason: str
    source: str
    alt: str
    gates: list[str]


@dataclass(frozen=True)
class Person:
    """One participant.

    Attributes
    ----------
    participant, lesion_side : str
    flags : list of str
        Every warning and failure of the values, said once.
    visits : list of Visit
    change, ratios : Table or None
        None where the tables are too long for the page.
    """

    participant: str
    lesion_side: str
    flags: list[str]
    visits: list[Visit]
    change: Table | None
    ratios: Table | None


def people(found: Results, *, inline: bool, with_rows: bool) -> list[Person]:
    """Return everybody of the scans table.

    Parameters
    ----------
    found : Results
    inline : bool
        Put the pictures into the page; else link them.
    with_rows : bool
        Put the values into the page.
    """
    sides = lesion_sides(found)
    change, ratios, scans = (_by_person(found.tables[name]) for name in ("change", "ratios", "scans"))
    everybody = []
    for person, listed in scans.items():
        mine, values = change.get(person, []), ratios.get(person, [])
        everybody.append(
            Person(
                person,
                sides.get(person, MISSING),
                _flags(values),
                [_visit(found, row, inline=inline) for row in listed],
                table(_CHANGE, mine, found.dictionaries["change"]) if with_rows else None,
                table(_RATIOS, values, found.dictionaries["ratios"]) if with_rows else None,
            )
        )
    return everybody


def troubles(found: Results) -> Table:
    """Return every scan that gave no value; refusals nobody decided on stand out."""
    rows = [row for row in found.tables["scans"] if row["status"] != "measured"]
    shown = table(_SCAN, rows, found.dictionaries["scans"])
    open_cases = [row["status"] in ("refused", "excluded") and row["decision"] == MISSING for row in rows]
    for cells, is_open in zip(shown.rows, open_cases, strict=True):
        if is_open:
            cells[_SCAN.index("decision")] = Cell("not signed off")
    return Table(shown.columns, shown.rows, open_cases)


def _by_person(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["participant_id"], []).append(row)
    return found


def _flags(values: list[Row]) -> list[str]:
    flagged = [row for row in values if row["qc"] in ("warn", "fail") and row["reason"] != MISSING]
    return unique([f"{row['session']} {row['tracer']}: {row['reason']}" for row in flagged])


def _visit(found: Results, row: Row, *, inline: bool) -> Visit:
    key = key_of(row)
    picture = found.pictures.get(key)
    what = "Refusal" if row["status"] == "refused" else "Registration"
    return Visit(
        key.session,
        key.tracer,
        row["status"],
        "" if row["status"] == "measured" or row["reason"] == MISSING else row["reason"],
        "" if picture is None else _source(picture, inline=inline),
        f"{what} of {key.participant}, {key.session}, {key.tracer}: {row['status']}",
        found.gates.get(key, []),
    )


def _source(picture: Path, *, inline: bool) -> str:
    if not inline:
        return f"../figures/{picture.parent.name}/{picture.name}"
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
