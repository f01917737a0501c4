"""Words of a methods text: lists, counts, ranges, and gaps to be filled by its author."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import TypeVar

T = TypeVar("T")


def gap(what: str) -> str:
    """Return the place of something that no result says, for the author to fill: ``[energy window]``."""
    return f"[{what}]"


def plain(text: str) -> str:
    """Return a text of the results without the brackets that mark a gap."""
    return text.replace("[", "(").replace("]", ")")


def joined(words: Iterable[str]) -> str:
    """Return words as a sentence lists them; of none, an empty text.

    Examples
    --------
    >>> joined(["FDG"]), joined(["FDG", "IMZ"]), joined(["a", "b", "c"])
    ('FDG', 'FDG and IMZ', 'a, b and c')
    """
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, noun: str) -> str:
    """Return how many there are.

    Examples
    --------
    >>> counted(1, "scan"), counted(3, "scan")
    ('1 scan', '3 scans')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def were(number: int) -> str:
    """Return the verb of a count."""
    return "was" if number == 1 else "were"


def spread(values: Sequence[float], unit: str) -> str:
    """Return numbers as their median and range, or as the one value that all have, to three digits.

    Examples
    --------
    >>> spread([55.0, 60.0, 65.0], "min"), spread([15.0, 15.0], "min")
    ('median 60 min (range 55 to 65)', '15 min')
    """
    middle, low, high = (f"{value:.3g}" for value in (median(values), min(values), max(values)))
    with_unit = f"{middle} {unit}".strip()
    return with_unit if low == high else f"median {with_unit} (range {low} to {high})"


def told(values: Sequence[T | None], what: str, show: Callable[[Sequence[T]], str]) -> str:
    """Return what is known of several scans, of how many it is known, or a gap.

    Parameters
    ----------
    values : sequence
        One per scan; None where its records do not say.
    what : str
        Named in the gap.
    show : callable
        From the known values to their words.

    Examples
    --------
    >>> told([60.0, None], "uptake time", lambda values: spread(values, "min"))
    '60 min (known for 1 of 2 scans)'
    >>> told([None], "uptake time", lambda values: spread(values, "min"))
    '[uptake time]'
    """
    known = [value for value in values if value is not None]
    if not known:
        return gap(what)
    part = "" if len(known) == len(values) else f" (known for {len(known)} of {len(values)} scans)"
    return show(known) + part


def kinds(values: Sequence[str]) -> str:
    """Return each text with how often it occurs, most frequent first; a single one alone.

    Examples
    --------
    >>> kinds(["OSEM", "OSEM", "FBP"]), kinds(["OSEM", "OSEM"])
    ('OSEM (2) and FBP (1)', 'OSEM')
    """
    counts = Counter(values).most_common()
    if len(counts) == 1:
        return plain(counts[0][0])
    return joined(f"{plain(text)} ({number})" for text, number in counts)
