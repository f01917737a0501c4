"""What scans are measured with: the regions of the atlas, the lesion, and what the registration knows of its error."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.commands.arguments import chosen_atlas
from pet_spect.commands.measure.scans import Visit
from pet_spect.errors import AtlasError, ImageError
from pet_spect.model import Atlas, Refusal, Volume, Warp
from pet_spect.results import layout
from pet_spect.results.registration.registered_scan import read_drawn_lesion
from pet_spect.results.registration.registration_record import RegistrationRecord
from pet_spect.results.uptake.uptake_scan import WarpFacts

if TYPE_CHECKING:
    from pet_spect.quantify.measurement import ParticipantRegions


def regions_by_tracer(
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


def warp_facts(
    options: argparse.Namespace, atlas: Atlas, record: RegistrationRecord, lesion: Volume | None
) -> WarpFacts | None:
    """Return what the registration knows of its error at the target, if that means something in this atlas."""
    from pet_spect.quantify.membership import lost_share

    if options.atlas_labels is not None or record.warp is None or lesion is None:
        return None
    lost = lost_share(atlas, options.target, lesion)
    return WarpFacts(misplacement_mm=record.misplacement_mm, lost_left=lost["left"], lost_right=lost["right"])


def atlas_of(options: argparse.Namespace) -> Atlas:
    """Return the atlas that was chosen; it must have every target, with a left and a right side."""
    atlas = chosen_atlas(options)
    for name in options.target:
        if not {"left", "right"} <= {region.side for region in atlas.regions if region.name == name}:
            raise AtlasError(f"atlas {atlas.name} has no region {name!r} with a left and a right side")
    for name in options.lesionfree:
        if name not in {region.name for region in atlas.regions}:
            raise AtlasError(f"atlas {atlas.name} has no region {name!r}")
    return atlas


def lesion_of(
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
