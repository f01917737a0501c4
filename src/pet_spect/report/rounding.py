"""Rounding of numbers for display: half away from zero, as readers round."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def rounded(value: float, decimals: int, *, signed: bool = False) -> str:
    """Return a finite number with this many decimals, half rounded away from zero.

    Formatting alone rounds half to even, so that 12.5 % would be 12 %.

    Examples
    --------
    >>> [rounded(value, 0) for value in (12.5, 13.5, -0.5, 0.4)]
    ['13', '14', '-1', '0']
    >>> rounded(0.125, 2, signed=True), rounded(6.25, 1)
    ('+0.13', '6.3')
    """
    number = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{number:{'+' if signed else ''}f}"
