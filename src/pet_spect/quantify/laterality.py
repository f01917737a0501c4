"""Side of the lesion as the scans show it.

Two witnesses: a lesion-like deficit in the scan itself, and whether its pattern of asymmetry is the mirror image of
that of the person's other scans. A healthy brain is not symmetric (left/right SD 2 to 4 % per region, single regions
up to 27 %), so asymmetry alone decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pet_spect.model import RegionSide, Side

Agreement = Literal["agree", "undetermined", "disagree"]

CLEAR_ML = 10.0
"""Smallest lesion-like deficit that decides: an old infarct of 5 mL on the other side must not."""

CLEAR_SHARE = 0.75
"""Smallest share of the deficits of both sides that one side must have to count as the lesion's side."""

MIRRORED = -0.6
"""A likeness of two scans below this means that one of them is mirrored."""

FEWEST_REGIONS = 5
"""With fewer paired regions two scans are not compared."""

_SIDES: tuple[Side, Side] = ("left", "right")
_LEFT_OUT = ("cerebel", "verm", "ventric", "_lesionfree", "_gtm")
_LARGEST = math.log(20.0)
_SIGNAL = 0.05

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Asymmetry:
    """Left against right of one scan.

    Attributes
    ----------
    regions : tuple of str
        The paired regions of the cerebrum.
    log_ratio : (n,) float array
        log(left / right), negative = deficit on the left; limited to ±log 20.
    weight : (n,) float array
        Fractions of the volume, of sum 1.
    """

    regions: tuple[str, ...]
    log_ratio: FloatArray
    weight: FloatArray


def asymmetry(
    means: Mapping[tuple[str, RegionSide], tuple[float, float]], cerebellum: Collection[str] = ()
) -> Asymmetry:
    """Compare the two sides of a scan, region by region.

    The cerebellum, and regions named after cerebellum, vermis or ventricle, stay out: it is depressed on
    the other side of a stroke (crossed diaschisis), and ventricles grow beside one.

    Parameters
    ----------
    means : mapping
        (region, side) to (mean uptake, volume in mL). NaN means stay out, as do regions of hardly
        any uptake on both sides (less than a tenth of the median region's).
    cerebellum : collection of str
        The regions of the cerebellum, whatever the atlas calls them.
    """
    names = [name for name in _paired(tuple(means)) if name not in cerebellum]
    values = np.array([(*means[name, "left"], *means[name, "right"]) for name in names]).reshape(-1, 4)
    left, right, volume = values[:, 0], values[:, 2], values[:, 1] + values[:, 3]
    usable = np.isfinite(values).all(axis=1) & (volume > 0)
    larger = np.maximum(left, right)
    usable &= larger > 0.1 * (np.median(larger[usable]) if usable.any() else 0.0)
    left, right, larger, volume = left[usable], right[usable], larger[usable], volume[usable]
    floor = larger * math.exp(-_LARGEST)
    log_ratio = np.log(np.maximum(left, floor) / np.maximum(right, floor))
    kept = tuple(name for name, used in zip(names, usable, strict=True) if used)
    return Asymmetry(kept, log_ratio, volume / volume.sum() if len(volume) else volume)


@lru_cache(maxsize=2**5)  # the regions of one study are the same in nearly all scans
def _paired(parts: tuple[tuple[str, RegionSide], ...]) -> tuple[str, ...]:
    """Return the regions that are there on both sides, without those that always stay out."""
    there = set(parts)
    paired = [name for name, side in parts if side == "left" and (name, "right") in there]
    return tuple(name for name in paired if not any(part in name.lower() for part in _LEFT_OUT))


def side_of_deficit(deficit_ml: tuple[float, float]) -> Side | None:
    """Return the side on which a scan clearly shows a lesion; None if neither is clear.

    Parameters
    ----------
    deficit_ml : (float, float)
        Lesion-like deficit on the left and on the right, see `registration.lesion.estimate_lesion`.

    Examples
    --------
    >>> side_of_deficit((14.0, 2.0)), side_of_deficit((5.0, 0.0)), side_of_deficit((14.0, 9.0))
    ('left', None, None)
    """
    for side, volume in zip(_SIDES, deficit_ml, strict=True):
        if volume >= max(CLEAR_ML, CLEAR_SHARE * sum(deficit_ml)):
            return side
    return None


def agreement(shown: Side | None, lesion_side: Side) -> Agreement:
    """Return whether what a scan shows agrees with the side the table gives.

    Examples
    --------
    >>> agreement("left", "right"), agreement(None, "right")
    ('disagree', 'undetermined')
    """
    if shown is None:
        return "undetermined"
    return "agree" if shown == lesion_side else "disagree"


def comparable(one: Asymmetry, other: Asymmetry) -> bool:
    """Return whether two scans share enough regions to be compared."""
    return len(set(one.regions) & set(other.regions)) >= FEWEST_REGIONS


def likeness(one: Asymmetry, other: Asymmetry) -> float:
    """Return how alike the asymmetries of two scans are, from -1 (mirror images) to 1.

    The volume-weighted cosine between the two patterns of log(left / right), shrunk towards 0 where
    there is no more asymmetry (5 %) than in a healthy brain. 0 if the two are not `comparable`.
    """
    if not comparable(one, other):
        return 0.0
    places = {name: i for i, name in enumerate(other.regions)}
    shared = [(i, places[name]) for i, name in enumerate(one.regions) if name in places]
    mine, theirs = np.array(shared).T
    weight = one.weight[mine] / one.weight[mine].sum()
    first, second = one.log_ratio[mine], other.log_ratio[theirs]
    size = (weight @ first**2 + _SIGNAL**2) * (weight @ second**2 + _SIGNAL**2)
    return float(weight @ (first * second) / math.sqrt(size))


def mirrored(patterns: Sequence[Asymmetry], sides: Sequence[Side | None], lesion_side: Side) -> list[bool]:
    """Return for each scan of one person whether another of their scans contradicts it as its mirror image.

    A scan that itself shows the lesion on `lesion_side` counts as right. If two others contradict each other, it is
    unknown which one is wrong, so both are marked.

    Parameters
    ----------
    patterns : sequence of Asymmetry
    sides : sequence of {'left', 'right', None}
        What `side_of_deficit` says of each.
    lesion_side : {'left', 'right'}
    """
    return [
        sides[i] != lesion_side
        and any(likeness(pattern, other) <= MIRRORED for j, other in enumerate(patterns) if j != i)
        for i, pattern in enumerate(patterns)
    ]
