"""One scan of a participant: why it is refused, or what is measured in it."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.errors import PetSpectError, RefusedError, RegionError
from pet_spect.imaging.images import read_scan
from pet_spect.model import Refusal, ScanKey, Volume
from pet_spect.remarks import Remark
from pet_spect.results import layout
from pet_spect.results.converted_scan import read_converted_facts
from pet_spect.results.registration.registered_scan import refusal_of
from pet_spect.results.registration.registration_record import RegistrationRecord
from pet_spect.results.registration.transforms import read_scan_to_participant_points
from pet_spect.results.uptake.uptake_scan import CommonResolution, UptakeScan

if TYPE_CHECKING:
    from pet_spect.quantify.measurement import ParticipantRegions, ScanMeasurement
    from pet_spect.registration.common_resolution import ToCommon

Visit = tuple[str, str]
"""Session and tracer."""


def refusal_before(
    options: argparse.Namespace, record: RegistrationRecord, visit: Visit, image: Path
) -> Refusal | None:
    """Return why an earlier step refused the scan; without ``--record-refusal`` that is an error."""
    refusal = refusal_of(record, ScanKey(options.participant, *visit), image)
    if refusal is not None and not options.record_refusal:
        raise RefusedError(f"{image}: refused by {refusal.stage} ({refusal.reason})", code=refusal.code)
    return refusal


def measured_scan(
    options: argparse.Namespace,
    visit: Visit,
    image: Path,
    refusal: Refusal | None,
    regions: ParticipantRegions,
    common: ToCommon | None,
    record: RegistrationRecord,
) -> tuple[UptakeScan, ScanMeasurement | None]:
    """Return what became of a listed scan and, unless it is refused, what was measured in it."""
    if refusal is None:
        try:
            return _measured(options, visit, image, regions, common, record)
        except PetSpectError as error:
            if not options.record_refusal:
                raise
            refusal = Refusal("measure", error.code, str(error))
    facts = read_converted_facts(image)
    scan = UptakeScan(
        session=visit[0],
        tracer=visit[1],
        status="refused",
        stage=refusal.stage,
        code=refusal.code,
        reason=refusal.reason,
        warnings=facts.warnings,
        simulated=facts.simulated,
    )
    return scan, None


def _measured(
    options: argparse.Namespace,
    visit: Visit,
    image: Path,
    regions: ParticipantRegions,
    common: ToCommon | None,
    record: RegistrationRecord,
) -> tuple[UptakeScan, ScanMeasurement]:
    from pet_spect.quantify.measurement import low_coverage, measure_scan

    scan_to_participant_points = read_scan_to_participant_points(options.results, layout.scan_name(image))
    volume, facts = read_scan(image), read_converted_facts(image)
    entry = record.registered(ScanKey(options.participant, *visit))
    measurement = measure_scan(
        volume,
        regions,
        to_participant=scan_to_participant_points,
        view=None if entry is None else entry.cut_view,
        blur_mm=0.0 if common is None else common.blur_mm,
    )
    cut_at = () if entry is None else entry.cut_at
    for uptake in measurement.uptake:
        if uptake.region in options.target and math.isnan(uptake.mean) and not options.record_refusal:
            raise RegionError(
                f"{image}: {low_coverage(uptake, regions.min_coverage, cut_at).text}", code="low_coverage"
            )
    resolution = None
    if common is not None:
        resolution = CommonResolution(estimated_mm=common.fwhm_mm, estimated_sd_mm=common.sd_mm, blur_mm=common.blur_mm)
    scan = UptakeScan(
        session=visit[0],
        tracer=visit[1],
        status="measured",
        warnings=(
            *facts.warnings,
            *(() if common is None else common.warnings),
            *(() if entry is None else entry.cut_flags),
        ),
        simulated=facts.simulated,
        resolution=resolution,
        cut_at=cut_at,
        unit=facts.units,
        suv_factor=facts.suv_factor,
        suv_reason=facts.suv_reason,
        attenuation_corrected=facts.attenuation_corrected,
        protocol=facts.protocol(_voxel_mm(volume)),
    )
    return scan, measurement


def _voxel_mm(volume: Volume) -> tuple[float, float, float]:
    x, y, z = (round(float(size), 4) for size in volume.voxel_size)
    return x, y, z


def with_registration(
    scan: UptakeScan, record: RegistrationRecord, participant: str, faults: Sequence[Remark]
) -> UptakeScan:
    """Return a listed scan with what its registration says of it, and with the faults that concern all scans."""
    entry = record.registered(ScanKey(participant, scan.session, scan.tracer))
    accepted, flags = ((), ()) if entry is None else (entry.warnings, entry.flags)
    return replace(
        scan,
        warnings=(*scan.warnings, *accepted, *flags, *faults),
        accepted=accepted,
        lesion_seen_ml=record.lesion_seen_ml,
        lesion_seen_in=record.leading,
        deficit_ml=scan.deficit_ml if entry is None else entry.deficit_ml,
    )
