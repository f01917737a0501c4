"""Cropped fields of view, and how much of each region they show."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pet_spect.imaging.resample import apply_affine, voxels_of
from pet_spect.model import Volume
from pet_spect.simulate.heads.standard_head import Head

Face = Literal["vertex", "below", "left", "right", "front", "back"]

_TOWARDS: Mapping[Face, tuple[int, int]] = MappingProxyType(
    {"vertex": (2, 1), "below": (2, -1), "left": (0, -1), "right": (0, 1), "front": (1, 1), "back": (1, -1)}
)
"""Axis and direction of each face, RAS+."""


def cut(volume: Volume, head: Head, to_scan: NDArray[np.float64], face: Face, mm: float) -> Volume:
    """Cut a scan so that a part of the brain is out of its field of view.

    Parameters
    ----------
    volume : Volume
        A scan; its voxel axes may run in any order and direction.
    head : Head
        The person, whose labels are the true regions.
    to_scan : (4, 4) float64 array
        Points of the person to points of the scan: the pose, and the table position if the scan has one.
    face : {'vertex', 'below', 'left', 'right', 'front', 'back'}
        Where the brain is cut, in the directions of the scan.
    mm : float
        How much of the brain's extent in view is missing at that face, to the nearest whole voxel;
        0 cuts at the border of the brain.

    Returns
    -------
    Volume
        Whole slices, columns or rows are missing; the rest is unchanged and lies where it lay.

    Raises
    ------
    ValueError
        If nothing of the brain would be left.
    """
    axis, sign = _TOWARDS[face]
    along = volume.affine[axis, :3]
    index_axis = int(np.argmax(np.abs(along)))
    size_mm = float(np.linalg.norm(volume.affine[:3, index_axis]))
    position = _brain_voxels(volume, head, to_scan)[:, index_axis]
    extent = volume.data.shape[index_axis]
    first, last = max(0.0, float(position.min())), min(extent - 1.0, float(position.max()))
    if along[index_axis] * sign > 0:
        keep = slice(0, max(0, min(extent, round(last + 0.5 - mm / size_mm))))
    else:
        keep = slice(max(0, round(first + 0.5 + mm / size_mm)), extent)
    if mm >= (last - first) * size_mm:
        raise ValueError(f"{mm} mm at {face} leave nothing of a brain of {(last - first) * size_mm:.0f} mm")
    offset = np.zeros(3)
    offset[index_axis] = keep.start
    affine = volume.affine.copy()
    affine[:3, 3] = apply_affine(volume.affine, offset)
    box = tuple(keep if each == index_axis else slice(None) for each in range(3))
    return Volume(np.ascontiguousarray(volume.data[box]), affine)


def coverage(volume: Volume, head: Head, to_scan: NDArray[np.float64]) -> dict[tuple[str, str], float]:
    """Return how much of each true region a scan shows.

    Parameters
    ----------
    volume : Volume
    head : Head
        The person, whose labels are the true regions.
    to_scan : (4, 4) float64 array
        See `cut`.

    Returns
    -------
    dict of (region, side) to float
        Fraction of the region's voxels whose middle lies inside a voxel of the scan that is not NaN;
        without the regions that have no voxel.
    """
    labels = head.labels[head.labels > 0]
    nearest = np.rint(_brain_voxels(volume, head, to_scan)).astype(int)
    inside = np.asarray(((nearest >= 0) & (nearest < volume.data.shape)).all(axis=1))
    inside[inside] = np.isfinite(volume.data[tuple(nearest[inside].T)])
    whole = np.bincount(labels, minlength=256)
    in_view = np.bincount(labels[inside], minlength=256)
    return {
        (name, side): float(in_view[label] / whole[label])
        for name, by_side in head.indices.items()
        for side, label in by_side.items()
        if whole[label]
    }


def _brain_voxels(volume: Volume, head: Head, to_scan: NDArray[np.float64]) -> NDArray[np.float64]:
    points = apply_affine(to_scan @ head.affine, np.argwhere(head.labels > 0))
    return voxels_of(volume.affine, points)
