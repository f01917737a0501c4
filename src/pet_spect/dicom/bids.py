"""A scan that was converted before: NIfTI with its JSON in BIDS form, checked and told anew through the allow-list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pet_spect.dicom.activity import dose_in_mbq
from pet_spect.dicom.blank import check_is_image
from pet_spect.dicom.decay import HALF_LIVES_S, SINGLE_PHOTON, radionuclide_name
from pet_spect.dicom.declared import Caution, Declared
from pet_spect.dicom.injection import MOST_HALF_LIVES
from pet_spect.dicom.nifti_image import read_image
from pet_spect.dicom.patient import dose_reason, settle_dose, settle_half_life
from pet_spect.dicom.pet import check_declared
from pet_spect.dicom.recalled import recalled
from pet_spect.dicom.recalled_acquisition import recalled_acquisition
from pet_spect.dicom.sidecar import ScanFacts, sidecar_of
from pet_spect.dicom.suv import SUV_UNITS, UNITS, SuvFacts, SuvResult, suv_factor
from pet_spect.dicom.times import DAY_S
from pet_spect.dicom.tracer import TracerStatement, settle_tracer
from pet_spect.dicom.vocabulary import UNLISTED, known_corrections, known_text
from pet_spect.errors import ImageError, RefusedError, listed
from pet_spect.gzipped import BROKEN
from pet_spect.images import read_sidecar
from pet_spect.model import Volume
from pet_spect.nifti import same_content

_REQUIRED = ("Units", "AttenuationCorrection", "ImageDecayCorrected")
_USED = (
    *_REQUIRED,
    *("Modality", "TracerName", "TracerRadionuclide", "RadionuclideHalfLife", "InjectedRadioactivity"),
    *("InjectedRadioactivityUnits", "InjectionStart", "ScanStart", "FrameDuration", "ImageDecayCorrectionTime"),
    *("SUVbwFactor", "Warnings", "Refusal"),
)
_LARGEST = 1e15
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_SAME_FACTOR = 0.01
_NEGATIONS = {"none", "no", "not", "non", "nac", "uncorrected", "without", "false"}
_BESIDE_NEGATIONS = {"attenuation", "ac", "atten", "correction", "corrected", "performed", "applied", "done"}
_ATTENUATION_METHODS = {
    *("applied", "measured", "calculated", "chang", "ct", "ctac", "transmission", "segmented", "uniform", "elliptical"),
    *("mr", "mri", "mrac", "dixon", "ute", "zte", "atlas"),
}
_UNITS = (
    {name.lower(): code for code, name in UNITS.items()}
    | {code.lower(): code for code in UNITS}
    | {"bq/ml": "BQML", "g/ml": "GML", "relative": "relative"}
)
_SUV_TYPES = {name.lower(): kind for kind, name in SUV_UNITS.items()}


def read_bids(path: Path, declared: Declared, label: str | None = None) -> tuple[Volume, dict[str, Any]]:
    """Return a NIfTI scan and its sidecar, of which only known keys are kept.

    Parameters
    ----------
    path : Path
        The image; its JSON lies beside it.
    declared : Declared
    label : str, optional
        What messages call the scan, instead of its path.

    Raises
    ------
    ImageError
        If either file cannot be read, the image has no orientation of its own, a
        required key is missing, or the unit is not understood.
    RefusedError
        If it stands for a scan that was refused.
    TracerError
        See `pet_spect.dicom.tracer.settle_tracer`.
    """
    called = label or str(path)
    _check_twin(path, called)
    told = _sidecar(path, called)
    volume = read_image(path, called)
    check_is_image(volume, called)
    check_declared(volume.affine, declared, called)
    return volume, sidecar_of(_facts(told, declared, called))


def _check_twin(path: Path, called: str) -> None:
    """Refuse an image that lies packed and unpacked beside one JSON, unless both are the same."""
    twin = path.with_name(path.name[:-3] if path.name.endswith(".gz") else f"{path.name}.gz")
    try:
        if not twin.is_file() or same_content(path, twin):
            return
    except (OSError, ImageError, *BROKEN):
        pass
    raise ImageError(
        f"{called}: a .nii and a .nii.gz of one name lie beside one JSON and differ, so it is unknown which of them it"
        " describes; move one away",
        code="image_twin",
    )


def _sidecar(path: Path, called: str) -> Mapping[str, Any]:
    told = read_sidecar(path, called, _USED)
    refusal = told.get("Refusal")
    if refusal is not None:
        raise RefusedError(f"{called}: stands for a scan that was refused")
    if told.get("Modality") in ("MR", "CT"):
        raise ImageError(f"{called}: is of Modality {told['Modality']}; PT or NM is needed", code="image_modality")
    required = _REQUIRED if told.get("Modality") in ("PT", "NM") else (*_REQUIRED, "TracerRadionuclide")
    missing = [key for key in required if told.get(key) in (None, "")]
    if missing:
        raise ImageError(f"{called}: its JSON lacks {listed(missing)}", code="sidecar_keys")
    return told


def _number(told: Mapping[str, Any], key: str, called: str) -> float | None:
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


def _plain(value: object) -> object:
    """Return a number that is written as text as a number, anything else as it is."""
    return float(value) if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()) else value


def _text(told: Mapping[str, Any], key: str) -> str | None:
    value = told.get(key)
    return value if isinstance(value, str) else None


def _units(told: Mapping[str, Any], called: str) -> tuple[str, str, float]:
    """Return DICOM's name of the unit, the SUV type, and Bq/mL per unit where that is not 1."""
    text = (_text(told, "Units") or "").replace(" ", "").lower()
    for known, code in _UNITS.items():
        if text == known.replace(" ", ""):
            return code, "BW", 1.0
    for known, kind in _SUV_TYPES.items():
        if text == known.replace(" ", ""):
            return "GML", kind, 1.0
    if text == "kbq/ml":
        return "BQML", "BW", 1e3
    known_names = listed([*UNITS.values(), "kBq/mL", *SUV_UNITS.values(), "relative"])
    raise ImageError(f"{called}: Units in its JSON is not one of {known_names} (docs/dicom.md)", code="units")


