"""The regional means of a participant's scans without partial volume effect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pet_spect.model import RegionSide, RegionUptake, Warp
from pet_spect.quantify.measurement import ParticipantRegions, ScanMeasurement
from pet_spect.quantify.noise import Noise
from pet_spect.quantify.partial_volume.correction import LARGEST_CONDITION, BlurredMeans, Correction, correct
from pet_spect.quantify.partial_volume.head_parts import HeadParts
from pet_spect.quantify.partial_volume.part_shares import PartShares, share_parts
from pet_spect.quantify.partial_volume.transfer_matrix import mean_covariance, part_means, transfer_matrix, weighted
from pet_spect.quantify.sensitivities import atlas_centre, points_of, uptake_slopes
from pet_spect.quantify.uncertainty import Sensitivity
from pet_spect.quantify.uptake import CORRECTED
from pet_spect.remarks import Remark

CLEARLY = 2.0
"""Standard deviations by which two widths must differ to be called different."""

_MOST_SHOWN = 1e9

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Width:
    """How blurred the parts of a head appear in a scan.

    Attributes
    ----------
    fwhm_mm : float
        Full width at half maximum of a Gaussian: the scanner's point spread and what the registration has left of
        misplaced folds, which blurs the parts as seen from where the registration puts them; NaN if not known.
    sd_mm : float
        Its standard deviation.
    """

    fwhm_mm: float
    sd_mm: float


@dataclass(frozen=True)
class CorrectedScan:
    """The corrected means of one scan.

    Attributes
    ----------
    uptake : tuple of RegionUptake
        As `ScanMeasurement.uptake`, named ``<region>_gtm``; `sd` is NaN. The infarct counts with its share.
    sensitivities : mapping of (region, side) to Sensitivity
    absence : Remark or None
        Why there are no means.
    width_mm, condition : float
        With which it was corrected; NaN where it was not.
    """

    uptake: tuple[RegionUptake, ...]
    sensitivities: dict[tuple[str, RegionSide], Sensitivity]
    absence: Remark | None
    width_mm: float
    condition: float


def common_widths(widths: Sequence[Width]) -> list[Width]:
    """Return the widths with which the scans of one tracer are corrected: one for all unless they clearly differ.

    A width is uncertain, and two visits corrected with two widths differ where the brain does not.

    Examples
    --------
    >>> [width.fwhm_mm for width in common_widths([Width(6.0, 0.2), Width(6.2, 0.2)])]
    [6.1, 6.1]
    >>> [width.fwhm_mm for width in common_widths([Width(6.0, 0.2), Width(9.0, 0.2)])]
    [6.0, 9.0]
    """
    known = [width for width in widths if math.isfinite(width.fwhm_mm)]
    if len(known) < 2:
        return list(widths)
    finest, coarsest = (choose(known, key=lambda width: width.fwhm_mm) for choose in (min, max))
    if coarsest.fwhm_mm - finest.fwhm_mm > CLEARLY * math.hypot(finest.sd_mm, coarsest.sd_mm):
        return list(widths)
    mean = math.fsum(width.fwhm_mm for width in known) / len(known)
    sd = math.sqrt(math.fsum(width.sd_mm**2 for width in known)) / len(known)
    return [Width(mean, sd) if math.isfinite(width.fwhm_mm) else width for width in widths]


def correct_scans(
    scans: Sequence[ScanMeasurement],
    noises: Sequence[Noise | None],
    widths: Sequence[Width],
    parts: HeadParts,
    regions: ParticipantRegions,
) -> list[CorrectedScan]:
    """Return the corrected means of the scans of one person with one tracer.

    Parameters
    ----------
    scans : sequence of ScanMeasurement
        Every visit.
    noises : sequence of Noise or None
        Of the scans; None where it is not known.
    widths : sequence of Width
        Of the scans, as they were measured.
    parts : HeadParts
        With the regions of the same atlas, and with the certainty of `regions`.
    regions : ParticipantRegions
        With which the scans were measured.
    """
    used = [width.fwhm_mm for width in common_widths(widths)]
    tried = [
        _blurred(scan, noise, fwhm_mm, parts, regions.to_standard)
        for scan, noise, fwhm_mm in zip(scans, noises, used, strict=True)
    ]
    given = [
        (place, *found)
        for place, found in enumerate(tried)
        if found is not None and np.isfinite(found[1].means[: parts.n_regions]).any()
    ]
    corrections: dict[int, tuple[PartShares, Correction]] = {}
    if given:
        volumes = np.mean([shares.shares.total[: parts.count] for _, shares, _ in given], axis=0)
        volumes[parts.n_regions :] = 0
        for (place, shares, _), found in zip(given, correct([means for _, _, means in given], volumes), strict=True):
            corrections[place] = (shares, found)
    return [_scan(scan, corrections.get(place), used[place], parts, regions) for place, scan in enumerate(scans)]


def _blurred(
    scan: ScanMeasurement, noise: Noise | None, fwhm_mm: float, parts: HeadParts, to_standard: Warp | None
) -> tuple[PartShares, BlurredMeans] | None:
    """Return what a scan tells of the parts; None if its width is not known."""
    if not math.isfinite(fwhm_mm):
        return None
    shares = share_parts(scan.volume, parts, scan.to_participant, to_standard)
    covariance = None if noise is None else mean_covariance(noise, shares.box, shares.shares, parts.count)
    means = part_means(shares.box, shares.shares, parts.count)
    return shares, BlurredMeans(transfer_matrix(shares.box, shares.shares, parts.count, fwhm_mm), means, covariance)


def _scan(
    scan: ScanMeasurement,
    found: tuple[PartShares, Correction] | None,
    width_mm: float,
    parts: HeadParts,
    regions: ParticipantRegions,
) -> CorrectedScan:
    absence = None
    condition = math.nan if found is None else found[1].condition
    if found is None:
        absence = Remark.of("partial_volume_resolution")
    elif not condition <= LARGEST_CONDITION:
        absence = Remark.of("partial_volume_condition", found=min(condition, _MOST_SHOWN), limit=LARGEST_CONDITION)
    names = [(region.name + CORRECTED, region.side) for region in regions.atlas.regions]
    uncorrected = scan.uptake[: parts.n_regions]
    if found is None or absence is not None:
        return CorrectedScan(tuple(_named(each, math.nan) for each in uncorrected), {}, absence, width_mm, condition)
    shares, correction = found
    made_of = _made_of(shares.lost, parts)
    means = made_of @ np.nan_to_num(correction.means)
    unknown = (made_of != 0) @ np.isnan(correction.means) > 0
    uptake = [
        _named(each, math.nan if math.isnan(each.mean) or lacks else mean)
        for each, mean, lacks in zip(uncorrected, means.tolist(), unknown.tolist(), strict=True)
    ]
    sds = np.full(parts.n_regions, np.nan)
    if correction.covariance is not None:
        sds = np.sqrt(np.einsum("ij,jk,ik->i", made_of, np.nan_to_num(correction.covariance), made_of))
    slopes = made_of @ correction.gain @ _slopes(scan, shares, parts, atlas_centre(regions.atlas))
    sensitivities = {
        name: Sensitivity(sd, (x, y, z), (rx, ry, rz))
        for name, sd, (x, y, z, rx, ry, rz), each in zip(names, sds.tolist(), slopes.tolist(), uptake, strict=True)
        if not math.isnan(each.mean)
    }
    return CorrectedScan(tuple(uptake), sensitivities, None, width_mm, condition)


def _named(uncorrected: RegionUptake, mean: float) -> RegionUptake:
    return RegionUptake(
        uncorrected.region + CORRECTED,
        uncorrected.side,
        mean,
        math.nan,
        uncorrected.volume_ml,
        uncorrected.coverage,
        uncorrected.lesion_fraction,
    )


def _made_of(lost: FloatArray, parts: HeadParts) -> FloatArray:
    """Return (n_regions, n_parts) of which parts each whole region is made: itself, and its share of the infarct."""
    made_of = np.zeros((parts.n_regions, parts.count))
    rows = np.arange(parts.n_regions)
    made_of[rows, rows] = 1 - lost[:, : parts.n_regions].sum(axis=0)
    made_of[:, -2:] = lost[:, : parts.n_regions].T
    return made_of


def _slopes(scan: ScanMeasurement, shares: PartShares, parts: HeadParts, centre: FloatArray) -> FloatArray:
    """Return (n_parts, 6) how each uncorrected mean responds to a shift along and a turn about each axis."""
    voxels = np.flatnonzero(np.isfinite(shares.box.data.ravel()))
    gradient = np.nan_to_num(uptake_slopes(shares.box, voxels, scan.to_participant))
    points = points_of(shares.box, voxels, scan.to_participant) - centre
    images = np.zeros((shares.box.data.size, 6))
    images[voxels] = np.column_stack([gradient, np.radians(1) * np.cross(points, gradient)])
    return weighted(shares.box, shares.shares, parts.count, images)
