"""The slope plot: where everything of the drawing stands. The page's template draws it as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pet_spect.report.plots.axis import Axis, axis_over

WIDTH, HEIGHT = 640, 340
"""Size of the drawing in SVG units."""

_TOP, _BOTTOM = 34.0, 306.0
_BEFORE, _AFTER = 92.0, 268.0
_CHANGE = 484.0
_MOST_NAMES = 16
_NAME_STEP = 13.0


@dataclass(frozen=True)
class Visit:
    """One participant's values; NaN is a value there is not.

    Attributes
    ----------
    participant : str
    baseline, follow_up, change : float
    included : bool
        Whether the mean is made of it too.
    """

    participant: str
    baseline: float
    follow_up: float
    change: float
    included: bool


@dataclass(frozen=True)
class Line:
    """One participant in the drawing; None where there is no value.

    Attributes
    ----------
    participant, kind : str
        ``kind`` is ``up``, ``down`` or ``out`` (not in the mean).
    before, after, change : float or None
        Heights of the three points.
    change_x : float
        Where the change stands across its axis.
    name_y : float or None
        Height of the name; None where names would not fit.
    """

    participant: str
    kind: str
    before: float | None
    after: float | None
    change: float | None
    change_x: float
    name_y: float | None


@dataclass(frozen=True)
class SlopePlot:
    """Everything the template draws.

    Attributes
    ----------
    lines : list of Line
    value_ticks, change_ticks : list of (float, str)
        Height and text.
    zero : float
        Height of no change.
    mean, low, high : float or None
        Heights of the mean change and its interval.
    crowded : bool
        Whether there are too many participants for names and large dots.
    """

    lines: list[Line]
    value_ticks: list[tuple[float, str]]
    change_ticks: list[tuple[float, str]]
    zero: float
    mean: float | None
    low: float | None
    high: float | None
    crowded: bool
    width: int = WIDTH
    height: int = HEIGHT
    top: float = _TOP
    bottom: float = _BOTTOM
    before_x: float = _BEFORE
    after_x: float = _AFTER
    change_x: float = _CHANGE


def _axis(values: Sequence[float]) -> Axis:
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    return axis_over(low, high, _BOTTOM, _TOP, (high - low) / 5)


def _height(axis: Axis, value: float) -> float | None:
    """Return where a value stands; None where there is none."""
    return axis.place(value) if math.isfinite(value) else None


def slope_plot(visits: Sequence[Visit], mean: float, low: float, high: float) -> SlopePlot:
    """Place baseline, follow-up and change of every participant.

    Parameters
    ----------
    visits : sequence of Visit
    mean, low, high : float
        Mean change and its interval, as the summary has them; NaN for none.

    Returns
    -------
    SlopePlot
    """
    values = _axis([value for visit in visits for value in (visit.baseline, visit.follow_up)])
    changes = _axis([0.0, mean, low, high, *(visit.change for visit in visits)])
    crowded = len(visits) > _MOST_NAMES
    names = {} if crowded else _name_heights(visits, values)
    heights = [_height(changes, visit.change) for visit in visits]
    across = [(number % 15 - 7) * 4.5 for number in range(len(visits))] if crowded else _spread(heights)
    lines = [
        Line(
            visit.participant,
            "out" if not visit.included else "up" if visit.change > 0 else "down",
            _height(values, visit.baseline),
            _height(values, visit.follow_up),
            _height(changes, visit.change),
            _CHANGE + aside,
            names.get(visit.participant),
        )
        for visit, aside in zip(visits, across, strict=True)
    ]
    return SlopePlot(
        lines,
        values.ticks(signed=False),
        changes.ticks(signed=True),
        changes.place(0.0),
        mean=_height(changes, mean),
        low=_height(changes, low),
        high=_height(changes, high),
        crowded=crowded,
    )


def _name_heights(visits: Sequence[Visit], axis: Axis) -> dict[str, float]:
    """Return the heights of names beside the follow-up (or else the baseline), pushed apart."""
    wanted = {}
    for visit in visits:
        height = _height(axis, visit.follow_up if math.isfinite(visit.follow_up) else visit.baseline)
        if height is not None:
            wanted[visit.participant] = height
    order = sorted(wanted, key=lambda name: wanted[name])
    placed: dict[str, float] = {}
    floor = -math.inf
    for name in order:
        floor = max(wanted[name], floor + _NAME_STEP)
        placed[name] = floor
    ceiling = max(_BOTTOM, *wanted.values()) if wanted else _BOTTOM
    for name in reversed(order):
        placed[name] = round(min(placed[name], ceiling), 2)
        ceiling = placed[name] - _NAME_STEP
    return placed


def _spread(heights: Sequence[float | None]) -> list[float]:
    """Return how far aside each dot stands so that none hides another."""
    taken: list[tuple[float, float]] = []
    asides = []
    for height in heights:
        steps = (step * sign * 9.0 for step in range(12) for sign in (1, -1))
        aside = next(
            (
                offset
                for offset in steps
                if height is None or all(math.hypot(height - y, offset - x) >= 8.5 for x, y in taken)
            ),
            0.0,
        )
        if height is not None:
            taken.append((aside, height))
        asides.append(aside)
    return asides
