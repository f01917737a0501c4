"""Plausibility of a registration. A failed one still prints a plausible ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import polar

from pet_spect.errors import RegistrationError
from pet_spect.model import Warp

FEWEST_VOXELS = 100
"""Fewest voxels for a correlation that says anything."""


@dataclass(frozen=True)
class Gates:
    """Limits of a plausible registration; docs/methods.md gives what good scans reach.

    Attributes
    ----------
    jump_max : float
        Bound on the change from one slice to the next over the changes beside it.
    flat_max : float
        Greatest share of the bright voxels that may have one and the same value.
    turned_margin : float
        How much better a scan may correlate with the template turned by right angles than as it lies.
    likeness_min : float
        Least correlation with the template as it lies, before any registration.
    scale_min, scale_max : float
        Bounds on each singular value of the affine (real heads against MNI: 0.8 to 1.2).
    proportion_max : float
        Bound on the ratio of the largest singular value to the smallest.
    shear_max : float
        Bound on the largest off-diagonal part of the stretch, relative to its mean.
    rotation_max_deg : float
        Bound on the turn of the head against the scanner's axes.
    blur_max_mm : float
        Greatest blur (FWHM) that the template may need beyond its own.
    beside_max : float
        Greatest volume outside the head as bright as the brain, as a fraction of the brain's.
    brain_in_view_min : float
        Least fraction of the brain in the field of view, by the pose.
    similarity_min : float
        Least correlation inside the brain, after the warp, with the template that has the scan's own regional uptake.
    overlap_min : float
        Least Dice overlap of the scan's bright voxels with that template's.
    jacobian_min, jacobian_max : float
        Bounds on the 0.1st and 99.9th percentile of local volume change inside the brain.
    size_same_tracer, size_other_tracer : float
        How far one head may differ in size, along any axis, between two scans.
    agreement_min : float
        Least correlation between two scans of one person and tracer, inside the brain.
    mirror_margin : float
        How much better two such scans may agree when one is mirrored.
    opposed_max : float
        How opposite (negative cosine) the asymmetries of two scans of one person may be, of any tracers.
    asymmetry_min, anat_asymmetry_min : float
        Asymmetry (root mean square, mean 1) of a scan and of an anatomical image below which it is not compared with
        that of an image of another kind: only a lesion makes both asymmetric in the same way.
    alike_min : float
        Least likeness (cosine) of what sets two scans of one tracer apart from the template.
    alike_if_near_min : float
        The same of two scans so near each other that noise may be what sets them apart.
    near_max, near_noisy_max : float
        How far two such scans may be apart (root mean square, mean uptake 1); of a tracer whose template is as blurred
        as SPECT, whose counts are few.
    """

    jump_max: float = 1.8
    flat_max: float = 0.05
    turned_margin: float = 0.05
    likeness_min: float = 0.62
    scale_min: float = 0.72
    scale_max: float = 1.35
    proportion_max: float = 1.25
    shear_max: float = 0.10
    rotation_max_deg: float = 45.0
    blur_max_mm: float = 20.0
    beside_max: float = 0.15
    brain_in_view_min: float = 0.60
    similarity_min: float = 0.60
    overlap_min: float = 0.70
    jacobian_min: float = 0.15
    jacobian_max: float = 5.0
    size_same_tracer: float = 0.06
    size_other_tracer: float = 0.10
    agreement_min: float = 0.80
    mirror_margin: float = 0.01
    opposed_max: float = 0.30
    asymmetry_min: float = 0.04
    anat_asymmetry_min: float = 0.02
    alike_min: float = 0.50
    alike_if_near_min: float = 0.30
    near_max: float = 0.05
    near_noisy_max: float = 0.08


@dataclass(frozen=True)
class AffineShape:
    """What an affine does to a head: scale along its axes, shear (dimensionless), turn in degrees."""

    scale_low: float
    scale_high: float
    shear: float
    rotation_deg: float
    mirrored: bool


def affine_shape(matrix: NDArray[np.float64]) -> AffineShape:
    """Decompose an affine into rotation and stretch (polar decomposition)."""
    rotation, stretch = polar(matrix[:3, :3])
    mirrored = bool(np.linalg.det(rotation) < 0)
    scales = np.linalg.svd(matrix[:3, :3], compute_uv=False)
    off_diagonal = np.abs(stretch - np.diag(np.diag(stretch))).max()
    angle = np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1)))
    return AffineShape(
        float(scales.min()), float(scales.max()), float(off_diagonal / np.trace(stretch) * 3), float(angle), mirrored
    )


def check_affine(shape: AffineShape, gates: Gates) -> None:
    """Refuse an affine no head needs.

    Raises
    ------
    RegistrationError
        Naming the value found and its bounds.
    """
    if shape.mirrored:
        raise RegistrationError("the head is matched to its mirror image", code="gate_mirrored")
    if shape.scale_low < gates.scale_min or shape.scale_high > gates.scale_max:
        raise RegistrationError(
            f"the head is scaled by {shape.scale_low:.2f} to {shape.scale_high:.2f} against the template,"
            f" {gates.scale_min:.2f} to {gates.scale_max:.2f} is plausible",
            code="gate_scale",
        )
    if shape.shear > gates.shear_max:
        raise RegistrationError(
            f"the head is sheared by {shape.shear:.2f}, at most {gates.shear_max:.2f} is plausible", code="gate_shear"
        )
    if shape.scale_high > gates.proportion_max * shape.scale_low:
        raise RegistrationError(
            f"the head is scaled by {shape.scale_low:.2f} along one axis and {shape.scale_high:.2f} along another,"
            f" a ratio of at most {gates.proportion_max:.2f} is plausible; is the voxel size right?",
            code="gate_proportion",
        )
    if shape.rotation_deg > gates.rotation_max_deg:
        raise RegistrationError(
            f"the head is turned by {shape.rotation_deg:.0f} degrees against the scanner's axes,"
            f" at most {gates.rotation_max_deg:.0f} is plausible",
            code="gate_rotation",
        )


@dataclass(frozen=True)
class Match:
    """How a scan, brought to standard space, compares with the template that has its own regional uptake.

    Attributes
    ----------
    similarity : float
        Pearson correlation inside the brain and the field of view, both smoothed.
    overlap : float
        Dice coefficient of the brightest half of the head's brain-sized volume.
    """

    similarity: float
    overlap: float


def correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return Pearson's correlation of two sets of voxels; 0 if they are fewer than 100 or one of them is flat."""
    if len(first) < FEWEST_VOXELS or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def match(scan: NDArray[np.float32], expected: NDArray[np.float32], brain: NDArray[np.bool_]) -> Match:
    """Compare a scan with what it should look like, both on the standard grid.

    The overlap compares the scan's brightest voxels, as many as half of the brain has in view,
    with those expected: uptake outside the brain, or a brain elsewhere, lowers it.

    Parameters
    ----------
    scan : (X, Y, Z) float32 array
        NaN is out of view.
    expected : (X, Y, Z) float32 array
    brain : (X, Y, Z) bool array
    """
    in_view = np.isfinite(scan)
    inside = brain & in_view
    if inside.sum() < FEWEST_VOXELS or np.ptp(scan[inside]) == 0:
        return Match(0.0, 0.0)
    bright = inside & (expected > np.median(expected[inside]))
    limit = np.partition(scan[in_view], -int(bright.sum()))[-int(bright.sum())]
    bright_scan = in_view & (scan >= limit)
    overlap = 2 * float((bright_scan & bright).sum()) / float(bright_scan.sum() + bright.sum())
    return Match(correlation(scan[inside], expected[inside]), overlap)


