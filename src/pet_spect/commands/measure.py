"""The verb ``measure``: every atlas region in every scan of one participant, each scan in its own space.

The table has rows for every session and tracer asked for, scanned or not; its sidecar is the data
dictionary and, under ``Scans``, what became of each scan. The side of the lesion is not needed here.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.commands import measure_surroundings
from pet_spect.commands.arguments import add_atlas, add_participant, chosen_atlas
from pet_spect.commands.common_resolution import AUTO, common_fwhm, scan_resolutions
from pet_spect.commands.numbers import auto_or_from_zero, fraction
from pet_spect.commands.partial_volume import correct_participant, with_correction
from pet_spect.errors import AtlasError, ConfigError, ImageError, PetSpectError, RefusedError, RegionError
from pet_spect.imaging.images import read_scan
from pet_spect.model import STANDARD_SPACE, Atlas, Refusal, RegionSide, RegionUptake, ScanKey, Volume, Warp
from pet_spect.remarks import Remark
from pet_spect.results import layout
from pet_spect.results.converted_scan import read_converted_facts
from pet_spect.results.registered_scan import read_drawn_lesion, read_warp_lesion, refusal_of
from pet_spect.results.registration_record import RegistrationRecord, Settings, read_registration_record
from pet_spect.results.transforms import read_participant_to_standard_points, read_scan_to_participant_points
from pet_spect.results.uptake_record import write_uptake
from pet_spect.results.uptake_rows import UptakeRow, surrounding_rows, uptake_rows
from pet_spect.results.uptake_scan import CommonResolution, UptakeScan, WarpFacts, missing_scan

if TYPE_CHECKING:
    from pet_spect.quantify.measurement import ParticipantRegions, ScanMeasurement
    from pet_spect.quantify.noise import Noise
    from pet_spect.quantify.partial_volume.corrected_scans import CorrectedScan
    from pet_spect.quantify.surrounding_uptake import SurroundingRegions
    from pet_spect.quantify.uncertainty import Sensitivity
    from pet_spect.registration.common_resolution import ToCommon
    from pet_spect.registration.resolution_estimate import Resolution

Visit = tuple[str, str]
"""Session and tracer."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect measure``."""
    add_participant(parser, scan_needed=False)
    parser.add_argument("--sessions", required=True, nargs="+", metavar="SESSION", help="every session of the study")
    parser.add_argument("--tracers", required=True, nargs="+", metavar="TRACER", help="every tracer of the study")
    add_atlas(parser)
    parser.add_argument(
        "--target",
        nargs="+",
        default=["precentral"],
        metavar="REGION",
        help="also measured without its lesion voxels (default %(default)s)",
    )
    parser.add_argument(
        "--lesionfree",
        action="append",
        default=[],
        metavar="REGION",
        help="a further region that is also measured without its lesion voxels; repeat for each",
    )
    parser.add_argument(
        "--lesion-mask",
        type=Path,
        metavar="FILE",
        help=f"lesion mask in {STANDARD_SPACE}, named space-{STANDARD_SPACE}",
    )
    measure_surroundings.add_arguments(parser)
    parser.add_argument(
        "--min-coverage",
        type=fraction,
        default=0.9,
        metavar="FRACTION",
        help="smallest fraction of a region in view for its mean to be given (default %(default)s)",
    )
    parser.add_argument(
        "--misplacement-mm",
        type=auto_or_from_zero,
        metavar="MM",
        help="how far a fold may lie from where the warp puts it (standard deviation): voxels near the border of a"
        " target get less weight; 0 gives all its voxels the same weight (default auto: what normalise found)",
    )
    parser.add_argument(
        "--common-fwhm",
        type=common_fwhm,
        metavar="MM",
        help="blur each scan to this resolution before it is measured; auto is the coarsest of the person's scans of a"
        " tracer (default: scans are measured as they are)",
    )
    parser.add_argument(
        "--pvc",
        choices=("none", "gtm"),
        default="none",
        help="gtm also gives every region corrected for partial volume, as <region>_gtm (default %(default)s)",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="TSV", help="the table; its sidecar goes beside it")
    parser.add_argument(
        "--record-refusal",
        action="store_true",
        help="write a refused scan or lesion mask as n/a with its reason instead of failing",
    )