def _modality(told: Mapping[str, Any], nuclide: str | None) -> str:
    stated = told.get("Modality")
    return str(stated) if stated in ("PT", "NM") else "NM" if nuclide in SINGLE_PHOTON else "PT"


def _attenuation(told: Mapping[str, Any], called: str) -> str:
    """Return how attenuation was corrected, ``none`` if it was not; refuse what says neither."""
    text = "none" if told["AttenuationCorrection"] is False else _text(told, "AttenuationCorrection") or ""
    words = set(re.findall(r"[a-z]+", text.lower().replace("n/a", "none")))
    if words & _NEGATIONS and words <= _NEGATIONS | _BESIDE_NEGATIONS:
        return "none"
    if words & _NEGATIONS or not words & _ATTENUATION_METHODS:
        raise ImageError(
            f"{called}: AttenuationCorrection in its JSON is neither none nor a known method (such as CT, measured,"
            " Chang)",
            code="attenuation",
        )
    method = known_text("method", text)
    return "applied" if method in (None, UNLISTED) else str(method)


def _check_corrections(told: Mapping[str, Any], modality: str, called: str) -> str:
    """Return how attenuation was corrected; refuse PET where it was not, or whose decay was not corrected."""
    attenuation = _attenuation(told, called)
    if attenuation == "none" and modality == "PT":
        raise ImageError(f"{called}: AttenuationCorrection is none; PET without it is not measured", code="attenuation")
    decayed = told.get("ImageDecayCorrected")
    if not isinstance(decayed, bool) or (modality == "PT" and not decayed):
        raise ImageError(
            f"{called}: ImageDecayCorrected must be true for PET, true or false for SPECT", code="decay_correction"
        )
    return attenuation


def _dose_mbq(
    told: Mapping[str, Any], nuclide: str | None, declared: Declared, called: str, cautions: list[Caution]
) -> float | None:
    amount = _number(told, "InjectedRadioactivity", called)
    stated = dose_in_mbq(amount, told.get("InjectedRadioactivityUnits"), cautions) if amount else None
    return settle_dose(stated, declared.dose_mbq, nuclide, cautions)


def _elapsed(told: Mapping[str, Any], half_life: float | None, called: str) -> float | None:
    """Return the time from injection to the moment the voxels hold for, seconds; None if unknown or implausible."""
    injected, held = _number(told, "InjectionStart", called), _number(told, "ImageDecayCorrectionTime", called)
    started = _number(told, "ScanStart", called)
    if held is None or injected is None or (started is not None and held > started + 1):
        return None
    longest = MOST_HALF_LIVES * half_life if half_life else DAY_S
    return held - injected if 0 <= held - injected <= longest else None


