"""Clinical outcomes as the study tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["mild", "moderate", "severe"]


@dataclass(frozen=True)
class OutcomeVisit:
    """The clinical outcomes of one person at one visit.

    Attributes
    ----------
    participant_id, session : str
    values : mapping of str to float
        Scores and numbers of events by outcome; NaN where the visit has none. Outcomes that the study does not have
        are absent.
    withdrawn : bool
        Whether the person has left the trial at or before this visit.
    """

    participant_id: str
    session: str
    values: Mapping[str, float]
    withdrawn: bool = False


@dataclass(frozen=True)
class AdverseEvent:
    """One adverse event, without its term, which nothing needs.

    Attributes
    ----------
    participant_id : str
    day : float
        Days since the treatment, negative before it; NaN if not known.
    serious : bool
    severity : {'mild', 'moderate', 'severe'} or None
    related : bool or None
        Whether the treatment may have caused it; None if nobody says.
    """

    participant_id: str
    day: float
    serious: bool
    severity: Severity | None = None
    related: bool | None = None
