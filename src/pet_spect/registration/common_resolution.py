"""The common resolution of a participant's scans, and the blur that brings each scan to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
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

    A scan whose resolution is unknown, or that is coarser than the common one by more than its uncertainty,
    stays as it is and says so. With ``auto``, a scan that is not clearly sharper than the coarsest also stays as it is:
    blurring one of two equal scans would make the difference that it is meant to take away.
    """
    planned = {}
    for visit, own in resolutions.items():
        if math.isnan(own.fwhm_mm):
            planned[visit] = ToCommon(warnings=(Remark.of("resolution_unknown", reason=own.reason),))
        elif isinstance(wanted, str):
            of_tracer = [
                each for other, each in resolutions.items() if other[1] == visit[1] and each.fwhm_mm == each.fwhm_mm
            ]
            coarsest = max(of_tracer, key=lambda each: each.fwhm_mm)
            clear = coarsest.fwhm_mm - own.fwhm_mm > CLEARLY * math.hypot(coarsest.sd_mm, own.sd_mm)
            needed = blur_between(own.fwhm_mm, coarsest.fwhm_mm) if clear else 0.0
            planned[visit] = ToCommon(own.fwhm_mm, own.sd_mm, needed)
        else:
            warnings: tuple[Remark, ...] = ()
            if own.fwhm_mm - wanted > CLEARLY * own.sd_mm:
                warnings = (Remark.of("resolution_coarser", found=own.fwhm_mm, wanted=wanted),)
            planned[visit] = ToCommon(own.fwhm_mm, own.sd_mm, blur_between(own.fwhm_mm, wanted), warnings)
    return planned
