"""Statements of the JSON beside a NIfTI scan: tracer, dose, body and times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pet_spect.dicom.facts.activity import dose_in_mbq
from pet_spect.dicom.facts.administration import Stated
from pet_spect.dicom.facts.injection import ScanClock, StatedTime
from pet_spect.dicom.facts.tracer import TracerStatement
from pet_spect.dicom.objects.times import seconds_of_day
from pet_spect.dicom.pet.reference_time import FrameTiming, contradicting_frame
from pet_spect.errors import ImageError
from pet_spect.nuclides import decay_constant, radionuclide_name
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code

_LARGEST = 1e15
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_SECONDS = re.compile(r"(.*\d\.?)\s*s(ec(onds?)?)?", re.ASCII)
_UNFILLED = ("", "n/a")
_STARTS = ("ScanStart", "FrameTimesStart")
_PER_FRAME = ("FrameTimesStart", "FrameDuration")
_UNREADABLE: Mapping[str, Code] = {
    "PatientWeight": "weight_unreadable",
    "PatientSize": "height_unreadable",
    "InjectedRadioactivity": "dose_unreadable",
    "RadionuclideHalfLife": "half_life_unreadable",
    "SUVbwFactor": "factor_unreadable",
    "DecayFactor": "factor_unreadable",
}
"""Code of the caution about a number that cannot be read; all other numbers are times."""


def check_one_frame(metadata: Mapping[str, Any], called: str) -> None:
    """Refuse a JSON that describes several time frames.

    Raises
    ------
    ImageError
        ``not_static``.
    """
    for key in _PER_FRAME:
        value = metadata.get(key)
        if isinstance(value, list) and len(value) > 1:
            raise ImageError(f"{called}: {key} has {len(value)} values, one frame is needed", code="not_static")


def number_in(metadata: Mapping[str, Any], key: str, cautions: list[Remark]) -> float | None:
    """Return a number of a JSON, also one in a list of one or written as text; None if there is none.

    SUV alone needs these numbers, so one that cannot be read never stops the image.

    Parameters
    ----------
    metadata : mapping
    key : str
    cautions : list of Remark
        Gets ``time_unreadable``, ``dose_unreadable`` and their like where the value is no number of usable size.
    """
    value = _value(metadata, key)
    if value is None:
        return None
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = float(value)
    if not isinstance(value, bool) and isinstance(value, int | float) and -_LARGEST < value < _LARGEST:
        return float(value)
    cautions.append(Remark.of(_UNREADABLE.get(key, "time_unreadable"), key=key, source="JSON"))
    return None


def _value(metadata: Mapping[str, Any], key: str) -> object:
    """Return what a key holds, without the list around it; None where it was not filled in."""
    value = metadata.get(key)
    if isinstance(value, list) and len(value) < 2:
        value = value[0] if value else None
    if isinstance(value, str):
        value = value.strip()
        return None if value.lower() in _UNFILLED else value
    return value


def _is_unreadable(metadata: Mapping[str, Any], key: str) -> bool:
    return number_in(metadata, key, []) is None and _value(metadata, key) is not None


def text_in(metadata: Mapping[str, Any], key: str) -> str | None:
    """Return a text of a JSON, None if it is anything else."""
    value = metadata.get(key)
    return value if isinstance(value, str) else None


def clock_of_json(metadata: Mapping[str, Any], called: str, cautions: list[Remark]) -> ScanClock:
    """Return the clock of the scan: seconds of the day if the JSON gives its zero as a time of day.

    The volume begins at FrameTimesStart, which is after ScanStart where it is part of a longer scan. Before
    ScanStart, FrameTimesStart counts from there, against its definition; without ScanStart and TimeZero nobody
    knows from when. If either cannot be read it is not known when the scan began.
    """
    zero = seconds_of_day(text_in(metadata, "TimeZero") or "")
    scan, frame = (number_in(metadata, key, cautions) for key in _STARTS)
    started = (
        frame if scan is None and zero is not None else scan if frame is None or scan is None else max(scan, frame)
    )
    unknown = started is None or any(_is_unreadable(metadata, key) for key in _STARTS)
    return ScanClock(
        called,
        None if unknown else (started or 0.0) + (zero or 0.0),
        is_static=metadata.get("FramesAveraged") is None,
        knows="nothing" if zero is None else "times",
    )


def stated_in_json(metadata: Mapping[str, Any], before: Sequence[Remark], cautions: list[Remark]) -> Stated:
    """Return what the JSON says of the administration."""
    statement, amount = _statement(metadata, cautions), number_in(metadata, "InjectedRadioactivity", cautions)
    zero, injected = (
        seconds_of_day(text_in(metadata, "TimeZero") or ""),
        number_in(metadata, "InjectionStart", cautions),
    )
    return Stated(
        source="JSON",
        tracer=statement,
        weight=number_in(metadata, "PatientWeight", cautions) or None,
        height=number_in(metadata, "PatientSize", cautions) or None,
        sex=text_in(metadata, "PatientSex"),
        dose_mbq=dose_in_mbq(amount, metadata.get("InjectedRadioactivityUnits"), cautions) if amount else None,
        half_life_s=statement.half_life_s,
        half_life_reason=next((caution.text for caution in before if caution.code == "half_life_conflict"), None),
        injection=None if injected is None else StatedTime(injected + (zero or 0.0), dated=True),
    )


def moment_in_json(
    metadata: Mapping[str, Any], clock: ScanClock, half_life: float | None, cautions: list[Remark]
) -> tuple[float | None, str]:
    """Return the moment the voxels hold for, on the clock of the scan, or why it is not known.

    Parameters
    ----------
    metadata : mapping
    clock : ScanClock
    half_life : float or None
        Seconds.
    cautions : list of Remark
        Gets ``decay_factor_conflict``: dcm2niix wrote ImageDecayCorrectionTime 0 whatever the scanner corrected to.
    """
    correction_time = number_in(metadata, "ImageDecayCorrectionTime", cautions)
    odd = next((key for key in (*_STARTS, "ImageDecayCorrectionTime") if _is_unreadable(metadata, key)), None)
    if odd is not None:
        return None, f"{odd} in the JSON is no number and was not used"
    if correction_time is None:
        return None, "the JSON does not tell to which time the voxels are decay-corrected (ImageDecayCorrectionTime)"
    moment = correction_time + (seconds_of_day(text_in(metadata, "TimeZero") or "") or 0.0)
    if clock.start is not None and moment > clock.start + 1:
        return None, "ImageDecayCorrectionTime in the JSON is after the scan began (ScanStart), which cannot be"
    factors = metadata.get("DecayFactor")
    factor = number_in(metadata, "DecayFactor", cautions) if isinstance(factors, list) and len(factors) == 1 else None
    timing = FrameTiming(clock.start, number_in(metadata, "FrameDuration", cautions), None, factor)
    if factor and half_life and contradicting_frame([timing], moment, decay_constant(half_life)) is not None:
        conflict = Remark.of("decay_factor_conflict", case="time", factor=factor, reference="ImageDecayCorrectionTime")
        cautions.append(conflict)
        return None, conflict.text
    return moment, ""


def _half_life(metadata: Mapping[str, Any], cautions: list[Remark]) -> float | None:
    """Return the half-life, which may have its unit beside it; None if it is missing or not positive."""
    value = _value(metadata, "RadionuclideHalfLife")
    with_unit = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    read = {"RadionuclideHalfLife": with_unit[1].strip()} if with_unit else metadata
    half_life = number_in(read, "RadionuclideHalfLife", cautions)
    return half_life if half_life is not None and half_life > 0 else None


def _statement(metadata: Mapping[str, Any], cautions: list[Remark]) -> TracerStatement:
    """Return what the JSON says of the tracer."""
    name = text_in(metadata, "TracerName")
    return TracerStatement(
        texts=(name,) if name else (),
        nuclides=frozenset(filter(None, [radionuclide_name(text_in(metadata, "TracerRadionuclide") or "")])),
        half_life_s=_half_life(metadata, cautions),
        source="JSON",
    )
