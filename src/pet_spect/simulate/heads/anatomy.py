"""Individual anatomy: the standard head through an affine, a smooth warp, petalia and atrophy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation

from pet_spect.imaging.normal_uptake import PATTERNS, VENTRICLES
from pet_spect.simulate.heads.regional_factors import regional_factors
from pet_spect.simulate.heads.standard_head import Head
from pet_spect.simulate.heads.traits import Traits, draw_traits

COARSE_MM = 4.0
"""Grid on which the warp is made; it is much smoother than that."""

WARP_SMOOTHNESS_MM = 20.0
"""Standard deviation of the kernel of the random warp."""

_SQUARINGS = 5
_MOST_LOST = 0.9
_MIDLINE_MM, _POLE_MM = 20.0, 85.0
_MIDDLE_Y_MM = -18.0

_LATERAL = ("lateral_ventricle",)
_WIDENING = tuple(name for name in VENTRICLES if name != "fourth_ventricle")
_FLOW_SMOOTHNESS_MM, _FLOW_STEP_MM, _FLOW_GRID_MM, _FLOW_MARGIN_MM = 5.0, 0.5, 2.0, 24.0
_MOST_FLOW_STEPS = 100


@dataclass(frozen=True)
class Anatomy:
    """One participant's head.

    Attributes
    ----------
    head : Head
        Labels and healthy uptake on the participant's own grid.
    standard_points : (3, X, Y, Z) float32 array
        For each voxel the point of the standard head it is made from, RAS+ mm.
    thinned : (X, Y, Z) float32 array, optional
        On the grid of the standard head: share of each voxel that the CSF of widened sulci takes.
    """

    head: Head
    standard_points: NDArray[np.float32]
    thinned: NDArray[np.float32] | None = None


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
    for axis, (length, coarse_length) in enumerate(zip(shape, coarse.shape, strict=True)):
        position = np.minimum(np.arange(length) / step, coarse_length - 1)
        lower = np.minimum(position.astype(int), coarse_length - 2)
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


def random_warp(rng: np.random.Generator, shape: tuple[int, ...], *, rms_mm: float) -> NDArray[np.float32]:
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


def affine_of(traits: Traits, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (4, 4) matrix from a person's points to standard points that keeps the centre in place."""
    matrix = np.diag(1 / np.array(traits.size))
    matrix[np.triu_indices(3, 1)] = traits.shear
    matrix = Rotation.from_euler("xyz", traits.turn_degrees, degrees=True).as_matrix() @ matrix
    affine = np.eye(4)
    affine[:3, :3] = matrix
    affine[:3, 3] = centre - matrix @ centre
    return affine


def petalia(points: NDArray[np.float32], amount_mm: float) -> NDArray[np.float32]:
    """Return where along y points of a person come from, if the right hemisphere lies further forward.

    Parameters
    ----------
    points : (3, ...) float32 array
        RAS+ mm.
    amount_mm : float
        Difference between the sides at the frontal and the occipital pole; 0 halfway.

    Returns
    -------
    (...) float32 array
        Displacement in mm, opposite on the two sides and smooth across the midline.
    """
    towards_pole = np.clip(np.abs(points[1] - _MIDDLE_Y_MM) / _POLE_MM, 0, 1)
    return np.asarray(-0.5 * amount_mm * np.tanh(points[0] / _MIDLINE_MM) * towards_pole**2, dtype=np.float32)


