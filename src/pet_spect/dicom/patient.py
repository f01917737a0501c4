"""Weight, height, dose, injection and radionuclide of a header, settled with what the tables declare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pet_spect.dicom.activity import bq_or_mbq
from pet_spect.dicom.decay import HALF_LIVES_S, SAME_HALF_LIFE, radionuclides_of_half_life
from pet_spect.dicom.declared import Caution, Declared, settle
from pet_spect.dicom.header import Header
from pet_spect.dicom.injection import read_injection
from pet_spect.dicom.tracer import Identity, read_statement, settle_tracer
from pet_spect.errors import DicomError

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


@dataclass(frozen=True)
class Administration:
    """Who got what, as far as SUV needs it.

    Attributes
    ----------
    weight_kg, height_m, dose_bq : float or None
    sex : str or None
        ``M``, ``F`` or ``O``; None where nobody said.
    radionuclide, tracer : str or None
    tracer_identity : {'header', 'nuclide', 'none'}
        See `pet_spect.dicom.tracer.settle_tracer`.
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


def read_administration(
    header: Header,
    scan_start: float | None,
    declared: Declared,
    cautions: list[Caution],
    *,
    window_nuclide: str | None = None,
) -> Administration:
    """Return the administration of a scan.

    Parameters
    ----------
    header : Header
        Of any image of the series.
    scan_start : float or None
        Earliest acquisition, seconds.
    declared : Declared
    cautions : list of Caution
        Gets what was found odd, and conflicts.
    window_nuclide : str, optional
        See `pet_spect.dicom.tracer.settle_tracer`.

    Raises
    ------
    TracerError
        If the header says that it is another tracer than the declared one, or contradicts itself about it.
    """
    items = drug_items(header)
    if len(items) > 1:
        raise header.error(f"{len(items)} radiopharmaceuticals are listed, one is needed", "radiopharmaceutical")
    drug = items[0] if items else None
    tracer = settle_tracer(read_statement(drug), declared, header.name, cautions, window_nuclide=window_nuclide)
    nuclide = tracer.nuclide
    weight = settle(
        "weight",
        "kg",
        _weight(header, cautions),
        declared.weight_kg,
        cautions,
        tolerance=0.01 * (declared.weight_kg or 0),
    )
    height = settle(
        "height", "m", _height(header, cautions), declared.height_m, cautions, tolerance=0.01 * (declared.height_m or 0)
    )
    stated = (drug.number("RadionuclideHalfLife") or None) if drug else None
    half_life, half_life_reason = settle_half_life(stated, nuclide, "header", cautions)
    dose = settle_dose(_dose(drug, cautions), declared.dose_mbq, nuclide, cautions)
    injection, injection_reason, dated = read_injection(header, drug, scan_start, declared, half_life, cautions)
    return Administration(
        weight,
        height,
        None if dose is None else dose * 1e6,
        _sex(header, declared, cautions),
        nuclide,
        tracer.name,
        tracer.identity,
        half_life,
        half_life_reason,
        half_life_reason is not None and bool(radionuclides_of_half_life(stated)),
        injection,
        injection_reason,
        dated,
        dose_reason(cautions),
    )


def drug_items(header: Header) -> list[Header]:
    """Return the items of RadiopharmaceuticalInformationSequence that say something, each once."""
    found: list[Header] = []
    for item in header.items("RadiopharmaceuticalInformationSequence"):
        if len(item.dataset) and not any(item.dataset == other.dataset for other in found):
            found.append(item)
    return found


