"""Individual anatomy: the standard head seen through a random smooth warp and an affine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation

from pet_spect.simulate.head import Head

COARSE_MM = 4.0
"""Grid on which the warp is made; it is much smoother than that."""

WARP_SMOOTHNESS_MM = 20.0
WARP_RMS_MM = 3.0
"""Standard deviation of the kernel, and of each component of the displacement."""

_SQUARINGS = 5
_REGION_SD = 0.04


@dataclass(frozen=True)
class Anatomy:
    """One participant's head.

    Attributes
    ----------
    head : Head
        Labels and healthy uptake on the participant's own grid.
    standard_points : (3, X, Y, Z) float32 array
        For each voxel the point of the standard head it is made from, RAS+ mm.
    """

    head: Head
    standard_points: NDArray[np.float32]


def upsample(coarse: NDArray[np.float32], shape: tuple[int, ...], step: float) -> NDArray[np.float32]:
    """Interpolate linearly onto a finer grid that starts at the same voxel.

    Parameters
    ----------
    coarse : (X, Y, Z) float32 array
    shape : (3,) int
        Shape of the finer grid.
    step : float
        Voxels of the finer grid per voxel of `coarse`.

    Returns
    -------
    float32 array of `shape`
        The last value is kept beyond the end of `coarse`.
    """
    fine = coarse
    for axis, (length, known) in enumerate(zip(shape, coarse.shape, strict=True)):
        position = np.minimum(np.arange(length) / step, known - 1)
        lower = np.minimum(position.astype(int), known - 2)
        weight = (position - lower).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
        fine = np.take(fine, lower, axis=axis) * (1 - weight) + np.take(fine, lower + 1, axis=axis) * weight
    return fine


def coarse_grid(head: Head) -> tuple[int, int, int]:
    """Return the shape of the grid of `COARSE_MM` that starts where the head's does and covers it."""
    across, along, up = (int(np.ceil((extent - 1) * head.affine[0, 0] / COARSE_MM)) + 1 for extent in head.labels.shape)
    return across, along, up


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, ...], sigma: float | NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return Gaussian noise blurred with `sigma` voxels, mean 0 and standard deviation 1.

    The standard deviation is that of the process, not of the sample, so the noise is the same field
    whatever else is drawn; within three sigma of the border it is larger by reflection.
    """
    white = rng.standard_normal(shape, dtype=np.float32)
    width = np.broadcast_to(np.asarray(sigma, dtype=np.float64), (3,))
    gain = 1.0
    for axis_sigma in width:
        reach = int(4 * axis_sigma + 0.5)
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / axis_sigma) ** 2)
        gain *= np.sqrt(((kernel / kernel.sum()) ** 2).sum())
    blurred = gaussian_filter(white, tuple(width), output=np.float32)
    return np.asarray(blurred / np.float32(gain), dtype=np.float32)


def random_warp(
    rng: np.random.Generator, shape: tuple[int, ...], *, rms_mm: float = WARP_RMS_MM
) -> NDArray[np.float32]:
    """Draw a smooth diffeomorphic displacement on a grid of `COARSE_MM`.

    A random stationary velocity is integrated by scaling and squaring
    (Arsigny 2006, doi 10.1007/11866565_113), hence invertible.

    Parameters
    ----------
    rng : numpy random generator
    shape : (3,) int
    rms_mm : float
        Standard deviation of each component of the velocity; 0 gives no warp.

    Returns
    -------
    (3, X, Y, Z) float32 array
        Displacement in mm.
    """
    sigma = WARP_SMOOTHNESS_MM / COARSE_MM
    velocity = np.stack([smooth_noise(rng, shape, sigma) for _ in range(3)])
    displacement = velocity * np.float32(rms_mm / COARSE_MM / 2**_SQUARINGS)
    grid = np.indices(shape, dtype=np.float32)
    for _ in range(_SQUARINGS):
        there = grid + displacement
        displacement = displacement + np.stack(
            [map_coordinates(component, there, order=1, mode="nearest") for component in displacement]
        )
    return np.asarray(displacement * COARSE_MM, dtype=np.float32)


def random_affine(rng: np.random.Generator, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw how one head differs from another in size and stance: up to 6 % per axis, 3 degrees, 3 % shear."""
    matrix = np.diag(rng.uniform(0.94, 1.06, 3))
    matrix[np.triu_indices(3, 1)] = rng.uniform(-0.03, 0.03, 3)
    matrix = Rotation.from_euler("xyz", rng.uniform(-3, 3, 3), degrees=True).as_matrix() @ matrix
    affine = np.eye(4)
    affine[:3, :3] = matrix
    affine[:3, 3] = centre - matrix @ centre
    return affine


def individual_anatomy(
    head: Head, rng: np.random.Generator, *, warp_rms_mm: float = WARP_RMS_MM, affine: NDArray[np.float64] | None = None
) -> Anatomy:
    """Draw a participant.

    Parameters
    ----------
    head : Head
        The standard head.
    rng : numpy random generator
    warp_rms_mm : float
        Strength of the warp, see `random_warp`.
    affine : (4, 4) float64 array, optional
        Participant points to standard points; drawn by default.

    Returns
    -------
    Anatomy
        On the grid of `head`. Labels are taken from the nearest voxel, uptake linearly.
        Each region's uptake also differs from the standard head's by a few percent,
        the same on both sides.
    """
    shape = head.labels.shape
    step = COARSE_MM / head.affine[0, 0]
    coarse_shape = coarse_grid(head)
    centre = head.affine[:3, :3] @ (np.array(shape) - 1) / 2 + head.affine[:3, 3]
    matrix = random_affine(rng, centre) if affine is None else affine
    origin = head.affine[:3, 3].reshape(3, 1, 1, 1)
    points = np.indices(coarse_shape, dtype=np.float32) * np.float32(COARSE_MM) + origin
    points = np.einsum("ij,jxyz->ixyz", matrix[:3, :3], points) + matrix[:3, 3].reshape(3, 1, 1, 1)
    points = (points + random_warp(rng, coarse_shape, rms_mm=warp_rms_mm)).astype(np.float32)
    standard_points = np.stack([upsample(component, shape, step) for component in points])
    voxels = (standard_points - origin.astype(np.float32)) / np.float32(head.affine[0, 0])
    labels = map_coordinates(head.labels, voxels, order=0, output=np.uint8)
    uptake: Mapping[str, NDArray[np.float32]] = {
        tracer: map_coordinates(healthy, voxels, order=1, output=np.float32) * _region_variation(head, rng)[labels]
        for tracer, healthy in head.uptake.items()
    }
    return Anatomy(Head(labels, uptake, head.affine, head.indices), standard_points)


def _region_variation(head: Head, rng: np.random.Generator) -> NDArray[np.float32]:
    factor = np.ones(256, dtype=np.float32)
    for by_side in head.indices.values():
        factor[list(by_side.values())] = np.exp(_REGION_SD * rng.standard_normal())
    return factor
