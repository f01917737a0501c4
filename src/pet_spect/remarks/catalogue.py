"""The catalogue of remarks: the wording of every code, its fields, and what else is known of it.

A code is stable between versions: tables, JSON and qc.tsv refer to it. A wording is for people; nothing reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import permutations, product
from types import MappingProxyType
from typing import Any, Literal

from pet_spect.nuclides import HALF_LIVES_S

# fmt: off
Code = Literal[
    "acquisition_times_differ", "anat_image", "anat_kind", "anat_refused", "anat_several", "anat_thick",
    "anat_weighting", "ants_failed", "archive_damaged", "archive_encrypted", "archive_limit", "archive_links",
    "archive_nested", "atlas", "atlas_outside", "atlas_side", "atlas_unknown", "attenuation", "attenuation_conflict",
    "attenuation_uncorrected", "attenuation_unknown", "bed_overlap", "benzodiazepine", "bilateral_stroke",
    "brain_cut", "burned_in", "burned_in_text", "cerebellum_asymmetry", "cerebellum_infratentorial", "config",
    "crashed", "decay_correction",
    "decay_factor_conflict", "decay_none", "decay_time", "declared_times_differ", "denominator_too_small",
    "detector", "dicom", "dictionary_missing", "dictionary_unreadable", "dose_conflict", "dose_implausible",
    "dose_unit_missing", "dose_unit_unknown", "dose_unreadable", "duplicate_slices", "duration_implausible",
    "element_unreadable", "empty_atlas", "empty_scan", "energy_window", "error", "excluded", "exclusion_drafted",
    "factor_unreadable",
    "fewer_frames_than_stated", "fewer_slices_than_stated", "file_damaged", "file_unreadable", "frame_decay",
    "frame_order", "frame_times", "frame_window", "frame_window_missed", "frames", "gate", "gate_agreement",
    "gate_beside", "gate_blur", "gate_field_of_view", "gate_flat", "gate_identity", "gate_jacobian", "gate_likeness",
    "gate_mirrored", "gate_mirrored_visit", "gate_orientation", "gate_overlap", "gate_proportion", "gate_rotation",
    "gate_scale", "gate_shear", "gate_similarity", "gate_size", "gate_slices", "gated", "geometry",
    "geometry_missing", "glucose_high", "half_life_conflict", "half_life_unreadable", "height_conflict",
    "height_implausible", "height_unreadable", "identical_scans", "image", "image_affine", "image_blank",
    "image_damaged", "image_missing", "image_modality", "image_pair", "image_shape", "image_space", "image_twin",
    "image_unreadable", "image_voxels", "injection_date_replaced", "injection_implausible", "injection_time",
    "injection_time_conflict", "injection_time_unchecked", "injection_times_differ", "internal_error", "key_short",
    "key_unreadable", "laterality_disagree", "laterality_mirrored", "laterality_undetermined",
    "lesion_estimated", "lesion_larger", "lesion_mask_affine",
    "lesion_mask_damaged", "lesion_mask_empty", "lesion_mask_estimated", "lesion_mask_image_refused",
    "lesion_mask_missing", "lesion_mask_outside", "lesion_mask_pair", "lesion_mask_shape", "lesion_mask_side",
    "lesion_mask_space", "lesion_mask_unreadable", "lesion_mask_voxels", "likeness_not_possible",
    "link_not_followed", "low_coverage", "mirror_in_lesion", "mixed_orientation",
    "mixed_series", "mixed_spacing", "modality", "modality_conflict", "modality_lut", "more_frames_than_stated",
    "more_slices_than_stated", "no_attenuation_correction", "no_brain_left", "no_head", "no_image", "no_lesion",
    "no_lesion_mask", "no_overlap", "no_sample_size", "no_scan", "no_suv", "no_treatment_site", "no_value",
    "no_volume", "not_dicom", "not_emission", "not_recon_tomo",
    "not_static", "orientation", "orientation_conflict", "orientation_declared", "orientation_unknown", "out_exists",
    "out_place", "outcome_no_estimate", "outcome_no_interval", "outcome_no_variation", "output_exists",
    "partial_volume_condition", "partial_volume_lesion", "partial_volume_noise",
    "partial_volume_resolution", "partial_volume_view", "participant_lost", "path_unusable", "patients",
    "percent_undefined",
    "philips_factor", "picture_missing", "pixels", "projections", "qc_altered", "qc_changed", "qc_log_altered",
    "qc_lost", "qc_other_results", "qc_unchained", "qc_unknown_scan", "qc_unlogged", "radiopharmaceutical",
    "rated_bad", "rated_doubt", "readers_disagree",
    "real_world_range", "real_world_values", "record_missing", "record_outdated", "record_unreadable",
    "reference_moved", "reference_time_conflict", "refused", "region", "registration", "relative",
    "repeatability_unknown", "reprojection", "rescale_intercept", "rescale_slope",
    "resolution_coarser", "resolution_unknown", "secondary_capture", "secondary_image",
    "sex_conflict", "sidecar_keys", "sidecar_missing", "sidecar_unreadable", "slice_duplicate", "slice_single",
    "slice_spacing", "sop_class", "spacing_conflict", "spacing_from_thickness", "study",
    "suv_factor_conflict", "suv_type", "table", "table_encoding", "table_size", "table_unreadable", "table_workbook",
    "time_unreadable", "tracer", "tracer_conflict",
    "tracer_name_unknown", "tracer_nuclide", "tracer_radiopharmaceutical", "transform_implausible",
    "treatment_both_sides", "treatment_image_refused", "treatment_mask", "treatment_other_side", "treatment_outside",
    "two_heads",
    "units", "units_conflict", "unsigned", "unused_bits", "upside_down", "uptake_pattern", "values_clipped",
    "visit_order", "weight_conflict", "weight_implausible", "weight_in_grams", "weight_unreadable", "weight_unusual",
    # of the protocol
    "attenuation_differs", "baseline_after_treatment", "benzodiazepine_differs", "collimator_differs", "dose_differs",
    "duration_differs", "energy_window_differs", "filter_differs", "glucose_differs", "no_early_value",
    "reconstruction_differs", "scanner_differs", "scatter_differs", "uptake_time_differs", "uptake_time_unknown",
    "uptake_window", "voxel_size_differs",
]
# fmt: on
"""Every code there is, so that a type checker refuses any other."""

Value = float | str | tuple[str, ...]
"""What a field of a remark holds."""

SignOff = Literal["by_eye", "with_witness", "never"]
"""What an ``accept`` in qc.tsv needs: an eye, a witness beside it, or it never counts."""

CASE = "case"
"""The field that names one of several wordings of a code."""

_LARGEST = 1e15


@dataclass(frozen=True)
class Number:
    """A number that a wording shows.

    Attributes
    ----------
    style : str
        How it is shown, as `format` takes it; it is kept rounded to what is shown.
    """

    style: str = "g"

    def kept(self, value: Any) -> float:
        """Return the number as a remark keeps it."""
        if self.style.endswith("%"):
            return float(format(value, self.style).removesuffix("%")) / 100
        number = float(format(value, self.style))
        return int(number) if self.style == "d" else number

    def admits(self, value: object) -> bool:
        """Return whether a value from a file is such a number."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        if not abs(value) <= _LARGEST:  # NaN is not, either
            return False
        return self.style != "d" or value == int(value)

    def shown(self, value: Any) -> str:
        """Return the number as a wording shows it."""
        return format(int(value) if self.style == "d" else value, self.style)


