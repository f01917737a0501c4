"""One simulated person's regional uptake: correlated factors of the regions and their asymmetries."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pet_spect.imaging.normal_variation import (
    ASYMMETRY_CORRELATION,
    ASYMMETRY_GROUPS,
    FOLLOWS,
    GROUPS,
    PEOPLE_OVER_PATTERN,
    UPTAKE_CORRELATION,
    UPTAKE_GROUPS,
    Group,
)
from pet_spect.simulate.heads.standard_head import OTHER_TISSUE

UNMEASURED_CV_PERCENT = 4.0
"""Own between-person CV of what the table lacks: white matter, ventricles, vermis and a few regions (an assumption)."""


def regional_factors(
    indices: Mapping[str, Mapping[str, int]], rng: np.random.Generator, *, tracer: str, strength: float = 1.0
) -> NDArray[np.float32]:
    """Draw how one person's uptake differs from the healthy pattern.

    Uptake relative to the pattern is log-normal with mean 1, in the cerebellum `PEOPLE_OVER_PATTERN`; left and right
    differ by half the log ratio each. The mean asymmetry and the level of the cerebellum are those of FDG, and 0 and 1
    for another tracer, of which none is known. CV, SD and correlations of FDG are taken for IMZ as well: an assumption.
    What the table lacks follows the region named in `FOLLOWS`, else (white matter, ventricles) the mean of all groups,
    because a person's cerebellum is under every ratio; and it has `UNMEASURED_CV_PERCENT` of its own.

    Parameters
    ----------
    indices : mapping of str to dict
        Region name to its label per side, see `pet_spect.simulate.heads.standard_head.Head`.
    rng : numpy random generator
    tracer : str
    strength : float, default 1
        Multiplies every standard deviation and the mean asymmetry; 0 gives 1 everywhere.

    Returns
    -------
    (256,) float32 array
        Factor of each label; 1 for labels of no tissue.
    """
    logs = _draw(rng, UPTAKE_CORRELATION)
    differences = _draw(rng, ASYMMETRY_CORRELATION)
    level = {group.name: _log_normal(strength * group.cv_percent / 100, z) for group, z in _pairs(UPTAKE_GROUPS, logs)}
    asymmetry = {
        group.name: (group.asymmetry_mean_percent * (tracer == "FDG") + group.asymmetry_sd_percent * z) / 100
        for group, z in _pairs(ASYMMETRY_GROUPS, differences)
    }
    group_of = {region: group.name for group in GROUPS for region in group.regions}
    common = float(np.mean(list(level.values())))
    reference = strength * float(np.log(PEOPLE_OVER_PATTERN)) * (tracer == "FDG")

    def unmeasured(follows: float) -> float:
        return follows + _log_normal(strength * UNMEASURED_CV_PERCENT / 100, float(rng.standard_normal()))

    factor = np.ones(256, dtype=np.float32)
    factor[OTHER_TISSUE] = np.exp(unmeasured(common))
    for region, by_side in indices.items():
        group = group_of.get(region, FOLLOWS.get(region))
        own = common if group is None else level.get(group, reference)
        if region not in group_of:
            own = unmeasured(own)
        for side, label in by_side.items():
            half = {"left": 0.5, "right": -0.5}.get(side, 0.0) * strength * asymmetry.get(group or "", 0.0)
            factor[label] = np.exp(own + half)
    return factor


def _draw(rng: np.random.Generator, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.cholesky(matrix) @ rng.standard_normal(len(matrix)))


def _pairs(groups: tuple[Group, ...], values: NDArray[np.float64]) -> zip[tuple[Group, float]]:
    return zip(groups, values.tolist(), strict=True)


def _log_normal(cv: float, z: float) -> float:
    """Return the logarithm of a log-normal value of mean 1 and the given CV."""
    variance = np.log1p(cv**2)
    return float(np.sqrt(variance) * z - variance / 2)
