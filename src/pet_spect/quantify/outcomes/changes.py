"""Everybody's scores at every visit, and their changes from the first one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pet_spect.quantify.outcomes.records import OutcomeVisit
from pet_spect.quantify.outcomes.scales import COUNTS, MRS, SCALES

IMPROVED_BY = 1
"""Points of the mRS that are an improvement."""

ValueStatus = Literal["recorded", "missing", "no_line"]
ChangeStatus = Literal["complete", "no_baseline", "no_follow_up", "neither"]


@dataclass(frozen=True)
class ClinicalStudy:
    """The outcomes of a study, put in order.

    Attributes
    ----------
    participants : tuple of str
        Everybody.
    sessions : tuple of str
        The first is the one the others are compared with.
    outcomes : tuple of str
        Those that the study has.
    visits : mapping of (str, str) to OutcomeVisit
        By participant and session.
    withdrawn : frozenset of str
        Participants who have left the trial.
    planned : frozenset of str
        Sessions that everybody should have: those of the images, and those with a line of more than half of the
        participants.
    """

    participants: tuple[str, ...]
    sessions: tuple[str, ...]
    outcomes: tuple[str, ...]
    visits: Mapping[tuple[str, str], OutcomeVisit]
    withdrawn: frozenset[str]
    planned: frozenset[str] = frozenset()

    @property
    def scales(self) -> tuple[str, ...]:
        """The scales among the outcomes."""
        return tuple(name for name in self.outcomes if name in SCALES)

    @property
    def follow_ups(self) -> tuple[str, ...]:
        """Every session after the first."""
        return self.sessions[1:]

    def value(self, participant: str, session: str, outcome: str) -> float:
        """Return what was recorded; NaN where nothing was."""
        visit = self.visits.get((participant, session))
        return math.nan if visit is None else visit.values.get(outcome, math.nan)


@dataclass(frozen=True, slots=True)
class OutcomeValue:
    """One row of outcomes.tsv among the results.

    Attributes
    ----------
    participant_id, session, outcome : str
    value : float
        NaN if missing.
    status : {'recorded', 'missing', 'no_line'}
    withdrawn : bool
        Whether the person has left the trial at any time.
    """

    participant_id: str
    session: str
    outcome: str
    value: float
    status: ValueStatus
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """One row of outcomes_change.tsv.

    Attributes
    ----------
    participant_id, outcome : str
    session : str
        The later visit.
    baseline, follow_up, change, improvement : float
        ``change = follow_up - baseline``; `improvement` is positive if the person got better. NaN if missing.
    improved : bool or None
        Whether the mRS improved by one or more; None for other scales and where it is not known.
    status : {'complete', 'no_baseline', 'no_follow_up', 'neither'}
    withdrawn : bool
    """

    participant_id: str
    outcome: str
    session: str
    baseline: float
    follow_up: float
    change: float
    improvement: float
    improved: bool | None
    status: ChangeStatus
    withdrawn: bool


def clinical_study(
    visits: Sequence[OutcomeVisit], participants: Iterable[str], sessions: Sequence[str]
) -> ClinicalStudy:
    """Put the outcomes of a study in order.

    Parameters
    ----------
    visits : sequence of OutcomeVisit
        At most one per participant and session.
    participants : iterable of str
        Everybody; who has no visit is missing, not left out.
    sessions : sequence of str
        Those of the images, the reference first, in their order. For further ones see `session_order`.

    Examples
    --------
    >>> visits = [OutcomeVisit("sub-01", session, {"mRS": 3.0}) for session in ("baseline", "month6", "year1")]
    >>> study = clinical_study(visits, ["sub-01", "sub-02"], ["baseline", "year1", "year2"])
    >>> study.sessions, study.outcomes
    (('baseline', 'month6', 'year1', 'year2'), ('mRS',))
    """
    recorded = {name for visit in visits for name in visit.values}
    everybody = tuple(participants)
    lines = Counter(visit.session for visit in visits)
    return ClinicalStudy(
        participants=everybody,
        sessions=session_order(visits, sessions),
        outcomes=tuple(name for name in (*SCALES, *COUNTS) if name in recorded),
        visits={(visit.participant_id, visit.session): visit for visit in visits},
        withdrawn=frozenset(visit.participant_id for visit in visits if visit.withdrawn),
        planned=frozenset([*sessions, *(name for name, count in lines.items() if 2 * count > len(everybody))]),
    )


def session_order(visits: Sequence[OutcomeVisit], sessions: Sequence[str]) -> tuple[str, ...]:
    """Return all sessions in order: those of the images as given, further ones where the table has them.

    Parameters
    ----------
    visits : sequence of OutcomeVisit
        In the order of the table.
    sessions : sequence of str
        Those of the images. The first stays the first.

    Returns
    -------
    tuple of str
        A further session stands before the first session that follows it in the lines of anybody; else after the last
        one that goes before it.

    Examples
    --------
    >>> lines = [("sub-01", "baseline"), ("sub-01", "month6"), ("sub-01", "year1"), ("sub-02", "month3")]
    >>> visits = [OutcomeVisit(person, session, {}) for person, session in lines]
    >>> session_order(visits, ["baseline", "month3", "year1"])
    ('baseline', 'month3', 'month6', 'year1')
    """
    before: dict[str, set[str]] = {}
    after: dict[str, set[str]] = {}
    so_far: dict[str, list[str]] = {}
    for visit in visits:
        earlier = so_far.setdefault(visit.participant_id, [])
        before.setdefault(visit.session, set()).update(earlier)
        for session in earlier:
            after.setdefault(session, set()).add(visit.session)
        earlier.append(visit.session)
    ordered = list(sessions)
    for session in before:
        if session in sessions:
            continue
        later = [place for place, name in enumerate(ordered) if name in after.get(session, ())]
        sooner = [place + 1 for place, name in enumerate(ordered) if name in before[session]]
        ordered.insert(max(1, min(later, default=max(sooner, default=len(ordered)))), session)
    return tuple(ordered)


def outcome_values(study: ClinicalStudy) -> list[OutcomeValue]:
    """Return what was recorded of everybody at every visit; nobody is left out."""
    rows = []
    for person in study.participants:
        for session in study.sessions:
            for outcome in study.outcomes:
                value = study.value(person, session, outcome)
                status: ValueStatus = "no_line" if (person, session) not in study.visits else "missing"
                status = status if math.isnan(value) else "recorded"
                rows.append(OutcomeValue(person, session, outcome, value, status, person in study.withdrawn))
    return rows


def outcome_changes(study: ClinicalStudy) -> list[OutcomeChange]:
    """Return everybody's change of every scale from the first session to each later one."""
    return [
        _change(study, person, outcome, session)
        for outcome in study.scales
        for session in study.follow_ups
        for person in study.participants
    ]


def _change(study: ClinicalStudy, person: str, outcome: str, session: str) -> OutcomeChange:
    before, after = (study.value(person, visit, outcome) for visit in (study.sessions[0], session))
    improvement = SCALES[outcome].improvement(before, after)
    known = not math.isnan(improvement)
    return OutcomeChange(
        participant_id=person,
        outcome=outcome,
        session=session,
        baseline=before,
        follow_up=after,
        change=after - before,
        improvement=improvement,
        improved=improvement >= IMPROVED_BY if outcome == MRS and known else None,
        status=_status(before, after),
        withdrawn=person in study.withdrawn,
    )


def _status(before: float, after: float) -> ChangeStatus:
    if math.isnan(before):
        return "neither" if math.isnan(after) else "no_baseline"
    return "no_follow_up" if math.isnan(after) else "complete"
