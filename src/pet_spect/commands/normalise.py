"""Align one participant's scans to each other and warp them, all by one warp, to the standard space.

A scan that was refused before, or whose registration is not plausible, is written as a refusal
under ``--record-refusal``; the others go on without it.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pet_spect import __version__, images, layout
from pet_spect.commands.arguments import add_participant
from pet_spect.errors import ConfigError, RefusedError
from pet_spect.files import whole_file, write_json
from pet_spect.model import STANDARD_SPACE, Refusal, ScanKey, Volume

if TYPE_CHECKING:
    from pet_spect.registration.normalise import Normalised, Registered
    from pet_spect.registration.template import Template

REFUSED_TRANSFORM = "refused\n"
"""What stands in a transform file that a refused scan does not have."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect normalise``."""
    add_participant(parser, scan_needed=True)
    parser.add_argument(
        "--template",
        action="append",
        default=[],
        metavar="TRACER=NAME",
        help="what a tracer's scans look like: FDG, IMZ or a NIfTI file in standard space;"
        " the first tracer that the participant has drives the warp (default FDG=FDG IMZ=IMZ)",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        nargs=3,
        default=[],
        metavar=("SESSION", "TRACER", "REASON"),
        help="a scan that a person excluded: it takes no part, and the record says why; repeat for each",
    )
    parser.add_argument("--threads", type=int, default=1, help="threads for ITK; only 1 gives the same bits every time")
    parser.add_argument(
        "--record-refusal", action="store_true", help="write a refusal in the place of a refused scan and exit 0"
    )


def run(options: argparse.Namespace) -> None:
    """Read the scans, register them, write images, transforms and the record.

    Raises
    ------
    ConfigError
        If an image is not named as convert names it, a session and tracer is named
        twice, or a tracer has no template.
    PetSpectError
        Without ``--record-refusal``, the first refusal.
    """
    from pet_spect.registration import itk

    itk.use_threads(options.threads)
    from pet_spect.registration.normalise import Deformation, normalise
    from pet_spect.registration.plausibility import Gates

    paths = {ScanKey(options.participant, session, tracer): Path(image) for session, tracer, image in options.scan}
    if len(paths) < len(options.scan):
        raise ConfigError("--scan names one session and tracer twice; each is one scan")
    for path in paths.values():
        layout.scan_name(path)
    templates = _templates(options.template or ["FDG=FDG", "IMZ=IMZ"], {key.tracer for key in paths})
    scans, refusals = _read(paths)
    if refusals and not options.record_refusal:
        refusal = next(iter(refusals.values()))
        raise RefusedError(refusal.reason, code=refusal.code)
    for session, tracer, reason in options.exclude:
        key = ScanKey(options.participant, session, tracer)
        if scans.pop(key, None) is not None:
            refusals[key] = Refusal("decision", "excluded", reason)
    print(f"{options.participant}: registering {len(scans)} scans", file=sys.stderr)
    gates, deformation = Gates(), Deformation()
    result = normalise(scans, templates, gates=gates, deformation=deformation)
    for key, error in result.refused.items():
        if not options.record_refusal:
            raise error
        refusals[key] = Refusal("normalise", error.code, str(error))
    for key, refusal in refusals.items():
        print(f"{_label(paths[key])}: refused ({refusal.code}): {refusal.reason}", file=sys.stderr)
    _write(options.results, options.participant, paths, result, refusals)
    settings = {"Gates": asdict(gates), "Deformation": asdict(deformation)}
    _write_record(options.results, options.participant, paths, result, refusals, settings)


def _label(path: Path) -> str:
    return layout.scan_stem(*layout.scan_name(path)[:3])


def _templates(given: list[str], needed: set[str]) -> dict[str, Template]:
    from pet_spect.atlases import load_atlas
    from pet_spect.registration.template import PATTERNS, make_template, read_template

    named = dict(text.partition("=")[::2] for text in given)
    missing = sorted(needed - named.keys())
    if missing:
        raise ConfigError(f"tracer {missing[0]} has no template; give --template {missing[0]}=FDG, =IMZ or =FILE")
    atlas = load_atlas("CerebrA")
    return {
        tracer: make_template(name, atlas) if name in PATTERNS else read_template(Path(name), atlas)
        for tracer, name in named.items()
        if tracer in needed
    }


def _read(paths: Mapping[ScanKey, Path]) -> tuple[dict[ScanKey, Volume], dict[ScanKey, Refusal]]:
    scans: dict[ScanKey, Volume] = {}
    refusals: dict[ScanKey, Refusal] = {}
    for key, path in paths.items():
        refusal = images.read_refusal(path)
        if refusal is None:
            scans[key] = images.read_volume(path)
        else:
            refusals[key] = refusal
    return scans, refusals


def _write(
    results: Path,
    participant: str,
    paths: Mapping[ScanKey, Path],
    result: Normalised,
    refusals: Mapping[ScanKey, Refusal],
) -> None:
    for name, warp in (
        (layout.participant_to_standard(participant), result.to_participant),
        (layout.standard_to_participant(participant), result.to_standard),
    ):
        if warp is None:
            _write_refused(results / name)
        else:
            images.write_warp(results / name, warp)
    for key, path in paths.items():
        parts = layout.scan_name(path)
        transform = results / layout.scan_to_participant(*parts[:3])
        standard = results / layout.standard_image(*parts)
        if key in refusals:
            _write_refused(transform)
            images.write_refusal(standard, refusals[key])
        else:
            images.write_affine(transform, result.scans[key].to_scan)
            facts = {**images.read_sidecar(path), "SpatialReference": STANDARD_SPACE}
            images.write_scan(standard, result.scans[key].standard, facts)


def _write_refused(path: Path) -> None:
    with whole_file(path) as partial:
        partial.write_text(REFUSED_TRANSFORM, encoding="utf-8")


def _write_record(
    results: Path,
    participant: str,
    paths: Mapping[ScanKey, Path],
    result: Normalised,
    refusals: Mapping[ScanKey, Refusal],
    settings: Mapping[str, Any],
) -> None:
    scans = []
    for key in paths:
        entry: dict[str, Any] = {"Session": key.session, "Tracer": key.tracer}
        if key in refusals:
            refusal = refusals[key]
            entry |= {"Status": "refused", "Stage": refusal.stage, "Code": refusal.code, "Reason": refusal.reason}
        else:
            entry |= {"Status": "registered", **_gate_values(result.scans[key])}
        scans.append(entry)
    warp = None if result.jacobian is None else {"JacobianLow": result.jacobian[0], "JacobianHigh": result.jacobian[1]}
    record = {
        "Participant": participant,
        "SoftwareVersion": __version__,
        "Space": STANDARD_SPACE,
        "Scans": scans,
        "Warp": warp,
        "Settings": settings,
    }
    write_json(results / layout.registration_record(participant), record)


def _gate_values(registered: Registered) -> dict[str, float | None]:
    return {
        "Similarity": registered.match.similarity,
        "Overlap": registered.match.overlap,
        "BrainCoverage": registered.match.brain_coverage,
        "ScaleLow": registered.shape.scale_low,
        "ScaleHigh": registered.shape.scale_high,
        "Shear": registered.shape.shear,
        "RotationDegrees": registered.shape.rotation_deg,
        "Agreement": None if math.isnan(registered.agreement) else registered.agreement,
    }
