"""Values on a grid far finer than their meaning, so that they pack: noise in the last bits of a number does not.

The steps are powers of two, so that the rounded values are exact in float32 and rounding twice changes nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

WARP_STEP_MM = 2.0**-6
"""0.016 mm: displacements are off by 0.008 mm at the most, where a registration is off by a millimetre."""

STANDARD_BITS = 10
"""Scans in the standard space are to be looked at: a step is between 1/1024 and 1/512 of the largest value."""


def rounded(values: NDArray[np.float32], step: float) -> NDArray[np.float32]:
    """Return values at the nearest multiple of a step; NaN stays NaN, and there is no negative zero.

    Examples
    --------
    >>> rounded(np.array([0.3, -0.01, np.nan], dtype=np.float32), 0.25).tolist()
    [0.25, 0.0, nan]
    """
    steps = np.rint(values / np.float32(step)).astype(np.float32)
    nearest: NDArray[np.float32] = steps * np.float32(step) + np.float32(0)
    return nearest


def rounded_to_bits(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Return values at multiples of one step, of which the largest one has ``2 ** (bits - 1)`` to ``2 ** bits``.

    Values that are all zero or NaN come back as they are.
    """
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    return values if largest == 0 else rounded(values, 2.0 ** (math.floor(math.log2(largest)) + 1 - bits))
