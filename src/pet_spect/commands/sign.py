"""The verb ``sign``: appends a decision about a scan to qc.tsv, with hashes of the line before and of what was seen.

The decision is also noted in the log of the results, so that a change of the line is found even before the next run.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import get_args

from pet_spect import __version__
from pet_spect.commands.arguments import decision_table
from pet_spect.errors import TableError, did_you_mean, listed, shown
from pet_spect.files import whole_file
from pet_spect.model import LoggedLine, ScanKey
from pet_spect.results import layout
from pet_spect.results.decisions.decision_log import append_log, log_path, read_log
from pet_spect.results.decisions.judged import judged_of
from pet_spect.results.finished_run import check_finished
from pet_spect.results.library.study_settings import read_settings
from pet_spect.results.tables.columns import SCANS
from pet_spect.study.decision_chain import CHAIN_COLUMNS
from pet_spect.study.decisions import RATINGS, QcLine, Said, effective
from pet_spect.study.qc_tables import read_qc_tables
from pet_spect.study.readers import drafted_exclusion
from pet_spect.study.signing import append_signed_line, logged
from pet_spect.tsv import MISSING, Row, read_table, sidecar_of_table

_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect sign``."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the results folder that was looked at")
    parser.add_argument(
        "--qc", required=True, type=decision_table, metavar="TSV", help="qc.tsv; made if it does not exist"
    )
    parser.add_argument("--participant", required=True, metavar="ID", help="for example sub-01")
    parser.add_argument("--session", required=True, metavar="SESSION")
    parser.add_argument("--tracer", required=True, metavar="TRACER")
    decided = parser.add_mutually_exclusive_group(required=True)
    decided.add_argument(
        "--decision",
        choices=get_args(Said),
        help="accept a fault, exclude the scan, withdraw every earlier line about it, or only rate it",
    )
    decided.add_argument(
        "--draft",
        type=decision_table,
        metavar="TSV",
        help="confirm the exclusion that the last rating of the scan in this table, which is bad, drafts; its reason"
        " and code are those of the rating",
    )
    parser.add_argument(
        "--code",
        type=_matching("[a-z0-9_]+", "a code in lower case with underscores"),
        help=f"the code that is accepted or excluded, as in tables/scans.tsv; of a rating {listed(RATINGS)}",
    )
    reason = _matching("[^-].*", "words that do not begin with a dash")
    parser.add_argument("--reason", type=reason, metavar="TEXT", help="why; with --draft, more words than the rating's")
    initials = _matching("[A-Za-z]{2,5}", "two to five letters")
    parser.add_argument("--initials", required=True, type=initials, metavar="AB", help="who decides")
    parser.add_argument(
        "--time",
        type=_matching(_TIME, "a date such as 2026-11-23, perhaps with T14:05"),
        default=datetime.now().isoformat(timespec="seconds"),
        metavar="TIME",
        help="when (default: now)",
    )
    parser.add_argument(
        "--version",
        type=_matching(r"[0-9]+\.[0-9]+[^\s]*", "a version such as 0.1.0"),
        default=__version__,
        metavar="VERSION",
        help="of the software whose results were looked at (default %(default)s)",
    )
    parser.set_defaults(misuse=parser.error)


def run(options: argparse.Namespace) -> None:
    """Append the line and say its hash.

    Raises
    ------
    StudyError
        If qc.tsv or the new line holds a mistake.
    TableError
        If the results hold no such scan, signed lines or the log were altered, or ``--draft`` names no draft.
    """
    if options.decision and not options.reason:
        options.misuse("--reason is needed")
    key = ScanKey(options.participant, options.session, options.tracer)
    line = sign_decision(options.results, options.qc, key, _said(options, key))
    print(f"{options.qc}: line {line.number}, {line.said} {' '.join(_words(key))}, sha256 {line.link.sha256}")


def sign_decision(results: Path, qc: Path, key: ScanKey, said: Mapping[str, str]) -> QcLine:
    """Append a signed line about a scan of finished results to a table of decisions, and note it in the log.

    Parameters
    ----------
    results : Path
    qc : Path
        The table; made if it does not exist.
    key : ScanKey
    said : mapping of str to str
        ``decision``, ``code``, ``reason``, ``initials``, ``time`` and ``version``.

    Raises
    ------
    StudyError
        If the table or the new line holds a mistake.
    TableError
        If the results hold no such scan, or signed lines or the log were altered.
    """
    check_finished(results, "scans")
    _check_scan(results, key)
    _whole_log(results)
    atlas = read_settings(results / "tables" / "ratios.json").atlas
    judged = judged_of(results, key, atlas)
    hashes = dict(zip(CHAIN_COLUMNS[1:], (part or MISSING for part in judged.parts), strict=True))
    who = {"participant_id": key.participant, "session": key.session, "tracer": key.tracer}

    def note(line: QcLine) -> None:
        if line.said == "exclude" and judged.uptake is not None:
            _keep(results, key, atlas, judged.uptake)
        append_log(results, [logged(qc.name, line, by_run=False)])

    return append_signed_line(qc, {**who, **said, **hashes}, lambda: _whole_log(results), note)


def _whole_log(results: Path) -> tuple[LoggedLine, ...]:
    log, whole = read_log(results)
    if not whole:
        raise TableError(f"{log_path(results)}: is not as it was written; restore it", code="qc_log_altered")
    return log


def _said(options: argparse.Namespace, key: ScanKey) -> Row:
    if options.draft is None:
        decision, code, reason = options.decision, options.code, options.reason
    else:
        _check_not_excluded(options.qc, key)
        decision, (code, reason) = "exclude", drafted_exclusion(options.draft, key)
        reason = "; ".join(part for part in (reason, options.reason) if part)
    return {
        "decision": decision,
        "code": options.code or code or MISSING,
        "reason": reason,
        "initials": options.initials,
        "time": options.time,
        "version": options.version,
    }


def _check_not_excluded(qc: Path, key: ScanKey) -> None:
    """Refuse to confirm a draft where the table excludes the scan already: the line would say nothing new."""
    lines = read_qc_tables([qc]).readers[0].lines if qc.exists() else ()
    if any(each.key == key and each.decision == "exclude" for each in effective(lines)):
        raise TableError(f"{qc}: excludes {' '.join(_words(key))} already; there is nothing to confirm")


def _keep(results: Path, key: ScanKey, atlas: str, uptake_sha256: str) -> None:
    """Keep the uptake of a scan that is excluded, for decided.tsv: the next run does not measure it any more."""
    table = results / layout.uptake_table(key.participant, atlas)
    kept = results / layout.judged_uptake(key.participant, uptake_sha256)
    for source, copy in ((table, kept), (sidecar_of_table(table), sidecar_of_table(kept))):
        with whole_file(copy) as partial:
            partial.write_bytes(source.read_bytes())


def _words(key: ScanKey) -> tuple[str, str, str]:
    return key.participant, key.session, key.tracer


def _check_scan(results: Path, key: ScanKey) -> None:
    """Refuse a scan that the results do not hold."""
    path = results / "tables" / "scans.tsv"
    rows = read_table(path, required=tuple(SCANS))
    statuses = {ScanKey(row["participant_id"], row["session"], row["tracer"]): row["status"] for row in rows}
    if key not in statuses:
        known = {name: list(dict.fromkeys(getattr(each, name) for each in statuses)) for name in vars(key)}
        wrong = next((name for name, names in known.items() if getattr(key, name) not in names), "participant")
        value = getattr(key, wrong)
        raise TableError(
            f"{path}: lists no {wrong} {shown(value)}; found {listed(known[wrong])}{did_you_mean(value, known[wrong])}",
            code="qc_unknown_scan",
        )
    if statuses[key] == "missing":
        raise TableError(f"{path}: {' '.join(_words(key))} is missing: there is no scan to decide about")


class _matching:  # noqa: N801 - it is used like a function
    """A flag whose whole text must match a pattern."""

    def __init__(self, pattern: str, needed: str) -> None:
        self.pattern, self.needed = pattern, needed

    def __call__(self, text: str) -> str:
        """Return the text on one line."""
        text = " ".join(text.split())
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise argparse.ArgumentTypeError(f"found {shown(text)}, needed text in UTF-8")
        if not re.fullmatch(self.pattern, text):
            raise argparse.ArgumentTypeError(f"found {shown(text)}, needed {self.needed}")
        return text
