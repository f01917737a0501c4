"""The one warp between a participant and the standard space, which a stroke must not fool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion

from pet_spect.errors import RegistrationError
from pet_spect.imaging.resample import apply_affine, displace, field_of, resample, resample_affine
from pet_spect.model import Volume, Warp
from pet_spect.registration.itk import register_deformable, register_linear
from pet_spect.registration.lesion_estimate import estimate_lesion
from pet_spect.registration.misplacement import misplacement_mm
from pet_spect.registration.templates.appearance import own_appearance
from pet_spect.registration.templates.template import WORKING_VOXEL_MM, Template

MASK_MARGIN_MM = 6
FIELD_MARGIN_MM = 8
"""How far the grid of a deformable registration reaches beyond what is near the brain; ITK's field ends there at 0."""

_RIM_VOXELS = 2

Grid = tuple[tuple[int, int, int], NDArray[np.float64]]
"""Shape and affine."""

GivenLesion = Callable[[Warp], NDArray[np.bool_]]
"""From the warp that carries standard points to participant points to the lesion on the standard grid."""


@dataclass(frozen=True)
class Step:
    """Settings of one deformable registration (see `itk.register_deformable`)."""

    metric: str
    iterations: tuple[int, ...]
    gradient_step: float
    flow_sigma: float
    total_sigma: float


@dataclass(frozen=True)
class Deformation:
    """Settings of the warp, chosen on individual anatomies (docs/accuracy.md, ablation).

    Attributes
    ----------
    first : Step
        To the template as it is: near enough to learn the person's own uptake in every region.
    final : Step
        To the template with that uptake.
    """

    first: Step = field(default_factory=lambda: Step("mattes", (40, 4, 0), 0.2, 4.0, 1.0))
    final: Step = field(default_factory=lambda: Step("CC", (12, 5, 0), 0.2, 3.0, 0.0))


@dataclass(frozen=True)
class Warped:
    """A participant's way to the standard space.

    Attributes
    ----------
    affine : (4, 4) float array
        Standard points to participant points.
    to_participant, to_standard : Warp
        The whole way from standard points to participant points, and back.
    appearance : Volume
        The template with the participant's own uptake, which the warp was learned on.
    lesion : (X, Y, Z) bool array
        On the standard grid: the one given, else the one estimated.
    estimated_lesion : (X, Y, Z) bool array
        The one estimated, even if another was given.
    misplacement_mm : float
        How far a fold may lie from where the warp puts it, see `misplacement.misplacement_mm`.
    """

    affine: NDArray[np.float64]
    to_participant: Warp
    to_standard: Warp
    appearance: Volume
    lesion: NDArray[np.bool_]
    estimated_lesion: NDArray[np.bool_]
    misplacement_mm: float


def near_brain(template: Template) -> NDArray[np.bool_]:
    """Return the brain and what lies within `MASK_MARGIN_MM` of it: the voxels that count."""
    return np.asarray(binary_dilation(template.brain, iterations=round(MASK_MARGIN_MM / WORKING_VOXEL_MM)))


def find_warp(
    mean: Volume,
    template: Template,
    start: NDArray[np.float64],
    grid: Grid,
    deformation: Deformation,
    lesion_on_standard: GivenLesion | None,
    *,
    refine_affine: bool = True,
) -> Warped:
    """Register a participant's mean image to the standard space, undeceived by a lesion.

    A first warp to the template is near enough to see where the person's lesion lies and how much
    uptake each region has; the template is given that uptake, and the final warp is learned on it.

    Parameters
    ----------
    mean : Volume
        On `grid`; NaN outside the field of view.
    template : Template
    start : (4, 4) float array
        Standard points to participant points, near enough.
    grid : shape and affine
        The participant's space.
    deformation : Deformation
    lesion_on_standard : callable, optional
        The lesion, if somebody drew it; estimated without it.
    refine_affine : bool, default True
        Whether size and shape are refined on this image. Where part of the brain is out of view they must not be:
        `start` has them from what is in view, and the head would shrink into the view.

    Returns
    -------
    Warped

    Raises
    ------
    RegistrationError
        If ants gives up, or nothing of the brain is in view.
    """
    near = near_brain(template)
    mask = near & _in_view(mean, template, start)
    if not mask.any():
        raise RegistrationError("no part of the brain is in view", code="no_brain_left")
    affine = start
    if refine_affine:
        affine = register_linear(
            template.uptake,
            mean,
            start=start,
            mask=mask,
            kind="Affine",
            iterations=(100, 50),
            shrink=(4, 2),
            smoothing=(2, 1),
        )

    def run(target: Volume, step: Step) -> tuple[Warp, Warp]:
        return _both_ways(target, mean, affine, mask, _around(near), grid, step)

    first, _ = run(template.uptake, deformation.first)
    scan = _standard(mean, first)
    own = own_appearance(
        scan, template, lesion_on_standard(first) if lesion_on_standard else estimate_lesion(scan, template)
    )
    to_participant, to_standard = run(own, deformation.final)
    scan = _standard(mean, to_participant)
    estimated = estimate_lesion(scan, template)
    lesion = lesion_on_standard(to_participant) if lesion_on_standard else estimated
    off = misplacement_mm(scan, own, template.brain, lesion)
    return Warped(affine, to_participant, to_standard, own, lesion, estimated, off)


def _in_view(mean: Volume, template: Template, start: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return what of the template the image has in view, but for a rim where its end would pass for an edge."""
    in_view = Volume(np.isfinite(mean.data).astype(np.float32), mean.affine)
    placed = resample_affine(in_view, template.brain.shape, template.uptake.affine, start).data
    return np.asarray(binary_erosion(np.nan_to_num(placed) > 0.5, iterations=_RIM_VOXELS, border_value=1))


def _both_ways(
    target: Volume,
    mean: Volume,
    affine: NDArray[np.float64],
    mask: NDArray[np.bool_],
    box: tuple[slice, ...],
    grid: Grid,
    step: Step,
) -> tuple[Warp, Warp]:
    """Return the whole way from standard points to participant points and back; the warp is learned in a box."""
    affine, warp, inverse = register_deformable(
        _part_of(target, box), mean, start=affine, mask=np.ascontiguousarray(mask[box]), **vars(step)
    )
    from_affine = np.linalg.inv(affine)
    to_participant = field_of(
        target.data.shape, target.affine, lambda points: apply_affine(affine, displace(warp, points))
    )
    to_standard = field_of(*grid, lambda points: displace(inverse, apply_affine(from_affine, points)))
    return to_participant, to_standard


def _around(near: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the box around what is near the brain: a third of ITK's time goes into the air around it."""
    margin = round(FIELD_MARGIN_MM / WORKING_VOXEL_MM)
    voxels = np.argwhere(near)
    low, high = np.maximum(voxels.min(axis=0) - margin, 0), voxels.max(axis=0) + 1 + margin
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def _part_of(volume: Volume, box: tuple[slice, ...]) -> Volume:
    affine = volume.affine.copy()
    affine[:3, 3] = apply_affine(volume.affine, np.array([float(axis.start) for axis in box]))
    return Volume(np.ascontiguousarray(volume.data[box]), affine)


def _standard(mean: Volume, to_participant: Warp) -> NDArray[np.float32]:
    shape = to_participant.displacement.shape[:3]
    return resample(mean, shape, to_participant.affine, lambda points: displace(to_participant, points)).data
