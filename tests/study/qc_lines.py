"""Lines of qc.tsv as a person writes or signs them."""

from __future__ import annotations

from pathlib import Path

from pet_spect.study.decisions import DECISION_COLUMNS, QcLine
from pet_spect.study.signing import append_signed_line

OLD = "\t".join(DECISION_COLUMNS) + "\n"


def by_hand(scan: str, decision: str, code: str = "n/a", reason: str = "moved") -> str:
    """Return a line of version 0.1; `scan` is such as ``sub-01 year1 FDG``."""
    return "\t".join([*scan.split(), decision, code, reason, "AB", "2026-11-23", "0.2.0"]) + "\n"


def sign(path: Path, scan: str, decision: str, code: str = "n/a", reason: str = "moved", **cells: str) -> QcLine:
    """Append a signed line to a table."""
    participant, session, tracer = scan.split()
    who = {"participant_id": participant, "session": session, "tracer": tracer}
    said = {"decision": decision, "code": code, "reason": reason}
    signature = {"initials": "AB", "time": "2026-11-29T10:00:00", "version": "0.2.0"}
    return append_signed_line(path, {**who, **said, **signature, **cells})