@dataclass(frozen=True)
class Term:
    """One of a list of words."""

    words: frozenset[str]

    def kept(self, value: Any) -> str:
        """Return the word as a remark keeps it."""
        return str(value)

    def admits(self, value: object) -> bool:
        """Return whether a value from a file is one of the words."""
        return isinstance(value, str) and value in self.words

    def shown(self, value: Any) -> str:
        """Return the word as a wording shows it."""
        return str(value)


@dataclass(frozen=True)
class Terms:
    """Several of a list of words.

    Attributes
    ----------
    words : frozenset of str
    joined : str
        What a wording puts between them.
    """

    words: frozenset[str]
    joined: str

    def kept(self, value: Any) -> tuple[str, ...]:
        """Return the words as a remark keeps them."""
        return tuple(value)

    def admits(self, value: object) -> bool:
        """Return whether a value from a file is a list of such words."""
        return isinstance(value, list | tuple) and all(isinstance(word, str) and word in self.words for word in value)

    def shown(self, value: Any) -> str:
        """Return the words as a wording shows them."""
        return self.joined.join(value)


@dataclass(frozen=True)
class Text:
    """Any words: the name of a region or a session, or a reason of another step; never believed from outside."""

    def kept(self, value: Any) -> str:
        """Return the words as a remark keeps them."""
        return str(value)

    def admits(self, value: object) -> bool:
        """Return whether a value from a file is a text."""
        return isinstance(value, str)

    def shown(self, value: Any) -> str:
        """Return the words as a wording shows them."""
        return str(value)


Field = Number | Term | Terms | Text


@dataclass(frozen=True)
class Kind:
    """What is known of a code.

    Attributes
    ----------
    docs : str
        Page and heading that explain it, ``docs/dicom.md#refusals``.
    wording : str, mapping of str to str or None
        A `str.format` template of `fields`. Several are named by the field `CASE`. None where the words come with the
        error, which names the file.
    fields : mapping of str to Field
        What each field may hold.
    suv_only : bool
        Whether it doubts what an SUV depends on, and uptake and its ratios do not.
    has_no_code : bool
        Whether tables show the wording alone.
    sign_off : {'by_eye', 'with_witness', 'never'} or None
        What accepting it in qc.tsv needs. None: accepting says that it is known.
    never_for : str
        Why it cannot be accepted.
    """

    docs: str
    wording: str | Mapping[str, str] | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    suv_only: bool = False
    has_no_code: bool = False
    sign_off: SignOff | None = None
    never_for: str = ""


def _of(words: Iterable[str]) -> Term:
    return Term(frozenset(words))


def _each(docs: str, *codes: Code, **common: Any) -> dict[Code, Kind]:
    return {code: Kind(docs, **common) for code in codes}


_ORIENTATIONS = frozenset("".join(letters) for axes in permutations(("LR", "AP", "SI")) for letters in product(*axes))
_CONVERSIONS = ("DV", "DI", "DF", "WSD", "SD", "SI", "DRW", "SYN")
_UNITS = ("BQML", "GML", "CM2ML", "CNTS", "CPS", "PROPCNTS", "PROPCPS")
_ATTENUATION = _of(("CorrectedImage", "AttenuationCorrection", "AttenuationCorrectionMethod"))
_REFERENCES = (*("explicit", "series time", "frame reference time", "administration", "ImageDecayCorrectionTime"),)
_SIDES = _of(("left", "right"))
_CUT_SIDES = frozenset(("left side", "right side", "front", "back", "top", "bottom"))

_G, _COUNT, _WHOLE = Number(), Number("d"), Number(".0f")
_SOURCE, _WHERE = _of(("header", "JSON")), _of(("header", "JSON", "tables"))
_SEX = _of("MFO")