def run(options: argparse.Namespace) -> None:
    """Measure and write the table.

    Raises
    ------
    ConfigError
        If a flag contradicts another or names a session or tracer twice or not among those given.
    AtlasError, ImageError
        If the atlas or a transform cannot be used, or without ``--record-refusal`` the lesion mask.
    RefusedError, RegionError
        Without ``--record-refusal``, if a scan was refused or does not cover the target.
    """
    from pet_spect.registration.common_resolution import plan

    listed = _listed(options)
    atlas = _atlas(options)
    record = _record(options)
    lesion, lesion_fault = _lesion(options, record, atlas)
    refusals = {visit: _refusal(options, record, visit, image) for visit, image in listed.items()}
    warp = None
    if any(refusal is None for refusal in refusals.values()):
        warp = read_participant_to_standard_points(options.results, options.participant)
    resolutions: Mapping[Visit, Resolution] = {}
    registered = {visit: image for visit, image in listed.items() if refusals[visit] is None}
    if options.common_fwhm == AUTO and options.pvc == "none":  # no other scan of the tracer, no comparison
        tracers = [tracer for _, tracer in registered]
        registered = {visit: image for visit, image in registered.items() if tracers.count(visit[1]) > 1}
    if warp is not None and registered and (options.common_fwhm is not None or options.pvc != "none"):
        resolutions = scan_resolutions(registered, options.results, warp, record)
    blurs = {} if options.common_fwhm is None else plan(options.common_fwhm, resolutions)
    warp_lesion = None
    if lesion is None and record.warp is not None:
        warp_lesion = read_warp_lesion(options.results, options.participant)
    misplacement_mm = record.misplacement_mm if options.misplacement_mm is None else options.misplacement_mm
    by_tracer = _regions(options, listed, atlas, warp, misplacement_mm, lesion, warp_lesion)

    warp_facts = _warp_facts(options, atlas, record, warp_lesion if lesion is None else lesion)
    faults = [] if lesion_fault is None else [lesion_fault.remark]
    faults += [] if record.anat_fault is None else [record.anat_fault]
    scans: dict[Visit, UptakeScan] = {}
    measured: dict[Visit, ScanMeasurement] = {}
    for visit in [(session, tracer) for session in options.sessions for tracer in options.tracers]:
        scans[visit] = missing_scan(*visit)
        if visit in listed:
            of_tracer = by_tracer[visit[1]]
            scan, measurement = _scan(
                options, visit, listed[visit], refusals[visit], of_tracer, blurs.get(visit), record
            )
            # the error of the registration was learned on scans as they come
            blurred = scan.resolution is not None and scan.resolution.blur_mm > 0
            scan = replace(scan, warp=None if blurred else warp_facts)
            scans[visit] = _with_registration(scan, record, options.participant, faults)
            if measurement is not None:
                measured[visit] = measurement
    noises = _noises(measured, len(atlas.regions))
    corrected: Mapping[Visit, CorrectedScan] = {}
    if options.pvc != "none":
        blurs_mm = {visit: blur.blur_mm for visit, blur in blurs.items()}
        corrected = correct_participant(measured, by_tracer, noises, resolutions, blurs_mm, warp_lesion)
    for visit, correction in corrected.items():
        scans[visit] = with_correction(scans[visit], correction, listed[visit], lesion_drawn=lesion is not None)
    surroundings = measure_surroundings.surroundings_of(options, record, lesion, lesion_fault)
    rows: list[UptakeRow] = []
    for visit, scan in scans.items():
        uptake = measured[visit].uptake if visit in measured else None
        without = None if options.pvc == "none" else corrected[visit].uptake if visit in corrected else ()
        rows += uptake_rows(options.participant, scan, uptake, by_tracer[visit[1]], lesion_fault, without)
        around = None
        if visit in measured:
            sensitivities, around = _beyond(
                visit, measured[visit], noises[visit], by_tracer[visit[1]], surroundings, record
            )
            if visit in corrected:
                sensitivities |= corrected[visit].sensitivities
            scans[visit] = replace(scan, sensitivities=sensitivities)
        for place, each in enumerate(surroundings):
            rows += surrounding_rows(options.participant, scan, None if around is None else around[place], each)
    write_uptake(options.out, rows, tuple(scans.values()), misplacement_mm, options.min_coverage, surroundings)


def _noises(measured: Mapping[Visit, ScanMeasurement], n_regions: int) -> dict[Visit, Noise | None]:
    """Return the count noise of each scan, which takes another scan with the same tracer."""
    from pet_spect.quantify.sensitivities import scan_noise

    noises = {}
    for visit, measurement in measured.items():
        others = [other for at, other in measured.items() if at != visit and at[1] == visit[1]]
        noises[visit] = scan_noise(measurement, others, n_regions)
    return noises


