"""Warnings that an earlier conversion wrote, let through only in the words that this program uses."""

from __future__ import annotations

import re

from pet_spect.dicom.declared import Caution

_N = r"-?\d[\d.e+-]{0,19}"
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
    "dose_unreadable": r"RadionuclideTotalDose in the header is no number and was not used",
    "frame_window_missed": (
        rf"the scan is static, from {_N} to {_N} min after injection; the frame window is {_N} to {_N} min"
    ),
    "weight_implausible": rf"weight {_N} kg in the (header|JSON) was not used",
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
        r" \((explicit|series time|frame reference time)\)"
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
