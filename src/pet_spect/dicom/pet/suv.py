"""The SUV decision table: from what a header says to one factor, or the reason there is none.

Pure: a frozen set of facts in, a result out. The cases follow the IBSI guideline
on SUV computation (oncoray/suv_computation) and DICOM PS3.3 C.8.9.1 (PET Series:
Units, SUV Type, Decay Correction); ``docs/suv.md`` shows them as a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

DecayCorrection = Literal["START", "ADMIN", "NONE"]

UNITS = {
    "BQML": "Bq/mL",
    "GML": "g/mL",
    "CM2ML": "SUVbsa cm2/mL",
    "CNTS": "counts",
    "CPS": "counts/s",
    "PROPCNTS": "proportional to counts",
    "PROPCPS": "proportional to counts/s",
}
"""Units (0054,1001) that are understood, and what the sidecar calls them."""

SUV_UNITS = {
    "BW": "SUVbw g/mL",
    "LBM": "SUVlbm g/mL",
    "LBMJAMES128": "SUVlbmjames128 g/mL",
    "LBMJANMA": "SUVlbmjanma g/mL",
    "IBW": "SUVibw g/mL",
    "BSA": "SUVbsa cm2/mL",
}
"""SUV Type (0054,1006), and what the sidecar calls such voxels."""


@dataclass(frozen=True)
class SuvFacts:
    """Facts of a PET header about scale.

    Attributes
    ----------
    units : str
        A key of `UNITS`.
    suv_type : str
        A key of `SUV_UNITS`; only voxels in GML use it.
    decay_correction : {'START', 'ADMIN', 'NONE'}
        NONE means that the voxels have been corrected to one common time since.
    weight_kg, height_m, dose_bq : float or None
        None where the header gives nothing usable.
    sex : str or None
        ``M``, ``F``, ``O`` for the mean of both, None if it is not stated.
    half_life_s : float or None
    decay_s : float or None
        From administration to the time the voxels hold for, seconds.
    decay_reason : str
        Why `decay_s` is None.
    counts_to_suv, counts_to_activity : float or None
        Private (7053,1000) and (7053,1009): counts to SUVbw, counts to Bq/mL.
    dose_reason : str
        Why `dose_bq` is None.
    """

    units: str
    suv_type: str
    decay_correction: DecayCorrection
    weight_kg: float | None
    height_m: float | None
    dose_bq: float | None
    sex: str | None
    half_life_s: float | None
    decay_s: float | None
    decay_reason: str = "the time of injection or of decay correction is not known"
    counts_to_suv: float | None = None
    counts_to_activity: float | None = None
    dose_reason: str = "injected dose is missing"


@dataclass(frozen=True)
class SuvResult:
    """Factor from a stored voxel to SUVbw, or why there is none.

    Attributes
    ----------
    factor : float or None
        Multiply a voxel by it to get SUVbw in g/mL; None where the header does not allow it.
    reason : str or None
        Why there is none.
    method : str or None
        Which case of `CASES` gave it.
    """

    factor: float | None
    reason: str | None = None
    method: str | None = None


@dataclass(frozen=True)
class Case:
    """One row of the decision table.

    Attributes
    ----------
    units : str
        A key of `UNITS`.
    when : str
        Further condition, in words.
    applies : function
        Whether it holds.
    factor : function
        From facts to the result.
    method : str
        Its name in the sidecar.
    """

    units: str
    when: str
    applies: Callable[[SuvFacts], bool]
    factor: Callable[[SuvFacts], SuvResult]
    method: str


def suv_factor(facts: SuvFacts) -> SuvResult:
    """Return the factor from stored voxels to SUVbw: that of the first case that applies and has one.

    Examples
    --------
    >>> facts = SuvFacts("BQML", "BW", "ADMIN", 70.0, None, 350e6, None, None, None)
    >>> suv_factor(facts)  # 70,000 g / 350 MBq
    SuvResult(factor=0.0002, reason=None, method='activity, dose at administration')
    """
    applying = [case for case in CASES if case.units == facts.units and case.applies(facts)]
    results = [replace(case.factor(facts), method=case.method) for case in applying]
    chosen = next((result for result in results if result.factor is not None), results[0])
    return chosen if chosen.factor is not None else replace(chosen, method=None)


def _decayed(facts: SuvFacts) -> SuvResult:
    """``SUV = A · W / D``, the dose decayed to the time the voxels hold for."""
    if facts.weight_kg is None or facts.dose_bq is None:
        return _undecayed(facts)
    if facts.half_life_s is None:
        return SuvResult(None, "half-life of the radionuclide is missing")
    if facts.decay_s is None:
        return SuvResult(None, facts.decay_reason)
    return _undecayed(replace(facts, dose_bq=facts.dose_bq * 0.5 ** (facts.decay_s / facts.half_life_s)))


def _undecayed(facts: SuvFacts) -> SuvResult:
    """``SUV = A · W / D``, the dose unchanged."""
    if facts.weight_kg is None:
        return SuvResult(None, "patient weight is missing")
    if facts.dose_bq is None:
        return SuvResult(None, facts.dose_reason)
    return SuvResult(facts.weight_kg * 1000 / facts.dose_bq)


def _by_activity_factor(facts: SuvFacts) -> SuvResult:
    """Turn counts into Bq/mL by (7053,1009)."""
    result = _undecayed(facts) if facts.decay_correction == "ADMIN" else _decayed(facts)
    factor = None if result.factor is None else result.factor * (facts.counts_to_activity or 0.0)
    return SuvResult(factor, result.reason)


def _other_variant(facts: SuvFacts) -> SuvResult:
    """Undo the voxels' own normalisation and use body weight: ``SUVbw = SUVx · W / X``."""
    variant = "BSA" if facts.units == "CM2ML" else facts.suv_type
    sex = "O" if variant == "BSA" else facts.sex
    if facts.weight_kg is None or facts.height_m is None or sex is None:
        what = "weight" if facts.weight_kg is None else "height" if facts.height_m is None else "sex"
        return SuvResult(None, f"voxels are SUV{variant.lower()} and the patient {what} is missing")
    size = normalising_size(variant, facts.weight_kg, facts.height_m, sex)
    if size <= 0:
        return SuvResult(None, f"the formula of SUV{variant.lower()} fails for this weight and height")
    return SuvResult(facts.weight_kg * 1000 / size)


