"""The resolution of a scan, measured on the scan itself.

Grey matter, white matter and the rest of the head are carried to the scan by its registration and blurred; the blur
at which the scan is explained best, each part of the brain with brightnesses of its own, is the scan's resolution.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

from pet_spect.imaging.normal_uptake import DEEP_GREY, VERMIS, region_mask
from pet_spect.imaging.resample import apply_affine, displace, grid_points, voxels_of
from pet_spect.imaging.tissue import TissueMaps
from pet_spect.model import Atlas, Volume, Warp
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA

INFRATENTORIAL = ("brainstem", "cerebellum_gray_matter", "cerebellum_white_matter", "pons", *VERMIS)

SEARCHED_MM = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.5, 13.0, 15.0, 17.0, 20.0)
"""Blurs that are tried; the best lies between them."""

MISREGISTRATION_FWHM_MM = 4.6
"""Folds that the registration does not match blur the comparison by so much; it is taken off in quadrature.

The mean over three real anatomies and both tracers (``benchmarks/resolution.py``). A person whose folds match better
or worse is read too fine or too coarse, in all scans alike: a difference between scans does not depend on it.
"""

FINEST_MM = 2.0
"""Less than this is lost in what is taken off."""

LARGEST_SD_MM = 1.5
"""An estimate less certain than this is none."""

_BLOCK_MM = 50.0
_FEWEST_BLOCKS = 10
_FULLEST = 0.2
_FINE_MM = 2.3
_FROM_INFRATENTORIAL_MM = 6.0
_MARGIN_MM = 12.0
_DRAWS = 200
_LEAST_VARIANCE = 1e-5  # of a scan scaled to 1: one that fits to the last bit has no likelihood otherwise

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class SharpTissue:
    """What a brain would look like to a perfect scanner, brightnesses aside.

    Attributes
    ----------
    maps : (3, X, Y, Z) float32 array
        Fraction of cortical grey matter, of white matter, and of the regions filled by one value.
    counted : (X, Y, Z) bool array
        The brain above the tentorium: below it the maps do not show the folia.
    affine : (4, 4) float64 array
        Voxel indices to RAS+ mm of the standard space.
    """

    maps: NDArray[np.float32]
    counted: NDArray[np.bool_]
    affine: FloatArray

    @property
    def voxel_size(self) -> FloatArray:
        """(3,) edge lengths of a voxel in mm."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    @cached_property
    def blurred(self) -> list[NDArray[np.float32]]:
        """The maps on their own grid by each blur of `SEARCHED_MM`, (voxels that count, 3): the same for all scans."""
        voxels = np.argwhere(self.counted)
        margin = np.ceil(_MARGIN_MM / self.voxel_size).astype(np.int64)
        first = np.maximum(voxels.min(axis=0, initial=max(self.counted.shape)) - margin, 0)
        last = voxels.max(axis=0, initial=0) + margin
        box = tuple(slice(int(a), int(b) + 1) for a, b in zip(first, last, strict=True))
        maps = [each[box] for each in self.maps]
        return list(_blurred(maps, self.counted[box], FWHM_TO_SIGMA / self.voxel_size, (slice(None),) * 3))


@dataclass(frozen=True)
class Resolution:
    """How sharp a scan is.

    Attributes
    ----------
    fwhm_mm : float
        Full width at half maximum of the point spread, taken as Gaussian and the same everywhere;
        NaN where it is unknown.
    sd_mm : float
        Its standard deviation over redrawn parts of the brain; what errs alike everywhere is not in it.
    reason : str
        Why it is unknown, or "".
    apparent_mm, apparent_sd_mm : float
        The same before the blur of the registration is taken off, which is alike in all scans of a person: what two of
        them are compared by, also where the one is finer than can be told. NaN where it is unknown.
    """

    fwhm_mm: float
    sd_mm: float
    reason: str = ""
    apparent_mm: float = math.nan
    apparent_sd_mm: float = math.nan


