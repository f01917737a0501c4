"""The chain of signed decisions: each signed line of qc.tsv holds the SHA-256 of the line before it.

A hash is taken of the cells, not of the bytes, so that a table that a spreadsheet program saved again (other line
ends, UTF-16, quotes, another order of the columns) is still the same table.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from pet_spect.tsv import MISSING

START = "0" * 64
"""What stands for the line before the first one."""

CHAIN_COLUMNS = ("previous", "image_sha256", "registration_sha256", "uptake_sha256")
"""Columns of qc.tsv that `pet-spect sign` fills; a line without `previous` is unchained."""

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Link:
    """One line of a table in its chain.

    Attributes
    ----------
    sha256 : str
        Of the line: of its cells and of the hash of the line before it. It stands for the table up to this line.
    chained : bool
        Whether it was signed: it says itself which line stands before it.
    continues : bool
        Whether the line before it is the one it says; true of an unchained line.
    """

    sha256: str
    chained: bool
    continues: bool


def canonical(row: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of a line as they are hashed: those that hold something, in one spelling.

    Quotes round a cell are dropped, white space is made single, letters are composed (NFC).

    Examples
    --------
    >>> canonical({"code": "n/a", "reason": '"moved,  twice"', "initials": "AB"})
    {'reason': 'moved, twice', 'initials': 'AB'}
    """
    cells = {name: _spelled(value) for name, value in row.items()}
    return {name: value for name, value in cells.items() if value not in ("", MISSING)}


def _spelled(value: str) -> str:
    text = " ".join(unicodedata.normalize("NFC", value).split())
    while len(text) > 1 and text[0] == text[-1] == '"':  # as often as a program has put them
        text = text[1:-1].replace('""', '"').strip()
    return text


def line_sha256(row: Mapping[str, str], previous: str) -> str:
    """Return the SHA-256 of a line behind the line with the hash `previous`.

    It is that of the JSON object (UTF-8, keys sorted, no blanks, everything but ASCII escaped) of the cells as
    `canonical` spells them, with `previous` among them.

    Parameters
    ----------
    row : mapping of str to str
        Column to cell.
    previous : str
        64 hexadecimal digits; `START` before the first line.
    """
    cells = {**canonical(row), "previous": previous}
    return sha256(json.dumps(cells, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def follow(rows: Sequence[Mapping[str, str]]) -> list[Link]:
    """Return the links of a table.

    A line without ``previous`` is hashed behind the line that stands before it, so that the next signed line covers it,
    too. A signed line is hashed with the hash it states: a change shows in the first signed line after it alone.

    Parameters
    ----------
    rows : sequence of mapping
        The lines of the table in their order.

    Examples
    --------
    >>> old = {"reason": "moved"}
    >>> signed = {"reason": "too late", "previous": line_sha256(old, START)}
    >>> [(link.chained, link.continues) for link in follow([old, signed])]
    [(False, True), (True, True)]
    >>> [(link.chained, link.continues) for link in follow([{"reason": "other"}, signed])]
    [(False, True), (True, False)]
    """
    links: list[Link] = []
    before = START
    for row in rows:
        stated = canonical(row).get("previous", "").lower()
        chained = stated != ""
        previous = stated if chained else before
        links.append(Link(line_sha256(row, previous), chained, previous == before))
        before = links[-1].sha256
    return links


def head_of(links: Sequence[Link]) -> str:
    """Return the hash of the last line, which stands for the whole table; `START` of an empty one."""
    return links[-1].sha256 if links else START


def is_sha256(text: str) -> bool:
    """Return whether a text is 64 hexadecimal digits in lower case."""
    return _SHA256.fullmatch(text) is not None


def altered_places(links: Sequence[Link], known: Collection[str] = ()) -> dict[int, int]:
    """Return the places of the lines that may have been altered, each with the place where the chain is broken.

    Where a signed line does not continue the line before it, any line from the signed line before on may have been
    altered, and lines may have been removed, moved or inserted there.

    Parameters
    ----------
    links : sequence of Link
    known : collection of str
        Hashes of lines as they were signed. A line among them is as it was; if all are, they were moved or a line
        between them was removed, and all stay under suspicion.
    """
    altered: dict[int, int] = {}
    begins = 0
    for place, link in enumerate(links):
        if not link.continues:
            span = range(begins, place + 1)
            unknown = [each for each in span if not (links[each].chained and links[each].sha256 in known)]
            altered |= dict.fromkeys(unknown or span, place)
        if link.chained:
            begins = place
    return altered
