"""What a run recorded of how it was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pet_spect.errors import TableError
from pet_spect.model import ScanKey
from pet_spect.report.display import unique
from pet_spect.report.results_folder import Results, key_of
from pet_spect.results.analysis_plan import AnalysisPlan, PlanStatement, read_plans, recorded_statement
from pet_spect.results.dataset import described_version
from pet_spect.results.registration.registration_record import RegistrationRecord
from pet_spect.results.tables.reliable_change import recorded_cvs
from pet_spect.results.uptake.uptake_facts import ScanFacts, UptakeFacts
from pet_spect.tsv import MISSING, Row, read_table


@dataclass(frozen=True)
class Run:
    """What a run recorded of how it was done.

    Attributes
    ----------
    scans, summary : list of Row
        The tables of these names.
    ratios : mapping
        Data dictionary of the ratios; it holds atlas, target and references.
    records : list of RegistrationRecord
        Of the participants with a scan. Of those whose steps did not finish there is only that of an earlier run.
    uptakes : list of UptakeFacts
        Of the same participants, if their uptake could be read; with the scans that `scans` says were measured.
    plan : AnalysisPlan or None
        The plan that the tables were made under; None if there is none, or its file was lost or altered.
    statement : PlanStatement or None
        What the tables say of it.
    plan_fault : bool
        Whether the file of plans was lost or altered.
    version : str or None
        Of the software that made the tables; None if it is not recorded.
    cvs : mapping of str to WithinSubjectCv
        Of tracers with a reliable change.
    decisions : list of Row
        Lines of the tables of decisions.
    readers : bool
        Whether two readers decided.
    outcomes : list of Row
        The summary of the clinical outcomes; empty if there are none, or they are not shown.
    correlated : bool
        Whether these were compared with the images.
    """

    scans: list[Row]
    summary: list[Row]
    ratios: Mapping[str, Any]
    records: list[RegistrationRecord]
    uptakes: list[UptakeFacts]
    plan: AnalysisPlan | None
    statement: PlanStatement | None
    plan_fault: bool
    version: str | None
    cvs: Mapping[str, Any]
    decisions: list[Row]
    readers: bool
    outcomes: list[Row]
    correlated: bool

    @property
    def participants(self) -> list[str]:
        """Everybody."""
        return unique([row["participant_id"] for row in self.scans])

    @property
    def tracers(self) -> list[str]:
        """In the order of the tables."""
        return unique([row["tracer"] for row in self.scans])

    @property
    def sessions(self) -> list[str]:
        """The planned order if it is recorded, else that of the tables."""
        planned = self.planned("sessions")
        return [str(name) for name in planned] if planned else unique([row["session"] for row in self.scans])

    @property
    def primaries(self) -> list[Row]:
        """The primary row of each tracer, in the order of the tracers."""
        rows = {row["tracer"]: row for row in self.summary if row["primary"] == "true"}
        return [rows[tracer] for tracer in self.tracers if tracer in rows]

    def planned(self, *keys: str) -> Any:
        """Return a setting of the plan; None if it has none, or no plan is known."""
        value: Any = None if self.plan is None else self.plan.contents
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    @property
    def atlas(self) -> str | None:
        """Name of the atlas; None if it is not recorded."""
        name = self.ratios.get("region", {}).get("Atlas")
        return None if name is None else str(name)

    def measured(self, tracer: str | None = None) -> list[ScanFacts]:
        """Return the measured scans, all or those of one tracer."""
        scans = [scan for uptake in self.uptakes for scan in uptake.scans if scan.status == "measured"]
        return [scan for scan in scans if tracer in (None, scan.tracer)]


def read_run(results: Path, loaded: Results, *, with_outcomes: bool = True) -> Run:
    """Read what a run recorded of how it was done; what is not there is said to be unknown.

    Parameters
    ----------
    results : Path
        The results folder.
    loaded : Results
        Its tables.
    with_outcomes : bool, default True
        Whether clinical outcomes are part of the report.

    Raises
    ------
    TableError
        If the description of the dataset or a table is unusable.
    """
    scans = loaded.tables["scans"]
    statement = recorded_statement(loaded.dictionaries["summary"])
    plan, fault = _plan(results, statement)
    tables = results / "tables"
    return Run(
        scans=scans,
        summary=loaded.tables["summary"],
        ratios=loaded.dictionaries["ratios"],
        records=list(loaded.records.values()),
        uptakes=_of_measured(loaded.uptakes, scans),
        plan=plan,
        statement=statement,
        plan_fault=fault,
        version=described_version(results),
        cvs=recorded_cvs(loaded.dictionaries["change"]),
        decisions=_rows(tables / "decisions.tsv"),
        readers=(tables / "agreement.tsv").is_file(),
        outcomes=_rows(tables / "outcomes_summary.tsv") if with_outcomes else [],
        correlated=with_outcomes and bool(_rows(tables / "outcomes_imaging.tsv")),
    )


def _rows(path: Path) -> list[Row]:
    return read_table(path) if path.is_file() else []


def _of_measured(uptakes: Mapping[str, UptakeFacts], scans: list[Row]) -> list[UptakeFacts]:
    """Return how the scans that were measured in this run were measured, by participant."""
    measured = {key_of(row) for row in scans if row["status"] == "measured"}
    return [
        replace(
            facts,
            scans=tuple(scan for scan in facts.scans if ScanKey(person, scan.session, scan.tracer) in measured),
        )
        for person, facts in uptakes.items()
    ]


def _plan(results: Path, statement: PlanStatement | None) -> tuple[AnalysisPlan | None, bool]:
    """Return the plan that the tables were made under, and whether the file of plans was lost or altered."""
    if statement is None or statement.sha256 is None:
        return None, False
    try:
        plans = read_plans(results)
    except TableError:
        return None, True
    plan = next((plan for plan in reversed(plans) if plan.sha256 == statement.sha256), None)
    return plan, plan is None and bool(statement.plans)


def known(row: Row, column: str) -> bool:
    """Return whether a table has a value there."""
    return row.get(column, MISSING) not in (MISSING, "")


def packages_of(run: Run) -> dict[str, list[str]]:
    """Return every package that the registration records name with all its versions, most frequent first."""
    found: dict[str, dict[str, int]] = {}
    for record in run.records:
        for name, number in _software(record).items():
            counts = found.setdefault(name, {})
            counts[number] = counts.get(number, 0) + 1
    return {name: sorted(counts, key=lambda number: -counts[number]) for name, counts in found.items()}


def of_records(run: Run) -> str:
    """Return of how many participants the versions of packages are recorded; empty if of all."""
    recorded = sum(bool(_software(record)) for record in run.records)
    return "" if recorded == len(run.records) else f" (recorded for {recorded} of {len(run.records)} participants)"


def _software(record: RegistrationRecord) -> dict[str, str]:
    """Return the packages that registered, with their versions; empty in a record of an earlier version."""
    made = {} if record.provenance is None else record.provenance.software
    return {name: number for name, number in made.items() if name != "pet_spect"}
