"""The body below a simulated head, for whole-body scans."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from pet_spect.model import Volume

BODY_MM = 4.0
"""Voxel of the body."""

_LEFT_BACK_MM, _RIGHT_FRONT_MM, _TOP_MM = (-260.0, -200.0), (260.0, 200.0), 260.0


def with_body(
    activity: NDArray[np.float32],
    affine: NDArray[np.float64],
    *,
    arms: Literal["up", "down"],
    lowest_mm: float = -1000.0,
    bladder: float = 8.0,
    vein: float = 0.0,
) -> Volume:
    """Return FDG in a person from the hands or the vertex down: face, neck, trunk, arms, liver, heart, bladder, thighs.

    Parameters
    ----------
    activity : (X, Y, Z) float32 array
        FDG in the head, relative uptake.
    affine : (4, 4) float64 array
        Its voxel indices to the person's RAS+ mm; cubic voxels.
    arms : {'up', 'down'}
        Beside the head with the hands above it, or beside the trunk.
    lowest_mm : float, default -1000
        Where the body ends, in the person's z.
    bladder, vein : float
        Uptake of the bladder and of the vein that was injected; 0 is no vein.

    Returns
    -------
    Volume
        Infinite resolution, voxels of `BODY_MM`. The head's own values wherever they are above 0.
    """
    low = np.array([*_LEFT_BACK_MM, lowest_mm])
    high = np.array([*_RIGHT_FRONT_MM, _TOP_MM])
    shape = np.round((high - low) / BODY_MM).astype(int) + 1
    grid = np.diag([BODY_MM] * 3 + [1.0])
    grid[:3, 3] = low
    points = np.stack(
        np.meshgrid(
            *(np.float32(start) + np.float32(BODY_MM) * np.arange(n) for start, n in zip(low, shape, strict=True)),
            indexing="ij",
        )
    ).astype(np.float32)
    body = _body(points, arms, bladder, vein)
    voxels = (points - affine[:3, 3].astype(np.float32).reshape(3, 1, 1, 1)) / np.float32(affine[0, 0])
    head = map_coordinates(activity, voxels, order=1, mode="constant", output=np.float32)
    return Volume(np.where(head > 0, head, body), grid)


def ball(
    points: NDArray[np.floating], centre: tuple[float, float, float], radii: tuple[float, float, float]
) -> NDArray[np.bool_]:
    """Return which of (3, ...) points lie inside an ellipsoid."""
    return np.asarray(sum(((points[a] - centre[a]) / radii[a]) ** 2 for a in range(3)) < 1)


def _body(points: NDArray[np.float32], arms: str, bladder: float, vein: float) -> NDArray[np.float32]:
    x, y, z = points
    body = np.zeros(x.shape, dtype=np.float32)
    body[(np.hypot(x, y + 20) < 55) & (z < -50) & (z > -190)] = 0.12
    body[ball(points, (0, 30, -90), (60, 60, 70))] = 0.12
    body[((x / 190) ** 2 + ((y + 20) / 110) ** 2 < 1) & (z < -190) & (z > -850)] = 0.1
    body[ball(points, (0, -20, -190), (200, 90, 50))] = 0.12
    body[ball(points, (70, 0, -500), (90, 80, 80))] = 0.3
    body[ball(points, (-30, 20, -380), (45, 45, 45))] = 0.7
    body[ball(points, (0, 20, -800), (45, 45, 40))] = bladder
    for side in (-1, 1):
        body[(np.hypot(x - side * 90, y + 20) < 75) & (z <= -850)] = 0.1
        if arms == "up":
            along = np.clip((z + 190) / 380, 0, 1)
            body[(np.hypot(x - side * (200 - 70 * along), y + 10) < 42) & (z > -190) & (z < 200)] = 0.12
            body[ball(points, (side * 110, -10, 215), (40, 25, 45))] = 0.12
        else:
            body[(np.hypot(x - side * 228, y + 20) < 40) & (z < -190) & (z > -800)] = 0.12
    if vein:
        at = (150.0, -10.0, 150.0) if arms == "up" else (228.0, -10.0, -500.0)
        body[ball(points, at, (12, 12, 40))] = vein
    return body