def ventricle_flow(head: Head, ratio: float, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return where points come from if the lateral ventricles have `ratio` times their volume.

    Points flow along the gradient of the smoothed ventricles (lateral, temporal horn, third), a stationary
    velocity, until the lateral ones have the volume: invertible, and the tissue around them is pushed aside.

    Parameters
    ----------
    head : Head
        The standard head.
    ratio : float
    points : (3, X, Y, Z) float32 array
        RAS+ mm of the standard head with the other ventricles.

    Returns
    -------
    (3, X, Y, Z) float32 array
        Displacement in mm, 0 further than about 20 mm from the ventricles.
    """
    voxel_mm = head.affine[0, 0]
    stride = max(1, round(_FLOW_GRID_MM / voxel_mm))
    ventricles = np.isin(head.labels, head.labels_of(_WIDENING))
    ventricle_voxels = np.argwhere(ventricles)
    margin = int(np.ceil(_FLOW_MARGIN_MM / voxel_mm))
    low = np.maximum(ventricle_voxels.min(axis=0) - margin, 0)
    box = tuple(slice(a, b) for a, b in zip(low, ventricle_voxels.max(axis=0) + 1 + margin, strict=True))
    smooth = gaussian_filter(ventricles[box].astype(np.float32), _FLOW_SMOOTHNESS_MM / voxel_mm)
    velocity = np.stack(np.gradient(smooth[::stride, ::stride, ::stride]))
    velocity *= np.float32(_FLOW_STEP_MM / (stride * voxel_mm)) / np.sqrt((velocity**2).sum(axis=0)).max()
    lateral = np.isin(head.labels[box], head.labels_of(_LATERAL)).astype(np.float32)
    start = np.indices(velocity.shape[1:], dtype=np.float32)

    def volume(where: NDArray[np.float32]) -> float:
        return float(map_coordinates(lateral, where * stride, order=1, output=np.float32).sum())

    where, now = start, volume(start)
    target_volume = ratio * now
    sign = np.float32(1 if ratio > 1 else -1)
    for _ in range(_MOST_FLOW_STEPS):
        step = [map_coordinates(part, where, order=1, mode="nearest", output=np.float32) for part in velocity]
        there = where + sign * np.stack(step)
        after = volume(there)
        if sign * (after - target_volume) >= 0:
            share = np.float32((target_volume - now) / (after - now)) if after != now else np.float32(0)
            where = where + share * (there - where)
            break
        where, now = there, after
    displacement = (where - start) * np.float32(stride * voxel_mm)
    origin = (head.affine[:3, 3] + voxel_mm * low).astype(np.float32).reshape(3, 1, 1, 1)
    voxels = (points - origin) / np.float32(stride * voxel_mm)
    return np.stack([map_coordinates(part, voxels, order=1, output=np.float32) for part in displacement])


def individual_anatomy(head: Head, rng: np.random.Generator, *, traits: Traits | None = None) -> Anatomy:
    """Make a person of given traits.

    Parameters
    ----------
    head : Head
        The standard head.
    rng : numpy random generator
        Draws the shape of the warp and the regional factors.
    traits : Traits, optional
        Drawn first by default; `pet_spect.simulate.population.draw_person` returns them as well.

    Returns
    -------
    Anatomy
        On the grid of `head`. Labels are taken from the nearest voxel, uptake linearly.
        Each tracer has regional factors of its own.
    """
    traits = draw_traits(rng) if traits is None else traits
    shape = head.labels.shape
    voxel_mm = head.affine[0, 0]
    coarse_shape = coarse_grid(head)
    centre = head.affine[:3, :3] @ (np.array(shape) - 1) / 2 + head.affine[:3, 3]
    matrix = affine_of(traits, centre)
    origin = head.affine[:3, 3].reshape(3, 1, 1, 1)
    points = np.indices(coarse_shape, dtype=np.float32) * np.float32(COARSE_MM) + origin
    points = np.einsum("ij,jxyz->ixyz", matrix[:3, :3], points) + matrix[:3, 3].reshape(3, 1, 1, 1)
    points = (points + random_warp(rng, coarse_shape, rms_mm=traits.warp_rms_mm)).astype(np.float32)
    points[1] += petalia(points, traits.petalia_mm)
    if traits.ventricle_ratio != 1:
        points += ventricle_flow(head, traits.ventricle_ratio, points)
    standard_points = np.stack([upsample(component, shape, COARSE_MM / voxel_mm) for component in points])
    voxels = (standard_points - origin.astype(np.float32)) / np.float32(voxel_mm)
    labels = map_coordinates(head.labels, voxels, order=0, output=np.uint8)
    thinned, usual = (_lost(head, amount) for amount in (traits.thinning_mm, traits.usual_thinning_mm))
    uptake = {}
    for tracer, healthy in head.uptake.items():
        own = _thinned(healthy, thinned, tracer)
        if head.scalp is not None:
            own = np.where(head.scalp, np.float32(traits.scalp[tracer]) * own, own)
        factors = regional_factors(head.indices, rng, tracer=tracer, strength=traits.between_person)
        if traits.usual_thinning_mm:
            factors /= _kept_by_label(head, tracer, usual)
        uptake[tracer] = map_coordinates(own, voxels, order=1, output=np.float32) * factors[labels]
    return Anatomy(Head(labels, uptake, head.affine, head.indices), standard_points, thinned)


def _lost(head: Head, thinning_mm: float) -> NDArray[np.float32] | None:
    """Return the share of each voxel of the standard head that CSF takes, if it knows where its sulci are."""
    return None if head.thinning is None else np.minimum(np.float32(thinning_mm) * head.thinning, _MOST_LOST)


def _thinned(healthy: NDArray[np.float32], lost: NDArray[np.float32] | None, tracer: str) -> NDArray[np.float32]:
    return healthy if lost is None else healthy + lost * (np.float32(PATTERNS[tracer].csf) - healthy)


def _kept_by_label(head: Head, tracer: str, lost: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return which part of its mean uptake each label keeps; 1 for 0, which is no tissue."""
    healthy = head.uptake[tracer]
    before, after = (
        np.bincount(head.labels.ravel(), uptake.ravel(), 256) for uptake in (healthy, _thinned(healthy, lost, tracer))
    )
    kept = np.divide(after, before, out=np.ones(256), where=before > 0)
    kept[0] = 1
    return kept.astype(np.float32)
