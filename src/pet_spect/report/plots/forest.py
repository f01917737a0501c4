"""The forest plot: the primary result and its sensitivity analyses on one axis. The page's template draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pet_spect.report.plots.axis import axis_over

WIDTH = 260
"""Width of the drawing of one row in SVG units."""

_LEFT, _RIGHT = 14.0, 246.0


@dataclass(frozen=True)
class ForestLine:
    """One result before it is placed.

    Attributes
    ----------
    name, role : str
        In words.
    is_primary : bool
    mean, low, high : float
        NaN where there is none.
    estimate, interval, n, note : str
        As shown right of the drawing; ``note`` says why there is no estimate.
    """

    name: str
    role: str
    is_primary: bool
    mean: float
    low: float
    high: float
    estimate: str
    interval: str
    n: str
    note: str


@dataclass(frozen=True)
class ForestRow:
    """One result in the drawing; None where there is nothing to place.

    Attributes
    ----------
    line : ForestLine
    x, low, high : float or None
    """

    line: ForestLine
    x: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ForestPlot:
    """Everything the template draws.

    Attributes
    ----------
    rows : list of ForestRow
    ticks : list of (float, str)
        Place and text.
    zero : float
        Place of no change.
    """

    rows: list[ForestRow]
    ticks: list[tuple[float, str]]
    zero: float
    width: int = WIDTH
    left: float = _LEFT
    right: float = _RIGHT


def forest_plot(lines: Sequence[ForestLine]) -> ForestPlot:
    """Place results on one axis that holds zero."""
    values = [value for line in lines for value in (line.mean, line.low, line.high) if math.isfinite(value)]
    lowest, highest = min([0.0, *values]), max([0.0, *values])
    if lowest == highest:
        lowest, highest = -1.0, 1.0
    axis = axis_over(lowest, highest, _LEFT, _RIGHT, (highest - lowest) / 4)

    def place(value: float) -> float | None:
        return axis.place(value) if math.isfinite(value) else None

    rows = [ForestRow(line, place(line.mean), place(line.low), place(line.high)) for line in lines]
    return ForestPlot(rows, axis.ticks(signed=True), axis.place(0.0))
