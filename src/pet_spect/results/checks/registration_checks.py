"""Checks of a scan's registration, from the record that it left."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pet_spect.model import ScanKey
from pet_spect.results.checks.check import Bound, Check, Result, judged, limited, not_made
from pet_spect.results.registration.registration_entries import RegisteredAnat, RegisteredEntry
from pet_spect.results.registration.registration_record import RegistrationRecord

_PASSED = "passed in the registration; the number is not kept"
_NOT_KEPT: Mapping[str, tuple[Bound, str]] = {
    "gate_slices": ("at most", "jump_max"),
    "gate_flat": ("at most", "flat_max"),
    "gate_orientation": ("at most", "turned_margin"),
    "gate_likeness": ("at least", "likeness_min"),
    "gate_blur": ("at most", "blur_max_mm"),
    "gate_beside": ("at most", "beside_max"),
}
"""Gates that every registered scan has passed, of which the number is not kept: bound, and the limit's name."""

_OF_PAIRS = ("identical_scans", "gate_size")
_OF_ONE_TRACER = ("gate_mirrored_visit", "gate_identity")
"""What compares two scans of one tracer; whether scans of two tracers were compared as well is not kept."""

_NAMES = (
    *_NOT_KEPT,
    "gate_mirrored",
    "gate_scale_low",
    "gate_scale_high",
    "gate_proportion",
    "gate_shear",
    "gate_rotation",
    "gate_field_of_view",
    "gate_similarity",
    "gate_overlap",
    "gate_jacobian_low",
    "gate_jacobian_high",
    "gate_agreement",
    *_OF_PAIRS,
    *_OF_ONE_TRACER,
    "brain_cut",
    "uptake_pattern",
)
"""Every check of the registration, in the order of the table."""


def registration_checks(record: RegistrationRecord | None, key: ScanKey, pattern_limit: float) -> list[Check]:
    """Return the checks of the registration of one scan.

    Parameters
    ----------
    record : RegistrationRecord or None
        None if there is none.
    key : ScanKey
    pattern_limit : float
        Distance of the regional uptake from the tracer's mean beyond which a scan is flagged.

    Returns
    -------
    list of Check
        Those of a scan that was refused, or not registered, were not made, but the one that refused it.
    """
    entry = None if record is None else record.registered(key)
    if record is None or entry is None:
        return _not_registered(record, key)
    checks = [*_gates(entry, record), *_pairs(entry, record)]
    cut = Check("brain_cut") if not entry.cut_at else Check("brain_cut", "warn", entry.cut_flags[0].text)
    pattern = limited("uptake_pattern", entry.measured.pattern_distance, "at most", pattern_limit, worse="warn")
    accepted: dict[str, tuple[Result, str]] = {str(fault.code): ("warn", fault.text) for fault in entry.warnings}
    accepted |= {str(flag.code): ("warn", flag.text) for flag in entry.flags}
    by_name = {check.name: check for check in judged([*checks, cut, pattern], accepted)}
    return [by_name[name] for name in _NAMES]


def _not_registered(record: RegistrationRecord | None, key: ScanKey) -> list[Check]:
    refused = None if record is None else record.refused(key)
    if refused is None:
        return [not_made(name, "the scan was not registered") for name in _NAMES]
    why = f"not judged: the scan was refused before ({refused.refusal.code})"
    said: dict[str, tuple[Result, str]] = {refused.refusal.code: ("fail", refused.refusal.reason)}
    return judged([not_made(name, why) for name in _NAMES], said)


def _gates(entry: RegisteredEntry, record: RegistrationRecord) -> list[Check]:
    """Return the gates of one scan, and those of the warp that all scans of the person share."""
    found, limits = entry.measured, record.settings.gates
    low, high = (math.nan, math.nan) if record.warp is None else (record.warp.jacobian_low, record.warp.jacobian_high)
    kept = [
        _limited("gate_scale_low", found.scale_low, limits, "scale_min"),
        _limited("gate_scale_high", found.scale_high, limits, "scale_max"),
        _limited("gate_proportion", found.scale_high / found.scale_low, limits, "proportion_max"),
        _limited("gate_shear", found.shear, limits, "shear_max"),
        _limited("gate_rotation", found.rotation_degrees, limits, "rotation_max_deg", "degrees"),
        _limited("gate_field_of_view", found.brain_in_view, limits, "brain_in_view_min"),
        _limited("gate_similarity", found.similarity, limits, "similarity_min"),
        _limited("gate_overlap", found.overlap, limits, "overlap_min"),
        _limited("gate_jacobian_low", low, limits, "jacobian_min"),
        _limited("gate_jacobian_high", high, limits, "jacobian_max"),
        _limited("gate_agreement", found.agreement, limits, "agreement_min"),
        Check("gate_mirrored", reason=_PASSED),
    ]
    return kept + [
        Check(name, reason=_PASSED, bound=bound, limit=limits.get(limit), unit=_unit(limit))
        for name, (bound, limit) in _NOT_KEPT.items()
    ]


def _limited(name: str, value: float, limits: Mapping[str, float], limit: str, unit: str = "1") -> Check:
    if limit not in limits:
        return not_made(name, "the record does not tell the limit")
    if name == "gate_agreement" and math.isnan(value):
        return not_made(name, "no other scan of the tracer was registered")
    return limited(name, value, "at least" if limit.endswith("_min") else "at most", limits[limit], unit)


def _unit(limit: str) -> str:
    return "mm" if limit.endswith("_mm") else "1"


def _pairs(entry: RegisteredEntry, record: RegistrationRecord) -> list[Check]:
    """Return the checks that compare a scan with the person's other images."""
    registered = [scan for scan in record.scans if isinstance(scan, RegisteredEntry)]
    others = [scan for scan in registered if (scan.session, scan.tracer) != (entry.session, entry.tracer)]
    same = [scan for scan in others if scan.tracer == entry.tracer]
    any_other = bool(others) or isinstance(record.anat, RegisteredAnat)
    alone = "no other image of the person was registered"
    alike = "no other scan of the tracer was registered"
    return [
        *(Check(name, reason=_PASSED) if any_other else not_made(name, alone) for name in _OF_PAIRS),
        *(Check(name, reason=_PASSED) if same else not_made(name, alike) for name in _OF_ONE_TRACER),
    ]
