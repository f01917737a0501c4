"""The record that normalise leaves of a participant's registration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pet_spect import __version__
from pet_spect.commands.normalise_anat import Anatomy, anatomy_record
from pet_spect.files import write_json
from pet_spect.imaging import images
from pet_spect.model import STANDARD_SPACE, Refusal, ScanKey
from pet_spect.results import layout

if TYPE_CHECKING:
    from pet_spect.registration.normalise import Normalised, Registered


def write_record(
    results: Path,
    participant: str,
    paths: Mapping[ScanKey, Path],
    result: Normalised,
    refusals: Mapping[ScanKey, Refusal],
    settings: Mapping[str, Any],
    anatomy: Anatomy | None,
    lesion: Mapping[str, Any] | None,
) -> None:
    """Write a participant's record: what became of every scan, the warp, the lesion and the settings.

    Parameters
    ----------
    results : Path
    participant : str
    paths : mapping of ScanKey to Path
        Every scan that was listed, as convert wrote it.
    result : Normalised
    refusals : mapping of ScanKey to Refusal
        By this step or an earlier one.
    settings : mapping
        Gates and deformation.
    anatomy : Anatomy or None
    lesion : mapping or None
        See `normalise_lesion.lesion_record`.
    """
    scans = [_scan_entry(key, path, result, refusals.get(key)) for key, path in paths.items()]
    warp = None
    if result.jacobian is not None:
        low, high = result.jacobian
        warp = {"JacobianLow": low, "JacobianHigh": high, "MisplacementMm": result.misplacement_mm}
    of_anatomy = result.scans.get(anatomy.key) if anatomy else None
    record = {
        "Participant": participant,
        "SoftwareVersion": __version__,
        "Space": STANDARD_SPACE,
        "Anat": anatomy_record(anatomy, _gate_values(of_anatomy) if of_anatomy else None),
        "Scans": scans,
        "Leading": result.lead,
        "Lesion": lesion,
        "Warp": warp,
        "Settings": settings,
    }
    write_json(results / layout.registration_record(participant), record)


def _scan_entry(key: ScanKey, path: Path, result: Normalised, refusal: Refusal | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"Session": key.session, "Tracer": key.tracer, "Label": layout.scan_name(path).label}
    if refusal is not None:
        entry |= {"Status": "refused", "Stage": refusal.stage, "Code": refusal.code, "Reason": refusal.reason}
        if key in result.tried:
            attempt = result.tried[key]
            pose = None if attempt.pose is None else attempt.pose.tolist()
            entry |= {"HeadBox": attempt.head_box, "Pose": pose}
        return entry
    registered, accepted = result.scans[key], result.accepted.get(key, [])
    return {
        **entry,
        "Status": "registered",
        **_gate_values(registered),
        "Warnings": [{"Code": error.code, "Reason": f"{error} (accepted in qc.tsv)"} for error in accepted],
        "DeficitMl": dict(zip(("left", "right"), registered.deficit_ml, strict=True)),
        **_view_entry(registered),
        "Flags": _pattern_flags(registered, images.read_sidecar(path)),
    }


def _pattern_flags(registered: Registered, facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the flag of a scan whose regional uptake is not that of its tracer in healthy people."""
    from pet_spect.registration.templates.tracer_pattern import FAR

    if not registered.pattern_distance > FAR:
        return []
    confirmed = facts.get("TracerIdentity") == "header"
    check = "attenuation correction and shading"
    if not confirmed:
        check = f"the tracer in scans.tsv, which the header does not confirm, and {check}"
    reason = (
        f"the regional uptake lies {registered.pattern_distance:.1f} spreads between people from the tracer's mean,"
        f" at most {FAR:g} is usual: check {check}"
    )
    return [{"Code": "uptake_pattern", "Reason": reason}]


def _view_entry(registered: Registered) -> dict[str, Any]:
    """Return where the brain is cut and by what coverage is then judged; the pose is null where the warp judges."""
    view, pose = registered.view, registered.own_pose
    return {
        "CutAt": list(view.cut),
        "View": {"First": list(view.first), "Last": list(view.last)},
        "OwnPose": None if pose is None else pose.tolist(),
    }


def _gate_values(registered: Registered) -> dict[str, float | None]:
    return {
        "Similarity": registered.match.similarity,
        "Overlap": registered.match.overlap,
        "BrainInView": registered.view.brain_fraction,
        "ScaleLow": registered.shape.scale_low,
        "ScaleHigh": registered.shape.scale_high,
        "Shear": registered.shape.shear,
        "RotationDegrees": registered.shape.rotation_deg,
        "PatternDistance": None if math.isnan(registered.pattern_distance) else registered.pattern_distance,
        "Agreement": None if math.isnan(registered.agreement) else registered.agreement,
    }
