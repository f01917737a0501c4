"""The record of a registration as normalise found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pet_spect.commands.normalise.anat import Anatomy
from pet_spect.model import ANATOMICAL, Refusal, ScanKey
from pet_spect.remarks import Remark
from pet_spect.results import layout
from pet_spect.results.converted_scan import ConvertedFacts, read_converted_facts
from pet_spect.results.record_values import VolumesMl, matrix_of
from pet_spect.results.registration.registration_entries import (
    Measured,
    RefusedAnat,
    RefusedEntry,
    RegisteredAnat,
    RegisteredEntry,
    Tried,
    ViewBox,
)
from pet_spect.results.registration.registration_record import LesionEntry, RegistrationRecord, Settings, WarpEntry

if TYPE_CHECKING:
    from pet_spect.registration.gates.plausibility import Gates
    from pet_spect.registration.normalise import Normalised, Registered
    from pet_spect.registration.placement.attempt import Attempt
    from pet_spect.registration.warp import Deformation


def record_of(
    participant: str,
    paths: Mapping[ScanKey, Path],
    result: Normalised,
    refusals: Mapping[ScanKey, Refusal],
    *,
    gates: Gates,
    deformation: Deformation,
    anatomy: Anatomy | None,
    lesion_fault: Refusal | None,
    lesion_given: bool,
) -> RegistrationRecord:
    """Return the record of a participant's registration.

    Parameters
    ----------
    participant : str
    paths : mapping of ScanKey to Path
        Every scan that was listed, as convert wrote it.
    result : Normalised
    refusals : mapping of ScanKey to Refusal
        By this step or an earlier one.
    gates, deformation
        With which it was registered.
    anatomy : Anatomy or None
    lesion_fault : Refusal or None
        What was wrong with a lesion mask that was given.
    lesion_given : bool
        Whether the registration was given one.
    """
    scans: list[RegisteredEntry | RefusedEntry] = []
    for key, path in paths.items():
        label = layout.scan_name(path).label
        if key in refusals:
            scans.append(_refused(key, label, refusals[key], result.tried.get(key)))
        else:
            accepted = tuple(
                Remark.said(error.code, f"{error} (accepted in qc.tsv)") for error in result.accepted.get(key, ())
            )
            scans.append(_registered(key, label, result.scans[key], read_converted_facts(path), accepted))
    return RegistrationRecord(
        participant=participant,
        anat=None if anatomy is None else _anat(anatomy, result),
        scans=tuple(scans),
        leading=result.lead,
        lesion=_lesion(result, lesion_fault, lesion_given=lesion_given),
        warp=_warp(result),
        settings=Settings(gates=asdict(gates), deformation=asdict(deformation)),
    )


def _refused(key: ScanKey, label: str, refusal: Refusal, attempt: Attempt | None) -> RefusedEntry:
    tried = None
    if attempt is not None:
        tried = Tried(head_box=attempt.head_box, pose=None if attempt.pose is None else matrix_of(attempt.pose))
    return RefusedEntry(session=key.session, tracer=key.tracer, label=label, refusal=refusal, tried=tried)


def _registered(
    key: ScanKey, label: str, registered: Registered, facts: ConvertedFacts, accepted: tuple[Remark, ...]
) -> RegisteredEntry:
    view, pose = registered.view, registered.own_pose
    left, right = registered.deficit_ml
    return RegisteredEntry(
        session=key.session,
        tracer=key.tracer,
        label=label,
        measured=_measured(registered),
        warnings=accepted,
        deficit_ml=VolumesMl(left=left, right=right),
        cut_at=view.cut,
        view=ViewBox(first=view.first, last=view.last),
        own_pose=None if pose is None else matrix_of(pose),
        flags=_pattern_flags(registered, facts),
    )


def _pattern_flags(registered: Registered, facts: ConvertedFacts) -> tuple[Remark, ...]:
    """Return the flag of a scan whose regional uptake is not that of its tracer in healthy people."""
    from pet_spect.registration.templates.tracer_pattern import FAR

    if not registered.pattern_distance > FAR:
        return ()
    case = "confirmed" if facts.tracer_identity == "header" else "unconfirmed"
    return (Remark.of("uptake_pattern", case=case, distance=registered.pattern_distance, usual=FAR),)


def _measured(registered: Registered) -> Measured:
    return Measured(
        similarity=registered.match.similarity,
        overlap=registered.match.overlap,
        brain_in_view=registered.view.brain_fraction,
        scale_low=registered.shape.scale_low,
        scale_high=registered.shape.scale_high,
        shear=registered.shape.shear,
        rotation_degrees=registered.shape.rotation_deg,
        pattern_distance=registered.pattern_distance,
        agreement=registered.agreement,
    )


def _anat(anatomy: Anatomy, result: Normalised) -> RegisteredAnat | RefusedAnat:
    kind = anatomy.key.tracer.removeprefix(ANATOMICAL)
    if anatomy.refusal is not None:
        return RefusedAnat(kind=kind, refusal=anatomy.refusal)
    return RegisteredAnat(kind=kind, measured=_measured(result.scans[anatomy.key]))


def _lesion(result: Normalised, fault: Refusal | None, *, lesion_given: bool) -> LesionEntry | None:
    from pet_spect.registration.lesion_estimate import volume_by_side

    if result.lesion is None or result.seen_ml is None:
        return None
    left, right = volume_by_side(result.lesion)
    seen_left, seen_right = result.seen_ml
    return LesionEntry(
        source="given" if lesion_given and fault is None else "estimated",
        volume_ml=VolumesMl(left=left, right=right),
        seen_ml=VolumesMl(left=seen_left, right=seen_right),
        code=None if fault is None else fault.code,
        reason=None if fault is None else fault.reason,
    )


def _warp(result: Normalised) -> WarpEntry | None:
    if result.jacobian is None or result.misplacement_mm is None:
        return None
    low, high = result.jacobian
    return WarpEntry(jacobian_low=low, jacobian_high=high, misplacement_mm=result.misplacement_mm)
