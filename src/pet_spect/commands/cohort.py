"""The verb ``cohort``: everybody's uptake joined into the tables uptake, ratios, change, summary and scans.

Everybody in participants.tsv has rows in every table, scanned or not. This is the step at which the
side of the lesion enters. It also makes the results folder a BIDS dataset.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pet_spect.commands.arguments import json_object, references, study_facts, within_subject_cv
from pet_spect.commands.cohort_analysis import add_analysis, declared_analysis, statement_of_plan
from pet_spect.commands.cohort_checks import others_dated, participant_checks, registration_of
from pet_spect.commands.cohort_decisions import add_qc, is_altered, qc_tables, write_decision_tables
from pet_spect.commands.cohort_protocol import circumstances, early_tracers, guard_scans, protocols
from pet_spect.commands.cohort_run import add_run, recorded_run
from pet_spect.commands.cohort_undecided import Undecided, write_decided
from pet_spect.commands.cohort_unfinished import add_unfinished, example_of, unfinished_people
from pet_spect.commands.numbers import positive
from pet_spect.errors import ConfigError, RegionError, TableError, listed
from pet_spect.files import whole_file, write_json
from pet_spect.model import Decision, ScanKey, Side
from pet_spect.quantify.cohort.analysis.settings import Analysis
from pet_spect.quantify.cohort.change import Change, changes
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
from pet_spect.quantify.cohort.summary import summarise
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.quantify.ratios import MAX_CEREBELLUM_ASYMMETRY, Ratio, scan_ratios
from pet_spect.quantify.references import BUILT_IN
from pet_spect.quantify.roles import RegionRoles
from pet_spect.remarks import Remark, write_cell
from pet_spect.results import columns, layout
from pet_spect.results.analysis_plan import with_statement
from pet_spect.results.checks.scan_checks import CheckedScan
from pet_spect.results.dataset import describe_dataset
from pet_spect.results.decision_columns import CHECKS
from pet_spect.results.library.study_settings import StudySettings
from pet_spect.results.manifest import tables_of
from pet_spect.results.manifest_part import write_tables_part
from pet_spect.results.matching import check_exclusions, check_uptake
from pet_spect.results.reliable_change import with_reliable_change
from pet_spect.results.study_facts import StudyFacts
from pet_spect.results.summary_table import summary_row
from pet_spect.results.uptake_record import MeasuredScan, read_uptake
from pet_spect.study.decisions import decisions_by_scan
from pet_spect.study.participants import Participant, read_participants
from pet_spect.study.qc_tables import QcTables
from pet_spect.study.readers import rating_remarks
from pet_spect.tsv import write_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect cohort``."""
    parser.add_argument("--results", required=True, type=Path, metavar="DIR", help="the results folder")
    parser.add_argument("--participants", required=True, type=Path, metavar="TSV", help="participants.tsv")
    parser.add_argument("--scans", type=Path, metavar="TSV", help="scans.tsv: what only the study knows of a visit")
    add_qc(parser)
    parser.add_argument("--atlas-name", default="CerebrA", metavar="NAME", help="atlas of the uptake tables")
    parser.add_argument(
        "--own-atlas", action="store_true", help="the atlas is your own, even if it has the name of a built-in one"
    )
    parser.add_argument("--sessions", required=True, nargs="+", metavar="SESSION", help="the first is the reference")
    parser.add_argument("--tracers", required=True, nargs="+", metavar="TRACER")
    parser.add_argument("--target", nargs="+", default=["precentral"], metavar="REGION")
    parser.add_argument(
        "--references",
        type=references,
        default=dict(BUILT_IN),
        metavar="JSON",
        help="references to add to the built-in ones, to change, or (null) to leave out (`references` of the config)",
    )
    add_analysis(parser)
    add_unfinished(parser)
    add_run(parser)
    parser.add_argument(
        "--pvc",
        choices=("none", "gtm"),
        default="none",
        help="gtm also gives the ratios of the regions that measure corrected for partial volume (default %(default)s)",
    )
    parser.add_argument(
        "--early",
        nargs="+",
        default=[],
        metavar="TRACER=EARLY",
        help="the tracer of the early scan that goes with a late one (`early` of the config)",
    )
    parser.add_argument(
        "--protocol",
        type=json_object,
        default={},
        metavar="JSON",
        help="rules of each tracer's scans where they depart from the built-in ones (`protocol` of the config)",
    )
    parser.add_argument(
        "--max-cerebellum-asymmetry",
        type=positive,
        default=MAX_CEREBELLUM_ASYMMETRY,
        metavar="PERCENT",
        help="above it, cerebellar references are flagged (default %(default)s)",
    )
    parser.add_argument(
        "--within-subject-cv",
        type=within_subject_cv,
        default={},
        metavar="JSON",
        help="value, kind and source by tracer (`within_subject_cv` of the config); without it, no reliable change",
    )
    parser.add_argument(
        "--study",
        type=study_facts,
        default=StudyFacts(),
        metavar="JSON",
        help="id, title and registration of the study (`study` of the config)",
    )


