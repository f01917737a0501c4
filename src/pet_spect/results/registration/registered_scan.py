"""A scan of the workflow with all that its registration left: what measuring it takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import ImageError, RefusedError
from pet_spect.imaging.images import read_refusal, read_volume
from pet_spect.imaging.lesion_mask import read_lesion_mask
from pet_spect.model import Atlas, CutView, Refusal, ScanKey, Volume, Warp
from pet_spect.quantify.membership import RESOLUTION_MM
from pet_spect.remarks import Remark
from pet_spect.results import layout
from pet_spect.results.registration.registration_record import RegistrationRecord, read_registration_record
from pet_spect.results.registration.transforms import (
    read_participant_to_standard_points,
    read_scan_to_participant_points,
)
from pet_spect.results.uptake.uptake_record import read_uptake


@dataclass(frozen=True)
class RegisteredScan:
    """A scan, where it lies in its participant, and where the participant lies in the standard space.

    Attributes
    ----------
    volume : Volume
        On the scan's own grid, in its own unit.
    to_participant : (4, 4) float array or None
        Takes points of the scan to the participant; None if the two are one space.
    to_standard : Warp or None
        Takes points of the participant to the standard space; None if the two are one space.
    misplacement_mm : float
        How far a fold may lie from where the warp puts it (standard deviation); 0 is not known.
    resolution_mm : float
        Usual one of such a scan (FWHM).
    view : CutView or None
    drawn_lesion, warp_lesion : Volume or None
        The lesion mask that a person drew, and the lesion, drawn or estimated, that the registration used; both in
        the standard space.
    """

    volume: Volume
    to_participant: NDArray[np.float64] | None
    to_standard: Warp | None
    misplacement_mm: float
    resolution_mm: float
    view: CutView | None = None
    drawn_lesion: Volume | None = None
    warp_lesion: Volume | None = None


def read_registered(results: Path, image: Path) -> RegisteredScan:
    """Read a scan and its registration from the workflow's results.

    Parameters
    ----------
    results : Path
        The folder ``results`` of a study.
    image : Path
        A scan in its own space; its name says whose it is: ``sub-01_ses-baseline_trc-18FFDG_pet.nii.gz``.

    Raises
    ------
    RefusedError
        If the workflow refused the scan.
    ConfigError
        If the image is not named as the workflow names a scan.
    ImageError
        If a file cannot be read, or the registration does not know this scan.
    """
    name = layout.scan_name(image)
    path = results / layout.registration_record(name.participant)
    record = read_registration_record(path)
    tracer = record.tracer_of(name.session, name.label)
    if tracer is None:
        raise ImageError(
            f"{path}: knows no scan of session {name.session} with the label {name.label}; run the workflow again",
            code="record_outdated",
        )
    key = ScanKey(name.participant, name.session, tracer)
    refused, registered = record.refused(key), record.registered(key)
    if refused is not None:
        why = refused.refusal
        raise RefusedError(f"{image}: refused by {why.stage} ({why.reason})", code=why.code)
    lesion = read_warp_lesion(results, name.participant)
    return RegisteredScan(
        read_volume(image),
        read_scan_to_participant_points(results, name),
        read_participant_to_standard_points(results, name.participant),
        record.misplacement_mm,
        RESOLUTION_MM[name.datatype],
        None if registered is None else registered.cut_view,
        lesion if record.lesion is not None and record.lesion.source == "given" else None,
        lesion,
    )


def applied_blur_mm(results: Path, image: Path, atlas: str) -> float:
    """Return the FWHM of the Gaussian with which the workflow measured a scan; 0 if it has not measured it.

    Raises
    ------
    TableError
        If the participant's table of uptake is not one of this version.
    """
    name = layout.scan_name(image)
    table = results / layout.uptake_table(name.participant, atlas)
    record = read_registration_record(results / layout.registration_record(name.participant))
    tracer = record.tracer_of(name.session, name.label)
    if tracer is None or not table.is_file():
        return 0.0
    (scan,) = read_uptake(table, name.participant, [(name.session, tracer)]).scans
    return scan.blur_mm


def refusal_of(record: RegistrationRecord, key: ScanKey, image: Path) -> Refusal | None:
    """Return why convert or normalise refused a scan; None if it is registered.

    Raises
    ------
    ImageError
        If the record does not know it.
    """
    by_convert, refused = read_refusal(image), record.refused(key)
    if by_convert is not None:
        return by_convert
    if refused is not None:
        return refused.refusal
    if record.registered(key) is None:
        raise ImageError(f"{image}: the registration record does not know session {key.session}, tracer {key.tracer}")
    return None


def read_warp_lesion(results: Path, participant: str) -> Volume:
    """Return the lesion that the registration used, given or estimated.

    Returns
    -------
    Volume
        In the standard space, above 0.5 inside; it may be empty.

    Raises
    ------
    ImageError
        If it cannot be read, as where nothing was registered.
    """
    return read_volume(results / layout.lesion_mask(participant))


def read_drawn_lesion(results: Path, mask: Path, record: RegistrationRecord, atlas: Atlas) -> Volume | Refusal:
    """Return a lesion mask that a person drew, or what is wrong with it.

    Parameters
    ----------
    results : Path
    mask : Path
        In the standard space. The one that normalise left there must have been drawn, not estimated.
    record : RegistrationRecord
    atlas : Atlas
    """
    lesion = record.lesion
    if mask == results / layout.lesion_mask(record.participant) and (lesion is None or lesion.source != "given"):
        code, reason = (None, None) if lesion is None else (lesion.code, lesion.reason)
        if code is None:
            return Refusal.of("normalise", Remark.of("lesion_mask_estimated"))
        return Refusal("normalise", code, reason or "n/a")
    try:
        return read_lesion_mask(mask, atlas, f"the lesion mask of {record.participant}")
    except ImageError as error:
        return Refusal("measure", error.code, str(error))
