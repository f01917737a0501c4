"""qc.tsv: what a person decided about scans that were refused or flagged."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, cast, get_args

from pet_spect.model import Decided, Decision, ScanKey
from pet_spect.remarks import never_accepted
from pet_spect.remarks.catalogue import CATALOGUE
from pet_spect.study.decision_chain import CHAIN_COLUMNS, Link, canonical, follow, is_sha256
from pet_spect.study.rows import Table, TableRow, open_table

DECISION_COLUMNS = (
    "participant_id",
    "session",
    "tracer",
    "decision",
    "code",
    "reason",
    "initials",
    "time",
    "version",
)
"""Columns of qc.tsv; all must be there."""

QC_COLUMNS = (*DECISION_COLUMNS, *CHAIN_COLUMNS)
"""Every column that qc.tsv may have; the last ones are those of signed lines."""

Said = Literal["accept", "exclude", "withdraw", "rating"]
"""What a line may say. ``withdraw`` and ``rating`` stand in signed lines only."""

RATINGS = ("good", "doubt", "bad")
"""What the column ``code`` of a rating may hold."""

RESERVED = ("qc_altered", "qc_changed", "qc_log_altered", "qc_lost", "qc_unlogged")
"""Codes of what was done to decisions, which nobody can give to a scan."""

_RENAMED_CODES = {"gate_stranger": "gate_identity"}
"""Codes of earlier versions that stay valid in qc.tsv, and their names now."""


@dataclass(frozen=True)
class QcLine:
    """One sound line of qc.tsv.

    Attributes
    ----------
    number : int
        Line of the file, the header being 1.
    place : int
        Among the decisions of the table, from 1.
    said : {'accept', 'exclude', 'withdraw', 'rating'}
    key : ScanKey
    code : str or None
        What is accepted or excluded; of a rating one of `RATINGS`.
    reason, initials, time, version : str
    judged : (str or None, str or None, str or None)
        SHA-256 of the image, of the registration and of the uptake before the person's eyes.
    link : Link
    """

    number: int
    place: int
    said: Said
    key: ScanKey
    code: str | None
    reason: str
    initials: str
    time: str
    version: str
    judged: tuple[str | None, str | None, str | None]
    link: Link

    @property
    def decision(self) -> Decision | None:
        """The decision; None if the line takes others back, or only rates."""
        if self.said not in get_args(Decided):
            return None
        said, key = cast(Decided, self.said), self.key
        who = (key.participant, key.session, key.tracer)
        return Decision(*who, said, self.code, self.reason, self.initials, self.time, self.version)


def read_decisions(path: Path) -> list[Decision]:
    """Read qc.tsv.

    Returns
    -------
    list of Decision
        In the order of the table. A scan has one ``exclude``, or one ``accept`` for each of several codes.

    Raises
    ------
    StudyError
        With every mistake: see `lines_of`.
    """
    table = open_table(path, QC_COLUMNS, required=len(DECISION_COLUMNS))
    lines = lines_of(table)
    table.check()
    return effective(lines)


def lines_of(
    table: Table,
    participants: Collection[str] | None = None,
    sessions: Collection[str] | None = None,
    tracers: Collection[str] | None = None,
) -> list[QcLine]:
    """Return the sound lines of qc.tsv, and note the mistakes of the others in their rows.

    A mistake is a decision that is neither ``accept`` nor ``exclude``, one without reason, initials, time or version,
    an ``accept`` without a code, with a misspelled one or with one that cannot be accepted, a line by hand that does
    not go together with an earlier one, or a decision about a scan that the study does not have.

    Parameters
    ----------
    table : Table
    participants, sessions, tracers : collection of str, optional
        Those that the study has; without them any may be there.
    """
    lines: list[QcLine] = []
    counting: dict[ScanKey, list[QcLine]] = {}
    links = follow([line.row for line in table.rows])
    for place, (line, link) in enumerate(zip(table.rows, links, strict=True), start=1):
        read = _line(line, place, link)
        _check_date(line)
        key = read.key
        scan = f"{key.participant} {key.session} {key.tracer}"
        allowed = ((key.participant, participants), (key.session, sessions), (key.tracer, tracers))
        if any(name and names is not None and name not in names for name, names in allowed):
            line.refuse(f"{scan} is not a scan of this study")
        _check_code(line, read)
        about = counting.setdefault(key, [])
        if not link.chained and (other := _opposed(read, about)) is not None:
            line.refuse(f"{scan} is a duplicate of line {other.number}")
        _take(read, about)
        if not line.mistakes:
            lines.append(read)
    return lines


def _line(line: TableRow, place: int, link: Link) -> QcLine:
    code = line.text("code")
    image, registration, uptake = (_sha256_or_none(line, name) for name in CHAIN_COLUMNS[1:])
    _sha256_or_none(line, CHAIN_COLUMNS[0])
    return QcLine(
        number=line.number,
        place=place,
        key=ScanKey(line.needed_text("participant_id"), line.needed_text("session"), line.needed_text("tracer")),
        said=cast(Said, line.one_of("decision", get_args(Said if link.chained else Decided))),
        code=code and _RENAMED_CODES.get(code, code),
        reason=line.needed_text("reason"),
        initials=line.needed_text("initials"),
        time=line.needed_text("time"),
        version=line.needed_text("version"),
        judged=(image, registration, uptake),
        link=link,
    )


def _sha256_or_none(line: TableRow, column: str) -> str | None:
    text = canonical({column: line.row.get(column, "")}).get(column, "").lower()
    if text and not is_sha256(text):
        line.wrong(column, "64 hexadecimal digits, as pet-spect sign writes them, or n/a")
    return text or None


def _opposed(line: QcLine, counting: Iterable[QcLine]) -> QcLine | None:
    """Return the first of the lines about a scan with which a line by hand does not go together."""
    for other in counting:
        if "exclude" in (other.said, line.said) or other.code == line.code:
            return other
    return None


def standing(lines: Iterable[QcLine]) -> dict[ScanKey, list[QcLine]]:
    """Return the lines about each scan that count, ratings aside: a signed one replaces earlier ones it contradicts.

    ``withdraw`` takes all earlier lines about its scan back.
    """
    by_scan: dict[ScanKey, list[QcLine]] = {}
    for line in lines:
        _take(line, by_scan.setdefault(line.key, []))
    return {key: kept for key, kept in by_scan.items() if kept}


def last_ratings(lines: Iterable[QcLine]) -> dict[ScanKey, QcLine]:
    """Return the last rating of each scan."""
    return {line.key: line for line in lines if line.said == "rating"}


def _take(line: QcLine, counting: list[QcLine]) -> None:
    """Add a line to those that count about its scan, and drop those that it replaces."""
    if line.said == "rating":
        return
    if line.link.chained and line.said in ("withdraw", "exclude"):
        counting.clear()
    elif line.link.chained:
        counting[:] = [other for other in counting if other.said != "exclude" and other.code != line.code]
    if line.said != "withdraw":
        counting.append(line)


def effective(lines: Iterable[QcLine]) -> list[Decision]:
    """Return the decisions that count, in the order of the table."""
    kept = sorted((line for lines_of_scan in standing(lines).values() for line in lines_of_scan), key=_number)
    return [decision for line in kept if (decision := line.decision) is not None]


def _number(line: QcLine) -> int:
    return line.number


def _check_date(line: TableRow) -> None:
    """Note a time that looks like a date and is none, such as 2026-13-45."""
    text = line.text("time") or ""
    try:
        if re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            datetime.fromisoformat(text)
    except ValueError:
        line.wrong("time", "an existing date such as 2026-11-23 or 2026-11-23T14:05")


def _check_code(line: TableRow, decision: QcLine) -> None:
    """Note an ``accept`` without a code, or with one that cannot be accepted, and a code that is not for people."""
    if decision.said == "rating" and decision.code not in RATINGS:
        line.one_of("code", RATINGS)
    if decision.said in ("exclude", "withdraw") and decision.code in RESERVED:
        line.wrong("code", "another code, for pet_spect itself writes this one where a decision was altered")
    if decision.said != "accept":
        return
    if decision.code is None:
        line.refuse("accept needs the code it accepts, as results/tables/scans.tsv gives it")
    elif decision.code not in CATALOGUE and (near := get_close_matches(decision.code, CATALOGUE, n=1, cutoff=0.9)):
        line.wrong("code", f"a code of results/tables/scans.tsv; did you mean {near[0]!r}?")
    elif why := never_accepted(decision.code, decision.version if not decision.link.chained else ""):
        line.refuse(
            f"{decision.code} cannot be accepted: {why}; correct the scan or its line in scans.tsv, or write exclude"
        )


def decisions_by_scan(decisions: Iterable[Decision]) -> dict[ScanKey, list[Decision]]:
    """Return what was decided about each scan."""
    by_scan: dict[ScanKey, list[Decision]] = {}
    for decision in decisions:
        by_scan.setdefault(decision.key, []).append(decision)
    return by_scan
