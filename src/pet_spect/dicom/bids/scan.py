"""A scan that was converted before: NIfTI with its JSON in BIDS form, checked against the allow-list."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pet_spect.dicom.bids.nifti_image import read_image
from pet_spect.dicom.bids.recalled_acquisition import recalled_acquisition
from pet_spect.dicom.bids.stated_json import (
    check_one_frame,
    clock_of_json,
    moment_in_json,
    number_in,
    stated_in_json,
    text_in,
)
from pet_spect.dicom.facts.administration import elapsed_since_injection, settle_administration
from pet_spect.dicom.facts.attenuation import settle_attenuation
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.objects.blank import check_uptake
from pet_spect.dicom.objects.vocabulary import UNLISTED, known_corrections, known_text
from pet_spect.dicom.pet.series import DECAY_CORRECTIONS
from pet_spect.dicom.pet.suv import SUV_UNITS, UNITS, SuvFacts, SuvResult, suv_factor
from pet_spect.dicom.pet.volume import check_declared
from pet_spect.dicom.sidecar import ScanFacts, sidecar_of
from pet_spect.errors import ImageError, RefusedError, listed
from pet_spect.imaging.attenuation import corrected_by
from pet_spect.imaging.gzipped import BROKEN
from pet_spect.imaging.images import read_sidecar
from pet_spect.imaging.nifti import same_content
from pet_spect.model import Volume
from pet_spect.nuclides import SINGLE_PHOTON
from pet_spect.remarks import Remark, recall_warnings
from pet_spect.remarks.catalogue import Code

_REQUIRED = ("Units", "AttenuationCorrection", "ImageDecayCorrected")
_USED = (
    *_REQUIRED,
    *("Modality", "TracerName", "TracerRadionuclide", "RadionuclideHalfLife", "InjectedRadioactivity"),
    *("InjectedRadioactivityUnits", "InjectionStart", "ScanStart", "FrameDuration", "ImageDecayCorrectionTime"),
    *("TimeZero", "FrameTimesStart", "FramesAveraged", "PatientWeight", "PatientSize", "PatientSex"),
    *("CorrectedImage", "AttenuationCorrectionMethod", "DecayCorrection", "DecayFactor"),
    *("SUVbwFactor", "Warnings", "Refusal"),
)
_SAME_FACTOR = 0.01
_UNITS = (
    {name.lower(): code for code, name in UNITS.items()}
    | {code.lower(): code for code in UNITS}
    | {"bq/ml": "BQML", "g/ml": "GML", "suv": "GML", "suvbw": "GML", "relative": "relative"}
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
        Name of the scan in messages, instead of its path.

    Raises
    ------
    ImageError
        If either file cannot be read, the image has no orientation of its own, a
        required key is missing, or the unit is not understood.
    RefusedError
        If it is the placeholder of a scan that was refused.
    TracerError
        See `pet_spect.dicom.facts.tracer.settle_tracer`.
    """
    called = label or str(path)
    _check_twin(path, called)
    metadata = _read_metadata(path, called)
    volume = read_image(path, called)
    check_uptake(volume, called)
    check_declared(volume.affine, declared, called)
    return volume, sidecar_of(_facts(metadata, declared, called))


def _check_twin(path: Path, called: str) -> None:
    """Refuse an image that lies packed and unpacked beside one JSON, unless both are the same."""
    twin = path.with_name(path.name[:-3] if path.name.lower().endswith(".gz") else f"{path.name}.gz")
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


def _read_metadata(path: Path, called: str) -> Mapping[str, Any]:
    metadata = read_sidecar(path, called, _USED)
    refusal = metadata.get("Refusal")
    if refusal is not None:
        raise RefusedError(f"{called}: is only the placeholder of a scan that was refused")
    if metadata.get("Modality") in ("MR", "CT"):
        raise ImageError(f"{called}: is of Modality {metadata['Modality']}; PT or NM is needed", code="image_modality")
    required = _REQUIRED if metadata.get("Modality") in ("PT", "NM") else (*_REQUIRED, "TracerRadionuclide")
    missing = [key for key in required if metadata.get(key) in (None, "")]
    if missing:
        raise ImageError(f"{called}: its JSON lacks {listed(missing)}", code="sidecar_keys")
    return metadata


def _units(metadata: Mapping[str, Any], called: str) -> tuple[str, str, float]:
    """Return DICOM's name of the unit, the SUV type, and Bq/mL per unit where that is not 1."""
    text = re.sub(r"/(cc|cm3|cm\^3)$", "/ml", (text_in(metadata, "Units") or "").replace(" ", "").lower())
    for unit_name, code in _UNITS.items():
        if text == unit_name.replace(" ", ""):
            return code, "BW", 1.0
    for unit_name, kind in _SUV_TYPES.items():
        if text == unit_name.replace(" ", ""):
            return "GML", kind, 1.0
    if text == "kbq/ml":
        return "BQML", "BW", 1e3
    known_names = listed([*UNITS.values(), "kBq/mL", *SUV_UNITS.values(), "relative"])
    raise ImageError(f"{called}: Units in its JSON is not one of {known_names} (docs/dicom.md)", code="units")


def _modality(metadata: Mapping[str, Any], nuclide: str | None) -> str:
    modality = metadata.get("Modality")
    return str(modality) if modality in ("PT", "NM") else "NM" if nuclide in SINGLE_PHOTON else "PT"


