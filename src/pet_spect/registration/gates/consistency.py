"""Consistency of a person's scans. Each may look plausible alone: mirrored visits, another voxel size or person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import polar
from scipy.ndimage import gaussian_filter

from pet_spect.errors import RegistrationError
from pet_spect.model import ANATOMICAL, ScanKey, Volume
from pet_spect.registration.gates.plausibility import FEWEST_VOXELS, Gates, correlation
from pet_spect.registration.templates.template import WORKING_VOXEL_MM, Template

_SMOOTHING_VOXELS = 1.5
"""Before two scans are compared, so that count noise hardly matters."""

_PATTERN_MM = 8.0
"""Standard deviation of the smoothing before what is peculiar to a head is compared: beyond any scanner's blur."""

_NOISY_FROM_MM = 9.0
"""A template at least so blurred (FWHM) is one of SPECT: its scans have few counts."""

Conflicts = Mapping[tuple[ScanKey, ScanKey], RegistrationError]


def odd_ones_out(conflicts: Conflicts) -> dict[ScanKey, RegistrationError]:
    """Return the scans that must go so that no two are in conflict.

    The scan with most conflicts goes first. If several have equally many, it is unknown
    which one is wrong, and all of them go.
    """
    left = dict(conflicts)
    gone: dict[ScanKey, RegistrationError] = {}
    while left:
        count: dict[ScanKey, int] = {}
        for pair in left:
            for key in pair:
                count[key] = count.get(key, 0) + 1
        worst = {key for key, number in count.items() if number == max(count.values())}
        gone |= {key: error for pair, error in left.items() for key in pair if key in worst}
        left = {pair: error for pair, error in left.items() if not worst & set(pair)}
    return gone


def identical(scans: Mapping[ScanKey, Volume]) -> Conflicts:
    """Return the pairs of scans whose voxels are the same to the last bit: one scan listed as two."""
    digests = {key: sha256(scan.data.tobytes()).digest() for key, scan in scans.items()}
    return {
        (first, second): RegistrationError(
            f"the voxels of {first.session} {first.tracer} and {second.session} {second.tracer} are the same;"
            " two visits need two scans",
            code="identical_scans",
        )
        for first, second in combinations(scans, 2)
        if digests[first] == digests[second]
    }


def different_size(poses: Mapping[ScanKey, NDArray[np.float64]], gates: Gates) -> Conflicts:
    """Return the pairs of scans in which the head has not one size.

    Parameters
    ----------
    poses : mapping of ScanKey to (4, 4) float array
        Standard points to scan points, affine. What is left after the rotation is the
        size of the head, which a wrong voxel size changes.
    gates : Gates
    """
    stretches = {key: polar(pose[:3, :3])[1] for key, pose in poses.items()}
    conflicts = {}
    for first, second in combinations(poses, 2):
        scales = np.linalg.svd(np.linalg.inv(stretches[first]) @ stretches[second], compute_uv=False)
        difference = float(max(scales.max(), 1 / scales.min()) - 1)
        limit = gates.size_same_tracer if first.tracer == second.tracer else gates.size_other_tracer
        if difference > limit:
            conflicts[first, second] = RegistrationError(
                f"the head differs in size by {difference:.0%} between {first.session} {first.tracer} and"
                f" {second.session} {second.tracer}, at most {limit:.0%} is plausible",
                code="gate_size",
            )
    return conflicts


def agreements(
    standard: Mapping[ScanKey, Volume], brain: NDArray[np.bool_]
) -> dict[tuple[ScanKey, ScanKey], tuple[float, float]]:
    """Compare a person's scans of one tracer in standard space.

    Parameters
    ----------
    standard : mapping of ScanKey to Volume
        On the standard grid, which is symmetric about its middle.
    brain : (X, Y, Z) bool array
        Symmetric, too.

    Returns
    -------
    dict of (ScanKey, ScanKey) to (float, float)
        Correlation inside the brain, as the scans are and with the second one mirrored;
        0 where hardly anything is in view of both.
    """
    smooth = {key: gaussian_filter(np.nan_to_num(scan.data), _SMOOTHING_VOXELS) for key, scan in standard.items()}
    in_view = {key: np.isfinite(scan.data) for key, scan in standard.items()}
    correlations = {}
    for first, second in combinations(standard, 2):
        if first.tracer == second.tracer:
            common = brain & in_view[first] & in_view[second]
            common &= common[::-1]
            correlations[first, second] = (
                correlation(smooth[first][common], smooth[second][common]),
                correlation(smooth[first][common], smooth[second][::-1][common]),
            )
    return correlations


def disagreement(
    correlations: Iterable[tuple[tuple[ScanKey, ScanKey], tuple[float, float]]], gates: Gates
) -> Conflicts:
    """Return the pairs of scans that are not of one head lying one way."""
    conflicts = {}
    for (first, second), (direct, mirrored) in correlations:
        names = f"{first.session} and {second.session} {first.tracer}"
        if mirrored > direct + gates.mirror_margin:
            conflicts[first, second] = RegistrationError(
                f"{names} agree better with one of them mirrored (correlation {mirrored:.2f}) than as they are"
                f" ({direct:.2f})",
                code="gate_mirrored_visit",
            )
        elif direct < gates.agreement_min:
            conflicts[first, second] = RegistrationError(
                f"{names} correlate by {direct:.2f} inside the brain, {gates.agreement_min:.2f} is needed for scans of"
                " one person",
                code="gate_agreement",
            )
    return conflicts


