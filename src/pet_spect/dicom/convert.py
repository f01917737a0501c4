"""One scan, whatever its form, to a volume and a sidecar."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pet_spect.dicom.bids import read_bids
from pet_spect.dicom.classic import read_classic
from pet_spect.dicom.declared import Declared
from pet_spect.dicom.enhanced import read_enhanced
from pet_spect.dicom.nm import read_nm
from pet_spect.dicom.pet import pet_scan
from pet_spect.dicom.read import SOP_CLASSES, Header, read_images, sop_class
from pet_spect.dicom.series import mixed
from pet_spect.dicom.sidecar import sidecar_of
from pet_spect.errors import DicomError
from pet_spect.model import Volume


def convert_scan(path: Path, declared: Declared, label: str | None = None) -> tuple[Volume, dict[str, Any]]:
    """Return a scan as a volume in its native unit, and its sidecar.

    Parameters
    ----------
    path : Path
        A folder (searched recursively, one series in it), one file, or a NIfTI image
        with its JSON in BIDS form.
    declared : Declared
        Fills gaps of the header.
    label : str, optional
        With it messages name the scan by it and never by path.

    Returns
    -------
    volume : Volume
    sidecar : dict

    Raises
    ------
    DicomError, ImageError
        If anything about the scan is not understood.
    """
    if path.name.endswith((".nii", ".nii.gz")):
        return read_bids(path, declared, label)
    called = label or str(path)
    headers = read_images(path, label)
    kind = _kind(headers, called)
    if kind == "PET":
        volume, facts = pet_scan(read_classic(headers, called), called, declared)
    elif kind == "NM":
        if len(headers) > 1:
            raise mixed(called, "several NM volumes", f"{len(headers)} objects")
        volume, facts = read_nm(headers[0], declared)
    else:
        if len(headers) > 1:
            raise mixed(called, f"several {kind} volumes", f"{len(headers)} objects")
        volume, facts = pet_scan(read_enhanced(headers[0], called), called, declared)
    return volume, sidecar_of(facts)


def _kind(headers: Sequence[Header], called: str) -> str:
    kinds = [sop_class(header) or "" for header in headers]
    series = [header.text("SeriesInstanceUID") or "" for header in headers]
    for what, found in (("several kinds of image", kinds), ("several series", series)):
        counts = [found.count(value) for value in dict.fromkeys(found)]
        if len(counts) > 1:
            raise mixed(called, what, " + ".join(map(str, counts)) + " images")
    if kinds[0] not in SOP_CLASSES:
        raise DicomError(
            f"{headers[0].name}: is neither a PET nor an NM image (Modality {_modality(headers[0])})", code="sop_class"
        )
    return SOP_CLASSES[kinds[0]]


def _modality(header: Header) -> str:
    found = header.text("Modality") or ""
    return found if found in ("CT", "MR", "PT", "NM", "OT", "SC", "SEG", "US", "CR", "DX") else "unknown"
