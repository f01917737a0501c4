"""The administration of the tracer: weight, dose and injection of header or JSON, settled with the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pet_spect.dicom.facts.declared import Declared, Source, settle
from pet_spect.dicom.facts.injection import MOST_HALF_LIVES, ScanClock, StatedTime, settle_injection
from pet_spect.dicom.facts.tracer import Identity, TracerStatement, settle_tracer
from pet_spect.nuclides import HALF_LIVES_S, SAME_HALF_LIFE, radionuclides_of_half_life
from pet_spect.remarks import Remark

_ADULT_KG = (20.0, 300.0)
_USUAL_MBQ = (20.0, 2000.0)
_PLAUSIBLE_MBQ = {
    "C11": (40.0, 2000.0),
    "N13": (60.0, 2000.0),
    "O15": (100.0, 5000.0),
    "Rb82": (100.0, 5000.0),
    "Zr89": (10.0, 500.0),
    "I124": (5.0, 500.0),
    "Y90": (100.0, 20000.0),
}
"""By radionuclide; each lower bound lies above the usual doses counted in mCi."""

_DOSE_CODES = ("dose_implausible", "dose_unit_unknown", "dose_unreadable")


@dataclass(frozen=True)
class Stated:
    """Statements of a scan itself; None if it does not state a value.

    Attributes
    ----------
    source : {'header', 'JSON'}
    tracer : TracerStatement
    weight, height : float or None
        kg and m, unchanged; a weight over 1000 is grams.
    sex : str or None
    dose_mbq : float or None
    half_life_s : float or None
    half_life_reason : str or None
        Why an earlier conversion did not believe the half-life.
    injection : StatedTime or None
    """

    source: Source
    tracer: TracerStatement = field(default_factory=TracerStatement)
    weight: float | None = None
    height: float | None = None
    sex: str | None = None
    dose_mbq: float | None = None
    half_life_s: float | None = None
    half_life_reason: str | None = None
    injection: StatedTime | None = None


@dataclass(frozen=True)
class Administration:
    """Patient, dose and injection, as far as SUV needs them.

    Attributes
    ----------
    weight_kg, height_m, dose_bq : float or None
    sex : str or None
        ``M``, ``F`` or ``O``; None if it is not stated.
    radionuclide, tracer : str or None
    tracer_identity : {'header', 'nuclide', 'none'}
        See `pet_spect.dicom.facts.tracer.settle_tracer`.
    half_life_s : float or None
    half_life_reason : str or None
        Why the half-life, though stated, is not used; there is no SUV then.
    other_half_life : bool
        Whether the stated half-life is that of another known radionuclide.
    injection : float or None
        On the clock of the scan, seconds.
    injection_reason : str
        Why `injection` is None.
    injection_dated : bool
        Whether the day of the injection is known, by its date or because the radionuclide is too short-lived
        for another day.
    dose_reason : str
        Why `dose_bq` is None.
    """

    weight_kg: float | None
    height_m: float | None
    dose_bq: float | None
    sex: str | None
    radionuclide: str | None
    tracer: str | None
    tracer_identity: Identity
    half_life_s: float | None
    half_life_reason: str | None
    other_half_life: bool
    injection: float | None
    injection_reason: str
    injection_dated: bool
    dose_reason: str


def settle_administration(
    stated: Stated,
    clock: ScanClock,
    declared: Declared,
    cautions: list[Remark],
    *,
    window_nuclide: str | None = None,
) -> Administration:
    """Return the administration of a scan: the one function that decides, for DICOM and for JSON.

    The tables fill gaps and replace impossible values. If both differ, the scan is used and a remark is added.

    Parameters
    ----------
    stated : Stated
    clock : ScanClock
    declared : Declared
    cautions : list of Remark
        Gets what was found odd, and conflicts.
    window_nuclide : str, optional
        See `pet_spect.dicom.facts.tracer.settle_tracer`.

    Raises
    ------
    TracerError
        If the scan says that it is another tracer than the declared one, or contradicts itself about it.
    DicomError
        If the declared injection time is no time.
    """
    source = stated.source
    tracer = settle_tracer(stated.tracer, declared, clock.called, cautions, window_nuclide=window_nuclide)
    weight = settle("weight_conflict", _weight(stated, cautions), declared.weight_kg, cautions, source=source)
    height = settle("height_conflict", _height(stated, cautions), declared.height_m, cautions, source=source)
    half_life, half_life_reason = _settle_half_life(stated.half_life_s, tracer.nuclide, source, cautions)
    if stated.half_life_reason is not None and half_life_reason is None:
        half_life, half_life_reason = None, stated.half_life_reason
    dose = _settle_dose(stated.dose_mbq, declared.dose_mbq, tracer.nuclide, source, cautions)
    injection, injection_reason, dated = settle_injection(
        stated.injection, clock, declared, half_life, cautions, source=source
    )
    if stated.injection is None and declared.injection_time is None and declared.uptake_minutes is None:
        unread = [
            caution
            for caution in cautions
            if caution.code == "time_unreadable" and caution.told("key") == "InjectionStart"
        ]
        injection_reason = unread[-1].text if unread else injection_reason
    return Administration(
        weight,
        height,
        None if dose is None else dose * 1e6,
        _sex(stated, declared, cautions),
        tracer.nuclide,
        tracer.name,
        tracer.identity,
        half_life,
        half_life_reason,
        half_life_reason is not None and bool(radionuclides_of_half_life(stated.half_life_s)),
        injection,
        injection_reason,
        dated,
        _dose_reason(cautions),
    )


def elapsed_since_injection(
    administration: Administration, moment: float | None, reason: str
) -> tuple[float | None, str]:
    """Return the time from the injection to the moment the voxels hold for, s, or why it is not known.

    Parameters
    ----------
    administration : Administration
    moment : float or None
        On the clock of the scan, seconds.
    reason : str
        Why it is None.
    """
    if moment is None or administration.injection is None:
        return None, reason or administration.injection_reason
    elapsed = moment - administration.injection
    if administration.half_life_s and elapsed > MOST_HALF_LIVES * administration.half_life_s:
        return None, f"injection {elapsed / 60:.0f} min before the time voxels hold for is implausible"
    if elapsed < 0:
        return None, "the voxels are decay-corrected to a time before the injection"
    if not administration.injection_dated:
        return None, "the injection has no date, and this radionuclide lives long enough for another day"
    return elapsed, ""


def _settle_dose(
    stated: float | None, declared: float | None, nuclide: str | None, source: Source, cautions: list[Remark]
) -> float | None:
    """Return the dose of the scan in MBq, or the declared one where the scan has none that can be true.

    An F-18 dose outside 20 to 2000 MBq is not used: 5 may be mCi, which are 185 MBq. Other
    radionuclides have bounds of their own, those that are not known the ones of F-18.
    """
    low, high = _PLAUSIBLE_MBQ.get(nuclide or "", _USUAL_MBQ)
    usable: list[float | None] = []
    for dose, where in ((stated, source), (declared, "tables")):
        plausible = dose is not None and low <= dose <= high
        if dose is not None and not plausible:
            cautions.append(Remark.of("dose_implausible", case="range", dose=dose, where=where, low=low, high=high))
        usable.append(dose if plausible else None)
    return settle("dose_conflict", usable[0], usable[1], cautions, source=source)


def _settle_half_life(
    stated: float | None, nuclide: str | None, source: Source, cautions: list[Remark]
) -> tuple[float | None, str | None]:
    """Return the half-life that may be used, s, or why none may: the scanner may have corrected decay with another."""
    nominal = HALF_LIVES_S.get(nuclide or "")
    if stated is not None and stated < 0:
        return None, f"half-life {stated:g} s is negative"
    if stated is not None and nominal is not None and abs(stated / nominal - 1) > SAME_HALF_LIFE:
        conflict = Remark.of("half_life_conflict", stated=stated, source=source, nuclide=nuclide, known=nominal)
        cautions.append(conflict)
        return None, conflict.text
    return stated or nominal, None


def _dose_reason(cautions: Sequence[Remark]) -> str:
    """Return the last remark on a dose that was not used, or that it is missing."""
    reasons = [caution.text for caution in cautions if caution.code in _DOSE_CODES]
    return reasons[-1] if reasons else "injected dose is missing"


def _weight(stated: Stated, cautions: list[Remark]) -> float | None:
    weight = stated.weight
    if weight is not None and weight > 1000:
        cautions.append(Remark.of("weight_in_grams", weight=weight))
        weight /= 1000
    if weight is not None and not 1 <= weight <= 500:
        cautions.append(Remark.of("weight_implausible", weight=weight, source=stated.source))
        return None
    low, high = _ADULT_KG
    if weight is not None and not low <= weight <= high:
        cautions.append(Remark.of("weight_unusual", weight=weight, source=stated.source, low=low, high=high))
    return weight


def _height(stated: Stated, cautions: list[Remark]) -> float | None:
    height = stated.height
    if height is not None and not 0.3 <= height <= 2.5:
        cautions.append(Remark.of("height_implausible", height=height, source=stated.source))
        return None
    return height


def _sex(stated: Stated, declared: Declared, cautions: list[Remark]) -> str | None:
    sex, source = (stated.sex or "").upper(), stated.source
    if sex not in ("M", "F", "O"):
        return declared.sex
    if declared.sex is not None and declared.sex != sex:
        cautions.append(Remark.of("sex_conflict", stated=sex, declared=declared.sex, source=source))
    return sex