def sharp_tissue(atlas: Atlas, tissue: TissueMaps) -> SharpTissue:
    """Return the tissue that `estimate_fwhm` compares scans with.

    Parameters
    ----------
    atlas : Atlas
        CerebrA, 1 mm.
    tissue : TissueMaps
        On its grid.
    """
    below = region_mask(atlas, *INFRATENTORIAL)
    filled = below | region_mask(atlas, *DEEP_GREY)
    maps = [np.where(filled, 0, tissue.grey), np.where(filled, 0, tissue.white), filled]
    counted = (tissue.brain | (atlas.labels > 0)) & _far_from(below, np.linalg.norm(atlas.affine[:3, :3], axis=0))
    return SharpTissue(np.stack(maps).astype(np.float32), counted, atlas.affine)


def _far_from(mask: NDArray[np.bool_], voxel_mm: FloatArray) -> NDArray[np.bool_]:
    """Return which voxels lie further than `_FROM_INFRATENTORIAL_MM` from a mask."""
    far = np.ones(mask.shape, dtype=bool)
    places = np.argwhere(mask)
    if places.size:
        margin = np.ceil(_FROM_INFRATENTORIAL_MM / voxel_mm).astype(np.int64) + 1
        low, high = np.maximum(places.min(axis=0) - margin, 0), places.max(axis=0) + margin + 1
        box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        distance = np.asarray(distance_transform_edt(~mask[box], sampling=voxel_mm), dtype=np.float32)
        far[box] = distance > _FROM_INFRATENTORIAL_MM
    return far


def estimate_fwhm(
    scan: Volume,
    tissue: SharpTissue,
    *,
    scan_to_participant_points: NDArray[np.floating],
    participant_to_standard_points: Warp | None,
) -> Resolution:
    """Return the effective resolution of a scan from the image itself.

    The brain is cut into blocks of 50 mm. In each, the scan is fitted by grey matter, white matter, filled regions and
    a constant, all blurred alike, so that neither the tracer's pattern nor a lesion matters; each block judges a blur
    by the logarithm of its residual variance, so that one that fits badly at any blur (an infarct) hardly has a say.

    Parameters
    ----------
    scan : Volume
        Linear uptake on its native grid, which is not resampled. NaN is outside the field of view.
    tissue : SharpTissue
    scan_to_participant_points : (4, 4) float array
        Takes points of the scan to the participant, RAS+ mm.
    participant_to_standard_points : Warp or None
        Takes points of the participant to the standard space; None if they are one.

    Returns
    -------
    Resolution
        `MISREGISTRATION_FWHM_MM` is taken off already.
    """
    best = _best_blur(scan, tissue, scan_to_participant_points, participant_to_standard_points)
    if isinstance(best, str):
        return Resolution(math.nan, math.nan, best)
    best_fwhm_mm, sd = best
    low, high = SEARCHED_MM[0], SEARCHED_MM[-1]
    if not low < best_fwhm_mm < high:
        return Resolution(math.nan, math.nan, f"it lies outside {low:g} to {high:g} mm")
    if sd > LARGEST_SD_MM:
        return Resolution(math.nan, math.nan, f"it is uncertain by {sd:.1f} mm")
    corrected = _corrected(best_fwhm_mm)
    if corrected < FINEST_MM:
        return Resolution(math.nan, math.nan, f"it is finer than {FINEST_MM:g} mm", best_fwhm_mm, sd)
    return Resolution(corrected, sd * best_fwhm_mm / corrected, "", best_fwhm_mm, sd)


def sharpest_fwhm_mm(scan: Volume, tissue: SharpTissue) -> float:
    """Return the effective resolution of a scan in standard space, `FINEST_MM` for whatever is sharper.

    Unlike `estimate_fwhm`, it also gives a value where a sharp edge, such as that of an extracted brain, makes the scan
    look sharper than any scanner.

    Parameters
    ----------
    scan : Volume
        On the grid of `tissue`, roughly in place; NaN is outside the field of view.
    tissue : SharpTissue

    Returns
    -------
    float
        In mm; NaN where it is unknown.
    """
    seen = np.isfinite(scan.data[tissue.counted])
    counted = tissue.counted & np.isfinite(scan.data)
    designs = (each[seen] for each in tissue.blurred)
    residuals, sizes = _compared(scan.data[counted], counted, tissue.voxel_size, designs)
    return math.nan if len(sizes) < _FEWEST_BLOCKS else max(_corrected(_best(residuals, sizes)[0]), FINEST_MM)


