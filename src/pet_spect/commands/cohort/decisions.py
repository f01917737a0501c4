"""Tables of decisions as ``cohort`` reads them, and the tables about decisions and readers that it writes."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pet_spect.commands.arguments import decision_table
from pet_spect.errors import ConfigError, listed
from pet_spect.model import Decision, ScanKey
from pet_spect.remarks import Remark, codes_in, write_cell
from pet_spect.results.analysis_plan import PlanStatement, with_statement
from pet_spect.results.decisions.decision_log import append_log, read_log
from pet_spect.results.decisions.judged import Judged, changed_parts, judged_of
from pet_spect.results.tables.decision_columns import AGREEMENT, DECISIONS, READERS
from pet_spect.study.decisions import QcLine, last_ratings, standing
from pet_spect.study.qc_tables import ALTERED, QcFault, QcTable, QcTables, read_qc_tables
from pet_spect.study.readers import Disagreement, compare_readers
from pet_spect.study.signing import logged
from pet_spect.tsv import sidecar_of_table, write_table


def add_qc(parser: argparse.ArgumentParser) -> None:
    """Declare ``--qc``, ``--consensus`` and ``--absent-qc``."""
    parser.add_argument(
        "--qc",
        type=decision_table,
        nargs="+",
        default=[],
        metavar="TSV",
        help="qc.tsv of one reader, or of two: what was decided",
    )
    parser.add_argument(
        "--consensus", type=decision_table, metavar="TSV", help="what two readers agreed on; wins over both"
    )
    parser.add_argument(
        "--absent-qc",
        type=decision_table,
        nargs="+",
        default=[],
        metavar="TSV",
        help="tables that the study is to use and that do not exist: what was signed there is lost",
    )


def qc_tables(options: argparse.Namespace) -> QcTables:
    """Return the tables that ``--qc`` and ``--consensus`` name, and the log of the results.

    Raises
    ------
    ConfigError
        If ``--qc`` names more than two, or two files have one name.
    StudyError
        If a table holds a mistake.
    """
    names = [path.name for path in (*options.qc, *([options.consensus] if options.consensus else []))]
    if len(options.qc) > 2 or len(set(names)) < len(names):
        raise ConfigError("--qc and --consensus: at most two readers and a consensus, with different file names")
    log, whole = read_log(options.results)
    absent = [path.name for path in options.absent_qc]
    return read_qc_tables(options.qc, options.consensus, log, log_whole=whole, absent=absent)


def is_altered(decisions: Sequence[Decision]) -> bool:
    """Return whether a scan is taken out because a signed decision about it was altered: nobody decided that."""
    return any(decision.code == ALTERED for decision in decisions)


def write_decision_tables(
    results: Path, tables: QcTables, scans: Iterable[Mapping[str, Any]], atlas: str, statement: PlanStatement
) -> None:
    """Write decisions.tsv and, of two readers, readers.tsv and agreement.tsv; add what is new to the log.

    Parameters
    ----------
    results : Path
    tables : QcTables
    scans : iterable of mapping
        The rows of scans.tsv.
    atlas : str
        As file names call it.
    statement : PlanStatement
        For the dictionaries.
    """
    by_key = {ScanKey(row["participant_id"], row["session"], row["tracer"]): row for row in scans}
    there = [key for key, row in by_key.items() if row["status"] != "missing"]
    shown = {key: _shown_codes(row) for key, row in by_key.items()}
    folder = results / "tables"
    disagreements, agreement = compare_readers(tables, there) if len(tables.readers) == 2 else ([], {})
    unsettled = {each.key: _unsettled(tables, each) for each in disagreements if _is_unsettled(each)}
    rows = _rows(results, tables, shown, atlas, unsettled)
    write_table(folder / "decisions.tsv", with_statement(DECISIONS, statement), rows)
    if agreement:
        listed_scans = ({**_of(one.key), **_fields(one, READERS)} for one in disagreements)
        write_table(folder / "readers.tsv", with_statement(READERS, statement), listed_scans)
        kappas = ({"basis": basis, **vars(found)} for basis, found in agreement.items())
        write_table(folder / "agreement.tsv", with_statement(AGREEMENT, statement), kappas)
    else:
        for name in ("readers.tsv", "agreement.tsv"):
            (folder / name).unlink(missing_ok=True)
            sidecar_of_table(folder / name).unlink(missing_ok=True)
    if tables.log_whole:
        bad = {(fault.table, fault.place) for fault in tables.faults() if fault.fails}
        sound = [(table, line) for table in tables.tables for line in table.lines]
        append_log(results, [logged(t.name, line, by_run=True) for t, line in sound if (t.name, line.place) not in bad])


def _shown_codes(scan: Mapping[str, Any]) -> set[str]:
    """Return the faults of a row of scans.tsv whose acceptance has an effect."""
    refused = {scan["code"]} if scan["decision"] == "accept" else set()
    return refused | (codes_in(scan["warnings"]) if scan["status"] == "measured" else set())


def _is_unsettled(disagreement: Disagreement) -> bool:
    return disagreement.basis == "decision" and disagreement.consensus is None


def _unsettled(tables: QcTables, disagreement: Disagreement) -> Remark:
    first, second = (table.name for table in tables.readers)
    one, other = disagreement.first, disagreement.second
    return Remark.of("readers_disagree", first=first, one=one, second=second, other=other)


def _rows(
    results: Path,
    tables: QcTables,
    shown: Mapping[ScanKey, Collection[str]],
    atlas: str,
    unsettled: Mapping[ScanKey, Remark],
) -> Iterator[dict[str, Any]]:
    """Yield the rows of decisions.tsv: the lines of each table, then the lines that are not there any more."""
    faults = tables.faults()
    by_scan: dict[ScanKey, list[Decision]] = {}
    for decision in tables.decisions():
        by_scan.setdefault(decision.key, []).append(decision)
    present: dict[tuple[str, int | None], list[QcFault]] = {}
    rest = []
    for fault in faults:
        if fault.remark.code in ("qc_altered", "qc_changed", "qc_unlogged"):
            present.setdefault((fault.table, fault.place), []).append(fault)
        else:
            rest.append(fault)
    now: dict[ScanKey, Judged] = {}
    for table in tables.tables:
        kept = {line.place for lines in standing(table.lines).values() for line in lines}
        kept |= {line.place for line in last_ratings(table.lines).values()}
        for line in table.lines:
            if line.link.chained and line.key in shown and line.key not in now:
                now[line.key] = judged_of(results, line.key, atlas)
            is_last, decided = line.place in kept, by_scan.get(line.key, ())
            of_line = present.pop((table.name, line.place), [])
            said = [fault.remark for fault in of_line]
            said += [unsettled[line.key]] if is_last and line.said != "rating" and line.key in unsettled else []
            if _drafts_exclusion(table, line) and not any(one.decision == "exclude" for one in decided):
                said.append(Remark.of("exclusion_drafted", table=table.name))
            if is_last and line.key in now:
                said += _outdated(line, now[line.key], decided)
            fails = any(fault.fails for fault in of_line)
            counts = is_last and _counts(line, decided, shown.get(line.key, ()))
            yield _row(table, line, counts=counts, fails=fails, said=said)
    for fault in (*rest, *(each for of_line in present.values() for each in of_line)):
        yield _fault_row(fault)


def _drafts_exclusion(table: QcTable, line: QcLine) -> bool:
    """Return whether a line rates a scan bad, and nothing was said of the scan in the table since then."""
    later = any(other.key == line.key for other in table.lines[line.place :])
    return (line.said, line.code) == ("rating", "bad") and not later


def _outdated(line: QcLine, now: Judged, decided: Sequence[Decision]) -> list[Remark]:
    """Return what to say of a line that judged other results; an excluded scan has no registration and no uptake."""
    excluded = any(decision.decision == "exclude" for decision in decided)
    parts = changed_parts(line.judged, now, excluded=excluded) if line.link.chained else []
    return [Remark.of("qc_other_results", parts=listed(parts, joined=" and "))] if parts else []


def _row(table: QcTable, line: QcLine, *, counts: bool, fails: bool, said: Sequence[Remark]) -> dict[str, Any]:
    remarks = [*said, *([] if line.link.chained else [Remark.of("qc_unchained")])]
    return {
        "table": table.name,
        "place": line.place,
        **_of(line.key),
        "decision": line.said,
        "code": line.code,
        "reason": line.reason,
        "initials": line.initials,
        "time": line.time,
        "version": line.version,
        "chained": line.link.chained,
        "counts": counts,
        "result": "fail" if fails else "warn" if remarks else "pass",
        "remarks": write_cell(remarks),
        "sha256": line.link.sha256,
    }


def _fault_row(fault: QcFault) -> dict[str, Any]:
    who = dict.fromkeys(("participant_id", "session", "tracer")) if fault.key is None else _of(fault.key)
    return {
        **dict.fromkeys(DECISIONS),
        "table": fault.table,
        "place": fault.place,
        **who,
        "decision": fault.said,
        "code": fault.code,
        "chained": None if fault.key is None else fault.remark.code == "qc_lost",
        "counts": False,
        "result": "fail" if fault.fails else "warn",
        "remarks": write_cell([fault.remark]),
    }


def _counts(line: QcLine, decisions: Sequence[Decision], shown: Collection[str]) -> bool:
    """Return whether one of the decisions about the scan of a line is that of the line, and has an effect."""
    if line.said == "accept" and line.code not in shown:
        return False
    return any(one.decision == line.said and (one.code == line.code or one.reason == line.reason) for one in decisions)


def _of(key: ScanKey) -> dict[str, str]:
    return {"participant_id": key.participant, "session": key.session, "tracer": key.tracer}


def _fields(record: Any, columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name in columns}
