"""A stroke: its place and its effect on uptake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pet_spect.imaging.normal_uptake import VENTRICLES
from pet_spect.model import Side, opposite
from pet_spect.simulate.heads.anatomy import COARSE_MM, Anatomy, coarse_grid, smooth_noise, upsample
from pet_spect.simulate.heads.standard_head import INFRATENTORIAL

_BORDER_MM = 1.0
_ROUGHNESS_MM = 7.0
_ROUGHNESS = 0.6
_REACH = 2.5
_PENUMBRA_MM = 7.0
_PENUMBRA_DEPTH = 0.35
_DIASCHISIS = 0.16


@dataclass(frozen=True)
class Stroke:
    """Stroke of a participant.

    Attributes
    ----------
    side : {'left', 'right'}
    centre_mm : tuple of float
        Heart of the arterial territory in standard space; x counts away from the midline.
    radii_mm : tuple of float
        Half axes of the territory along x, y and z.
    volume_ml : float
        Volume of the infarct in the participant's own space.
    severity : float
        0 to 1: how deep the diaschisis of the opposite cerebellum is.
    """

    side: Side
    centre_mm: tuple[float, float, float]
    radii_mm: tuple[float, float, float]
    volume_ml: float
    severity: float


def infarct(anatomy: Anatomy, stroke: Stroke, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw the infarct.

    The voxels of the supratentorial hemisphere are ranked by their distance from the
    territory's centre, in its radii, roughened by smooth noise; the first `volume_ml` are lost.

    Parameters
    ----------
    anatomy : Anatomy
    stroke : Stroke
    rng : numpy random generator

    Returns
    -------
    (X, Y, Z) float32 array
        Fraction of each voxel that is infarcted, 0 to 1, with a border about 2 mm wide.
        0 across the midline, below the tentorium, in ventricles and outside the brain.
    """
    head = anatomy.head
    spared = [0, *head.labels_of((*INFRATENTORIAL, *VENTRICLES))]
    sign = np.float32(-1 if stroke.side == "left" else 1)
    allowed = ~np.isin(head.labels, spared) & (anatomy.standard_points[0] * sign > 1)
    centre = np.array(stroke.centre_mm, dtype=np.float32) * np.array([sign, 1, 1], dtype=np.float32)
    radii = np.array(stroke.radii_mm, dtype=np.float32)
    distance = np.sqrt(sum(((anatomy.standard_points[axis] - centre[axis]) / radii[axis]) ** 2 for axis in range(3)))
    step = COARSE_MM / head.affine[0, 0]
    noise = upsample(smooth_noise(rng, coarse_grid(head), _ROUGHNESS_MM / COARSE_MM), head.labels.shape, step)
    near = np.flatnonzero(allowed & (distance < _REACH))
    rank = (distance + np.float32(_ROUGHNESS) * noise).ravel()[near]
    voxel_ml = abs(np.linalg.det(head.affine[:3, :3])) / 1000
    voxel_count = min(round(stroke.volume_ml / voxel_ml), len(near))
    lost = np.zeros(head.labels.size, dtype=np.float32)
    lost[near[np.argpartition(rank, voxel_count - 1)[:voxel_count]]] = 1
    border = gaussian_filter(lost.reshape(head.labels.shape), _BORDER_MM / head.affine[0, 0])
    return np.asarray(np.where(allowed, border, 0), dtype=np.float32)


def remaining(
    anatomy: Anatomy, stroke: Stroke, lost: NDArray[np.float32], *, core: float, diaschisis: bool
) -> NDArray[np.float32]:
    """Return what the stroke leaves of healthy uptake.

    Parameters
    ----------
    anatomy : Anatomy
    stroke : Stroke
    lost : (X, Y, Z) float32 array
        The infarct, see `infarct`.
    core : float
        Uptake in the infarct as a fraction of normal.
    diaschisis : bool
        Whether the cerebellum opposite to the stroke is depressed, down to 0.84 of normal at severity 1
        (crossed cerebellar diaschisis, seen with FDG).

    Returns
    -------
    (X, Y, Z) float32 array
        Factor, 0 to 1. It falls towards the infarct over about 10 mm on its own side of the brain.
    """
    head = anatomy.head
    step = max(1, round(COARSE_MM / head.affine[0, 0]))
    spacing = step * head.affine[0, 0]
    blurred = gaussian_filter(lost[::step, ::step, ::step], _PENUMBRA_MM / spacing)
    nearness = np.clip(2 * upsample(blurred, head.labels.shape, step), 0, 1)
    sign = np.float32(-1 if stroke.side == "left" else 1)
    own_side = np.clip(anatomy.standard_points[0] * sign / 3, 0, 1)
    above_tentorium = ~np.isin(head.labels, head.labels_of(INFRATENTORIAL))
    factor = 1 - np.float32(_PENUMBRA_DEPTH) * nearness * own_side * above_tentorium
    factor *= 1 - (1 - np.float32(core)) * lost
    if diaschisis:
        names = ("cerebellum_gray_matter", "cerebellum_white_matter")
        factor[np.isin(head.labels, head.labels_of(names, opposite(stroke.side)))] *= 1 - _DIASCHISIS * stroke.severity
    return np.asarray(factor, dtype=np.float32)