def _corrected(best_fwhm_mm: float) -> float:
    return float(np.sqrt(max(best_fwhm_mm**2 - MISREGISTRATION_FWHM_MM**2, 0.0)))


def _best_blur(
    scan: Volume, tissue: SharpTissue, to_participant: NDArray[np.floating], warp: Warp | None
) -> tuple[float, float] | str:
    """Return the blur of the tissue that explains a scan best, and its standard deviation; or why there is none."""
    box = _box(scan, tissue, to_participant, warp)
    if box is None:
        return "the brain does not lie in the scan"
    residuals, sizes = _residuals(scan, tissue, to_participant, warp, box)
    if len(sizes) < _FEWEST_BLOCKS:
        return "too little of the brain is in view"
    return _best(residuals, sizes)


def _to_tissue(
    points: FloatArray, tissue: SharpTissue, to_participant: NDArray[np.floating], warp: Warp | None
) -> NDArray[np.float32]:
    """Return (3, n) voxel indices of the tissue maps for points of the scan."""
    standard = apply_affine(to_participant, points)
    if warp is not None:
        standard = displace(warp, standard)
    return voxels_of(tissue.affine, standard).T.astype(np.float32)


def _box(
    scan: Volume, tissue: SharpTissue, to_participant: NDArray[np.floating], warp: Warp | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return first and last voxel of the part of the scan that holds the brain with a margin."""
    step = 3
    shape = tuple(-(-extent // step) for extent in scan.data.shape)
    affine = scan.affine @ np.diag([step, step, step, 1.0])
    where = _to_tissue(grid_points(shape, affine), tissue, to_participant, warp)
    inside = map_coordinates(tissue.counted.astype(np.uint8), where, order=0).reshape(shape) > 0
    voxels = np.argwhere(inside) * step
    if voxels.size == 0:
        return None
    margin = np.ceil(_MARGIN_MM / scan.voxel_size).astype(np.int64)
    first = np.maximum(voxels.min(axis=0) - margin, 0)
    last = np.minimum(voxels.max(axis=0) + margin, np.array(scan.data.shape) - 1)
    return first, last


def _residuals(
    scan: Volume,
    tissue: SharpTissue,
    to_participant: NDArray[np.floating],
    warp: Warp | None,
    box: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[FloatArray, FloatArray]:
    """Return the variance, (blurs, blocks), that each blur of `SEARCHED_MM` leaves in each block, and their voxels."""
    first, last = box
    # sharp maps need a fine grid; one whose nodes meet the scan's voxels spares the scan an interpolation
    parts = np.ceil(scan.voxel_size / _FINE_MM).astype(np.int64)
    affine = scan.affine @ np.diag([*(1 / parts), 1.0])
    affine[:3, 3] = apply_affine(scan.affine, first[np.newaxis].astype(np.float64))[0]
    shape = tuple(int(extent) for extent in (last - first) * parts + 1)
    where = _to_tissue(grid_points(shape, affine), tissue, to_participant, warp)
    maps = [map_coordinates(each, where, order=1, output=np.float32).reshape(shape) for each in tissue.maps]
    coarse = tuple(slice(None, None, int(part)) for part in parts)
    counted = map_coordinates(tissue.counted.astype(np.uint8), where, order=0).reshape(shape)[coarse] > 0
    data = scan.data[tuple(slice(int(a), int(b) + 1) for a, b in zip(first, last, strict=True))]
    counted &= np.isfinite(data)
    designs = _blurred(maps, counted, FWHM_TO_SIGMA / scan.voxel_size * parts, coarse)
    return _compared(data[counted], counted, scan.voxel_size, designs)


def _blurred(
    maps: Sequence[NDArray[np.float32]], counted: NDArray[np.bool_], sigma: FloatArray, coarse: tuple[slice, ...]
) -> Iterator[NDArray[np.float32]]:
    """Give, (n, 3), the maps at the counted voxels by each blur of `SEARCHED_MM`.

    `sigma` is that of a blur of 1 mm in voxels of the maps, which `coarse` thins out to those of `counted`.
    """
    reached = 0.0
    for fwhm in SEARCHED_MM:
        further = tuple(np.sqrt(fwhm**2 - reached**2) * sigma)
        maps, reached = [gaussian_filter(each, further, mode="constant") for each in maps], fwhm
        yield np.stack([each[coarse][counted] for each in maps], axis=1)


def _compared(
    values: NDArray[np.float32],
    counted: NDArray[np.bool_],
    voxel_mm: FloatArray,
    designs: Iterable[NDArray[np.float32]],
) -> tuple[FloatArray, FloatArray]:
    """Return what `_residuals` does, of the counted values and the maps there by each blur."""
    scaled = values.astype(np.float64)
    if scaled.size == 0 or not scaled.std() > 0:
        return np.zeros((len(SEARCHED_MM), 0)), np.zeros(0)
    scaled = (scaled - scaled.mean()) / scaled.std()
    block = _blocks(counted, voxel_mm)
    fits = [
        _block_residuals(np.column_stack([design, np.ones(len(design))]).astype(np.float64), scaled, block)
        for design in designs
    ]
    return np.stack(fits), np.bincount(block[block >= 0]).astype(np.float64)


def _blocks(counted: NDArray[np.bool_], voxel_mm: FloatArray) -> NDArray[np.int64]:
    """Return the block each counted voxel lies in, numbered from 0; -1 in a block that is mostly not counted."""
    cell = np.floor(np.argwhere(counted) * voxel_mm / _BLOCK_MM).astype(np.int64)
    _, block, size = np.unique(cell, axis=0, return_inverse=True, return_counts=True)
    full = size >= _FULLEST * _BLOCK_MM**3 / voxel_mm.prod()
    number = np.where(full, np.cumsum(full) - 1, -1)
    return np.asarray(number[block.ravel()], dtype=np.int64)


def _block_residuals(design: FloatArray, values: FloatArray, block: NDArray[np.int64]) -> FloatArray:
    """Return the mean squared residual of a least-squares fit in each block."""
    chosen = block >= 0
    design, values, block = design[chosen], values[chosen], block[chosen]
    count, columns = np.bincount(block), design.shape[1]

    def total(each: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(block, weights=each, minlength=len(count)), dtype=np.float64)

    products = np.zeros((len(count), columns, columns))
    for i in range(columns):
        for j in range(i, columns):
            products[:, i, j] = products[:, j, i] = total(design[:, i] * design[:, j])
    projections = np.stack([total(design[:, i] * values) for i in range(columns)], axis=1)
    # a block may hold none of a tissue; the ridge leaves that column alone
    products += 1e-6 * count[:, np.newaxis, np.newaxis] * np.eye(columns)
    fitted = np.linalg.solve(products, projections[..., np.newaxis])[..., 0]
    return np.asarray((total(values**2) - (fitted * projections).sum(axis=1)) / count, dtype=np.float64)


def _best(residuals: FloatArray, sizes: FloatArray) -> tuple[float, float]:
    """Return the blur that explains all blocks best, and its standard deviation over redrawn blocks (bootstrap).

    The likelihood of a block whose brightnesses and noise are its own is its residual variance to the power of
    minus half its voxels.
    """
    tried = np.linspace(SEARCHED_MM[0], SEARCHED_MM[-1], 1701)
    variance = np.maximum(CubicSpline(SEARCHED_MM, residuals)(tried), 0) + _LEAST_VARIANCE
    loss = sizes / 2 * np.log(variance)
    blocks = len(sizes)
    draws = np.random.default_rng(0).multinomial(blocks, np.full(blocks, 1 / blocks), size=_DRAWS)
    redrawn = tried[np.argmin(loss @ draws.T, axis=0)]
    return float(tried[np.argmin(loss.sum(axis=1))]), float(redrawn.std())
