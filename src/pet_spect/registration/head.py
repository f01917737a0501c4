"""Finding the head in a scan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume

HEAD_HEIGHT_MM = 260.0
"""A scan that reaches further down than this holds more than a head."""

_HEAD_SECTION_CM2 = 50.0
"""The least cross-section of a head just below the vertex; raised hands are smaller."""


def crop_to_head(volume: Volume) -> Volume:
    """Return the part of a scan that holds the head.

    Parameters
    ----------
    volume : Volume
        Third voxel axis towards the vertex (canonical order). A scan no taller than
        `HEAD_HEIGHT_MM` is returned as it is.

    Returns
    -------
    Volume
        The `HEAD_HEIGHT_MM` below the vertex: the highest slice in which one connected
        piece of the body is as large as a head's section. No resampling.

    Raises
    ------
    RegistrationError
        If no slice holds anything as large as a head.
    """
    spacing = volume.voxel_size
    keep = int(np.ceil(HEAD_HEIGHT_MM / spacing[2]))
    if volume.data.shape[2] <= keep:
        return volume
    body = volume.data > 0.05 * np.nanpercentile(volume.data, 99.5)
    section = _HEAD_SECTION_CM2 * 100 / (spacing[0] * spacing[1])
    top = next((k for k in range(body.shape[2] - 1, -1, -1) if _largest_piece(body[:, :, k]) >= section), None)
    if top is None:
        raise RegistrationError("no head found: no slice holds a piece as large as a head's section", code="no_head")
    first = max(top + 1 - keep, 0)
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, 2] * first
    return Volume(volume.data[:, :, first : top + 1], affine)


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
