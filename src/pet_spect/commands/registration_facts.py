"""What normalise recorded of a participant, as measure needs it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pet_spect import layout
from pet_spect.commands.numbers import from_zero
from pet_spect.errors import ImageError, RefusedError
from pet_spect.images import read_refusal, read_volume
from pet_spect.lesion_mask import read_lesion_mask
from pet_spect.model import Atlas, Refusal, ScanKey, Volume
from pet_spect.record import entry_of, read_record, refusal_in


def registration_record(options: argparse.Namespace) -> dict[str, Any]:
    """Return the participant's registration record; an empty one of a participant without any scan.

    Raises
    ------
    ImageError
        If a scan is to be measured and there is no record, or it cannot be read.
    """
    path = options.results / layout.registration_record(options.participant)
    return read_record(path) if options.scan or path.is_file() else {"Scans": []}


def given_lesion(
    options: argparse.Namespace, record: Mapping[str, Any], atlas: Atlas
) -> tuple[Volume | None, Refusal | None]:
    """Return the lesion mask, or what is wrong with it; without ``--record-refusal`` that is an error."""
    if options.lesion_mask is None:
        return None, None
    if options.lesion_mask == options.results / layout.lesion_mask(options.participant):
        told = record.get("Lesion") or {}
        if told.get("Source") != "given":
            code, reason = told.get("Code") or "lesion_mask_estimated", told.get("Reason") or "no scan was registered"
            if not options.record_refusal:
                raise ImageError(f"the lesion mask of {options.participant}: {reason}", code=code)
            return None, Refusal("normalise", code, reason)
    try:
        return read_lesion_mask(options.lesion_mask, atlas, f"the lesion mask of {options.participant}"), None
    except ImageError as error:
        if not options.record_refusal:
            raise
        return None, Refusal("measure", error.code, str(error))


def refusal_of(
    options: argparse.Namespace, record: Mapping[str, Any], visit: tuple[str, str], image: Path
) -> Refusal | None:
    """Return why an earlier step refused the scan; without ``--record-refusal`` that is an error."""
    refusal = read_refusal(image)
    if refusal is None:
        key = ScanKey(options.participant, *visit)
        refusal = refusal_in(record, key)
        if refusal is None and entry_of(record, key).get("Status") != "registered":
            raise ImageError(f"{image}: the registration record does not know session {visit[0]}, tracer {visit[1]}")
    if refusal is not None and not options.record_refusal:
        raise RefusedError(f"{image}: refused by {refusal.stage} ({refusal.reason})", code=refusal.code)
    return refusal


def misplacement_option(text: str) -> float | None:
    """Return the value of ``--misplacement-mm``: a number from 0 on, or None for ``auto``."""
    if text == "auto":
        return None
    try:
        return from_zero(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a number of mm from 0 on") from None


def lesion_of_warp(options: argparse.Namespace, record: Mapping[str, Any]) -> Volume | None:
    """Return the lesion that normalise used, given or estimated, in standard space; None if nothing was registered."""
    if not record.get("Warp"):
        return None
    return read_volume(options.results / layout.lesion_mask(options.participant))


def cut_warning(cut: Sequence[str]) -> dict[str, str]:
    """Return the warning of a scan that cuts the brain at these sides."""
    return {"Code": "brain_cut", "Reason": f"the field of view cuts the brain at the {' and the '.join(cut)}"}
