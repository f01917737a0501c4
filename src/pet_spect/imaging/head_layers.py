"""The layers around the brain: CSF, skull and scalp."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

CSF_REACHES_MM, SKULL_REACHES_MM, SCALP_REACHES_MM = 3.0, 8.0, 13.0
"""Outer distances of the layers around the brain."""


def distance_outside(brain: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance to the brain in mm on a 1 mm grid, accurate to 2 mm: it only places skull and scalp."""
    distance = 2 * np.asarray(distance_transform_edt(~brain[::2, ::2, ::2]), dtype=np.float32)
    fine = distance.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    cut: NDArray[np.float32] = fine[: brain.shape[0], : brain.shape[1], : brain.shape[2]]
    cut[brain] = 0
    return cut
