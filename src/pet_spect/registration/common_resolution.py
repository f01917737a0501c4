"""The common resolution of a participant's scans, and the blur that brings each scan to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pet_spect.quantify.smoothing import blur_between
from pet_spect.registration.resolution_estimate import Resolution
from pet_spect.remarks import Remark

CLEARLY = 2.0
"""Standard deviations by which two resolutions must differ to be called different."""

Visit = tuple[str, str]


@dataclass(frozen=True)
class ToCommon:
    """How one scan is brought to the common resolution.

    Attributes
    ----------
    fwhm_mm, sd_mm : float or None
        The scan's own resolution, None where it is unknown, and its standard deviation.
    blur_mm : float
        FWHM of the Gaussian that is applied before the scan is measured; 0 is none.
    warnings : tuple of Remark
        What every value of the scan must say.
    """

    fwhm_mm: float | None = None
    sd_mm: float | None = None
    blur_mm: float = 0.0
    warnings: tuple[Remark, ...] = ()


def plan(wanted: float | str, resolutions: Mapping[Visit, Resolution]) -> dict[Visit, ToCommon]:
    """Return by how much each scan is blurred, given what resolution each has.

    With ``auto`` the scans of a tracer are compared with each other alone. One that is not clearly sharper than the
    coarsest stays as it is: blurring one of two equal scans would make the difference that it is meant to take away.
    One that cannot be compared stays as it is and says so.

    With a number, a scan whose resolution is unknown, or that is coarser than the common one by more than its
    uncertainty, stays as it is and says so.
    """
    if not isinstance(wanted, str):
        return {visit: _to_number(wanted, own) for visit, own in resolutions.items()}
    return {
        visit: _to_coarsest(own, [other for at, other in resolutions.items() if at != visit and at[1] == visit[1]])
        for visit, own in resolutions.items()
    }


def _to_number(wanted: float, own: Resolution) -> ToCommon:
    if math.isnan(own.fwhm_mm):
        return ToCommon(warnings=(Remark.of("resolution_unknown", reason=own.reason),))
    warnings: tuple[Remark, ...] = ()
    if own.fwhm_mm - wanted > CLEARLY * own.sd_mm:
        warnings = (Remark.of("resolution_coarser", found=own.fwhm_mm, wanted=wanted),)
    return ToCommon(own.fwhm_mm, own.sd_mm, blur_between(own.fwhm_mm, wanted), warnings)


def _to_coarsest(own: Resolution, others: Sequence[Resolution]) -> ToCommon:
    if math.isnan(own.apparent_mm):
        return ToCommon(warnings=(Remark.of("resolution_unknown", reason=own.reason),) if others else ())
    coarsest = max((own, *others), key=lambda each: -math.inf if math.isnan(each.apparent_mm) else each.apparent_mm)
    joint_sd = math.hypot(coarsest.apparent_sd_mm, own.apparent_sd_mm)
    clear = coarsest.apparent_mm - own.apparent_mm > CLEARLY * joint_sd
    needed = blur_between(own.apparent_mm, coarsest.apparent_mm) if clear else 0.0
    return ToCommon(blur_mm=needed) if math.isnan(own.fwhm_mm) else ToCommon(own.fwhm_mm, own.sd_mm, needed)
