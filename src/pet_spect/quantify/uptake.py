"""Uptake per atlas region, sampled in the scan's own space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.model import Atlas, RegionUptake, Volume
from pet_spect.quantify.region_weights import FloatArray, RegionWeights

LESIONFREE = "_lesionfree"
"""Ending of the name of a region without its lesion voxels."""

CORRECTED = "_gtm"
"""Ending of the name of a region whose mean is corrected for partial volume by a geometric transfer matrix."""


def uptake_of_shares(
    scan: Volume, atlas: Atlas, shares: RegionWeights, *, lesionfree: Sequence[str] = (), min_coverage: float = 0.9
) -> list[RegionUptake]:
    """Return the uptake of every region, from its shares in the voxels of a scan.

    Parameters
    ----------
    scan : Volume
        NaN is outside the field of view; zero is a measurement.
    atlas : Atlas
    shares : RegionWeights
        Of this scan's grid and this atlas.
    lesionfree : sequence of str
        Regions that are also measured without their lesion voxels, named ``<region>_lesionfree``. Without a lesion
        their values are NaN. Their `lesion_fraction` is the fraction removed.
    min_coverage : float, default 0.9
        Smallest fraction of a region's volume that must be in view for its mean to be given.

    Returns
    -------
    list of RegionUptake
        In the order of the atlas table, the lesion-free regions after the others. `mean` and `sd`
        (weighted, population) are in the scan's unit and NaN below `min_coverage`.
    """
    values = scan.data.ravel()[shares.voxel].astype(np.float64)
    n_regions = len(atlas.regions)
    whole, outside = shares.total[:n_regions] + shares.total[n_regions:], shares.total[:n_regions]
    removed = _divide(shares.total[n_regions:], whole) if shares.with_lesion else np.full(n_regions, np.nan)

    if not shares.with_lesion:
        outside = np.full(n_regions, np.nan)

    def rows(suffix: str, chosen: NDArray[np.bool_], total: FloatArray) -> list[RegionUptake]:
        row = shares.row[chosen] % n_regions
        counted = _statistics(row, shares.count[chosen], shares.weight[chosen], values[chosen], total, min_coverage)
        measured = zip(*counted, strict=True)
        return [
            RegionUptake(region.name + suffix, region.side, mean, sd, size * shares.sub_voxel_ml, coverage, fraction)
            for region, (mean, sd, coverage), size, fraction in zip(
                atlas.regions, measured, total.tolist(), removed.tolist(), strict=True
            )
        ]

    everywhere = np.ones(shares.row.shape, dtype=bool)
    variants = [
        r for r in rows(LESIONFREE, shares.row < n_regions, outside) if r.region[: -len(LESIONFREE)] in lesionfree
    ]
    return rows("", everywhere, whole) + variants


def _divide(numerator: NDArray[Any], denominator: NDArray[Any]) -> FloatArray:
    result = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result


def _statistics(
    row: NDArray[np.int64],
    count: FloatArray,
    weight: FloatArray,
    values: FloatArray,
    total: FloatArray,
    min_coverage: float,
) -> tuple[list[float], list[float], list[float]]:
    """Return mean, sd and coverage of each region."""
    in_view = np.isfinite(values)
    row, weight, values = row[in_view], weight[in_view], values[in_view]
    weighed = np.bincount(row, weights=weight, minlength=len(total))
    mean = _divide(np.bincount(row, weights=weight * values, minlength=len(total)), weighed)
    sd = np.sqrt(_divide(np.bincount(row, weights=weight * (values - mean[row]) ** 2, minlength=len(total)), weighed))
    coverage = _divide(np.bincount(row, weights=count[in_view], minlength=len(total)), total)
    hidden = ~(coverage >= min_coverage)
    mean[hidden], sd[hidden] = np.nan, np.nan
    return mean.tolist(), sd.tolist(), coverage.tolist()
