"""Trilinear interpolation together with its derivative."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Trilinear:
    """An image whose values and slopes between its voxels are asked for again and again."""

    def __init__(self, data: NDArray[np.float32]) -> None:
        self._extent = data.shape
        self._values = np.ascontiguousarray(data).ravel()
        self._strides = (data.shape[1] * data.shape[2], data.shape[2], 1)

    def at(self, voxels: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (n,) values and (3, n) slopes per voxel at (3, n) places; both NaN outside the image.

        The slope is that of the interpolated image itself, so it jumps at the voxels' centres.
        """
        inside = np.ones(voxels.shape[1], dtype=bool)
        lows, fractions = [], []
        for place, extent in zip(voxels, self._extent, strict=True):
            inside &= (place >= 0) & (place <= extent - 1)
            low = np.clip(np.floor(place), 0, max(extent - 2, 0))
            lows.append(low.astype(np.int64))
            fractions.append(place - low)
        first = sum(low * stride for low, stride in zip(lows, self._strides, strict=True))
        first = np.where(inside, first, 0)
        shares = [(1 - fraction, fraction) for fraction in fractions]
        values, slopes = np.zeros(voxels.shape[1]), np.zeros(voxels.shape)
        for corner in product((0, 1), repeat=3):
            step = sum(
                bit * stride * (extent > 1)
                for bit, stride, extent in zip(corner, self._strides, self._extent, strict=True)
            )
            seen = self._values[first + step]
            x, y, z = (share[bit] for share, bit in zip(shares, corner, strict=True))
            values += x * y * z * seen
            for axis, others in enumerate((y * z, x * z, x * y)):
                slopes[axis] += others * seen if corner[axis] else -others * seen
        values[~inside] = np.nan
        slopes[:, ~inside] = np.nan
        return values, slopes