def _beyond(
    visit: Visit,
    measurement: ScanMeasurement,
    noise: Noise | None,
    regions: ParticipantRegions,
    surroundings: Sequence[SurroundingRegions],
    record: RegistrationRecord,
) -> tuple[dict[tuple[str, RegionSide], Sensitivity], Sequence[Sequence[RegionUptake]]]:
    """Return the sensitivities of a scan, and the uptake of each of its surroundings."""
    from pet_spect.quantify.surrounding_uptake import sensitivities_and_surroundings

    entry = record.registered(ScanKey(record.participant, *visit))
    view = None if entry is None else entry.cut_view
    return sensitivities_and_surroundings(measurement, noise, regions, surroundings, view)


def _regions(
    options: argparse.Namespace,
    listed: Mapping[Visit, Path],
    atlas: Atlas,
    warp: Warp | None,
    misplacement_mm: float,
    lesion: Volume | None,
    warp_lesion: Volume | None,
) -> dict[str, ParticipantRegions]:
    """Return the regions with which the scans of each tracer are measured."""
    from pet_spect.quantify.measurement import participant_regions
    from pet_spect.quantify.membership import RESOLUTION_MM

    kinds = {visit[1]: layout.scan_name(image).datatype for visit, image in listed.items()}
    regions = {
        kind: participant_regions(
            atlas,
            warp,
            target=options.target,
            lesionfree=options.lesionfree,
            misplacement_mm=misplacement_mm,
            resolution_mm=RESOLUTION_MM[kind],
            lesion=lesion,
            warp_lesion=warp_lesion,
            min_coverage=options.min_coverage,
        )
        for kind in sorted({*kinds.values()} or {"pet"})
    }
    return {tracer: regions[kinds.get(tracer, min(regions))] for tracer in options.tracers}


def _warp_facts(
    options: argparse.Namespace, atlas: Atlas, record: RegistrationRecord, lesion: Volume | None
) -> WarpFacts | None:
    """Return what the registration knows of its error at the target, if that means something in this atlas."""
    from pet_spect.quantify.membership import lost_share

    if options.atlas_labels is not None or record.warp is None or lesion is None:
        return None
    lost = lost_share(atlas, options.target, lesion)
    return WarpFacts(misplacement_mm=record.misplacement_mm, lost_left=lost["left"], lost_right=lost["right"])


def _record(options: argparse.Namespace) -> RegistrationRecord:
    """Return the participant's registration record; an empty one where there is none and no scan needs it."""
    path = options.results / layout.registration_record(options.participant)
    if options.scan or path.is_file():
        return read_registration_record(path)
    return RegistrationRecord(participant=options.participant, settings=Settings(gates={}, deformation={}))


def _with_registration(
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


def _listed(options: argparse.Namespace) -> dict[Visit, Path]:
    listed: dict[Visit, Path] = {}
    for session, tracer, image in options.scan:
        if session not in options.sessions or tracer not in options.tracers:
            raise ConfigError(f"--scan {session} {tracer}: is not among --sessions and --tracers")
        if (session, tracer) in listed:
            raise ConfigError(f"--scan {session} {tracer}: is given twice; give each scan once")
        listed[session, tracer] = Path(image)
    return listed


def _atlas(options: argparse.Namespace) -> Atlas:
    atlas = chosen_atlas(options)
    for name in options.target:
        if not {"left", "right"} <= {region.side for region in atlas.regions if region.name == name}:
            raise AtlasError(f"atlas {atlas.name} has no region {name!r} with a left and a right side")
    for name in options.lesionfree:
        if name not in {region.name for region in atlas.regions}:
            raise AtlasError(f"atlas {atlas.name} has no region {name!r}")
    return atlas


def _lesion(
    options: argparse.Namespace, record: RegistrationRecord, atlas: Atlas
) -> tuple[Volume | None, Refusal | None]:
    """Return the lesion mask, or what is wrong with it; without ``--record-refusal`` that is an error."""
    if options.lesion_mask is None:
        return None, None
    lesion = read_drawn_lesion(options.results, options.lesion_mask, record, atlas)
    if isinstance(lesion, Volume):
        return lesion, None
    if not options.record_refusal:
        who = f"the lesion mask of {options.participant}: " if lesion.stage == "normalise" else ""
        raise ImageError(f"{who}{lesion.reason}", code=lesion.code)
    return None, lesion


def _refusal(options: argparse.Namespace, record: RegistrationRecord, visit: Visit, image: Path) -> Refusal | None:
    """Return why an earlier step refused the scan; without ``--record-refusal`` that is an error."""
    refusal = refusal_of(record, ScanKey(options.participant, *visit), image)
    if refusal is not None and not options.record_refusal:
        raise RefusedError(f"{image}: refused by {refusal.stage} ({refusal.reason})", code=refusal.code)
    return refusal


def _scan(
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