def settle_dose(
    header: float | None, declared: float | None, nuclide: str | None, cautions: list[Caution]
) -> float | None:
    """Return the dose of a header, or the declared one where the header has none that can be true.

    An F-18 dose outside 20 to 2000 MBq is not used: 5 may be mCi, which are 185 MBq. Other
    radionuclides have bounds of their own, those that are not known the ones of F-18.

    Parameters
    ----------
    header, declared : float or None
        MBq.
    nuclide : str or None
        As `pet_spect.dicom.decay.HALF_LIVES_S` spells it.
    cautions : list of Caution
        Gets ``dose_implausible`` and ``dose_conflict``.
    """
    low, high = _PLAUSIBLE_MBQ.get(nuclide or "", _USUAL_MBQ)
    usable: list[float | None] = []
    for dose, where in ((header, "header"), (declared, "tables")):
        plausible = dose is not None and low <= dose <= high
        if dose is not None and not plausible:
            reason = f"dose {dose:g} MBq in the {where} is not between {low:g} and {high:g} MBq and was not used"
            cautions.append(Caution("dose_implausible", reason))
        usable.append(dose if plausible else None)
    return settle("dose", "MBq", usable[0], usable[1], cautions, tolerance=0.01 * (usable[1] or 0))


def settle_half_life(
    stated: float | None, nuclide: str | None, source: str, cautions: list[Caution]
) -> tuple[float | None, str | None]:
    """Return the half-life that may be used, or why none may.

    Parameters
    ----------
    stated : float or None
        Seconds.
    nuclide : str or None
        As `pet_spect.dicom.decay.HALF_LIVES_S` spells it.
    source : str
        Where it is stated, ``header`` or ``JSON``.
    cautions : list of Caution
        Gets ``half_life_conflict`` if it is not that of the radionuclide: the scanner may have corrected decay with it.

    Returns
    -------
    half_life : float or None
        Seconds.
    reason : str or None
    """
    known = HALF_LIVES_S.get(nuclide or "")
    if stated is not None and stated < 0:
        return None, f"half-life {stated:g} s is negative"
    if stated is not None and known is not None and abs(stated / known - 1) > SAME_HALF_LIFE:
        reason = f"half-life {stated:g} s in the {source} is not that of {nuclide} ({known:g} s)"
        cautions.append(Caution("half_life_conflict", reason))
        return None, reason
    return stated or known, None


def dose_reason(cautions: Sequence[Caution]) -> str:
    """Return why there is no dose: the last caution about one that was not used, or that it is missing."""
    told = [caution.reason for caution in cautions if caution.code in ("dose_implausible", "dose_unit_unknown")]
    return told[-1] if told else "injected dose is missing"


def _number(header: Header, tag: str, what: str, cautions: list[Caution]) -> float | None:
    """Return a number; one that is missing, 0 or none at all must not block the image."""
    try:
        return header.number(tag) or None
    except DicomError:
        cautions.append(Caution(f"{what}_unreadable", f"{tag} in the header is no number and was not used"))
        return None


def _weight(header: Header, cautions: list[Caution]) -> float | None:
    weight = _number(header, "PatientWeight", "weight", cautions)
    if weight is not None and weight > 1000:
        cautions.append(Caution("weight_in_grams", f"weight {weight:g} was taken to be grams"))
        weight /= 1000
    if weight is not None and not 1 <= weight <= 500:
        cautions.append(Caution("weight_implausible", f"weight {weight:g} kg in the header was not used"))
        return None
    return weight


def _height(header: Header, cautions: list[Caution]) -> float | None:
    height = _number(header, "PatientSize", "height", cautions)
    if height is not None and not 0.3 <= height <= 2.5:
        cautions.append(Caution("height_implausible", f"height {height:g} m in the header was not used"))
        return None
    return height


def _dose(drug: Header | None, cautions: list[Caution]) -> float | None:
    """Return MBq; the standard says Bq for PET and MBq for Enhanced PET, and headers hold either."""
    dose = _number(drug, "RadionuclideTotalDose", "dose", cautions) if drug else None
    return None if dose is None else bq_or_mbq(dose, "header", cautions)


def _sex(header: Header, declared: Declared, cautions: list[Caution]) -> str | None:
    stated = (header.text("PatientSex") or "").upper()
    if stated not in ("M", "F", "O"):
        return declared.sex
    if declared.sex is not None and declared.sex != stated:
        cautions.append(
            Caution(
                "sex_conflict", f"sex is {stated} in the header and {declared.sex} in the tables; the header was used"
            )
        )
    return stated
