"""Whether what lies on the template looks like a whole brain of its tracer.

A correlation over the whole brain hides what one part lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_edt, gaussian_filter

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume
from pet_spect.registration.plausibility import FEWEST_VOXELS, Gates, correlation
from pet_spect.registration.template import WORKING_VOXEL_MM, Template

_SMOOTHING_MM = 6.0
_SLAB_MM = 12
_SLAB_ML = 25.0
_FURTHER_BLUR_MM = (0.0, 10.0, 20.0, 30.0)
_BESIDE_MM = 16
_BRIGHT = 0.4

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Appearance:
    """How the parts of a scan compare with the template's, both on the standard grid.

    Attributes
    ----------
    profile_low, profile_high : float
        Least and greatest uptake of a slab, front to back, bottom to top and by depth below the brain's
        surface, against the template's and relative to the whole brain's. Of the two sides the brighter one
        counts in each place, so that a lesion of one side has no say. 1 throughout on the template itself.
    side_low : float
        The least of the slabs from side to side, lesions included.
    other_tracer : float
        How much better the template of another tracer fits than the scan's own (correlation); negative where none does.
    blur_mm : float
        Blur (FWHM, one of 0, 10, 20, 30) that the template needs beyond its own to fit best.
    beside : float
        Volume outside the head that is as bright as the brain, as a fraction of the brain's.
    """

    profile_low: float
    profile_high: float
    side_low: float
    other_tracer: float
    blur_mm: float
    beside: float


def smooth_in_view(data: FloatArray, sigma_mm: float) -> FloatArray:
    """Return data on the standard grid smoothed over what is in view (a Gaussian of `sigma_mm`); NaN elsewhere."""
    seen = np.isfinite(data)
    sigma = sigma_mm / WORKING_VOXEL_MM
    weight = gaussian_filter(seen.astype(np.float32), sigma)
    total = gaussian_filter(np.where(seen, data, 0).astype(np.float32), sigma)
    return np.where(seen, total / np.maximum(weight, 1e-6), np.nan).astype(np.float32)


def _slabs(scan: FloatArray, template: FloatArray, place: NDArray[np.integer]) -> FloatArray:
    """Return scan over template, slab by slab, relative to the whole; slabs of less than `_SLAB_ML` are left out."""
    size = np.bincount(place)
    kept = size * WORKING_VOXEL_MM**3 / 1000 >= _SLAB_ML
    of_scan, of_template = (np.bincount(place, weights=values)[kept] for values in (scan, template))
    whole = scan.sum() / template.sum()
    return np.asarray(of_scan / of_template / whole)


def appearance(scan: Volume, tracer: str, templates: Mapping[str, Template]) -> Appearance:
    """Compare the parts of a scan with the template's.

    Parameters
    ----------
    scan : Volume
        On the standard grid, which is symmetric about its middle; NaN outside the field of view.
    tracer : str
        A key of `templates`.
    templates : mapping of str to Template
        All on that grid.
    """
    own = templates[tracer]
    smooth = smooth_in_view(scan.data, _SMOOTHING_MM)
    both = np.fmax(smooth, smooth[::-1])
    inside = own.brain & np.isfinite(smooth)
    if inside.sum() < FEWEST_VOXELS or not smooth[inside].sum() > 0:
        return Appearance(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    like = {name: smooth_in_view(template.uptake.data, _SMOOTHING_MM) for name, template in templates.items()}
    slab = _SLAB_MM // WORKING_VOXEL_MM
    depth = np.asarray(distance_transform_edt(own.brain)).astype(np.int64)
    across, along, up = (index // slab for index in np.nonzero(inside))
    values, reference = both[inside], like[tracer][inside]
    symmetric = np.concatenate([_slabs(values, reference, place) for place in (along, up, depth[inside] // slab)])
    sides = _slabs(smooth[inside], reference, across)
    core = binary_erosion(own.brain, iterations=3) & inside
    fits = {name: correlation(both[core], uptake[core]) for name, uptake in like.items()}
    others = [fits[name] - fits[tracer] for name in fits if name != tracer]
    blurred = {
        mm: correlation(values, smooth_in_view(like[tracer], mm / 2.355)[inside] if mm else reference)
        for mm in _FURTHER_BLUR_MM
    }
    far = ~binary_dilation(own.brain, iterations=_BESIDE_MM // WORKING_VOXEL_MM) & np.isfinite(smooth)
    beside = float((smooth[far] > 0.5 * np.median(smooth[inside])).sum() / own.brain.sum())
    return Appearance(
        float(symmetric.min(initial=1.0)),
        float(symmetric.max(initial=1.0)),
        float(sides.min(initial=1.0)),
        max(others, default=-1.0),
        max(blurred, key=lambda mm: blurred[mm]),
        beside,
    )


def check_appearance(found: Appearance, gates: Gates) -> None:
    """Refuse what is no whole brain of its tracer.

    Raises
    ------
    RegistrationError
        Naming the value found and the one needed.
    """
    if found.other_tracer > gates.other_tracer_max:
        raise RegistrationError(
            f"the template of another tracer fits better (by {found.other_tracer:.2f} in correlation);"
            " is the tracer right?",
            code="gate_tracer",
        )
    if found.profile_low < gates.profile_min or found.profile_high > gates.profile_max:
        raise RegistrationError(
            f"a part of the brain has {found.profile_low:.2f} to {found.profile_high:.2f} of the uptake expected there,"
            f" {gates.profile_min:.2f} to {gates.profile_max:.2f} is plausible in both hemispheres",
            code="gate_profile",
        )
    if found.side_low < gates.side_min:
        raise RegistrationError(
            f"a slab of one side has {found.side_low:.2f} of the uptake expected there, {gates.side_min:.2f} is needed",
            code="gate_profile",
        )
    if found.blur_mm > gates.blur_max_mm:
        raise RegistrationError(
            f"the scan is blurred: the template fits best with {found.blur_mm:.0f} mm of further blur,"
            f" at most {gates.blur_max_mm:.0f} mm is plausible",
            code="gate_blur",
        )
    if found.beside > gates.beside_max:
        raise RegistrationError(
            f"outside the head {found.beside:.0%} of the brain's volume is as bright as the brain,"
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


def check_integrity(found: Integrity, gates: Gates) -> None:
    """Refuse a scan that is no continuous measurement.

    Raises
    ------
    RegistrationError
        Naming the value found and the greatest plausible one.
    """
    if found.jump > gates.jump_max:
        raise RegistrationError(
            f"neighbouring slices change by {found.jump:.1f} times as much as those beside them, at most"
            f" {gates.jump_max:.1f} is plausible; are slices missing, exchanged or doubled?",
            code="gate_slices",
        )
    if found.flat > gates.flat_max:
        raise RegistrationError(
            f"{found.flat:.0%} of the bright voxels have one and the same value, at most {gates.flat_max:.0%} is"
            " plausible; are the values cut off at a limit?",
            code="gate_flat",
        )