def _none(reason: str) -> Callable[[SuvFacts], SuvResult]:
    return lambda facts: SuvResult(None, reason)


def _always(facts: SuvFacts) -> bool:
    return True


CASES = (
    Case(
        "BQML",
        "DecayCorrection START",
        lambda facts: facts.decay_correction == "START",
        _decayed,
        "activity, dose decayed to the reference time",
    ),
    Case(
        "BQML",
        "DecayCorrection ADMIN",
        lambda facts: facts.decay_correction == "ADMIN",
        _undecayed,
        "activity, dose at administration",
    ),
    Case(
        "BQML",
        "DecayCorrection NONE",
        lambda facts: facts.decay_correction == "NONE",
        _decayed,
        "activity, dose decayed to the earliest acquisition",
    ),
    Case(
        "GML",
        "SUVType BW or empty",
        lambda facts: facts.suv_type == "BW",
        lambda facts: SuvResult(1.0),
        "SUVbw as stored",
    ),
    Case("GML", "another SUVType", lambda facts: facts.suv_type != "BW", _other_variant, "SUV of another variant"),
    Case("CM2ML", "", _always, _other_variant, "SUV of another variant"),
    Case(
        "CNTS",
        "private (7053,1009), not 0",
        lambda facts: bool(facts.counts_to_activity),
        _by_activity_factor,
        "Philips activity factor",
    ),
    Case(
        "CNTS",
        "private (7053,1000), not 0",
        lambda facts: bool(facts.counts_to_suv),
        lambda facts: SuvResult(facts.counts_to_suv),
        "Philips SUV factor",
    ),
    Case("CNTS", "neither", _always, _none("voxels are counts and the header has no factor for them"), "none"),
    Case(
        "CPS",
        "",
        _always,
        _none("voxels are counts per second, whose calibration to Bq/mL DICOM does not define"),
        "none",
    ),
    Case("PROPCNTS", "", _always, _none(f"voxels are {UNITS['PROPCNTS']}, which have no absolute scale"), "none"),
    Case("PROPCPS", "", _always, _none(f"voxels are {UNITS['PROPCPS']}, which have no absolute scale"), "none"),
)
"""The decision table; ``docs/suv.md`` shows it, and a test compares the two."""


def normalising_size(variant: str, weight_kg: float, height_m: float, sex: str) -> float:
    """Return what an SUV variant divides the dose by.

    Parameters
    ----------
    variant : str
        A key of `SUV_UNITS` other than BW: LBM (Morgan, doi 10.1007/978-1-4615-3554-6),
        LBMJAMES128 (James 1976), LBMJANMA (Janmahasatian 2005, doi
        10.2165/00003088-200544100-00004), IBW (Sugawara 1999, doi
        10.1148/radiology.213.2.r99nv37521), BSA (Du Bois 1916).
    weight_kg, height_m : float
    sex : str
        ``M``, ``F``, or ``O`` for the mean of both.

    Returns
    -------
    float
        Grams, or cm² for BSA.

    Examples
    --------
    >>> round(normalising_size("IBW", 70, 1.75, "O"))
    69405
    >>> round(normalising_size("BSA", 70, 1.75, "O"))
    18481
    """
    if sex not in ("M", "F"):
        male = normalising_size(variant, weight_kg, height_m, "M")
        return (male + normalising_size(variant, weight_kg, height_m, "F")) / 2
    height_cm, man = height_m * 100, sex == "M"
    if variant == "BSA":
        return float(0.007184 * weight_kg**0.425 * height_cm**0.725 * 1e4)
    if variant == "IBW":
        mass = 48.0 + 1.06 * (height_cm - 152) if man else 45.5 + 0.91 * (height_cm - 152)
    elif variant == "LBMJANMA":
        body_mass_index = weight_kg / height_m**2
        mass = 9270 * weight_kg / ((6680 + 216 * body_mass_index) if man else (8780 + 244 * body_mass_index))
    else:
        square = (weight_kg / height_cm) ** 2
        mass = (
            1.10 * weight_kg - (120 if variant == "LBM" else 128) * square if man else 1.07 * weight_kg - 148 * square
        )
    return mass * 1000
