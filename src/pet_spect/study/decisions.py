"""qc.tsv: what a person decided about scans that were refused or flagged."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import cast, get_args

from pet_spect.model import Decided, Decision, ScanKey
from pet_spect.remarks import never_accepted
from pet_spect.remarks.catalogue import CATALOGUE
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

_RENAMED_CODES = {"gate_stranger": "gate_identity"}
"""Codes of earlier versions that stay valid in qc.tsv, and their names now."""


def read_decisions(path: Path) -> list[Decision]:
    """Read qc.tsv.

    Returns
    -------
    list of Decision
        In the order of the table. A scan has one ``exclude``, or one ``accept`` for each of several codes.

    Raises
    ------
    StudyError
        With every mistake: see `decisions_of`.
    """
    table = open_table(path, DECISION_COLUMNS, required=len(DECISION_COLUMNS))
    decisions = decisions_of(table)
    table.check()
    return decisions


def decisions_of(
    table: Table,
    participants: Collection[str] | None = None,
    sessions: Collection[str] | None = None,
    tracers: Collection[str] | None = None,
) -> list[Decision]:
    """Return the decisions whose rows are sound, and note the mistakes of the others in their rows.

    A mistake is a decision that is neither ``accept`` nor ``exclude``, one without reason, initials, time or version,
    an ``accept`` without a code, with a misspelled one or with one that cannot be accepted, two decisions about one
    scan that do not go together, or a decision about a scan that the study does not have.

    Parameters
    ----------
    table : Table
    participants, sessions, tracers : collection of str, optional
        Those that the study has; without them any may be there.
    """
    decisions: list[Decision] = []
    earlier: dict[ScanKey, list[tuple[int, Decision]]] = {}
    for line in table.rows:
        code = line.text("code")
        decision = Decision(
            participant_id=line.needed_text("participant_id"),
            session=line.needed_text("session"),
            tracer=line.needed_text("tracer"),
            decision=cast(Decided, line.one_of("decision", get_args(Decided))),
            code=code and _RENAMED_CODES.get(code, code),
            reason=line.needed_text("reason"),
            initials=line.needed_text("initials"),
            time=line.needed_text("time"),
            version=line.needed_text("version"),
        )
        _check_date(line)
        key = decision.key
        scan = f"{key.participant} {key.session} {key.tracer}"
        allowed = ((key.participant, participants), (key.session, sessions), (key.tracer, tracers))
        if any(name and names is not None and name not in names for name, names in allowed):
            line.refuse(f"{scan} is not a scan of this study")
        _check_acceptance(line, decision)
        for number, other in earlier.setdefault(key, []):
            if "exclude" in (other.decision, decision.decision) or other.code == decision.code:
                line.refuse(f"{scan} is a duplicate of line {number}")
                break
        earlier[key].append((line.number, decision))
        if not line.mistakes:
            decisions.append(decision)
    return decisions


def _check_date(line: TableRow) -> None:
    """Note a time that looks like a date and is none, such as 2026-13-45."""
    text = line.text("time") or ""
    try:
        if re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            datetime.fromisoformat(text)
    except ValueError:
        line.wrong("time", "an existing date such as 2026-11-23 or 2026-11-23T14:05")


def _check_acceptance(line: TableRow, decision: Decision) -> None:
    """Note an ``accept`` without a code, or with one that cannot be accepted."""
    if decision.decision != "accept":
        return
    if decision.code is None:
        line.refuse("accept needs the code it accepts, as results/tables/scans.tsv gives it")
    elif decision.code not in CATALOGUE and (near := get_close_matches(decision.code, CATALOGUE, n=1, cutoff=0.9)):
        line.wrong("code", f"a code of results/tables/scans.tsv; did you mean {near[0]!r}?")
    elif why := never_accepted(decision.code, decision.version):
        line.refuse(
            f"{decision.code} cannot be accepted: {why}; correct the scan or its line in scans.tsv, or write exclude"
        )


def decisions_by_scan(decisions: Iterable[Decision]) -> dict[ScanKey, list[Decision]]:
    """Return what was decided about each scan."""
    by_scan: dict[ScanKey, list[Decision]] = {}
    for decision in decisions:
        by_scan.setdefault(decision.key, []).append(decision)
    return by_scan
