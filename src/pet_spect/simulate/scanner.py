"""A simulated scanner: its image of an activity map, and the true ratios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from pet_spect.model import Side, Volume, opposite
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA
from pet_spect.simulate.heads.anatomy import smooth_noise, upsample
from pet_spect.simulate.heads.standard_head import Head

TARGET = "precentral"
CEREBELLUM = "cerebellum_gray_matter"

SCATTER_FWHM_MM = 60.0
"""Width over which scattered photons are misplaced."""

_NOISE_BACKGROUND = 0.01
_SCATTER_GRID_MM = 8.0


@dataclass(frozen=True)
class Scanner:
    """Resolution, grid and noise of a scanner.

    Attributes
    ----------
    fwhm_mm : float
        Full width at half maximum of its point spread, the same everywhere.
    shape : (3,) int
        Columns, rows, slices.
    voxel_mm : (3,) float
    noise : float
        Standard deviation over mean of a voxel at uptake 1.
    noise_to_psf : float, default 0.7
        Width of the kernel that correlates the noise over that of the point spread.
    scatter : float, default 0
        Fraction of the activity that is spread over `SCATTER_FWHM_MM`, a tail of the point spread that the
        scanner's correction has left.
    """

    fwhm_mm: float
    shape: tuple[int, int, int]
    voxel_mm: tuple[float, float, float]
    noise: float
    noise_to_psf: float = 0.7
    scatter: float = 0.0


def seen_by(scanner: Scanner, activity: NDArray[np.float32], affine: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return activity as a scanner sees it without noise: at its resolution and with its scatter.

    Parameters
    ----------
    scanner : Scanner
    activity : (X, Y, Z) float32 array
    affine : (4, 4) float64 array
        Voxel indices to RAS+ mm.

    Returns
    -------
    (X, Y, Z) float32 array
        On the same grid.
    """
    sharp = blurred(activity, affine, scanner.fwhm_mm)
    if scanner.scatter == 0:
        return sharp
    step = max(1, round(_SCATTER_GRID_MM / affine[0, 0]))
    coarse = gaussian_filter(activity, step / 2)[::step, ::step, ::step]
    broad = blurred(coarse, affine @ np.diag([step, step, step, 1.0]), SCATTER_FWHM_MM)
    noise_free = sharp + np.float32(scanner.scatter) * (upsample(broad, activity.shape, step) - sharp)
    return np.asarray(noise_free, dtype=np.float32)


def blurred(activity: NDArray[np.float32], affine: NDArray[np.float64], fwhm_mm: float) -> NDArray[np.float32]:
    """Return activity at a scanner's resolution (Gaussian point spread), on the same grid."""
    sigma = fwhm_mm * FWHM_TO_SIGMA / np.linalg.norm(affine[:3, :3], axis=0)
    return np.asarray(gaussian_filter(activity, tuple(sigma), mode="constant"), dtype=np.float32)


def region_ratios(
    activity: NDArray[np.float32], head: Head, lesion_side: Side, target: str = TARGET
) -> dict[str, float]:
    """Return uptake of the target on the side of the lesion over that of each reference.

    Parameters
    ----------
    activity : (X, Y, Z) float32 array
        On the grid of `head`.
    head : Head
        Whose labels are the true regions.
    lesion_side : {'left', 'right'}
    target : str
        The measured region.

    Returns
    -------
    dict of str to float
        Ratio per reference. A reference of several labels is the mean over all their voxels.
    """
    labels = head.labels.ravel()
    total = np.bincount(labels, weights=activity.ravel(), minlength=256)
    count = np.bincount(labels, minlength=256)

    def mean(names: tuple[str, ...], side: Side | None) -> float:
        of = head.labels_of(names, side)
        return float(total[of].sum() / count[of].sum())

    other = opposite(lesion_side)
    references: Mapping[str, float] = {
        "contralateral": mean((target,), other),
        "cerebellum_ipsilesional": mean((CEREBELLUM,), lesion_side),
        "cerebellum_contralesional": mean((CEREBELLUM,), other),
        "cerebellum": mean((CEREBELLUM,), None),
        "pons": mean(("pons",), None),
        "hemisphere_contralesional": mean(head.cortex, other),
    }
    numerator = mean((target,), lesion_side)
    return {name: numerator / denominator for name, denominator in references.items()}


def scan(
    noise_free: NDArray[np.float32],
    affine: NDArray[np.float64],
    scanner: Scanner,
    pose: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    scale: float = 1.0,
    table_mm: float = 0.0,
) -> Volume:
    """Scan a head that lies in the scanner.

    Parameters
    ----------
    noise_free : (X, Y, Z) float32 array
        Activity at the scanner's resolution, relative units.
    affine : (4, 4) float64 array
        Its voxel indices to the participant's RAS+ mm.
    scanner : Scanner
    pose : (4, 4) float64 array
        Participant points to points of the scanner, whose origin is the middle of its field of view.
    rng : numpy random generator
    scale : float
        Activity concentration (Bq/mL) of uptake 1.
    table_mm : float
        Where the middle of the field of view lies along the bed.

    Returns
    -------
    Volume
        Never negative. Voxel axes run left, posterior, superior (columns, rows, slices of a supine patient).
        The noise is correlated as the scanner says; its variance grows with activity.
    """
    voxel = np.array(scanner.voxel_mm)
    grid = np.diag([-voxel[0], -voxel[1], voxel[2], 1.0])
    grid[:3, 3] = -grid[:3, :3] @ (np.array(scanner.shape) - 1) / 2
    to_map = np.linalg.inv(affine) @ np.linalg.inv(pose) @ grid
    where = np.indices(scanner.shape, dtype=np.float32)
    where = np.einsum("ij,jxyz->ixyz", to_map[:3, :3].astype(np.float32), where)
    where += to_map[:3, 3].astype(np.float32).reshape(3, 1, 1, 1)
    clean = map_coordinates(noise_free, where, order=1, output=np.float32)
    sigma = scanner.noise_to_psf * scanner.fwhm_mm * FWHM_TO_SIGMA / voxel
    noise = smooth_noise(rng, scanner.shape, sigma) * np.sqrt(np.maximum(clean, 0) + np.float32(_NOISE_BACKGROUND))
    counted = np.maximum(clean + np.float32(scanner.noise) * noise, 0) * np.float32(scale)
    placed = grid.copy()
    placed[2, 3] += table_mm
    return Volume(np.asarray(counted, dtype=np.float32), placed)
