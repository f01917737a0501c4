"""The JSON beside an image: built key by key from facts, so that nothing of a header slips through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pet_spect.dicom.facts.acquisition import Acquisition, keys_of
from pet_spect.dicom.facts.tracer import Identity
from pet_spect.remarks import Remark, write_remark

SIMULATOR_MODEL = "pet_spect simulate"
"""ManufacturersModelName of simulated scans."""


@dataclass(frozen=True)
class ScanFacts:
    """All facts a sidecar can hold of a scan; None if the header lacks one.

    Attributes
    ----------
    modality : str
        ``PT`` or ``NM``.
    units : str
        Of the voxels as stored.
    manufacturer, model, tracer, reconstruction, recon_filter, attenuation : str or None
        Vetted by `pet_spect.dicom.objects.vocabulary` and, for the tracer,
        `pet_spect.dicom.facts.radiopharmaceuticals`; `attenuation` is ``none`` where there was no correction.
    radionuclide : str or None
        ``F18``.
    tracer_identity : {'header', 'nuclide', 'none'}
        Which part of the tracer was confirmed: the radiopharmaceutical, the radionuclide alone, or neither.
    half_life_s, dose_bq : float or None
    scan_start_s : float or None
        From injection to the start of the first acquisition.
    frame_duration_s : float or None
        All of it, where time frames were averaged.
    frames_averaged : int or None
        How many time frames of a dynamic PET the image is the mean of; None for a static one.
    gate, energy_window, detector : str or None
        Which of several volumes of a SPECT it is.
    decay_corrected : bool or None
        None where nothing is said.
    decay_correction_s : float or None
        The moment the voxels hold for, seconds after injection.
    suv_factor, suv_reason, suv_method, suv_variant, suv_time_source
        See `pet_spect.dicom.pet.suv`.
    corrections : sequence of str
        CorrectedImage.
    acquisition : Acquisition
    cautions : sequence of Remark
    """

    modality: str
    units: str
    manufacturer: str | None = None
    model: str | None = None
    tracer: str | None = None
    radionuclide: str | None = None
    tracer_identity: Identity = "none"
    half_life_s: float | None = None
    dose_bq: float | None = None
    scan_start_s: float | None = None
    frame_duration_s: float | None = None
    frames_averaged: int | None = None
    gate: str | None = None
    energy_window: str | None = None
    detector: str | None = None
    decay_corrected: bool | None = None
    decay_correction_s: float | None = None
    reconstruction: str | None = None
    recon_filter: str | None = None
    attenuation: str = "none"
    corrections: Sequence[str] = ()
    acquisition: Acquisition = field(default=Acquisition())
    suv_factor: float | None = None
    suv_reason: str | None = None
    suv_method: str | None = None
    suv_variant: str | None = None
    suv_time_source: str | None = None
    cautions: Sequence[Remark] = field(default=())


def sidecar_of(facts: ScanFacts) -> dict[str, Any]:
    """Return the sidecar of a scan (BIDS-PET names where there are any).

    Times are seconds after injection. `SUVbwFactor` times a stored voxel is SUVbw
    in g/mL; where it is null `SUVReason` says why. Keys of unknown facts are left
    out, but for `SUVbwFactor`.
    """
    known_start = facts.scan_start_s is not None
    start = facts.scan_start_s or 0.0
    content: dict[str, Any] = {
        "Modality": facts.modality,
        "Manufacturer": facts.manufacturer,
        "ManufacturersModelName": facts.model,
        "Units": facts.units,
        "TracerName": facts.tracer,
        "TracerRadionuclide": facts.radionuclide,
        "TracerIdentity": facts.tracer_identity,
        "RadionuclideHalfLife": facts.half_life_s,
        "InjectedRadioactivity": None if facts.dose_bq is None else facts.dose_bq / 1e6,
        "InjectedRadioactivityUnits": None if facts.dose_bq is None else "MBq",
        "InjectionStart": 0.0 if known_start else None,
        "ScanStart": start if known_start else None,
        "UptakeMinutes": round(start / 60, 1) if known_start else None,
        "FrameTimesStart": [round(start, 3)],
        "FrameDuration": None if facts.frame_duration_s is None else [facts.frame_duration_s],
        "FramesAveraged": facts.frames_averaged,
        "Gate": facts.gate,
        "EnergyWindow": facts.energy_window,
        "Detector": facts.detector,
        "ImageDecayCorrected": facts.decay_corrected,
        "ImageDecayCorrectionTime": facts.decay_correction_s,
        "ReconMethodName": facts.reconstruction,
        "ReconFilterType": facts.recon_filter,
        "AttenuationCorrection": facts.attenuation,
        "CorrectedImage": list(facts.corrections) or None,
        **keys_of(facts.acquisition),
        "SUVMethod": facts.suv_method,
        "SUVVariant": facts.suv_variant,
        "SUVTimeSource": facts.suv_time_source,
        "SkullStripped": False,
        "Simulated": facts.model == SIMULATOR_MODEL,
    }
    sidecar = {key: value for key, value in content.items() if value is not None}
    sidecar["SUVbwFactor"] = facts.suv_factor
    if facts.suv_factor is None:
        sidecar["SUVReason"] = facts.suv_reason
    sidecar["Warnings"] = [write_remark(caution) for caution in facts.cautions]
    return sidecar
