"""Two readers of a study: where they disagree, and how far they agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pet_spect.errors import TableError
from pet_spect.model import Decision, ScanKey
from pet_spect.quantify.cohort.agreement import Agreement, cohen_kappa
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code
from pet_spect.study.decisions import RESERVED, decisions_by_scan, effective, last_ratings
from pet_spect.study.qc_tables import QcTable, QcTables, read_qc_tables

Basis = Literal["decision", "rating"]

_NONE = "none"
_REMARKED: Mapping[str, Code] = {"doubt": "rated_doubt", "bad": "rated_bad"}


@dataclass(frozen=True)
class Disagreement:
    """A scan of which two readers say different things.

    Attributes
    ----------
    key : ScanKey
    basis : {'decision', 'rating'}
    first, second : str
        What each says.
    consensus : str or None
        What they agreed on afterwards; None if nothing.
    counts : str or None
        What is done; None of a rating, on which nothing depends.
    """

    key: ScanKey
    basis: Basis
    first: str
    second: str
    consensus: str | None
    counts: str | None


def compare_readers(tables: QcTables, scans: Iterable[ScanKey]) -> tuple[list[Disagreement], dict[Basis, Agreement]]:
    """Return where two readers disagree, and Cohen's kappa of what they decide and of how they rate.

    Parameters
    ----------
    tables : QcTables
        Of two readers.
    scans : iterable of ScanKey
        Every scan that there is: a reader without a line about it says ``none``.

    Returns
    -------
    disagreements : list of Disagreement
        In the order of `scans`.
    agreement : dict
        ``rating`` only if a reader rated a scan; it compares the scans that both rated.
    """
    first, second = tables.readers
    keys = list(scans)
    decided = [_decided(table) for table in (first, second)]
    rated = [_rated(table) for table in (first, second)]
    agreed = {} if tables.consensus is None else _settled(tables.consensus)
    counting = _words(tables.decisions())
    disagreements = []
    for key in keys:
        one, other = (words.get(key, _NONE) for words in decided)
        if one != other:
            counts = counting.get(key, _NONE)
            disagreements.append(Disagreement(key, "decision", one, other, agreed.get(key), counts))
    both = [key for key in keys if key in rated[0] and key in rated[1]]
    ratings = {} if tables.consensus is None else _rated(tables.consensus)
    for key in both:
        if rated[0][key] != rated[1][key]:
            disagreements.append(Disagreement(key, "rating", rated[0][key], rated[1][key], ratings.get(key), None))
    agreement: dict[Basis, Agreement] = {
        "decision": cohen_kappa([(decided[0].get(key, _NONE), decided[1].get(key, _NONE)) for key in keys])
    }
    if any(rated):
        agreement["rating"] = cohen_kappa([(rated[0][key], rated[1][key]) for key in both])
    return disagreements, agreement


def rating_remarks(tables: QcTables) -> dict[ScanKey, list[Remark]]:
    """Return what the last rating of each scan calls attention to: that of the consensus, else those of the readers.

    A good scan has none. A rating says nothing of whether the scan is used.
    """
    consensus = {} if tables.consensus is None else last_ratings(tables.consensus.lines)
    remarks: dict[ScanKey, list[Remark]] = {}
    for table in tables.tables:
        for key, line in last_ratings(table.lines).items():
            code = _REMARKED.get(line.code or "")
            if code is not None and (key not in consensus or table is tables.consensus):
                remarks.setdefault(key, []).append(Remark.of(code, table=table.name, reason=line.reason))
    return remarks


def drafted_exclusion(path: Path, key: ScanKey) -> tuple[str | None, str]:
    """Return code and reason of the exclusion that the last rating of a scan drafts.

    Parameters
    ----------
    path : Path
        The table of the reader.
    key : ScanKey

    Raises
    ------
    StudyError
        If the table holds a mistake.
    TableError
        If its last rating of the scan is not ``bad``.
    """
    line = last_ratings(read_qc_tables([path]).readers[0].lines).get(key)
    if line is None or line.code != "bad":
        said = "does not rate it" if line is None else f"rates it {line.code}"
        raise TableError(
            f"{path}: drafts no exclusion of {key.participant} {key.session} {key.tracer}: {said}; to exclude it, use"
            " --decision exclude"
        )
    code, then, _ = line.reason.partition(": ")
    is_code = then and re.fullmatch("[a-z0-9_]+", code) and code not in RESERVED
    return (code if is_code else None), f"{line.reason}, rated bad by {line.initials}"


def _words(decisions: Iterable[Decision]) -> dict[ScanKey, str]:
    """Return what is decided about each scan: ``exclude``, or ``accept`` with its codes."""
    return {key: _word(each) for key, each in decisions_by_scan(decisions).items()}


def _word(decisions: Iterable[Decision]) -> str:
    every = list(decisions)
    if not every:
        return _NONE
    if any(one.decision == "exclude" for one in every):
        return "exclude"
    return f"accept {' and '.join(sorted({one.code or _NONE for one in every}))}"


def _decided(table: QcTable) -> Mapping[ScanKey, str]:
    return _words(effective(table.lines))


def _settled(table: QcTable) -> dict[ScanKey, str]:
    """Return what a consensus says of each scan about which it says anything."""
    words = _decided(table)
    return {line.key: words.get(line.key, _NONE) for line in table.lines if line.said != "rating"}


def _rated(table: QcTable) -> dict[ScanKey, str]:
    return {key: line.code or _NONE for key, line in last_ratings(table.lines).items()}
