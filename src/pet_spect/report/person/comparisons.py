"""One participant's visits with a tracer side by side: pictures, and the numbers of the primary endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pet_spect.model import ScanKey
from pet_spect.report.answer.estimates import ENDPOINT
from pet_spect.report.beside import picture_beside
from pet_spect.report.display import Cell, cell, unique, words
from pet_spect.report.participants import Visit
from pet_spect.report.results_folder import Results
from pet_spect.results.tables.columns import CHANGE
from pet_spect.results.tables.reliable_change import RELIABLE_CHANGE, recorded_cvs
from pet_spect.tsv import MISSING, Row

_UP = "../../"
_KIND = tuple(name for name in ENDPOINT if name != "session")
_IN_POINTS = ("uptake_ratio", "ratio_minus_one")
"""Measures of which 0.01 is one point of the difference map, 1 % of the reference."""


@dataclass(frozen=True)
class Place:
    """The place of one picture; it stays also where there is none.

    Attributes
    ----------
    title : str
    kind : {'visit', 'difference'}
    status : str
        Of the visit; empty of a difference.
    source : str
        Address of the picture from the person's page; empty if there is none.
    alt : str
        What the picture shows, with its number.
    reason : str
        Why there is no picture, or why the visit is not used; else empty.
    number : Cell or None
        Value of the primary endpoint, or its change on the scale of the map and in percent.
    """

    title: str
    kind: str
    status: str
    source: str
    alt: str
    reason: str
    number: Cell | None


@dataclass(frozen=True)
class Comparison:
    """One follow-up beside the first session.

    Attributes
    ----------
    tracer, first, session : str
    endpoint : str
        What the numbers are, in words.
    values : dict of str to Cell
        The row of change.tsv; empty if there is none.
    is_reliable_known : bool
        Whether the row says if the change is reliable.
    places : list of Place
        Baseline, follow-up, difference.
    """

    tracer: str
    first: str
    session: str
    endpoint: str
    values: dict[str, Cell]
    is_reliable_known: bool
    places: list[Place]


def primary_endpoints(results: Results) -> dict[str, Row]:
    """Return the primary row of the summary of each tracer."""
    return {row["tracer"]: row for row in results.tables["summary"] if row["primary"] == "true"}


def comparisons(
    results: Results,
    folder: Path,
    primary: Mapping[str, Row],
    visits: Sequence[Visit],
    change: Sequence[Row],
    lesion: str = "lesion",
) -> list[Comparison]:
    """Return each tracer's follow-ups beside the first session.

    Parameters
    ----------
    results : Results
    folder : Path
        The results folder, which holds ``figures``.
    primary : mapping of str to dict
        Of `primary_endpoints`.
    visits : sequence of Visit
        Of one participant. If there is none at the first session of the study, its place stays empty.
    change : sequence of dict
        The participant's rows of change.tsv.
    lesion : str
        What the lesion is called: drawn or estimated.
    """
    is_reliable_known = bool(recorded_cvs(results.dictionaries["change"]))
    first_session, sides = results.reference_session, results.lesion_sides
    compared = []
    for tracer in unique([visit.tracer for visit in visits]):
        if tracer not in primary:
            continue
        sessions = {visit.session: visit for visit in visits if visit.tracer == tracer}
        first = sessions.pop(first_session, None) or _no_visit(first_session, tracer)
        kind = {name: primary[tracer][name] for name in _KIND}
        rows = {row["session"]: row for row in change if kind.items() <= row.items()}
        for follow_up in sessions.values():
            row = rows.get(follow_up.session, {})
            columns = [name for name in (*CHANGE, *RELIABLE_CHANGE) if name in row]
            values = {name: cell(name, row) for name in columns}
            compared.append(
                Comparison(
                    tracer,
                    first.session,
                    follow_up.session,
                    _in_words(kind),
                    values,
                    is_reliable_known and "reliable_change" in values,
                    _places(folder, sides, first, follow_up, values, kind, lesion),
                )
            )
    return compared


def _in_words(kind: Mapping[str, str]) -> str:
    against = "" if kind["reference"] in (MISSING, "none") else f" over {words(kind['reference'])}"
    return f"{words(kind['region'])}, {words(kind['measure'])}{against}"


def _no_visit(session: str, tracer: str) -> Visit:
    return Visit(session, tracer, "missing", "no scan is listed", [], "", "", [], "")


def _places(
    folder: Path,
    sides: Mapping[str, str],
    first: Visit,
    later: Visit,
    values: Mapping[str, Cell],
    kind: Mapping[str, str],
    lesion: str,
) -> list[Place]:
    endpoint = _in_words(kind)
    places = [
        _visit_place(folder, sides, visit, values.get(name), endpoint, lesion) for visit, name in _named(first, later)
    ]
    both = first.is_shown and later.is_shown
    source, refused = _beside(folder, sides, later, "difference") if both else ("", "")
    without = [
        f"{visit.session} {visit.status}: {visit.reason}" for visit in (first, later) if visit.status != "measured"
    ]
    title, change = f"{later.session} − {first.session}", _change_of_target(values, kind, first.session)
    said = f"the target changed by {change.text}" if change else "the change is not known"
    alt = (
        f"Difference map, {title}, {later.tracer}, in points of the reference: blue is more uptake, orange is less;"
        f" {said} ({endpoint})."
    )
    reason = "; ".join(without) if without or source else refused or _not_drawn(later)
    number = None if change is None else Cell(f"target {change.text}", change.full)
    return [*places, Place(title, "difference", "", source, alt, reason, number)]


def _change_of_target(values: Mapping[str, Cell], kind: Mapping[str, str], first: str) -> Cell | None:
    """Return the change of the target in the points of the map, and in percent; None if it is not known."""
    change, percent = values.get("change"), values.get("change_percent")
    if change is None or change.missing:
        return None
    text = change.text
    if kind["measure"] in _IN_POINTS:
        text = f"{100 * float(change.full or change.text):+.1f} points".replace("-", "−")
    if percent is not None and not percent.missing:
        text += f" ({percent.text} of {first})"
    return Cell(text, change.full)


def _named(first: Visit, later: Visit) -> list[tuple[Visit, str]]:
    return [(first, "baseline"), (later, "follow_up")]


def _not_drawn(visit: Visit) -> str:
    return visit.not_drawn or "not drawn; run pet-spect figures"


def _visit_place(
    folder: Path, sides: Mapping[str, str], visit: Visit, number: Cell | None, endpoint: str, lesion: str
) -> Place:
    source, refused = _beside(folder, sides, visit, "uptake") if visit.is_shown else ("", "")
    said = f"{endpoint} is {number.text}" if number and not number.missing else f"{endpoint} has no value"
    alt = (
        f"Uptake at {visit.session}, {visit.tracer}, in colours from 0: three cuts through the motor cortex and one"
        f" through the deep nuclei, with the outlines of targets and {lesion}; {said}."
    )
    reason = visit.reason if visit.reason or source else refused or _not_drawn(visit)
    return Place(visit.session, "visit", visit.status, source, alt, reason, number)


def _beside(
    folder: Path, sides: Mapping[str, str], visit: Visit, kind: Literal["uptake", "difference"]
) -> tuple[str, str]:
    """Return the address of a picture beside that of the registration, and why one that is there is not shown."""
    if not visit.source:
        return "", ""
    registration = folder / visit.source.removeprefix(_UP)
    key = ScanKey(registration.parent.name, visit.session, visit.tracer)
    beside = picture_beside(registration, kind, key, sides.get(key.participant, MISSING))
    return "" if beside.path is None else f"{_UP}{beside.path.relative_to(folder).as_posix()}", beside.reason
