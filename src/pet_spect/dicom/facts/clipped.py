"""Clipped voxels: values cut off at one largest value because they outgrew their bits."""

from __future__ import annotations

import numpy as np

from pet_spect.model import Volume
from pet_spect.remarks import Remark

_LEAST = 8
_CLOSE = 0.97
_STEP = 0.01
"""Values are told apart this finely, as a share of the largest; in a phantom, or with few counts, many share it."""


def clipping_remarks(volume: Volume) -> list[Remark]:
    """Return whether the brightest voxels of a volume look cut off.

    In an image as measured few voxels share the largest value of their slice, and more come close to it.

    Parameters
    ----------
    volume : Volume
        NaN where there is padding. Looked at slice by slice along the last axis, each of which may have a
        scale of its own.

    Returns
    -------
    list of Remark
        ``values_clipped``, or nothing.
    """
    cut = sum(_cut(volume.data[:, :, index]) for index in range(volume.data.shape[2]))
    return [Remark.of("values_clipped", voxels=cut)] if cut else []


def _cut(plane: np.ndarray) -> int:
    """Return how many voxels of a slice are cut off; 0 also where values are too coarse to tell."""
    top = np.fmax.reduce(plane, axis=None)
    if not top > 0:
        return 0
    bright = plane[plane >= _CLOSE * top]
    below = bright[bright < top]
    at_top = bright.size - below.size
    if at_top < _LEAST or at_top <= below.size or not below.size:
        return 0
    return at_top if top - below.max() <= _STEP * top else 0
