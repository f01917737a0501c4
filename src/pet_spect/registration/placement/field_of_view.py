"""The part of the brain that a scan has in view, found before any warp."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pet_spect.errors import RegistrationError
from pet_spect.imaging.resample import apply_affine
from pet_spect.model import Volume
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.placement.head_search import bright_level

FACES = (("left side", "right side"), ("back", "front"), ("bottom", "top"))
"""Names of the low and the high end of each voxel axis in canonical order."""

BRAIN_LIKE = 0.35
"""Of the level that 600 mL of the scan reach: tissue of the brain, and hardly anything else of a head."""

EDGE_CM2 = 3.0
"""A larger section of brain-like uptake in the last slices of a side means that the brain goes on beyond them."""

FAINT = 0.1
"""Of that level: slices at an end that nowhere reach it show no head, whatever stray values they hold."""

_SMOOTHING_MM = 3.0
_BEYOND, _CLEARLY_BEYOND = 0.002, 0.02
_NEAR_BRAIN_MM = 10.0


@dataclass(frozen=True)
class FieldOfView:
    """What of the brain is in view.

    Attributes
    ----------
    cut : tuple of str
        The sides at which the brain leaves the field of view, names of `FACES`; empty if it does not.
    brain_fraction : float
        Of the brain, in view.
    first, last : tuple of float
        The field of view in voxel indices of the scan, voxel edges included.
    """

    cut: tuple[str, ...]
    brain_fraction: float
    first: tuple[float, float, float]
    last: tuple[float, float, float]

    def holds(self, voxels: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which of (n, 3) voxel places lie in the field of view."""
        return np.asarray(((voxels >= np.array(self.first)) & (voxels <= np.array(self.last))).all(axis=1))


def view_box(scan: Volume) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last voxel along each axis that hold a measurement.

    Slices at an end that are NaN, or have one and the same value throughout, hold none: such slices fill up a cut scan.
    """
    data = np.nan_to_num(scan.data, nan=0.0)
    first, last = np.zeros(3, dtype=np.int64), np.array(data.shape, dtype=np.int64) - 1
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        varied = np.flatnonzero(data.max(axis=others) > data.min(axis=others))
        if varied.size:
            first[axis], last[axis] = varied[0], varied[-1]
    return first, last


def in_view(scan: Volume) -> Volume:
    """Return a scan with NaN wherever it holds no measurement, see `view_box`."""
    return within(scan, *view_box(scan))


def within(scan: Volume, first: NDArray[np.integer], last: NDArray[np.integer]) -> Volume:
    """Return a scan with NaN outside a box of voxels; the scan itself if the box is all of it."""
    if not first.any() and (last == np.array(scan.data.shape) - 1).all():
        return scan
    data = np.full_like(scan.data, np.nan)
    box = tuple(slice(low, high + 1) for low, high in zip(first, last, strict=True))
    data[box] = scan.data[box]
    return Volume(data, scan.affine)


def field_of_view(
    scan: Volume, pose: NDArray[np.float64], brain: NDArray[np.bool_], standard: NDArray[np.float64]
) -> FieldOfView:
    """Find the sides at which the brain leaves the field of view of a scan.

    It does where the last slices have brain-like uptake and the head, judged by its size and shape in view, goes on
    beyond them. Both are needed: a scalp or a nose reaches the edge of a whole brain's scan, and the pose may err.
    Where slices were filled up with something else than one value, or the cut was smoothed, the last slices show
    nothing; there the head must clearly (2 % of the brain) go on beyond the last slice that shows any of it.

    Parameters
    ----------
    scan : Volume
        The whole scan in canonical voxel order; NaN is out of view (see `in_view`).
    pose : (4, 4) float array
        Standard points to scan points, see `pose.find_pose`.
    brain : (X, Y, Z) bool array
        The template's brain.
    standard : (4, 4) float array
        Its voxel indices to standard points.
    """
    first, last = _reached(np.isfinite(scan.data))
    places = np.argwhere(brain)
    places = places[(places % 2 == 0).all(axis=1)]
    voxels = apply_affine(np.linalg.inv(scan.affine) @ pose @ standard, places.astype(np.float64))
    smooth, level = _smooth(scan), _level(scan)
    shown, bright = (_reached(smooth > share * level) for share in (FAINT, BRAIN_LIKE))
    ends = [first.astype(np.float64), last.astype(np.float64)]
    cut = []
    for axis, end in product(range(3), range(2)):

        def beyond(limit: NDArray[np.integer], axis: int = axis, end: int = end) -> float:
            place = voxels[:, axis]
            return float(np.mean(place < limit[axis] - 0.5 if end == 0 else place > limit[axis] + 0.5))

        abrupt = beyond((first, last)[end]) > _BEYOND and _edge_cm2(scan, voxels, first, last, axis, end) > EDGE_CM2
        if not abrupt and beyond(shown[end]) > _CLEARLY_BEYOND:
            ends[end][axis] = bright[end][axis]
        if abrupt or beyond(shown[end]) > _CLEARLY_BEYOND:
            cut.append(FACES[axis][end])
    low, high = ends[0] - 0.5, ends[1] + 0.5
    inside = ((voxels >= low) & (voxels <= high)).all(axis=1)
    fraction = float(inside.mean()) if cut else 1.0
    return FieldOfView(tuple(cut), fraction, tuple(low.tolist()), tuple(high.tolist()))


def _reached(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last voxel along each axis at which a mask has any; the whole grid if it has none."""
    places = np.argwhere(mask) if mask.any() else np.array([[0, 0, 0], np.array(mask.shape) - 1])
    return places.min(axis=0), places.max(axis=0)


