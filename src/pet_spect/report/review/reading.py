"""One reader's way through the scans: what is rated, what comes next, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

from pet_spect import __version__
from pet_spect.model import ScanKey
from pet_spect.report.review.reasons import UnusableError, reason_of
from pet_spect.report.review.scans import BlindScan, in_random_order
from pet_spect.study.decisions import QcLine, last_ratings
from pet_spect.study.qc_tables import read_qc_tables

Sign = Callable[[ScanKey, Mapping[str, str]], object]
"""Appends a signed line about a scan to the reader's table."""

_INITIALS = re.compile("[A-Za-z]{2,5}", re.ASCII)


class OutOfStepError(Exception):
    """The browser rates a scan that is not the one in turn, for example from a second window."""


@dataclass
class Reading:
    """A reading in progress; what is rated stands in the reader's table alone.

    Attributes
    ----------
    scans : sequence of BlindScan
    table : Path
        The reader's table of decisions; it need not exist.
    sign : callable
    initials : str
        Of the reader; empty until they are known.
    lock : RLock
        Held while a rating is written.
    """

    scans: Sequence[BlindScan]
    table: Path
    sign: Sign
    initials: str = ""
    lock: RLock = field(default_factory=RLock, repr=False)
    _order: list[BlindScan] = field(default_factory=list)
    _rated_now: list[BlindScan] = field(default_factory=list)
    _back_at: BlindScan | None = None
    _read: tuple[tuple[int, ...], tuple[QcLine, ...]] = ((), ())  # what the table held, and when

    def start(self, initials: str) -> None:
        """Take the reader's initials and put the scans in the reader's order.

        Raises
        ------
        UnusableError
            If they are not two to five letters, another reader has begun, or the table holds ratings of another reader.
        StudyError
            If the table holds a mistake.
        """
        with self.lock:
            if not _INITIALS.fullmatch(initials):
                raise UnusableError("initials are two to five letters")
            if self.initials and initials.casefold() != self.initials.casefold():
                raise UnusableError("another reader has begun; start pet-spect review again")
            self._ratings(initials)
            self.initials = self.initials or initials
            self._order = in_random_order(self.scans, f"{self.table.name}\t{initials.casefold()}")

    def state(self) -> dict[str, Any]:
        """Return what the page shows: the scan in turn, how far the reading is, and the reader's own rating of it."""
        with self.lock:
            ratings = self._ratings(self.initials) if self.initials else {}
            done = sum(scan.key in ratings for scan in self.scans)
            scan = self._in_turn(ratings)
            phase = "start" if not self.initials else "done" if scan is None else "scan"
            line = None if scan is None else ratings.get(scan.key)
            return {
                "phase": phase,
                "scan": None if scan is None else scan.identifier,
                "place": done + 1 if line is None or scan is None else self._place(scan, done),
                "done": done,
                "total": len(self.scans),
                "rating": None if line is None else line.code,
                "reason": None if line is None else line.reason,
                "first": not self._rated_now or scan is self._rated_now[0],
            }

    def rate(self, identifier: str, rating: str, code: str, words: str) -> None:
        """Write a rating of the scan in turn to the reader's table.

        Raises
        ------
        OutOfStepError
            If another scan is in turn.
        UnusableError
            If rating and reason do not go together.
        PetSpectError, OSError
            If the line could not be signed; nothing is written then.
        """
        with self.lock:
            ratings = self._ratings(self.initials) if self.initials else {}
            scan = self._in_turn(ratings) if self.initials else None
            if scan is None or scan.identifier != identifier:
                raise OutOfStepError
            reason = reason_of(rating, code, words)
            line = ratings.get(scan.key)
            if line is None or (line.code, line.reason) != (rating, reason):
                said = {"decision": "rating", "code": rating, "reason": reason, "initials": self.initials}
                when = {"time": datetime.now().isoformat(timespec="seconds"), "version": __version__}
                self.sign(scan.key, said | when)
            if scan not in self._rated_now:
                self._rated_now.append(scan)
            self._back_at = None

    def back(self) -> None:
        """Go back to the scan that was rated before, of those rated since the start."""
        with self.lock:
            at = len(self._rated_now) if self._back_at is None else self._rated_now.index(self._back_at)
            if self._rated_now:
                self._back_at = self._rated_now[max(at - 1, 0)]

    def forward(self) -> None:
        """Leave a scan that was gone back to as it is rated."""
        with self.lock:
            if self._back_at is not None:
                later = self._rated_now[self._rated_now.index(self._back_at) + 1 :]
                self._back_at = later[0] if later else None

    def counts(self) -> dict[str, int]:
        """Return how many scans are rated, and how many of them good, doubt and bad."""
        with self.lock:
            ratings = self._ratings(self.initials) if self.initials else {}
            mine = [ratings[scan.key].code for scan in self.scans if scan.key in ratings]
            return {"rated": len(mine), **{code: mine.count(code) for code in ("good", "doubt", "bad")}}

    def close(self) -> None:
        """Wait until a rating that is being written is whole, and let no other begin."""
        self.lock.acquire()  # never released: a thread that waits for it ends with the program

    def _in_turn(self, ratings: Mapping[ScanKey, QcLine]) -> BlindScan | None:
        if self._back_at is not None:
            return self._back_at
        return next((scan for scan in self._order if scan.key not in ratings), None)

    def _place(self, scan: BlindScan, done: int) -> int:
        return done - len(self._rated_now) + self._rated_now.index(scan) + 1

    def _ratings(self, initials: str) -> dict[ScanKey, QcLine]:
        """Return the reader's ratings; that of others in the same table are an error, and are not told."""
        if not self.table.exists():
            return {}
        about = self.table.stat()
        stamp = (about.st_ino, about.st_mtime_ns, about.st_size)
        if stamp != self._read[0]:
            self._read = (stamp, read_qc_tables([self.table]).readers[0].lines)
        lines = self._read[1]
        if any(line.said == "rating" and line.initials.casefold() != initials.casefold() for line in lines):
            raise UnusableError(
                f"{self.table.name}: holds ratings of another reader; each reader needs a table of their own (--qc)"
            )
        return last_ratings(lines)
