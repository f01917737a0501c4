"""One participant in the drawings of a result, and what the change of this person shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

UP, DOWN, FLAT, OUT = "up", "down", "flat", "out"
"""Kinds of a participant: a change shown upwards, downwards, none shown, and not in the mean."""

KINDS = (UP, DOWN, FLAT, OUT)

WARNED = "warned"
"""Class of what marks a participant whom the mean holds with a warning."""

MOST_BY_NAME = 24
"""Above it a drawing names and links nobody and draws everybody small."""


@dataclass(frozen=True)
class PersonChange:
    """One participant's values; NaN is a value there is not.

    Attributes
    ----------
    participant : str
    baseline, follow_up : float
    change, low, high : float
        Change and its own 95 % interval, in the unit of the result.
    kind : str
        One of `KINDS`.
    page : str
        Address of the page of the participant.
    told : str
        All of it in words.
    warned : bool
        Whether the mean holds the change with a warning.
    """

    participant: str
    baseline: float
    follow_up: float
    change: float
    low: float
    high: float
    kind: str
    page: str
    told: str
    warned: bool = False


def is_crowded(people: Sequence[PersonChange]) -> bool:
    """Return whether there are too many participants to name them."""
    return len(people) > MOST_BY_NAME