@dataclass(frozen=True)
class _Plan:
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


def run(options: argparse.Namespace) -> None:
    """Write the tables.

    Raises
    ------
    ConfigError
        If ``--analysis``, ``--primary``, ``--early`` or ``--within-subject-cv`` names an unknown tracer or reference,
        ``--protocol`` what a tracer cannot have, or the recorded plan declares another analysis.
    TableError
        If a table is absent or cannot be used, was measured with another registration than the one that is there, or
        the registration with other exclusions than those of qc.tsv; or qc.tsv decides about a scan that cannot exist.
    """
    people = read_participants(options.participants)
    qc = qc_tables(options)
    plan = _plan(options, people, qc)
    statement = statement_of_plan(options, plan.analysis)
    tables = {identity: options.results / layout.uptake_table(identity, options.atlas_name) for identity in people}
    unfinished = unfinished_people(options)
    example = example_of(tables, unfinished, plan.visits) if unfinished else None
    absent = [identity for identity, table in tables.items() if identity not in unfinished and not table.is_file()]
    if absent:
        raise TableError(
            f"{tables[absent[0]]}: does not exist, so {absent[0]} ({len(absent)} of {len(people)} participants)"
            " would be lost; run measure for everybody in participants.tsv",
            code="participant_lost",
        )
    folder = options.results / "tables"
    statement = replace(statement, run_id=recorded_run(options, people, unfinished))
    ratios: list[Ratio] = []
    followed: list[Change] = []
    undecided = Undecided.of(options.results, qc)
    followed_undecided: list[Change] = []
    scans: list[dict[str, Any]] = []
    checks: list[dict[str, Any]] = []
    decided = qc.decisions()
    with whole_file(folder / "uptake.tsv") as partial, partial.open("w", encoding="utf-8", newline="\n") as joined:
        joined.write("\t".join(columns.UPTAKE) + "\n")
        for identity, person in people.items():
            if example is not None and identity in unfinished:
                record = None
                uptake = example.without_values(identity, unfinished[identity], plan.circumstances)
            else:
                record = registration_of(options.results, identity)
                uptake = read_uptake(tables[identity], identity, plan.visits)
                check_uptake(options.results, tables[identity], identity, uptake.provenance, record)
            if record is not None:
                check_exclusions(options.results, record, decided)
            joined.writelines(line + "\n" for line in uptake.lines)
            person_ratios, scan_rows, checked = _participant(person, uptake.scans, plan)
            checks += participant_checks(record, checked, uptake.min_coverage)
            ratios += person_ratios
            person_changes = changes(person_ratios, plan.sessions, plan.within_subject_cv)
            followed += person_changes
            scans += scan_rows
            everything = undecided.scans(uptake.scans)
            followed_undecided += person_changes if everything is None else _undecided(person, everything, plan)
    write_json(folder / "uptake.json", with_statement(columns.UPTAKE, statement))
    ratio_columns, change_columns, summary_columns = (
        with_statement(columns.with_references(table, plan.roles.references), statement)
        for table in (columns.RATIOS, with_reliable_change(columns.CHANGE, plan.within_subject_cv), columns.SUMMARY)
    )
    territories = {identity: person.lesion_territory for identity, person in people.items()}
    bilateral = {identity: person.bilateral for identity, person in people.items() if person.bilateral is not None}
    settings = StudySettings(
        options.atlas_name, options.own_atlas, plan.roles, plan.max_cerebellum_asymmetry, territories, bilateral
    )
    write_table(folder / "ratios.tsv", settings.described(ratio_columns), _as_rows(ratios, columns.RATIOS))
    write_table(folder / "change.tsv", change_columns, _as_rows(followed, change_columns))
    summary = summarise(followed, plan.analysis, plan.roles.target_name)
    write_table(folder / "summary.tsv", summary_columns, map(summary_row, summary))
    everything_in = summarise(followed_undecided, plan.analysis, plan.roles.target_name)
    write_decided(folder, summary, everything_in, undecided, statement)
    write_table(folder / "scans.tsv", with_statement(columns.SCANS, statement), scans)
    write_table(folder / "checks.tsv", with_statement(CHECKS, statement), checks)
    write_decision_tables(options.results, qc, scans, options.atlas_name, statement)
    describe_dataset(options.results, options.study)
    if statement.run_id is not None:
        write_tables_part(options.results, "cohort", tables_of("cohort"))


