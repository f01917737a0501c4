"""Surroundings of a lesion and sites of a treatment, as regions with a mirrored counterpart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.spatial import cKDTree

from pet_spect.imaging.resample import apply_affine, displace, voxels_of
from pet_spect.model import Atlas, Region, Side, Volume, Warp, opposite
from pet_spect.quantify.membership import between_voxels

RINGS: Mapping[str, tuple[float, float]] = {"lesion_ring_0_10": (0.0, 10.0), "lesion_ring_10_20": (10.0, 20.0)}
"""Rings round the lesion: name, and the distances from its surface between which they lie, mm."""

TREATMENT_SITE = "treatment_site"
"""Name of the region that was treated."""

SURROUNDINGS = (*RINGS, TREATMENT_SITE)
"""Names of all regions of this module; no atlas may have one of them."""

MIRRORED = "_mirrored"
"""Behind the name of such a region: its mirror image on the other side, with which it is compared."""

TREATMENT_RADIUS_MM = 10.0
"""Radius of the sphere round a point of treatment, where nothing else is asked for."""

_INSIDE = 0.5
_SIDES: tuple[Side, Side] = ("left", "right")

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


def is_surrounding(region: str) -> bool:
    """Return whether a region of a table is one of these, or the mirror image of one."""
    return region.removesuffix(MIRRORED) in SURROUNDINGS


def on_side(shape: tuple[int, ...], affine: NDArray[np.floating], side: Side) -> BoolArray:
    """Return (X, 1, 1) which planes of a grid lie on a side of the standard space; the plane x = 0 is on neither."""
    x = affine[0, 3] + affine[0, 0] * np.arange(shape[0])
    return np.asarray((x < 0) if side == "left" else (x > 0))[:, np.newaxis, np.newaxis]


def lesion_rings(tissue: Volume, lesion: Volume, side: Side, to_participant: Warp | None = None) -> Atlas | None:
    """Return the rings round the lesion of one side and their mirror images on the other.

    A voxel belongs to a ring by its distance from the surface of the lesion, measured in the participant. The rings
    hold neither the lesion nor its mirror image, stay on their side, and have tissue only. What is left out on one
    side is left out on the other, so that a ring and its mirror image are alike.

    Parameters
    ----------
    tissue : Volume
        1 where there is brain that can be measured, 0 elsewhere; mirror-symmetric, on a grid of the standard space
        that is symmetric about x = 0.
    lesion : Volume
        In the standard space; above 0.5 is lesion.
    side : {'left', 'right'}
        Lesion on the other side makes no ring; it is left out of both.
    to_participant : Warp, optional
        Takes points of the standard space to the participant. Without it the two are one space.

    Returns
    -------
    Atlas or None
        On the grid of `tissue`: each of `RINGS` on `side`, and with `MIRRORED` on the other. None without a lesion
        on `side`.
    """
    inside = _on_grid(lesion, tissue)
    own_side = on_side(inside.shape, tissue.affine, side)
    near = inside & own_side
    if not near.any():
        return None
    free = (tissue.data > 0) & own_side & ~inside & ~inside[::-1]
    outermost = max(outer for _, outer in RINGS.values())
    distance = distances(near, free, tissue.affine, to_participant, outermost)
    parts = {name: (distance > inner) & (distance <= outer) for name, (inner, outer) in RINGS.items()}
    return _mirrored_atlas("lesion-rings", parts, side, tissue.affine)


def treatment_regions(
    tissue: Volume,
    to_participant: Warp | None = None,
    *,
    points: Sequence[tuple[FloatArray, Side]] = (),
    track: BoolArray | None = None,
    radius_mm: float = TREATMENT_RADIUS_MM,
) -> Atlas:
    """Return the treated tissue and, if all of it lies on one side, its mirror image on the other.

    Parameters
    ----------
    tissue : Volume
        As in `lesion_rings`.
    to_participant : Warp, optional
        As in `lesion_rings`.
    points : sequence of ((3,) float array, side)
        Where cells or drug were placed, participant's RAS+ mm, and on which side. All tissue of that side within
        `radius_mm` is treated. Without points it is all tissue within `radius_mm` of `track`.
    track : bool array, optional
        On the grid of `tissue`: burr hole and needle track, which are left out.
    radius_mm : float, default 10
        In the participant.

    Returns
    -------
    Atlas
        `TREATMENT_SITE` on the side or sides where it lies; with `MIRRORED` on the other one. A region of which
        nothing is left has no voxel.
    """
    shape, affine = tissue.data.shape, tissue.affine
    free = (tissue.data > 0) if track is None else (tissue.data > 0) & ~track
    parts: dict[Side, BoolArray] = {}
    for side in _SIDES:
        allowed = free & on_side(shape, affine, side)
        treated = np.zeros(shape, dtype=bool)
        centres = [point for point, of_side in points if of_side == side]
        if centres:
            treated = _within(np.array(centres), allowed, affine, to_participant, radius_mm)
        elif not points and track is not None:
            own = track & on_side(shape, affine, side)
            if (own & (tissue.data > 0)).any():
                treated = distances(own, allowed, affine, to_participant, radius_mm) <= radius_mm
        if centres or treated.any():
            parts[side] = treated
    if len(parts) == 1:
        ((side, treated),) = parts.items()
        return _mirrored_atlas("treatment-site", {TREATMENT_SITE: treated}, side, affine)
    labels = np.zeros(shape, dtype=np.uint8)
    for number, treated in enumerate(parts.values(), start=1):
        labels[treated] = number
    regions = tuple(Region(number, TREATMENT_SITE, side) for number, side in enumerate(parts, start=1))
    return Atlas("treatment-site", labels, affine, regions)


def distances(
    inside: BoolArray, places: BoolArray, affine: FloatArray, to_participant: Warp | None, farthest_mm: float
) -> NDArray[np.float32]:
    """Return how far voxels are from the surface of a mask, measured in the participant.

    Parameters
    ----------
    inside : (X, Y, Z) bool array
        The mask, on a grid of the standard space; it holds at least one voxel.
    places : (X, Y, Z) bool array
        Of which voxels the distance is asked; none of them in the mask.
    affine : (4, 4) float array
    to_participant : Warp or None
    farthest_mm : float

    Returns
    -------
    (X, Y, Z) float32 array
        From the middle of a voxel, mm; infinite beyond `farthest_mm` and outside `places`.
    """
    surface = inside & ~binary_erosion(inside)
    source = _in_participant(np.argwhere(surface), affine, to_participant)
    # the surface of a voxel lies half a voxel outside its middle
    half = 0.5 * float(np.cbrt(abs(np.linalg.det(affine[:3, :3]))))
    found = np.full(inside.shape, np.inf, dtype=np.float32)
    chosen = np.argwhere(places)
    points = _in_participant(chosen, affine, to_participant)
    reach = farthest_mm + half
    box = ((points >= source.min(axis=0) - reach) & (points <= source.max(axis=0) + reach)).all(axis=1)
    chosen, points = chosen[box], points[box]
    nearest, _ = cKDTree(source).query(points, distance_upper_bound=reach + 1e-6)
    found[tuple(chosen.T)] = np.maximum(nearest - half, np.finfo(np.float32).tiny)
    return found


def side_of(point: Sequence[float] | FloatArray) -> Side | None:
    """Return the side of a point of the standard space; None within half a millimetre of the midline.

    Examples
    --------
    >>> side_of((-34, -20, 52)), side_of((30, 0, 0)), side_of((0.2, 0, 0))
    ('left', 'right', None)
    """
    if math.fabs(point[0]) < 0.5:
        return None
    return "left" if point[0] < 0 else "right"


def holds(mask: Volume, point: Sequence[float] | FloatArray) -> bool:
    """Return whether the voxel in which a point lies is in a mask (above 0.5)."""
    index = np.rint(voxels_of(mask.affine, np.array([point], dtype=np.float64))[0]).astype(int)
    inside = ((index >= 0) & (index < mask.data.shape)).all()
    return bool(inside and mask.data[tuple(index)] > _INSIDE)


def in_both_spaces(
    point: Sequence[float],
    to_participant: NDArray[np.floating] | None,
    standard_to_participant: Warp,
    participant_to_standard: Warp,
) -> tuple[FloatArray, FloatArray]:
    """Return a point in the participant and in the standard space, RAS+ mm.

    Parameters
    ----------
    point : (3,) sequence of float
    to_participant : (4, 4) float array or None
        From the point's image to the participant; None if the point is one of the standard space.
    standard_to_participant, participant_to_standard : Warp
        Of points.
    """
    given = np.array([point], dtype=np.float64)
    if to_participant is None:
        return displace(standard_to_participant, given)[0], given[0]
    own = apply_affine(to_participant, given)
    return own[0], displace(participant_to_standard, own)[0]


def carried_mask(
    mask: Volume, brain: Volume, to_participant: NDArray[np.floating] | None, standard_to_participant: Warp
) -> BoolArray:
    """Return a mask on the grid of the standard brain, inside the brain.

    Parameters
    ----------
    mask : Volume
        Above 0.5 is inside.
    brain : Volume
        Above 0 is brain, in the standard space.
    to_participant : (4, 4) float array or None
        From the mask's image to the participant; None if the mask lies in the standard space.
    standard_to_participant : Warp
        Of points.
    """
    inside = brain.data > 0
    points = apply_affine(brain.affine, np.argwhere(inside))
    if to_participant is not None:
        points = apply_affine(np.linalg.inv(to_participant), displace(standard_to_participant, points))
    carried = np.zeros(inside.shape, dtype=bool)
    carried[inside] = between_voxels(mask, points) > _INSIDE
    return carried


def _within(
    centres: FloatArray, places: BoolArray, affine: FloatArray, to_participant: Warp | None, radius_mm: float
) -> BoolArray:
    chosen = np.argwhere(places)
    points = _in_participant(chosen, affine, to_participant)
    treated = np.zeros(places.shape, dtype=bool)
    near = np.zeros(len(points), dtype=bool)
    for centre in centres:
        near |= ((points - centre) ** 2).sum(axis=1) <= radius_mm**2
    treated[tuple(chosen[near].T)] = True
    return treated


def _in_participant(indices: NDArray[np.integer], affine: FloatArray, to_participant: Warp | None) -> FloatArray:
    points = apply_affine(affine, indices.astype(np.float64))
    return points if to_participant is None else displace(to_participant, points)


def _on_grid(mask: Volume, grid: Volume) -> BoolArray:
    if mask.data.shape == grid.data.shape and np.allclose(mask.affine, grid.affine):
        return np.asarray(mask.data > _INSIDE)
    inside = np.zeros(grid.data.shape, dtype=bool)
    held = np.argwhere(mask.data > _INSIDE)
    if not len(held):
        return inside
    corners = np.stack(np.meshgrid(*zip(held.min(axis=0) - 1, held.max(axis=0) + 1, strict=True)), axis=-1)
    corners = voxels_of(grid.affine, apply_affine(mask.affine, corners.reshape(-1, 3)))
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, inside.shape)
    box = tuple(slice(a, max(a, b)) for a, b in zip(low, high, strict=True))
    points = apply_affine(grid.affine, np.argwhere(np.ones_like(inside[box])) + low)
    inside[box] = between_voxels(mask, points).reshape(inside[box].shape) > _INSIDE
    return inside


def _mirrored_atlas(name: str, parts: Mapping[str, BoolArray], side: Side, affine: FloatArray) -> Atlas:
    """Return regions of one side and, behind them, their mirror images."""
    shape = next(iter(parts.values())).shape
    labels = np.zeros(shape, dtype=np.uint8)
    for number, inside in enumerate(parts.values(), start=1):
        labels[inside] = number
        labels[inside[::-1]] = number + len(parts)
    own = [Region(number, part, side) for number, part in enumerate(parts, start=1)]
    other = [Region(region.index + len(parts), region.name + MIRRORED, opposite(side)) for region in own]
    return Atlas(name, labels, affine, (*own, *other))
