"""Sensitivities of the regions of a scan to misplacement, blur, threshold and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from pet_spect.imaging.resample import apply_affine, resample_affine
from pet_spect.model import Atlas, RegionSide, Volume
from pet_spect.quantify.labelled_space import labelled_space
from pet_spect.quantify.measurement import ParticipantRegions, ScanMeasurement
from pet_spect.quantify.noise import Noise, mean_noise_sd, noise_of_difference
from pet_spect.quantify.region_weights import FloatArray, RegionWeights, weigh_regions
from pet_spect.quantify.uncertainty import LESION_THRESHOLDS, Sensitivity
from pet_spect.quantify.uptake import LESIONFREE, uptake_of_shares


def scan_sensitivities(
    scan: ScanMeasurement, noise: Noise | None, regions: ParticipantRegions, centre: NDArray[np.floating] | None = None
) -> dict[tuple[str, RegionSide], Sensitivity]:
    """Return the sensitivities of a scan's regions, by region and side; with a lesion also the lesion-free ones'.

    Parameters
    ----------
    scan : ScanMeasurement
    noise : Noise or None
        See `scan_noise`.
    regions : ParticipantRegions
        With which it was measured.
    centre : (3,) float array, optional
        Point of the participant about which regions turn, mm: for all regions of a scan the same. Without it, the
        middle of `regions`.
    """
    atlas, volume = regions.atlas, scan.volume
    whole, outside = region_sensitivities(
        volume,
        scan.shares,
        len(atlas.regions),
        scan_to_participant_points=scan.to_participant,
        centre=atlas_centre(atlas) if centre is None else centre,
        noise=noise,
    )
    sensitivities = {
        (region.name, region.side): sensitivity for region, sensitivity in zip(atlas.regions, whole, strict=True)
    }
    if regions.lesion is not None and regions.lesionfree:
        by_threshold = _thresholds(scan, regions, regions.lesion)
        for region, sensitivity in zip(atlas.regions, outside, strict=True):
            if (region.name, region.side) in by_threshold:
                with_threshold = replace(sensitivity, threshold=by_threshold[region.name, region.side])
                sensitivities[region.name + LESIONFREE, region.side] = with_threshold
    return sensitivities


def scan_noise(scan: ScanMeasurement, others: Sequence[ScanMeasurement], n_regions: int) -> Noise | None:
    """Return the count noise of a scan; None if it is not known.

    Parameters
    ----------
    scan : ScanMeasurement
    others : sequence of ScanMeasurement
        The participant's other scans with the same tracer; without one the noise is not known.
    n_regions : int
        Of the atlas.
    """
    parts = parts_of(scan.shares, n_regions, scan.volume.data.shape)
    return noise_of_difference(scan.volume, [_on_grid_of(scan, other) for other in others], parts)


def _on_grid_of(scan: ScanMeasurement, other: ScanMeasurement) -> NDArray[np.float32]:
    to_other = np.linalg.inv(other.to_participant) @ scan.to_participant
    return resample_affine(other.volume, scan.volume.data.shape, scan.volume.affine, to_other).data


def _thresholds(
    scan: ScanMeasurement, regions: ParticipantRegions, lesion: Volume
) -> dict[tuple[str, RegionSide], float]:
    """Return half of what the higher threshold adds to the mean of each lesion-free region outside the lesion."""
    atlas = regions.atlas
    chosen = [region for region in atlas.regions if region.name in regions.lesionfree]
    if not ((lesion.data > 0) & (lesion.data < 1)).any():
        return {(region.name, region.side): 0.0 for region in chosen}
    indices = [region.index for region in chosen]
    narrow = replace(atlas, labels=np.where(np.isin(atlas.labels, indices), atlas.labels, 0), regions=tuple(chosen))
    means = []
    for threshold in LESION_THRESHOLDS:
        shares = weigh_regions(
            scan.volume,
            labelled_space(narrow, lesion, lesion_threshold=threshold),
            scan_to_participant_points=scan.to_participant,
            participant_to_standard_points=regions.to_standard,
            certainty=regions.certainty,
        )
        uptake = uptake_of_shares(scan.volume, narrow, shares, lesionfree=regions.lesionfree, min_coverage=0.0)
        means.append({(of.region, of.side): of.mean for of in uptake})
    low, high = means
    return {
        (region.name, region.side): (
            high.get((region.name + LESIONFREE, region.side), math.nan)
            - low.get((region.name + LESIONFREE, region.side), math.nan)
        )
        / 2
        for region in chosen
    }


def region_sensitivities(
    scan: Volume,
    shares: RegionWeights,
    n_regions: int,
    *,
    scan_to_participant_points: NDArray[np.floating],
    centre: NDArray[np.floating],
    noise: Noise | None,
) -> tuple[list[Sensitivity], list[Sensitivity]]:
    """Return how the mean of each region responds, and that of its part outside the lesion.

    Parameters
    ----------
    scan : Volume
        NaN is outside the field of view.
    shares : RegionWeights
        Of the atlas in this scan.
    n_regions : int
        Of the atlas.
    scan_to_participant_points : (4, 4) float array
        Rigid; its target's axes are those of the shifts.
    centre : (3,) float array
        Point of the participant about which regions turn, mm.
    noise : Noise or None
        None if not known.

    Returns
    -------
    (list of Sensitivity, list of Sensitivity)
        In the order of the atlas. NaN where a region is not in view.
    """
    gradient = uptake_slopes(scan, shares.voxel, scan_to_participant_points)
    points = points_of(scan, shares.voxel, scan_to_participant_points) - centre
    slopes = np.column_stack([gradient, np.radians(1) * np.cross(points, gradient)])
    is_in_view = np.isfinite(scan.data.ravel()[shares.voxel])
    sensitivities = []
    for within in (is_in_view, is_in_view & (shares.row < n_regions)):
        row = shares.row[within] % n_regions
        count = np.where(np.isfinite(slopes).all(axis=1), shares.weight, 0.0)[within]
        total = np.bincount(row, weights=count, minlength=n_regions)
        filled = np.nan_to_num(slopes[within])
        per_region = np.column_stack(
            [np.bincount(row, weights=count * slope, minlength=n_regions) for slope in filled.T]
        )
        per_region = np.divide(
            per_region, total[:, np.newaxis], out=np.full_like(per_region, np.nan), where=total[:, np.newaxis] > 0
        )
        sds = _noise_sds(scan, shares, within, n_regions, noise)
        sensitivities.append(
            [
                Sensitivity(sd, (x, y, z), (rx, ry, rz))
                for sd, (x, y, z, rx, ry, rz) in zip(sds, per_region.tolist(), strict=True)
            ]
        )
    return sensitivities[0], sensitivities[1]


def uptake_slopes(
    scan: Volume, voxels: NDArray[np.integer], scan_to_participant_points: NDArray[np.floating]
) -> FloatArray:
    """Return (n, 3) the slope of uptake along the participant's axes, per mm, at places of the flattened scan."""
    per_voxel = np.stack([slope.ravel()[voxels] for slope in np.gradient(scan.data)], axis=-1).astype(np.float64)
    to_voxels = np.linalg.inv((scan_to_participant_points @ scan.affine)[:3, :3])
    return np.asarray(per_voxel @ to_voxels)


