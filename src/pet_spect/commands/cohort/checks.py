"""The rows of checks.tsv as ``cohort`` makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pet_spect.model import ScanKey
from pet_spect.quantify.cohort.protocol.facts import VisitFacts
from pet_spect.results import layout
from pet_spect.results.checks.scan_checks import CheckedScan, check_rows
from pet_spect.results.registration.registration_record import RegistrationRecord, read_registration_record


def registration_of(results: Path, participant: str) -> RegistrationRecord | None:
    """Return a participant's registration record; None if there is none.

    Raises
    ------
    ImageError
        If it is not one of this version.
    """
    path = results / layout.registration_record(participant)
    return read_registration_record(path) if path.is_file() else None


def participant_checks(
    record: RegistrationRecord | None, checked: Sequence[CheckedScan], min_coverage: float
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one participant.

    Parameters
    ----------
    record : RegistrationRecord or None
        Of the participant.
    checked : sequence of CheckedScan
        The participant's scans.
    min_coverage : float
        With which the participant was measured.
    """
    from pet_spect.registration.templates.tracer_pattern import FAR

    for scan in checked:
        yield from check_rows(replace(scan, min_coverage=min_coverage), record, FAR)


def others_dated(key: ScanKey, visits: Mapping[ScanKey, VisitFacts], sessions: Sequence[str]) -> bool:
    """Return whether the days since the treatment are known of another visit of a person with the tracer."""
    others = (visits.get(replace(key, session=session)) for session in sessions if session != key.session)
    return any(visit is not None and visit.days_since_treatment is not None for visit in others)
