"""How many adverse events everybody had within the time frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pet_spect.quantify.outcomes.changes import ClinicalStudy
from pet_spect.quantify.outcomes.records import AdverseEvent
from pet_spect.quantify.outcomes.scales import ADVERSE, COUNTS, RELATED, SERIOUS


@dataclass(frozen=True)
class TimeFrame:
    """The days in which adverse events count.

    Attributes
    ----------
    first, last : float
        Days since the treatment, both included.
    """

    first: float = 0.0
    last: float = math.inf

    def holds(self, day: float) -> bool:
        """Return whether an event of a day counts; one whose day is not known (NaN) does.

        Examples
        --------
        >>> frame = TimeFrame(0, 365)
        >>> [frame.holds(day) for day in (-1, 0, 365, 366, float("nan"))]
        [False, True, True, False, True]
        """
        return math.isnan(day) or self.first <= day <= self.last


_FROM_TREATMENT = TimeFrame()


@dataclass(frozen=True, slots=True)
class EventCount:
    """The events of one kind that one person had.

    Attributes
    ----------
    participant_id : str
    outcome : str
        ``adverse_events``, ``serious_adverse_events`` or ``related_adverse_events``.
    events : int
        Those that are known.
    known : bool
        Whether anything is known of this person.
    complete : bool
        Whether nothing is missing.
    withdrawn : bool
    """

    participant_id: str
    outcome: str
    events: int
    known: bool
    complete: bool
    withdrawn: bool


def counts_of_events(events: Sequence[AdverseEvent], study: ClinicalStudy, frame: TimeFrame) -> list[EventCount]:
    """Count the events of a table that holds one line for each; who has no line had none.

    Parameters
    ----------
    events : sequence of AdverseEvent
    study : ClinicalStudy
        Who takes part, and who has withdrawn.
    frame : TimeFrame

    Returns
    -------
    list of EventCount
        One per kind and participant. Events that the treatment may have caused are counted only if any line says
        whether it did; then a line that does not say counts as one, because leaving it out could hide an event.
    """
    within = [event for event in events if frame.holds(event.day)]
    kinds: dict[str, list[AdverseEvent]] = {ADVERSE: within, SERIOUS: [event for event in within if event.serious]}
    if any(event.related is not None for event in events):
        kinds[RELATED] = [event for event in within if event.related is not False]
    rows = []
    for kind, members in kinds.items():
        tally = dict.fromkeys(study.participants, 0)
        for event in members:
            tally[event.participant_id] += 1
        rows += [
            EventCount(person, kind, count, known=True, complete=True, withdrawn=person in study.withdrawn)
            for person, count in tally.items()
        ]
    return rows


def counts_of_visits(study: ClinicalStudy) -> list[EventCount]:
    """Add up the numbers of events at the visits after the first; each counts those since the visit before.

    Returns
    -------
    list of EventCount
        One per kind that the study has and participant. `EventCount.complete` says whether every such visit that the
        person should have (`ClinicalStudy.planned`) or has a line for has a number.
    """
    rows = []
    for kind in (name for name in COUNTS if name in study.outcomes):
        counted = counted_sessions(study, kind)
        for person in study.participants:
            expected = [visit for visit in counted if visit in study.planned or (person, visit) in study.visits]
            numbers = [study.value(person, session, kind) for session in expected]
            there = [int(number) for number in numbers if not math.isnan(number)]
            rows.append(
                EventCount(
                    person, kind, sum(there), bool(there), len(there) == len(numbers) > 0, person in study.withdrawn
                )
            )
    return rows


def counted_sessions(study: ClinicalStudy, kind: str) -> list[str]:
    """Return the later sessions at which anybody has a number of events."""
    return [
        session
        for session in study.follow_ups
        if any(not math.isnan(study.value(person, session, kind)) for person in study.participants)
    ]


@dataclass(frozen=True)
class Contradiction:
    """A person of whom two tables tell different numbers of events.

    Attributes
    ----------
    participant_id, outcome : str
    listed, counted : int
        By the table with one line per event, and by the numbers at the visits.
    """

    participant_id: str
    outcome: str
    listed: int
    counted: int


def contradictions(
    events: Sequence[AdverseEvent], study: ClinicalStudy, frame: TimeFrame = _FROM_TREATMENT
) -> list[Contradiction]:
    """Return where the table of events and the numbers at the visits cannot both be right.

    Compared are the events from day 0 on (or of an unknown day) with the sum over the visits after the first. Fewer
    events than were counted are not possible. More are possible if a visit has no number, or after `frame`, when there
    may be no visit any more.
    """
    listed, within = (
        {(row.participant_id, row.outcome): row.events for row in counts_of_events(events, study, days)}
        for days in (_FROM_TREATMENT, TimeFrame(_FROM_TREATMENT.first, frame.last))
    )
    found = []
    for row in (row for row in counts_of_visits(study) if row.known):
        key = (row.participant_id, row.outcome)
        if listed[key] < row.events or (within[key] > row.events and row.complete):
            number = listed[key] if listed[key] < row.events else within[key]
            found.append(Contradiction(*key, number, row.events))
    return found


def by_kind(rows: Iterable[EventCount]) -> Mapping[str, list[EventCount]]:
    """Return the counts of each kind."""
    kinds: dict[str, list[EventCount]] = {}
    for row in rows:
        kinds.setdefault(row.outcome, []).append(row)
    return kinds