def check_match(match: Match, gates: Gates) -> None:
    """Refuse a scan that does not look like the template.

    Raises
    ------
    RegistrationError
        Naming the value found and the one needed.
    """
    if match.similarity < gates.similarity_min:
        raise RegistrationError(
            f"similarity to the template with the scan's own regional uptake is {match.similarity:.2f},"
            f" {gates.similarity_min:.2f} is needed",
            code="gate_similarity",
        )
    if match.overlap < gates.overlap_min:
        raise RegistrationError(
            f"overlap with the template's brain is {match.overlap:.2f}, {gates.overlap_min:.2f} is needed",
            code="gate_overlap",
        )


def jacobian_range(warp: Warp, brain: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the 0.1st and 99.9th percentile of local volume change inside the brain.

    Parameters
    ----------
    warp : Warp
        On the standard grid, affine part included or not.
    brain : (X, Y, Z) bool array
    """
    spacing = np.linalg.norm(warp.affine[:3, :3], axis=0)
    gradient = np.stack(
        [np.stack(np.gradient(warp.displacement[..., axis], *spacing), axis=-1) for axis in range(3)], axis=-2
    )
    determinant = np.linalg.det(gradient[brain] + np.eye(3))
    low, high = np.percentile(determinant, [0.1, 99.9])
    return float(low), float(high)


def check_jacobian(low: float, high: float, gates: Gates) -> None:
    """Refuse a warp that folds or tears.

    Raises
    ------
    RegistrationError
        Naming the values found and their bounds.
    """
    if low < gates.jacobian_min or high > gates.jacobian_max:
        raise RegistrationError(
            f"the warp changes local volume by {low:.2f} to {high:.2f},"
            f" {gates.jacobian_min:.2f} to {gates.jacobian_max:.2f} is plausible",
            code="gate_jacobian",
        )
