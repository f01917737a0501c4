"""The voxels of an atlas and the regions they belong to, prepared once for all scans of a participant.

Between the voxels of the atlas its labels share a point linearly: with the nearest alone, all regions are shifted by up
to half a voxel where the points are as far apart as the atlas's voxels, as in every image on a grid of the standard
space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import RegionError
from pet_spect.imaging.resample import apply_affine, voxels_of
from pet_spect.model import Atlas, Volume
from pet_spect.quantify.membership import between_voxels

_CELL = 2
_STEPS = 1024  # a share is a whole number of these along each axis, so that sums are exact in whatever order

FloatArray = NDArray[np.float64]
RowArray = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True)
class LabelledSpace:
    """Which row of a table each voxel of an atlas counts in.

    Attributes
    ----------
    rows : (X, Y, Z) int array
        Row ``r`` is the r-th region's part outside the lesion, row ``r + R`` the part inside it, R the number of
        regions; -1 is none.
    affine : (4, 4) float array
        Voxel indices to RAS+ mm.
    n_regions : int
    with_lesion : bool
        Whether there is a lesion mask.
    """

    rows: RowArray
    affine: FloatArray
    n_regions: int
    with_lesion: bool

    @cached_property
    def _padded(self) -> RowArray:
        return np.pad(self.rows, 1, constant_values=-1)

    @cached_property
    def padded_rows(self) -> RowArray:
        """The rows with one more voxel at each end, flattened: what `around` gives indices of."""
        return self._padded.ravel()

    @cached_property
    def _even(self) -> NDArray[np.bool_]:
        """Whether a voxel and the next ones along each axis have one row, flattened like `padded_rows`."""
        padded = self._padded
        even = np.ones(tuple(n - 1 for n in padded.shape), dtype=bool)
        first = padded[:-1, :-1, :-1]
        for corner in list(product((0, 1), repeat=3))[1:]:
            even &= padded[tuple(slice(c, n - 1 + c) for c, n in zip(corner, padded.shape, strict=True))] == first
        return np.pad(even, [(0, 1)] * 3).ravel()

    def around(self, points: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
        """Return, (n,) each, which point, which voxel near it, and its share of the point; 1 in all for each point.

        A point outside the grid has none. Where all voxels around a point have one row, the nearest stands for all.
        """
        # axis by axis in whole steps: numpy is slow along a last axis of three
        places = voxels_of(self.affine, points)
        steps = [np.rint((places[:, axis] + 1) * _STEPS).astype(np.int64) for axis in range(3)]
        inside = np.ones(len(points), dtype=bool)
        for step, extent in zip(steps, self._padded.shape, strict=True):
            inside &= (step >= 0) & (step < (extent - 1) * _STEPS)
        point = np.flatnonzero(inside)
        steps = [step[point] for step in steps]
        low = self._flat([step // _STEPS for step in steps])
        is_even = self._even[low]
        nearest = self._flat([np.rint(step[is_even] / _STEPS).astype(np.int64) for step in steps])
        found = [(point[is_even], nearest, np.ones(nearest.size))]
        point, low = point[~is_even], low[~is_even]
        fractions = [(step[~is_even] % _STEPS) / _STEPS for step in steps]
        shares = [(1 - fraction, fraction) for fraction in fractions]
        for i, j, k in product((0, 1), repeat=3):
            share = shares[0][i] * shares[1][j] * shares[2][k]
            some = share > 0
            found.append((point[some], low[some] + self._flat([i, j, k]), share[some]))
        point, voxel, share = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return point, voxel, share

    def _flat(self, index: Sequence[Any]) -> Any:
        strides = (self._padded.shape[1] * self._padded.shape[2], self._padded.shape[2], 1)
        return sum(each * stride for each, stride in zip(index, strides, strict=True))

    def box(self) -> list[tuple[float, float]]:
        """Return by axis the first and last place, in voxels, of which a region has a share.

        Raises
        ------
        RegionError
            If there is no region.
        """
        box = []
        for axis in range(3):
            planes = np.flatnonzero((self.rows >= 0).any(axis=tuple(a for a in range(3) if a != axis)))
            if planes.size == 0:
                raise RegionError("the atlas holds no region", code="empty_atlas")
            box.append((float(planes[0]) - 1, float(planes[-1]) + 1))
        return box

    def near(self, reach_mm: float) -> tuple[NDArray[np.uint8], FloatArray]:
        """Return a coarse mask of everything within `reach_mm` of a region, and its affine."""
        from scipy.ndimage import maximum_filter

        voxel_mm = np.linalg.norm(self.affine[:3, :3], axis=0)
        reach = np.ceil(reach_mm / (voxel_mm * _CELL)).astype(int) + 1
        padded = np.pad(self.rows >= 0, [(0, -n % _CELL) for n in self.rows.shape])
        cells = padded.reshape([n for extent in padded.shape for n in (extent // _CELL, _CELL)]).any(axis=(1, 3, 5))
        cells = np.pad(cells.astype(np.uint8), [(int(r), int(r)) for r in reach])
        affine = self.affine @ np.diag([_CELL, _CELL, _CELL, 1.0])
        affine[:3, 3] = apply_affine(self.affine, ((0.5 - reach) * _CELL - 0.5)[np.newaxis])[0]
        return maximum_filter(cells, size=2 * reach + 1, mode="constant"), affine


def labelled_space(atlas: Atlas, lesion: Volume | None = None, *, lesion_threshold: float = 0.5) -> LabelledSpace:
    """Prepare an atlas for the scans of a participant.

    Parameters
    ----------
    atlas : Atlas
        Labels in the standard space.
    lesion : Volume, optional
        Lesion mask in the standard space.
    lesion_threshold : float, default 0.5
        A voxel of `lesion` above it is lesion.
    """
    n_regions = len(atlas.regions)
    fits = 2 * n_regions <= np.iinfo(np.int16).max
    row_of_label = np.full(int(atlas.labels.max()) + 1, -1, dtype=np.int16 if fits else np.int32)
    for number, region in enumerate(atlas.regions):
        if 0 <= region.index < row_of_label.size:
            row_of_label[region.index] = number
    rows = row_of_label[atlas.labels]
    if lesion is not None:
        # by voxels of the atlas, so that of a region that is lost altogether no rim is left
        labelled = rows >= 0
        places = apply_affine(atlas.affine, np.argwhere(labelled).astype(np.float64))
        lost = between_voxels(lesion, places) > lesion_threshold
        rows[labelled] += (n_regions * lost).astype(rows.dtype)
    return LabelledSpace(rows, atlas.affine, n_regions, lesion is not None)