def _attenuation(
    metadata: Mapping[str, Any], corrections: Sequence[str], modality: str, called: str, cautions: list[Remark]
) -> str:
    """Return how attenuation was corrected, ``none`` if it was not; refuse what says neither."""
    value = metadata["AttenuationCorrection"]
    text = (
        ("applied" if value else "none")
        if isinstance(value, bool)
        else text_in(metadata, "AttenuationCorrection") or ""
    )
    is_corrected = corrected_by(text)
    if is_corrected is None:
        raise ImageError(
            f"{called}: AttenuationCorrection in its JSON is neither none nor a known method (such as CT, measured,"
            " Chang)",
            code="attenuation",
        )
    statements = {
        "AttenuationCorrection": is_corrected,
        "CorrectedImage": "ATTN" in corrections if corrections else None,
        "AttenuationCorrectionMethod": corrected_by(text_in(metadata, "AttenuationCorrectionMethod")),
    }
    error = _refusal(called)
    if not settle_attenuation(statements, error, cautions, is_spect=modality == "NM") or not is_corrected:
        if modality == "PT":
            raise error("AttenuationCorrection is none; PET without it cannot be measured", "attenuation")
        return "none"
    method = known_text("method", text)
    return "applied" if method in (None, UNLISTED) else str(method)


def _refusal(called: str) -> Callable[[str, Code], ImageError]:
    return lambda what, code: ImageError(f"{called}: {what}", code=code)


def _decay_corrected(metadata: Mapping[str, Any], modality: str, called: str) -> bool:
    """Return whether decay was corrected; refuse PET where it was not, and a JSON that contradicts itself."""
    decayed = metadata.get("ImageDecayCorrected")
    if not isinstance(decayed, bool) or (modality == "PT" and not decayed):
        raise ImageError(
            f"{called}: ImageDecayCorrected must be true for PET, true or false for SPECT", code="decay_correction"
        )
    correction = (text_in(metadata, "DecayCorrection") or "").upper()
    if correction in DECAY_CORRECTIONS and (correction == "NONE") == decayed:
        raise ImageError(
            f"{called}: ImageDecayCorrected is {str(decayed).lower()} and DecayCorrection {correction} in its JSON;"
            " correct the one that is wrong",
            code="decay_correction",
        )
    return decayed


def _suv(
    stated_factor: float | None,
    modality: str,
    per_unit: float,
    facts: SuvFacts,
    half_life_reason: str | None,
    cautions: list[Remark],
) -> SuvResult:
    """Return the factor computed from dose and body; a stated factor alone cannot be checked and is not used."""
    if facts.units == "relative":
        return SuvResult(None, "voxels are relative, which have no absolute scale")
    if modality == "NM":
        return SuvResult(None, "SUV of SPECT is not computed")
    result = SuvResult(None, half_life_reason) if half_life_reason else suv_factor(facts)
    if result.factor is None:
        doubt = (
            "" if stated_factor is None else "; the SUVbwFactor of the JSON cannot be checked without and was not used"
        )
        return SuvResult(None, f"{result.reason}{doubt}")
    factor = result.factor * (per_unit if facts.units == "BQML" else 1.0)
    if stated_factor is not None and abs(stated_factor - factor) > _SAME_FACTOR * factor:
        conflict = Remark.of("suv_factor_conflict", stated=stated_factor, found=factor)
        cautions.append(conflict)
        return SuvResult(None, conflict.text)
    return SuvResult(factor)


def _facts(metadata: Mapping[str, Any], declared: Declared, called: str) -> ScanFacts:
    units, suv_type, per_unit = _units(metadata, called)
    before = recall_warnings(metadata.get("Warnings"))
    cautions: list[Remark] = []
    check_one_frame(metadata, called)
    clock = clock_of_json(metadata, called, cautions)
    stated = stated_in_json(metadata, before, cautions)
    administration = settle_administration(stated, clock, declared, cautions)
    modality = _modality(metadata, administration.radionuclide)
    terms = metadata.get("CorrectedImage")
    corrections = tuple(term for term in (terms if isinstance(terms, list) else []) if isinstance(term, str))
    attenuation = _attenuation(metadata, corrections, modality, called, cautions)
    moment, reason = moment_in_json(metadata, clock, administration.half_life_s, cautions)
    elapsed, reason = elapsed_since_injection(administration, moment, reason)
    facts = SuvFacts(
        *(
            units,
            suv_type,
            "START",
            administration.weight_kg,
            administration.height_m,
            administration.dose_bq,
            administration.sex,
        ),
        *(administration.half_life_s, elapsed, reason),
        dose_reason=administration.dose_reason,
    )
    factor = number_in(metadata, "SUVbwFactor", cautions)
    result = _suv(factor, modality, per_unit, facts, administration.half_life_reason, cautions)
    known_start = clock.start is not None and administration.injection is not None
    return ScanFacts(
        modality=modality,
        units="kBq/mL" if per_unit == 1e3 else SUV_UNITS[suv_type] if units == "GML" else UNITS.get(units, units),
        manufacturer=known_text("maker", text_in(metadata, "Manufacturer")),
        model=known_text("model", text_in(metadata, "ManufacturersModelName")),
        tracer=administration.tracer,
        radionuclide=administration.radionuclide,
        tracer_identity=administration.tracer_identity,
        half_life_s=administration.half_life_s,
        dose_bq=administration.dose_bq,
        scan_start_s=(clock.start or 0.0) - (administration.injection or 0.0) if known_start else None,
        frame_duration_s=number_in(metadata, "FrameDuration", cautions),
        decay_corrected=_decay_corrected(metadata, modality, called),
        decay_correction_s=elapsed,
        reconstruction=known_text("method", text_in(metadata, "ReconMethodName")),
        recon_filter=known_text("method", text_in(metadata, "ReconFilterType")),
        attenuation=attenuation,
        acquisition=recalled_acquisition(metadata),
        corrections=known_corrections(corrections),
        suv_factor=result.factor,
        suv_reason=result.reason,
        cautions=tuple(dict.fromkeys([*before, *cautions])),
    )
