"""Likelihood of a scan's regional uptake under its tracer's mean and the spread between healthy people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pet_spect.between_person import GROUPS, UPTAKE_CORRELATION, UPTAKE_GROUPS
from pet_spect.registration.template import Template

FIT_SD = 0.15
"""Standard deviation of the logarithm of one group's fitted factor by noise, resolution and misplacement."""

FAR = 1.4
"""Distance of a pattern that is not its tracer's: half-way between the farthest IMZ scan of realistic people
(0.98) and the nearest HMPAO scan (1.68), see ``benchmarks/tracer_patterns.py``."""

FloatArray = NDArray[np.float64]


def pattern_distance(factors: FloatArray, template: Template) -> float:
    """Return how far a scan's regional uptake lies from its tracer's mean, in spreads between healthy people.

    Each region counts with the side that has more uptake, so that a stroke and the diaschisis of the other
    cerebellum are left out. The common level is free.

    Parameters
    ----------
    factors : (n,) float array
        One per part of the template, see `appearance.region_factors`.
    template : Template
        Of the tracer.

    Returns
    -------
    float
        Mahalanobis distance over the root of the number of groups of regions: about 1 for a scan of the tracer.
        NaN where fewer than half of the groups are in view.
    """
    return distance(group_logs(factors, template))


def group_logs(factors: FloatArray, template: Template) -> FloatArray:
    """Return the logarithm of each group's factor on its brighter side, in the order of `UPTAKE_GROUPS`; NaN if unseen.

    Parameters
    ----------
    factors : (n,) float array
        One per part of the template, see `appearance.region_factors`.
    template : Template
    """
    found = []
    for group in UPTAKE_GROUPS:
        sides = [_mean_of(factors, template, group.regions, side) for side in ("left", "right", "n/a")]
        found.append(np.nanmax(sides) if np.isfinite(sides).any() else np.nan)
    return np.array(found)


def _mean_of(factors: FloatArray, template: Template, regions: tuple[str, ...], side: str) -> float:
    chosen = [
        (factor, float(part.uptake.sum()))
        for factor, part in zip(factors, template.parts, strict=True)
        if part.region is not None and part.region.name in regions and part.region.side == side
    ]
    if not chosen:
        return float("nan")
    values, weights = np.array(chosen).T
    return float(np.log(np.average(values, weights=weights)))


def distance(logs: FloatArray) -> float:
    """Return `pattern_distance` from the logarithms of all groups; NaN if fewer than half are known."""
    known = np.isfinite(logs)
    if known.sum() < len(GROUPS) / 2:
        return float("nan")
    spread = np.array([group.cv_percent / 100 for group in UPTAKE_GROUPS])
    covariance = UPTAKE_CORRELATION * np.outer(spread, spread) + FIT_SD**2 * np.eye(len(spread))
    covariance = covariance[np.ix_(known, known)] + 100.0  # the common level is free
    away = logs[known]
    return float(np.sqrt(away @ np.linalg.solve(covariance, away) / known.sum()))
