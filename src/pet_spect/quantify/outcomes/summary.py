"""Summary of the clinical outcomes over all participants; nothing is imputed unless the row says so."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pet_spect.quantify.cohort.analysis.inference import FEWEST, Description, Inference, all_equal, describe, infer
from pet_spect.quantify.outcomes.adverse_events import EventCount, by_kind
from pet_spect.quantify.outcomes.changes import OutcomeChange
from pet_spect.quantify.outcomes.proportion import proportion
from pet_spect.quantify.outcomes.scales import MRS
from pet_spect.remarks import Remark

Quantity = Literal["frequency_improved", "mean_improvement", "frequency_people", "events_per_person"]
Analysis = Literal["complete_cases", "missing_as_no_improvement", "everybody"]

Withdrawn = Literal["included", "excluded"]
"""Whether withdrawn people stay in the denominator of adverse events."""


@dataclass(frozen=True, slots=True)
class OutcomeSummary:
    """One row of outcomes_summary.tsv; NaN where there is no estimate.

    Attributes
    ----------
    outcome : str
    session : str or None
        The later visit; None for adverse events, which are counted within the time frame.
    quantity : {'frequency_improved', 'mean_improvement', 'frequency_people', 'events_per_person'}
    analysis : {'complete_cases', 'missing_as_no_improvement', 'everybody'}
    n : int
        People in the denominator; 0 if nothing is known of anybody.
    n_missing : int
        People of whom it is not, or not completely, known: left out by ``complete_cases``, in `n` otherwise.
    n_withdrawn : int
        People in `n` and `n_missing` who have withdrawn, each once.
    count : int
        People who improved, people with an event, or events.
    estimate, ci95_low, ci95_high : float
        Fraction, mean improvement or events per person.
    description : Description
    inference : Inference
        Further estimates of a mean improvement; empty for everything else.
    remark : Remark or None
        Why there is no estimate, or no interval.
    """

    outcome: str
    session: str | None
    quantity: Quantity
    analysis: Analysis
    n: int
    n_missing: int
    n_withdrawn: int
    count: int
    estimate: float
    ci95_low: float = math.nan
    ci95_high: float = math.nan
    description: Description = field(default_factory=Description)
    inference: Inference = field(default_factory=Inference)
    remark: Remark | None = None


def too_few(n: int) -> Remark:
    """Return the remark that so few people give no estimate.

    Examples
    --------
    >>> too_few(1).text, too_few(0).text
    ('no estimate: 1 participant', 'no estimate: 0 participants')
    """
    return Remark.of("outcome_no_estimate", case="one" if n == 1 else "several", **({} if n == 1 else {"people": n}))


def summarise_changes(changes: Iterable[OutcomeChange]) -> list[OutcomeSummary]:
    """Summarise the changes of every scale at every later session, in the order in which they first come."""
    groups: dict[tuple[str, str], list[OutcomeChange]] = {}
    for change in changes:
        groups.setdefault((change.outcome, change.session), []).append(change)
    rows = []
    for (outcome, _), members in groups.items():
        if outcome == MRS:
            rows += [_improved(members, everybody=False), _improved(members, everybody=True)]
        else:
            rows.append(_mean(members))
    return rows


def _improved(members: Sequence[OutcomeChange], *, everybody: bool) -> OutcomeSummary:
    complete = [member for member in members if member.improved is not None]
    n = len(members) if everybody and complete else len(complete)
    count = sum(member.improved is True for member in complete)
    found = proportion(count, n)
    return OutcomeSummary(
        outcome=members[0].outcome,
        session=members[0].session,
        quantity="frequency_improved",
        analysis="missing_as_no_improvement" if everybody else "complete_cases",
        n=n,
        n_missing=len(members) - len(complete),
        n_withdrawn=sum(member.withdrawn for member in members),
        count=count,
        estimate=found.estimate,
        ci95_low=found.low,
        ci95_high=found.high,
        remark=None if n else too_few(n),
    )


def _mean(members: Sequence[OutcomeChange]) -> OutcomeSummary:
    values = [member.improvement for member in members if not math.isnan(member.improvement)]
    n = len(values)
    described, tested = describe(values), infer(values)
    equal = n >= FEWEST and all_equal(values)
    return OutcomeSummary(
        outcome=members[0].outcome,
        session=members[0].session,
        quantity="mean_improvement",
        analysis="complete_cases",
        n=n,
        n_missing=len(members) - n,
        n_withdrawn=sum(member.withdrawn for member in members),
        count=sum(value > 0 for value in values),
        estimate=described.mean_change,
        ci95_low=tested.ci95_low,
        ci95_high=tested.ci95_high,
        description=described,
        inference=tested,
        remark=too_few(n) if n < FEWEST else Remark.of("outcome_no_interval") if equal else None,
    )


def summarise_events(counts: Iterable[EventCount], withdrawn: Withdrawn = "included") -> list[OutcomeSummary]:
    """Summarise the adverse events of each kind.

    Parameters
    ----------
    counts : iterable of EventCount
        One per kind and participant.
    withdrawn : {'included', 'excluded'}
        Whether people who have withdrawn stay in the denominator, with the events they had.

    Returns
    -------
    list of OutcomeSummary
        Of everybody, where a person of whom nothing is known counts without an event; if anything is missing, also
        of the complete cases. If nothing is known of anybody there is no estimate.
    """
    rows = []
    for members in by_kind(counts).values():
        asked = [member for member in members if withdrawn == "included" or not member.withdrawn]
        complete = [member for member in asked if member.complete]
        n_missing = len(asked) - len(complete)
        groups: list[tuple[Analysis, list[EventCount]]] = [
            ("everybody", asked if any(member.known for member in asked) else [])
        ]
        groups += [("complete_cases", complete)] if n_missing else []
        for analysis, group in groups:
            rows += _events(members[0].outcome, analysis, group, n_missing, sum(member.withdrawn for member in asked))
    return rows


def _events(
    outcome: str, analysis: Analysis, group: Sequence[EventCount], n_missing: int, n_withdrawn: int
) -> list[OutcomeSummary]:
    n, events = len(group), sum(member.events for member in group)
    with_any = sum(member.events > 0 for member in group)
    found = proportion(with_any, n)
    remark = None if n else too_few(n)
    common = (analysis, n, n_missing, n_withdrawn)
    return [
        OutcomeSummary(
            outcome,
            None,
            "frequency_people",
            *common,
            with_any,
            found.estimate,
            found.low,
            found.high,
            remark=remark,
        ),
        OutcomeSummary(
            outcome, None, "events_per_person", *common, events, events / n if n else math.nan, remark=remark
        ),
    ]
