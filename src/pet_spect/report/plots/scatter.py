"""The scatter plot of two changes: where everything of the drawing stands. A template draws it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pet_spect.quantify.outcomes.imaging import Pair
from pet_spect.report.plots.axis import Axis, axis_over, tick_text

WIDTH, HEIGHT = 320, 240
"""Size of the drawing in SVG units."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 300.0, 12.0, 192.0
_MOST_WITH_NAMES = 50


@dataclass(frozen=True)
class Dot:
    """One participant.

    Attributes
    ----------
    x, y : float
    title : str
        Who it is and the two changes; empty where there are too many participants.
    """

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class ScatterPlot:
    """Everything the template draws.

    Attributes
    ----------
    dots : list of Dot
    x_ticks, y_ticks : list of (float, str)
        Place and text.
    zero_x, zero_y : float
        Places of no change.
    """

    dots: list[Dot]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    zero_x: float
    zero_y: float
    width: int = WIDTH
    height: int = HEIGHT
    left: float = _LEFT
    right: float = _RIGHT
    top: float = _TOP
    bottom: float = _BOTTOM


def signed(value: float, decimals: int) -> str:
    """Return a change as the page shows it.

    Examples
    --------
    >>> signed(-1.25, 1), signed(3, 0), signed(-0.001, 1)
    ('−1.3', '+3', '0.0')
    """
    return tick_text(value, decimals, signed=True)


def _axis(values: Sequence[float], first: float, last: float, *, finest: float = 0.0) -> Axis:
    low, high = min([0.0, *values]), max([0.0, *values])
    return axis_over(low, high, first, last, max(((high - low) or 1.0) / 4, finest))


def scatter_plot(pairs: Sequence[Pair], unit: str) -> ScatterPlot:
    """Place the two changes of everybody; zero is always in view.

    Parameters
    ----------
    pairs : sequence of Pair
    unit : str
        What follows the change in the images, such as `` %``.
    """
    across = _axis([pair.imaging for pair in pairs], _LEFT, _RIGHT)
    up = _axis([pair.improvement for pair in pairs], _BOTTOM, _TOP, finest=1.0)
    named = len(pairs) <= _MOST_WITH_NAMES
    dots = [
        Dot(
            across.place(pair.imaging),
            up.place(pair.improvement),
            f"{pair.participant_id}: {signed(pair.imaging, 1 if unit else 3)}{unit}, {signed(pair.improvement, 0)}"
            if named
            else "",
        )
        for pair in pairs
    ]
    return ScatterPlot(dots, across.ticks(signed=True), up.ticks(signed=True), across.place(0.0), up.place(0.0))
