"""Whether the inputs of a study, its configuration and its tables are those that the run was made from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pet_spect.digests import file_sha256, source_sha256
from pet_spect.errors import PetSpectError, TableError
from pet_spect.imaging.atlases import find_atlas
from pet_spect.results.analysis_plan import read_plans
from pet_spect.results.proof.manifest_part import read_part
from pet_spect.results.proof.run_record import RunRecord, read_run_record
from pet_spect.results.verification.finding import Finding
from pet_spect.study.config_file import read_config
from pet_spect.study.study_files import study_files
from pet_spect.tsv import MISSING, Row, read_table

_DEFAULTS = {"qc": "config/qc.tsv", "outcomes": "config/outcomes.tsv", "adverse_events": "config/adverse_events.tsv"}
"""Paths of tables where the configuration names none, as its schema has them."""


def check_inputs(results: Path, configs: Sequence[Path]) -> list[Finding]:
    """Return what of a study is not as it was when the run was made.

    A scan is called by participant, session and tracer, never by its path, which may hold a name.

    Parameters
    ----------
    results : Path
        In the folder of the study, to which the paths in configuration and tables are relative.
    configs : sequence of Path
        The files of the configuration.
    """
    folder = results.absolute().parent
    try:
        record = read_run_record(results)
    except TableError:
        record = None
    if record is None:
        return [Finding("inputs", "cannot be checked: the record of the run, tables/run.json, cannot be used")]
    config: dict[str, Any] = dict(_DEFAULTS)
    unreadable = []
    for path in configs:
        try:
            config |= read_config(path)
        except PetSpectError as error:
            unreadable.append(Finding("config", f"cannot be read ({error})"))
    found = [
        *unreadable,
        *_study(record, study_files([os.path.relpath(path, folder) for path in configs], config, folder), folder),
    ]
    found += _atlas(results, record, config, folder)
    return [*found, *_scans(results, record, config, folder)]


def _study(record: RunRecord, now: Mapping[str, str], folder: Path) -> Iterator[Finding]:
    for role in sorted(now.keys() | record.study.keys()):
        if role not in now or not (folder / now[role]).is_file():
            yield Finding(role, "missing: the run was made with one")
        elif role not in record.study:
            yield Finding(f"{role} ({now[role]})", "foreign: the run was made without one")
        elif file_sha256(folder / now[role]) != record.study[role]:
            yield Finding(f"{role} ({now[role]})", "altered since the run")


def _atlas(results: Path, record: RunRecord, config: Mapping[str, Any], folder: Path) -> Iterator[Finding]:
    """Yield what is wrong with atlas and templates, whose hashes are part of the analysis plan."""
    try:
        plan = next((each.contents for each in read_plans(results) if each.sha256 == record.plan), {})
    except TableError:
        return
    planned = plan.get("atlas")
    atlas = config.get("atlas", {})
    if isinstance(planned, Mapping) and isinstance(atlas, Mapping):
        try:
            own = (folder / str(atlas.get("labels")), folder / str(atlas.get("table")))
            labels, table = own if "labels" in atlas else find_atlas(str(planned.get("name")))
            if (file_sha256(labels), file_sha256(table)) != (planned["labels_sha256"], planned["table_sha256"]):
                yield Finding("atlas", "altered: its labels or its table are not those of the run")
        except (PetSpectError, OSError):
            yield Finding("atlas", "missing: its labels or its table cannot be read")
    tracers = plan.get("tracers")
    named = config.get("tracers", {})
    for tracer, entry in tracers.items() if isinstance(tracers, Mapping) else ():
        template = entry.get("template", "") if isinstance(entry, Mapping) else ""
        now = named.get(tracer, {}).get("template") if isinstance(named, Mapping) else None
        if template.startswith("sha256:") and now is not None:
            path = folder / now
            if not path.is_file():
                yield Finding(f"{tracer} template", "missing")
            elif template != f"sha256:{file_sha256(path)}":
                yield Finding(f"{tracer} template", "altered since the run")


def _scans(results: Path, record: RunRecord, config: Mapping[str, Any], folder: Path) -> Iterator[Finding]:
    """Yield the scans and masks whose files are not those that were converted."""
    try:
        given = _given(
            read_table(folder / str(config.get("participants")), required=("participant_id",)),
            read_table(folder / str(config.get("scans")), required=("participant_id", "session", "tracer", "path")),
        )
    except (TableError, OSError):
        yield Finding("scans", "cannot be checked: participants.tsv or scans.tsv cannot be read")
        return
    listed = [(who, role, path) for who in record.inputs for role, path in given.get(who, {}).items()]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        hashes = list(pool.map(lambda each: _sha256(folder / each[2], each[1]), listed))
    of_all: dict[str, dict[str, str | None]] = {who: {} for who in record.inputs}
    for (who, role, _), digest in zip(listed, hashes, strict=True):
        of_all[who][role] = digest
    for who, now in of_all.items():
        try:
            then = read_part(results, who).inputs
        except TableError:
            continue  # found among the results
        for role in sorted({*then, *now}):
            if role not in now:
                yield Finding(f"{who} {role}", "missing: the tables no longer name it")
            elif now[role] is None:
                if role in then:
                    yield Finding(f"{who} {role}", "missing: its files are not where the tables say")
            elif role not in then:
                yield Finding(f"{who} {role}", "foreign: the run was made without it")
            elif now[role] != then[role]:
                yield Finding(f"{who} {role}", "altered: its files are not those that the run was made from")


def _given(people: Sequence[Row], scans: Sequence[Row]) -> dict[str, dict[str, str]]:
    """Return the path of everything that was given of each participant, by its role."""
    given: dict[str, dict[str, str]] = {}
    for row in people:
        for role in ("anat", "lesion_mask", "treatment_mask"):
            if row.get(role, MISSING) not in ("", MISSING):
                given.setdefault(row["participant_id"], {})[role] = row[role]
    for row in scans:
        given.setdefault(row["participant_id"], {})[f"{row['session']} {row['tracer']}"] = row["path"]
    return given


def _sha256(path: Path, role: str) -> str | None:
    try:
        return file_sha256(path) if role.endswith("_mask") else source_sha256(path)
    except OSError:
        return None
