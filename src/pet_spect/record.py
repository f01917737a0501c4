"""The record of a participant's registration, as normalise leaves it for the steps after it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pet_spect.errors import ImageError
from pet_spect.files import read_json
from pet_spect.model import Refusal, ScanKey


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
