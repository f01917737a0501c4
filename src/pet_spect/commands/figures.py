"""Draw one picture per scan of one participant: the scan with the atlas on it, or why it was refused.

A picture is made for every scan that is named, also for a refused one, so that nobody disappears.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pet_spect import layout
from pet_spect.commands.arguments import add_atlas, add_participant, chosen_atlas
from pet_spect.images import read_affine, read_refusal, read_sidecar, read_volume, read_warp
from pet_spect.model import ScanKey, Volume, Warp
from pet_spect.record import read_record, refusal_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect figures``."""
    add_participant(parser, scan_needed=True)
    add_atlas(parser)
    parser.add_argument("--target", default="precentral", metavar="REGION", help="region drawn left and right")
    parser.add_argument("--reference", default=[], nargs="*", metavar="REGION", help="further regions to outline")


def run(options: argparse.Namespace) -> None:
    """Draw the pictures.

    Raises
    ------
    ConfigError
        If an image is not named as convert names it, or an atlas is half given.
    AtlasError
        If the atlas lacks a region.
    ImageError
        If an image, a transform or the registration record cannot be used.
    """
    from pet_spect.report.figures import outlines

    atlas = chosen_atlas(options)
    masks = outlines(atlas, options.target, options.reference)
    record = read_record(options.results / layout.registration_record(options.participant))
    warps: list[Warp] = []
    for session, tracer, image in options.scan:
        key = ScanKey(options.participant, session, tracer)
        _draw(options.results, key, Path(image), masks, record, warps)


def _draw(
    results: Path, key: ScanKey, image: Path, masks: Mapping[str, Volume], record: Mapping[str, Any], warps: list[Warp]
) -> None:
    from pet_spect.report.figures import Registration, draw_refusal, draw_registration
    from pet_spect.report.records import gate_lines

    parts = layout.scan_name(image)
    path = results / layout.registration_figure(*parts[:3])
    title = layout.scan_stem(*parts[:3])
    facts = read_sidecar(image)
    simulated = bool(facts.get("Simulated", False))
    warnings = [f"{warning['Code']}: {warning['Reason']}" for warning in facts.get("Warnings") or []]
    refusal = read_refusal(image) or refusal_in(record, key)
    if refusal is not None:
        native = None if read_refusal(image) else read_volume(image)
        draw_refusal(path, key, title, refusal, native, warnings=warnings, simulated=simulated)
        return
    if not warps:  # one pair serves every scan of the participant
        warps += [
            read_warp(results / layout.standard_to_participant(key.participant)),
            read_warp(results / layout.participant_to_standard(key.participant)),
        ]
    to_scan = read_affine(results / layout.scan_to_participant(*parts[:3]))
    standard = read_volume(results / layout.standard_image(*parts))
    scan = Registration(read_volume(image), standard, to_scan, *warps)
    gates = gate_lines(record, key)
    draw_registration(path, key, title, scan, masks, gates, warnings=warnings, simulated=simulated)
