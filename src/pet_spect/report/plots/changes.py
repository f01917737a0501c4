"""The plot of each person's own change with its interval, and of the mean. The page's template draws it as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pet_spect.report.plots.axis import Axis, axis_over
from pet_spect.report.plots.person import KINDS, WARNED, PersonChange, is_crowded

WIDTH = 360
"""Width of the drawing in SVG units."""

_TOP, _AXIS_HEIGHT, _MEAN_HEIGHT = 14.0, 34.0, 30.0
_LEFT, _LEFT_CROWDED, _RIGHT = 84.0, 50.0, 346.0
_LEAST_HEIGHT = 220.0
_ROW = 24.0


@dataclass(frozen=True)
class Interval:
    """A change across the axis; None where there is none.

    Attributes
    ----------
    x, low, high : float or None
    """

    x: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Row:
    """One participant in the drawing.

    Attributes
    ----------
    person : PersonChange
    y : float
    interval : Interval
    """

    person: PersonChange
    y: float
    interval: Interval


@dataclass(frozen=True)
class ChangePlot:
    """Everything the template draws.

    Attributes
    ----------
    rows : list of Row
        Sorted by change, the highest first; empty where there are too many participants.
    crowds : list of (str, str, str)
        Then instead, for the mark of the warned ones and each kind: its name, paths of its intervals and dots.
    mean : Interval
    mean_y, height, bottom, left : float
    ticks : list of (float, str)
        Place and text.
    zero : float
        Place of no change.
    """

    rows: list[Row]
    crowds: list[tuple[str, str, str]]
    mean: Interval
    mean_y: float
    height: float
    bottom: float
    left: float
    ticks: list[tuple[float, str]]
    zero: float
    width: int = WIDTH
    top: float = _TOP
    right: float = _RIGHT


def change_plot(people: Sequence[PersonChange], mean: float, low: float, high: float) -> ChangePlot:
    """Place the change of every participant, one below the other, and the mean below them.

    Parameters
    ----------
    people : sequence of PersonChange
    mean, low, high : float
        Mean change and its interval in the unit of the changes; NaN for none.
    """
    drawn = sorted(
        (person for person in people if math.isfinite(person.change)),
        key=lambda person: (person.kind == KINDS[-1], -person.change),
    )
    crowded = is_crowded(people)
    left = _LEFT_CROWDED if crowded else _LEFT
    space = _LEAST_HEIGHT if crowded else max(_LEAST_HEIGHT, _ROW * len(drawn))
    axis = _axis([(each.change, each.low, each.high) for each in drawn], (mean, low, high), left)
    step = space / max(1, len(drawn))
    rows = [
        Row(person, round(_TOP + step * (number + 0.5), 2), _interval(axis, person.change, person.low, person.high))
        for number, person in enumerate(drawn)
    ]
    bottom = _TOP + space + _MEAN_HEIGHT
    return ChangePlot(
        [] if crowded else rows,
        _crowds(rows) if crowded else [],
        _interval(axis, mean, low, high),
        bottom - _MEAN_HEIGHT / 2,
        bottom + _AXIS_HEIGHT,
        bottom,
        left,
        axis.ticks(signed=True),
        axis.place(0.0),
    )


def _axis(changes: Sequence[tuple[float, float, float]], mean: tuple[float, float, float], left: float) -> Axis:
    values = [value for each in (*changes, mean) for value in each if math.isfinite(value)]
    lowest, highest = min([0.0, *values]), max([0.0, *values])
    if lowest == highest:
        lowest, highest = -1.0, 1.0
    return axis_over(lowest, highest, left, _RIGHT, (highest - lowest) / 5)


def _interval(axis: Axis, value: float, low: float, high: float) -> Interval:
    x, low_x, high_x = (axis.place(each) if math.isfinite(each) else None for each in (value, low, high))
    return Interval(x, low_x, high_x) if low_x is not None and high_x is not None else Interval(x, None, None)


def _crowds(rows: Sequence[Row]) -> list[tuple[str, str, str]]:
    """Return all intervals and all dots of a kind as two paths, which takes a few dozen bytes per participant."""
    warned = "".join(f"M{row.interval.x:.0f} {row.y:.1f}h0" for row in rows if row.person.warned)
    crowds = [(WARNED, "", warned)] if warned else []
    for kind in KINDS:
        of_kind = [row for row in rows if row.person.kind == kind]
        lines = [
            f"M{row.interval.low:.0f} {row.y:.1f}H{row.interval.high:.0f}"
            for row in of_kind
            if row.interval.low is not None
        ]
        dots = [f"M{row.interval.x:.0f} {row.y:.1f}h0" for row in of_kind]
        if dots:
            crowds.append((kind, "".join(lines), "".join(dots)))
    return crowds
