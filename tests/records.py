"""Registration records for tests of what reads them."""

from __future__ import annotations

from dataclasses import replace

from pet_spect.model import Refusal
from pet_spect.results.record_values import VolumesMl
from pet_spect.results.registration.registration_entries import Measured, RefusedEntry, RegisteredEntry, Tried, ViewBox
from pet_spect.results.registration.registration_record import LesionEntry, RegistrationRecord, Settings, WarpEntry

NOTHING = VolumesMl(left=0.0, right=0.0)
MEASURED = Measured(
    similarity=0.91,
    overlap=0.9,
    brain_in_view=1.0,
    scale_low=0.9,
    scale_high=1.1,
    shear=0.02,
    rotation_degrees=3.0,
    pattern_distance=0.5,
    agreement=float("nan"),
)
WARP = WarpEntry(jacobian_low=0.7, jacobian_high=1.4, misplacement_mm=0.0)
WHOLE = ViewBox(first=(-0.5, -0.5, -0.5), last=(1000.0, 1000.0, 1000.0))


def registered(session: str, tracer: str, label: str = "", **changes: object) -> RegisteredEntry:
    entry = RegisteredEntry(
        session=session,
        tracer=tracer,
        label=label,
        measured=MEASURED,
        warnings=(),
        deficit_ml=NOTHING,
        cut_at=(),
        view=WHOLE,
        own_pose=None,
        flags=(),
    )
    return replace(entry, **changes)


def refused(session: str, tracer: str, label: str, refusal: Refusal, tried: Tried | None = None) -> RefusedEntry:
    return RefusedEntry(session=session, tracer=tracer, label=label, refusal=refusal, tried=tried)


def lesion(source: str, *, right: float = 0.0, code: str | None = None, reason: str | None = None) -> LesionEntry:
    size = VolumesMl(left=0.0, right=right)
    return LesionEntry(source=source, volume_ml=size, seen_ml=NOTHING, code=code, reason=reason)


def record_of(participant: str, *scans: RegisteredEntry | RefusedEntry, **changes: object) -> RegistrationRecord:
    settings = Settings(gates={"brain_in_view_min": 0.6}, deformation={})
    return replace(RegistrationRecord(participant=participant, scans=scans, settings=settings), **changes)
