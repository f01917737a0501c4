"""The check of the clinical tables and of their settings, as part of the check of a study."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pet_spect.errors import Mistake
from pet_spect.quantify.outcomes.adverse_events import TimeFrame, contradictions
from pet_spect.quantify.outcomes.changes import clinical_study
from pet_spect.quantify.outcomes.records import AdverseEvent, OutcomeVisit
from pet_spect.study import adverse_events, outcomes
from pet_spect.study.adverse_events import adverse_events_of
from pet_spect.study.config_check import ConfigCheck
from pet_spect.study.outcomes import outcomes_of
from pet_spect.study.paths import absence
from pet_spect.study.rows import Table

CLINICAL_TABLES: Mapping[str, tuple[Sequence[str], int]] = {
    "outcomes": (outcomes.OUTCOME_COLUMNS, outcomes.REQUIRED),
    "adverse_events": (adverse_events.EVENT_COLUMNS, adverse_events.REQUIRED),
}
"""Key of the configuration to the columns of its table, and how many of them must be there."""


def check_outcome_settings(check: ConfigCheck) -> None:
    """Note what is wrong with the paths of the clinical tables and with the time frame of adverse events."""
    for key in CLINICAL_TABLES:
        if not check.has(key):
            continue
        if not check.check_path((key,)):
            check.wrong.add(key)
        elif key in check.as_written and not os.path.isfile(check.config[key]):  # noqa: PTH113
            check.add((key,), absence(Path(check.config[key])))
            check.wrong.add(key)
    if check.has("outcome_analysis"):
        frame = check.config["outcome_analysis"]["adverse_event_days"]
        if frame is not None and frame[0] >= frame[1]:
            check.add(("outcome_analysis", "adverse_event_days"), f"found {frame}, needed the earlier day first")


def time_frame(check: ConfigCheck) -> TimeFrame:
    """Return the days in which adverse events count; all after the treatment if the configuration is wrong."""
    days = check.config["outcome_analysis"]["adverse_event_days"] if check.has("outcome_analysis") else None
    return TimeFrame(*(days or ()))


def check_outcomes(
    tables: Mapping[str, Table],
    participants: Collection[str] | None,
    sessions: Sequence[str] | None,
    frame: TimeFrame,
) -> None:
    """Note the mistakes of the clinical tables, and where they contradict each other.

    Parameters
    ----------
    tables : mapping
        The tables of `CLINICAL_TABLES`.
    participants, sessions : collection of str or None
        Those that the study has; None if that is not known.
    frame : TimeFrame
        The days in which events count.
    """
    visits = outcomes_of(tables["outcomes"], participants, sessions)
    events = adverse_events_of(tables["adverse_events"], participants)
    listed = tables["adverse_events"]
    if participants is None or sessions is None or not listed.rows:
        return
    if any(table.mistakes for table in tables.values()):
        return
    messages = contradiction_messages(visits, events, participants, sessions, tables["outcomes"].path, frame)
    listed.file_mistakes.extend(Mistake(str(listed.path), None, None, message) for message in messages)


def contradiction_messages(
    visits: Sequence[OutcomeVisit],
    events: Sequence[AdverseEvent],
    participants: Collection[str],
    sessions: Sequence[str],
    counted_in: Path,
    frame: TimeFrame,
) -> list[str]:
    """Return a message for each person of whom the two tables tell different numbers of events."""
    study = clinical_study(visits, sorted(participants), sessions)
    return [
        f"lists {found.listed} {found.outcome} of {found.participant_id} after the treatment, {counted_in} counts"
        f" {found.counted} at the visits after {study.sessions[0]}; correct one of the two, or write n/a there"
        for found in contradictions(events, study, frame)
    ]
