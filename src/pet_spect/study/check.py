"""The check of a whole study before any work: configuration and tables, with every mistake at once."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from pet_spect.errors import Mistake, StudyError, listed
from pet_spect.model import Decision, LoggedLine
from pet_spect.quantify.references import Reference
from pet_spect.study.analysis_check import check_analysis, take_old_primary
from pet_spect.study.atlas_check import AtlasFiles, check_atlas, check_references
from pet_spect.study.config_check import ConfigCheck
from pet_spect.study.config_lines import ConfigLines
from pet_spect.study.decisions import DECISION_COLUMNS, QC_COLUMNS, lines_of
from pet_spect.study.outcome_check import CLINICAL_TABLES, check_outcome_settings, check_outcomes, time_frame
from pet_spect.study.outcomes import is_filled
from pet_spect.study.participants import PARTICIPANT_COLUMNS, Participant, participants_of
from pet_spect.study.paths import check_outside, check_there
from pet_spect.study.qc_tables import QcTable, QcTables
from pet_spect.study.rows import Table, as_participant, open_table
from pet_spect.study.scans import SCAN_COLUMNS, ListedScan, scans_of
from pet_spect.study.treatment import check_treatment

RESULTS = Path("results")
"""The folder that the workflow writes."""

Visit = tuple[str, str]
"""Session, and label of the tracer."""


@dataclass(frozen=True)
class Study:
    """A study without mistakes.

    Attributes
    ----------
    config : dict
        The configuration with its defaults.
    references : dict of str to Reference
        The built-in ones and those of the configuration.
    atlas : AtlasFiles
    participants : dict of str to Participant
        In the order of the table.
    scans : dict of str to dict
        Participant to the scans by visit; nobody is left out.
    decisions : list of Decision
        Those of qc.tsv that count.
    qc : list of str
        The path of qc.tsv, if it exists; of two readers both paths.
    consensus : list of str
        The path of the consensus, if there is one.
    absent_qc : list of str
        The paths of those that the configuration names and that do not exist, though the log knows lines of them.
    outcomes, adverse_events : list of str
        The path of the clinical table, if it exists and has lines.
    notes : list of str
        What the user should know of the configuration.
    """

    config: dict[str, Any]
    references: dict[str, Reference]
    atlas: AtlasFiles
    participants: dict[str, Participant]
    scans: dict[str, dict[Visit, ListedScan]]
    decisions: list[Decision]
    qc: list[str]
    consensus: list[str]
    absent_qc: list[str]
    outcomes: list[str]
    adverse_events: list[str]
    notes: list[str]


def check_study(
    config: Mapping[str, Any],
    files: Sequence[str],
    schemas: Path,
    *,
    command_line: Mapping[str, Any] | None = None,
    log: Sequence[LoggedLine] = (),
) -> Study:
    """Check configuration and tables of a study.

    Parameters
    ----------
    config : mapping
        The configuration without defaults.
    files : sequence of str
        Where it was read from, the last of two that name a value being the one that counts.
    schemas : Path
        Folder of the schemas of the configuration and of the rows of each table.
    command_line : mapping, optional
        Values that the command line added to the configuration.
    log : sequence of LoggedLine
        The decisions that earlier runs have seen.

    Raises
    ------
    StudyError
        With every mistake of the configuration and the tables, in the order of the lines.
    """
    check = ConfigCheck(config, _schema(schemas, "config"), ConfigLines.read(files, command_line or {}))
    check.check_values()
    check_outcome_settings(check)
    notes = take_old_primary(check)
    references = check_references(check)
    check_analysis(check)
    atlas = check_atlas(check, references)
    config_mistakes = check.in_order()
    participants, scans, tables, table_mistakes = _check_tables(check, schemas)
    if atlas is None or config_mistakes or table_mistakes:
        raise StudyError([*config_mistakes, *table_mistakes])
    filled = check.config
    by_visit: dict[str, dict[Visit, ListedScan]] = {person: {} for person in participants}
    for scan in scans:
        by_visit[scan.participant_id][scan.session, filled["tracers"][scan.tracer]["label"]] = scan
    readers, consensus = _qc_paths(check)
    absent = _absent_qc(filled, log)
    names = tuple(Path(path).name for path in absent)
    decisions = replace(tables, log=tuple(log), absent=names).decisions()
    outcomes, events = ([filled[key]] if is_filled(Path(filled[key])) else [] for key in CLINICAL_TABLES)
    qc = (decisions, readers, consensus, absent)
    return Study(filled, references, atlas, participants, by_visit, *qc, outcomes, events, notes)


def _check_tables(
    check: ConfigCheck, schemas: Path
) -> tuple[dict[str, Participant], list[ListedScan], QcTables, list[Mistake]]:
    """Return what the tables hold and their mistakes; a table whose path is wrong holds nothing."""
    people_table = _open(check, "participants", PARTICIPANT_COLUMNS, required=2)
    scans_table = _open(check, "scans", SCAN_COLUMNS, required=4)
    readers, consensus = _qc_paths(check)
    qc_tables = [open_table(Path(path), QC_COLUMNS, required=len(DECISION_COLUMNS)) for path in readers + consensus]
    participants = participants_of(people_table)
    identities = _identities(people_table)
    sessions, tracers = (check.config[key] if check.has(key) else None for key in ("sessions", "tracers"))
    scans = scans_of(scans_table, identities, sessions, tracers)
    qc = [QcTable(table.path.name, tuple(lines_of(table, identities, sessions, tracers))) for table in qc_tables]
    of_qc = [(table, "qc") for table in qc_tables]
    for table, name in ((people_table, "participants"), (scans_table, "scans"), *of_qc):
        _check_columns(table, _schema(schemas, name))
    for line in people_table.rows:
        check_there(line, "lesion_mask", as_file=True)
        check_there(line, "anat")
        check_there(line, "treatment_mask", as_file=True)
    for line in scans_table.rows:
        check_there(line, "path")
    check_outside(people_table.rows, "anat", RESULTS)
    check_outside(scans_table.rows, "path", RESULTS)
    if check.has("tracers") and not scans_table.mistakes:
        _check_treatment(people_table, scans, check.config["tracers"])
    absent = [table.path for table in (people_table, scans_table) if table.path.name and not table.path.exists()]
    mistakes = _not_filled_in([table for table in (people_table, scans_table) if table.is_empty and table.path.name])
    mistakes += _absent(absent)
    for table in (people_table, scans_table, *qc_tables):
        mistakes += [] if table.path in absent else table.mistakes
    mistakes += _check_clinical(check, schemas, identities, sessions)
    return participants, scans, QcTables(tuple(qc[: len(readers)]), qc[-1] if consensus else None), mistakes


def _qc_paths(check: ConfigCheck) -> tuple[list[str], list[str]]:
    """Return the tables of the readers and the consensus, of each those that exist; none whose path is wrong."""
    given = check.config["qc"] if check.has("qc") else []
    consensus = check.config.get("consensus") if check.has("consensus") else None
    readers = [given] if isinstance(given, str) else given
    existing = [path for path in readers if os.path.isfile(path)]  # noqa: PTH113
    return existing, [consensus] if consensus and os.path.isfile(consensus) else []  # noqa: PTH113


def _absent_qc(config: Mapping[str, Any], log: Sequence[LoggedLine]) -> list[str]:
    """Return the paths of tables of decisions that are named and do not exist, though the log knows lines of them."""
    given = [config["qc"]] if isinstance(config["qc"], str) else config["qc"]
    paths = [path for path in (*given, config.get("consensus")) if path and not Path(path).is_file()]
    known = {line.table for line in log}
    return [path for path in paths if Path(path).name in known]


def _check_clinical(
    check: ConfigCheck, schemas: Path, identities: set[str] | None, sessions: Sequence[str] | None
) -> list[Mistake]:
    """Return the mistakes of the tables of outcomes and adverse events."""
    tables = {
        key: _open(check, key, columns, required=required) for key, (columns, required) in CLINICAL_TABLES.items()
    }
    check_outcomes(tables, identities, sessions, time_frame(check))
    for key, table in tables.items():
        if table.rows:
            _check_columns(table, _schema(schemas, key))
    return [mistake for table in tables.values() for mistake in table.mistakes]


def _check_treatment(people: Table, scans: Sequence[ListedScan], tracers: Mapping[str, Any]) -> None:
    images: dict[str, list[tuple[str, str]]] = {}
    for scan in scans:
        if scan.tracer in tracers:
            images.setdefault(scan.participant_id, []).append((scan.session, tracers[scan.tracer]["label"]))
    with_anat = {line.row["participant_id"] for line in people.rows if line.text("anat") is not None}
    check_treatment(people.rows, images, with_anat)


def _open(check: ConfigCheck, key: str, columns: Sequence[str], *, required: int) -> Table:
    path = check.config[key] if check.has(key) else ""
    if not path or (key in CLINICAL_TABLES and not os.path.isfile(path)):  # noqa: PTH113
        return Table(Path(), [], [])
    return open_table(Path(path), columns, required=required)


def _identities(table: Table) -> set[str] | None:
    """Return the participants of the table, with or without mistakes; None if some of its lines cannot be read."""
    if not table.rows or any(mistake.line is not None for mistake in table.file_mistakes):
        return None
    return {line.row["participant_id"] for line in table.rows}


def _not_filled_in(tables: Sequence[Table]) -> list[Mistake]:
    if not tables:
        return []
    message = (
        "not filled in yet; one line per participant and one per scan are needed"
        " (config/README.md explains the columns)"
    )
    return [Mistake(listed((table.path for table in tables), joined=" and "), None, None, message)]


def _absent(paths: Sequence[Path]) -> list[Mistake]:
    """Return one mistake for the tables that do not exist, with the examples to copy if they lie beside them."""
    if not paths:
        return []
    examples = [path.with_name(f"{path.stem}.example{path.suffix}") for path in paths]
    do, it, name = ("does", "it", "this name") if len(paths) == 1 else ("do", "them", "these names")
    if all(example.is_file() for example in examples):
        out = f"copy {listed(examples, joined=' and ')} to {name} and fill {it} in, as config/README.md says"
    else:
        out = "correct the path in the config; 'pet-spect init STUDY' makes a study with empty tables"
    return [Mistake(listed(paths, joined=" and "), None, None, f"{do} not exist; {out}")]


def _check_columns(table: Table, schema: Mapping[str, Any]) -> None:
    """Note where a row holds what its table's schema does not allow."""
    for column, entry in schema["properties"].items():
        is_number, is_needed = entry.get("type") == "number", column in schema["required"]
        validator = Draft202012Validator(entry)
        allowed: dict[Hashable, bool] = {}
        for line in table.rows:
            value = line.number_or_none(column) if is_number else line.text(column)
            if value is None and is_needed:
                line.wrong(column, "a value")
            if value is None:
                continue
            if value not in allowed:
                allowed[value] = validator.is_valid(value)
            if not allowed[value]:
                spelled = as_participant(str(value)) if column == "participant_id" else None
                line.wrong(column, entry["description"] + (f", such as {spelled}" if spelled else ""))


def _schema(folder: Path, name: str) -> dict[str, Any]:
    # the loader in Python takes longer for the four schemas than all other checks of a study
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    schema: dict[str, Any] = yaml.load((folder / f"{name}.schema.yaml").read_text(encoding="utf-8"), loader)
    return schema
