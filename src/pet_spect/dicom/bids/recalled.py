"""Warnings that an earlier conversion wrote, let through only in the words that this program uses."""

from __future__ import annotations

import re

from pet_spect.dicom.facts.declared import Caution

_N = r"-?\d[\d.e+-]{0,19}"
_SAYS = r"(CorrectedImage|AttenuationCorrection(Method)?)"
_NUCLIDE = r"[A-Z][a-z]?\d{1,3}m?"
_SHAPES = {
    "weight_conflict": rf"weight is {_N} kg in the (?P<s>header|JSON) and {_N} kg in the tables; the (?P=s) was used",
    "height_conflict": rf"height is {_N} m in the (?P<s>header|JSON) and {_N} m in the tables; the (?P=s) was used",
    "dose_conflict": rf"dose is {_N} MBq in the (?P<s>header|JSON) and {_N} MBq in the tables; the (?P=s) was used",
    "sex_conflict": r"sex is [MFO] in the (?P<s>header|JSON) and [MFO] in the tables; the (?P=s) was used",
    "injection_time_conflict": rf"injection in (?P<s>header|JSON) and tables is {_N} min apart; the (?P=s) was used",
    "injection_implausible": (
        rf"injection {_N} min before the scan is implausible in the (header|JSON); the time of the tables was used"
    ),
    "declared_times_differ": (
        rf"injection_time and uptake_minutes of the tables are {_N} min apart; injection_time was used"
    ),
    "injection_time_unchecked": (
        r"the scan tells no time of day that the declared injection time can be compared with"
        r"|the scan does not tell when it began, from which the declared uptake time counts"
    ),
    "injection_times_differ": (
        r"the dated and the dateless injection time of the header differ; the dated one was used"
    ),
    "tracer_name_unknown": r"the radiopharmaceutical has a name that this version does not know",
    "weight_in_grams": rf"weight {_N} was taken to be grams",
    "weight_unreadable": r"PatientWeight in the (header|JSON) is no number and was not used",
    "height_unreadable": r"PatientSize in the (header|JSON) is no number and was not used",
    "dose_unreadable": (
        r"(RadionuclideTotalDose in the header|InjectedRadioactivity in the JSON) is no number and was not used"
    ),
    "half_life_unreadable": r"RadionuclideHalfLife in the JSON is no number and was not used",
    "time_unreadable": (
        r"(InjectionStart|ScanStart|FrameTimesStart|FrameDuration|ImageDecayCorrectionTime) in the JSON is no number"
        r" and was not used"
    ),
    "factor_unreadable": r"(SUVbwFactor|DecayFactor) in the JSON is no number and was not used",
    "frame_window_missed": (
        rf"the scan is static, from {_N} to {_N} min after injection; the frame window is {_N} to {_N} min"
    ),
    "weight_implausible": rf"weight {_N} kg in the (header|JSON) was not used",
    "weight_unusual": (
        rf"weight {_N} kg in the (header|JSON) is not that of an adult \({_N} to {_N} kg\); it was used"
    ),
    "height_implausible": rf"height {_N} m in the (header|JSON) was not used",
    "dose_implausible": (
        rf"dose {_N} in the (header|JSON) is neither Bq nor MBq and was not used"
        rf"|dose {_N} MBq in the (header|JSON|tables) is not between {_N} and {_N} MBq and was not used"
    ),
    "dose_unit_missing": rf"InjectedRadioactivity {_N} in the JSON has no unit and was taken to be M?Bq",
    "dose_unit_unknown": (
        r"InjectedRadioactivityUnits in the JSON is no unit of activity \(MBq, mCi\); the dose was not used"
    ),
    "half_life_conflict": rf"half-life {_N} s in the (header|JSON) is not that of {_NUCLIDE} \({_N} s\)",
    "decay_factor_conflict": (
        rf"DecayFactor {_N} contradicts the time of decay correction"
        r" \((explicit|series time|frame reference time|administration|ImageDecayCorrectionTime)\)"
        rf"|DecayCorrection is NONE and DecayFactor {_N}, which says that decay was corrected"
    ),
    "fewer_slices_than_stated": rf"{_N} slices were found, the header says {_N}",
    "orientation_declared": (
        r"the orientation [LRAPSI]{3} is declared"
        r"(, the header has none"
        r"|; the header has that of columns and rows, which agrees, and not the end from which slices are counted)"
    ),
    "spacing_from_thickness": (
        rf"SpacingBetweenSlices is missing; SliceThickness {_N} mm, the edge of a pixel, was used"
    ),
    "duplicate_slices": rf"of {_N} slices there was a copy alike to the last voxel; one of each was used",
    "injection_date_replaced": r"the date of the injection is not that of the scan; its time of day was used",
    "reference_time_conflict": (
        rf"FrameReferenceTime puts the time of decay correction {_N} s after the one used \(series time\)"
    ),
    "burned_in_text": rf"BurnedInAnnotation is YES in {_N} of {_N} images: text may be part of the picture",
    "secondary_image": (
        r"(ConversionType is [A-Z]{2,3}( and ImageType is SECONDARY)?|ImageType is SECONDARY):"
        r" it may be processed or captured, not as the scanner reconstructed it"
    ),
    "more_slices_than_stated": rf"{_N} slices were found, the header says {_N}",
    "more_frames_than_stated": rf"{_N} time frames were found, the header says {_N}",
    "fewer_frames_than_stated": rf"{_N} time frames were found, the header says {_N}",
    "spacing_conflict": (
        rf"slices lie {_N} mm apart by their positions and {_N} mm by SpacingBetweenSlices; the positions were used"
    ),
    "modality_conflict": r"Modality is (PT|NM) and the SOP class that of [A-Za-z ]{2,40}; the SOP class was believed",
    "units_conflict": (
        r"Units is [A-Z0-9]{3,8} and RescaleType [A-Z0-9]{3,8}"
        r"|Units is CM2ML, in which SUV is by body surface, and SUVType [A-Z0-9]{2,12}; Units was believed"
    ),
    "duration_implausible": rf"a frame duration of {_N} s is implausible; durations were not used",
    "acquisition_times_differ": rf"AcquisitionDateTime and AcquisitionTime differ by {_N} s; AcquisitionTime was used",
    "values_clipped": (
        rf"{_N} voxels share the largest value of their slice and fewer come close: values may be cut off at the top"
    ),
    "attenuation_conflict": (
        rf"{_SAYS} says that attenuation was corrected, {_SAYS} that it was not; it is taken to be uncorrected"
    ),
    "attenuation_uncorrected": r"CorrectedImage does not list ATTN; only the contralateral ratio can be read",
    "suv_factor_conflict": rf"SUVbwFactor is {_N} in the JSON, {_N} follows from the rest; neither was used",
}
"""Code of each warning of ``convert``, and a pattern of its reason."""


def recalled(told: object) -> list[Caution]:
    """Return the warnings of an earlier conversion that this program can have written; others are dropped.

    Parameters
    ----------
    told : object
        ``Warnings`` of a sidecar.

    Examples
    --------
    >>> mine = {"Code": "weight_in_grams", "Reason": "weight 70000 was taken to be grams"}
    >>> [caution.code for caution in recalled([mine, {"Code": "weight_in_grams", "Reason": "Doe"}, "Doe"])]
    ['weight_in_grams']
    """
    found = []
    for item in told if isinstance(told, list) else []:
        code, reason = (item.get("Code"), item.get("Reason")) if isinstance(item, dict) else (None, None)
        if not isinstance(code, str) or not isinstance(reason, str):
            continue
        if code in _SHAPES and re.fullmatch(_SHAPES[code], reason, re.ASCII):
            found.append(Caution(code, reason))
    return found