def _suv(
    stated: float | None,
    modality: str,
    per_unit: float,
    facts: SuvFacts,
    half_life_reason: str | None,
    cautions: list[Caution],
) -> SuvResult:
    """Return the factor that follows from dose and body; a stated one alone cannot be checked, so is not believed."""
    if facts.units == "relative":
        return SuvResult(None, "voxels are relative, which have no absolute scale")
    if modality == "NM":
        return SuvResult(None, "SUV of SPECT is not computed")
    result = SuvResult(None, half_life_reason) if half_life_reason else suv_factor(facts)
    if result.factor is None:
        doubt = "" if stated is None else "; the SUVbwFactor of the JSON cannot be checked without and was not used"
        return SuvResult(None, f"{result.reason}{doubt}")
    factor = result.factor * (per_unit if facts.units == "BQML" else 1.0)
    if stated is not None and abs(stated - factor) > _SAME_FACTOR * factor:
        reason = f"SUVbwFactor is {stated:g} in the JSON, {factor:g} follows from the rest; neither was used"
        cautions.append(Caution("suv_factor_conflict", reason))
        return SuvResult(None, reason)
    return SuvResult(factor)


def _statement(told: Mapping[str, Any]) -> TracerStatement:
    """Return what the JSON says of the tracer."""
    name, half_life = _text(told, "TracerName"), _plain(told.get("RadionuclideHalfLife"))
    return TracerStatement(
        texts=(name,) if name else (),
        nuclides=frozenset(filter(None, [radionuclide_name(_text(told, "TracerRadionuclide") or "")])),
        half_life_s=float(half_life) if isinstance(half_life, int | float) and 0 < half_life < _LARGEST else None,
        source="JSON",
    )


def _half_life(
    told: Mapping[str, Any], nuclide: str | None, before: Sequence[Caution], cautions: list[Caution]
) -> tuple[float | None, str | None]:
    """Return the half-life of the radionuclide, or why none is used: the JSON or its warnings say another."""
    _, reason = settle_half_life(_statement(told).half_life_s, nuclide, "JSON", cautions)
    reason = reason or next((caution.reason for caution in before if caution.code == "half_life_conflict"), None)
    return None if reason else HALF_LIVES_S.get(nuclide or ""), reason


def _facts(told: Mapping[str, Any], declared: Declared, called: str) -> ScanFacts:
    units, suv_type, per_unit = _units(told, called)
    before = recalled(told.get("Warnings"))
    cautions: list[Caution] = []
    tracer = settle_tracer(_statement(told), declared, called, cautions)
    nuclide = tracer.nuclide
    modality = _modality(told, nuclide)
    attenuation = _check_corrections(told, modality, called)
    dose = _dose_mbq(told, nuclide, declared, called, cautions)
    dose_bq = None if dose is None else dose * 1e6
    half_life, half_life_reason = _half_life(told, nuclide, before, cautions)
    injected, started = _number(told, "InjectionStart", called), _number(told, "ScanStart", called)
    elapsed = _elapsed(told, half_life, called)
    body = (declared.weight_kg, declared.height_m, dose_bq, declared.sex or "O")
    facts = SuvFacts(
        *(units, suv_type, "START", *body, half_life, elapsed),
        dose_reason=dose_reason(cautions),
    )
    result = _suv(_number(told, "SUVbwFactor", called), modality, per_unit, facts, half_life_reason, cautions)
    corrections = told.get("CorrectedImage")
    listed = corrections if isinstance(corrections, list) else []
    return ScanFacts(
        modality=modality,
        units="kBq/mL" if per_unit == 1e3 else SUV_UNITS[suv_type] if units == "GML" else UNITS.get(units, units),
        manufacturer=known_text("maker", _text(told, "Manufacturer")),
        model=known_text("model", _text(told, "ManufacturersModelName")),
        tracer=tracer.name,
        radionuclide=nuclide,
        tracer_identity=tracer.identity,
        half_life_s=half_life,
        dose_bq=dose_bq,
        scan_start_s=None if started is None or injected is None else started - injected,
        frame_duration_s=_number(told, "FrameDuration", called),
        decay_corrected=bool(told["ImageDecayCorrected"]),
        decay_correction_s=elapsed,
        reconstruction=known_text("method", _text(told, "ReconMethodName")),
        recon_filter=known_text("method", _text(told, "ReconFilterType")),
        attenuation=attenuation,
        acquisition=recalled_acquisition(told),
        corrections=known_corrections(tuple(term for term in listed if isinstance(term, str))),
        suv_factor=result.factor,
        suv_reason=result.reason,
        cautions=tuple(dict.fromkeys([*before, *cautions])),
    )