def points_of(
    scan: Volume, voxels: NDArray[np.integer], scan_to_participant_points: NDArray[np.floating]
) -> FloatArray:
    """Return (n, 3) the participant's points, RAS+ mm, at places of the flattened scan."""
    indices = np.stack(np.unravel_index(voxels, scan.data.shape), axis=-1).astype(np.float64)
    return apply_affine(scan_to_participant_points @ scan.affine, indices)


def _noise_sds(
    scan: Volume, shares: RegionWeights, within: NDArray[np.bool_], n_regions: int, noise: Noise | None
) -> list[float]:
    if noise is None:
        return [math.nan] * n_regions
    order = np.argsort(shares.row[within] % n_regions, kind="stable")
    row, voxel = (shares.row[within] % n_regions)[order], shares.voxel[within][order]
    weight = shares.weight[within][order]
    first = np.searchsorted(row, np.arange(n_regions + 1))
    sds = []
    for begin, end in pairwise(first):
        if begin == end:
            sds.append(math.nan)
            continue
        index = np.stack(np.unravel_index(voxel[begin:end], scan.data.shape))
        low, high = index.min(axis=1), index.max(axis=1) + 1
        weights = np.zeros(high - low)
        np.add.at(weights, tuple(index - low[:, np.newaxis]), weight[begin:end])
        sds.append(mean_noise_sd(noise, scan.data[tuple(map(slice, low, high))], weights))
    return sds


def parts_of(shares: RegionWeights, n_regions: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return which region most of a voxel belongs to, from 1 in the order of the atlas; 0 is none."""
    parts = np.zeros(int(np.prod(shape)), dtype=np.int64)
    order = np.argsort(shares.count, kind="stable")  # of two that share a voxel the larger comes last and stays
    parts[shares.voxel[order]] = shares.row[order] % n_regions + 1
    return parts.reshape(shape)


def atlas_centre(atlas: Atlas) -> FloatArray:
    """Return (3,) the middle of all regions, mm."""
    (box,) = find_objects((atlas.labels > 0).astype(np.uint8))
    return np.asarray(apply_affine(atlas.affine, np.array([[(part.start + part.stop - 1) / 2 for part in box]]))[0])
