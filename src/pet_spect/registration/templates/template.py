"""Tracer templates in standard space, made from tissue and label maps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d, distance_transform_edt, find_objects, gaussian_filter

from pet_spect.errors import ImageError
from pet_spect.imaging.images import read_volume
from pet_spect.imaging.normal_uptake import PATTERNS, healthy_uptake
from pet_spect.imaging.resample import resample
from pet_spect.imaging.tissue import TissueMaps, tissue_maps
from pet_spect.model import Atlas, Region, Volume
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA
from pet_spect.registration.resolution_estimate import SharpTissue, sharp_tissue

WORKING_VOXEL_MM = 2
_BESIDE_MM = 3.0
_GREY_FROM = 0.35
_SMALLEST_SHARE = 0.02


@dataclass(frozen=True)
class Part:
    """What one region contributes to a template.

    Attributes
    ----------
    place : tuple of slice
        The box of the template's grid outside which it is 0.
    uptake : float32 array
        In that box, at the scan's resolution.
    region : Region or None
        Which region it is; None for what belongs to none.
    """

    place: tuple[slice, ...]
    uptake: NDArray[np.float32]
    region: Region | None


@dataclass(frozen=True)
class Template:
    """What a scan is registered to.

    Attributes
    ----------
    uptake : Volume
        Relative uptake at the scan's resolution, 2 mm voxels, standard space.
    brain : (X, Y, Z) bool array
        The brain on the same grid.
    parts : tuple of Part
        What each region and side contributes to `uptake`; they add up to it.
    fwhm_mm : float
        The resolution; NaN where it is unknown.
    tissue : SharpTissue or None
        On the same grid, to tell the resolution of a scan by.
    """

    uptake: Volume
    brain: NDArray[np.bool_]
    parts: tuple[Part, ...]
    fwhm_mm: float = float("nan")
    tissue: SharpTissue | None = None


def make_template(name: str, atlas: Atlas, *, fwhm_mm: float | None = None) -> Template:
    """Make the template of a tracer.

    Parameters
    ----------
    name : str
        A key of `PATTERNS`.
    atlas : Atlas
        CerebrA, 1 mm.
    fwhm_mm : float, optional
        Resolution to blur to; by default the pattern's own.

    Returns
    -------
    Template
        On every second voxel of the atlas grid, which keeps x = 0 a plane of voxels and
        the template symmetric.
    """
    return _made(name, atlas, tissue_maps(atlas), fwhm_mm)


def make_templates(names: Iterable[str], atlas: Atlas) -> dict[str, Template]:
    """Make the templates of several tracers, what they share once; see `make_template`."""
    tissue = tissue_maps(atlas)
    templates: dict[str, Template] = {}
    shared: SharpTissue | None = None
    for name in names:
        if name not in templates:
            templates[name] = _made(name, atlas, tissue, None, shared)
            shared = templates[name].tissue
    return templates


def _made(
    name: str, atlas: Atlas, tissue: TissueMaps, fwhm_mm: float | None, shared: SharpTissue | None = None
) -> Template:
    pattern = PATTERNS[name]
    sharp = healthy_uptake(pattern, atlas, tissue)
    fwhm_mm = fwhm_mm or pattern.fwhm_mm
    template = blurred_template(sharp, tissue.brain | (atlas.labels > 0), atlas, fwhm_mm)
    return replace(template, fwhm_mm=fwhm_mm, tissue=shared or _on_grid_of(template, atlas, tissue))


def _on_grid_of(template: Template, atlas: Atlas, tissue: TissueMaps) -> SharpTissue:
    every = (slice(None, None, WORKING_VOXEL_MM),) * 3
    coarse = replace(atlas, labels=atlas.labels[every], affine=template.uptake.affine)
    return sharp_tissue(coarse, TissueMaps(tissue.grey[every], tissue.white[every], tissue.brain[every]))


def blurred_template(sharp: NDArray[np.float32], brain: NDArray[np.bool_], atlas: Atlas, fwhm_mm: float) -> Template:
    """Blur an image in standard space and divide it by region and side.

    Parameters
    ----------
    sharp : (X, Y, Z) float32 array
        On the grid of the atlas, 1 mm.
    brain : (X, Y, Z) bool array
    atlas : Atlas
        CerebrA. Cortex beside a region counts with it; what lies further off is one part per side.
    fwhm_mm : float
    """
    step = WORKING_VOXEL_MM
    affine = atlas.affine @ np.diag([step, step, step, 1.0])
    # where two labels are equally near, the search takes the same one on both sides, not its mirror image
    sharp = np.asarray((sharp + sharp[::-1]) / 2, dtype=np.float32)
    grid = brain[::step, ::step, ::step]
    owner = _owners(atlas, sharp)
    sigma = fwhm_mm * FWHM_TO_SIGMA
    regions = {region.index: region for region in atlas.regions}
    parts = []
    uptake = np.zeros(grid.shape, dtype=np.float32)
    for index, box in enumerate(find_objects(owner), start=1):
        if box is None:
            continue
        part = _part(
            np.where(owner[box] == index, sharp[box], np.float32(0)),
            [axis.start for axis in box],
            grid,
            sigma,
            regions.get(index),
        )
        uptake[part.place] += part.uptake
        parts.append(part)
    even = np.asarray((uptake + uptake[::-1]) / 2, dtype=np.float32)  # the order of a sum decides its last bit
    return Template(Volume(even, affine), grid, tuple(parts))


def _owners(atlas: Atlas, sharp: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return the region each voxel counts with: its label's, a near label's, or its side's rest."""
    labels = atlas.labels.astype(np.int32)
    step = WORKING_VOXEL_MM
    distance, nearest = distance_transform_edt(labels[::step, ::step, ::step] == 0, return_indices=True)
    coarse = np.where(step * distance <= _BESIDE_MM, labels[::step, ::step, ::step][tuple(nearest)], 0)
    beside = coarse.repeat(step, 0).repeat(step, 1).repeat(step, 2)[tuple(slice(0, n) for n in labels.shape)]
    grey = sharp > _GREY_FROM * np.percentile(sharp[labels > 0], 95)
    x = atlas.affine[0, 3] + atlas.affine[0, 0] * np.arange(labels.shape[0])
    rest = labels.max() + np.where(x < 0, 1, 2).astype(np.int32)
    unlabelled = np.where((beside > 0) & grey, beside, rest[:, np.newaxis, np.newaxis])
    return np.where(labels > 0, labels, unlabelled)


