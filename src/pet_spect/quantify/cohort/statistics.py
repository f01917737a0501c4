"""Statistics of a single group of paired differences: estimates, exact intervals, exact tests.

Nothing is imputed. Everything is exact for a small trial; what is done above the
sizes where enumeration is feasible is said in each function.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

ENUMERATED_UP_TO = 16
"""Largest number of differences, without zeros, whose sign flips are all enumerated (65,536)."""

RANDOM_FLIPS = 9_999
"""Number of random sign flips above that."""

SMALLEST_OF_RANDOM = 1 / (RANDOM_FLIPS + 1)
"""The smallest p that random sign flips can give."""

EXACT_UP_TO = 500
"""Largest number of differences for which the distribution of signed ranks is exact."""

_SEED = 20250101

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % confidence interval, NaN where there is none."""

    estimate: float
    low: float
    high: float


def mean_interval(values: FloatArray) -> Interval:
    """Return the mean and its Student t 95 % interval; the interval needs two values.

    Parameters
    ----------
    values : (n,) float array
        Finite.
    """
    from scipy.special import stdtrit

    if len(values) == 0:
        return Interval(math.nan, math.nan, math.nan)
    mean = float(values.mean())
    if len(values) == 1:
        return Interval(mean, math.nan, math.nan)
    half = float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / math.sqrt(len(values)))
    return Interval(mean, mean - half, mean + half)


