"""The record of a participant's registration, as normalise leaves it for the steps after it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pet_spect.errors import ImageError
from pet_spect.files import read_json
from pet_spect.model import CutView, Refusal, ScanKey


def read_record(path: Path) -> dict[str, Any]:
    """Read a participant's registration record.

    Raises
    ------
    ImageError
        If it cannot be read or holds no list ``Scans``.
    """
    content = read_json(path, ImageError, "record")
    scans = content.get("Scans")
    if not isinstance(scans, list) or not all(isinstance(scan, dict) for scan in scans):
        raise ImageError(f"{path}: is not a registration record (it has no list 'Scans')", code="record_unreadable")
    return content


def entry_of(record: Mapping[str, Any], key: ScanKey) -> dict[str, Any]:
    """Return what a record says of one scan; nothing if it does not know the scan."""
    for entry in record["Scans"]:
        if entry.get("Session") == key.session and entry.get("Tracer") == key.tracer:
            return dict(entry)
    return {}


def refusal_in(record: Mapping[str, Any], key: ScanKey) -> Refusal | None:
    """Return why a scan was refused according to a registration record, or None if it was not."""
    entry = entry_of(record, key)
    if entry.get("Status") != "refused":
        return None
    return Refusal(*(str(entry.get(name) or "n/a") for name in ("Stage", "Code", "Reason")))


def tracer_of(record: Mapping[str, Any], session: str, label: str) -> str | None:
    """Return what the tables call the tracer of a scan whose file name has this label; None if it is not known."""
    for entry in record["Scans"]:
        if entry.get("Session") == session and entry.get("Label") == label:
            return str(entry.get("Tracer"))
    return None


def misplacement_mm(record: Mapping[str, Any]) -> float:
    """Return how far a fold may lie from where the warp puts it (standard deviation); 0 if nothing was registered."""
    return float((record.get("Warp") or {}).get("MisplacementMm") or 0.0)


def fault_of_anat(record: Mapping[str, Any]) -> Refusal | None:
    """Return what to say of a participant whose anatomical image was refused."""
    told = record.get("Anat") or {}
    if told.get("Status") != "refused":
        return None
    reason = f"registered without the anatomical image, which was refused ({told.get('Code')}: {told.get('Reason')})"
    return Refusal("normalise", "anat_refused", reason)


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
