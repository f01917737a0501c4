"""On which side a scan itself shows the lesion.

Two witnesses: the scan's own deficits, and whether its pattern of asymmetry is the mirror image of
that of the person's other scans.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pet_spect.model import RegionSide, Side

Agreement = Literal["agree", "undetermined", "disagree"]

SYMMETRIC_SD = 0.05
"""Spread of log(left / right) taken for granted between healthy regions; measured spread may only raise it."""

CLEAR_Z = 8.0
"""How many standard deviations the two sides' deficits must differ for the side to be clear."""

MIRRORED = -0.6
"""A likeness of two scans below this means that one of them is mirrored."""

FEWEST_REGIONS = 5
"""With fewer paired regions neither the side nor the likeness of two scans can be told."""

_LEFT_OUT = ("cerebel", "verm", "ventric", "_lesionfree")
_LARGEST = math.log(20.0)
_SIGNAL = 0.02
# Standard deviation of the difference of the two sides' deficits of one region whose asymmetry is
# normal with sd 1: E[((|x| - 2)+)²] = 2·(5·Φ(-2) - 2·φ(2)) = 0.01154.
_DEFICIT_SD = 0.1074

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


@dataclass(frozen=True)
class LesionEvidence:
    """What a scan says about the side of the lesion.

    Attributes
    ----------
    side : {'left', 'right'} or None
        The side with the clear deficit; None if undetermined.
    z : float
        Difference of the deficits in standard deviations; positive = more deficit on the left.
    """

    side: Side | None
    z: float


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
    names = [
        name
        for name, side in means
        if side == "left"
        and (name, "right") in means
        and name not in cerebellum
        and not any(part in name.lower() for part in _LEFT_OUT)
    ]
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


def lesion_evidence(found: Asymmetry) -> LesionEvidence:
    """Return the side on which a scan clearly shows less uptake.

    Zero is the centre, for atlas and space are symmetric (a median would follow a large lesion). The
    noise σ is the spread of the regions that point away from the supposed side, at least
    `SYMMETRIC_SD`. A side's deficit is the volume-weighted sum of what its regions lack beyond 2σ; the
    difference between the sides, in units of its standard deviation under noise alone, must reach
    `CLEAR_Z`, so that one region of chance does not decide. Fewer than `FEWEST_REGIONS` show nothing.

    Parameters
    ----------
    found : Asymmetry
    """
    if len(found.regions) < FEWEST_REGIONS:
        return LesionEvidence(None, 0.0)
    supposed = -1.0 if found.weight @ found.log_ratio <= 0 else 1.0
    away = found.log_ratio * supposed < 0
    spread = math.sqrt(float(np.average(found.log_ratio[away] ** 2, weights=found.weight[away]))) if away.any() else 0.0
    sigma = max(SYMMETRIC_SD, spread)
    deficit_left = float(found.weight @ np.maximum(0.0, -found.log_ratio - 2 * sigma))
    deficit_right = float(found.weight @ np.maximum(0.0, found.log_ratio - 2 * sigma))
    z = (deficit_left - deficit_right) / (_DEFICIT_SD * sigma * math.sqrt(float((found.weight**2).sum())))
    if abs(z) < CLEAR_Z:
        return LesionEvidence(None, z)
    return LesionEvidence("left" if z > 0 else "right", z)


def agreement(evidence: LesionEvidence, lesion_side: Side) -> Agreement:
    """Return whether what a scan shows agrees with the side the table gives.

    Examples
    --------
    >>> agreement(LesionEvidence("left", 12.0), "right")
    'disagree'
    """
    if evidence.side is None:
        return "undetermined"
    return "agree" if evidence.side == lesion_side else "disagree"


def comparable(one: Asymmetry, other: Asymmetry) -> bool:
    """Return whether two scans share enough regions for their likeness to be told."""
    return len(set(one.regions) & set(other.regions)) >= FEWEST_REGIONS


def likeness(one: Asymmetry, other: Asymmetry) -> float:
    """Return how alike the asymmetries of two scans are, from -1 (mirror images) to 1.

    The volume-weighted cosine between the two patterns of log(left / right), shrunk towards 0 where
    there is hardly any asymmetry (2 %) to compare. 0 if the two are not `comparable`.
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

    A scan that itself shows the lesion on `lesion_side` is believed; of two others that contradict each
    other nobody can tell which is wrong, so both are named.

    Parameters
    ----------
    patterns : sequence of Asymmetry
    sides : sequence of {'left', 'right', None}
        What `lesion_evidence` says of each.
    lesion_side : {'left', 'right'}
    """
    return [
        sides[i] != lesion_side
        and any(likeness(pattern, other) <= MIRRORED for j, other in enumerate(patterns) if j != i)
        for i, pattern in enumerate(patterns)
    ]
