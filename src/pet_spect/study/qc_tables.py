"""The tables of decisions of a study: one reader or two, perhaps a consensus; what was done to them; what counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pet_spect.model import Decision, LoggedLine, ScanKey
from pet_spect.remarks import Remark
from pet_spect.study.decision_chain import altered_places
from pet_spect.study.decisions import DECISION_COLUMNS, QC_COLUMNS, QcLine, effective, lines_of
from pet_spect.study.rows import open_table

ALTERED = "qc_altered"
"""The code under which a scan is taken out because a signed decision about it was altered or removed."""


@dataclass(frozen=True)
class QcTable:
    """One table of decisions.

    Attributes
    ----------
    name : str
        Of the file, without its folders.
    lines : tuple of QcLine
    """

    name: str
    lines: tuple[QcLine, ...]


@dataclass(frozen=True)
class QcFault:
    """Something that was done to a table of decisions.

    Attributes
    ----------
    table : str
    place : int or None
        The decision of the table, from 1; None if the whole table or the log is concerned.
    key : ScanKey or None
        The scan that it was about; None if that is not known.
    said, code : str
        What the decision was; ``n/a`` if that is not known.
    remark : Remark
    fails : bool
        Whether the scan must not count; otherwise it is to be looked at.
    """

    table: str
    place: int | None
    key: ScanKey | None
    said: str
    code: str
    remark: Remark
    fails: bool = True


@dataclass(frozen=True)
class QcTables:
    """All tables of decisions.

    Attributes
    ----------
    readers : tuple of QcTable
        One for each reader; empty if there is none.
    consensus : QcTable or None
        What the readers agreed on afterwards.
    log : tuple of LoggedLine
        Every line that an earlier run has seen or that was signed.
    log_whole : bool
        Whether the log itself is as it was written.
    """

    readers: tuple[QcTable, ...] = ()
    consensus: QcTable | None = None
    log: tuple[LoggedLine, ...] = ()
    log_whole: bool = True

    @property
    def tables(self) -> tuple[QcTable, ...]:
        """Those of the readers, and the consensus last."""
        return self.readers if self.consensus is None else (*self.readers, self.consensus)

    def faults(self) -> list[QcFault]:
        """Return what was done to the tables since their lines were signed or seen."""
        lost = list(self._lost())
        found = [fault for table in self.tables for fault in self._altered(table, lost)]
        whole = Remark.of("qc_log_altered")
        return [
            *found,
            *lost,
            *self._changed([fault.table for fault in found]),
            *([] if self.log_whole else [QcFault("decisions_log.tsv", None, None, "n/a", "n/a", whole)]),
        ]

    def decisions(self) -> list[Decision]:
        """Return the decisions that count.

        A consensus about a scan replaces what the readers said of it. Without one, a scan that either reader excludes
        is excluded, and a fault is accepted if every reader accepts it. A scan about which a signed line was altered or
        removed is excluded with the code `ALTERED`, whatever the tables say now, unless the line only rated it.
        """
        by_reader = [_by_scan(table) for table in self.readers]
        agreed: dict[ScanKey, list[Decision]] = {}
        for key in dict.fromkeys(key for reader in by_reader for key in reader):
            agreed[key] = _joined([reader.get(key, []) for reader in by_reader])
        if self.consensus is not None:
            settled = dict.fromkeys(line.key for line in self.consensus.lines if line.said != "rating")
            of_consensus = _by_scan(self.consensus)
            agreed |= {key: of_consensus.get(key, []) for key in settled}
        for fault in _of_decisions(self.faults()):
            if fault.key is not None:
                agreed[fault.key] = [_taken_out(fault.key, fault.remark)]
        return [decision for decisions in agreed.values() for decision in decisions]

    def _altered(self, table: QcTable, lost: Sequence[QcFault]) -> Iterator[QcFault]:
        """Yield the lines of a table that are not, or may not be, as they were signed."""
        known = {line.sha256 for line in self.log}
        places = altered_places([line.link for line in table.lines], known)
        gone = {(fault.table, fault.place) for fault in lost}
        for place, line in enumerate(table.lines):
            if place in places:
                broken = table.lines[places[place]].number
                remark = Remark.of("qc_altered", case="chain", line=line.number, broken=broken, table=table.name)
            elif (table.name, line.place) in gone and line.link.sha256 not in known:
                remark = Remark.of("qc_altered", case="log", line=line.number, table=table.name)
            else:
                continue
            yield QcFault(table.name, line.place, line.key, line.said, line.code or "n/a", remark)

    def _lost(self) -> Iterator[QcFault]:
        """Yield the signed lines that the log knows and no table has any more.

        A line that no run has seen, in a table that the study does not use beside others, may be signed into a wrong
        file: it is only said.
        """
        present = {line.link.sha256 for table in self.tables for line in table.lines}
        lengths = {table.name: len(table.lines) for table in self.tables}
        lost = {logged.sha256: logged for logged in self.log if logged.chained and logged.sha256 not in present}
        seen = {logged.sha256 for logged in self.log if logged.by_run}
        for sha256, logged in lost.items():
            length = lengths.get(logged.table)
            case = "absent" if length is None else "shorter" if length < logged.place else "other"
            fails = case != "absent" or sha256 in seen or not self.tables
            remark = Remark.of("qc_lost", case=case, place=logged.place, table=logged.table, found=length or 0)
            yield QcFault(logged.table, logged.place, logged.key, logged.decision, logged.code, remark, fails)

    def _changed(self, altered: Collection[str]) -> Iterator[QcFault]:
        """Yield the first unsigned line of each table that no run has seen in a place where one has seen another."""
        known = {logged.sha256 for logged in self.log}
        present = {(table.name, line.place): line.link.sha256 for table in self.tables for line in table.lines}
        unmoved = set(present.values())
        last = {(logged.table, logged.place): logged for logged in self.log}
        named = set(altered)
        for place, logged in sorted(last.items(), key=lambda item: item[0]):
            seen_now = logged.sha256 in unmoved or present.get(place) in known
            if not (logged.chained or seen_now or logged.table in named):
                named.add(logged.table)
                remark = Remark.of("qc_changed", place=logged.place, table=logged.table)
                yield QcFault(logged.table, logged.place, logged.key, logged.decision, logged.code, remark, fails=False)


def read_qc_tables(
    readers: Sequence[Path], consensus: Path | None = None, log: Sequence[LoggedLine] = (), *, log_whole: bool = True
) -> QcTables:
    """Read the tables of decisions of a study.

    Parameters
    ----------
    readers : sequence of Path
        One table for each reader.
    consensus : Path, optional
        It need not exist.
    log, log_whole
        As in `QcTables`.

    Raises
    ------
    StudyError
        With every mistake of the first table that has any: see `decisions.lines_of`.
    """
    agreed = None if consensus is None or not consensus.is_file() else _read(consensus)
    return QcTables(tuple(map(_read, readers)), agreed, tuple(log), log_whole)


def _read(path: Path) -> QcTable:
    table = open_table(path, QC_COLUMNS, required=len(DECISION_COLUMNS))
    lines = lines_of(table)
    table.check()
    return QcTable(path.name, tuple(lines))


def _by_scan(table: QcTable) -> dict[ScanKey, list[Decision]]:
    by_scan: dict[ScanKey, list[Decision]] = {}
    for decision in effective(table.lines):
        by_scan.setdefault(decision.key, []).append(decision)
    return by_scan


def _joined(of_readers: Sequence[Sequence[Decision]]) -> list[Decision]:
    """Return what counts of the decisions of each reader about one scan."""
    excluded = [one for decisions in of_readers for one in decisions if one.decision == "exclude"]
    if excluded:
        return excluded[:1]
    first, *others = of_readers
    codes = [{one.code for one in decisions} for decisions in others]
    return [one for one in first if all(one.code in accepted for accepted in codes)]


def _of_decisions(faults: Sequence[QcFault]) -> Iterator[QcFault]:
    """Yield the failing faults, without those of a line that only rates and, as the log knows, only did so before."""
    rated = {
        (fault.table, fault.place) for fault in faults if fault.remark.code == "qc_lost" and fault.said == "rating"
    }
    for fault in faults:
        only_rates = fault.said == "rating" and (fault.table, fault.place) in rated
        if fault.fails and not only_rates:
            yield fault


def _taken_out(key: ScanKey, remark: Remark) -> Decision:
    who: Mapping[str, str] = {"initials": "n/a", "time": "n/a", "version": "n/a"}
    return Decision(key.participant, key.session, key.tracer, "exclude", ALTERED, remark.text, **who)
