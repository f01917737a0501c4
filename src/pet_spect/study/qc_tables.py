"""The tables of decisions of a study: one reader or two, perhaps a consensus; what was done to them; what counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pet_spect.model import Decision, LoggedLine, ScanKey
from pet_spect.remarks import Remark
from pet_spect.study.decision_chain import altered_places
from pet_spect.study.decisions import DECISION_COLUMNS, QC_COLUMNS, QcLine, effective, lines_of
from pet_spect.study.known_lines import Known
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
        Whether the last step must fail; otherwise it is to be looked at.
    decides : bool
        Whether a decision may be concerned, so that the scan must not count if it fails; otherwise only a rating is.
    """

    table: str
    place: int | None
    key: ScanKey | None
    said: str
    code: str
    remark: Remark
    fails: bool = True
    decides: bool = True


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
    absent : tuple of str
        Names of tables that the study is to use and that do not exist.
    """

    readers: tuple[QcTable, ...] = ()
    consensus: QcTable | None = None
    log: tuple[LoggedLine, ...] = ()
    log_whole: bool = True
    absent: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[QcTable, ...]:
        """Those of the readers, and the consensus last."""
        return self.readers if self.consensus is None else (*self.readers, self.consensus)

    def faults(self) -> list[QcFault]:
        """Return what was done to the tables since their lines were signed or seen."""
        lost = list(self._lost())
        known = Known(self.log)
        altered = [fault for table in self.tables for fault in _altered(table, lost, known)]
        named = {(fault.table, fault.place) for fault in altered}
        unlogged = [each for table in self.tables for each in _unlogged(table, known)]
        whole = Remark.of("qc_log_altered")
        return [
            *altered,
            *(fault for fault in unlogged if (fault.table, fault.place) not in named),
            *lost,
            *self._changed([fault.table for fault in altered]),
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
        for fault in self.faults():
            if fault.key is not None and fault.fails and fault.decides:
                agreed[fault.key] = [_taken_out(fault.key, fault.remark)]
        return [decision for decisions in agreed.values() for decision in decisions]

    def _lost(self) -> Iterator[QcFault]:
        """Yield the signed lines that the log knows and no table has any more.

        A line that no run has seen, in a table that the study does not use beside others, may be signed into a wrong
        file: it is only said.
        """
        present = {(table.name, line.link.sha256) for table in self.tables for line in table.lines}
        lengths = {table.name: len(table.lines) for table in self.tables}
        signed = {(logged.table, logged.sha256): logged for logged in self.log if logged.chained}
        seen = {(logged.table, logged.sha256) for logged in self.log if logged.by_run}
        for which, logged in signed.items():
            if which in present:
                continue
            length = lengths.get(logged.table)
            case = "absent" if length is None else "shorter" if length < logged.place else "other"
            fails = case != "absent" or which in seen or logged.table in self.absent or not self.tables
            remark = Remark.of("qc_lost", case=case, place=logged.place, table=logged.table, found=length or 0)
            decides = logged.decision != "rating"
            yield QcFault(logged.table, logged.place, logged.key, logged.decision, logged.code, remark, fails, decides)

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


def _altered(table: QcTable, lost: Sequence[QcFault], known: Known) -> Iterator[QcFault]:
    """Yield the lines of a table that are not, or may not be, as they were signed."""
    places = altered_places([line.link for line in table.lines], known.signed_in(table.name))
    gone = {(fault.table, fault.place): fault for fault in lost}
    for place, line in enumerate(table.lines):
        was = gone.get((table.name, line.place))
        sha256, where = line.link.sha256, {"line": line.number, "table": table.name}
        elsewhere = known.elsewhere(table.name, sha256) if line.link.chained else None
        if elsewhere is not None:
            remark = Remark.of("qc_altered", case="elsewhere", signed_in=elsewhere, **where)
        elif place in places:
            remark = Remark.of("qc_altered", case="chain", broken=table.lines[places[place]].number, **where)
        elif was is not None and not known.line(table.name, sha256):
            remark = Remark.of("qc_altered", case="log", **where)
        elif not line.link.chained and sha256 in known.signed_in(table.name):
            remark = Remark.of("qc_altered", case="unchained", **where)
        else:
            continue
        rates = line.said == "rating" and (
            known.rates(table.name, sha256) or (was is not None and was.said == "rating")
        )
        yield QcFault(table.name, line.place, line.key, line.said, line.code or "n/a", remark, decides=not rates)


def _unlogged(table: QcTable, known: Known) -> Iterator[QcFault]:
    """Yield the signed lines of a table whose signature the log does not hold.

    The log may have been lost after a line was signed. But if it holds other signatures, and neither a run has seen the
    line nor anybody signed behind it, then the line was written without ``pet-spect sign``.
    """
    last = max((line.place for line in table.lines if known.was_signed(table.name, line.link.sha256)), default=0)
    for line in table.lines:
        sha256 = line.link.sha256
        if line.link.chained and not known.was_signed(table.name, sha256):
            forged = known.any_signature and line.place > last and not known.line(table.name, sha256)
            remark = Remark.of("qc_unlogged", line=line.number, table=table.name)
            decides = line.said != "rating"
            yield QcFault(table.name, line.place, line.key, line.said, line.code or "n/a", remark, forged, decides)


def read_qc_tables(
    readers: Sequence[Path],
    consensus: Path | None = None,
    log: Sequence[LoggedLine] = (),
    *,
    log_whole: bool = True,
    absent: Sequence[str] = (),
) -> QcTables:
    """Read the tables of decisions of a study.

    Parameters
    ----------
    readers : sequence of Path
        One table for each reader.
    consensus : Path, optional
        It need not exist.
    log, log_whole, absent
        As in `QcTables`.

    Raises
    ------
    StudyError
        With every mistake of the first table that has any: see `decisions.lines_of`.
    """
    agreed = None if consensus is None or not consensus.is_file() else _read(consensus)
    if consensus is not None and agreed is None:
        absent = (*absent, consensus.name)
    return QcTables(tuple(map(_read, readers)), agreed, tuple(log), log_whole, tuple(absent))


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


def _taken_out(key: ScanKey, remark: Remark) -> Decision:
    who: Mapping[str, str] = {"initials": "n/a", "time": "n/a", "version": "n/a"}
    return Decision(key.participant, key.session, key.tracer, "exclude", ALTERED, remark.text, **who)
