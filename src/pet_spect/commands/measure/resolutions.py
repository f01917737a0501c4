"""The resolution of each scan of a participant, as its registration lets it be measured."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.commands.numbers import positive
from pet_spect.errors import PetSpectError
from pet_spect.model import ScanKey
from pet_spect.results import layout
from pet_spect.results.registration.registration_record import RegistrationRecord
from pet_spect.results.registration.transforms import read_scan_to_participant_points

if TYPE_CHECKING:
    from pet_spect.imaging.tissue import TissueMaps
    from pet_spect.model import Atlas, Warp
    from pet_spect.registration.resolution_estimate import Resolution

AUTO = "auto"
"""Asks for the coarsest of the participant's scans of the tracer."""

Visit = tuple[str, str]


def common_fwhm(text: str) -> float | str:
    """Return the value of ``--common-fwhm``: a number above 0, or `AUTO`."""
    if text == AUTO:
        return text
    try:
        return positive(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither {AUTO} nor a number of mm above 0") from None


@cache
def standard_tissue() -> tuple[Atlas, TissueMaps]:
    """Return CerebrA and the tissue of the standard brain on its grid."""
    from pet_spect.imaging.atlases import load_atlas
    from pet_spect.imaging.tissue import tissue_maps

    atlas = load_atlas("CerebrA")
    return atlas, tissue_maps(atlas)


def scan_resolutions(
    images: Mapping[Visit, Path],
    results: Path,
    participant_to_standard_points: Warp,
    record: RegistrationRecord,
) -> dict[Visit, Resolution]:
    """Return the resolution of each scan of a participant.

    Parameters
    ----------
    images : mapping of (session, tracer) to Path
        The registered scans. One that cannot be read is left out: measuring it says why.
    results : Path
        The folder that holds the transforms.
    participant_to_standard_points : Warp
    record : RegistrationRecord
        It knows each scan's field of view.
    """
    from pet_spect.imaging.images import read_scan
    from pet_spect.quantify.coverage import in_view
    from pet_spect.registration.resolution_estimate import estimate_fwhm, sharp_tissue

    tissue = sharp_tissue(*standard_tissue())
    resolutions: dict[Visit, Resolution] = {}
    for visit, image in images.items():
        try:
            to_participant = read_scan_to_participant_points(results, layout.scan_name(image))
            volume = read_scan(image)
        except PetSpectError:
            continue
        entry = record.registered(ScanKey(record.participant, *visit))
        volume = volume if entry is None else in_view(volume, entry.cut_view)
        resolutions[visit] = estimate_fwhm(
            volume,
            tissue,
            scan_to_participant_points=to_participant,
            participant_to_standard_points=participant_to_standard_points,
        )
    return resolutions
