"""Weight, height, dose, injection and radionuclide of a header, settled with what the tables declare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pet_spect.dicom.decay import HALF_LIVES_S, radionuclide_name
from pet_spect.dicom.declared import Caution, Declared, settle
from pet_spect.dicom.read import Header
from pet_spect.dicom.times import DAY_S, offset_from_utc, seconds_of_date_time, seconds_of_day
from pet_spect.dicom.vocabulary import known_tracer
from pet_spect.errors import DicomError

_MOST_HALF_LIVES = 10
_BQ_FROM, _MBQ_UP_TO = 1e6, 1e4
_PLAUSIBLE_MBQ = (20.0, 2000.0)
_DOSE_BOUNDED = (None, "F18")


@dataclass(frozen=True)
class Administration:
    """Who got what, as far as SUV needs it.

    Attributes
    ----------
    weight_kg, height_m, dose_bq : float or None
    sex : str
        ``M``, ``F`` or ``O``.
    radionuclide, tracer : str or None
    half_life_s : float or None
    half_life_reason : str or None
        Why the half-life, though stated, is not used.
    injection : float or None
        On the clock of the scan, seconds.
    injection_reason : str
        Why `injection` is None.
    dose_reason : str
        Why `dose_bq` is None.
    """

    weight_kg: float | None
    height_m: float | None
    dose_bq: float | None
    sex: str
    radionuclide: str | None
    tracer: str | None
    half_life_s: float | None
    half_life_reason: str | None
    injection: float | None
    injection_reason: str
    dose_reason: str


def read_administration(
    header: Header, scan_start: float | None, declared: Declared, cautions: list[Caution]
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
    """
    items = header.items("RadiopharmaceuticalInformationSequence")
    if len(items) > 1:
        raise header.error(f"{len(items)} radiopharmaceuticals are listed, one is needed", "radiopharmaceutical")
    drug = items[0] if items else None
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
    nuclide, half_life, half_life_reason = _decay(drug, cautions)
    dose = settle_dose(_dose(drug, cautions), declared.dose_mbq, nuclide, cautions)
    injection, injection_reason = _injection(header, drug, scan_start, declared, half_life, cautions)
    return Administration(
        weight,
        height,
        None if dose is None else dose * 1e6,
        _sex(header, declared, cautions),
        nuclide,
        _tracer(drug),
        half_life,
        half_life_reason,
        injection,
        injection_reason,
        dose_reason(cautions),
    )


def settle_dose(
    header: float | None, declared: float | None, nuclide: str | None, cautions: list[Caution]
) -> float | None:
    """Return the dose of a header, or the declared one where the header has none that can be true.

    An F-18 dose outside 20 to 2000 MBq is not used: 5 may be mCi, which are 185 MBq.

    Parameters
    ----------
    header, declared : float or None
        MBq.
    nuclide : str or None
        Doses of other radionuclides than F-18 are not bounded, but must be positive.
    cautions : list of Caution
        Gets ``dose_implausible`` and ``dose_conflict``.
    """
    low, high = _PLAUSIBLE_MBQ
    usable: list[float | None] = []
    for dose, where in ((header, "header"), (declared, "tables")):
        plausible = dose is not None and (low <= dose <= high if nuclide in _DOSE_BOUNDED else dose > 0)
        if dose is not None and not plausible:
            reason = f"dose {dose:g} MBq in the {where} is not between {low:g} and {high:g} MBq and was not used"
            cautions.append(Caution("dose_implausible", reason))
        usable.append(dose if plausible else None)
    return settle("dose", "MBq", usable[0], usable[1], cautions, tolerance=0.01 * (usable[1] or 0))


def dose_reason(cautions: Sequence[Caution]) -> str:
    """Return why there is no dose: the last caution about one that was not used, or that it is missing."""
    told = [caution.reason for caution in cautions if caution.code == "dose_implausible"]
    return told[-1] if told else "injected dose is missing"


def _weight(header: Header, cautions: list[Caution]) -> float | None:
    weight = header.number("PatientWeight") or None
    if weight is not None and weight > 1000:
        cautions.append(Caution("weight_in_grams", f"weight {weight:g} was taken to be grams"))
        weight /= 1000
    if weight is not None and not 1 <= weight <= 500:
        cautions.append(Caution("weight_implausible", f"weight {weight:g} kg in the header was not used"))
        return None
    return weight


def _height(header: Header, cautions: list[Caution]) -> float | None:
    height = header.number("PatientSize") or None
    if height is not None and not 0.3 <= height <= 2.5:
        cautions.append(Caution("height_implausible", f"height {height:g} m in the header was not used"))
        return None
    return height


