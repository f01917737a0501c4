"""A scan whose headers were understood and whose voxels can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.sidecar import ScanFacts


@dataclass(frozen=True)
class Examined:
    """Facts of a scan that its headers alone give.

    Attributes
    ----------
    facts : ScanFacts
    shape : three ints
        Columns, rows, slices.
    affine : (4, 4) float64 array
        (column, row, slice) indices to RAS+ mm.
    voxels : function without parameters
        Reads the voxels, float32 of that shape in the native unit; NaN where there is
        padding. Raises `DicomError` where pixel data cannot be read.
    """

    facts: ScanFacts
    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    voxels: Callable[[], NDArray[np.float32]]
