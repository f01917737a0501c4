"""Arrays of whole numbers packed into a script, so that a page can load them from disk without a server.

A browser lets a page opened from disk load scripts, but read no other file.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.files import whole_file
from pet_spect.model import Volume

STEPS = 511
"""Into how many steps the range of a volume is divided: rounding is off by less than 0.1 % of the range."""

_GZIP = 31


def packed(numbers: NDArray[np.integer[Any]], *, smooth: bool) -> str:
    """Return an array as text.

    Parameters
    ----------
    numbers : (X, Y, Z) int array
        Whole numbers from 0 up.
    smooth : bool
        Whether each number is replaced by how it differs from its neighbours, along each axis in turn. That halves the
        size of a scan and enlarges labels.

    Returns
    -------
    str
        Base64 of gzip of one number after the other, the first axis fastest. Each is doubled if it is positive or
        zero, else doubled, without its sign and less one; of what results, seven bits a byte, the lowest first, the
        eighth bit set if more follow.

    Examples
    --------
    >>> import gzip
    >>> list(gzip.decompress(base64.b64decode(packed(np.array([[[3]], [[2]], [[200]]]), smooth=False))))
    [6, 4, 144, 3]
    >>> list(gzip.decompress(base64.b64decode(packed(np.array([[[3]], [[2]], [[2]]]), smooth=True))))
    [6, 1, 0]
    """
    values = np.asarray(numbers, dtype=np.int64)
    for axis in range(3) if smooth else ():
        values = np.diff(values, axis=axis, prepend=0)
    rest = np.where(values >= 0, 2 * values, -2 * values - 1).ravel("F")
    lengths = np.ones(rest.size, dtype=np.int64)
    for bits in range(7, 63, 7):
        lengths += rest >> bits > 0
    place = np.cumsum(lengths) - lengths
    content: NDArray[np.uint8] = np.zeros(int(lengths.sum()), dtype=np.uint8)
    for nth in range(int(lengths.max(initial=0))):
        held, follows = lengths > nth, lengths > nth + 1
        content[place[held] + nth] = ((rest & 127) | np.where(follows, 128, 0))[held]
        rest = rest >> 7
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP, 9, zlib.Z_FILTERED if smooth else zlib.Z_DEFAULT_STRATEGY)
    return base64.b64encode(packer.compress(content.tobytes()) + packer.flush()).decode("ascii")


def in_steps(data: NDArray[np.floating]) -> tuple[NDArray[np.int64], float, float]:
    """Return values as whole numbers, with the slope and the intercept that make values of them again.

    Parameters
    ----------
    data : float array
        NaN becomes 0, which stands for no value.

    Returns
    -------
    steps : int array
        0, or 1 to `STEPS` + 1.
    slope, intercept : float
        The value of a step above 0 is ``slope * step + intercept``.

    Examples
    --------
    >>> steps, slope, intercept = in_steps(np.array([np.nan, 0.0, 511.0]))
    >>> steps.tolist(), slope, intercept
    ([0, 1, 512], 1.0, -1.0)
    """
    known = np.isfinite(data)
    lowest, highest = (float(data[known].min()), float(data[known].max())) if known.any() else (0.0, 0.0)
    slope = (highest - lowest) / STEPS or 1.0
    steps = np.rint((np.where(known, data, lowest).astype(np.float64) - lowest) / slope).astype(np.int64) + 1
    return np.where(known, steps, 0), slope, lowest - slope


def write_script(path: Path, about: Mapping[str, Any], grid: Volume, numbers: str) -> None:
    """Write a packed array as a script named like the file.

    Parameters
    ----------
    path : Path
    about : mapping of str to Any
        What the page is told of it: ``slope`` and ``intercept``, ``unit``, names of labels, ...
    grid : Volume
        On whose grid it is: upright, its axes to the right, to the front and upwards.
    numbers : str
        What `packed` returned.
    """
    place = {
        "shape": list(grid.data.shape),
        "voxel_mm": np.diag(grid.affine)[:3].tolist(),
        "origin_mm": grid.affine[:3, 3].tolist(),
    }
    words = json.dumps(path.stem), json.dumps({**place, **about}, sort_keys=True), json.dumps(numbers)
    with whole_file(path) as partial:
        partial.write_text(f"petSpect.add({', '.join(words)});\n", encoding="ascii", newline="\n")
