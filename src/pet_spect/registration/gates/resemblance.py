"""Resemblance of a placed scan to a brain scan: sharp, bright only in the head, one continuous measurement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume
from pet_spect.registration.gates.plausibility import FEWEST_VOXELS, Gates, Match, correlation, match
from pet_spect.registration.templates.appearance import assembled
from pet_spect.registration.templates.template import WORKING_VOXEL_MM, Template

_SMOOTHING_MM = 6.0
_MATCH_MM = 4.0
_FURTHER_BLUR_MM = (0.0, 10.0, 20.0, 30.0)
_BESIDE_MM = 16
_BRIGHT = 0.4

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Appearance:
    """How a scan compares with its template, both on the standard grid.

    Attributes
    ----------
    blur_mm : float
        Blur (FWHM, one of 0, 10, 20, 30) that the template needs beyond its own to fit best.
    beside : float
        Volume outside the head that is as bright as the brain, as a fraction of the brain's.
    """

    blur_mm: float
    beside: float


def smooth_in_view(data: FloatArray, sigma_mm: float) -> FloatArray:
    """Return data on the standard grid smoothed over what is in view (a Gaussian of `sigma_mm`); NaN elsewhere."""
    in_view = np.isfinite(data)
    sigma = sigma_mm / WORKING_VOXEL_MM
    weight = gaussian_filter(in_view.astype(np.float32), sigma)
    total = gaussian_filter(np.where(in_view, data, 0).astype(np.float32), sigma)
    return np.where(in_view, total / np.maximum(weight, 1e-6), np.nan).astype(np.float32)


def appearance(scan: Volume, template: Template) -> Appearance:
    """Measure how blurred a scan is and how much is bright beside the head.

    Parameters
    ----------
    scan : Volume
        On the standard grid, which is symmetric about its middle; NaN outside the field of view. Of the two sides the
        brighter one counts in each place, so that a lesion of one side has no say.
    template : Template
        Of its tracer, on that grid.
    """
    smooth = smooth_in_view(scan.data, _SMOOTHING_MM)
    brighter = np.fmax(smooth, smooth[::-1])
    inside = template.brain & np.isfinite(smooth)
    if inside.sum() < FEWEST_VOXELS or not smooth[inside].sum() > 0:
        return Appearance(0.0, 0.0)
    values, like = brighter[inside], smooth_in_view(template.uptake.data, _SMOOTHING_MM)
    blurred = {
        mm: correlation(values, (smooth_in_view(like, mm / 2.355) if mm else like)[inside]) for mm in _FURTHER_BLUR_MM
    }
    far = ~binary_dilation(template.brain, iterations=_BESIDE_MM // WORKING_VOXEL_MM) & np.isfinite(smooth)
    beside = float((smooth[far] > 0.5 * np.median(smooth[inside])).sum() / template.brain.sum())
    return Appearance(max(blurred, key=lambda mm: blurred[mm]), beside)


def own_match(
    scan: FloatArray, template: Template, factors: NDArray[np.float64], scale: float, lesion: NDArray[np.bool_]
) -> Match:
    """Compare a scan with its template once every region of the template has the scan's own uptake.

    Only the anatomy is left to differ: a healthy person's uptake in a region is no fault of the scan.

    Parameters
    ----------
    scan : (X, Y, Z) float32 array
        On the standard grid; NaN outside the field of view.
    template : Template
        Of its tracer, on that grid.
    factors, scale
        See `appearance.region_factors`.
    lesion : (X, Y, Z) bool array
        Voxels that do not count.
    """
    own = assembled(template, factors) * np.float32(scale)
    smooth, expected = (smooth_in_view(data, _MATCH_MM) for data in (scan, np.where(np.isfinite(scan), own, np.nan)))
    return match(smooth, np.nan_to_num(expected), template.brain & ~lesion)


def check_appearance(scan_appearance: Appearance, gates: Gates) -> None:
    """Refuse what is too blurred, or has the brightness of a brain outside the head.

    Raises
    ------
    RegistrationError
        Naming the value found and the one needed.
    """
    if scan_appearance.blur_mm > gates.blur_max_mm:
        raise RegistrationError(
            f"the scan is blurred: the template fits best with {scan_appearance.blur_mm:.0f} mm of further blur,"
            f" at most {gates.blur_max_mm:.0f} mm is plausible",
            code="gate_blur",
        )
    if scan_appearance.beside > gates.beside_max:
        raise RegistrationError(
            f"outside the head {scan_appearance.beside:.0%} of the brain's volume is as bright as the brain,"
            f" at most {gates.beside_max:.0%} is plausible",
            code="gate_beside",
        )


@dataclass(frozen=True)
class Integrity:
    """Whether the voxels of a scan are those of one continuous measurement.

    Attributes
    ----------
    jump : float
        Greatest change from one slice to the next, along any axis, over the changes before and after it.
        In a blurred image it hardly exceeds 1.
    flat : float
        Share of the bright voxels that have one and the same value.
    """

    jump: float
    flat: float


def integrity(head: Volume) -> Integrity:
    """Look for slices that do not belong together, and for values cut off at a limit.

    Parameters
    ----------
    head : Volume
        Cropped to the head, on its own grid; NaN counts as 0.
    """
    data = np.nan_to_num(head.data, nan=0.0)
    bright = data[data > _BRIGHT * np.percentile(data, 99)]
    if not len(bright):
        return Integrity(0.0, 0.0)
    _, counts = np.unique(bright, return_counts=True)
    jumps = [_jump(data, head.voxel_size, axis) for axis in range(3)]
    return Integrity(max(jumps), float(counts.max() / len(bright)))


def _jump(data: FloatArray, voxel: NDArray[np.float64], axis: int) -> float:
    """Return the greatest change between slices of the bright part over the greater of its two neighbours."""
    # smoothed within the slices only, so that a jump between them stays one
    sigma = tuple(0.0 if other == axis else _SMOOTHING_MM / size for other, size in enumerate(voxel))
    slices = np.moveaxis(gaussian_filter(data, sigma), axis, 0).reshape(data.shape[axis], -1)
    energy = np.sqrt((slices.astype(np.float64) ** 2).mean(axis=1))
    change = np.sqrt((np.diff(slices, axis=0).astype(np.float64) ** 2).mean(axis=1))
    bright = np.minimum(energy[1:], energy[:-1]) > _BRIGHT * energy.max()
    around = np.maximum(change[2:], change[:-2])
    return float(
        np.divide(change[1:-1], around, out=np.zeros(len(around)), where=bright[1:-1] & (around > 0)).max(initial=0)
    )


def check_integrity(slices: Integrity, gates: Gates) -> None:
    """Refuse a scan that is no continuous measurement.

    Raises
    ------
    RegistrationError
        Naming the value found and the greatest plausible one.
    """
    if slices.jump > gates.jump_max:
        raise RegistrationError(
            f"neighbouring slices change by {slices.jump:.1f} times as much as those beside them, at most"
            f" {gates.jump_max:.1f} is plausible; are slices missing, exchanged or doubled?",
            code="gate_slices",
        )
    if slices.flat > gates.flat_max:
        raise RegistrationError(
            f"{slices.flat:.0%} of the bright voxels have one and the same value, at most {gates.flat_max:.0%} is"
            " plausible; are the values cut off at a limit?",
            code="gate_flat",
        )
