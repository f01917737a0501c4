"""Alignment of all scans of a participant to each other, none of them special."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm, logm, polar
from scipy.ndimage import binary_erosion

from pet_spect.imaging.resample import apply_affine, resample_affine
from pet_spect.model import ScanKey, Volume
from pet_spect.registration.itk import register_linear

PARTICIPANT_VOXEL_MM = 2.0
_RIM_VOXELS = 2
PARTICIPANT_EXTENT_MM = (210.0, 250.0, 230.0)
"""Room for a large adult brain; the participant's space is centred like the standard space."""


def participant_grid(centre: NDArray[np.float64]) -> tuple[tuple[int, int, int], NDArray[np.float64]]:
    """Return shape and affine of the participant's space, 2 mm, upright, around a centre in mm."""
    nx, ny, nz = (round(extent / PARTICIPANT_VOXEL_MM) + 1 for extent in PARTICIPANT_EXTENT_MM)
    affine = np.diag([PARTICIPANT_VOXEL_MM] * 3 + [1.0])
    affine[:3, 3] = centre - PARTICIPANT_VOXEL_MM * (np.array([nx, ny, nz]) - 1) / 2
    return (nx, ny, nz), affine


def rigid_part(affine: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rigid transform nearest to an affine one that moves `centre` alike (polar decomposition)."""
    rotation, _ = polar(affine[:3, :3])
    rigid = np.eye(4)
    rigid[:3, :3] = rotation
    rigid[:3, 3] = apply_affine(affine, centre[np.newaxis])[0] - rotation @ centre
    return rigid


def between(first: Volume, second: Volume, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the small rigid motion from the first volume's points to the second's.

    Both directions are registered and averaged, so that exchanging the two volumes
    gives exactly the inverse.

    Returns
    -------
    (4, 4) float array
        Its matrix logarithm; motions within one participant's space are small, so
        logarithms may be added.
    """
    common = np.isfinite(first.data) & np.isfinite(second.data)
    # the end of a view is no edge of a head
    compared = mask & binary_erosion(common, iterations=_RIM_VOXELS, border_value=1)
    nearby = partial(
        register_linear,
        start=np.eye(4),
        mask=compared,
        kind="Rigid",
        iterations=(100, 50),
        shrink=(3, 2),
        smoothing=(2, 1),
        sampled=0.2,  # 0.5 takes twice as long and aligns no better
    )
    ahead, back = nearby(first, second), nearby(second, first)
    return np.asarray((np.real(logm(ahead)) - np.real(logm(back))) / 2)


def corrections(motions: Mapping[tuple[int, int], NDArray[np.float64]], count: int) -> list[NDArray[np.float64]]:
    """Return the rigid correction of each of `count` volumes that explains all pairwise motions best.

    The corrections sum to nothing: the common space is the mean of all, whichever
    order the volumes come in.

    Parameters
    ----------
    motions : mapping of (i, j) to (4, 4) float array
        Logarithm of the motion from points of volume i to points of volume j, for all i < j.
    count : int

    Returns
    -------
    list of (4, 4) float array
        From points of the common space to points of each volume.
    """
    total = [np.zeros((4, 4)) for _ in range(count)]
    for (i, j), motion in motions.items():
        total[j] = total[j] + motion
        total[i] = total[i] - motion
    return [np.asarray(np.real(expm(motion / count))) for motion in total]


def mean_volume(volumes: Sequence[Volume], mask: NDArray[np.bool_]) -> Volume:
    """Return the mean of volumes on one grid; NaN where none is in view.

    Each is scaled to a mean of 1 over the voxels of the mask that all have in view.
    """
    in_view = np.stack([np.isfinite(volume.data) for volume in volumes])
    common = mask & in_view.all(axis=0)
    scaled = np.stack([volume.data / np.nanmean(volume.data[common if common.any() else mask]) for volume in volumes])
    total = np.where(in_view, scaled, 0).sum(axis=0, dtype=np.float64)
    count = in_view.sum(axis=0)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return Volume(mean.astype(np.float32), volumes[0].affine)


def align(
    scans: Mapping[ScanKey, Volume],
    poses: Mapping[ScanKey, NDArray[np.float64]],
    brain: NDArray[np.bool_],
    grid: tuple[tuple[int, int, int], NDArray[np.float64]],
) -> dict[ScanKey, NDArray[np.float64]]:
    """Refine the poses of a participant's scans against each other.

    Scans of one tracer are aligned pair by pair; then the tracers' means are.

    Parameters
    ----------
    scans : mapping of ScanKey to Volume
        In their own spaces.
    poses : mapping of ScanKey to (4, 4) float array
        Participant points to scan points, near enough (a few mm and degrees).
    brain : bool array
        On the participant's grid; voxels that count.
    grid : shape and affine
        The participant's space.

    Returns
    -------
    dict of ScanKey to (4, 4) float array
        Refined poses.
    """
    refined = dict(poses)

    def in_participant_space(key: ScanKey) -> Volume:
        return resample_affine(scans[key], *grid, refined[key])

    tracers = sorted({key.tracer for key in scans})
    groups = [[key for key in scans if key.tracer == tracer] for tracer in tracers]
    for group in groups:
        volumes = [in_participant_space(key) for key in group]
        motions = {(i, j): between(volumes[i], volumes[j], brain) for i, j in combinations(range(len(group)), 2)}
        for key, correction in zip(group, corrections(motions, len(group)), strict=True):
            refined[key] = refined[key] @ correction
    if len(groups) > 1:
        means = [mean_volume([in_participant_space(key) for key in group], brain) for group in groups]
        motions = {(i, j): between(means[i], means[j], brain) for i, j in combinations(range(len(groups)), 2)}
        for group, correction in zip(groups, corrections(motions, len(groups)), strict=True):
            for key in group:
                refined[key] = refined[key] @ correction
    return refined
