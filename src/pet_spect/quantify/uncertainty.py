"""Uncertainty of a value: its spread if what is not known had been a little different.

Everything is of first order. A scan gives for each region how its mean responds to a small motion of the
regions and to the threshold of the lesion, and the standard error by count noise (`Sensitivity`).
From these follows the `Spread` of a ratio, and from the spreads of two visits that of their change: what a
scan has on its own adds up, what all scans of a person share is taken alike in both and cancels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RIGID_MM, RIGID_DEGREES = 0.1, 0.1
"""Standard deviation of a scan's rigid misalignment with the person's others, along and about each axis."""

WARP_MM = 0.2
"""Standard deviation along each axis by which repeated scans would place each region elsewhere."""

PLACEMENT_MM, PLACEMENT_DEGREES = 2.0, 2.0
"""Within these, along and about each axis, all regions together may lie elsewhere than the warp says."""

LESION_THRESHOLDS = (0.3, 0.7)
"""Between these a threshold on the probability of lesion might as well lie."""

NORMAL_95 = 1.959963984540054

_UNIFORM_SD = 1 / math.sqrt(3)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How the mean of a region in one scan responds to what is not known.

    Attributes
    ----------
    noise_sd : float
        Standard error by count noise, in the scan's unit; NaN if not known.
    shift : (3,) tuple of float
        Change per mm by which the region lies further right, anterior, superior in the person.
    turn : (3,) tuple of float
        Change per degree by which all regions turn about these axes through the atlas's middle.
    threshold : float
        Half the change from the lower to the higher of `LESION_THRESHOLDS`; 0 if the lesion has no part in it.
    """

    noise_sd: float
    shift: tuple[float, float, float]
    turn: tuple[float, float, float]
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How sure a value is, in its own unit.

    Attributes
    ----------
    own_sd : float
        By count noise and rigid misalignment: independent from scan to scan.
    target, reference : (3,) tuple of float
        By where the warp places the numerator and the denominator, along each axis: the same for all scans
        of a person, hence with a sign.
    placement_sd : float
        If all regions may be misplaced together.
    noise_sd : float
        The part of `own_sd` that count noise alone makes; NaN if not known.
    """

    own_sd: float
    target: tuple[float, float, float]
    reference: tuple[float, float, float]
    placement_sd: float
    noise_sd: float = math.nan

    @property
    def value_sd(self) -> float:
        """Standard deviation of the value over repeated scans of the unchanged person."""
        return math.hypot(self.own_sd, *self.target, *self.reference)


def joint_sensitivity(sensitivities: Sequence[Sensitivity], volumes: Sequence[float]) -> Sensitivity:
    """Return the sensitivity of several regions, weighted by volume; their noise is taken to be independent."""
    if len(sensitivities) == 1:
        return sensitivities[0]
    weight = np.array(volumes) / sum(volumes)
    terms = np.array([(*each.shift, *each.turn, each.threshold, each.noise_sd) for each in sensitivities])
    x, y, z, rx, ry, rz, threshold = (weight @ terms[:, :-1]).tolist()
    noise = math.hypot(*(weight * terms[:, -1]).tolist())
    return Sensitivity(noise, (x, y, z), (rx, ry, rz), threshold)


def value_spread(per_target: float, target: Sensitivity, per_reference: float, reference: Sensitivity | None) -> Spread:
    """Return the spread of a value made of the means of a target and a reference.

    Parameters
    ----------
    per_target, per_reference : float
        Derivative of the value with respect to either mean.
    target : Sensitivity
    reference : Sensitivity or None
        None if the value has no reference.

    Examples
    --------
    >>> flat = (0.0, 0.0, 0.0)
    >>> spread = value_spread(0.5, Sensitivity(0.2, flat, flat), 0.0, None)
    >>> spread.value_sd
    0.1
    """
    other = Sensitivity(0.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)) if reference is None else reference
    shift = _added(per_target, target.shift, per_reference, other.shift)
    turn = _added(per_target, target.turn, per_reference, other.turn)
    threshold = per_target * target.threshold + per_reference * other.threshold
    noise = math.hypot(per_target * target.noise_sd, per_reference * other.noise_sd)
    return Spread(
        math.hypot(noise, *_scaled(RIGID_MM, shift), *_scaled(RIGID_DEGREES, turn)),
        _scaled(WARP_MM * per_target, target.shift),
        _scaled(WARP_MM * per_reference, other.shift),
        _UNIFORM_SD * math.hypot(*_scaled(PLACEMENT_MM, shift), *_scaled(PLACEMENT_DEGREES, turn), threshold),
        noise,
    )


_Three = tuple[float, float, float]


def _scaled(factor: float, values: _Three) -> _Three:
    x, y, z = values
    return factor * x, factor * y, factor * z


def _added(per_one: float, one: _Three, per_other: float, other: _Three) -> _Three:
    (x, y, z), (u, v, w) = one, other
    return per_one * x + per_other * u, per_one * y + per_other * v, per_one * z + per_other * w


def quotient_spread(over: float, over_spread: Spread, under: float, under_spread: Spread) -> Spread:
    """Return the spread of the quotient of two values that stem from two scans of one person.

    The scans share the warp, so what it does to both is added with its sign. What happens if all regions are
    misplaced together has no sign and is added as if it were independent, which is too much rather than too little.

    Parameters
    ----------
    over, under : float
        The values; `under` is above 0.
    over_spread, under_spread : Spread

    Examples
    --------
    >>> same = Spread(0.0, (0.1, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0)
    >>> quotient_spread(2.0, same, 2.0, same).value_sd
    0.0
    """
    per_over, per_under = 1 / under, -over / under**2
    return Spread(
        math.hypot(per_over * over_spread.own_sd, per_under * under_spread.own_sd),
        _added(per_over, over_spread.target, per_under, under_spread.target),
        _added(per_over, over_spread.reference, per_under, under_spread.reference),
        math.hypot(per_over * over_spread.placement_sd, per_under * under_spread.placement_sd),
    )


def change_sd(before: Spread, after: Spread, *, per_before: float = 1.0, per_after: float = 1.0) -> float:
    """Return the standard deviation of a change over repeated scans of both visits.

    Parameters
    ----------
    before, after : Spread
        Of the value at either visit.
    per_before, per_after : float
        Size of the derivative of the change with respect to either value: 1 for a difference.
    """
    shared = [
        per_after * late - per_before * early
        for late, early in zip((*after.target, *after.reference), (*before.target, *before.reference), strict=True)
    ]
    return math.hypot(per_before * before.own_sd, per_after * after.own_sd, *shared)


def interval(value: float, sd: float) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a normal value; NaN if either is."""
    return value - NORMAL_95 * sd, value + NORMAL_95 * sd