def _plan(options: argparse.Namespace, people: Mapping[str, Participant], qc: QcTables) -> _Plan:
    for tracer in options.within_subject_cv:
        if tracer not in options.tracers:
            raise ConfigError(f"--within-subject-cv: tracer {tracer} is not one of {listed(options.tracers)}")
    early_of = early_tracers(options)
    analysis = declared_analysis(options, early_of)
    for name, key in ((table.name, line.key) for table in qc.tables for line in table.lines):
        in_study = key.participant in people and key.session in options.sessions and key.tracer in options.tracers
        if not in_study:
            raise TableError(
                f"{name}: decides about {key.participant} {key.session} {key.tracer}, which the study does not have",
                code="qc_unknown_scan",
            )
    return _Plan(
        visits=tuple((session, tracer) for session in options.sessions for tracer in options.tracers),
        sessions=tuple(options.sessions),
        roles=RegionRoles(tuple(dict.fromkeys(options.target)), options.references, corrected=options.pvc != "none"),
        analysis=analysis,
        circumstances=circumstances(options, people),
        protocols=protocols(options),
        early_of=early_of,
        decisions=decisions_by_scan(qc.decisions()),
        rated=rating_remarks(qc),
        max_cerebellum_asymmetry=options.max_cerebellum_asymmetry,
        within_subject_cv=options.within_subject_cv,
    )


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


def _participant(
    person: Participant, scans: Sequence[MeasuredScan], plan: _Plan
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


def _undecided(person: Participant, scans: Sequence[MeasuredScan], plan: _Plan) -> list[Change]:
    """Return a participant's changes as if nobody had decided."""
    ratios, *_ = _participant(person, scans, replace(plan, decisions={}))
    return changes(ratios, plan.sessions)


def _known_of(scan: MeasuredScan, scan_qc: ScanQc, guarded: Guarded, primary: Ratio, plan: _Plan) -> CheckedScan:
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


def _primary(ratios: Iterable[Ratio], plan: _Plan) -> Ratio:
    """Return the ratio of the whole target to the tracer's primary reference."""
    return next(
        ratio
        for ratio in ratios
        if ratio.region == plan.roles.target_name
        and ratio.measure == "uptake_ratio"
        and ratio.reference == plan.analysis.primary[ratio.tracer].reference
    )


def _scan_row(scan: MeasuredScan, scan_qc: ScanQc, signed: str, plan: _Plan, guarded: Guarded) -> dict[str, Any]:
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


def _as_rows(rows: Sequence[Ratio] | Sequence[Change], names: Iterable[str]) -> Iterator[dict[str, Any]]:
    return ({name: getattr(row, name) for name in names} for row in rows)
