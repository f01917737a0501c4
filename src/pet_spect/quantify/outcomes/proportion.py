"""A proportion of people with its exact interval."""

from __future__ import annotations

import math

from pet_spect.quantify.cohort.statistics import Interval


def proportion(count: int, n: int) -> Interval:
    """Return a proportion and its exact 95 % interval.

    The interval is that of Clopper & Pearson 1934 (doi 10.1093/biomet/26.4.404): its ends are the proportions for
    which so many people or more, or so many or fewer, have a probability of 2.5 %. It holds for every n from 1 up.

    Parameters
    ----------
    count : int
        People of whom it is true.
    n : int
        People in all.

    Returns
    -------
    Interval
        NaN without people.

    Raises
    ------
    ValueError
        If `count` does not lie between 0 and `n`.

    Examples
    --------
    >>> found = proportion(5, 8)
    >>> found.estimate, round(found.low, 4), round(found.high, 4)
    (0.625, 0.2449, 0.9148)
    """
    from scipy.special import betaincinv

    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no proportion")
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    low = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, 0.025))
    high = 1.0 if count == n else float(betaincinv(count + 1, n - count, 0.975))
    return Interval(count / n, low, high)
