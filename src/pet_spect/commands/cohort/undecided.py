"""The study as if nobody had decided: nothing excluded by hand, nothing accepted. It stands beside the decided one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pet_spect.errors import TableError
from pet_spect.model import Refusal, ScanKey
from pet_spect.quantify.cohort.summary import Summary
from pet_spect.quantify.roles import RegionValue, ScanUptake
from pet_spect.results import layout
from pet_spect.results.analysis_plan import PlanStatement, with_statement
from pet_spect.results.decisions.judged import rows_sha256
from pet_spect.results.tables.decision_columns import DECIDED
from pet_spect.results.tables.summary_table import summary_row
from pet_spect.results.uptake.uptake_record import MeasuredScan, read_uptake
from pet_spect.study.decisions import QcLine
from pet_spect.study.qc_tables import QcTables
from pet_spect.tsv import write_table


@dataclass
class Undecided:
    """The scans of a study as if nobody had decided about them.

    Attributes
    ----------
    results : Path
    judged : dict
        By scan and SHA-256 of its uptake, the lines of the tables of decisions that exclude it.
    decided : set of ScanKey
        Scans about which anything was decided.
    not_measured : Counter
        By tracer, the scans that somebody excluded before they were measured, and of which no uptake was kept.
    """

    results: Path
    judged: dict[ScanKey, list[str]]
    decided: set[ScanKey]
    not_measured: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, results: Path, tables: QcTables) -> Undecided:
        """Return the study of these tables of decisions."""
        lines = [line for table in tables.tables for line in table.lines if line.decision is not None]
        judged: dict[ScanKey, list[str]] = {}
        for line in lines:
            if (sha256 := _uptake_sha256(line)) is not None:
                judged.setdefault(line.key, []).append(sha256)
        return cls(results, judged, {decision.key for decision in tables.decisions()} | {line.key for line in lines})

    def scans(self, scans: Sequence[MeasuredScan]) -> list[MeasuredScan] | None:
        """Return a participant's scans as if nobody had decided; None if nobody has."""
        if not any(scan.uptake.key in self.decided or scan.uptake.accepted or _by_hand(scan) for scan in scans):
            return None
        return [self._scan(scan) for scan in scans]

    def _scan(self, scan: MeasuredScan) -> MeasuredScan:
        if _by_hand(scan):
            kept = self._kept(scan.uptake.key)
            if kept is None:
                self.not_measured[scan.uptake.key.tracer] += 1
            return kept or scan
        return _refused(scan, scan.uptake.accepted[0]) if scan.uptake.accepted else scan

    def _kept(self, key: ScanKey) -> MeasuredScan | None:
        """Return an excluded scan as it was measured when it was judged; None if that is not kept."""
        for sha256 in self.judged.get(key, ()):
            table = self.results / layout.judged_uptake(key.participant, sha256)
            with suppress(TableError):
                if table.is_file() and rows_sha256(table, key) == sha256:
                    (scan,) = read_uptake(table, key.participant, [(key.session, key.tracer)]).scans
                    return scan
        return None


def write_decided(
    folder: Path,
    summary: Sequence[Summary],
    everything: Sequence[Summary],
    undecided: Undecided,
    statement: PlanStatement,
) -> None:
    """Write decided.tsv.

    Parameters
    ----------
    folder : Path
        Of the tables.
    summary, everything : sequence of Summary
        With the decisions, and as if nobody had decided, of the same kinds in the same order.
    undecided : Undecided
    statement : PlanStatement
        For the dictionary.
    """
    rows = (
        {
            **{name: row[name] for name in DECIDED if name in row},
            "n_everything": other["n"],
            "mean_change_everything": other["mean_change"],
            "n_not_measured": undecided.not_measured[row["tracer"]],
        }
        for row, other in zip(map(summary_row, summary), map(summary_row, everything), strict=True)
    )
    write_table(folder / "decided.tsv", with_statement(DECIDED, statement), rows)


def _by_hand(scan: MeasuredScan) -> bool:
    """Return whether a scan was excluded by hand before it was measured."""
    return scan.refusal is not None and scan.refusal.stage == "decision"


def _uptake_sha256(line: QcLine) -> str | None:
    return line.judged[2] if line.said == "exclude" else None


def _refused(scan: MeasuredScan, fault: Refusal) -> MeasuredScan:
    """Return a scan as it would be if its fault had not been accepted."""
    uptake, remark = scan.uptake, fault.remark
    values = {part: RegionValue(math.nan, value.volume_ml, reason=remark) for part, value in uptake.values.items()}
    gone = {
        name: replace(each, values={part: RegionValue(math.nan, math.nan, reason=remark) for part in each.values})
        for name, each in uptake.surroundings.items()
    }
    absent: ScanUptake = replace(uptake, absence=remark, values=values, surroundings=gone, accepted=())
    return replace(scan, uptake=absent, status="refused", refusal=fault)
