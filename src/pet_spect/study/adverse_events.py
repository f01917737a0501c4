"""adverse_events.tsv: one line for each adverse event."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path
from typing import cast, get_args

from pet_spect.quantify.outcomes.records import AdverseEvent, Severity
from pet_spect.study.rows import Table, known_participant, open_table

EVENT_COLUMNS = ("participant_id", "days_since_treatment", "term", "serious", "severity", "related")
"""Columns of adverse_events.tsv; the first four must be there."""

REQUIRED = 4


def read_adverse_events(path: Path, participants: Collection[str]) -> list[AdverseEvent]:
    """Read adverse_events.tsv.

    Parameters
    ----------
    path : Path
    participants : collection of str
        The identities participants.tsv knows.

    Raises
    ------
    StudyError
        With every mistake: see `adverse_events_of`.
    """
    table = open_table(path, EVENT_COLUMNS, required=REQUIRED)
    events = adverse_events_of(table, participants)
    table.check()
    return events


def adverse_events_of(table: Table, participants: Collection[str] | None) -> list[AdverseEvent]:
    """Return the events whose rows are sound, and note the mistakes of the others in their rows.

    A mistake is a participant who is not known, a day that is no number, an event without a term, a `serious` or
    `related` that is neither yes nor no, an unknown severity, or a person with one term twice on one day.

    Parameters
    ----------
    table : Table
    participants : collection of str or None
        Those that the study has; None if that is not known.
    """
    events: list[AdverseEvent] = []
    earlier: dict[tuple[str, float, str], int] = {}
    for line in table.rows:
        identity = known_participant(line, participants)
        day = line.number_or_none("days_since_treatment")
        term = line.needed_text("term")
        serious = line.one_of("serious", ("yes", "no")) == "yes"
        severity, related = line.text("severity"), line.text("related")
        event = AdverseEvent(
            participant_id=identity,
            day=math.nan if day is None else day,
            serious=serious,
            severity=cast(Severity, line.one_of("severity", get_args(Severity))) if severity else None,
            related=line.one_of("related", ("yes", "no")) == "yes" if related else None,
        )
        if day is not None and not line.mistakes:
            first = earlier.setdefault((identity, day, term.casefold()), line.number)
            if first != line.number:
                line.refuse(f"is a duplicate of line {first}: the same person, day and term")
        if not line.mistakes:
            events.append(event)
    return events