_REFUSALS = "docs/dicom.md#refusals"
_WARNINGS = "docs/dicom.md#warnings-in-the-sidecar"
_CONTRADICTIONS = "docs/dicom.md#contradictions"
_DEIDENTIFY = "docs/deidentify.md#refusals"
_GATES = "docs/methods.md#gates"
_REGISTRATION = "docs/methods.md#other-refusals-of-the-registration"
_FLAGS = "docs/statistics.md#codes-in-the-column-reason"
_LATERALITY = "docs/statistics.md#on-which-side-is-the-lesion"
_OUTCOMES = "docs/statistics.md#the-trials-other-outcomes"
_PLANNING = "docs/statistics.md#planning-a-trial-pet-spect-plan"
_PROTOCOL = "docs/statistics.md#protocol-of-the-visits"
_SURROUNDINGS = "docs/methods.md#lesion-surroundings-and-treatment-sites"
_RESOLUTION = "docs/methods.md#resolution"
_PARTIAL_VOLUME = "docs/methods.md#partial-volume"
_COMMANDS = "config/README.md#what-stops-a-command"
_SIGN_OFF = "docs/sign-off.md#what-is-found"

_MIRRORED = "left and right are exchanged in one of the scans, and it is unknown in which"
_CUT = "the part that is out of view cannot be measured"
_TURNED = "the head does not lie as its header says, so left and right are not certain"


def _conflict(what: str, unit: str) -> Kind:
    return Kind(
        _WARNINGS,
        f"{what} is {{stated}} {unit} in the {{source}} and {{declared}} {unit} in the tables; the {{source}} was used",
        {"stated": _G, "declared": _G, "source": _SOURCE},
        suv_only=True,
    )


def _unreadable(*names: str, suv_only: bool = False) -> Kind:
    """Return the kind of a number that cannot be read, by its names in header and JSON."""
    return Kind(
        _WARNINGS,
        "{key} in the {source} is no number and was not used",
        {"key": _of(names), "source": _SOURCE},
        suv_only=suv_only,
    )


def _counts(what: str) -> Kind:
    return Kind(
        _CONTRADICTIONS,
        f"{{found}} {what} were found, the header says {{stated}}",
        {"found": _COUNT, "stated": _COUNT},
    )


def _differs(what: str) -> Kind:
    """Return the kind of an item of the protocol in which a visit differs from the first one, in words."""
    return Kind(
        _PROTOCOL,
        f"{what}: {{found}}; at {{session}}: {{reference}}",
        {"found": Text(), "reference": Text(), "session": Text()},
    )


def _too_far(what: str, unit: str, limit: str) -> Kind:
    """Return the kind of an item of the protocol in which a visit differs from the first one, in numbers."""
    return Kind(
        _PROTOCOL,
        f"{what} is {{found}} {unit}, at {{session}} it was {{reference}} {unit}; the limit is {{limit}} {limit}",
        {"found": _G, "reference": _G, "session": Text(), "limit": _G},
    )


_OF_ERRORS: dict[Code, Kind] = {
    **_each(
        _REFUSALS,
        *("anat_image", "anat_kind", "anat_several", "anat_thick", "anat_weighting"),
        *("archive_damaged", "archive_encrypted", "archive_limit", "archive_links", "attenuation", "bed_overlap"),
        *("decay_correction", "decay_none", "decay_time", "detector", "element_unreadable", "energy_window"),
        *("file_damaged", "file_unreadable", "frame_decay", "frame_order", "frame_times", "frame_window", "frames"),
        *("gate", "gated", "geometry", "geometry_missing", "image_affine", "image_blank", "image_damaged"),
        *("image_missing", "image_modality", "image_pair", "image_shape", "image_twin", "image_unreadable"),
        *("image_voxels", "injection_time", "link_not_followed", "mixed_orientation", "mixed_series"),
        *("mixed_spacing", "modality", "modality_lut", "no_image", "not_dicom", "not_emission", "not_recon_tomo"),
        *("not_static", "orientation", "orientation_conflict", "orientation_unknown", "philips_factor", "pixels"),
        *("projections", "radiopharmaceutical", "real_world_range", "real_world_values", "relative"),
        *("reprojection", "rescale_intercept", "rescale_slope", "secondary_capture", "sidecar_keys"),
        *("sidecar_missing", "sidecar_unreadable", "slice_duplicate", "slice_single", "slice_spacing", "sop_class"),
        *("suv_type", "tracer_conflict", "tracer_nuclide", "tracer_radiopharmaceutical", "transform_implausible"),
        *("units", "atlas_outside"),
    ),
    **_each("docs/dicom.md#finding-the-scans-pet-spect-index", "internal_error", "archive_nested", "path_unusable"),
    **_each(_DEIDENTIFY, "burned_in", "key_short", "key_unreadable", "out_exists", "out_place", "patients"),
    **_each(_DEIDENTIFY, "unused_bits"),
    **_each(_GATES, "empty_scan", "gate_flat", "gate_jacobian", "gate_proportion", "gate_rotation", "gate_scale"),
    **_each(_GATES, "gate_shear", "gate_size", "gate_slices", "no_head"),
    **_each(_GATES, "gate_agreement", "gate_beside", "gate_blur", "gate_likeness", "gate_overlap", sign_off="by_eye"),
    **_each(_GATES, "gate_identity", "gate_similarity", sign_off="by_eye"),
    **_each(_GATES, "gate_mirrored", sign_off="never", never_for="the head fits only as its mirror image"),
    **_each(_GATES, "gate_mirrored_visit", sign_off="never", never_for=_MIRRORED),
    **_each(_GATES, "identical_scans", sign_off="never", never_for="one scan cannot be two visits"),
    **_each(_GATES, "gate_field_of_view", sign_off="never", never_for=_CUT),
    **_each(_GATES, "gate_orientation", "upside_down", sign_off="never", never_for=_TURNED),
    **_each(_REGISTRATION, "ants_failed", "lesion_mask_empty", "lesion_mask_space", "no_brain_left", "two_heads"),
    **_each(_REGISTRATION, "lesion_mask_affine", "lesion_mask_damaged", "lesion_mask_missing", "lesion_mask_pair"),
    **_each(_REGISTRATION, "lesion_mask_shape", "lesion_mask_unreadable", "lesion_mask_voxels"),
    **_each(_REGISTRATION, "no_overlap", "record_missing", "record_outdated", "record_unreadable"),
    **_each(_COMMANDS, "atlas", "atlas_side", "atlas_unknown", "config", "dicom", "dictionary_missing"),
    **_each(
        _COMMANDS,
        "dictionary_unreadable",
        "empty_atlas",
        "error",
        "image",
        "image_space",
        "output_exists",
        "participant_lost",
    ),
    **_each(_COMMANDS, "picture_missing", "qc_unknown_scan", "refused", "region", "registration", "study", "table"),
    **_each(_COMMANDS, "table_encoding", "table_size", "table_unreadable", "table_workbook", "tracer", "unsigned"),
}

