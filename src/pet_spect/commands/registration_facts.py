"""What normalise recorded of a participant, as measure needs it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pet_spect import layout
from pet_spect.api import read_lesion_mask
from pet_spect.commands.numbers import from_zero
from pet_spect.errors import ImageError, RefusedError
from pet_spect.images import read_refusal, read_volume
from pet_spect.model import Atlas, Refusal, ScanKey, Volume
from pet_spect.quantify.view import CutView
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


def fault_of_anat(record: Mapping[str, Any]) -> Refusal | None:
    """Return what to say of a participant whose anatomical image was refused."""
    told = record.get("Anat") or {}
    if told.get("Status") != "refused":
        return None
    reason = f"registered without the anatomical image, which was refused ({told.get('Code')}: {told.get('Reason')})"
    return Refusal("normalise", "anat_refused", reason)


def misplacement_option(text: str) -> float | None:
    """Return the value of ``--misplacement-mm``: a number from 0 on, or None for ``auto``."""
    if text == "auto":
        return None
    try:
        return from_zero(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a number of mm from 0 on") from None


def misplacement(options: argparse.Namespace, record: Mapping[str, Any]) -> float:
    """Return how far a fold may lie from where the warp puts it: what was asked for, or what normalise found."""
    if options.misplacement_mm is not None:
        return float(options.misplacement_mm)
    return float((record.get("Warp") or {}).get("MisplacementMm") or 0.0)


def lesion_of_warp(options: argparse.Namespace, record: Mapping[str, Any]) -> Volume | None:
    """Return the lesion that normalise used, given or estimated, in standard space; None if nothing was registered."""
    if not record.get("Warp"):
        return None
    return read_volume(options.results / layout.lesion_mask(options.participant))


def accepted_faults(record: Mapping[str, Any], key: ScanKey) -> list[dict[str, str]]:
    """Return the faults of a scan's registration that a person accepted, as the record has them."""
    return list(entry_of(record, key).get("Warnings") or [])


def lesion_seen(record: Mapping[str, Any]) -> dict[str, float]:
    """Return how many mL of a lesion the leading image itself shows on each side."""
    seen = (record.get("Lesion") or {}).get("SeenMl") or {}
    return {side: float(seen.get(side, 0.0)) for side in ("left", "right")}


def flags_of(record: Mapping[str, Any], key: ScanKey) -> list[dict[str, str]]:
    """Return what normalise calls attention to in a scan: code and reason each."""
    return list(entry_of(record, key).get("Flags") or [])


def deficit_of(record: Mapping[str, Any], key: ScanKey) -> dict[str, float]:
    """Return how many mL of a lesion-like deficit a scan itself shows on each side; 0 where it was not registered.

    Raises
    ------
    ImageError
        If the record is of a version that did not look.
    """
    entry = entry_of(record, key)
    if entry.get("Status") == "registered" and "DeficitMl" not in entry:
        raise ImageError(
            f"the registration record of {key.participant} is of version {record.get('SoftwareVersion')}, which did not"
            " ask on which side the lesion is: run normalise again",
            code="record_outdated",
        )
    shown = entry.get("DeficitMl") or {}
    return {side: float(shown.get(side, 0.0)) for side in ("left", "right")}


def cut_view(record: Mapping[str, Any], key: ScanKey) -> CutView | None:
    """Return the field of view of a scan, outside which its values are no measurements; None if it is not known."""
    entry = entry_of(record, key)
    if "View" not in entry:
        return None
    pose = entry.get("OwnPose")
    return CutView(
        tuple(entry["CutAt"]),
        tuple(entry["View"]["First"]),
        tuple(entry["View"]["Last"]),
        None if pose is None else np.array(pose, dtype=np.float64),
    )


def cut_warning(cut: Sequence[str]) -> dict[str, str]:
    """Return the warning of a scan that cuts the brain at these sides."""
    return {"Code": "brain_cut", "Reason": f"the field of view cuts the brain at the {' and the '.join(cut)}"}
