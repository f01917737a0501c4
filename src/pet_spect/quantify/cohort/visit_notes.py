"""Visit notes: circumstances of a scan that matter for its interpretation. No value depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pet_spect.model import ScanKey, Side
from pet_spect.quantify.roles import ScanUptake
from pet_spect.remarks import Remark

HIGH_GLUCOSE_MG_DL = 160.0
"""Blood glucose (mg/dL, 8.9 mmol/L) above which it competes with FDG for the way into the brain.

EANM procedure guidelines for brain PET imaging using [18F]FDG, version 3, doi 10.1007/s00259-021-05603-w.
"""


LARGER_ML, LARGER_SHARE = 10.0, 0.25
"""A lesion is flagged as larger if it grew by more than both: mL, and fraction of what the first scan shows.

Between two scans of an unchanged lesion the estimate differs by less (docs/methods.md).
"""


@dataclass(frozen=True)
class VisitFacts:
    """What scans.tsv says of one scan; None where it says nothing.

    Attributes
    ----------
    session : str
    days_since_treatment : float or None
        Negative before the treatment.
    glucose_mg_dl : float or None
        Blood glucose at injection.
    benzodiazepine : bool or None
        Whether the person was on benzodiazepines.
    """

    session: str
    days_since_treatment: float | None = None
    glucose_mg_dl: float | None = None
    benzodiazepine: bool | None = None


def visit_notes(visits: Sequence[VisitFacts]) -> list[tuple[Remark, ...]]:
    """Return what to look at, for each of a participant's scans with one tracer.

    Parameters
    ----------
    visits : sequence of VisitFacts
        In the order of the study's sessions.

    Examples
    --------
    >>> for notes in visit_notes([VisitFacts("baseline", 365), VisitFacts("year1", -5)]):
    ...     print(*(note.line for note in notes))
    visit_order: days since treatment are 365 at baseline and -5 at year1; are the two visits exchanged?
    visit_order: days since treatment are 365 at baseline and -5 at year1; are the two visits exchanged?
    """
    return [
        (*_notes_of(visit), *_order_notes(visits[:place], visit, visits[place + 1 :]))
        for place, visit in enumerate(visits)
    ]


def larger_lesions(scans: Sequence[ScanUptake], sessions: Sequence[str], side: Side) -> dict[ScanKey, Remark]:
    """Return what to say of scans that show a larger lesion than the scan of the first session.

    Parameters
    ----------
    scans : sequence of ScanUptake
        A participant's measured scans with one tracer.
    sessions : sequence of str
        Of the study, the reference first; without its scan nothing is said.
    side : {'left', 'right'}
        The side of the stroke.
    """
    place = 0 if side == "left" else 1
    first, *later = sessions
    reference = next((scan for scan in scans if scan.key.session == first), None)
    if reference is None:
        return {}
    before = reference.deficit_ml[place]
    return {
        scan.key: Remark.of(
            "lesion_larger", later=scan.deficit_ml[place], first=before, side=side, session=reference.key.session
        )
        for scan in scans
        if scan.key.session in later and scan.deficit_ml[place] - before > max(LARGER_ML, LARGER_SHARE * before)
    }


def _notes_of(visit: VisitFacts) -> list[Remark]:
    notes = []
    if visit.benzodiazepine:
        notes.append(Remark.of("benzodiazepine"))
    if visit.glucose_mg_dl is not None and visit.glucose_mg_dl > HIGH_GLUCOSE_MG_DL:
        notes.append(Remark.of("glucose_high", glucose=visit.glucose_mg_dl, limit=HIGH_GLUCOSE_MG_DL))
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