@dataclass(frozen=True)
class Peculiar:
    """What sets one head in standard space apart from the template.

    Attributes
    ----------
    pattern : (X, Y, Z) float array
        Smoothed uptake over its mean less the template's over its mean; NaN outside brain and field of view.
    asymmetry : (X, Y, Z) float array
        Half of the pattern less its mirror image, which only lesion and anatomy leave; NaN where either is.
    """

    pattern: NDArray[np.float32]
    asymmetry: NDArray[np.float32]


def peculiar(scan: Volume, template: Template) -> Peculiar:
    """Return what sets a scan apart from the template of its tracer.

    Parameters
    ----------
    scan : Volume
        On the standard grid, which is symmetric about its middle; NaN outside the field of view.
    template : Template
    """
    sigma = _PATTERN_MM / WORKING_VOXEL_MM
    inside = template.brain & np.isfinite(scan.data)
    # smoothed inside the brain only: the scalp does not distinguish one head from another
    weight = np.maximum(gaussian_filter(inside.astype(np.float32), sigma), 1e-6)
    levels = []
    for data in (scan.data, template.uptake.data):
        smooth = gaussian_filter(np.where(inside, data, 0).astype(np.float32), sigma) / weight
        mean = float(smooth[inside].mean()) if inside.any() else 0.0
        levels.append(smooth / mean if mean > 0 else np.zeros_like(smooth))
    pattern = np.where(inside, levels[0] - levels[1], np.nan).astype(np.float32)
    return Peculiar(pattern, np.asarray((pattern - pattern[::-1]) / 2, dtype=np.float32))


def identity_conflicts(
    standard: Mapping[ScanKey, Volume], templates: Mapping[str, Template], gates: Gates
) -> Conflicts:
    """Return the pairs of scans that do not seem to show one person.

    Two scans of one tracer must share what sets them apart from the template (`gate_identity`) and must not be
    asymmetric in opposite ways (`gate_mirrored_visit`), nor may two images of different kinds that are both lopsided
    enough to have a lesion: in a healthy person the asymmetries of two tracers need not be alike.

    Parameters
    ----------
    standard : mapping of ScanKey to Volume
        One participant's, on the standard grid.
    templates : mapping of str to Template
        One per tracer.
    gates : Gates
    """
    of_scan = {key: peculiar(scan, templates[key.tracer]) for key, scan in standard.items()}
    conflicts = {}
    for first, second in combinations(standard, 2):
        names = f"{first.session} {first.tracer} and {second.session} {second.tracer}"
        opposed = -cosine(of_scan[first].asymmetry, of_scan[second].asymmetry)
        alike = cosine(of_scan[first].pattern, of_scan[second].pattern)
        lopsided = all(_size(of_scan[key].asymmetry) >= _least_asymmetry(key, gates) for key in (first, second))
        if (first.tracer == second.tracer or lopsided) and opposed > gates.opposed_max:
            conflicts[first, second] = RegistrationError(
                f"left and right are exchanged between {names}: their asymmetries are opposite (likeness"
                f" {-opposed:.2f}, at least {-gates.opposed_max:.2f} is plausible)",
                code="gate_mirrored_visit",
            )
            continue
        noisy = templates[first.tracer].fwhm_mm >= _NOISY_FROM_MM
        apart = _size(of_scan[first].pattern - of_scan[second].pattern)
        near = apart <= (gates.near_noisy_max if noisy else gates.near_max)
        needed = gates.alike_if_near_min if near else gates.alike_min
        if first.tracer == second.tracer and alike < needed:
            conflicts[first, second] = RegistrationError(
                f"{names} differ from the template in different ways (likeness {alike:.2f},"
                f" {needed:.2f} is needed); check that both are scans of one person",
                code="gate_identity",
            )
    return conflicts


def _least_asymmetry(key: ScanKey, gates: Gates) -> float:
    """Return the asymmetry from which on an image of this kind shows a lesion."""
    return gates.anat_asymmetry_min if key.tracer.startswith(ANATOMICAL) else gates.asymmetry_min


def _size(pattern: NDArray[np.float32]) -> float:
    """Return the root mean square of a pattern where it is known; 0 if that is nowhere."""
    finite = pattern[np.isfinite(pattern)]
    return float(np.sqrt(np.mean(finite.astype(np.float64) ** 2))) if finite.size else 0.0


def cosine(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return how alike two patterns are where both are known, from -1 (opposite) to 1; 1 if that is hardly anywhere."""
    common = np.isfinite(first) & np.isfinite(second)
    one, other = first[common].astype(np.float64), second[common].astype(np.float64)
    size = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / size if len(one) >= FEWEST_VOXELS and size > 0 else 1.0
