"""How the change in the images goes with the clinical change; exploratory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pet_spect.quantify.outcomes.changes import OutcomeChange
from pet_spect.quantify.outcomes.correlation import FEWEST, RankCorrelation, spearman
from pet_spect.quantify.outcomes.summary import too_few
from pet_spect.remarks import Remark


class Endpoint(NamedTuple):
    """What of the images is compared: columns of change.tsv."""

    tracer: str
    region: str
    measure: str
    reference: str


ImagingChanges = Mapping[tuple[Endpoint, str], Mapping[str, float]]
"""By endpoint and later session, the change of each participant who has one."""


class Pair(NamedTuple):
    """The two changes of one person."""

    participant_id: str
    imaging: float
    improvement: float


@dataclass(frozen=True)
class Relation:
    """The two changes of everybody at one later session.

    Attributes
    ----------
    endpoint : Endpoint
    session, outcome : str
    pairs : list of Pair
        Of the people who have both.
    n_missing : int
        Everybody else.
    correlation : RankCorrelation
        Positive if people whose uptake rises more also improve more.
    """

    endpoint: Endpoint
    session: str
    outcome: str
    pairs: list[Pair]
    n_missing: int
    correlation: RankCorrelation

    @property
    def remark(self) -> Remark | None:
        """Why there is no correlation."""
        if self.correlation.n < FEWEST:
            return too_few(self.correlation.n)
        return Remark.of("outcome_no_variation") if math.isnan(self.correlation.rho) else None


def relations(imaging: ImagingChanges, changes: Iterable[OutcomeChange]) -> list[Relation]:
    """Relate the change in the images to that of every scale.

    Parameters
    ----------
    imaging : mapping
        See `ImagingChanges`.
    changes : iterable of OutcomeChange
        Of all participants.

    Returns
    -------
    list of Relation
        For each endpoint, session of the images and scale that has a change at that session.
    """
    by_kind: dict[str, dict[str, list[OutcomeChange]]] = {}
    for change in changes:
        by_kind.setdefault(change.session, {}).setdefault(change.outcome, []).append(change)
    return [
        _relation(endpoint, session, outcome, imaged, members)
        for (endpoint, session), imaged in imaging.items()
        for outcome, members in by_kind.get(session, {}).items()
    ]


def _relation(
    endpoint: Endpoint,
    session: str,
    outcome: str,
    imaged: Mapping[str, float],
    members: Sequence[OutcomeChange],
) -> Relation:
    pairs = [
        Pair(member.participant_id, imaged[member.participant_id], member.improvement)
        for member in members
        if member.participant_id in imaged and not math.isnan(member.improvement)
    ]
    correlation = spearman([pair.imaging for pair in pairs], [pair.improvement for pair in pairs])
    return Relation(endpoint, session, outcome, pairs, len(members) - len(pairs), correlation)