_OF_CONVERT: dict[Code, Kind] = {
    "weight_conflict": _conflict("weight", "kg"),
    "height_conflict": _conflict("height", "m"),
    "dose_conflict": _conflict("dose", "MBq"),
    "sex_conflict": Kind(
        _WARNINGS,
        "sex is {stated} in the {source} and {declared} in the tables; the {source} was used",
        {"stated": _SEX, "declared": _SEX, "source": _SOURCE},
        suv_only=True,
    ),
    "injection_time_conflict": Kind(
        _WARNINGS,
        "the injection times in {source} and tables are {minutes} min apart; the {source} was used",
        {"minutes": _WHOLE, "source": _SOURCE},
    ),
    "injection_implausible": Kind(
        _WARNINGS,
        "injection {minutes} min before the scan is implausible in the {source}; the time of the tables was used",
        {"minutes": _WHOLE, "source": _SOURCE},
    ),
    "declared_times_differ": Kind(
        _CONTRADICTIONS,
        "injection_time and uptake_minutes of the tables are {minutes} min apart; injection_time was used",
        {"minutes": _WHOLE},
    ),
    "injection_time_unchecked": Kind(
        _WARNINGS,
        {
            "time_of_day": "the scan has no time of day, so the declared injection time could not be checked",
            "start": "the scan does not say when it began, so the declared uptake time could not be checked",
        },
    ),
    "injection_times_differ": Kind(
        _CONTRADICTIONS, "the dated and the dateless injection time of the header differ; the dated one was used"
    ),
    "injection_date_replaced": Kind(
        _WARNINGS,
        "the date of the injection is not that of the scan; its time of day was used",
        suv_only=True,
    ),
    "tracer_name_unknown": Kind(
        "docs/dicom.md#the-tracer", "the radiopharmaceutical has a name that this version does not know"
    ),
    "weight_in_grams": Kind(_WARNINGS, "weight {weight} was taken to be grams", {"weight": _G}, suv_only=True),
    "weight_implausible": Kind(
        _WARNINGS,
        "weight {weight} kg in the {source} was not used",
        {"weight": _G, "source": _SOURCE},
        suv_only=True,
    ),
    "weight_unusual": Kind(
        _WARNINGS,
        "weight {weight} kg in the {source} is not that of an adult ({low} to {high} kg); it was used",
        {"weight": _G, "source": _SOURCE, "low": _G, "high": _G},
        suv_only=True,
    ),
    "height_implausible": Kind(
        _WARNINGS,
        "height {height} m in the {source} was not used",
        {"height": _G, "source": _SOURCE},
        suv_only=True,
    ),
    "dose_implausible": Kind(
        _WARNINGS,
        {
            "no_unit": "dose {dose} in the {where} is neither Bq nor MBq and was not used",
            "range": "dose {dose} MBq in the {where} is not between {low} and {high} MBq and was not used",
        },
        {"dose": _G, "where": _WHERE, "low": _G, "high": _G},
        suv_only=True,
    ),
    "dose_unit_missing": Kind(
        _WARNINGS,
        "InjectedRadioactivity {dose} in the JSON has no unit and was taken to be {unit}",
        {"dose": _G, "unit": _of(("Bq", "MBq"))},
        suv_only=True,
    ),
    "dose_unit_unknown": Kind(
        _WARNINGS,
        "InjectedRadioactivityUnits in the JSON is no unit of activity (MBq, mCi); the dose was not used",
        suv_only=True,
    ),
    "weight_unreadable": _unreadable("PatientWeight", suv_only=True),
    "height_unreadable": _unreadable("PatientSize", suv_only=True),
    "dose_unreadable": _unreadable("RadionuclideTotalDose", "InjectedRadioactivity", suv_only=True),
    "half_life_unreadable": _unreadable("RadionuclideHalfLife"),
    "time_unreadable": _unreadable(
        *("InjectionStart", "ScanStart", "FrameTimesStart", "FrameDuration", "ImageDecayCorrectionTime")
    ),
    "factor_unreadable": _unreadable("SUVbwFactor", "DecayFactor"),
    "half_life_conflict": Kind(
        _WARNINGS,
        "half-life {stated} s in the {source} is not that of {nuclide} ({known} s)",
        {"stated": _G, "source": _SOURCE, "nuclide": _of(HALF_LIVES_S), "known": _G},
    ),
    "frame_window_missed": Kind(
        _WARNINGS,
        "the scan is static, from {begin} to {end} min after injection; the frame window is {first} to {last} min",
        {"begin": _WHOLE, "end": _WHOLE, "first": _G, "last": _G},
    ),
    "decay_factor_conflict": Kind(
        _CONTRADICTIONS,
        {
            "time": "DecayFactor {factor} contradicts the time of decay correction ({reference})",
            "none": "DecayCorrection is NONE and DecayFactor {factor}, which says that decay was corrected",
        },
        {"factor": _G, "reference": _of(_REFERENCES)},
    ),
    "reference_time_conflict": Kind(
        _CONTRADICTIONS,
        "FrameReferenceTime puts the time of decay correction {seconds} s after the one used ({reference})",
        {"seconds": _WHOLE, "reference": _of(_REFERENCES)},
        suv_only=True,
    ),
    "fewer_slices_than_stated": _counts("slices"),
    "more_slices_than_stated": _counts("slices"),
    "fewer_frames_than_stated": _counts("time frames"),
    "more_frames_than_stated": _counts("time frames"),
    "orientation_declared": Kind(
        _WARNINGS,
        {
            "none": "the orientation {letters} is declared; the header gives none",
            "in_plane": "the orientation {letters} is declared; the header gives that of columns and rows, which"
            " agrees, but not from which end the slices are counted",
        },
        {"letters": Term(_ORIENTATIONS)},
    ),
    "spacing_from_thickness": Kind(
        _WARNINGS,
        "SpacingBetweenSlices is missing; SliceThickness {thickness} mm, which is the pixel size, was used",
        {"thickness": _G},
    ),
    "spacing_conflict": Kind(
        _CONTRADICTIONS,
        "slices lie {found} mm apart by their positions and {stated} mm by SpacingBetweenSlices; the positions were"
        " used",
        {"found": Number(".2f"), "stated": Number(".2f")},
    ),
    "duplicate_slices": Kind(
        _WARNINGS,
        "{copies} slices had a copy with identical voxels; one of each was used",
        {"copies": _COUNT},
    ),
    "burned_in_text": Kind(
        _WARNINGS,
        "BurnedInAnnotation is YES in {marked} of {images} images: text may be part of the picture",
        {"marked": _COUNT, "images": _COUNT},
    ),
    "secondary_image": Kind(
        _WARNINGS,
        "{signs}: the image may have been processed or captured after the reconstruction",
        {
            "signs": Terms(
                frozenset(["ImageType is SECONDARY", *(f"ConversionType is {term}" for term in _CONVERSIONS)]),
                " and ",
            )
        },
    ),
    "modality_conflict": Kind(
        _CONTRADICTIONS,
        "Modality is {stated} and the SOP class that of {kind}; the SOP class was used",
        {
            "stated": _of(("PT", "NM")),
            "kind": _of(("PET", "Legacy Converted Enhanced PET", "Enhanced PET", "NM")),
        },
    ),
    "units_conflict": Kind(
        _CONTRADICTIONS,
        {
            "rescale_type": "Units is {units} and RescaleType {other}",
            "suv_type": "Units is CM2ML, in which SUV is by body surface, and SUVType {suv_type}; Units was used",
        },
        {
            "units": _of(_UNITS),
            "other": _of(_UNITS),
            "suv_type": _of(("BW", "LBM", "LBMJAMES128", "LBMJANMA", "IBW", "BSA")),
        },
    ),
    "duration_implausible": Kind(
        _CONTRADICTIONS,
        "a frame duration of {seconds} s is implausible; durations were not used",
        {"seconds": _G},
    ),
    "acquisition_times_differ": Kind(
        _CONTRADICTIONS,
        "AcquisitionDateTime and AcquisitionTime differ by {seconds} s; AcquisitionTime was used",
        {"seconds": _WHOLE},
    ),
    "values_clipped": Kind(
        "docs/dicom.md#scale",
        "{voxels} voxels share the largest value of their slice and fewer come close: values may be cut off at the top",
        {"voxels": _COUNT},
    ),
    "attenuation_conflict": Kind(
        _CONTRADICTIONS,
        "{corrected} says that attenuation was corrected, {uncorrected} that it was not; it is taken to be uncorrected",
        {"corrected": _ATTENUATION, "uncorrected": _ATTENUATION},
    ),
    "attenuation_uncorrected": Kind(
        _WARNINGS, "CorrectedImage does not list ATTN; only the contralateral ratio can be read"
    ),
    "suv_factor_conflict": Kind(
        _CONTRADICTIONS,
        "SUVbwFactor is {stated} in the JSON, but the other values give {found}; neither was used",
        {"stated": _G, "found": _G},
    ),
}

