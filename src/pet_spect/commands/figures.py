"""Draw one picture per scan of one participant: the scan with the atlas on it, or why it was refused.

A picture is made for every scan that is named, also for a refused one, so that nobody disappears.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pet_spect import layout
from pet_spect.atlases import load_atlas
from pet_spect.errors import ConfigError, ImageError
from pet_spect.images import read_affine, read_refusal, read_scan, read_sidecar, read_volume, read_warp
from pet_spect.model import Refusal, ScanKey, Volume, Warp

_NAME = re.compile(r"_trc-(?P<label>[A-Za-z0-9]+)_(?P<datatype>pet|spect)\.nii\.gz$")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``pet-spect figures``."""
    parser.add_argument("--participant", required=True, metavar="ID", help="for example sub-01")
    parser.add_argument("--results", required=True, type=Path, metavar="DIR", help="the results folder")
    parser.add_argument(
        "--scan",
        required=True,
        action="append",
        nargs=3,
        metavar=("SESSION", "TRACER", "IMAGE"),
        help="one scan in its own space, as convert wrote it; repeat for each",
    )
    parser.add_argument("--atlas", default="CerebrA", metavar="NAME", help="a shipped atlas (default %(default)s)")
    parser.add_argument("--atlas-labels", type=Path, metavar="FILE", help="label image of another atlas")
    parser.add_argument("--atlas-table", type=Path, metavar="FILE", help="table of that atlas")
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

    if (options.atlas_labels is None) != (options.atlas_table is None):
        raise ConfigError("--atlas-labels and --atlas-table go together; one of them is missing")
    atlas = load_atlas(options.atlas_labels or options.atlas, options.atlas_table)
    masks = outlines(atlas, options.target, options.reference)
    record = _read_record(options.results / layout.registration_record(options.participant))
    warps: list[Warp] = []
    for session, tracer, image in options.scan:
        key = ScanKey(options.participant, session, tracer)
        _draw(options.results, key, Path(image), masks, record, warps)


def _draw(
    results: Path, key: ScanKey, image: Path, masks: Mapping[str, Volume], record: Mapping[str, Any], warps: list[Warp]
) -> None:
    from pet_spect.report.figures import Registration, draw_refusal, draw_registration

    named = _NAME.search(image.name)
    if named is None:
        raise ConfigError(f"{image}: is not named ..._trc-LABEL_pet.nii.gz or ..._trc-LABEL_spect.nii.gz")
    label, datatype = named["label"], named["datatype"]
    path = results / layout.registration_figure(key.participant, key.session, label)
    title = layout.scan_stem(key.participant, key.session, label)
    standard = results / layout.standard_image(key.participant, key.session, label, datatype)
    simulated = bool(read_sidecar(image).get("Simulated", False))
    refusal = read_refusal(image) or _refusal_in(record, key)
    if refusal is not None:
        draw_refusal(path, key, title, refusal, simulated=simulated)
        return
    if not warps:  # one pair serves every scan of the participant
        warps += [
            read_warp(results / layout.standard_to_participant(key.participant)),
            read_warp(results / layout.participant_to_standard(key.participant)),
        ]
    rigid = read_affine(results / layout.scan_to_participant(key.participant, key.session, label))
    scan = Registration(read_scan(image)[0], read_volume(standard), rigid, *warps)
    draw_registration(path, key, title, scan, masks, _gates(record, key), simulated=simulated)


def _read_record(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror})", code="record_missing") from None
    except ValueError:
        raise ImageError(f"{path}: is not JSON", code="record_unreadable") from None
    if not isinstance(content, dict) or not isinstance(content.get("Scans"), list):
        raise ImageError(f"{path}: is not a registration record (no list 'Scans')", code="record_unreadable")
    return content


def _entry(record: Mapping[str, Any], key: ScanKey) -> dict[str, Any]:
    for entry in record["Scans"]:
        if entry.get("Session") == key.session and entry.get("Tracer") == key.tracer:
            return dict(entry)
    return {}


def _refusal_in(record: Mapping[str, Any], key: ScanKey) -> Refusal | None:
    entry = _entry(record, key)
    if entry.get("Status") != "refused":
        return None
    return Refusal(*(str(entry.get(name) or "n/a") for name in ("Stage", "Code", "Reason")))


def _gates(record: Mapping[str, Any], key: ScanKey) -> dict[str, Any]:
    return _entry(record, key) | dict(record.get("Warp") or {})
