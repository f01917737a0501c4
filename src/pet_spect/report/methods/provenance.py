"""Where the numbers of a report come from: versions, plan, atlas, tables, and how to repeat the run."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pet_spect import __version__
from pet_spect.errors import ConfigError, shown
from pet_spect.report.methods.run import Run, packages_of
from pet_spect.report.methods.wording import counted, joined
from pet_spect.results.analysis_plan import PLAN_FILE, settings_of
from pet_spect.results.versions import installed_versions

COMMAND = "snakemake --cores N --configfile config/config.yaml"
"""How a run is repeated, from the folder that holds ``config``."""

_OF_REPORT = ("numpy", "nibabel", "pydicom", "nilearn", "snakemake", "jinja2")
_APART = ("gates.", "exclusion_rules.", "references.", "protocol.", "version", "atlas.")
"""Settings of the plan that the file tells and the page does not, for their number, or because the page has them."""

_TABLES = ("scans", "ratios", "change", "summary", "decisions", "readers", "agreement", "decided", "outcomes_summary")
"""Those that a report is made from; a later step writes others."""

_NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from.

    Attributes
    ----------
    facts : list of (str, str)
        What, and its value.
    packages : list of (str, str, str)
        A package, its version in the registration, and in the process that made the report; empty if not known.
    settings : list of (str, str)
        The main settings of the plan.
    files : list of (str, str)
        A file of the results, and its SHA-256.
    command : str
    made_on : str
        Date of the report: the one thing in it that the results do not determine.
    """

    facts: list[tuple[str, str]]
    packages: list[tuple[str, str, str]]
    settings: list[tuple[str, str]]
    files: list[tuple[str, str]]
    command: str
    made_on: str


def provenance_of(run: Run, results: Path) -> Provenance:
    """Return where the numbers of a report come from.

    Parameters
    ----------
    run : Run
    results : Path
        The results folder, whose tables are hashed.
    """
    return Provenance(
        facts=_facts(run),
        packages=_packages(run),
        settings=_settings(run),
        files=[(path.relative_to(results).as_posix(), _sha256(path)) for path in _tables(results)],
        command=COMMAND,
        made_on=report_date().isoformat(),
    )


def report_date() -> date:
    """Return today's date (UTC), or that of ``SOURCE_DATE_EPOCH``, as reproducible builds set it.

    Raises
    ------
    ConfigError
        If ``SOURCE_DATE_EPOCH`` is no number of seconds that is a date.
    """
    told = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        now = datetime.fromtimestamp(int(told), UTC) if told else datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        raise ConfigError(
            f"SOURCE_DATE_EPOCH in the environment: found {shown(told)}, needed whole seconds since 1970-01-01"
        ) from None
    return now.date()


def _facts(run: Run) -> list[tuple[str, str]]:
    statuses = Counter(row["status"] for row in run.scans)
    records = Counter(record.software_version for record in run.records)
    registered = joined(f"{number} ({counted(count, 'participant')})" for number, count in sorted(records.items()))
    spaces = joined(sorted({record.space for record in run.records})) if run.records else _NOT_RECORDED
    statement = run.statement
    if run.plan_fault:
        plan = "the file of plans is missing or was altered"
    else:
        plan = "no plan was recorded" if statement is None else statement.statement
    atlas, labels, table = run.atlas, run.planned("atlas", "labels_sha256"), run.planned("atlas", "table_sha256")
    return [
        ("pet_spect, registration", registered if records else _NOT_RECORDED),
        ("pet_spect, tables", run.version or _NOT_RECORDED),
        ("pet_spect, this report", __version__),
        ("Scans", joined(f"{number} {status}" for status, number in statuses.items())),
        ("Standard space", spaces),
        ("Atlas", atlas or _NOT_RECORDED),
        ("Atlas, SHA-256 of the labels", str(labels or _NOT_RECORDED)),
        ("Atlas, SHA-256 of the table", str(table or _NOT_RECORDED)),
        ("Run id", (statement and statement.run_id) or "none: the tables were made by hand"),
        ("Analysis plan", plan),
        ("Analysis plan, SHA-256", (statement and statement.sha256) or _NOT_RECORDED),
        ("Analysis plans recorded in all", str(statement.plans) if statement else "0"),
    ]


def _packages(run: Run) -> list[tuple[str, str, str]]:
    recorded = packages_of(run)
    own = installed_versions((*recorded, *_OF_REPORT))
    names = dict.fromkeys([*recorded, *own])
    return [(name, joined(recorded[name]) if name in recorded else "", own.get(name, "")) for name in names]


def _settings(run: Run) -> list[tuple[str, str]]:
    contents = {} if run.plan is None else run.plan.contents
    return [
        (key, joined(map(str, value)) if isinstance(value, list) and value else _spelled(value))
        for key, value in settings_of(contents)
        if not key.startswith(_APART) and key
    ]


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "none" if value in (None, [], {}) else str(value)


def _tables(results: Path) -> list[Path]:
    files = [*(results / "tables" / f"{name}.tsv" for name in _TABLES), results / PLAN_FILE]
    return [path for path in files if path.is_file()]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