_OF_REGISTRATION: dict[Code, Kind] = {
    "anat_refused": Kind(
        "config/README.md#qctsv",
        "registered without the anatomical image, which was refused ({refusal}: {reason})",
        {"refusal": Text(), "reason": Text()},
    ),
    "brain_cut": Kind(
        "docs/methods.md#which-part-of-the-brain-is-in-view",
        "the field of view cuts the brain at the {sides}",
        {"sides": Terms(_CUT_SIDES, " and the ")},
    ),
    "lesion_mask_estimated": Kind(_REGISTRATION, "no scan was registered"),
    "lesion_mask_image_refused": Kind(_REGISTRATION, "the image the lesion was drawn on was refused"),
    "lesion_mask_outside": Kind(
        _REGISTRATION,
        "{found} mL of the {drawn} mL of the lesion mask reach the standard space",
        {"found": Number(".1f"), "drawn": Number(".1f")},
    ),
    "resolution_coarser": Kind(
        _RESOLUTION,
        "this scan has a resolution of {found} mm, coarser than the common {wanted} mm",
        {"found": Number(".1f"), "wanted": Number(".1f")},
    ),
    "resolution_unknown": Kind(
        _RESOLUTION,
        "the resolution of this scan is unknown ({reason}); it was measured as it is",
        {"reason": Text()},
    ),
    "partial_volume_condition": Kind(
        _PARTIAL_VOLUME,
        "the transfer matrix of this scan has a condition number of {found}, at most {limit} is corrected",
        {"found": _WHOLE, "limit": _WHOLE},
    ),
    "partial_volume_lesion": Kind(
        _PARTIAL_VOLUME, "no lesion mask was drawn; the infarct is the one that the registration saw"
    ),
    "partial_volume_resolution": Kind(
        _PARTIAL_VOLUME, "the resolution of this scan is unknown, so partial volume is not corrected"
    ),
    "partial_volume_view": Kind(
        _PARTIAL_VOLUME,
        "the region, or one that is joined with it, is out of view at one of this person's visits with the tracer; all"
        " are corrected with the parts that every visit shows",
    ),
    "uptake_pattern": Kind(
        "docs/methods.md#which-tracer",
        {
            "confirmed": "the regional uptake differs from the tracer's mean by {distance} times the usual spread"
            " between people, at most {usual} is usual: check attenuation correction and shading",
            "unconfirmed": "the regional uptake differs from the tracer's mean by {distance} times the usual spread"
            " between people, at most {usual} is usual: check the tracer in scans.tsv, which the header does not"
            " confirm, and attenuation correction and shading",
        },
        {"distance": Number(".1f"), "usual": _G},
    ),
}

