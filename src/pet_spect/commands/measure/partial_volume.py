"""Partial volume correction of a participant's scans, for the verb ``measure``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.commands.measure.resolutions import standard_tissue
from pet_spect.remarks import Remark
from pet_spect.results import layout
from pet_spect.results.uptake.partial_volume_entry import PartialVolume
from pet_spect.results.uptake.uptake_scan import UptakeScan

if TYPE_CHECKING:
    from pet_spect.model import Volume
    from pet_spect.quantify.measurement import ParticipantRegions, ScanMeasurement
    from pet_spect.quantify.noise import Noise
    from pet_spect.quantify.partial_volume.corrected_scans import CorrectedScan
    from pet_spect.registration.resolution_estimate import Resolution

Visit = tuple[str, str]


def correct_participant(
    measured: Mapping[Visit, ScanMeasurement],
    regions: Mapping[str, ParticipantRegions],
    noises: Mapping[Visit, Noise | None],
    resolutions: Mapping[Visit, Resolution],
    blurs_mm: Mapping[Visit, float],
    warp_lesion: Volume | None,
) -> dict[Visit, CorrectedScan]:
    """Return the corrected means of every scan that was measured.

    Parameters
    ----------
    measured : mapping of (session, tracer) to ScanMeasurement
    regions : mapping of str to ParticipantRegions
        With which the scans of a tracer were measured.
    noises : mapping of (session, tracer) to Noise or None
        Of the scans as they were measured.
    resolutions : mapping of (session, tracer) to Resolution
        Of the scans before they were blurred; a scan without one is not corrected.
    blurs_mm : mapping of (session, tracer) to float
        What each was blurred by.
    warp_lesion : Volume or None
        The lesion that the registration saw; it counts where none was drawn.
    """
    from pet_spect.quantify.partial_volume.corrected_scans import Width, correct_scans
    from pet_spect.quantify.partial_volume.head_parts import head_parts

    standard, tissue = standard_tissue()
    corrected: dict[Visit, CorrectedScan] = {}
    for tracer in dict.fromkeys(tracer for _, tracer in measured):
        own = regions[tracer]
        parts = head_parts(
            own.atlas,
            tissue.grey,
            tissue.white,
            tissue.brain,
            standard.affine,
            lesion=warp_lesion if own.lesion is None else own.lesion,
            certainty=own.certainty,
        )
        visits = [visit for visit in measured if visit[1] == tracer]
        widths = [
            Width(
                math.hypot(resolutions[visit].apparent_mm, blurs_mm.get(visit, 0.0)), resolutions[visit].apparent_sd_mm
            )
            if visit in resolutions
            else Width(math.nan, math.nan)
            for visit in visits
        ]
        scans, scan_noises = [measured[visit] for visit in visits], [noises[visit] for visit in visits]
        found = correct_scans(scans, scan_noises, widths, parts, own)
        corrected |= dict(zip(visits, found, strict=True))
    return corrected


def with_correction(scan: UptakeScan, corrected: CorrectedScan, image: Path, *, lesion_drawn: bool) -> UptakeScan:
    """Return what became of a scan, with how it was corrected and what to look at in the corrected values."""
    warnings = [] if lesion_drawn else [Remark.of("partial_volume_lesion")]
    if layout.scan_name(image).datatype == "spect":
        warnings.append(Remark.of("partial_volume_noise"))
    return replace(
        scan,
        partial_volume=PartialVolume(
            width_mm=corrected.width_mm,
            condition=corrected.condition,
            absence=corrected.absence,
            warnings=tuple(warnings),
        ),
    )
