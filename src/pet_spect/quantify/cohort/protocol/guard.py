"""The protocol guard: what is to be looked at in a person's visits, and which scan is no map of its receptors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pet_spect.model import Refusal
from pet_spect.quantify.cohort.protocol.differences import differences
from pet_spect.quantify.cohort.protocol.facts import VisitFacts
from pet_spect.quantify.cohort.protocol.rules import Item, TracerProtocol
from pet_spect.remarks import Remark

HIGH_GLUCOSE_MG_DL = 160.0
"""Blood glucose (mg/dL, 8.9 mmol/L) above which it competes with FDG for the way into the brain.

EANM procedure guidelines for brain PET imaging using [18F]FDG, version 3, doi 10.1007/s00259-021-05603-w.
"""

_TIMES_AGREE_MIN = 1.0
_ROUNDING_MIN = 0.05


@dataclass(frozen=True)
class Guarded:
    """What the guard says of one visit.

    Attributes
    ----------
    notes : tuple of Remark
        What to look at. No value depends on it.
    fault : Refusal or None
        Why the scan is not used unless a person accepts it.
    not_compared : tuple of Item
        What could not be compared with the first session, because either visit does not say it.
    start_minutes : float or None
        From the injection to the start of the scan, as it was judged.
    """

    notes: tuple[Remark, ...] = ()
    fault: Refusal | None = None
    not_compared: tuple[Item, ...] = ()
    start_minutes: float | None = None


def guard(visits: Sequence[VisitFacts], rules: TracerProtocol, first_session: str) -> list[Guarded]:
    """Return what the protocol says of each of a participant's scans with one tracer.

    A later visit is compared with the first session if both were measured; what differs is noted at the later one.

    Parameters
    ----------
    visits : sequence of VisitFacts
        In the order of the study's sessions.
    rules : TracerProtocol
    first_session : str
        The reference of every change.

    Examples
    --------
    >>> visits = [VisitFacts("baseline", 365), VisitFacts("year1", -5)]
    >>> for guarded in guard(visits, TracerProtocol(), "baseline"):
    ...     print(*(note.code for note in guarded.notes))
    baseline_after_treatment visit_order
    visit_order
    """
    reference = next((visit for visit in visits if visit.session == first_session), None)
    guarded = []
    for place, visit in enumerate(visits):
        notes = [*_notes_of(visit, first_session), *_order_notes(visits[:place], visit, visits[place + 1 :])]
        not_compared: list[Item] = []
        compared = reference is not None and visit is not reference and visit.scan and reference.scan
        if compared and reference is not None:
            for item, remark in differences(reference, visit, rules):
                notes += [] if remark is None else [remark]
                not_compared += [item] if remark is None else []
        if visit.scan and visit.start_minutes is None:
            comparable = "start" in rules.agree and any(other.scan for other in visits if other is not visit)
            notes += [Remark.of("uptake_time_unknown")] if comparable or rules.start_minutes else []
        guarded.append(Guarded(tuple(notes), _window_fault(visit, rules), tuple(not_compared), visit.start_minutes))
    return guarded


def _window_fault(visit: VisitFacts, rules: TracerProtocol) -> Refusal | None:
    """Return why a scan began too early or too late after the injection; None if it did not, or nobody knows.

    If the scan and scans.tsv give different times, one of the two clocks is wrong, and both must lie in the window.
    """
    if rules.start_minutes is None or visit.scan is None:
        return None
    first, last = rules.start_minutes

    def outside(minutes: float) -> bool:
        return not first - _ROUNDING_MIN <= minutes <= last + _ROUNDING_MIN

    own, declared, apart = visit.scan.start_minutes, visit.declared_minutes, visit.clocks_apart_minutes
    if own is not None and declared is not None and abs(own - declared) <= _TIMES_AGREE_MIN:
        declared = None
    for case, minutes in (("scan", own), ("table", declared)):
        if minutes is not None and outside(minutes):
            return _refused(case, minutes, rules.start_minutes)
    # which of the two times is the earlier is not known
    if own is not None and apart is not None and outside(own - apart) and outside(own + apart):
        return _refused("clocks", apart, rules.start_minutes)
    return None


def _refused(case: str, minutes: float, window: tuple[float, float]) -> Refusal:
    first, last = window
    return Refusal.of("protocol", Remark.of("uptake_window", case=case, minutes=minutes, first=first, last=last))


def _notes_of(visit: VisitFacts, first_session: str) -> list[Remark]:
    notes = []
    if visit.benzodiazepine:
        notes.append(Remark.of("benzodiazepine"))
    if visit.glucose_mg_dl is not None and visit.glucose_mg_dl > HIGH_GLUCOSE_MG_DL:
        notes.append(Remark.of("glucose_high", glucose=visit.glucose_mg_dl, limit=HIGH_GLUCOSE_MG_DL))
    days = visit.days_since_treatment
    if days is not None and days > 0 and visit.session == first_session:
        notes.append(Remark.of("baseline_after_treatment", days=days, session=visit.session))
    return notes


def _order_notes(earlier: Sequence[VisitFacts], visit: VisitFacts, later: Sequence[VisitFacts]) -> list[Remark]:
    pairs = [(other, visit) for other in earlier] + [(visit, other) for other in later]
    return [
        Remark.of(
            "visit_order",
            days=before.days_since_treatment,
            session=before.session,
            later_days=after.days_since_treatment,
            later_session=after.session,
        )
        for before, after in pairs
        if before.days_since_treatment is not None
        and after.days_since_treatment is not None
        and after.days_since_treatment < before.days_since_treatment
    ]
