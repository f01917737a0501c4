"""Whether tables, data dictionaries, plan, records and manifest belong to one run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from pet_spect.digests import json_sha256
from pet_spect.errors import PetSpectError, TableError
from pet_spect.files import read_json
from pet_spect.results import layout
from pet_spect.results.analysis_plan import read_plans, recorded_statement
from pet_spect.results.proof.manifest import DERIVED, Manifest, by_path
from pet_spect.results.proof.manifest_entries import FileEntry
from pet_spect.results.proof.manifest_part import read_part
from pet_spect.results.proof.run_record import RUN_FILE, RunRecord, read_run_record
from pet_spect.results.provenance_record import read_provenance
from pet_spect.results.tables.accounted_table import accounted_columns, accounted_rows, unsigned_scans
from pet_spect.results.verification.finding import Finding, remade_by
from pet_spect.tsv import read_table, write_table

_WITHOUT_STATEMENT = ("tables/decisions_log.json", "tables/run.json", "tables/analysis_plan.json")


def check_identity(results: Path, manifest: Manifest) -> list[Finding]:
    """Return what does not belong to the run of the manifest, or contradicts it.

    Files that are altered are for `check_files`; this finds what a rewritten manifest alone would hide, such as a table
    of an earlier run, or a record that was made from another image.
    """
    run_name = RUN_FILE.as_posix()
    try:
        record = read_run_record(results)
    except TableError:
        record = None
    if record is None or record.identified() != record or record.run_id != manifest.run_id:
        return [Finding(run_name, "is not the record of the run of the manifest", remade_by(run_name))]
    found = [*_dictionaries(results, manifest, record), *_plans(results, record)]
    of_participants: dict[str, dict[str, FileEntry]] = {}
    for path, entry in by_path(manifest.files).items():
        of_participants.setdefault(path.partition("/")[0], {})[path] = entry
    unfinished = set(manifest.unfinished)
    for participant in record.inputs:
        if participant not in unfinished:
            found += _chain(results, participant, record, of_participants.get(participant, {}))
    return found


def _dictionaries(results: Path, manifest: Manifest, record: RunRecord) -> Iterator[Finding]:
    for entry in manifest.files:
        path = entry.path
        if not (path.startswith("tables/") and path.endswith(".json")) or path.startswith("tables/judged/"):
            continue
        if path in _WITHOUT_STATEMENT or path.endswith("_manifest.json"):
            continue
        try:
            told = recorded_statement(read_json(results / path, TableError, "dictionary"), results / path)
        except TableError:
            continue  # found as altered or missing
        if told is None or told.run_id != record.run_id:
            yield Finding(path, "belongs to another run than the manifest", remade_by(path))
        elif told.sha256 != record.plan:
            yield Finding(path, "names another analysis plan than the run", remade_by(path))


def _plans(results: Path, record: RunRecord) -> Iterator[Finding]:
    name = "tables/analysis_plan.json"
    try:
        plans = read_plans(results)
    except TableError as error:
        yield Finding(name, str(error).removeprefix(f"{results / name}: "))
        return
    if record.plan not in [plan.sha256 for plan in plans]:
        yield Finding(name, "does not hold the plan of the run: restore it from a copy")


def check_derived(results: Path) -> Iterator[Finding]:
    """Make the table of `pet-spect accounted` again, which is younger than the manifest, and yield where it differs."""
    scans_json = results / "tables" / "scans.json"
    try:
        scans = read_table(results / "tables" / "scans.tsv")
        decisions = read_table(results / "tables" / "decisions.tsv")
        may_be_absent = bool(unsigned_scans(scans)) or any(row["result"] == "fail" for row in decisions)
        with tempfile.TemporaryDirectory() as folder:
            write_table(Path(folder, "accounted.tsv"), accounted_columns(scans_json), accounted_rows(scans))
            for path in DERIVED:
                now, then = results / path, Path(folder, Path(path).name)
                if not now.is_file():
                    if not may_be_absent:
                        yield Finding(path, "missing", remade_by(path))
                elif now.read_bytes() != then.read_bytes():
                    yield Finding(path, "altered: is not what follows from tables/scans.tsv", remade_by(path))
    except (PetSpectError, KeyError, OSError, ValueError):
        for path in DERIVED:
            yield Finding(path, "cannot be checked: a table that it follows from is altered or missing")


def _chain(results: Path, participant: str, record: RunRecord, entries: dict[str, FileEntry]) -> Iterator[Finding]:
    """Yield what was made from another file than the one that is there; `entries` are the participant's own."""
    part = layout.manifest_part(participant)
    own_record = layout.registration_record(participant)
    try:
        if json_sha256(dict(read_part(results, participant).inputs)) != record.inputs[participant]:
            yield Finding(part, "states other inputs than the record of the run", remade_by(part))
        if own_record not in entries:
            return
        sidecars = [path for path in entries if path.endswith("_uptake.json")]
        for path in sidecars:
            made = read_provenance(results / path)
            if made is not None and made.inputs.get("registration") != entries[own_record].sha256:
                yield Finding(path, f"was measured with another registration than {own_record}", remade_by(path))
        registered = read_provenance(results / own_record)
        hashes = {entry.sha256 for entry in entries.values()}
        used = {} if registered is None else registered.inputs
        for role in sorted(role for role in used if role.endswith((" image", " sidecar"))):
            if used[role] not in hashes:
                yield Finding(
                    own_record, f"was made from another {role} than the one that is there", remade_by(own_record)
                )
    except (PetSpectError, OSError):
        return  # found as altered or missing
