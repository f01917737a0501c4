"""An axis of a drawing: where values stand on it, and its ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pet_spect.report.rounding import rounded


@dataclass(frozen=True)
class Axis:
    """An axis with round ticks.

    Attributes
    ----------
    low, high, step : float
        First and last tick, and the distance between two of them.
    first, last : float
        Where the first and the last tick stand, in SVG units.
    """

    low: float
    high: float
    step: float
    first: float
    last: float

    def place(self, value: float) -> float:
        """Return where a finite value stands."""
        return round(self.first + (value - self.low) / (self.high - self.low) * (self.last - self.first), 2)

    def ticks(self, *, signed: bool) -> list[tuple[float, str]]:
        """Return place and text of every tick."""
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        values = [self.low + number * self.step for number in range(round((self.high - self.low) / self.step) + 1)]
        return [(self.place(value), tick_text(value, decimals, signed=signed)) for value in values]


def tick_text(value: float, decimals: int, *, signed: bool) -> str:
    """Return a number as the page shows it.

    Examples
    --------
    >>> [tick_text(value, 1, signed=True) for value in (-1.25, 3, -0.001)]
    ['−1.3', '+3.0', '0.0']
    """
    text = rounded(value, decimals, signed=signed)
    return (text.lstrip("+-") if float(text) == 0 else text).replace("-", "\N{MINUS SIGN}")


def axis_over(low: float, high: float, first: float, last: float, rough_step: float) -> Axis:
    """Return the axis that holds two values, its step the next 1, 2 or 5 times a power of ten from `rough_step` on."""
    unit = 10.0 ** math.floor(math.log10(rough_step))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough_step * 0.999)
    start, end = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    return Axis(start, end if end > start else start + step, step, first, last)
