"""Search for the head in a scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, gaussian_filter, label

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume

HEAD_MM = (230.0, 270.0, 260.0)
"""A scan that reaches further (right to left, front to back, downwards) holds more than a head."""

BRAIN_ML = (300.0, 4000.0)
"""A piece of this volume may be a brain: half of one, or a large one together with a bright scalp."""

_BRIGHT_ML = 600.0
"""As much of every brain is bright; neither bladder, injection site nor padding changes its level."""

_LEVELS = (0.4, 0.5, 0.6, 0.7)
"""Thresholds as parts of that level; the lowest one that parts a brain from what surrounds it is taken."""

_TWIN = 0.6
"""Least uptake, whole and per volume, of a second piece that cannot be distinguished from the brain.

A liver is dim, a heart small.
"""

_COARSE_MM = 6.0
_MARGIN_MM = 25.0
_BODY_LEVEL = 0.06
_TRUNK_CM2 = 200.0
"""No head, and no raised arm, has such a section."""


@dataclass(frozen=True)
class _Coarse:
    """A scan averaged over blocks of `factor` voxels, smoothed; NaN counts as 0."""

    data: NDArray[np.float32]
    factor: NDArray[np.int64]
    voxel_mm: NDArray[np.float64]

    @property
    def voxel_ml(self) -> float:
        return float(np.prod(self.voxel_mm) / 1000)


def crop_to_head(volume: Volume) -> Volume:
    """Return the part of a scan that holds the head.

    The brain is the piece, `BRAIN_ML` in size, that holds most uptake, no voxel counting for more than the
    level 600 mL of the scan reach: a hot bladder or vein is small, trunk and arms are dim.

    Parameters
    ----------
    volume : Volume
        Third voxel axis towards the vertex (canonical order). NaN and 0 alike are taken for no uptake.

    Returns
    -------
    Volume
        `HEAD_MM` around the middle of the brain and below 25 mm above its top, as far as the scan reaches.
        No resampling; a scan no larger than that is returned as it is.

    Raises
    ------
    RegistrationError
        If the scan is empty, holds no piece of the size of a brain, or two, or has a trunk above it.
    """
    coarse = _coarse(volume)
    level = bright_level(coarse.data, coarse.voxel_ml)
    brain = _brain(coarse, level)
    top = brain[2].stop
    above = coarse.data[:, :, top + round(60 / coarse.voxel_mm[2]) :] > _BODY_LEVEL * level
    section_cm2 = coarse.voxel_mm[0] * coarse.voxel_mm[1] / 100
    if any(_largest_piece(above[:, :, k]) * section_cm2 > _TRUNK_CM2 for k in range(above.shape[2])):
        raise RegistrationError(
            "a trunk lies above what should be the head: the scan is upside down, or holds no head", code="upside_down"
        )
    kept = [
        _kept(part, axis, coarse.voxel_mm[axis], int(coarse.factor[axis]), volume.data.shape[axis])
        for axis, part in enumerate(brain)
    ]
    if all(part == slice(0, extent) for part, extent in zip(kept, volume.data.shape, strict=True)):
        return volume
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ np.array([part.start for part in kept])
    return Volume(np.ascontiguousarray(volume.data[tuple(kept)]), affine)


def _coarse(volume: Volume) -> _Coarse:
    factor = np.maximum(1, np.round(_COARSE_MM / volume.voxel_size)).astype(np.int64)
    padded = np.nan_to_num(volume.data, nan=0.0, posinf=0.0, neginf=0.0)
    padded = np.pad(padded, [(0, int(-extent % f)) for extent, f in zip(padded.shape, factor, strict=True)])
    blocks = padded.reshape([part for extent, f in zip(padded.shape, factor, strict=True) for part in (extent // f, f)])
    voxel_mm = volume.voxel_size * factor
    data = gaussian_filter(blocks.mean(axis=(1, 3, 5)), tuple(_COARSE_MM / 2 / voxel_mm), mode="constant")
    return _Coarse(data, factor, voxel_mm)


def bright_level(data: NDArray[np.float32], voxel_ml: float) -> float:
    """Return the value that 600 mL of a scan exceed.

    Raises
    ------
    RegistrationError
        If that is not above 0: the scan is empty.
    """
    count = min(max(1, round(_BRIGHT_ML / voxel_ml)), data.size)
    level = float(np.partition(data.ravel(), -count)[-count])
    if not level > 0:
        raise RegistrationError(
            f"the scan is empty: less than {_BRIGHT_ML:.0f} mL of it are above 0", code="empty_scan"
        )
    return level


def _brain(coarse: _Coarse, level: float) -> tuple[slice, ...]:
    """Return the box of the brain on the coarse grid."""
    for threshold in _LEVELS:
        pieces = np.zeros(coarse.data.shape, dtype=np.int32)
        label(coarse.data > threshold * level, output=pieces)
        volumes = np.bincount(pieces.ravel()) * coarse.voxel_ml
        uptake = np.bincount(pieces.ravel(), weights=np.minimum(coarse.data, level).ravel())
        uptake[(volumes < BRAIN_ML[0]) | (volumes > BRAIN_ML[1])] = 0
        uptake[0] = 0
        if uptake.max() > 0:
            density = uptake / np.maximum(volumes, 1.0)
            alike = (uptake > _TWIN * uptake.max()) & (density > _TWIN * density[uptake.argmax()])
            if alike.sum() > 1:
                raise RegistrationError(
                    f"{alike.sum()} pieces of the size and uptake of a brain; one head is needed", code="two_heads"
                )
            box: tuple[slice, ...] = find_objects(pieces)[int(uptake.argmax()) - 1]
            return box
    raise RegistrationError(
        f"no head found: nothing of the size of a brain ({BRAIN_ML[0]:.0f} to {BRAIN_ML[1]:.0f} mL) stands out",
        code="no_head",
    )


def _kept(brain: slice, axis: int, coarse_mm: float, factor: int, extent: int) -> slice:
    """Return the voxels to keep along one axis."""
    low, high = brain.start * coarse_mm - _MARGIN_MM, brain.stop * coarse_mm + _MARGIN_MM
    if axis == 2:
        low = min(low, high - HEAD_MM[2])
    else:
        middle = (low + high) / 2
        low, high = min(low, middle - HEAD_MM[axis] / 2), max(high, middle + HEAD_MM[axis] / 2)
    voxel_mm = coarse_mm / factor
    return slice(max(0, int(np.floor(low / voxel_mm))), min(extent, int(np.ceil(high / voxel_mm))))


def _largest_piece(mask: NDArray[np.bool_]) -> int:
    pieces = np.zeros(mask.shape, dtype=np.int32)
    label(mask, output=pieces)
    return int(np.bincount(pieces.ravel())[1:].max(initial=0))


def centre_of_uptake(volume: Volume) -> NDArray[np.float64]:
    """Return the (3,) centre in mm of the voxels above half of the robust maximum.

    Raises
    ------
    RegistrationError
        If the scan is empty or has one value throughout.
    """
    data = np.nan_to_num(volume.data, nan=0.0)
    peak = float(np.percentile(data, 99.5))
    if not peak > 0:
        raise RegistrationError("the scan is empty: fewer than 0.5 % of its voxels are above 0", code="empty_scan")
    bright = np.argwhere(data > 0.5 * peak)
    return np.asarray(volume.affine[:3, :3] @ bright.mean(axis=0) + volume.affine[:3, 3])
