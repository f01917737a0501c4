"""Reconstructed SPECT (NM, PS3.3 C.8.4) to a volume, with the facts for its sidecar."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.examined import Examined
from pet_spect.dicom.facts.acquisition import filter_name, read_acquisition, rotation_time
from pet_spect.dicom.facts.attenuation import settle_attenuation
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.facts.patient import read_administration
from pet_spect.dicom.files.read import Header
from pet_spect.dicom.nm.frames import NmFrames, check_kind, choose_frames
from pet_spect.dicom.nm.geometry import nm_affine
from pet_spect.dicom.objects.clock import clock_time
from pet_spect.dicom.objects.real_world import check_linear, check_mapped, check_one_slope
from pet_spect.dicom.objects.vocabulary import UNLISTED, known_corrections, known_text
from pet_spect.dicom.pet.contradictions import compare_counts
from pet_spect.dicom.pet.series import MOST_INTERCEPT, scaled, stacked
from pet_spect.dicom.sidecar import ScanFacts
from pet_spect.imaging.attenuation import corrected_by
from pet_spect.nuclides import radionuclide_name
from pet_spect.remarks import Remark

_REAL_WORLD_UNITS = {
    "bq/ml": "Bq/mL",
    "bqml": "Bq/mL",
    "bq/cm3": "Bq/mL",
    "kbq/ml": "kBq/mL",
    "{counts}": "counts",
    "{counts}/s": "counts/s",
}


def read_nm(header: Header, declared: Declared) -> Examined:
    """Return where the voxels of a reconstructed SPECT are, how to read them, and the facts of its sidecar.

    Gates are added where voxels are counts (or relative), and averaged where they are a concentration.

    Parameters
    ----------
    header : Header
        One NM object. Its Modality may read OT.
    declared : Declared

    Raises
    ------
    DicomError
        If it is no reconstructed volume, holds several of which none is chosen, or its
        frames cannot be placed with certainty.
    """
    check_kind(header)
    frames = choose_frames(header, declared)
    scale, units, are_totals = nm_scale(header)
    cautions: list[Remark] = []
    shape = (header.integer("Columns") or 0, header.integer("Rows") or 0, frames.indices.shape[1])
    affine = nm_affine(header, frames, shape, declared, cautions)
    compare_counts(shape[2], header.integer("NumberOfSlices"), cautions)
    share = scale if are_totals else scale / len(frames.indices)
    return Examined(
        facts=nm_facts(header, frames, units, declared, cautions),
        shape=shape,
        affine=affine,
        voxels=lambda: _voxels(header, frames, shape, share),
    )


def _voxels(header: Header, frames: NmFrames, shape: tuple[int, int, int], scale: float) -> NDArray[np.float32]:
    stored, mapping = header.frames(), next(iter(header.items("RealWorldValueMappingSequence")), None)

    def plane(index: int) -> NDArray[np.float32]:
        first, *others = frames.indices[:, index].tolist()
        for frame in (first, *others):
            check_mapped(header, mapping, stored(frame))
        values = sum((stored(frame) for frame in others), stored(first).astype(np.float64)) if others else stored(first)
        return scaled(header, values, scale)

    return stacked(plane, shape)


def nm_scale(header: Header) -> tuple[float, str, bool]:
    """Return the factor from stored values to the native unit, its name, and whether values of gates add up.

    Raises
    ------
    DicomError
        If there are several scales or a table instead, one that is not positive, or one with an intercept.
    """
    mappings = header.items("RealWorldValueMappingSequence")
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    units, are_totals = "relative", True
    if len(mappings) > 1:
        raise header.error(f"has {len(mappings)} real-world value mappings, one is needed", "real_world_values")
    check_linear(header, mappings[0] if mappings else None)
    if mappings:
        slope, intercept = mappings[0].number("RealWorldValueSlope"), mappings[0].number("RealWorldValueIntercept")
        codes = [item.text("CodeValue") or "" for item in mappings[0].items("MeasurementUnitsCodeSequence")]
        units = _REAL_WORLD_UNITS.get(codes[0].lower() if codes else "", "relative")
        are_totals = units == "counts" or not codes
        check_one_slope(header, mappings[0], header.text("Units") or header.text("RescaleType"))
        if slope is None:
            raise header.error("RealWorldValueSlope is missing", "rescale_slope")
    slope = 1.0 if slope is None else slope
    if slope <= 0:
        raise header.error(f"the slope of its values is {slope:g}; a positive one is needed", "rescale_slope")
    if intercept and abs(intercept) > MOST_INTERCEPT * slope:
        raise header.error(f"the intercept of its values is {intercept:g}; 0 is needed", "rescale_intercept")
    return slope, units, are_totals


def nm_facts(header: Header, frames: NmFrames, units: str, declared: Declared, cautions: list[Remark]) -> ScanFacts:
    """Return what the sidecar of a SPECT says; `cautions` gets more."""
    start = clock_time(header, "AcquisitionDate", "AcquisitionTime")
    window_nuclide = _nuclide_of_window(header, frames)
    administration = read_administration(header, start, declared, cautions, window_nuclide=window_nuclide)
    corrections = header.texts("CorrectedImage")
    statements = {
        "CorrectedImage": "ATTN" in corrections,
        "AttenuationCorrectionMethod": corrected_by(header.text("AttenuationCorrectionMethod")),
    }
    corrected = settle_attenuation(statements, header.error, cautions, is_spect=True)
    if "ATTN" not in corrections:
        cautions.append(Remark.of("attenuation_uncorrected"))
    method = known_text("method", header.text("AttenuationCorrectionMethod"))
    slices = frames.indices.shape[1]
    known_start = start is not None and administration.injection is not None
    return ScanFacts(
        modality="NM",
        units=units,
        manufacturer=known_text("maker", header.text("Manufacturer")),
        model=known_text("model", header.text("ManufacturerModelName")),
        tracer=administration.tracer,
        radionuclide=administration.radionuclide,
        tracer_identity=administration.tracer_identity,
        half_life_s=administration.half_life_s,
        dose_bq=administration.dose_bq,
        scan_start_s=(start or 0.0) - (administration.injection or 0.0) if known_start else None,
        gate=frames.gate,
        energy_window=_which(frames.energy_window),
        detector=_which(frames.detector),
        decay_corrected="DECY" in corrections,
        reconstruction=known_text("method", header.text("ReconstructionMethod")),
        attenuation=("applied" if method in (None, UNLISTED) else method) if corrected else "none",
        recon_filter=filter_name(header),
        frame_duration_s=rotation_time(header),
        corrections=known_corrections(corrections),
        acquisition=read_acquisition(
            header, slices, corrections, is_whole=(header.integer("NumberOfFrames") or 1) >= slices
        ),
        suv_reason="an NM object does not say to which time its voxels are decay-corrected",
        cautions=cautions,
    )


def _which(number: int | None) -> str | None:
    return None if number is None else str(number)


def _nuclide_of_window(header: Header, frames: NmFrames) -> str | None:
    """Return the radionuclide after which the energy window is named (``I123_EM``), None if it is named otherwise."""
    windows = header.items("EnergyWindowInformationSequence")
    number = frames.energy_window or 1
    name = windows[number - 1].text("EnergyWindowName") if len(windows) >= number else None
    return radionuclide_name(name or "")
