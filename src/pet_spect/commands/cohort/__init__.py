"""The verb ``cohort``: everybody's uptake joined into the tables uptake, ratios, change, summary and scans.

Everybody in participants.tsv has rows in every table, scanned or not. This is the step at which the
side of the lesion enters. It also makes the results folder a BIDS dataset.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

from pet_spect.commands.arguments import json_object, references, study_facts, within_subject_cv
from pet_spect.commands.cohort.analysis import add_analysis, declared_analysis, statement_of_plan
from pet_spect.commands.cohort.checks import participant_checks, registration_of
from pet_spect.commands.cohort.decisions import add_qc, qc_tables, write_decision_tables
from pet_spect.commands.cohort.protocol import circumstances, early_tracers, protocols
from pet_spect.commands.cohort.rows import CohortPlan, participant_rows
from pet_spect.commands.cohort.run_id import add_run, recorded_run
from pet_spect.commands.cohort.undecided import Undecided, write_decided
from pet_spect.commands.cohort.unfinished import add_unfinished, example_of, unfinished_people
from pet_spect.commands.numbers import positive
from pet_spect.errors import ConfigError, TableError, listed
from pet_spect.model import Decision
from pet_spect.quantify.cohort.change import Change, changes
from pet_spect.quantify.cohort.summary import summarise
from pet_spect.quantify.ratios import MAX_CEREBELLUM_ASYMMETRY, Ratio
from pet_spect.quantify.references import BUILT_IN
from pet_spect.quantify.roles import RegionRoles
from pet_spect.results import layout
from pet_spect.results.analysis_plan import PlanStatement, with_statement
from pet_spect.results.dataset import describe_dataset
from pet_spect.results.library.study_settings import StudySettings
from pet_spect.results.proof.manifest import tables_of
from pet_spect.results.proof.manifest_part import write_tables_part
from pet_spect.results.proof.matching import check_exclusions, check_uptake
from pet_spect.results.registration.registration_record import RegistrationRecord
from pet_spect.results.study_facts import StudyFacts
from pet_spect.results.tables import columns
from pet_spect.results.tables.columns import Columns
from pet_spect.results.tables.decision_columns import CHECKS
from pet_spect.results.tables.reliable_change import with_reliable_change
from pet_spect.results.tables.summary_table import summary_row
from pet_spect.results.uptake.uptake_record import MeasuredScan, ParticipantUptake, read_uptake
from pet_spect.study.decisions import decisions_by_scan
from pet_spect.study.participants import Participant, read_participants
from pet_spect.study.qc_tables import QcTables
from pet_spect.study.readers import rating_remarks
from pet_spect.tsv import lines_writer, table_writer, write_table


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
    absent = [identity for identity, table in tables.items() if identity not in unfinished and not table.is_file()]
    if absent:
        raise TableError(
            f"{tables[absent[0]]}: does not exist, so {absent[0]} ({len(absent)} of {len(people)} participants)"
            " would be lost; run measure for everybody in participants.tsv",
            code="participant_lost",
        )
    statement = replace(statement, run_id=recorded_run(options, people, unfinished))
    undecided = Undecided.of(options.results, qc)
    everybody = _everybody(options, people, plan, tables, qc.decisions())
    joined = _write_rows(options, plan, statement, everybody, undecided, people)

    folder = options.results / "tables"
    summary = summarise(joined.changes, plan.analysis, plan.roles.target_name)
    write_table(folder / "summary.tsv", _described("summary", plan, statement), map(summary_row, summary))
    everything = summarise(joined.undecided, plan.analysis, plan.roles.target_name) if joined.undecided else summary
    write_decided(folder, summary, everything, undecided, statement)
    write_decision_tables(options.results, qc, joined.scans, options.atlas_name, statement)
    describe_dataset(options.results, options.study)
    if statement.run_id is not None:
        write_tables_part(options.results, "cohort", tables_of("cohort"))


@dataclass
class _Joined:
    """What is needed of everybody once their rows are written.

    Attributes
    ----------
    changes : list of Change
    undecided : list of Change
        As if nobody had decided; empty if nobody has.
    scans : list of dict
        Rows of scans.tsv.
    """

    changes: list[Change] = field(default_factory=list)
    undecided: list[Change] = field(default_factory=list)
    scans: list[dict[str, Any]] = field(default_factory=list)


def _everybody(
    options: argparse.Namespace,
    people: Mapping[str, Participant],
    plan: CohortPlan,
    tables: Mapping[str, Path],
    decided: Collection[Decision],
) -> Iterator[tuple[Participant, RegistrationRecord | None, ParticipantUptake]]:
    """Yield each participant with their registration record and uptake, which go together."""
    unfinished = unfinished_people(options)
    example = example_of(tables, unfinished, plan.visits) if unfinished else None
    for identity, person in people.items():
        if example is not None and identity in unfinished:
            yield person, None, example.without_values(identity, unfinished[identity], plan.circumstances)
            continue
        record = registration_of(options.results, identity)
        uptake = read_uptake(tables[identity], identity, plan.visits)
        check_uptake(options.results, tables[identity], identity, uptake.provenance, record)
        if record is not None:
            check_exclusions(options.results, record, decided)
        yield person, record, uptake


def _write_rows(
    options: argparse.Namespace,
    plan: CohortPlan,
    statement: PlanStatement,
    everybody: Iterable[tuple[Participant, RegistrationRecord | None, ParticipantUptake]],
    undecided: Undecided,
    people: Mapping[str, Participant],
) -> _Joined:
    """Write the tables that have rows of each participant, one participant after the other."""
    folder = options.results / "tables"
    territories = {identity: person.lesion_territory for identity, person in people.items()}
    bilateral = {identity: person.bilateral for identity, person in people.items() if person.bilateral is not None}
    settings = StudySettings(
        options.atlas_name, options.own_atlas, plan.roles, plan.max_cerebellum_asymmetry, territories, bilateral
    )
    joined = _Joined()
    of_changes = _described("change", plan, statement)
    with (
        lines_writer(folder / "uptake.tsv", with_statement(columns.UPTAKE, statement)) as write_uptake_lines,
        table_writer(folder / "ratios.tsv", settings.described(_described("ratios", plan, statement))) as write_ratios,
        table_writer(folder / "change.tsv", of_changes) as write_changes,
        table_writer(folder / "scans.tsv", with_statement(columns.SCANS, statement)) as write_scans,
        table_writer(folder / "checks.tsv", with_statement(CHECKS, statement)) as write_checks,
    ):
        for person, record, uptake in everybody:
            ratios, scans, checked = participant_rows(person, uptake.scans, plan)
            followed = changes(ratios, plan.sessions, plan.within_subject_cv)
            write_uptake_lines(uptake.lines)
            write_ratios(_as_rows(ratios, columns.RATIOS))
            write_changes(_as_rows(followed, of_changes))
            write_scans(scans)
            write_checks(participant_checks(record, checked, uptake.min_coverage))
            everything = undecided.scans(uptake.scans)
            if everything is not None and not joined.undecided:
                joined.undecided += joined.changes
            if everything is not None or joined.undecided:
                joined.undecided += followed if everything is None else _undecided(person, everything, plan)
            joined.changes += followed
            joined.scans += scans
    return joined


def _described(table: Literal["ratios", "change", "summary"], plan: CohortPlan, statement: PlanStatement) -> Columns:
    own = {
        "ratios": columns.RATIOS,
        "change": with_reliable_change(columns.CHANGE, plan.within_subject_cv),
        "summary": columns.SUMMARY,
    }
    return with_statement(columns.with_references(own[table], plan.roles.references), statement)


def _undecided(person: Participant, scans: Sequence[MeasuredScan], plan: CohortPlan) -> list[Change]:
    """Return a participant's changes as if nobody had decided."""
    ratios, *_ = participant_rows(person, scans, replace(plan, decisions={}))
    return changes(ratios, plan.sessions)


def _plan(options: argparse.Namespace, people: Mapping[str, Participant], qc: QcTables) -> CohortPlan:
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
    return CohortPlan(
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


def _as_rows(rows: Iterable[Ratio] | Iterable[Change], names: Collection[str]) -> Iterator[dict[str, Any]]:
    values_of = attrgetter(*names)
    return (dict(zip(names, values_of(row), strict=True)) for row in rows)
