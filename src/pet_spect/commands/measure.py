"""The verb ``measure``: every atlas region in every scan of one participant, each scan in its own space.

The table has rows for every session and tracer asked for, scanned or not; its sidecar is the data
dictionary and, under ``Scans``, what became of each scan. The side of the lesion is not needed here.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pet_spect.commands.arguments import add_atlas, add_participant, chosen_atlas
from pet_spect.commands.common_resolution import common_fwhm, to_common
from pet_spect.commands.numbers import fraction
from pet_spect.commands.registration_facts import (
    cut_warning,
    given_lesion,
    lesion_of_warp,
    misplacement_option,
    refusal_of,
    registration_record,
)
from pet_spect.commands.uptake_rows import Grounds, missing_scan, told_by_convert, uptake_rows, why_absent
from pet_spect.errors import AtlasError, ConfigError, ImageError, PetSpectError, RefusedError, RegionError
from pet_spect.files import write_json
from pet_spect.imaging.images import read_rigid, read_scan, read_sidecar, read_warp
from pet_spect.model import STANDARD_SPACE, Atlas, Refusal, RegionUptake, ScanKey, Volume
from pet_spect.results import layout
from pet_spect.results.columns import UPTAKE
from pet_spect.results.registration_record import (
    accepted_faults,
    cut_view,
    deficit_of,
    fault_of_anat,
    flags_of,
    lesion_seen,
    misplacement_mm,
)
from pet_spect.results.uptake_record import RESPONSE_TERMS, terms_by_region
from pet_spect.tsv import sidecar_of_table, write_table

if TYPE_CHECKING:
    from pet_spect.quantify.measurement import ScanMeasurement
    from pet_spect.registration.common_resolution import ToCommon


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
    parser.add_argument(
        "--min-coverage",
        type=fraction,
        default=0.9,
        metavar="FRACTION",
        help="smallest fraction of a region in view for its mean to be given (default %(default)s)",
    )
    parser.add_argument(
        "--misplacement-mm",
        type=misplacement_option,
        metavar="MM",
        help="how far a fold may lie from where the warp puts it (standard deviation): the edge of a target weighs"
        " less than its heart; 0 weighs all of it alike (default auto: what normalise found)",
    )
    parser.add_argument(
        "--common-fwhm",
        type=common_fwhm,
        metavar="MM",
        help="blur each scan to this resolution before it is measured; auto is the coarsest of the person's scans of a"
        " tracer (default: scans are measured as they are)",
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
    from pet_spect.quantify.measurement import participant_regions

    listed = _listed(options)
    atlas = _atlas(options)
    record = registration_record(options.results, options.participant, is_needed=bool(options.scan))
    lesion, lesion_fault = _lesion(options, record, atlas)
    refusals = {visit: _refusal(options, record, visit, image) for visit, image in listed.items()}
    warp = None
    if any(refusal is None for refusal in refusals.values()):
        warp = read_warp(options.results / layout.standard_to_participant(options.participant))
    blurs: Mapping[tuple[str, str], ToCommon] = {}
    if options.common_fwhm is not None and warp is not None:
        registered = {visit: image for visit, image in listed.items() if refusals[visit] is None}
        blurs = to_common(options.common_fwhm, registered, options.results, options.participant, warp, record)
    off_mm = misplacement_mm(record) if options.misplacement_mm is None else options.misplacement_mm
    regions = participant_regions(
        atlas,
        warp,
        target=options.target,
        lesionfree=options.lesionfree,
        misplacement_mm=off_mm,
        lesion=lesion,
        warp_lesion=lesion_of_warp(options.results, options.participant, record) if lesion is None else None,
        min_coverage=options.min_coverage,
    )
    grounds = Grounds(regions, lesion_fault, blurs, record)

    anat_fault = fault_of_anat(record)
    rows: list[dict[str, Any]] = []
    scans: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], ScanMeasurement] = {}
    for visit in [(session, tracer) for session in options.sessions for tracer in options.tracers]:
        told, measured = missing_scan(), None
        if visit in listed:
            told, measured = _scan(options, visit, listed[visit], refusals[visit], grounds, seen)
            faults = [fault for fault in (lesion_fault, anat_fault) if fault is not None]
            warnings = [{"Code": fault.code, "Reason": fault.reason} for fault in faults]
            key = ScanKey(options.participant, *visit)
            accepted = accepted_faults(record, key)
            told["Accepted"] = accepted
            told["Warnings"] = [*told["Warnings"], *accepted, *flags_of(record, key), *warnings]
            told["LesionSeenMl"] = lesion_seen(record)
            told["LesionSeenIn"] = record.get("Leading")
            told["DeficitMl"] = deficit_of(record, key)
        told = {"Session": visit[0], "Tracer": visit[1], **told}
        scans.append(told)
        rows += uptake_rows(options.participant, told, measured, grounds)
    for told in scans:
        _tell_responses(told, seen, grounds)
    write_table(options.out, UPTAKE, rows)
    told_once = {"ResponseTerms": RESPONSE_TERMS, "MisplacementMm": off_mm}
    write_json(sidecar_of_table(options.out), {**UPTAKE, **told_once, "Scans": scans})


def _listed(options: argparse.Namespace) -> dict[tuple[str, str], Path]:
    listed: dict[tuple[str, str], Path] = {}
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
    options: argparse.Namespace, record: Mapping[str, Any], atlas: Atlas
) -> tuple[Volume | None, Refusal | None]:
    """Return the lesion mask, or what is wrong with it; without ``--record-refusal`` that is an error."""
    if options.lesion_mask is None:
        return None, None
    carried = options.results / layout.lesion_mask(options.participant)
    found = given_lesion(options.lesion_mask, carried, options.participant, record, atlas)
    if isinstance(found, Volume):
        return found, None
    if not options.record_refusal:
        who = f"the lesion mask of {options.participant}: " if found.stage == "normalise" else ""
        raise ImageError(f"{who}{found.reason}", code=found.code)
    return None, found


def _refusal(
    options: argparse.Namespace, record: Mapping[str, Any], visit: tuple[str, str], image: Path
) -> Refusal | None:
    """Return why an earlier step refused the scan; without ``--record-refusal`` that is an error."""
    refusal = refusal_of(record, ScanKey(options.participant, *visit), image)
    if refusal is not None and not options.record_refusal:
        raise RefusedError(f"{image}: refused by {refusal.stage} ({refusal.reason})", code=refusal.code)
    return refusal


def _tell_responses(told: dict[str, Any], seen: Mapping[tuple[str, str], ScanMeasurement], grounds: Grounds) -> None:
    """Add how a measured scan's uptake responds to what is not known."""
    visit = told["Session"], told["Tracer"]
    if visit not in seen:
        return
    from pet_spect.quantify.sensitivities import scan_sensitivities

    others = [seen[other] for other in seen if other != visit and other[1] == visit[1]]
    told["Sensitivities"] = terms_by_region(scan_sensitivities(seen[visit], others, grounds.regions))


