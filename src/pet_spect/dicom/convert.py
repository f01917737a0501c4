"""Conversion of one scan, whatever its form, to a volume and a sidecar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pet_spect.dicom.bids.scan import read_bids
from pet_spect.dicom.examined import Examined
from pet_spect.dicom.facts.acquisition import image_activity
from pet_spect.dicom.facts.clipped import clipping_remarks
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.facts.pictures import SECONDARY_CAPTURES, picture_remarks
from pet_spect.dicom.files.read import SOP_CLASSES, Header, read_images, series_code, sop_class
from pet_spect.dicom.nm.slices import read_nm_slices
from pet_spect.dicom.nm.volume import read_nm
from pet_spect.dicom.objects.blank import check_uptake
from pet_spect.dicom.objects.identity import differences, in_words, person_of
from pet_spect.dicom.objects.quiet import quiet
from pet_spect.dicom.objects.vocabulary import known_modality
from pet_spect.dicom.pet.classic import read_classic
from pet_spect.dicom.pet.contradictions import check_modality, compare_starts
from pet_spect.dicom.pet.enhanced import read_enhanced
from pet_spect.dicom.pet.series import mixed
from pet_spect.dicom.pet.volume import pet_scan
from pet_spect.dicom.sidecar import sidecar_of
from pet_spect.errors import DicomError, listed
from pet_spect.files import is_nifti
from pet_spect.imaging.nifti import check_no_pair
from pet_spect.model import Volume
from pet_spect.remarks import write_remark

_LONGEST = 2**15 - 1


def convert_scan(
    path: Path, declared: Declared, label: str | None = None, series: str | None = None
) -> tuple[Volume, dict[str, Any]]:
    """Return a scan as a volume in its native unit, and its sidecar.

    Parameters
    ----------
    path : Path
        A folder (searched recursively), a zip or tar archive, one file, or a NIfTI image
        with its JSON in BIDS form.
    declared : Declared
        Fills gaps of the header.
    label : str, optional
        If given, messages name the scan by it and never by its path.
    series : str, optional
        Code of the one series that is meant (`pet_spect.dicom.files.read.series_code`); without it
        there must be only one.

    Returns
    -------
    volume : Volume
        float32; NaN where there is padding.
    sidecar : dict

    Raises
    ------
    DicomError, ImageError
        If anything about the scan is not understood.
    """
    volume, sidecar = _read(path, declared, label, series)
    clipped = [write_remark(remark) for remark in clipping_remarks(volume)]
    sidecar["Warnings"] = sidecar["Warnings"] + [remark for remark in clipped if remark not in sidecar["Warnings"]]
    activity = image_activity(volume, sidecar["Units"])
    return volume, sidecar if activity is None else sidecar | {"ImageActivity": activity, "ImageActivityUnits": "MBq"}


def _read(path: Path, declared: Declared, label: str | None, series: str | None) -> tuple[Volume, dict[str, Any]]:
    called = label or str(path)
    if is_nifti(path):
        return read_bids(path, declared, label)
    check_no_pair(path, called)
    with quiet():
        scan = examine(read_images(path, label, series), called, declared)
        volume = Volume(scan.voxels(), scan.affine)
    check_uptake(volume, called)
    return volume, sidecar_of(scan.facts)


def examine(headers: Sequence[Header], called: str, declared: Declared) -> Examined:
    """Return everything about a scan that can be known without decoding its voxels.

    Parameters
    ----------
    headers : sequence of Header
        The images of one scan, with or without their pixel data.
    called : str
        Name of the scan in messages.
    declared : Declared

    Raises
    ------
    DicomError
        If `convert_scan` would refuse it, except for faults that only decoding the pixel data can show.
    """
    remarks = picture_remarks(headers)
    kind = _kind(headers, called)
    check_modality(headers[0], kind, remarks)
    compare_starts(headers, remarks)
    examined = _examined(headers, kind, called, declared)
    if remarks:
        examined = replace(examined, facts=replace(examined.facts, cautions=[*examined.facts.cautions, *remarks]))
    for header in headers:
        header.check_surplus()
    if max(examined.shape) > _LONGEST:
        shown = " x ".join(map(str, examined.shape))
        raise DicomError(f"{called}: has {shown} voxels; NIfTI allows {_LONGEST} along an axis", code="pixels")
    return examined


def _examined(headers: Sequence[Header], kind: str, called: str, declared: Declared) -> Examined:
    for header in headers:
        header.check_pixels()
    if kind == "PET":
        return pet_scan(read_classic(headers, called), called, declared)
    if kind == "NM" and len(headers) > 1 and all((header.integer("NumberOfFrames") or 1) == 1 for header in headers):
        return read_nm_slices(headers, called, declared)
    if len(headers) > 1:
        error = mixed(called, f"several {kind} volumes", f"{len(headers)} objects")
        raise DicomError(f"{error}; name one of its files instead of the folder", code=error.code)
    if kind == "NM":
        return read_nm(headers[0], declared)
    return pet_scan(read_enhanced(headers[0], called), called, declared)


def _kind(headers: Sequence[Header], called: str) -> str:
    kind = check_one_series(headers, called)
    if kind in SECONDARY_CAPTURES:
        raise headers[0].error(
            "is a secondary capture (a picture of a screen or a document), not a scan", "secondary_capture"
        )
    if kind not in SOP_CLASSES:
        modality = known_modality(headers[0].text("Modality"))
        raise headers[0].error(f"is neither a PET nor an NM image (Modality {modality})", "sop_class")
    return SOP_CLASSES[kind]


def check_one_series(headers: Sequence[Header], called: str, column: str = "series of scans.tsv") -> str:
    """Return the SOP class of images of one kind, series and person; else a `DicomError`, which may name `column`."""
    kinds = [sop_class(header) or "" for header in headers]
    series = [header.text("SeriesInstanceUID") or "" for header in headers]
    for what, values in (("several kinds of image", kinds), ("several series", series)):
        counts = [values.count(value) for value in dict.fromkeys(values)]
        if len(counts) > 1:
            error = mixed(called, what, listed(counts, joined=" + ") + " images")
            raise DicomError(f"{error}; {_way_out(kinds, series, column)}", code=error.code)
    _check_one_person(headers, called)
    return kinds[0]


def _check_one_person(headers: Sequence[Header], called: str) -> None:
    """Refuse a series of several people; names and dates are compared and never shown.

    Studies are not compared: some programs that copy or anonymise give every file a StudyInstanceUID of its own.
    """
    what = differences(person_of(header).without_study() for header in headers)
    if not what:
        return
    error = mixed(called, "several people under one SeriesInstanceUID", f"different {in_words(what)}")
    raise DicomError(f"{error}; export the scan again, or move the other images away", code=error.code)


def _way_out(kinds: Sequence[str], series: Sequence[str], column: str) -> str:
    """Return what to do about images that do not belong together."""
    if len(set(zip(series, kinds, strict=True))) > len(set(series)):
        return "one series holds several kinds; move the other kind of image away"
    named = (f"{series_code(uid)} ({series.count(uid)} images)" for uid in dict.fromkeys(series) if uid)
    return f"name one, as --series or in the column {column} (pet-spect index lists all): {listed(named)}"
