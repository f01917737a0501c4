"""Values that the records of several steps hold: transforms row by row, volumes on either side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from pet_spect.results.typed_json import Key

Three = tuple[float, float, float]


_Row = tuple[float, float, float, float]


Matrix = tuple[_Row, _Row, _Row, _Row]
"""A (4, 4) transform of points, RAS+ mm, row by row."""


def matrix_of(transform: NDArray[np.float64]) -> Matrix:
    """Return a (4, 4) array as a record holds it."""
    first, second, third, last = ((a, b, c, d) for a, b, c, d in transform.tolist())
    return first, second, third, last


@dataclass(frozen=True, kw_only=True)
class VolumesMl:
    """A volume on either side of the person, mL."""

    left: Annotated[float, Key("left")]
    right: Annotated[float, Key("right")]
