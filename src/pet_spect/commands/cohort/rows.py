"""What is asked of every participant, and the rows that one participant has in the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pet_spect.commands.cohort.checks import others_dated
from pet_spect.commands.cohort.decisions import is_altered
from pet_spect.commands.cohort.protocol import guard_scans
from pet_spect.errors import RegionError, TableError
from pet_spect.model import Decision, ScanKey, Side
from pet_spect.quantify.cohort.analysis.settings import Analysis
from pet_spect.quantify.cohort.growing_lesion import larger_lesions
from pet_spect.quantify.cohort.late_early import late_early_ratios
from pet_spect.quantify.cohort.protocol.facts import VisitFacts
from pet_spect.quantify.cohort.protocol.guard import Guarded
from pet_spect.quantify.cohort.protocol.rules import TracerProtocol
from pet_spect.quantify.cohort.qc_decisions import (
    ScanQc,
    judge_absent,
    judge_measured,
    refuse_without_primary,
    sign_offs,
)
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.quantify.ratios import Ratio, scan_ratios
from pet_spect.quantify.roles import RegionRoles
from pet_spect.remarks import Remark, write_cell
from pet_spect.results.checks.scan_checks import CheckedScan
from pet_spect.results.uptake.uptake_record import MeasuredScan
from pet_spect.study.participants import Participant


@dataclass(frozen=True)
class CohortPlan:
    """What is asked of every participant."""

    visits: tuple[tuple[str, str], ...]
    sessions: tuple[str, ...]
    roles: RegionRoles
    analysis: Analysis
    circumstances: Mapping[ScanKey, VisitFacts]
    protocols: Mapping[str, TracerProtocol]
    early_of: Mapping[str, str]
    decisions: Mapping[ScanKey, Sequence[Decision]]
    rated: Mapping[ScanKey, Sequence[Remark]]
    max_cerebellum_asymmetry: float
    within_subject_cv: Mapping[str, WithinSubjectCv]


def _with_notes(
    scans: Sequence[MeasuredScan], guarded: Mapping[ScanKey, Guarded], lesion_side: Side, sessions: Sequence[str]
) -> list[MeasuredScan]:
    """Return one participant's scans with what their circumstances and a growing lesion call attention to."""
    growth: dict[ScanKey, Remark] = {}
    for tracer in dict.fromkeys(scan.uptake.key.tracer for scan in scans):
        measured = [scan.uptake for scan in scans if scan.status == "measured" and scan.uptake.key.tracer == tracer]
        growth |= larger_lesions(measured, sessions, lesion_side)
    noted = []
    for scan in scans:
        key = scan.uptake.key
        more = (growth[key],) if key in growth else ()
        notes = (*scan.uptake.notes, *guarded[key].notes, *more)
        noted.append(replace(scan, uptake=replace(scan.uptake, notes=notes)))
    return noted


def participant_rows(
    person: Participant, scans: Sequence[MeasuredScan], plan: CohortPlan
) -> tuple[list[Ratio], list[dict[str, Any]], list[CheckedScan]]:
    """Return a participant's rows of ratios.tsv and scans.tsv, and what is known of each scan for checks.tsv."""
    guarded = guard_scans(scans, plan.circumstances, plan.protocols, plan.sessions[0])
    scans = _with_notes(scans, guarded, person.lesion_side, plan.sessions)
    faults = {key: said.fault for key, said in guarded.items() if said.fault is not None}
    measured = [scan.uptake for scan in scans if scan.status == "measured"]
    scan_qcs = dict(
        zip(
            [scan.key for scan in measured],
            judge_measured(measured, person.lesion_side, plan.decisions, plan.roles.cerebellum, faults),
            strict=True,
        )
    )
    ratios: list[Ratio] = []
    scan_rows, checked = [], []
    first = {key.tracer for key in (scan.key for scan in measured) if key.session == plan.sessions[0]}
    for scan in scans:
        key = scan.uptake.key
        decisions = plan.decisions.get(key, ())
        scan_qc = scan_qcs.get(key) or judge_absent(scan.status, scan.refusal, decisions)
        try:
            scan_values = scan_ratios(
                replace(scan.uptake, notes=(*scan_qc.notes, *scan.uptake.notes)),
                person.lesion_side,
                plan.roles,
                failure=scan_qc.failure,
                infratentorial=person.lesion_territory == "infratentorial",
                bilateral=person.bilateral,
                max_cerebellum_asymmetry=plan.max_cerebellum_asymmetry,
            )
        except RegionError as error:
            raise TableError(f"{key.participant}: {error}; do the regions asked for belong to this atlas?") from None
        primary = _primary(scan_values, plan)
        scan_qc = refuse_without_primary(scan_qc, primary, decisions)
        ratios += scan_values
        signed = sign_offs(scan_qc, scan.uptake, decisions)
        if is_altered(decisions):
            scan_qc, signed = replace(scan_qc, decision=None), ""
        scan_rows.append(_scan_row(scan, scan_qc, signed, plan, guarded[key]))
        known = _known_of(scan, scan_qc, guarded[key], primary, plan)
        checked.append(replace(known, first_measured=key.tracer in first, has_others=len(measured) > 1))
    return [*ratios, *late_early_ratios(ratios, plan.early_of)], scan_rows, checked


def _known_of(scan: MeasuredScan, scan_qc: ScanQc, guarded: Guarded, primary: Ratio, plan: CohortPlan) -> CheckedScan:
    """Return what checks.tsv is made of, apart from what the person's other scans tell."""
    key = scan.uptake.key
    return CheckedScan(
        scan=scan,
        qc=scan_qc,
        guarded=guarded,
        visit=plan.circumstances.get(key),
        rules=plan.protocols[key.tracer],
        is_first=key.session == plan.sessions[0],
        first_measured=False,
        has_others=False,
        others_dated=others_dated(key, plan.circumstances, plan.sessions),
        lesion_side=primary.lesion_side,
        primary=primary,
        roles=plan.roles,
        max_cerebellum_asymmetry=plan.max_cerebellum_asymmetry,
    )


def _primary(ratios: Iterable[Ratio], plan: CohortPlan) -> Ratio:
    """Return the ratio of the whole target to the tracer's primary reference."""
    return next(
        ratio
        for ratio in ratios
        if ratio.region == plan.roles.target_name
        and ratio.measure == "uptake_ratio"
        and ratio.reference == plan.analysis.primary[ratio.tracer].reference
    )


def _scan_row(scan: MeasuredScan, scan_qc: ScanQc, signed: str, plan: CohortPlan, guarded: Guarded) -> dict[str, Any]:
    key, fault = scan.uptake.key, scan_qc.fault
    visit = plan.circumstances.get(key)
    return {
        "participant_id": key.participant,
        "session": key.session,
        "tracer": key.tracer,
        "status": scan_qc.status,
        "stage": fault and fault.stage,
        "code": scan_qc.stated_code or (fault and fault.code),
        "reason": fault.reason if fault else write_cell([scan.uptake.absence]),
        "warnings": write_cell([*scan_qc.notes, *scan.uptake.notes, *plan.rated.get(key, ())]),
        "days_since_treatment": visit and visit.days_since_treatment,
        "uptake_minutes": guarded.start_minutes,
        "not_compared": ", ".join(guarded.not_compared),
        "decision": scan_qc.decision,
        "sign_off": signed,
        "simulated": scan.simulated,
    }