def _dose(drug: Header | None, cautions: list[Caution]) -> float | None:
    """Return MBq; the standard says Bq for PET and MBq for Enhanced PET, and headers hold either."""
    dose = (drug.number("RadionuclideTotalDose") if drug else None) or None
    if dose is None:
        return None
    if dose >= _BQ_FROM:
        return dose / 1e6
    if 0 < dose <= _MBQ_UP_TO:
        return dose
    cautions.append(Caution("dose_implausible", f"dose {dose:g} in the header is neither Bq nor MBq and was not used"))
    return None


def _sex(header: Header, declared: Declared, cautions: list[Caution]) -> str:
    stated = (header.text("PatientSex") or "").upper()
    if stated not in ("M", "F", "O"):
        return declared.sex or "O"
    if declared.sex is not None and declared.sex != stated:
        cautions.append(
            Caution(
                "sex_conflict", f"sex is {stated} in the header and {declared.sex} in the tables; the header was used"
            )
        )
    return stated


def _tracer(drug: Header | None) -> str | None:
    if drug is None:
        return None
    meanings = [item.text("CodeMeaning") for item in drug.items("RadiopharmaceuticalCodeSequence")]
    return known_tracer(tuple(text for text in (drug.text("Radiopharmaceutical"), *meanings) if text))


def _decay(drug: Header | None, cautions: list[Caution]) -> tuple[str | None, float | None, str | None]:
    if drug is None:
        return None, None, None
    meanings = [item.text("CodeMeaning") for item in drug.items("RadionuclideCodeSequence")]
    texts = [text for text in (*meanings, drug.text("Radiopharmaceutical")) if text]
    nuclide = next(filter(None, map(radionuclide_name, texts)), None)
    stated = drug.number("RadionuclideHalfLife") or None
    known = HALF_LIVES_S.get(nuclide or "")
    if stated is not None and stated < 0:
        return nuclide, None, f"half-life {stated:g} s is negative"
    if stated is not None and known is not None and abs(stated / known - 1) > 0.01:
        reason = f"half-life {stated:g} s in the header is not that of {nuclide} ({known:g} s)"
        cautions.append(Caution("half_life_conflict", reason))
        return nuclide, None, reason
    return nuclide, stated or known, None


def _injection(
    header: Header,
    drug: Header | None,
    scan_start: float | None,
    declared: Declared,
    half_life: float | None,
    cautions: list[Caution],
) -> tuple[float | None, str]:
    offset = offset_from_utc(header.text("TimezoneOffsetFromUTC"))
    stated = _time_in_header(header, drug, scan_start, cautions)
    told = None
    if declared.injection_time is not None:
        told = _on_clock(declared.injection_time, scan_start, offset)
        if told is None and seconds_of_day(declared.injection_time) is None:
            raise DicomError(
                f"{header.name}: the declared injection time is neither HH:MM[:SS] nor an ISO 8601 date and time",
                code="injection_time",
            )
    if told is None and declared.uptake_minutes is not None and scan_start is not None:
        told = scan_start - declared.uptake_minutes * 60
    if stated is None:
        stated = told
    elif told is not None and abs(told - stated) > 60:
        cautions.append(
            Caution(
                "injection_time_conflict",
                f"injection in header and tables is {abs(told - stated) / 60:.0f} min apart; the header was used",
            )
        )
    if stated is None:
        return None, "injection time is missing"
    if scan_start is not None:
        uptake = scan_start - stated
        longest = _MOST_HALF_LIVES * half_life if half_life else DAY_S
        if uptake < 0 or uptake > longest:
            return None, f"injection {uptake / 60:.0f} min before the scan is implausible"
    return stated, ""


def _time_in_header(
    header: Header, drug: Header | None, scan_start: float | None, cautions: list[Caution]
) -> float | None:
    if drug is None:
        return None
    offset = offset_from_utc(header.text("TimezoneOffsetFromUTC"))
    full, bare = drug.text("RadiopharmaceuticalStartDateTime"), drug.text("RadiopharmaceuticalStartTime")
    dated = seconds_of_date_time(full, offset) if full else None
    undated = _on_clock(bare, scan_start, offset) if bare else None
    if dated is not None and undated is not None:
        away = abs(dated - undated) % DAY_S
        if min(away, DAY_S - away) > 60:
            cautions.append(
                Caution(
                    "injection_times_differ",
                    "the dated and the dateless injection time of the header differ; the dated one was used",
                )
            )
    return dated if dated is not None else undated


def _on_clock(text: str, scan_start: float | None, offset: timedelta | None) -> float | None:
    """Return a time as seconds on the scan's clock; a dateless one is the last before the scan began."""
    dated = seconds_of_date_time(text, offset)
    if dated is not None:
        return dated
    of_day = seconds_of_day(text)
    if of_day is None or scan_start is None:
        return None
    moment = scan_start - scan_start % DAY_S + of_day
    return moment if moment <= scan_start else moment - DAY_S