def _level(scan: Volume) -> float:
    return bright_level(np.nan_to_num(scan.data, nan=0.0), float(np.prod(scan.voxel_size)) / 1000)


def _smooth(scan: Volume) -> NDArray[np.float32]:
    """Return a scan smoothed enough that a stray voxel is no head; 0 out of view."""
    data = np.nan_to_num(scan.data, nan=0.0)
    return np.asarray(gaussian_filter(data, tuple(_SMOOTHING_MM / scan.voxel_size), mode="nearest"), dtype=np.float32)


def _edge_cm2(
    scan: Volume,
    voxels: NDArray[np.float64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    axis: int,
    end: int,
) -> float:
    """Return the section of brain-like uptake in the last two slices of a side, where the head would have brain."""
    size = scan.voxel_size
    margin = np.ceil(_NEAR_BRAIN_MM / size)
    low = np.maximum(first, np.floor(voxels.min(axis=0) - margin)).astype(int)
    high = np.minimum(last, np.ceil(voxels.max(axis=0) + margin)).astype(int)
    edge = int(first[axis] if end == 0 else last[axis])
    box = [slice(low[a], high[a] + 1) for a in range(3)]
    box[axis] = slice(edge, edge + 2) if end == 0 else slice(edge - 1, edge + 1)
    slab = np.nan_to_num(scan.data[tuple(box)], nan=0.0)
    if not slab.size:
        return 0.0
    sigma = tuple(0.0 if a == axis else _SMOOTHING_MM / size[a] for a in range(3))
    bright = gaussian_filter(slab, sigma, mode="nearest") > BRAIN_LIKE * _level(scan)
    section = float(np.prod(np.delete(size, axis))) / 100
    return float(bright.sum(axis=tuple(a for a in range(3) if a != axis)).min() * section)


def check_field_of_view(view: FieldOfView, gates: Gates) -> None:
    """Refuse a scan that has too little of the brain in view to be registered.

    Raises
    ------
    RegistrationError
        Naming the sides that are cut.
    """
    if view.brain_fraction < gates.brain_in_view_min:
        raise RegistrationError(
            f"{view.brain_fraction:.0%} of the brain is in the field of view, {gates.brain_in_view_min:.0%} is needed;"
            f" the brain is cut at the {' and the '.join(view.cut)}",
            code="gate_field_of_view",
        )
