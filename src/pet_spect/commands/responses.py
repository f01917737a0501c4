"""How the uptake of one participant's scans responds to what is not known, as the sidecar of their table holds it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pet_spect.commands.uptake_table import terms_of
from pet_spect.model import Atlas, Volume, Warp
from pet_spect.quantify.noise import noise_of_difference
from pet_spect.quantify.responses import atlas_centre, parts_of, region_responses
from pet_spect.quantify.shares import Shares, region_shares
from pet_spect.quantify.uncertainty import LESION_THRESHOLDS
from pet_spect.quantify.uptake import LESIONFREE, uptake_of_shares
from pet_spect.resample import resample_affine

Terms = dict[str, dict[str, list[float | None]]]


@dataclass(frozen=True)
class SeenScan:
    """A scan that was measured.

    Attributes
    ----------
    volume : Volume
        As it was measured.
    shares : Shares
    to_participant : (4, 4) float array
    """

    volume: Volume
    shares: Shares
    to_participant: NDArray[np.float64]


def scan_responses(
    scan: SeenScan,
    others: Sequence[SeenScan],
    atlas: Atlas,
    warp: Warp,
    *,
    lesion: Volume | None = None,
    target: Sequence[str] = (),
    certainty: NDArray[np.float32] | None = None,
) -> Terms:
    """Return the responses of a scan's regions, by region and side.

    Parameters
    ----------
    scan : SeenScan
    others : sequence of SeenScan
        The participant's other scans with the same tracer; without one the noise is not known.
    atlas : Atlas
    warp : Warp
        Participant to standard.
    lesion : Volume, optional
    target : sequence of str
        Regions that are also measured without their lesion voxels.
    certainty : float array, optional
        What `scan.shares` were made with.
    """
    volume, count = scan.volume, len(atlas.regions)
    noise = noise_of_difference(
        volume, [_on_grid_of(scan, other) for other in others], parts_of(scan.shares, count, volume.data.shape)
    )
    whole, outside = region_responses(
        volume,
        scan.shares,
        count,
        scan_to_participant=scan.to_participant,
        centre=atlas_centre(atlas),
        noise=noise,
    )
    found: Terms = {}
    for region, response in zip(atlas.regions, whole, strict=True):
        found.setdefault(region.name, {})[region.side] = terms_of(response)
    if lesion is not None:
        by_threshold = _thresholds(scan, atlas, warp, lesion, target, certainty)
        for region, response in zip(atlas.regions, outside, strict=True):
            if (region.name, region.side) in by_threshold:
                known = replace(response, threshold=by_threshold[region.name, region.side])
                found.setdefault(region.name + LESIONFREE, {})[region.side] = terms_of(known)
    return found


def _on_grid_of(scan: SeenScan, other: SeenScan) -> NDArray[np.float32]:
    to_other = np.linalg.inv(other.to_participant) @ scan.to_participant
    return resample_affine(other.volume, scan.volume.data.shape, scan.volume.affine, to_other).data


def _thresholds(
    scan: SeenScan,
    atlas: Atlas,
    warp: Warp,
    lesion: Volume,
    target: Sequence[str],
    certainty: NDArray[np.float32] | None,
) -> dict[tuple[str, str], float]:
    """Return half of what the higher threshold adds to the mean of each target outside the lesion."""
    chosen = [region for region in atlas.regions if region.name in target]
    if not ((lesion.data > 0) & (lesion.data < 1)).any():
        return {(region.name, region.side): 0.0 for region in chosen}
    indices = [region.index for region in chosen]
    narrow = replace(atlas, labels=np.where(np.isin(atlas.labels, indices), atlas.labels, 0), regions=tuple(chosen))
    means = []
    for threshold in LESION_THRESHOLDS:
        shares = region_shares(
            scan.volume,
            narrow,
            scan_to_participant=scan.to_participant,
            participant_to_standard=warp,
            lesion=lesion,
            lesion_threshold=threshold,
            certainty=certainty,
        )
        uptake = uptake_of_shares(scan.volume, narrow, shares, lesionfree=target, min_coverage=0.0)
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
