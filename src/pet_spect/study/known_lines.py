"""What the log of decisions knows of a line: whether it was signed in its table, seen there, or signed elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pet_spect.model import LoggedLine


class Known:
    """The lines of a log, to be asked by table and hash.

    Parameters
    ----------
    log : iterable of LoggedLine
    """

    def __init__(self, log: Iterable[LoggedLine]) -> None:
        self._all: set[tuple[str, str]] = set()
        self._signatures: set[tuple[str, str]] = set()
        self._ratings: set[tuple[str, str]] = set()
        self._chained: dict[str, set[str]] = {}
        self._tables: dict[str, str] = {}
        for line in log:
            which = (line.table, line.sha256)
            self._all.add(which)
            if line.chained:
                self._chained.setdefault(line.table, set()).add(line.sha256)
                self._tables.setdefault(line.sha256, line.table)
                if line.decision == "rating":
                    self._ratings.add(which)
            if not line.by_run:
                self._signatures.add(which)

    @property
    def any_signature(self) -> bool:
        """Whether the log holds any line that ``pet-spect sign`` noted."""
        return bool(self._signatures)

    def line(self, table: str, sha256: str) -> bool:
        """Return whether a line was signed, or seen by a run, in this table."""
        return (table, sha256) in self._all

    def was_signed(self, table: str, sha256: str) -> bool:
        """Return whether ``pet-spect sign`` noted a line of this table."""
        return (table, sha256) in self._signatures

    def rates(self, table: str, sha256: str) -> bool:
        """Return whether a signed line of this table only rated."""
        return (table, sha256) in self._ratings

    def signed_in(self, table: str) -> Collection[str]:
        """Return the hashes of the signed lines of a table."""
        return self._chained.get(table, ())

    def elsewhere(self, table: str, sha256: str) -> str | None:
        """Return the table that a signed line belongs to if it is another one than this."""
        return None if self.line(table, sha256) else self._tables.get(sha256)