_OF_TABLES: dict[Code, Kind] = {
    "attenuation_unknown": Kind(_FLAGS, "the sidecar does not say whether attenuation was corrected"),
    "benzodiazepine": Kind(
        _FLAGS,
        "the person was on benzodiazepines, which compete with iomazenil and lower glucose metabolism",
    ),
    "bilateral_stroke": Kind(
        _FLAGS,
        {
            "told": "participants.tsv says that the other hemisphere has an infarct, too",
            "mask": "{share} of the target on the other side lie in the lesion mask",
        },
        {"share": Number(".0%")},
    ),
    "cerebellum_asymmetry": Kind(
        _FLAGS,
        "left {left} and right {right} differ by {percent} %, the limit is {limit} %",
        {"left": Number(".4g"), "right": Number(".4g"), "percent": _WHOLE, "limit": _G},
    ),
    "cerebellum_infratentorial": Kind(
        _FLAGS, "the stroke is infratentorial, so either side of the cerebellum may be depressed"
    ),
    "denominator_too_small": Kind(
        _FLAGS,
        "the reference is {denominator}, the target {numerator}",
        {"denominator": Number(".3g"), "numerator": Number(".3g")},
    ),
    "crashed": Kind(
        _FLAGS,
        "the step {step} did not finish ({log} says why); run again",
        {"step": Text(), "log": Text()},
        sign_off="never",
        never_for="what is not done cannot be judged",
    ),
    "excluded": Kind(_FLAGS, "{reason}", {"reason": Text()}),
    "glucose_high": Kind(
        _FLAGS,
        "blood glucose was {glucose} mg/dL; above {limit} it competes with FDG",
        {"glucose": _G, "limit": _G},
    ),
    "reference_moved": Kind(
        _FLAGS,
        {
            "made": "the other side changed by {other} % over the ipsilesional cerebellum: more than half of the"
            " ratio's change of {ratio} % comes from it",
            "hidden": "the other side changed by {other} % over the ipsilesional cerebellum, in the same direction as"
            " the target: the ratio, which changed by {ratio} %, hides it",
        },
        {"other": Number("+.1f"), "ratio": Number("+.1f")},
    ),
    "laterality_disagree": Kind(
        _LATERALITY,
        {
            "scan": "the scan shows a lesion of {larger} mL on the {other} and of {smaller} mL on the {side},"
            " participants.tsv says {side}",
            "all_scans": "the scan shows a lesion of {larger} mL on the {other} and of {smaller} mL on the {side},"
            " participants.tsv says {side}; so does every scan of this participant: check lesion_side",
            "anatomy": "the anatomical image shows a lesion of {seen} mL on the {other}, participants.tsv says {side}:"
            " check lesion_side and whether the image is mirrored",
        },
        {"larger": _WHOLE, "smaller": _WHOLE, "seen": Number(".1f"), "other": _SIDES, "side": _SIDES},
        sign_off="with_witness",
    ),
    "laterality_mirrored": Kind(
        _LATERALITY,
        "left and right are exchanged compared with another scan of this participant",
        sign_off="never",
        never_for=_MIRRORED,
    ),
    "laterality_undetermined": Kind(
        _LATERALITY,
        "the deficit in the scan is too small, or too alike on both sides, to confirm the side of the lesion",
    ),
    "lesion_mask_side": Kind(
        _LATERALITY,
        "{share} of the lesion mask lies on the {other}, participants.tsv says {side}",
        {"share": Number(".0%"), "other": _SIDES, "side": _SIDES},
    ),
    "likeness_not_possible": Kind(
        _LATERALITY,
        "fewer than {fewest} paired regions are shared with another scan of this participant, so a mirrored scan"
        " would not be found",
        {"fewest": _COUNT},
    ),
    "low_coverage": Kind(
        _FLAGS,
        {
            "whole": "{share} of {region} is in view, {needed} is needed",
            "cut": "{share} of {region} is in view, {needed} is needed; the brain is cut at the {sides}",
        },
        {
            "share": Number(".0%"),
            "region": Text(),
            "needed": Number(".0%"),
            "sides": Terms(_CUT_SIDES, " and the "),
        },
        sign_off="never",
        never_for=_CUT,
    ),
    "no_attenuation_correction": Kind(
        _FLAGS, "only the two sides of the target may be compared, because they lie equally deep"
    ),
    "no_early_value": Kind(
        _FLAGS,
        {"no_scan": "no early scan ({tracer}) is listed", "no_ratio": "the early scan ({tracer}) gives no ratio"},
        {"tracer": Text()},
    ),
    "no_lesion_mask": Kind(_FLAGS, "no lesion mask is given"),
    "no_scan": Kind(_FLAGS, "no scan listed", has_no_code=True),
    "no_suv": Kind(_FLAGS, {"why": "{reason}", "no_factor": "the sidecar has no factor"}, {"reason": Text()}),
    "no_value": Kind(_FLAGS, "no value"),
    "no_volume": Kind(
        _FLAGS,
        {"region": "nothing of {region} is left to measure", "joined": "the region is empty"},
        {"region": Text()},
    ),
    "no_sample_size": Kind(
        _PLANNING,
        {
            "lower_bound": "a lower bound: an unchanged person varies more between visits",
            "no_noise": "no baseline whose noise is known: that takes two usable scans of a person with the tracer",
            "no_cv": "no within_subject_cv of this tracer is given",
            "no_change": "no wanted change is given",
            "too_many": "more than {most} people",
        },
        {"most": _COUNT},
    ),
    "partial_volume_noise": Kind(
        _PARTIAL_VOLUME, "a SPECT corrected for partial volume is too noisy for a change; this is a value alone"
    ),
    "percent_undefined": Kind(_FLAGS, "the baseline is not positive"),
    "repeatability_unknown": Kind(
        _FLAGS, "it is not known how much repeated scans of this person differ, so nothing is said of reliable change"
    ),
    "visit_order": Kind(
        _FLAGS,
        "days since treatment are {days} at {session} and {later_days} at {later_session}; are the two visits"
        " exchanged?",
        {"days": _G, "session": Text(), "later_days": _G, "later_session": Text()},
    ),
}

