"""Suggested participants and visits of the scans found, for a person to check; nothing doubtful is decided.

Codes follow the date of the first study, ties a digest, so that neither a name nor
the order of files shows in them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from pet_spect.dicom.index.series_summary import Described
from pet_spect.dicom.objects.identity import Person, differences, in_words
from pet_spect.dicom.objects.times import DAY_S

SESSIONS = ("baseline", "year1")
"""The sessions that a configuration has by default."""

SAME_VISIT_DAYS = 90
"""Studies of one person that are no further apart are taken to be one visit (PET and SPECT are rarely on one day)."""


@dataclass
class Suggestion:
    """Suggestion for one series; None where a person must decide.

    Attributes
    ----------
    participant : str or None
    session : str or None
    others : list of str
        Codes of all participants, if a series mixes images of several.
    notes : list of str
        Why something was left open.
    """

    participant: str | None = None
    session: str | None = None
    others: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def suggest(series: Sequence[Described]) -> list[Suggestion]:
    """Return a suggestion for each series, in their order."""
    suggestions = [Suggestion() for _ in series]
    identities = [_identity(described, described.person) for described in series]
    doubts = _doubts(
        [
            (_identity(described, person), person)
            for described in series
            for person in (described.person, *described.others)
        ]
    )
    codes = _codes(series)
    for described, identity, suggestion in zip(series, identities, suggestions, strict=True):
        suggestion.notes += doubts.get(identity, [])
        suggestion.participant = None if identity in doubts or described.others else codes.get(identity)
        suggestion.others = (
            [codes[other] for other in _mixed_identities(described) if other not in doubts] if described.kind else []
        )
        if described.others:
            suggestion.notes.append("images of several people in one series")
        elif identity[0] == "study":
            suggestion.notes.append("no PatientID and no name: each study counts as a person")
    by_person: defaultdict[tuple[str, ...], list[tuple[Described, Suggestion]]] = defaultdict(list)
    for described, identity, suggestion in zip(series, identities, suggestions, strict=True):
        if described.usable and identity not in doubts:
            by_person[identity].append((described, suggestion))
    for scans in by_person.values():
        _suggest_sessions(scans)
    return suggestions


def _mixed_identities(described: Described) -> list[tuple[str, ...]]:
    """Return the identities of all people whom a series of several names."""
    return (
        [_identity(described, person) for person in (described.person, *described.others)] if described.others else []
    )


def _identity(described: Described, person: Person) -> tuple[str, ...]:
    return person.identity or ("study", person.study_uid or str(described.source.root) + described.source.uid)


def _doubts(named: Sequence[tuple[tuple[str, ...], Person]]) -> dict[tuple[str, ...], list[str]]:
    """Return the identities that may be two persons, or one of two identities of one person, and why."""
    people: defaultdict[tuple[str, ...], list[Person]] = defaultdict(list)
    owners: defaultdict[tuple[frozenset[str], str], set[tuple[str, ...]]] = defaultdict(set)
    for identity, person in named:
        people[identity].append(person.without_study())
        if person.born and person.name_words:
            owners[person.name_words, person.born].add(identity)
    doubts: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for identity, persons in people.items():
        different = differences(persons)
        if different:
            what = {"id": "one PatientID", "name": "one name and birth date", "study": "one study"}[identity[0]]
            doubts[identity].append(f"{what} with different {in_words(different)}")
    for who in owners.values():
        for identity in who if len(who) > 1 else ():
            doubts[identity].append("one name and birth date with different PatientIDs")
    return doubts


def _codes(series: Sequence[Described]) -> dict[tuple[str, ...], str]:
    """Return ``sub-01``, ... for everybody of whom there is a PET or SPECT."""
    first: dict[tuple[str, ...], float] = {}
    for described in series:
        for person in (described.person, *described.others) if described.kind else ():
            identity, day = _identity(described, person), person.day
            first[identity] = min(first.get(identity, float("inf")), float("inf") if day is None else day)
    ordered = sorted(first, key=lambda identity: (first[identity], _digest(identity)))
    width = max(2, len(str(len(ordered))))
    return {identity: f"sub-{number:0{width}d}" for number, identity in enumerate(ordered, start=1)}


def _digest(identity: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(identity).encode("utf-8", "surrogateescape")).hexdigest()


def _suggest_sessions(scans: Sequence[tuple[Described, Suggestion]]) -> None:
    """Suggest the sessions of one person's scans."""
    visit_of = _visits([described.person for described, _ in scans])
    for described, suggestion in scans:
        visit = visit_of.get(described.person.day)
        reason = _why_open(described, visit, [other for other, _ in scans], visit_of)
        if reason is not None:
            suggestion.notes.append(reason)
        elif visit is not None:
            suggestion.session = SESSIONS[visit]


def _why_open(
    described: Described, visit: int | None, scans: Sequence[Described], visit_of: dict[float | None, int]
) -> str | None:
    """Return why a person must say which session a scan is, None if it is as clear as dates can make it."""
    name = described.tracer.name
    if not described.tracer.certain:
        return _UNSURE[described.tracer.source]
    if any(not other.tracer.certain and other.tracer.name in (name, None) for other in scans):
        return f"session left open: another scan may be of {name} too"
    visits = [visit_of.get(other.person.day) for other in scans if other.tracer.name == name]
    if visit is None or None in visits:
        return "session left open: a study has no date"
    if visits.count(visit) > 1:
        return f"session left open: {visits.count(visit)} scans of {name} in one visit"
    if visit >= len(SESSIONS):
        return f"session left open: visit {visit + 1}"
    if len({earlier for earlier in visits if earlier is not None and earlier < visit}) != visit:
        return f"session left open: visit {visit + 1} of the person, the first of {name}"
    return None


_UNSURE = {
    "description": "tracer guessed from a description that was typed; confirm it",
    "radionuclide": "tracer guessed from the radionuclide alone; confirm it",
    "contradiction": "the header contradicts itself about the tracer",
    "nothing": "the header names no known tracer",
}


def _visits(people: Sequence[Person]) -> dict[float | None, int]:
    """Return the number of the visit, from 0, of each study date."""
    visits: dict[float | None, int] = {}
    before, visit = None, 0
    for day in sorted({person.day for person in people if person.day is not None}):
        if before is not None and day - before > SAME_VISIT_DAYS * DAY_S:
            visit += 1
        visits[day] = visit
        before = day
    return visits
