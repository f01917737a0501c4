"""Digits of a number as its uncertainty deserves: two significant ones of the half width of its interval."""

from __future__ import annotations

import math

from pet_spect.report.plots.axis import tick_text

_MOST_DECIMALS = 6
_SIGNIFICANT = 2


def decimals_of(size: float) -> int:
    """Return after how many decimals a number has two significant digits; none above ten.

    Parameters
    ----------
    size : float
        Such as the half width of an interval; above zero.

    Examples
    --------
    >>> [decimals_of(size) for size in (0.073, 0.996, 3.1, 9.96, 26.0, 730.0)]
    [3, 1, 1, 0, 0, 0]
    """
    exponent = int(f"{size:.{_SIGNIFICANT - 1}e}".partition("e")[2])
    return min(max(0, _SIGNIFICANT - 1 - exponent), _MOST_DECIMALS)


def decimals_of_interval(low: float, high: float, *, otherwise: int = 1) -> int:
    """Return how many decimals an estimate and its interval deserve.

    An end that is not zero is not shown as zero: it would hide on which side of zero the interval lies.

    Parameters
    ----------
    low, high : float
        NaN where there is no interval.
    otherwise : int, default 1
        Without an interval, or with one of no width.

    Examples
    --------
    >>> decimals_of_interval(-0.43, 5.79), decimals_of_interval(-9.4, 42.3), decimals_of_interval(0.003, 5.0)
    (1, 0, 3)
    """
    half = (high - low) / 2
    if not (math.isfinite(half) and half > 0):
        return otherwise
    decimals = decimals_of(half)
    while decimals < _MOST_DECIMALS and any(end and round(end, decimals) == 0 for end in (low, high)):
        decimals += 1
    return decimals


def shown(value: float, decimals: int, unit: str = "", *, signed: bool = True) -> str:
    """Return a number with its unit; ``n/a`` if it is NaN.

    Examples
    --------
    >>> shown(-0.431, 1, " %"), shown(2.634, 1, " %", signed=False), shown(float("nan"), 1, " %")
    ('−0.4 %', '2.6 %', 'n/a')
    """
    return f"{tick_text(value, decimals, signed=signed)}{unit}" if math.isfinite(value) else "n/a"
