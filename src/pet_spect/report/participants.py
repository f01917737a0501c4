"""The report's participants as its first page lists them: visits and flags, and the scans that gave no value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pet_spect.model import ScanKey
from pet_spect.remarks import read_cell
from pet_spect.remarks.catalogue import Code
from pet_spect.report.display import Cell, Table, table, unique
from pet_spect.report.results_folder import Results, key_of
from pet_spect.tsv import MISSING, Row

_SCAN = (
    "participant_id",
    "session",
    "tracer",
    "status",
    "stage",
    "code",
    "reason",
    "decision",
    "sign_off",
)
_NOT_COMPUTED: frozenset[Code] = frozenset(("no_suv", "no_lesion_mask"))
"""Why a secondary value is not computed; nothing is wrong with the scan."""


@dataclass(frozen=True)
class Visit:
    """One visit with one tracer.

    Attributes
    ----------
    session, tracer, status : str
    reason : str
        Why there is no value; empty if there is one.
    source : str
        The address of the picture from the person's page; empty if no scan is listed.
    alt : str
        What the picture shows.
    gates : list of str
        What was measured of the registration.
    warnings : list of str
        What to look at in this scan.
    sign_off : str
        What a person decided about it, with the signature; empty if nobody has.
    not_drawn : str
        Why there is no picture of a listed scan: a step did not finish; else empty.
    """

    session: str
    tracer: str
    status: str
    reason: str
    warnings: list[str]
    source: str
    alt: str
    gates: list[str]
    sign_off: str
    not_drawn: str = ""

    @property
    def is_shown(self) -> bool:
        """Whether the scan has values, used or not."""
        return self.status in ("measured", "excluded")


@dataclass(frozen=True)
class Flag:
    """One remark on the values of a visit.

    Attributes
    ----------
    kind : {'missing', 'refused', 'excluded', 'warn'}
        The status of a scan that is not used, so that no value is; else ``warn``.
    visit, text : str
    """

    kind: str
    visit: str
    text: str


@dataclass(frozen=True)
class Person:
    """One participant.

    Attributes
    ----------
    participant, lesion_side : str
    flags : list of Flag
        Every warning and failure of the values, said once.
    remarks : list of str
        Which secondary values are not computed, and why.
    visits : list of Visit
    """

    participant: str
    lesion_side: str
    flags: list[Flag]
    remarks: list[str]
    visits: list[Visit]


def people(results: Results) -> list[Person]:
    """Return everybody of the scans table."""
    sides = results.lesion_sides
    ratios, scans = (by_person(results.tables[name]) for name in ("ratios", "scans"))
    return [
        Person(
            person,
            sides.get(person, MISSING),
            *_flags_and_remarks(ratios.get(person, []), {key_of(row): row["status"] for row in listed}),
            [_visit(results, row) for row in listed],
        )
        for person, listed in scans.items()
    ]


def troubles(results: Results) -> Table:
    """Return every scan that gave no value; refusals without a decision are marked."""
    rows = [row for row in results.tables["scans"] if row["status"] != "measured"]
    shown = table(_SCAN, rows, results.dictionaries["scans"])
    open_cases = [row["status"] in ("refused", "excluded") and row["decision"] == MISSING for row in rows]
    for cells, is_open in zip(shown.rows, open_cases, strict=True):
        if is_open:
            cells[_SCAN.index("decision")] = Cell("not signed off")
    return Table(shown.columns, shown.rows, open_cases)


def by_person(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows of each participant."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["participant_id"], []).append(row)
    return grouped


def _flags_and_remarks(values: list[Row], statuses: Mapping[ScanKey, str]) -> tuple[list[Flag], list[str]]:
    flags: dict[Flag, None] = {}
    remarks: dict[str, list[str]] = {}
    for row in values:
        for remark in () if row["reason"] == MISSING else read_cell(row["reason"]):
            if remark.code in _NOT_COMPUTED:
                remarks.setdefault(remark.line, []).append(row["tracer"])
            else:
                status = statuses.get(key_of(row), "measured")
                kind = "warn" if status == "measured" else status
                flags[Flag(kind, f"{row['session']} {row['tracer']}", remark.line)] = None
    return list(flags), [f"{reason} ({', '.join(unique(tracers))})" for reason, tracers in remarks.items()]


def _visit(results: Results, row: Row) -> Visit:
    key = key_of(row)
    picture = results.pictures.get(key)
    what = "Refusal" if row["status"] == "refused" else "Registration"
    return Visit(
        key.session,
        key.tracer,
        row["status"],
        "" if row["status"] == "measured" or row["reason"] == MISSING else row["reason"],
        [] if row["warnings"] == MISSING else [remark.line for remark in read_cell(row["warnings"])],
        "" if picture is None else _source(picture),
        f"{what} of {key.participant}, {key.session}, {key.tracer}: {row['status']}",
        results.gates.get(key, []),
        "" if row["sign_off"] == MISSING else row["sign_off"],
        "" if row["status"] == "missing" else unfinished_words(results, key.participant),
    )


def unfinished_words(results: Results, participant: str) -> str:
    """Return which step of a participant did not finish and where it says why; empty if all did."""
    step = results.unfinished.get(participant)
    return "" if step is None else f"{step.step} did not finish; {step.log} says why"


def _source(picture: Path) -> str:
    return f"../../figures/{picture.parent.name}/{picture.name}"
