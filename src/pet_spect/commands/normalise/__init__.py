"""The verb ``normalise``: one participant's scans aligned to each other, and one warp to the standard space.

A scan that was refused before, or whose registration is not plausible, is written as a refusal
under ``--record-refusal``; the others go on without it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.commands.arguments import add_participant
from pet_spect.commands.normalise.anat import Anatomy, read_anatomy
from pet_spect.commands.normalise.lesion import read_lesion
from pet_spect.commands.normalise.provenance import registration_provenance
from pet_spect.commands.normalise.record import record_of
from pet_spect.errors import ConfigError, ImageError, RefusedError, listed, shown
from pet_spect.imaging import images
from pet_spect.imaging.rounding import STANDARD_BITS, rounded_to_bits
from pet_spect.model import STANDARD_SPACE, Refusal, ScanKey, Volume
from pet_spect.remarks import BY_EYE
from pet_spect.results import layout
from pet_spect.results.proof.matching import registration_outputs
from pet_spect.results.provenance_record import Provenance, with_provenance
from pet_spect.results.registration.registration_record import write_registration_record
from pet_spect.results.registration.transforms import (
    write_participant_to_anat_points,
    write_participant_to_scan_points,
    write_placeholder,
    write_standard_warps,
)

if TYPE_CHECKING:
    from pet_spect.registration.normalise import Lesion, Normalised
    from pet_spect.registration.templates.template import Template


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect normalise``."""
    add_participant(parser, scan_needed=True)
    parser.add_argument(
        "--template",
        action="append",
        default=[],
        metavar="TRACER=NAME",
        help="what a tracer's scans look like: a built-in tracer (FDG, IMZ) or a NIfTI file in standard space;"
        " the first tracer that the participant has drives the warp (default: every built-in tracer by its name)",
    )
    parser.add_argument(
        "--anat",
        type=Path,
        metavar="IMAGE",
        help="the person's anatomy as convert --anat wrote it: it drives the warp; without it, or if it is refused,"
        " the first tracer does",
    )
    parser.add_argument(
        "--lesion-mask",
        type=Path,
        metavar="FILE",
        help=f"the lesion as somebody drew it, named space-{STANDARD_SPACE}, space-anat, or ses-SESSION_trc-LABEL"
        " of the scan it was drawn on; estimated from the leading image without it",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        nargs=3,
        default=[],
        metavar=("SESSION", "TRACER", "REASON"),
        help="a scan that a person excluded: it takes no part, and the record says why; repeat for each",
    )
    parser.add_argument(
        "--accept",
        action="append",
        nargs=3,
        default=[],
        metavar=("SESSION", "TRACER", "CODE"),
        help="a fault that a person looked at and accepted: the scan goes on, and the record says so; repeat for each",
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
        twice, a tracer has no template, or ``--accept`` names a code that no eye can judge.
    PetSpectError
        Without ``--record-refusal``, the first refusal.
    """
    from pet_spect.registration import itk

    itk.use_threads(options.threads)
    from pet_spect.registration.gates.plausibility import Gates
    from pet_spect.registration.policy import lost_on_the_way, normalise_participant
    from pet_spect.registration.warp import Deformation

    paths = {ScanKey(options.participant, session, tracer): Path(image) for session, tracer, image in options.scan}
    if len(paths) < len(options.scan):
        raise ConfigError("--scan names one session and tracer twice; each is one scan")
    for path in paths.values():
        layout.scan_name(path)
    accepted = _accepted(options)
    names = _template_names(options.template, {key.tracer for key in paths})
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
    templates = _templates(names) if scans else {}
    anatomy = None if options.anat is None or not scans else read_anatomy(options.participant, options.anat)
    if anatomy is not None:
        scans, templates = scans | anatomy.scans, anatomy.templates | templates
    lesion, fault = _lesion(options, paths, anatomy)
    if fault is not None and not options.record_refusal:
        raise RefusedError(fault.reason, code=fault.code)
    result = normalise_participant(
        scans,
        templates,
        anatomy.key if anatomy else None,
        gates=gates,
        deformation=deformation,
        lesion=lesion,
        accepted=accepted,
    )
    if lesion is not None:
        fault = lost_on_the_way(lesion, result)
    if fault is not None:
        if not options.record_refusal:
            raise RefusedError(fault.reason, code=fault.code)
        print(f"lesion mask: not used ({fault.code}): {fault.reason}", file=sys.stderr)
    anatomy, result = _settle(anatomy, result, record=options.record_refusal)
    for key, error in result.refused.items():
        if not options.record_refusal:
            raise error
        refusals[key] = Refusal("normalise", error.code, str(error))
    for key, refusal in refusals.items():
        print(f"{_label(paths[key])}: refused ({refusal.code}): {refusal.reason}", file=sys.stderr)
    for key, errors in result.accepted.items():
        for error in errors:
            print(f"{_label(paths[key])}: accepted ({error.code}): {error}", file=sys.stderr)
    made = registration_provenance(options, paths, names)
    _write(options.results, options.participant, paths, result, refusals, made)
    if anatomy is not None and anatomy.key in result.scans:
        write_participant_to_anat_points(options.results, options.participant, result.scans[anatomy.key].to_scan)
    record = record_of(
        options.participant,
        paths,
        result,
        refusals,
        gates=gates,
        deformation=deformation,
        anatomy=anatomy,
        lesion_fault=fault,
        lesion_given=lesion is not None,
    )
    names_of_scans = [layout.scan_name(path) for path in paths.values()]
    outputs = registration_outputs(options.results, options.participant, names_of_scans)
    record = replace(record, provenance=made, outputs=outputs)
    write_registration_record(options.results / layout.registration_record(options.participant), record)


def _lesion(
    options: argparse.Namespace, paths: Mapping[ScanKey, Path], anatomy: Anatomy | None
) -> tuple[Lesion | None, Refusal | None]:
    """Return the lesion that was given, or what is wrong with it."""
    if options.lesion_mask is None:
        return None, None
    try:
        return read_lesion(options.participant, options.lesion_mask, paths, anatomy.key if anatomy else None), None
    except ImageError as error:
        return None, Refusal("normalise", error.code, str(error))


def _settle(anatomy: Anatomy | None, result: Normalised, *, record: bool) -> tuple[Anatomy | None, Normalised]:
    """Return what became of the anatomical image, and the result with the refusals of scans alone."""
    if anatomy is None:
        return None, result
    error = result.refused.get(anatomy.key)
    if error is not None:
        anatomy = replace(anatomy, refusal=Refusal("normalise", error.code, str(error)))
    if anatomy.refusal is not None:
        if not record:
            raise RefusedError(anatomy.refusal.reason, code=anatomy.refusal.code)
        print(f"anatomical image: refused ({anatomy.refusal.code}): {anatomy.refusal.reason}", file=sys.stderr)
    of_scans = {key: error for key, error in result.refused.items() if key != anatomy.key}
    return anatomy, replace(result, refused=of_scans)


def _accepted(options: argparse.Namespace) -> dict[ScanKey, set[str]]:
    """Return the codes that ``--accept`` gives for each scan."""
    accepted: dict[ScanKey, set[str]] = {}
    for session, tracer, code in options.accept:
        if code not in BY_EYE:
            raise ConfigError(
                f"--accept {session} {tracer}: found {shown(code)}, needed one of {listed(sorted(BY_EYE))}"
                " (config/README.md lists them)"
            )
        accepted.setdefault(ScanKey(options.participant, session, tracer), set()).add(code)
    return accepted


def _label(path: Path) -> str:
    return layout.scan_stem(*layout.scan_name(path)[:3])


def _template_names(flags: list[str], needed: set[str]) -> dict[str, str]:
    """Return name or file of each tracer's template."""
    from pet_spect.imaging.normal_uptake import PATTERNS

    named = dict(text.partition("=")[::2] for text in flags) if flags else {name: name for name in PATTERNS}
    missing = sorted(needed - named.keys())
    if missing:
        names = listed([*PATTERNS, "FILE"], joined=" or ")
        raise ConfigError(f"tracer {missing[0]} has no template; give --template {missing[0]}=NAME, one of {names}")
    return named


def _templates(named: Mapping[str, str]) -> dict[str, Template]:
    from pet_spect.imaging.atlases import load_atlas
    from pet_spect.imaging.normal_uptake import PATTERNS
    from pet_spect.registration.templates.template import make_templates, read_template

    atlas = load_atlas("CerebrA")
    made = make_templates([name for name in named.values() if name in PATTERNS], atlas)
    return {tracer: made[name] if name in made else read_template(Path(name), atlas) for tracer, name in named.items()}


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
    made: Provenance,
) -> None:
    write_standard_warps(
        results,
        participant,
        participant_to_standard_points=result.to_standard,
        standard_to_participant_points=result.to_participant,
    )
    if result.lesion is None:
        write_placeholder(results / layout.lesion_mask(participant))
    else:
        images.write_volume(results / layout.lesion_mask(participant), result.lesion)
    for key, path in paths.items():
        name = layout.scan_name(path)
        standard, sources = results / layout.standard_image(*name), [layout.scan_image(*name)]
        if key in refusals:
            write_participant_to_scan_points(results, name, None)
            images.write_refusal(standard, refusals[key], with_provenance({}, made, sources))
        else:
            write_participant_to_scan_points(results, name, result.scans[key].to_scan)
            facts = {**images.read_sidecar(path), "SpatialReference": STANDARD_SPACE}
            seen = result.scans[key].standard
            shown = replace(seen, data=rounded_to_bits(seen.data, STANDARD_BITS))
            images.write_scan(standard, shown, with_provenance(facts, made, sources))
