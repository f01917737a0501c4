"""The slope plot: where the values of both visits stand. The page's template draws it as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pet_spect.report.plots.axis import Axis, axis_over
from pet_spect.report.plots.person import KINDS, WARNED, PersonChange, is_crowded

WIDTH = 360
"""Width of the drawing in SVG units."""

_TOP, _AXIS_HEIGHT = 14.0, 34.0
_BEFORE, _AFTER = 76.0, 272.0
_NAME_STEP = 13.0
_LEAST_HEIGHT = 250.0


@dataclass(frozen=True)
class Line:
    """One participant in the drawing; None where there is no value.

    Attributes
    ----------
    person : PersonChange
    before, after : float or None
        Heights of the two points.
    name_y : float
        Height of the name.
    """

    person: PersonChange
    before: float | None
    after: float | None
    name_y: float


@dataclass(frozen=True)
class SlopePlot:
    """Everything the template draws.

    Attributes
    ----------
    lines : list of Line
        Empty where there are too many participants.
    crowds : list of (str, str, str)
        Then instead, for the mark of the warned ones and each kind: its name, paths of its lines and dots.
    ticks : list of (float, str)
        Height and text.
    height, bottom : float
    """

    lines: list[Line]
    crowds: list[tuple[str, str, str]]
    ticks: list[tuple[float, str]]
    height: float
    bottom: float
    width: int = WIDTH
    top: float = _TOP
    before_x: float = _BEFORE
    after_x: float = _AFTER


def slope_plot(people: Sequence[PersonChange]) -> SlopePlot:
    """Place baseline and follow-up of every participant."""
    crowded = is_crowded(people)
    bottom = _TOP + (_LEAST_HEIGHT if crowded else max(_LEAST_HEIGHT, _NAME_STEP * len(people)))
    axis = _axis([value for person in people for value in (person.baseline, person.follow_up)], bottom)
    heights = [(_height(axis, person.baseline), _height(axis, person.follow_up)) for person in people]
    names = {} if crowded else _name_heights(people, axis, bottom)
    lines = [
        Line(person, before, after, names[person.participant])
        for person, (before, after) in zip(people, heights, strict=True)
        if person.participant in names
    ]
    crowds = _crowds(people, heights) if crowded else []
    return SlopePlot(lines, crowds, axis.ticks(signed=False), bottom + _AXIS_HEIGHT, bottom)


def _axis(values: Sequence[float], bottom: float) -> Axis:
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    return axis_over(low, high, bottom, _TOP, (high - low) / 5)


def _height(axis: Axis, value: float) -> float | None:
    return axis.place(value) if math.isfinite(value) else None


def _crowds(
    people: Sequence[PersonChange], heights: Sequence[tuple[float | None, float | None]]
) -> list[tuple[str, str, str]]:
    """Return all lines and all dots of a kind as two paths, which takes a few dozen bytes per participant."""
    crowds = []
    warned = [height for person, (_, height) in zip(people, heights, strict=True) if person.warned]
    marks = "".join(f"M{_AFTER:g} {height:.0f}h0" for height in warned if height is not None)
    if marks:
        crowds.append((WARNED, "", marks))
    for kind in KINDS:
        of_kind = [both for person, both in zip(people, heights, strict=True) if person.kind == kind]
        lines = [f"M{_BEFORE:g} {b:.0f}L{_AFTER:g} {a:.0f}" for b, a in of_kind if b is not None and a is not None]
        dots = [
            f"M{x:g} {height:.0f}h0"
            for before, after in of_kind
            for x, height in ((_BEFORE, before), (_AFTER, after))
            if height is not None
        ]
        if dots:
            crowds.append((kind, "".join(lines), "".join(dots)))
    return crowds


def _name_heights(people: Sequence[PersonChange], axis: Axis, bottom: float) -> dict[str, float]:
    """Return the heights of names beside the follow-up (or else the baseline), pushed apart."""
    wanted = {}
    for person in people:
        height = _height(axis, person.follow_up if math.isfinite(person.follow_up) else person.baseline)
        if height is not None:
            wanted[person.participant] = height
    order = sorted(wanted, key=lambda name: wanted[name])
    placed: dict[str, float] = {}
    floor = -math.inf
    for name in order:
        floor = max(wanted[name], floor + _NAME_STEP)
        placed[name] = floor
    ceiling = max(bottom, *wanted.values()) if wanted else bottom
    for name in reversed(order):
        placed[name] = round(min(placed[name], ceiling), 2)
        ceiling = placed[name] - _NAME_STEP
    return placed
