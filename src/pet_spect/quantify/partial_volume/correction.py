"""Regional means without partial volume effect, for all visits of a person together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LARGEST_CONDITION = 1000.0
"""A transfer matrix with a larger condition number is not inverted: noise and misplacement would decide."""

PATTERN_CV, CHANGE_CV = 0.3, 0.1
"""By how much the uptake of a part may differ from the visits' common pattern of uncorrected means, and at one visit
from that of all visits."""

PATTERN_MODEL_CV, CHANGE_MODEL_CV = 0.01, 0.002
"""By how much the mean of a part differs from what parts of one uptake each would give, noise aside, in all
visits alike and at one visit."""

_LEAST_LEVEL = 0.1


@dataclass(frozen=True)
class BlurredMeans:
    """What one visit tells of the parts of a head.

    Attributes
    ----------
    matrix : (n, n) float array
        Geometric transfer matrix; a row of NaN is a part that is not in view.
    means : (n,) float array
        Uncorrected, in the scan's unit; NaN there.
    covariance : (n, n) float array or None
        Of the means by count noise; None if it is not known.
    """

    matrix: FloatArray
    means: FloatArray
    covariance: FloatArray | None


@dataclass(frozen=True)
class Correction:
    """The corrected means of one visit.

    Attributes
    ----------
    means : (n,) float array
        In the scan's unit; NaN for a part that no visit sees or that is not in view.
    gain : (n, n) float array
        Derivative of `means` with respect to the visit's uncorrected ones.
    covariance : (n, n) float array or None
        Of `means` by the count noise of all visits; None if it is not known.
    condition : float
        Condition number of the transfer matrix of the parts in view.
    """

    means: FloatArray
    gain: FloatArray
    covariance: FloatArray | None
    condition: float


def correct(visits: Sequence[BlurredMeans], volumes: NDArray[np.floating]) -> list[Correction]:
    """Return the uptake of the parts at every visit of a person with one tracer.

    The means y of a visit are ``y = Ω x + e``, in units of the visit's level, the mean of its parts weighted by volume.
    Generalised least squares give x, regularised by one Gaussian prior on two levels: what the visits have in common,
    c, lies around the mean p of their uncorrected means, and x lies around c:
    ``c = p + K(PATTERN_CV, PATTERN_MODEL_CV) (mean of y - Ω p)``, ``x = c + K(CHANGE_CV, CHANGE_MODEL_CV) (y - Ω c)``,
    ``K(a, b) = (Ωᵀ S⁻¹ Ω + P⁻¹)⁻¹ Ωᵀ S⁻¹``, S the mean covariance of the visits plus the diagonal ``(b p)²``, P the
    diagonal ``(a p)²``. S and P are the same at all visits, so that none is treated otherwise.

    Parameters
    ----------
    visits : sequence of BlurredMeans
        One or more, in which the parts have the same order.
    volumes : (n,) float array
        Of the parts, in any unit; they weigh the parts in the level.

    Examples
    --------
    >>> seen = BlurredMeans(np.array([[0.75, 0.25], [0.25, 0.75]]), np.array([7.0, 5.0]), None)
    >>> [round(mean, 1) for mean in correct([seen], np.ones(2))[0].means.tolist()]
    [8.0, 4.0]
    """
    seen: NDArray[np.bool_] = np.all(np.isfinite([visit.means for visit in visits]), axis=0)
    levels = [float(np.average(visit.means[seen], weights=volumes[seen])) for visit in visits]
    relative = [visit.means[seen] / level for visit, level in zip(visits, levels, strict=True)]
    pattern = np.mean(relative, axis=0)
    scale = np.maximum(np.abs(pattern), _LEAST_LEVEL)
    known = [
        visit.covariance[np.ix_(seen, seen)] / level**2
        for visit, level in zip(visits, levels, strict=True)
        if visit.covariance is not None
    ]
    noise = np.mean(known, axis=0) if known else np.zeros((len(scale), len(scale)))
    matrices = [visit.matrix[np.ix_(seen, seen)] for visit in visits]
    common, per_visit = _common(matrices, relative, noise, scale)
    found = []
    for place, (matrix, level) in enumerate(zip(matrices, levels, strict=True)):
        gain = _gain(matrix, noise + np.diag((CHANGE_MODEL_CV * scale) ** 2), (CHANGE_CV * scale) ** 2)
        means = level * (common + gain @ (relative[place] - matrix @ common))
        shared = per_visit - gain @ matrix @ per_visit
        covariance = None
        if len(known) == len(visits):
            parts = [gain + shared if other == place else shared for other in range(len(visits))]
            carried = [part @ each @ part.T for part, each in zip(parts, known, strict=True)]
            covariance = level**2 * np.sum(carried, axis=0)
        condition = float(np.linalg.cond(matrix))
        found.append(Correction(*_whole(seen, means, gain + shared, covariance), condition))
    return found


def _common(
    matrices: Sequence[FloatArray], relative: Sequence[FloatArray], noise: FloatArray, scale: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return what the visits have in common, and its derivative with respect to the means of any of them."""
    pattern, matrix = np.mean(relative, axis=0), np.mean(matrices, axis=0)
    gain = _gain(matrix, noise + np.diag((PATTERN_MODEL_CV * scale) ** 2), (PATTERN_CV * scale) ** 2)
    one = np.eye(len(scale))
    return pattern + gain @ (pattern - matrix @ pattern), (one + gain @ (one - matrix)) / len(relative)


def _gain(matrix: FloatArray, covariance: FloatArray, prior: FloatArray) -> FloatArray:
    weighted = np.linalg.solve(covariance, matrix).T
    return np.asarray(np.linalg.solve(weighted @ matrix + np.diag(1 / prior), weighted))


def _whole(
    seen: NDArray[np.bool_], means: FloatArray, gain: FloatArray, covariance: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Return these for all parts, NaN where a part is not in view, 0 in a gain."""
    both = np.ix_(seen, seen)
    all_means = np.full(len(seen), np.nan)
    all_means[seen] = means
    all_gain = np.zeros((len(seen), len(seen)))
    all_gain[both] = gain
    if covariance is None:
        return all_means, all_gain, None
    all_covariance = np.full((len(seen), len(seen)), np.nan)
    all_covariance[both] = covariance
    return all_means, all_gain, all_covariance