def _part(
    sharp: NDArray[np.float32], start: list[int], grid: NDArray[np.bool_], sigma_mm: float, region: Region | None
) -> Part:
    """Blur one region, cut out at `start`, on every second voxel; [1 2 1] / 4 stands for the first bit of the blur."""
    step = WORKING_VOXEL_MM
    margin = step * (int(np.ceil(4 * sigma_mm / step)) + 1)
    low = [max(first - margin, 0) // step * step for first in start]
    high = [
        min(first + extent + margin, step * whole)
        for first, extent, whole in zip(start, sharp.shape, grid.shape, strict=True)
    ]
    box: NDArray[np.float32] = np.zeros([b - a for a, b in zip(low, high, strict=True)], dtype=np.float32)
    inner = tuple(slice(first - a, first - a + n) for first, a, n in zip(start, low, sharp.shape, strict=True))
    clipped = box[inner]
    clipped[...] = sharp[tuple(slice(0, n) for n in clipped.shape)]
    for axis in range(3):
        box = correlate1d(box, (0.25, 0.5, 0.25), axis=axis, mode="constant")
        box = box[tuple(slice(None, None, step) if a == axis else slice(None) for a in range(3))]
    # the kernel has a variance of half a voxel
    blurred = gaussian_filter(box, np.sqrt(sigma_mm**2 - 0.5) / step, mode="constant")
    place = tuple(slice(a // step, a // step + extent) for a, extent in zip(low, blurred.shape, strict=True))
    return Part(place, np.asarray(blurred, dtype=np.float32), region)


def read_template(path: Path, atlas: Atlas) -> Template:
    """Read a template of the user's own, already at the scan's resolution.

    Parameters
    ----------
    path : Path
        A NIfTI image in MNI152NLin2009cSym, any grid that holds the brain.
    atlas : Atlas
        CerebrA, 1 mm.

    Raises
    ------
    ImageError
        If the image cannot be read or does not hold the whole brain.
    """
    image = read_volume(path)
    grid = make_template("FDG", atlas)
    own = resample(image, grid.brain.shape, grid.uptake.affine, lambda points: points)
    if not np.isfinite(own.data[grid.brain]).all():
        raise ImageError(f"{path}: does not hold the whole brain; a template in MNI152NLin2009cSym is needed")
    uptake = np.nan_to_num(own.data)
    share = uptake / np.maximum(grid.uptake.data, _SMALLEST_SHARE * grid.uptake.data.max())
    parts = tuple(Part(part.place, np.asarray(part.uptake * share[part.place]), part.region) for part in grid.parts)
    return Template(Volume(uptake, own.affine), grid.brain, parts)
