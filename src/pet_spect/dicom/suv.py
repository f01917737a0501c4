"""The SUV decision table: from what a header says to one factor, or the reason there is none.

Pure: a frozen set of facts in, a result out. The cases follow the IBSI guideline
on SUV computation (oncoray/suv_computation) and DICOM PS3.3 C.8.9.1 (PET Series:
Units, SUV Type, Decay Correction); ``docs/suv.md`` shows them as a table.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    """What a PET header says about scale.

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
    sex : str
        ``M``, ``F``, or anything else for the mean of both.
    half_life_s : float or None
    decay_s : float or None
        From administration to the time the voxels hold for, seconds.
    decay_reason : str
        Why `decay_s` is None.
    philips_suv, philips_activity : float or None
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
    sex: str
    half_life_s: float | None
    decay_s: float | None
    decay_reason: str = "the time of injection or of decay correction is not known"
    philips_suv: float | None = None
    philips_activity: float | None = None
    dose_reason: str = "injected dose is missing"


@dataclass(frozen=True)
class SuvResult:
    """What makes SUVbw of a stored voxel.

    Attributes
    ----------
    factor : float or None
        Multiply a voxel by it to get SUVbw in g/mL; None where the header does not allow it.
    reason : str or None
        Why there is none.
    """

    factor: float | None
    reason: str | None = None


def suv_factor(facts: SuvFacts) -> SuvResult:
    """Return the factor from stored voxels to SUVbw.

    Examples
    --------
    >>> facts = SuvFacts("BQML", "BW", "ADMIN", 70.0, None, 350e6, "O", None, None)
    >>> suv_factor(facts)  # 70,000 g / 350 MBq
    SuvResult(factor=0.0002, reason=None)
    """
    if facts.units == "BQML":
        return _from_activity(facts, 1.0)
    if facts.units == "GML":
        return _from_suv(facts, facts.suv_type)
    if facts.units == "CM2ML":
        return _from_suv(facts, "BSA")
    if facts.units == "CNTS":
        return _from_counts(facts)
    if facts.units == "CPS":
        return SuvResult(None, "voxels are counts per second, whose calibration to Bq/mL DICOM does not define")
    return SuvResult(None, f"voxels are {UNITS[facts.units]}, which have no absolute scale")


def _from_activity(facts: SuvFacts, calibration: float) -> SuvResult:
    """Activity concentration: ``SUV = A · W / D``, the dose decayed to the time the voxels hold for."""
    if facts.weight_kg is None:
        return SuvResult(None, "patient weight is missing")
    if facts.dose_bq is None:
        return SuvResult(None, facts.dose_reason)
    dose = facts.dose_bq
    if facts.decay_correction != "ADMIN":
        if facts.half_life_s is None:
            return SuvResult(None, "half-life of the radionuclide is missing")
        if facts.decay_s is None:
            return SuvResult(None, facts.decay_reason)
        dose *= 0.5 ** (facts.decay_s / facts.half_life_s)
    return SuvResult(calibration * facts.weight_kg * 1000 / dose)


def _from_counts(facts: SuvFacts) -> SuvResult:
    """Philips: counts become Bq/mL by (7053,1009), or SUVbw by (7053,1000); 0 means absent."""
    if facts.philips_activity:
        result = _from_activity(facts, facts.philips_activity)
        if result.factor is not None or not facts.philips_suv:
            return result
    if facts.philips_suv:
        return SuvResult(facts.philips_suv)
    return SuvResult(None, "voxels are counts and the header has no factor for them")


def _from_suv(facts: SuvFacts, variant: str) -> SuvResult:
    """Already an SUV: undo its own normalisation and use body weight, ``SUVbw = SUVx · W / X``."""
    if variant == "BW":
        return SuvResult(1.0)
    if facts.weight_kg is None:
        return SuvResult(None, f"voxels are SUV{variant.lower()} and the patient weight is missing")
    if facts.height_m is None:
        return SuvResult(None, f"voxels are SUV{variant.lower()} and the patient height is missing")
    size = normalising_size(variant, facts.weight_kg, facts.height_m, facts.sex)
    if size <= 0:
        return SuvResult(None, f"the formula of SUV{variant.lower()} fails for this weight and height")
    return SuvResult(facts.weight_kg * 1000 / size)


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
        ``M``, ``F``, or anything else for the mean of both.

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