_OF_PROTOCOL: dict[Code, Kind] = {
    "attenuation_differs": _differs("attenuation correction"),
    "collimator_differs": _differs("collimator"),
    "energy_window_differs": _differs("energy windows"),
    "filter_differs": _differs("reconstruction filter"),
    "reconstruction_differs": _differs("reconstruction"),
    "scanner_differs": _differs("scanner"),
    "scatter_differs": _differs("scatter correction"),
    "voxel_size_differs": _differs("voxels"),
    "dose_differs": _too_far("the dose", "MBq", "% of their mean"),
    "duration_differs": _too_far("the duration of the scan", "s", "% of their mean"),
    "glucose_differs": _too_far("blood glucose", "mg/dL", "mg/dL"),
    "uptake_time_differs": _too_far("the time from injection to scan", "min", "min"),
    "benzodiazepine_differs": Kind(
        _PROTOCOL,
        "the person was on benzodiazepines at only one of this visit and {session}",
        {"found": _G, "reference": _G, "session": Text(), "limit": _G},
    ),
    "baseline_after_treatment": Kind(
        _PROTOCOL,
        "{session}, from which every change is counted, is {days} days after the treatment; are visits exchanged?",
        {"days": _G, "session": Text()},
    ),
    "uptake_time_unknown": Kind(
        _PROTOCOL,
        "the time from injection to scan is not known: give uptake_minutes or injection_time in scans.tsv",
    ),
    "uptake_window": Kind(
        _PROTOCOL,
        {
            "scan": "the scan began {minutes} min after the injection, the protocol needs {first} to {last} min",
            "table": "by scans.tsv the scan began {minutes} min after the injection, the protocol needs {first} to"
            " {last} min; the scan itself gives another time",
            "clocks": "the injection times of the scan and of scans.tsv are {minutes} min apart, so one of them puts"
            " the scan outside the {first} to {last} min that the protocol needs",
        },
        {"minutes": _G, "first": _G, "last": _G},
    ),
}

_RESTORE = "restore the table as it was signed, then sign a new line"

OF_READERS: frozenset[Code] = frozenset(("rated_doubt", "rated_bad"))
"""What readers say of a scan: it is shown with the scan, and changes neither a value nor what is said of one."""

