"""The verb ``outcomes``: clinical scales and adverse events of everybody, and how they go with the images."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from pet_spect.commands.numbers import from_zero
from pet_spect.errors import ConfigError, TableError
from pet_spect.quantify.outcomes.adverse_events import TimeFrame, counts_of_events, counts_of_visits
from pet_spect.quantify.outcomes.changes import clinical_study, outcome_changes, outcome_values
from pet_spect.quantify.outcomes.imaging import Endpoint, relations
from pet_spect.quantify.outcomes.summary import summarise_changes, summarise_events
from pet_spect.results.analysis_plan import plan_statement, read_plans
from pet_spect.results.proof.manifest import tables_of
from pet_spect.results.proof.manifest_part import write_tables_part
from pet_spect.results.proof.run_record import run_id
from pet_spect.results.tables.outcome_columns import Counting, summary_columns
from pet_spect.results.tables.outcome_tables import read_imaging_changes, write_outcome_tables
from pet_spect.study.adverse_events import read_adverse_events
from pet_spect.study.outcome_check import contradiction_messages
from pet_spect.study.outcomes import read_outcomes
from pet_spect.study.participants import read_participants


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect outcomes``."""
    parser.add_argument("--results", required=True, type=Path, metavar="DIR", help="the results folder, after cohort")
    parser.add_argument("--participants", required=True, type=Path, metavar="TSV", help="participants.tsv")
    parser.add_argument("--outcomes", type=Path, metavar="TSV", help="outcomes.tsv: scales and numbers of events")
    parser.add_argument("--adverse-events", type=Path, metavar="TSV", help="adverse_events.tsv: one line per event")
    parser.add_argument("--sessions", required=True, nargs="+", metavar="SESSION", help="the first is the reference")
    parser.add_argument(
        "--imaging",
        nargs=4,
        action="append",
        default=[],
        metavar=("TRACER", "REGION", "MEASURE", "REFERENCE"),
        help="a change of change.tsv that is related to the clinical ones; repeat for each",
    )
    parser.add_argument(
        "--adverse-event-days",
        nargs=2,
        type=from_zero,
        metavar=("FIRST", "LAST"),
        help="days since the treatment in which adverse events count (default: from day 0 on)",
    )
    parser.add_argument(
        "--adverse-event-withdrawn",
        choices=("included", "excluded"),
        default="included",
        help="whether withdrawn people stay in the denominator of adverse events (default %(default)s)",
    )
    parser.add_argument("--plan", metavar="SHA256", help="hash of the recorded analysis plan of this run")


def run(options: argparse.Namespace) -> None:
    """Write the tables outcomes, outcomes_change, outcomes_summary and outcomes_imaging.

    Raises
    ------
    ConfigError
        If neither ``--outcomes`` nor ``--adverse-events`` is given, or the days are not in order.
    StudyError
        With every mistake of the table of outcomes or of adverse events.
    TableError
        If the two contradict each other, change.tsv cannot be used, or the recorded plans were altered.
    """
    if options.outcomes is None and options.adverse_events is None:
        raise ConfigError("--outcomes or --adverse-events is needed; without either there is nothing to do")
    frame = TimeFrame(*(options.adverse_event_days or ()))
    if frame.first >= frame.last:
        raise ConfigError(f"--adverse-event-days: found {frame.first:g} {frame.last:g}, needed the earlier day first")
    people = read_participants(options.participants)
    visits = [] if options.outcomes is None else read_outcomes(options.outcomes, people, options.sessions)
    study = clinical_study(visits, people, options.sessions)
    if options.adverse_events is None:
        counts = counts_of_visits(study)
    else:
        events = read_adverse_events(options.adverse_events, people)
        if messages := contradiction_messages(visits, events, people, options.sessions, options.outcomes, frame):
            raise TableError(f"{options.adverse_events}: {messages[0]}")
        counts = counts_of_events(events, study, frame)
    changes = outcome_changes(study)
    endpoints = [Endpoint(*endpoint) for endpoint in options.imaging]
    write_outcome_tables(
        options.results / "tables",
        outcome_values(study),
        changes,
        [*summarise_changes(changes), *summarise_events(counts, options.adverse_event_withdrawn)],
        relations(read_imaging_changes(options.results, endpoints) if endpoints else {}, changes),
        summary_columns(Counting(frame, options.adverse_event_withdrawn, options.adverse_events is not None)),
        replace(plan_statement(read_plans(options.results), options.plan), run_id=_run_id(options)),
    )
    if _run_id(options) is not None:
        write_tables_part(options.results, "outcomes", tables_of("outcomes"))


def _run_id(options: argparse.Namespace) -> str | None:
    """Return the id of the run; a command that is run by hand names no plan and is part of none."""
    return None if options.plan is None else run_id(options.results)
