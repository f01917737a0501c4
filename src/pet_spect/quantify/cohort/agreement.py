"""Agreement of two readers: Cohen's kappa with its asymptotic interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Z = 1.959963984540054


@dataclass(frozen=True)
class Agreement:
    """How far two readers agree.

    Attributes
    ----------
    n : int
        Scans of which both say something.
    agreed : int
        Scans of which both say the same.
    kappa : float
        NaN if it is not defined.
    ci95_low, ci95_high : float
        NaN if there is no interval.
    reason : str
        Why there is no kappa, or no interval; empty if there are both.
    """

    n: int
    agreed: int
    kappa: float
    ci95_low: float
    ci95_high: float
    reason: str


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Return Cohen's kappa (unweighted) of what two readers say, and its 95 % interval.

    ``kappa = (po - pe) / (1 - pe)``, with the share po of scans of which both say the same and the share pe that would
    be expected by chance from how often each reader says what (Cohen, Educ Psychol Meas 1960). The interval is kappa ±
    1.96 standard errors, those for a kappa that is not 0 (Fleiss, Cohen and Everitt, Psychol Bull 1969, eq. 13), cut to
    -1 to 1. It is asymptotic: with few scans it is too narrow.

    Parameters
    ----------
    pairs : sequence of (str, str)
        For each scan what the first and what the second reader says.

    Examples
    --------
    >>> found = cohen_kappa([("use", "use")] * 20 + [("use", "exclude")] * 5 + [("exclude", "use")] * 10
    ...                     + [("exclude", "exclude")] * 15)
    >>> found.agreed, round(found.kappa, 3)
    (35, 0.4)
    """
    n, agreed = len(pairs), sum(first == second for first, second in pairs)
    if n == 0:
        return Agreement(0, 0, math.nan, math.nan, math.nan, "there is no scan to compare")
    share = _shares(pairs)
    first, second = share.sum(axis=1), share.sum(axis=0)
    observed, expected = float(np.trace(share)), float(first @ second)
    if len(share) == 1:
        same = f"both say {pairs[0][0]} of every scan, so that nothing is left to chance"
        return Agreement(n, agreed, math.nan, math.nan, math.nan, same)
    kappa = (observed - expected) / (1 - expected)
    if agreed == n:
        return Agreement(n, agreed, 1.0, math.nan, math.nan, "both say the same of every scan: no standard error")
    half = _Z * _standard_error(share, kappa, expected, n)
    if not half > 0:
        return Agreement(n, agreed, kappa, math.nan, math.nan, "the standard error is 0")
    return Agreement(n, agreed, kappa, max(kappa - half, -1.0), min(kappa + half, 1.0), "")


def _shares(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
    """Return the share of the scans for each pair of words, rows being those of the first reader."""
    words = sorted({word for pair in pairs for word in pair})
    counts = np.zeros((len(words), len(words)))
    for first, second in pairs:
        counts[words.index(first), words.index(second)] += 1
    return np.asarray(counts / len(pairs), dtype=np.float64)


def _standard_error(share: NDArray[np.float64], kappa: float, expected: float, n: int) -> float:
    first, second = share.sum(axis=1), share.sum(axis=0)
    on_diagonal = np.diag(share) @ (1 - (first + second) * (1 - kappa)) ** 2
    sums = second[:, None] + first[None, :]
    off_diagonal = (1 - kappa) ** 2 * float((share * sums**2)[~np.eye(len(share), dtype=bool)].sum())
    variance = on_diagonal + off_diagonal - (kappa - expected * (1 - kappa)) ** 2
    return math.sqrt(max(float(variance), 0.0) / n) / (1 - expected)