_OF_DECISIONS: dict[Code, Kind] = {
    "qc_altered": Kind(
        _SIGN_OFF,
        {
            "chain": "line {line} of {table} may have been altered: the chain of signed lines is broken at line"
            " {broken}; restore the table",
            "elsewhere": "line {line} of {table} was signed in {signed_in}, not in this table; remove the copy, or give"
            " the table its name back",
            "log": "line {line} of {table} is not the one that was signed there; restore the table",
            "unchained": "line {line} of {table} was signed, and no longer says so; restore the table",
        },
        {"line": _COUNT, "broken": _COUNT, "table": Text(), "signed_in": Text()},
        sign_off="never",
        never_for=_RESTORE,
    ),
    "qc_changed": Kind(
        _SIGN_OFF,
        "decision {place} of {table}, which is not signed, is not the one that an earlier run has seen",
        {"place": _COUNT, "table": Text()},
    ),
    "qc_log_altered": Kind(
        _SIGN_OFF, "tables/decisions_log.tsv is not as it was written", sign_off="never", never_for=_RESTORE
    ),
    "qc_lost": Kind(
        _SIGN_OFF,
        {
            "absent": "decision {place} of {table} was signed, and the study has no such table; restore it, or name it"
            " in the config",
            "shorter": "decision {place} of {table} was signed, and the table holds only {found}; restore the table",
            "other": "decision {place} of {table} is no longer as it was signed; restore the table",
        },
        {"place": _COUNT, "table": Text(), "found": _COUNT},
        sign_off="never",
        never_for=_RESTORE,
    ),
    "qc_other_results": Kind(
        _SIGN_OFF,
        "the decision was made on other results: {parts} changed since then; look at the scan again",
        {"parts": Text()},
    ),
    "qc_unchained": Kind(_SIGN_OFF, "this line is not signed, so that it can be changed unseen"),
    "qc_unlogged": Kind(
        _SIGN_OFF,
        "line {line} of {table} has the form of a signed line, and the log holds no signature of it; restore the table"
        " or the log",
        {"line": _COUNT, "table": Text()},
        sign_off="never",
        never_for=_RESTORE,
    ),
    "exclusion_drafted": Kind(
        "docs/review.md#bad",
        "rated bad, which drafts an exclusion and takes nothing out; to confirm it: pet-spect sign --draft {table}",
        {"table": Text()},
    ),
    "rated_bad": Kind(
        "docs/review.md#bad", "{table} rates this scan bad: {reason}", {"table": Text(), "reason": Text()}
    ),
    "rated_doubt": Kind(
        "docs/review.md#doubt", "{table} rates this scan doubtful: {reason}", {"table": Text(), "reason": Text()}
    ),
    "readers_disagree": Kind(
        _SIGN_OFF,
        "{first} says {one}, {second} says {other}, and no consensus settles it",
        {"first": Text(), "one": Text(), "second": Text(), "other": Text()},
    ),
}

_OF_SURROUNDINGS: dict[Code, Kind] = {
    "lesion_estimated": Kind(
        _SURROUNDINGS,
        "no lesion mask is given; the rings lie round the {seen} mL that the registration saw on the {side}: look at"
        " the estimate",
        {"seen": Number(".1f"), "side": _SIDES},
    ),
    "lesion_larger": Kind(
        _SURROUNDINGS,
        "the scan shows a lesion of {later} mL on the {side}, the scan of {session} one of {first} mL",
        {"later": _WHOLE, "first": _WHOLE, "side": _SIDES, "session": Text()},
    ),
    "mirror_in_lesion": Kind(
        _SURROUNDINGS,
        "{share} of the mirror image of the treatment site lie in the lesion",
        {"share": Number(".0%")},
    ),
    "no_lesion": Kind(
        _SURROUNDINGS,
        {
            "mask": "the lesion mask has no voxel on the {side}",
            "seen": "no lesion mask is given, and what the registration saw, {seen} mL on the {side} and {other} mL on"
            " the other side, is not clear enough: at least {needed} mL on the {side}, and {share} of all, are needed",
        },
        {
            "side": _SIDES,
            "seen": Number(".1f"),
            "other": Number(".1f"),
            "needed": _G,
            "share": Number(".0%"),
        },
    ),
    "no_treatment_site": Kind(_SURROUNDINGS, "participants.tsv gives no treatment site for this person"),
    "treatment_both_sides": Kind(
        _SURROUNDINGS, "there are treatment sites on both sides, so that there is no untreated mirror image"
    ),
    "treatment_image_refused": Kind(
        _SURROUNDINGS, "the image in whose space the treatment is given was refused or was not registered"
    ),
    "treatment_mask": Kind(_SURROUNDINGS, "{reason}", {"reason": Text()}),
    "treatment_other_side": Kind(
        _SURROUNDINGS, "the treatment site lies on the {side}, the side without the stroke", {"side": _SIDES}
    ),
    "treatment_outside": Kind(
        _SURROUNDINGS,
        {
            "point": "point {number} of treatment_sites lies outside the brain",
            "midline": "point {number} of treatment_sites lies on the midline, so it has no side",
            "mask": "the treatment mask lies outside the brain",
        },
        {"number": _COUNT},
    ),
}

_OF_OUTCOMES: dict[Code, Kind] = {
    "outcome_no_estimate": Kind(
        _OUTCOMES,
        {"one": "no estimate: 1 participant", "several": "no estimate: {people} participants"},
        {"people": _COUNT},
    ),
    "outcome_no_interval": Kind(_OUTCOMES, "no interval: all values are equal"),
    "outcome_no_variation": Kind(_OUTCOMES, "no correlation: one of the two changes is the same in everybody"),
}

CATALOGUE: Mapping[Code, Kind] = MappingProxyType(
    _OF_ERRORS
    | _OF_CONVERT
    | _OF_REGISTRATION
    | _OF_TABLES
    | _OF_PROTOCOL
    | _OF_SURROUNDINGS
    | _OF_OUTCOMES
    | _OF_DECISIONS
)
"""What is known of every code."""

WARNINGS_OF_CONVERT: frozenset[Code] = frozenset(_OF_CONVERT)
"""Codes of the warnings that a sidecar may hold. None of their fields is free text, so they can be read again."""
