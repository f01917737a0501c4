"""Whom not to believe: participants who are not in the mean, and those in it with a warning."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pet_spect.remarks import codes_in
from pet_spect.report.answer.estimates import is_in, is_warned, why_out
from pet_spect.results import layout
from pet_spect.tsv import MISSING, Row

_LONGEST = 90
_UNSEEN = "registration not seen: figures did not finish"


@dataclass(frozen=True)
class Doubt:
    """Participants in doubt for one reason.

    Attributes
    ----------
    reason : str
        Short: the pages of the participants have all of it.
    is_in : bool
        Whether the mean holds their changes, so that this is a warning.
    people : list of (str, str)
        Participant, and the address of the page.
    """

    reason: str
    is_in: bool
    people: list[tuple[str, str]]


@dataclass(frozen=True)
class Doubts:
    """Everybody in doubt.

    Attributes
    ----------
    groups : list of Doubt
        First those who are not in the mean.
    out, warned : int
        How many people are not in the mean, and in it with a warning.
    """

    groups: list[Doubt]
    out: int
    warned: int

    @property
    def count(self) -> int:
        """How many people are in doubt."""
        return self.out + self.warned


def doubts_of(rows: Sequence[Row], *, unseen: Collection[str] = ()) -> Doubts:
    """Return who is in doubt.

    Parameters
    ----------
    rows : sequence of Row
        One per participant, as the change table has them.
    unseen : collection of str
        Participants whose registration nobody could look at, because its pictures were not drawn.
    """
    groups: dict[tuple[bool, str], list[tuple[str, str]]] = {}
    for row in rows:
        person, inside = row["participant_id"], is_in(row)
        is_clean = not is_warned(row)
        if inside and is_clean and person not in unseen:
            continue
        reason = _flags(row["reason"]) if inside else _shortened(_without_codes(why_out(row)))
        if inside and person in unseen:
            reason = _UNSEEN if is_clean else f"{_UNSEEN}; {reason}"
        groups.setdefault((inside, reason), []).append((person, layout.participant_page(person)))
    ordered = sorted(groups.items(), key=lambda item: item[0][0])
    doubts = [Doubt(reason, inside, people) for (inside, reason), people in ordered]
    out, warned = (sum(len(doubt.people) for doubt in doubts if doubt.is_in is inside) for inside in (False, True))
    return Doubts(doubts, out, warned)


def _flags(cell: str) -> str:
    """Return the texts of flags without the visits, as most are told of both.

    Examples
    --------
    >>> _flags("baseline: no_suv: no dose; year1: no_suv: no dose; year1: no_lesion_mask: none")
    'none; no dose'
    """
    texts = [cell.split(f"{code}: ", 1)[1].partition("; ")[0] for code in sorted(codes_in(cell))]
    return _shortened("; ".join(texts) or cell)


def _without_codes(cell: str) -> str:
    """Return reasons without their codes, which are words for programs.

    Examples
    --------
    >>> _without_codes("year1: no_suv: no dose")
    'year1: no dose'
    """
    for code in codes_in(cell):
        cell = cell.replace(f"{code}: ", "")
    return cell


def _shortened(text: str) -> str:
    """Return the beginning of a text, whole words.

    Examples
    --------
    >>> _shortened("year1: no scan listed")
    'year1: no scan listed'
    >>> _shortened("gate_overlap: the brain of the scan and that of the template overlap by 0.61, and 0.8 is needed")
    'gate_overlap: the brain of the scan and that of the template overlap by 0.61, and 0.8 …'
    """
    if text == MISSING:
        return "no reason given"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 2].rpartition(' ')[0]} …"