def _scan(
    options: argparse.Namespace,
    visit: tuple[str, str],
    image: Path,
    refusal: Refusal | None,
    grounds: Grounds,
    seen: dict[tuple[str, str], ScanMeasurement],
) -> tuple[dict[str, Any], Sequence[RegionUptake] | None]:
    """Return what is to be told of a listed scan and, unless it is refused, its uptake; add it to those seen."""
    if refusal is None:
        try:
            return _measured(options, visit, image, grounds, seen)
        except PetSpectError as error:
            if not options.record_refusal:
                raise
            refusal = Refusal("measure", error.code, str(error))
    told = {"Status": "refused", "Stage": refusal.stage, "Code": refusal.code, "Reason": refusal.reason}
    return {**missing_scan(), **told, **told_by_convert(read_sidecar(image))}, None


def _measured(
    options: argparse.Namespace,
    visit: tuple[str, str],
    image: Path,
    grounds: Grounds,
    seen: dict[tuple[str, str], ScanMeasurement],
) -> tuple[dict[str, Any], Sequence[RegionUptake]]:
    import numpy as np

    from pet_spect.quantify.measurement import measure_scan
    from pet_spect.registration.common_resolution import ToCommon

    name = layout.scan_name(image)
    rigid = read_rigid(options.results / layout.scan_to_participant(options.participant, visit[0], name.label))
    volume, facts = read_scan(image)
    common = grounds.to_common.get(visit, ToCommon())
    view = cut_view(grounds.record, ScanKey(options.participant, *visit))
    measurement = measure_scan(
        volume,
        grounds.regions,
        to_participant=np.asarray(np.linalg.inv(rigid), dtype=np.float64),
        view=view,
        blur_mm=common.blur_mm,
    )
    cut = () if view is None else view.cut
    target = [found for found in measurement.uptake if found.region in options.target]
    unseen = [found for found in target if not np.isfinite(found.mean)]
    if unseen and not options.record_refusal:
        raise RegionError(f"{image}: {why_absent(unseen[0], grounds, cut)}", code="low_coverage")
    seen[visit] = measurement
    attenuation = facts.get("AttenuationCorrection")
    told = told_by_convert(facts)
    return {
        "Status": "measured",
        "Stage": None,
        "Code": None,
        "Reason": None,
        **told,
        "Warnings": [
            *told["Warnings"],
            *common.warnings,
            *([cut_warning(cut)] if cut else []),
        ],
        **(common.told() if visit in grounds.to_common else {}),
        "CutAt": list(cut),
        "Unit": facts.get("Units"),
        "SUVbwFactor": facts.get("SUVbwFactor"),
        "SUVReason": facts.get("SUVReason"),
        "AttenuationCorrection": None if attenuation is None else str(attenuation).lower() not in ("none", "false"),
    }, measurement.uptake
