"""What the JSON beside a NIfTI scan says of tracer, dose, body and times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pet_spect.dicom.activity import dose_in_mbq
from pet_spect.dicom.administration import Stated
from pet_spect.dicom.decay import decay_constant, radionuclide_name
from pet_spect.dicom.declared import Caution
from pet_spect.dicom.injection import ScanClock, StatedTime
from pet_spect.dicom.reference_time import FrameTiming, contradicting_frame
from pet_spect.dicom.times import seconds_of_day
from pet_spect.dicom.tracer import TracerStatement
from pet_spect.errors import ImageError

_LARGEST = 1e15
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def _plain(value: object) -> object:
    """Return a number that is written as text as a number, anything else as it is."""
    return float(value) if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()) else value


def number_in(told: Mapping[str, Any], key: str, called: str) -> float | None:
    """Return a number of a JSON, also one in a list of one or written as text; None if there is none.

    Raises
    ------
    ImageError
        ``not_static`` if there are several, ``sidecar_keys`` if it is no number of usable size.
    """
    value = told.get(key)
    if isinstance(value, list):
        if len(value) != 1:
            raise ImageError(f"{called}: {key} has {len(value)} values, one frame is needed", code="not_static")
        value = value[0]
    if value is None or value == "n/a":
        return None
    value = _plain(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST < value < _LARGEST:
        raise ImageError(f"{called}: {key} in its JSON is not a number of usable size", code="sidecar_keys")
    return float(value)


def text_in(told: Mapping[str, Any], key: str) -> str | None:
    """Return a text of a JSON, None if it is anything else."""
    value = told.get(key)
    return value if isinstance(value, str) else None


def clock_of_json(told: Mapping[str, Any], called: str) -> ScanClock:
    """Return the clock of the scan: seconds of the day where the JSON tells its zero as a time of day.

    The volume begins at FrameTimesStart, which is after ScanStart where it is part of a longer scan. Before
    ScanStart, FrameTimesStart counts from there, against its definition; without ScanStart and TimeZero nobody
    knows from when.
    """
    zero = seconds_of_day(text_in(told, "TimeZero") or "")
    scan, frame = (number_in(told, key, called) for key in ("ScanStart", "FrameTimesStart"))
    started = (
        frame if scan is None and zero is not None else scan if frame is None or scan is None else max(scan, frame)
    )
    return ScanClock(
        called,
        None if started is None else started + (zero or 0.0),
        is_static=told.get("FramesAveraged") is None,
        knows="nothing" if zero is None else "times",
    )


def stated_in_json(told: Mapping[str, Any], called: str, before: Sequence[Caution], cautions: list[Caution]) -> Stated:
    """Return what the JSON says of the administration."""
    statement, amount = _statement(told), number_in(told, "InjectedRadioactivity", called)
    zero, injected = seconds_of_day(text_in(told, "TimeZero") or ""), number_in(told, "InjectionStart", called)
    return Stated(
        source="JSON",
        tracer=statement,
        weight=_of_body(told, "PatientWeight", "weight", cautions),
        height=_of_body(told, "PatientSize", "height", cautions),
        sex=text_in(told, "PatientSex"),
        dose_mbq=dose_in_mbq(amount, told.get("InjectedRadioactivityUnits"), cautions) if amount else None,
        half_life_s=statement.half_life_s,
        half_life_reason=next((caution.reason for caution in before if caution.code == "half_life_conflict"), None),
        injection=None if injected is None else StatedTime(injected + (zero or 0.0), dated=True),
    )


def _of_body(told: Mapping[str, Any], key: str, what: str, cautions: list[Caution]) -> float | None:
    """Return a number that must not block the image; dcm2niix writes it where it was not anonymised."""
    try:
        return number_in(told, key, "") or None
    except ImageError:
        cautions.append(Caution(f"{what}_unreadable", f"{key} in the JSON is no number and was not used"))
        return None


def moment_in_json(
    told: Mapping[str, Any], clock: ScanClock, half_life: float | None, called: str, cautions: list[Caution]
) -> tuple[float | None, str]:
    """Return the moment the voxels hold for, on the clock of the scan, or why it is not known.

    Parameters
    ----------
    told : mapping
    clock : ScanClock
    half_life : float or None
        Seconds.
    called : str
    cautions : list of Caution
        Gets ``decay_factor_conflict``: dcm2niix wrote ImageDecayCorrectionTime 0 whatever the scanner corrected to.
    """
    held = number_in(told, "ImageDecayCorrectionTime", called)
    if held is None:
        return None, "the JSON does not tell to which time the voxels are decay-corrected (ImageDecayCorrectionTime)"
    moment = held + (seconds_of_day(text_in(told, "TimeZero") or "") or 0.0)
    if clock.start is not None and moment > clock.start + 1:
        return None, "ImageDecayCorrectionTime in the JSON is after the scan began (ScanStart), which cannot be"
    factors = told.get("DecayFactor")
    factor = number_in(told, "DecayFactor", called) if isinstance(factors, list) and len(factors) == 1 else None
    timing = FrameTiming(clock.start, number_in(told, "FrameDuration", called), None, factor)
    if factor and half_life and contradicting_frame([timing], moment, decay_constant(half_life)) is not None:
        reason = f"DecayFactor {factor:g} contradicts the time of decay correction (ImageDecayCorrectionTime)"
        cautions.append(Caution("decay_factor_conflict", reason))
        return None, reason
    return moment, ""


def _statement(told: Mapping[str, Any]) -> TracerStatement:
    """Return what the JSON says of the tracer."""
    name, half_life = text_in(told, "TracerName"), _plain(told.get("RadionuclideHalfLife"))
    return TracerStatement(
        texts=(name,) if name else (),
        nuclides=frozenset(filter(None, [radionuclide_name(text_in(told, "TracerRadionuclide") or "")])),
        half_life_s=float(half_life) if isinstance(half_life, int | float) and 0 < half_life < _LARGEST else None,
        source="JSON",
    )
