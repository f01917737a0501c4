"""A scan that was converted before: NIfTI with its JSON in BIDS form, checked and told anew through the allow-list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pet_spect.dicom.activity import dose_in_mbq
from pet_spect.dicom.administration import Stated, elapsed_since_injection, settle_administration
from pet_spect.dicom.blank import check_is_image
from pet_spect.dicom.decay import SINGLE_PHOTON, radionuclide_name
from pet_spect.dicom.declared import Caution, Declared
from pet_spect.dicom.injection import ScanClock, StatedTime
from pet_spect.dicom.nifti_image import read_image
from pet_spect.dicom.pet import check_declared
from pet_spect.dicom.recalled import recalled
from pet_spect.dicom.recalled_acquisition import recalled_acquisition
from pet_spect.dicom.sidecar import ScanFacts, sidecar_of
from pet_spect.dicom.suv import SUV_UNITS, UNITS, SuvFacts, SuvResult, suv_factor
from pet_spect.dicom.times import seconds_of_day
from pet_spect.dicom.tracer import TracerStatement
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
    *("TimeZero", "FrameTimesStart", "FramesAveraged", "PatientWeight", "PatientSize", "PatientSex"),
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


def _clock(told: Mapping[str, Any], called: str) -> ScanClock:
    """Return the clock of the scan: seconds of the day where the JSON tells its zero as a time of day."""
    zero = seconds_of_day(_text(told, "TimeZero") or "")
    started = _number(told, "ScanStart", called)
    if started is None and zero is not None:
        started = _number(told, "FrameTimesStart", called)
    return ScanClock(
        called,
        None if started is None else started + (zero or 0.0),
        is_static=told.get("FramesAveraged") is None,
        knows="nothing" if zero is None else "times",
    )


def _stated(told: Mapping[str, Any], called: str, before: Sequence[Caution], cautions: list[Caution]) -> Stated:
    """Return what the JSON says of the administration."""
    statement, amount = _statement(told), _number(told, "InjectedRadioactivity", called)
    zero, injected = seconds_of_day(_text(told, "TimeZero") or ""), _number(told, "InjectionStart", called)
    return Stated(
        source="JSON",
        tracer=statement,
        weight=_of_body(told, "PatientWeight", "weight", cautions),
        height=_of_body(told, "PatientSize", "height", cautions),
        sex=_text(told, "PatientSex"),
        dose_mbq=dose_in_mbq(amount, told.get("InjectedRadioactivityUnits"), cautions) if amount else None,
        half_life_s=statement.half_life_s,
        half_life_reason=next((caution.reason for caution in before if caution.code == "half_life_conflict"), None),
        injection=None if injected is None else StatedTime(injected + (zero or 0.0), dated=True),
    )


def _of_body(told: Mapping[str, Any], key: str, what: str, cautions: list[Caution]) -> float | None:
    """Return a number that must not block the image; dcm2niix writes it where it was not anonymised."""
    try:
        return _number(told, key, "") or None
    except ImageError:
        cautions.append(Caution(f"{what}_unreadable", f"{key} in the JSON is no number and was not used"))
        return None


def _held(told: Mapping[str, Any], clock: ScanClock, called: str) -> tuple[float | None, str]:
    """Return the moment the voxels hold for, on the clock of the scan, or why it is not known."""
    held = _number(told, "ImageDecayCorrectionTime", called)
    if held is None:
        return None, "the JSON does not tell to which time the voxels are decay-corrected (ImageDecayCorrectionTime)"
    moment = held + (seconds_of_day(_text(told, "TimeZero") or "") or 0.0)
    if clock.start is not None and moment > clock.start + 1:
        return None, "ImageDecayCorrectionTime in the JSON is after the scan began (ScanStart), which cannot be"
    return moment, ""


def _facts(told: Mapping[str, Any], declared: Declared, called: str) -> ScanFacts:
    units, suv_type, per_unit = _units(told, called)
    before = recalled(told.get("Warnings"))
    cautions: list[Caution] = []
    clock = _clock(told, called)
    stated = _stated(told, called, before, cautions)
    given = settle_administration(stated, clock, declared, cautions)
    modality = _modality(told, given.radionuclide)
    attenuation = _check_corrections(told, modality, called)
    moment, reason = _held(told, clock, called)
    elapsed, reason = elapsed_since_injection(given, moment, reason)
    facts = SuvFacts(
        *(units, suv_type, "START", given.weight_kg, given.height_m, given.dose_bq, given.sex),
        *(given.half_life_s, elapsed, reason),
        dose_reason=given.dose_reason,
    )
    result = _suv(_number(told, "SUVbwFactor", called), modality, per_unit, facts, given.half_life_reason, cautions)
    known_start = clock.start is not None and given.injection is not None
    corrections = told.get("CorrectedImage")
    listed = corrections if isinstance(corrections, list) else []
    return ScanFacts(
        modality=modality,
        units="kBq/mL" if per_unit == 1e3 else SUV_UNITS[suv_type] if units == "GML" else UNITS.get(units, units),
        manufacturer=known_text("maker", _text(told, "Manufacturer")),
        model=known_text("model", _text(told, "ManufacturersModelName")),
        tracer=given.tracer,
        radionuclide=given.radionuclide,
        tracer_identity=given.tracer_identity,
        half_life_s=given.half_life_s,
        dose_bq=given.dose_bq,
        scan_start_s=(clock.start or 0.0) - (given.injection or 0.0) if known_start else None,
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
