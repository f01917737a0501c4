"""A scan of the workflow with all that its registration left: what measuring it again takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import ImageError, RefusedError
from pet_spect.imaging.images import read_rigid, read_volume, read_warp
from pet_spect.model import CutView, ScanKey, Volume, Warp
from pet_spect.results import layout
from pet_spect.results.registration_record import cut_view, misplacement_mm, read_record, refusal_in, tracer_of


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
    view : CutView or None
    drawn_lesion, warp_lesion : Volume or None
        The lesion mask that a person drew, and the lesion, drawn or estimated, that the registration used; both in
        the standard space.
    """

    volume: Volume
    to_participant: NDArray[np.float64] | None
    to_standard: Warp | None
    misplacement_mm: float
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
    record = read_record(path)
    tracer = tracer_of(record, name.session, name.label)
    if tracer is None:
        raise ImageError(
            f"{path}: knows no scan of session {name.session} with the label {name.label}; run the workflow again",
            code="record_outdated",
        )
    key = ScanKey(name.participant, name.session, tracer)
    refusal = refusal_in(record, key)
    if refusal is not None:
        raise RefusedError(f"{image}: refused by {refusal.stage} ({refusal.reason})", code=refusal.code)
    rigid = read_rigid(results / layout.scan_to_participant(name.participant, name.session, name.label))
    lesion = read_volume(results / layout.lesion_mask(name.participant))
    return RegisteredScan(
        read_volume(image),
        np.asarray(np.linalg.inv(rigid), dtype=np.float64),
        read_warp(results / layout.standard_to_participant(name.participant)),
        misplacement_mm(record),
        cut_view(record, key),
        lesion if (record.get("Lesion") or {}).get("Source") == "given" else None,
        lesion,
    )
