"""Likelihood of a scan's regional uptake under its tracer's mean and the spread between healthy people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri

from pet_spect.imaging.normal_variation import GROUPS, UPTAKE_CORRELATION, UPTAKE_GROUPS
from pet_spect.model import ANATOMICAL
from pet_spect.registration.templates.appearance import shares_in_view
from pet_spect.registration.templates.template import Template

FIT_SD = 0.15
"""Standard deviation of the logarithm of one group's fitted factor by noise, resolution and misplacement."""

FAR = 1.6
"""Distance of a pattern that is not its tracer's.

As far as HMPAO listed as IMZ allows, to flag few scans of IMZ itself: the registered HMPAO scans of nine realistic
people (1 to 9 of ``benchmarks/gates``) lie at 1.72 to 1.82 (mean 1.78, SD 0.04), their IMZ scans at 0.62 to 1.26.
"""

_LEAST_SEEN = 0.5
"""Smallest fraction in view of the uptake of a group's side from which its factor is computed."""

FloatArray = NDArray[np.float64]


def scan_distance(
    tracer: str,
    scan: NDArray[np.float32],
    template: Template,
    factors: FloatArray,
    ignored: NDArray[np.bool_],
) -> float:
    """Return `pattern_distance` of a scan in standard space.

    Parameters
    ----------
    tracer : str
        As in `model.ScanKey`.
    scan, template, ignored
        As for `appearance.region_factors`.
    factors : (n,) float array
        What that returned.

    Returns
    -------
    float
        NaN of an anatomical image, whose brightness is no uptake, and where too few regions are in view.
    """
    if tracer.startswith(ANATOMICAL):
        return float("nan")
    return pattern_distance(factors, shares_in_view(scan, template, ignored), template)


def pattern_distance(factors: FloatArray, shares: FloatArray, template: Template) -> float:
    """Return how far a scan's regional uptake lies from its tracer's mean, in spreads between healthy people.

    Each region counts with the side that has more uptake, so that a stroke and the diaschisis of the other
    cerebellum are left out. The common level is free. Regions out of view are left out.

    Parameters
    ----------
    factors, shares : (n,) float array
        One per part of the template, see `appearance.region_factors` and `appearance.shares_in_view`.
    template : Template
        Of the tracer.

    Returns
    -------
    float
        See `distance`.
    """
    return distance(group_logs(factors, shares, template))


def group_logs(factors: FloatArray, shares: FloatArray, template: Template) -> FloatArray:
    """Return the logarithm of each group's factor on its brighter side, in the order of `UPTAKE_GROUPS`; NaN if unseen.

    Parameters
    ----------
    factors, shares : (n,) float array
        One per part of the template, see `appearance.region_factors` and `appearance.shares_in_view`. A side of which
        less than half is in view is unseen.
    template : Template
    """
    highest = []
    for group in UPTAKE_GROUPS:
        sides = [_mean_of(factors, shares, template, group.regions, side) for side in ("left", "right", "n/a")]
        highest.append(np.nanmax(sides) if np.isfinite(sides).any() else np.nan)
    return np.array(highest)


def _mean_of(factors: FloatArray, shares: FloatArray, template: Template, regions: tuple[str, ...], side: str) -> float:
    chosen = [
        (factor, share, float(part.uptake.sum()))
        for factor, share, part in zip(factors, shares, template.parts, strict=True)
        if part.region is not None and part.region.name in regions and part.region.side == side
    ]
    if not chosen:
        return float("nan")
    values, coverage, uptake = np.array(chosen).T
    if (coverage * uptake).sum() < _LEAST_SEEN * uptake.sum():
        return float("nan")
    return float(np.log(np.average(values, weights=coverage * uptake)))


def distance(logs: FloatArray) -> float:
    """Return `pattern_distance` from the logarithms of all groups; NaN stands for a group that is out of view.

    The squared Mahalanobis distance of the k groups in view, under their marginal covariance, is chi-squared with
    k - 1 degrees of freedom, for the common level is free. It is divided by the number of groups if all are in view.
    If not, it is divided so that as many scans of the tracer lie beyond `FAR` as then: the mean of fewer squares
    varies more.

    Parameters
    ----------
    logs : (n,) float array
        In the order of `UPTAKE_GROUPS`.

    Returns
    -------
    float
        The root of that: about 1 for a scan of the tracer. NaN if fewer than half of the groups are in view.
    """
    in_view = np.isfinite(logs)
    if in_view.sum() < len(GROUPS) / 2:
        return float("nan")
    spread = np.array([group.cv_percent / 100 for group in UPTAKE_GROUPS])
    covariance = UPTAKE_CORRELATION * np.outer(spread, spread) + FIT_SD**2 * np.eye(len(spread))
    covariance = covariance[np.ix_(in_view, in_view)] + 100.0  # the common level is free
    away = logs[in_view]
    return float(FAR * np.sqrt(away @ np.linalg.solve(covariance, away) / _far_squared(int(in_view.sum()))))


def _far_squared(count: int) -> float:
    """Return the squared distance of `count` groups that as few scans of the tracer exceed as exceed `FAR` of all."""
    whole = len(UPTAKE_GROUPS)
    return float(chdtri(count - 1, chdtrc(whole - 1, whole * FAR**2)))
