"""The verb ``measure``: every atlas region in every scan of one participant, each scan in its own space.

The table has rows for every session and tracer asked for, scanned or not; its sidecar is the data
dictionary and, under ``Scans``, what became of each scan. The side of the lesion is not needed here.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.commands.arguments import add_atlas, add_participant
from pet_spect.commands.measure.partial_volume import correct_participant, with_correction
from pet_spect.commands.measure.provenance import uptake_provenance, write_manifest_part
from pet_spect.commands.measure.regions import atlas_of, lesion_of, regions_by_tracer, warp_facts
from pet_spect.commands.measure.resolutions import AUTO, common_fwhm, scan_resolutions
from pet_spect.commands.measure.scans import Visit, measured_scan, refusal_before, with_registration
from pet_spect.commands.measure.sensitivities import count_noises, sensitivities_of
from pet_spect.commands.measure.surroundings import add_surroundings, surroundings_of
from pet_spect.commands.numbers import auto_or_from_zero, fraction
from pet_spect.errors import ConfigError
from pet_spect.model import STANDARD_SPACE, ScanKey, Warp
from pet_spect.results import layout
from pet_spect.results.proof.matching import check_registration
from pet_spect.results.registration.registered_scan import read_warp_lesion
from pet_spect.results.registration.registration_record import RegistrationRecord, Settings, read_registration_record
from pet_spect.results.registration.transforms import read_participant_to_standard_points
from pet_spect.results.uptake.uptake_record import write_uptake
from pet_spect.results.uptake.uptake_rows import UptakeRow, surrounding_rows, uptake_rows
from pet_spect.results.uptake.uptake_scan import UptakeScan, missing_scan

if TYPE_CHECKING:
    from pet_spect.quantify.measurement import ScanMeasurement
    from pet_spect.quantify.partial_volume.corrected_scans import CorrectedScan
    from pet_spect.registration.common_resolution import ToCommon
    from pet_spect.registration.resolution_estimate import Resolution


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
    add_surroundings(parser)
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
        "--manifest", action="store_true", help="also list the participant's files, for the manifest of the run"
    )
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
        If the atlas or a transform cannot be used, a file is not that of the registration, or without
        ``--record-refusal`` the lesion mask cannot be used.
    RefusedError, RegionError
        Without ``--record-refusal``, if a scan was refused or does not cover the target.
    """
    listed = _listed(options)
    atlas = atlas_of(options)
    record = _record(options)
    check_registration(
        options.results, record, {ScanKey(options.participant, *visit): image for visit, image in listed.items()}
    )
    lesion, lesion_fault = lesion_of(options, record, atlas)
    refusals = {visit: refusal_before(options, record, visit, image) for visit, image in listed.items()}
    registered = {visit: image for visit, image in listed.items() if refusals[visit] is None}
    warp = read_participant_to_standard_points(options.results, options.participant) if registered else None
    resolutions, blurs = _to_common_resolution(options, registered, warp, record)
    warp_lesion = None
    if lesion is None and record.warp is not None:
        warp_lesion = read_warp_lesion(options.results, options.participant)
    misplacement_mm = record.misplacement_mm if options.misplacement_mm is None else options.misplacement_mm
    by_tracer = regions_by_tracer(options, listed, atlas, warp, misplacement_mm, lesion, warp_lesion)
    facts = warp_facts(options, atlas, record, warp_lesion if lesion is None else lesion)
    faults = [] if lesion_fault is None else [lesion_fault.remark]
    faults += [] if record.anat_fault is None else [record.anat_fault]
    scans: dict[Visit, UptakeScan] = {}
    measured: dict[Visit, ScanMeasurement] = {}
    for visit in [(session, tracer) for session in options.sessions for tracer in options.tracers]:
        scans[visit] = missing_scan(*visit)
        if visit in listed:
            scan, measurement = measured_scan(
                options, visit, listed[visit], refusals[visit], by_tracer[visit[1]], blurs.get(visit), record
            )
            # the error of the registration was learned on scans as they come
            blurred = scan.resolution is not None and scan.resolution.blur_mm > 0
            scan = replace(scan, warp=None if blurred else facts)
            scans[visit] = with_registration(scan, record, options.participant, faults)
            if measurement is not None:
                measured[visit] = measurement
    noises = count_noises(measured, len(atlas.regions))
    corrected: Mapping[Visit, CorrectedScan] = {}
    if options.pvc != "none":
        blurs_mm = {visit: blur.blur_mm for visit, blur in blurs.items()}
        corrected = correct_participant(measured, by_tracer, noises, resolutions, blurs_mm, warp_lesion)
    for visit, correction in corrected.items():
        scans[visit] = with_correction(scans[visit], correction, listed[visit], lesion_drawn=lesion is not None)
    surroundings = surroundings_of(options, record, lesion, lesion_fault)
    rows: list[UptakeRow] = []
    for visit, scan in scans.items():
        uptake = measured[visit].uptake if visit in measured else None
        without = None if options.pvc == "none" else corrected[visit].uptake if visit in corrected else ()
        rows += uptake_rows(options.participant, scan, uptake, by_tracer[visit[1]], lesion_fault, without)
        around = None
        if visit in measured:
            sensitivities, around = sensitivities_of(
                visit, measured[visit], noises[visit], by_tracer[visit[1]], surroundings, record
            )
            if visit in corrected:
                sensitivities |= corrected[visit].sensitivities
            scans[visit] = replace(scan, sensitivities=sensitivities)
        for place, each in enumerate(surroundings):
            rows += surrounding_rows(options.participant, scan, None if around is None else around[place], each)
    made = uptake_provenance(options, listed, atlas.name)
    write_uptake(options.out, rows, tuple(scans.values()), misplacement_mm, options.min_coverage, surroundings, made)
    if options.manifest:
        write_manifest_part(options, listed, record, made)


def _to_common_resolution(
    options: argparse.Namespace, registered: Mapping[Visit, Path], warp: Warp | None, record: RegistrationRecord
) -> tuple[Mapping[Visit, Resolution], Mapping[Visit, ToCommon]]:
    """Return the resolution of each scan where somebody needs it, and how each is brought to a common one."""
    from pet_spect.registration.common_resolution import plan

    if options.common_fwhm == AUTO and options.pvc == "none":  # no other scan of the tracer, no comparison
        tracers = [tracer for _, tracer in registered]
        registered = {visit: image for visit, image in registered.items() if tracers.count(visit[1]) > 1}
    resolutions: Mapping[Visit, Resolution] = {}
    if warp is not None and registered and (options.common_fwhm is not None or options.pvc != "none"):
        resolutions = scan_resolutions(registered, options.results, warp, record)
    return resolutions, {} if options.common_fwhm is None else plan(options.common_fwhm, resolutions)


def _record(options: argparse.Namespace) -> RegistrationRecord:
    """Return the participant's registration record; an empty one where there is none and no scan needs it."""
    path = options.results / layout.registration_record(options.participant)
    if options.scan or path.is_file():
        return read_registration_record(path)
    return RegistrationRecord(participant=options.participant, settings=Settings(gates={}, deformation={}))


def _listed(options: argparse.Namespace) -> dict[Visit, Path]:
    listed: dict[Visit, Path] = {}
    for session, tracer, image in options.scan:
        if session not in options.sessions or tracer not in options.tracers:
            raise ConfigError(f"--scan {session} {tracer}: is not among --sessions and --tracers")
        if (session, tracer) in listed:
            raise ConfigError(f"--scan {session} {tracer}: is given twice; give each scan once")
        listed[session, tracer] = Path(image)
    return listed
