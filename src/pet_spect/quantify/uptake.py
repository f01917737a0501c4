"""Uptake per atlas region, sampled in the scan's own space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.model import Atlas, RegionUptake, Volume, Warp
from pet_spect.quantify.shares import FloatArray, Shares, region_shares

LESIONFREE = "_lesionfree"
"""Ending of the name of a region without its lesion voxels."""


def region_uptake(
    scan: Volume,
    atlas: Atlas,
    *,
    scan_to_participant: NDArray[np.floating] | None = None,
    participant_to_standard: Warp | None = None,
    lesion: Volume | None = None,
    lesionfree: Sequence[str] = (),
    min_coverage: float = 0.9,
    certainty: NDArray[np.float32] | None = None,
) -> list[RegionUptake]:
    """Return the uptake of every atlas region in a scan, measured on the scan's own grid.

    Each voxel counts with the fraction of its volume that lies in the region.
    Volumes are those of the region in the scan's space, so no Jacobian enters.

    Parameters
    ----------
    scan : Volume
        Linear uptake on its native grid. NaN is outside the field of view; zero is a measurement.
    atlas : Atlas
        Labels in the standard space.
    scan_to_participant : (4, 4) float array, optional
        Takes points of the scan to the participant, RAS+ mm. Without it the two are one space.
    participant_to_standard : Warp, optional
        Takes points of the participant to the standard space. Without it the two are one space.
        What lies outside the field is out of view: it is never measured and counts against coverage.
    lesion : Volume, optional
        Lesion mask in the standard space; a voxel above 0.5 is lesion.
    lesionfree : sequence of str
        Regions that are also measured without their lesion voxels, named ``<region>_lesionfree``.
        Without `lesion` their values are NaN. Their `lesion_fraction` is the fraction removed.
    min_coverage : float, default 0.9
        Smallest fraction of a region's volume that must be in view for its mean to be given.
    certainty : float array, optional
        On the atlas's grid: what each voxel of a region weighs in its mean, as of
        `shares.membership_certainty`. Volume and coverage do not heed it.

    Returns
    -------
    list of RegionUptake
        In the order of the atlas table, the lesion-free regions after the others. `mean` and `sd`
        (volume-weighted, population) are in the scan's unit and NaN below `min_coverage`.

    Raises
    ------
    RegionError
        If no part of the atlas lies on the scan's grid.

    Examples
    --------
    >>> from pet_spect.model import Region
    >>> labels = np.zeros((4, 1, 1), dtype=np.uint8)
    >>> labels[0], labels[3] = 1, 2
    >>> atlas = Atlas("toy", labels, np.eye(4), (Region(1, "motor", "left"), Region(2, "motor", "right")))
    >>> scan = Volume(np.array([60, 0, 0, 90], dtype=np.float32).reshape(4, 1, 1), np.eye(4))
    >>> [(r.region, r.side, r.mean) for r in region_uptake(scan, atlas)]
    [('motor', 'left', 60.0), ('motor', 'right', 90.0)]
    """
    shares = region_shares(
        scan,
        atlas,
        scan_to_participant=scan_to_participant,
        participant_to_standard=participant_to_standard,
        lesion=lesion,
        certainty=certainty,
    )
    return uptake_of_shares(scan, atlas, shares, lesionfree=lesionfree, min_coverage=min_coverage)


def uptake_of_shares(
    scan: Volume, atlas: Atlas, shares: Shares, *, lesionfree: Sequence[str] = (), min_coverage: float = 0.9
) -> list[RegionUptake]:
    """Return what `region_uptake` does, from shares that are known already.

    Parameters
    ----------
    scan, atlas, lesionfree, min_coverage
        As in `region_uptake`.
    shares : Shares
        Of this scan's grid and this atlas.
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
