"""Telling each scan's resolution, and by how much each is blurred to reach a common one."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pet_spect import layout
from pet_spect.commands.numbers import positive
from pet_spect.errors import PetSpectError
from pet_spect.model import ScanKey
from pet_spect.record import cut_view

if TYPE_CHECKING:
    from pet_spect.model import Warp
    from pet_spect.registration.resolution import Resolution

AUTO = "auto"
"""Asks for the coarsest of the participant's scans of the tracer."""

CLEARLY = 2.0
"""Standard deviations by which two resolutions must differ to be called different."""

Visit = tuple[str, str]


@dataclass(frozen=True)
class ToCommon:
    """How one scan is brought to the common resolution.

    Attributes
    ----------
    fwhm_mm, sd_mm : float or None
        The scan's own resolution, None where it cannot be told, and its standard deviation.
    blur_mm : float
        FWHM of the Gaussian that is applied before the scan is measured; 0 is none.
    warnings : tuple of dict
        What every value of the scan must say (``Code``, ``Reason``).
    """

    fwhm_mm: float | None = None
    sd_mm: float | None = None
    blur_mm: float = 0.0
    warnings: tuple[Mapping[str, str], ...] = ()

    def told(self) -> dict[str, float | None]:
        """Return the scan's entries in the sidecar of the uptake table."""
        return {
            "EstimatedFWHMmm": self.fwhm_mm,
            "EstimatedFWHMSDmm": self.sd_mm,
            "AppliedBlurFWHMmm": self.blur_mm,
        }


def common_fwhm(text: str) -> float | str:
    """Return the value of ``--common-fwhm``: a number above 0, or `AUTO`."""
    if text == AUTO:
        return text
    try:
        return positive(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither {AUTO} nor a number of mm above 0") from None


def to_common(
    wanted: float | str,
    images: Mapping[Visit, Path],
    results: Path,
    participant: str,
    warp: Warp,
    record: Mapping[str, Any],
) -> dict[Visit, ToCommon]:
    """Return how each scan of a participant is brought to the common resolution.

    Parameters
    ----------
    wanted : float or str
        FWHM in mm, or `AUTO`: for each tracer the coarsest of the participant's scans.
    images : mapping of (session, tracer) to Path
        The registered scans. One that cannot be read is left out: measuring it says why.
    results : Path
        The folder that holds the transforms.
    participant : str
    warp : Warp
        Participant to standard points.
    record : mapping
        The participant's registration record, which knows each scan's field of view.
    """
    import numpy as np

    from pet_spect.atlases import load_atlas
    from pet_spect.images import read_rigid, read_scan
    from pet_spect.quantify.view import in_view
    from pet_spect.registration.resolution import estimate_fwhm, sharp_tissue
    from pet_spect.tissue import tissue_maps

    atlas = load_atlas("CerebrA")
    tissue = sharp_tissue(atlas, tissue_maps(atlas))
    found: dict[Visit, Resolution] = {}
    for visit, image in images.items():
        try:
            label = layout.scan_name(image).label
            rigid = read_rigid(results / layout.scan_to_participant(participant, visit[0], label))
            volume, _ = read_scan(image)
        except PetSpectError:
            continue
        view = cut_view(record, ScanKey(participant, *visit))
        volume = volume if view is None else in_view(volume, view)
        back = np.linalg.inv(rigid)
        found[visit] = estimate_fwhm(volume, tissue, scan_to_participant=back, participant_to_standard=warp)
    return plan(wanted, found)


def plan(wanted: float | str, found: Mapping[Visit, Resolution]) -> dict[Visit, ToCommon]:
    """Return by how much each scan is blurred, given what resolution each has.

    A scan whose resolution cannot be told, or that is coarser than the common one by more than its uncertainty,
    stays as it is and says so. With `AUTO`, a scan that is not clearly sharper than the coarsest also stays as it is:
    blurring one of two equal scans would make the difference that it is meant to take away.
    """
    from pet_spect.quantify.resolution import blur_between

    planned = {}
    for visit, own in found.items():
        if math.isnan(own.fwhm_mm):
            reason = f"the resolution of this scan cannot be told ({own.reason}); it was measured as it is"
            planned[visit] = ToCommon(warnings=({"Code": "resolution_unknown", "Reason": reason},))
        elif isinstance(wanted, str):
            of_tracer = [each for other, each in found.items() if other[1] == visit[1] and each.fwhm_mm == each.fwhm_mm]
            coarsest = max(of_tracer, key=lambda each: each.fwhm_mm)
            clear = coarsest.fwhm_mm - own.fwhm_mm > CLEARLY * math.hypot(coarsest.sd_mm, own.sd_mm)
            needed = blur_between(own.fwhm_mm, coarsest.fwhm_mm) if clear else 0.0
            planned[visit] = ToCommon(own.fwhm_mm, own.sd_mm, needed)
        else:
            warnings: tuple[Mapping[str, str], ...] = ()
            if own.fwhm_mm - wanted > CLEARLY * own.sd_mm:
                reason = f"this scan has a resolution of {own.fwhm_mm:.1f} mm, coarser than the common {wanted:.1f} mm"
                warnings = ({"Code": "resolution_coarser", "Reason": reason},)
            planned[visit] = ToCommon(own.fwhm_mm, own.sd_mm, blur_between(own.fwhm_mm, wanted), warnings)
    return planned
