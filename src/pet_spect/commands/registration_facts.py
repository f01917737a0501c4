"""What normalise recorded of a participant, as measure needs it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pet_spect.commands.numbers import from_zero
from pet_spect.errors import ImageError
from pet_spect.imaging.images import read_refusal, read_volume
from pet_spect.imaging.lesion_mask import read_lesion_mask
from pet_spect.model import Atlas, Refusal, ScanKey, Volume
from pet_spect.results import layout
from pet_spect.results.registration_record import entry_of, read_record, refusal_in


def registration_record(results: Path, participant: str, *, is_needed: bool) -> dict[str, Any]:
    """Return the participant's registration record; an empty one where there is none and none is needed.

    Raises
    ------
    ImageError
        If there is none although one is needed, or it cannot be read.
    """
    path = results / layout.registration_record(participant)
    return read_record(path) if is_needed or path.is_file() else {"Scans": []}


def given_lesion(
    mask: Path, carried: Path, participant: str, record: Mapping[str, Any], atlas: Atlas
) -> Volume | Refusal:
    """Return the lesion mask, or what is wrong with it.

    Parameters
    ----------
    mask : Path
        What ``--lesion-mask`` names.
    carried : Path
        Where normalise leaves the lesion in standard space. That one must have been drawn, not estimated.
    participant : str
    record : mapping
        Of the participant's registration.
    atlas : Atlas
    """
    if mask == carried:
        told = record.get("Lesion") or {}
        if told.get("Source") != "given":
            code, reason = told.get("Code") or "lesion_mask_estimated", told.get("Reason") or "no scan was registered"
            return Refusal("normalise", code, reason)
    try:
        return read_lesion_mask(mask, atlas, f"the lesion mask of {participant}")
    except ImageError as error:
        return Refusal("measure", error.code, str(error))


def refusal_of(record: Mapping[str, Any], key: ScanKey, image: Path) -> Refusal | None:
    """Return why an earlier step refused the scan.

    Raises
    ------
    ImageError
        If the record does not know it.
    """
    refusal = read_refusal(image) or refusal_in(record, key)
    if refusal is None and entry_of(record, key).get("Status") != "registered":
        raise ImageError(f"{image}: the registration record does not know session {key.session}, tracer {key.tracer}")
    return refusal


def misplacement_option(text: str) -> float | None:
    """Return the value of ``--misplacement-mm``: a number from 0 on, or None for ``auto``."""
    if text == "auto":
        return None
    try:
        return from_zero(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a number of mm from 0 on") from None


def lesion_of_warp(results: Path, participant: str, record: Mapping[str, Any]) -> Volume | None:
    """Return the lesion that normalise used, given or estimated, in standard space; None if nothing was registered."""
    return read_volume(results / layout.lesion_mask(participant)) if record.get("Warp") else None


def cut_warning(cut: Sequence[str]) -> dict[str, str]:
    """Return the warning of a scan that cuts the brain at these sides."""
    return {"Code": "brain_cut", "Reason": f"the field of view cuts the brain at the {' and the '.join(cut)}"}