def hodges_lehmann(values: FloatArray) -> Interval:
    """Return the median of the Walsh averages and its exact 95 % interval.

    The interval runs from the k-th smallest to the k-th largest of the n(n + 1)/2 averages
    (x_i + x_j)/2, i ≤ j, with k the largest for which the signed-rank statistic T+ has
    P(T+ ≤ k − 1) ≤ 0.025 (Hollander, Wolfe & Chicken 2014, Nonparametric Statistical Methods,
    section 3.3; doi 10.1002/9781119196037). With five values or fewer none exists. Above 500
    values k comes from the normal limit.

    Parameters
    ----------
    values : (n,) float array
        Finite.

    Examples
    --------
    >>> hodges_lehmann(np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]))
    Interval(estimate=8.5, low=1.0, high=32.0)
    """
    n = len(values)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    ordered = np.sort(values)
    n_averages = n * (n + 1) // 2
    middle = _walsh(ordered, (n_averages + 1) // 2), _walsh(ordered, n_averages // 2 + 1)
    k = walsh_rank(n)
    if k == 0:
        return Interval(sum(middle) / 2, math.nan, math.nan)
    return Interval(sum(middle) / 2, _walsh(ordered, k), _walsh(ordered, n_averages + 1 - k))


def walsh_rank(n: int) -> int:
    """Return which ordered Walsh average bounds the 95 % interval of `hodges_lehmann`; 0 if none does.

    Examples
    --------
    >>> [walsh_rank(n) for n in (5, 6, 7, 8)]
    [0, 1, 3, 4]
    """
    if n > EXACT_UP_TO:
        centre, spread = n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        return math.floor(centre - 1.959963984540054 * spread + 0.5)
    cumulative = np.cumsum(_rank_sum_distribution(tuple(range(1, n + 1))))
    return int(np.searchsorted(cumulative, 0.025, side="right"))


def _walsh(ordered: FloatArray, k: int) -> float:
    """Return the k-th smallest Walsh average (k from 1) of sorted values."""
    n = len(ordered)
    if n <= EXACT_UP_TO:
        first, second = np.triu_indices(n)
        return float(np.partition((ordered[first] + ordered[second]) / 2, k - 1)[k - 1])
    low, high = float(ordered[0]), float(ordered[-1])
    own = np.arange(n)
    for _ in range(100):  # halving reaches the last digit of a double long before
        middle = (low + high) / 2
        if not low < middle < high:
            break
        below = np.searchsorted(ordered, 2 * middle - ordered, side="right") - own
        if below[below > 0].sum() >= k:
            high = middle
        else:
            low = middle
    return high


@lru_cache(maxsize=4)  # all endpoints of a complete study without ties have the same ranks
def _rank_sum_distribution(ranks: tuple[int, ...]) -> FloatArray:
    """Return P(sum of the ranks with a positive sign = s) for s = 0, 1, ..., signs being fair coins."""
    probability = np.ones(1)
    for rank in ranks:
        half = probability / 2
        probability = np.zeros(len(half) + rank)
        probability[: len(half)] = half
        probability[rank:] += half
    return probability


def wilcoxon_p(values: FloatArray) -> float:
    """Return the exact two-sided p of the Wilcoxon signed-rank test.

    Differences are first rounded to nine digits of the largest, so that equal ones tie although
    floating point tells them apart. Zeros are dropped (Wilcoxon 1945, doi 10.2307/3001968) and
    ties get their mean rank; the distribution is that of these very ranks under all sign flips.
    Above 500 differences the normal limit is taken.

    Parameters
    ----------
    values : (n,) float array
        Finite.

    Returns
    -------
    float
        NaN without values; 1 if all are zero.

    Examples
    --------
    >>> wilcoxon_p(np.arange(1.0, 9.0))
    0.0078125
    """
    if len(values) == 0:
        return math.nan
    values = _rounded(values)
    values = values[values != 0]
    if len(values) == 0:
        return 1.0
    _, position, count = np.unique(np.abs(values), return_inverse=True, return_counts=True)
    twice_rank = (2 * np.cumsum(count) - count + 1)[position]  # whole numbers also for ties
    observed = int(twice_rank[values > 0].sum())
    distance = abs(2 * observed - int(twice_rank.sum()))
    if len(values) > EXACT_UP_TO:
        return math.erfc(distance / math.sqrt(float((twice_rank.astype(np.float64) ** 2).sum())) / math.sqrt(2))
    step = 2 if not (twice_rank % 2).any() else 1
    probability = _rank_sum_distribution(tuple((np.sort(twice_rank) // step).tolist()))
    sums = step * np.arange(len(probability))
    return min(1.0, float(probability[np.abs(2 * sums - int(twice_rank.sum())) >= distance].sum()))


def _rounded(values: FloatArray) -> FloatArray:
    largest = float(np.abs(values).max())
    if largest == 0:
        return values
    return np.asarray(np.rint(values / largest * 1e9), dtype=np.float64)


def sign_flip_p(values: FloatArray) -> float:
    """Return the two-sided p of the mean under all flips of the signs (Fisher's randomisation test).

    Zeros are dropped, because their flips change nothing. All 2^n flips of the others are enumerated up to n = 16;
    above, 9,999 random flips are drawn with a fixed seed and p = (b + 1) / 10,000 (Phipson & Smyth 2010,
    doi 10.2202/1544-6115.1585).

    Parameters
    ----------
    values : (n,) float array
        Finite.

    Returns
    -------
    float
        NaN without values; 1 if all are zero.

    Examples
    --------
    >>> sign_flip_p(np.array([1.0, 2.0, 3.0]))
    0.25
    """
    if len(values) == 0:
        return math.nan
    scaled = _rounded(values)
    scaled = scaled[scaled != 0]
    n = len(scaled)
    if n == 0:
        return 1.0
    observed = abs(float(scaled.sum())) - n  # rounding moves each of n values by less than one
    if n <= ENUMERATED_UP_TO:
        sums = np.zeros(1)
        for value in scaled:
            sums = np.concatenate([sums - value, sums + value])
        return float((np.abs(sums) >= observed).mean())
    generator = np.random.default_rng(_SEED)
    as_extreme, total = 0, float(scaled.sum())
    by_byte = _sums_by_byte(scaled)
    for start in range(0, RANDOM_FLIPS, 1000):
        draws = min(1000, RANDOM_FLIPS - start)
        flips = np.frombuffer(generator.bytes(draws * len(by_byte)), dtype=np.uint8).reshape(draws, -1)
        flipped = np.zeros(draws)
        for sums, byte in zip(by_byte, np.ascontiguousarray(flips.T), strict=True):
            flipped += sums.take(byte)
        as_extreme += int((np.abs(total - 2 * flipped) >= observed).sum())
    return (as_extreme + 1) / (RANDOM_FLIPS + 1)


def _sums_by_byte(values: FloatArray) -> FloatArray:
    """Return for each eight values, and each byte, the sum of the values whose bit is set, the first bit the highest.

    The values are whole numbers, whose sums are exact in any order.
    """
    eights = np.zeros((-(-len(values) // 8), 8))
    eights.flat[: len(values)] = values
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    return np.asarray(eights @ bits.T.astype(np.float64), dtype=np.float64)


def smallest_p(values: FloatArray) -> float:
    """Return the smallest two-sided p that the sign-flip test can give with differences of these sizes.

    It is 2 / 2^m, with m how many differences are not zero, because a flip of zero changes nothing. Up to m = 16 the
    Wilcoxon test has the same. Above, the sign-flip test draws at random and can give no less than 0.0001.

    Parameters
    ----------
    values : (n,) float array
        Finite.

    Returns
    -------
    float
        NaN without values; 1 if all are zero.

    Examples
    --------
    >>> [smallest_p(np.ones(n)) for n in (5, 7, 8, 20)]
    [0.0625, 0.015625, 0.0078125, 0.0001]
    >>> smallest_p(np.array([0.0, 0.0, 0.3, 0.2, 0.1]))
    0.25
    """
    if len(values) == 0:
        return math.nan
    m = int(np.count_nonzero(_rounded(values)))
    return SMALLEST_OF_RANDOM if m > ENUMERATED_UP_TO else min(1.0, 2.0 ** (1 - m))
