"""Spearman's rank correlation with a permutation p value that is exact for a small trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 9
"""Largest number of pairs whose orders are all enumerated (362,880)."""

RANDOM_ORDERS = 9_999
"""Number of random orders above that."""

FEWEST = 3
"""With two pairs the correlation is +1 or -1, whatever they are."""

_SEED = 20250102
_AT_ONCE = 500

Method = Literal["all_orders", "random_orders", "none"]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class RankCorrelation:
    """A rank correlation.

    Attributes
    ----------
    n : int
        Pairs.
    rho : float
        -1 to 1; NaN with fewer than `FEWEST` pairs and where all values of one side are equal.
    p : float
        Two-sided; NaN where `rho` is.
    p_smallest : float
        The smallest p that these values can give in any order.
    method : {'all_orders', 'random_orders', 'none'}
        How p was found.
    """

    n: int
    rho: float
    p: float
    p_smallest: float
    method: Method


def spearman(first: Sequence[float], second: Sequence[float]) -> RankCorrelation:
    """Return Spearman's rank correlation of pairs, and its p under all orders of one side.

    Equal values get their mean rank; rho is the correlation of the ranks, which allows for ties (Spearman 1904,
    doi 10.2307/1412159; Kendall & Gibbons 1990, Rank Correlation Methods, section 3.8). p is the fraction of the
    orders of one side in which the correlation is at least as far from zero. All n! orders are enumerated up to
    n = 9; above, 9,999 random orders are drawn with a fixed seed and p = (b + 1) / 10,000 (Phipson & Smyth 2010,
    doi 10.2202/1544-6115.1585). Values are first rounded to nine digits of the largest, so that equal ones tie
    although floating point tells them apart.

    Parameters
    ----------
    first, second : sequence of float
        As long as each other, finite.

    Examples
    --------
    >>> found = spearman([1, 2, 3, 4, 5], [10, 20, 30, 50, 40])
    >>> round(found.rho, 4), round(found.p, 4), round(found.p_smallest, 4)
    (0.9, 0.0833, 0.0167)
    """
    n = len(first)
    if n != len(second):
        raise ValueError(f"{n} values go with {len(second)}")
    if n < FEWEST:
        return RankCorrelation(n, math.nan, math.nan, math.nan, "none")
    ranks, others = _centred_ranks(first), _centred_ranks(second)
    size = math.sqrt(float((ranks**2).sum()) * float((others**2).sum()))
    if size == 0:
        return RankCorrelation(n, math.nan, math.nan, math.nan, "none")
    observed = int(ranks @ others)
    rho = max(-1.0, min(1.0, observed / size))
    if n <= EXACT_UP_TO:
        distances = np.abs(others[_orders(n)] @ ranks)
        p, smallest = (float((distances >= limit).mean()) for limit in (abs(observed), distances.max()))
        return RankCorrelation(n, rho, p, smallest, "all_orders")
    as_extreme = _random_as_extreme(ranks, others, abs(observed))
    return RankCorrelation(n, rho, (as_extreme + 1) / (RANDOM_ORDERS + 1), 1 / (RANDOM_ORDERS + 1), "random_orders")


def _centred_ranks(values: Sequence[float]) -> Integers:
    """Return twice the mean ranks less n + 1, which are whole numbers that add up to 0."""
    array = np.asarray(values, dtype=np.float64)
    largest = float(np.abs(array).max())
    rounded = np.rint(array / largest * 1e9) if largest > 0 else array
    _, position, count = np.unique(rounded, return_inverse=True, return_counts=True)
    twice = 2 * np.cumsum(count) - count + 1
    return np.asarray(twice[position] - (len(array) + 1), dtype=np.int64)


@lru_cache(maxsize=EXACT_UP_TO)
def _orders(n: int) -> NDArray[np.int8]:
    """Return all orders of n things, (n!, n)."""
    orders = np.zeros((1, 1), dtype=np.int8)
    for size in range(2, n + 1):
        orders = np.concatenate([np.insert(orders, place, size - 1, axis=1) for place in range(size)])
    return orders


def _random_as_extreme(ranks: Integers, others: Integers, observed: int) -> int:
    generator = np.random.default_rng(_SEED)
    as_extreme = 0
    for start in range(0, RANDOM_ORDERS, _AT_ONCE):
        draws = min(_AT_ONCE, RANDOM_ORDERS - start)
        shuffled = generator.permuted(np.broadcast_to(others, (draws, len(others))), axis=1)
        as_extreme += int((np.abs(shuffled @ ranks) >= observed).sum())
    return as_extreme
