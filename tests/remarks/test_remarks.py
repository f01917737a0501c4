"""The catalogue of remarks: every wording, and how remarks are written and read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect import remarks
from pet_spect.dicom.facts.pictures import CONVERSIONS
from pet_spect.dicom.objects.header import SOP_CLASSES
from pet_spect.dicom.pet.suv import SUV_UNITS, UNITS
from pet_spect.registration.placement.attempt import OF_TWO_SCANS, OPENED
from pet_spect.registration.placement.field_of_view import FACES
from pet_spect.remarks import (
    BY_EYE,
    EARLIER,
    NEVER,
    WITH_WITNESS,
    Remark,
    codes_in,
    join_visits,
    known_code,
    read_cell,
    read_remark,
    recall_warnings,
    write_cell,
    write_remark,
)
from pet_spect.remarks.catalogue import CASE, CATALOGUE, WARNINGS_OF_CONVERT, Code, Text

_HEADER = {"source": "header"}
WORDINGS = [
    ("weight_conflict", {"stated": 70, "declared": 85.5, "source": "JSON"},
     "weight is 70 kg in the JSON and 85.5 kg in the tables; the JSON was used"),
    ("height_conflict", {"stated": 1.75, "declared": 1.6} | _HEADER,
     "height is 1.75 m in the header and 1.6 m in the tables; the header was used"),
    ("dose_conflict", {"stated": 350, "declared": 300} | _HEADER,
     "dose is 350 MBq in the header and 300 MBq in the tables; the header was used"),
    ("sex_conflict", {"stated": "M", "declared": "F"} | _HEADER,
     "sex is M in the header and F in the tables; the header was used"),
    ("injection_time_conflict", {"minutes": 15.2} | _HEADER,
     "the injection times in header and tables are 15 min apart; the header was used"),
    ("injection_implausible", {"minutes": -30} | _HEADER,
     "injection -30 min before the scan is implausible in the header; the time of the tables was used"),
    ("declared_times_differ", {"minutes": 12},
     "injection_time and uptake_minutes of the tables are 12 min apart; injection_time was used"),
    ("injection_time_unchecked", {"case": "time_of_day"},
     "the scan has no time of day, so the declared injection time could not be checked"),
    ("injection_time_unchecked", {"case": "start"},
     "the scan does not say when it began, so the declared uptake time could not be checked"),
    ("injection_times_differ", {},
     "the dated and the dateless injection time of the header differ; the dated one was used"),
    ("injection_date_replaced", {}, "the date of the injection is not that of the scan; its time of day was used"),
    ("tracer_name_unknown", {}, "the radiopharmaceutical has a name that this version does not know"),
    ("weight_in_grams", {"weight": 70000}, "weight 70000 was taken to be grams"),
    ("weight_implausible", {"weight": 0.5} | _HEADER, "weight 0.5 kg in the header was not used"),
    ("weight_unusual", {"weight": 7, "low": 20, "high": 300} | _HEADER,
     "weight 7 kg in the header is not that of an adult (20 to 300 kg); it was used"),
    ("height_implausible", {"height": 175} | _HEADER, "height 175 m in the header was not used"),
    ("dose_implausible", {"case": "no_unit", "dose": 50000, "where": "JSON"},
     "dose 50000 in the JSON is neither Bq nor MBq and was not used"),
    ("dose_implausible", {"case": "range", "dose": 5, "where": "tables", "low": 20, "high": 2000},
     "dose 5 MBq in the tables is not between 20 and 2000 MBq and was not used"),
    ("dose_unit_missing", {"dose": 3.5e8, "unit": "Bq"},
     "InjectedRadioactivity 3.5e+08 in the JSON has no unit and was taken to be Bq"),
    ("dose_unit_unknown", {},
     "InjectedRadioactivityUnits in the JSON is no unit of activity (MBq, mCi); the dose was not used"),
    ("weight_unreadable", {"key": "PatientWeight"} | _HEADER,
     "PatientWeight in the header is no number and was not used"),
    ("height_unreadable", {"key": "PatientSize"} | _HEADER,
     "PatientSize in the header is no number and was not used"),
    ("dose_unreadable", {"key": "RadionuclideTotalDose"} | _HEADER,
     "RadionuclideTotalDose in the header is no number and was not used"),
    ("half_life_unreadable", {"key": "RadionuclideHalfLife", "source": "JSON"},
     "RadionuclideHalfLife in the JSON is no number and was not used"),
    ("time_unreadable", {"key": "ScanStart", "source": "JSON"},
     "ScanStart in the JSON is no number and was not used"),
    ("factor_unreadable", {"key": "DecayFactor", "source": "JSON"},
     "DecayFactor in the JSON is no number and was not used"),
    ("half_life_conflict", {"stated": 47604, "nuclide": "F18", "known": 6586.2} | _HEADER,
     "half-life 47604 s in the header is not that of F18 (6586.2 s)"),
    ("frame_window_missed", {"begin": 60, "end": 65, "first": 20, "last": 30},
     "the scan is static, from 60 to 65 min after injection; the frame window is 20 to 30 min"),
    ("decay_factor_conflict", {"case": "time", "factor": 1.25, "reference": "series time"},
     "DecayFactor 1.25 contradicts the time of decay correction (series time)"),
    ("decay_factor_conflict", {"case": "none", "factor": 1.25},
     "DecayCorrection is NONE and DecayFactor 1.25, which says that decay was corrected"),
    ("reference_time_conflict", {"seconds": 600, "reference": "series time"},
     "FrameReferenceTime puts the time of decay correction 600 s after the one used (series time)"),
    *((f"{count}_{what}_than_stated", {"found": 4, "stated": 47}, f"4 {words} were found, the header says 47")
      for count in ("fewer", "more") for what, words in (("slices", "slices"), ("frames", "time frames"))),
    ("orientation_declared", {"case": "none", "letters": "LPS"},
     "the orientation LPS is declared; the header gives none"),
    ("orientation_declared", {"case": "in_plane", "letters": "LPS"},
     "the orientation LPS is declared; the header gives that of columns and rows, which agrees, but not from which end"
     " the slices are counted"),
    ("spacing_from_thickness", {"thickness": 3.3},
     "SpacingBetweenSlices is missing; SliceThickness 3.3 mm, which is the pixel size, was used"),
    ("spacing_conflict", {"found": 3, "stated": 4.5},
     "slices lie 3.00 mm apart by their positions and 4.50 mm by SpacingBetweenSlices; the positions were used"),
    ("duplicate_slices", {"copies": 2},
     "2 slices had a copy with identical voxels; one of each was used"),
    ("burned_in_text", {"marked": 1, "images": 47},
     "BurnedInAnnotation is YES in 1 of 47 images: text may be part of the picture"),
    ("secondary_image", {"signs": ["ConversionType is WSD", "ImageType is SECONDARY"]},
     "ConversionType is WSD and ImageType is SECONDARY: the image may have been processed or captured after"
     " the reconstruction"),
    ("modality_conflict", {"stated": "NM", "kind": "Enhanced PET"},
     "Modality is NM and the SOP class that of Enhanced PET; the SOP class was used"),
    ("units_conflict", {"case": "rescale_type", "units": "BQML", "other": "CNTS"},
     "Units is BQML and RescaleType CNTS"),
    ("units_conflict", {"case": "suv_type", "suv_type": "LBM"},
     "Units is CM2ML, in which SUV is by body surface, and SUVType LBM; Units was used"),
    ("duration_implausible", {"seconds": 0.3},
     "a frame duration of 0.3 s is implausible; durations were not used"),
    ("acquisition_times_differ", {"seconds": 3600},
     "AcquisitionDateTime and AcquisitionTime differ by 3600 s; AcquisitionTime was used"),
    ("values_clipped", {"voxels": 1234567},
     "1234567 voxels share the largest value of their slice and fewer come close: values may be cut off at the top"),
    ("attenuation_conflict", {"corrected": "CorrectedImage", "uncorrected": "AttenuationCorrectionMethod"},
     "CorrectedImage says that attenuation was corrected, AttenuationCorrectionMethod that it was not; it is taken to"
     " be uncorrected"),
    ("attenuation_uncorrected", {}, "CorrectedImage does not list ATTN; only the contralateral ratio can be read"),
    ("suv_factor_conflict", {"stated": 2e-4, "found": 1e-4},
     "SUVbwFactor is 0.0002 in the JSON, but the other values give 0.0001; neither was used"),
    ("anat_refused", {"refusal": "anat_thick", "reason": "6 mm"},
     "registered without the anatomical image, which was refused (anat_thick: 6 mm)"),
    ("brain_cut", {"sides": ["top", "left side"]}, "the field of view cuts the brain at the top and the left side"),
    ("lesion_mask_estimated", {}, "no scan was registered"),
    ("lesion_mask_image_refused", {}, "the image the lesion was drawn on was refused"),
    ("lesion_mask_outside", {"found": 1.23, "drawn": 12},
     "1.2 mL of the 12.0 mL of the lesion mask reach the standard space"),
    ("partial_volume_condition", {"found": 4321.4, "limit": 1000},
     "the transfer matrix of this scan has a condition number of 4321, at most 1000 is corrected"),
    ("partial_volume_lesion", {}, "no lesion mask was drawn; the infarct is the one that the registration saw"),
    ("partial_volume_noise", {},
     "a SPECT corrected for partial volume is too noisy for a change; this is a value alone"),
    ("partial_volume_view", {},
     "the region, or one that is joined with it, is out of view at one of this person's visits with the tracer; all are"
     " corrected with the parts that every visit shows"),
    ("partial_volume_resolution", {},
     "the resolution of this scan is unknown, so partial volume is not corrected"),
    ("resolution_coarser", {"found": 8, "wanted": 7},
     "this scan has a resolution of 8.0 mm, coarser than the common 7.0 mm"),
    ("resolution_unknown", {"reason": "it is finer than 2 mm"},
     "the resolution of this scan is unknown (it is finer than 2 mm); it was measured as it is"),
    ("uptake_pattern", {"case": "confirmed", "distance": 4.12, "usual": 3.5},
     "the regional uptake differs from the tracer's mean by 4.1 times the usual spread between people, at most 3.5 is"
     " usual: check attenuation correction and shading"),
    ("uptake_pattern", {"case": "unconfirmed", "distance": 4.12, "usual": 3.5},
     "the regional uptake differs from the tracer's mean by 4.1 times the usual spread between people, at most 3.5 is"
     " usual: check the tracer in scans.tsv, which the header does not confirm, and attenuation correction and"
     " shading"),
    ("attenuation_unknown", {}, "the sidecar does not say whether attenuation was corrected"),
    ("benzodiazepine", {},
     "the person was on benzodiazepines, which compete with iomazenil and lower glucose metabolism"),
    ("bilateral_stroke", {"case": "told"}, "participants.tsv says that the other hemisphere has an infarct, too"),
    ("bilateral_stroke", {"case": "mask", "share": 0.25},
     "25% of the target on the other side lie in the lesion mask"),
    ("cerebellum_asymmetry", {"left": 10000.4, "right": 8.4, "percent": 17.4, "limit": 17.5},
     "left 1e+04 and right 8.4 differ by 17 %, the limit is 17.5 %"),
    ("cerebellum_infratentorial", {},
     "the stroke is infratentorial, so either side of the cerebellum may be depressed"),
    ("denominator_too_small", {"denominator": 0.05, "numerator": 60.04}, "the reference is 0.05, the target 60"),
    ("crashed", {"step": "measure", "log": "logs/measure/sub-01.log"},
     "the step measure did not finish (logs/measure/sub-01.log says why); run again"),
    ("excluded", {"reason": "moved"}, "moved"),
    ("glucose_high", {"glucose": 180.5, "limit": 160},
     "blood glucose was 180.5 mg/dL; above 160 it competes with FDG"),
    ("reference_moved", {"case": "made", "other": -6.04, "ratio": 5.96},
     "the other side changed by -6.0 % over the ipsilesional cerebellum: more than half of the ratio's change of +6.0 %"
     " comes from it"),
    ("reference_moved", {"case": "hidden", "other": 6.04, "ratio": 5.96},
     "the other side changed by +6.0 % over the ipsilesional cerebellum, in the same direction as the target: the"
     " ratio, which changed by +6.0 %, hides it"),
    ("laterality_disagree", {"case": "scan", "larger": 30, "smaller": 2, "other": "right", "side": "left"},
     "the scan shows a lesion of 30 mL on the right and of 2 mL on the left, participants.tsv says left"),
    ("laterality_disagree", {"case": "all_scans", "larger": 30, "smaller": 2, "other": "right", "side": "left"},
     "the scan shows a lesion of 30 mL on the right and of 2 mL on the left, participants.tsv says left; so does every"
     " scan of this participant: check lesion_side"),
    ("laterality_disagree", {"case": "anatomy", "seen": 15, "other": "right", "side": "left"},
     "the anatomical image shows a lesion of 15.0 mL on the right, participants.tsv says left: check lesion_side and"
     " whether the image is mirrored"),
    ("laterality_mirrored", {}, "left and right are exchanged compared with another scan of this participant"),
    (
        "laterality_undetermined",
        {},
        "the deficit in the scan is too small, or too alike on both sides, to confirm the side of the lesion",
    ),
    ("lesion_mask_side", {"share": 0.666, "other": "right", "side": "left"},
     "67% of the lesion mask lies on the right, participants.tsv says left"),
    ("likeness_not_possible", {"fewest": 5},
     "fewer than 5 paired regions are shared with another scan of this participant, so a mirrored scan would not be"
     " found"),
    ("low_coverage", {"case": "whole", "share": 0.503, "region": "motor left", "needed": 0.9},
     "50% of motor left is in view, 90% is needed"),
    ("low_coverage", {"case": "cut", "share": 0.5, "region": "motor", "needed": 0.9, "sides": ["top", "front"]},
     "50% of motor is in view, 90% is needed; the brain is cut at the top and the front"),
    ("no_attenuation_correction", {},
     "only the two sides of the target may be compared, because they lie equally deep"),
    ("no_early_value", {"case": "no_scan", "tracer": "IMZearly"}, "no early scan (IMZearly) is listed"),
    ("no_early_value", {"case": "no_ratio", "tracer": "IMZearly"}, "the early scan (IMZearly) gives no ratio"),
    ("no_lesion_mask", {}, "no lesion mask is given"),
    ("no_scan", {}, "no scan listed"),
    ("no_suv", {"case": "why", "reason": "injected dose is missing"}, "injected dose is missing"),
    ("no_suv", {"case": "no_factor"}, "the sidecar has no factor"),
    ("no_value", {}, "no value"),
    ("no_volume", {"case": "region", "region": "motor_lesionfree"}, "nothing of motor_lesionfree is left to measure"),
    ("no_volume", {"case": "joined"}, "the region is empty"),
    ("no_sample_size", {"case": "lower_bound"}, "a lower bound: an unchanged person varies more between visits"),
    ("no_sample_size", {"case": "no_noise"},
     "no baseline whose noise is known: that takes two usable scans of a person with the tracer"),
    ("no_sample_size", {"case": "no_cv"}, "no within_subject_cv of this tracer is given"),
    ("no_sample_size", {"case": "no_change"}, "no wanted change is given"),
    ("no_sample_size", {"case": "too_many", "most": 100000}, "more than 100000 people"),
    ("percent_undefined", {}, "the baseline is not positive"),
    ("repeatability_unknown", {},
     "it is not known how much repeated scans of this person differ, so nothing is said of reliable change"),
    ("visit_order", {"days": 365, "session": "baseline", "later_days": -5, "later_session": "year1"},
     "days since treatment are 365 at baseline and -5 at year1; are the two visits exchanged?"),
    *((code, {"found": "a", "session": "baseline", "reference": "b"}, f"{what}: a; at baseline: b") for code, what in (
        ("attenuation_differs", "attenuation correction"), ("collimator_differs", "collimator"),
        ("energy_window_differs", "energy windows"), ("filter_differs", "reconstruction filter"),
        ("reconstruction_differs", "reconstruction"), ("scanner_differs", "scanner"),
        ("scatter_differs", "scatter correction"), ("voxel_size_differs", "voxels"))),
    *((code, {"found": 2, "session": "baseline", "reference": 1, "limit": 3}, text) for code, text in (
        ("dose_differs", "the dose is 2 MBq, at baseline it was 1 MBq; the limit is 3 % of their mean"),
        ("duration_differs",
         "the duration of the scan is 2 s, at baseline it was 1 s; the limit is 3 % of their mean"),
        ("glucose_differs", "blood glucose is 2 mg/dL, at baseline it was 1 mg/dL; the limit is 3 mg/dL"),
        ("uptake_time_differs",
         "the time from injection to scan is 2 min, at baseline it was 1 min; the limit is 3 min"),
        ("benzodiazepine_differs", "the person was on benzodiazepines at only one of this visit and baseline"))),
    ("baseline_after_treatment", {"days": 365, "session": "baseline"},
     "baseline, from which every change is counted, is 365 days after the treatment; are visits exchanged?"),
    ("uptake_time_unknown", {},
     "the time from injection to scan is not known: give uptake_minutes or injection_time in scans.tsv"),
    ("uptake_window", {"case": "scan", "minutes": 20, "first": 165, "last": 225},
     "the scan began 20 min after the injection, the protocol needs 165 to 225 min"),
    ("uptake_window", {"case": "table", "minutes": 20, "first": 165, "last": 225},
     "by scans.tsv the scan began 20 min after the injection, the protocol needs 165 to 225 min; the scan itself gives"
     " another time"),
    ("uptake_window", {"case": "clocks", "minutes": 150, "first": 165, "last": 225},
     "the injection times of the scan and of scans.tsv are 150 min apart, so one of them puts the scan outside the 165"
     " to 225 min that the protocol needs"),
    ("lesion_estimated", {"seen": 21.71, "side": "left"},
     "no lesion mask is given; the rings lie round the 21.7 mL that the registration saw on the left: look at the"
     " estimate"),
    ("lesion_larger", {"later": 41.2, "first": 20, "side": "left", "session": "baseline"},
     "the scan shows a lesion of 41 mL on the left, the scan of baseline one of 20 mL"),
    ("mirror_in_lesion", {"share": 0.4}, "40% of the mirror image of the treatment site lie in the lesion"),
    ("no_lesion", {"case": "mask", "side": "left"}, "the lesion mask has no voxel on the left"),
    ("no_lesion", {"case": "seen", "seen": 3.57, "other": 0, "side": "left", "needed": 10.0, "share": 0.75},
     "no lesion mask is given, and what the registration saw, 3.6 mL on the left and 0.0 mL on the other side, is not"
     " clear enough: at least 10 mL on the left, and 75% of all, are needed"),
    ("outcome_no_estimate", {"case": "one"}, "no estimate: 1 participant"),
    ("outcome_no_estimate", {"case": "several", "people": 2}, "no estimate: 2 participants"),
    ("outcome_no_interval", {}, "no interval: all values are equal"),
    ("outcome_no_variation", {}, "no correlation: one of the two changes is the same in everybody"),
    ("no_treatment_site", {}, "participants.tsv gives no treatment site for this person"),
    ("treatment_both_sides", {},
     "there are treatment sites on both sides, so that there is no untreated mirror image"),
    ("treatment_image_refused", {},
     "the image in whose space the treatment is given was refused or was not registered"),
    ("treatment_mask", {"reason": "the treatment mask of sub-01: is empty"}, "the treatment mask of sub-01: is empty"),
    ("treatment_other_side", {"side": "right"},
     "the treatment site lies on the right, the side without the stroke"),
    ("treatment_outside", {"case": "point", "number": 2}, "point 2 of treatment_sites lies outside the brain"),
    ("treatment_outside", {"case": "midline", "number": 1},
     "point 1 of treatment_sites lies on the midline, so it has no side"),
    ("treatment_outside", {"case": "mask"}, "the treatment mask lies outside the brain"),
    ("qc_altered", {"case": "chain", "line": 2, "broken": 3, "table": "qc.tsv"},
     "line 2 of qc.tsv may have been altered: the chain of signed lines is broken at line 3; restore the table"),
    ("qc_altered", {"case": "elsewhere", "line": 2, "table": "b.tsv", "signed_in": "a.tsv"},
     "line 2 of b.tsv was signed in a.tsv, not in this table; remove the copy, or give the table its name back"),
    ("qc_altered", {"case": "log", "line": 2, "table": "qc.tsv"},
     "line 2 of qc.tsv is not the one that was signed there; restore the table"),
    ("qc_altered", {"case": "unchained", "line": 2, "table": "qc.tsv"},
     "line 2 of qc.tsv was signed, and no longer says so; restore the table"),
    ("qc_changed", {"place": 1, "table": "qc.tsv"},
     "decision 1 of qc.tsv, which is not signed, is not the one that an earlier run has seen"),
    ("qc_log_altered", {}, "tables/decisions_log.tsv is not as it was written"),
    ("qc_lost", {"case": "absent", "place": 1, "table": "qc.tsv", "found": 0},
     "decision 1 of qc.tsv was signed, and the study has no such table; restore it, or name it in the config"),
    ("qc_lost", {"case": "shorter", "place": 3, "table": "qc.tsv", "found": 2},
     "decision 3 of qc.tsv was signed, and the table holds only 2; restore the table"),
    ("qc_lost", {"case": "other", "place": 3, "table": "qc.tsv", "found": 4},
     "decision 3 of qc.tsv is no longer as it was signed; restore the table"),
    ("qc_other_results", {"parts": "the image and the uptake"},
     "the decision was made on other results: the image and the uptake changed since then; look at the scan again"),
    ("qc_unchained", {}, "this line is not signed, so that it can be changed unseen"),
    ("qc_unlogged", {"line": 2, "table": "qc.tsv"},
     "line 2 of qc.tsv has the form of a signed line, and the log holds no signature of it; restore the table or the"
     " log"),
    ("exclusion_drafted", {"table": "a.tsv"},
     "rated bad, which drafts an exclusion and takes nothing out; to confirm it: pet-spect sign --draft a.tsv"),
    ("rated_bad", {"table": "a.tsv", "reason": "moved"}, "a.tsv rates this scan bad: moved"),
    ("rated_doubt", {"table": "a.tsv", "reason": "moved"}, "a.tsv rates this scan doubtful: moved"),
    ("readers_disagree", {"first": "a.tsv", "one": "exclude", "second": "b.tsv", "other": "none"},
     "a.tsv says exclude, b.tsv says none, and no consensus settles it"),
]  # fmt: skip
"""A remark of every wording, and its whole text."""

EACH = [Remark.of(code, **fields) for code, fields, _ in WORDINGS]


@pytest.mark.parametrize(("code", "fields", "text"), WORDINGS)
def test_every_wording(code, fields, text):
    assert Remark.of(code, **fields).text == text


def test_every_wording_of_the_catalogue_is_tested_above():
    cases = {
        (code, case)
        for code, kind in CATALOGUE.items()
        if kind.wording is not None
        for case in ([None] if isinstance(kind.wording, str) else kind.wording)
    }
    assert {(code, fields.get(CASE)) for code, fields, _ in WORDINGS} == cases


def test_the_type_of_codes_and_the_catalogue_are_one():
    assert set(get_args(Code)) == CATALOGUE.keys()
    assert len(get_args(Code)) == len(set(get_args(Code)))


def test_a_field_takes_every_term_that_the_program_has_for_it():
    def terms(code, name):
        return CATALOGUE[code].fields[name].words

    assert terms("units_conflict", "units") == UNITS.keys()
    assert terms("units_conflict", "suv_type") == SUV_UNITS.keys()
    assert terms("modality_conflict", "kind") == set(SOP_CLASSES.values())
    assert terms("secondary_image", "signs") == {
        "ImageType is SECONDARY",
        *(f"ConversionType is {term}" for term in CONVERSIONS),
    }
    assert terms("brain_cut", "sides") == {face for faces in FACES for face in faces}
    assert len(terms("orientation_declared", "letters")) == 48


def test_a_field_that_the_code_does_not_have_is_a_bug():
    with pytest.raises(KeyError):
        Remark.of("weight_in_grams", height=2)


# --- JSON


def through_json(remark):
    return json.loads(json.dumps(write_remark(remark), allow_nan=False))


@pytest.mark.parametrize("remark", EACH, ids=lambda remark: remark.code)
def test_a_remark_is_read_from_json_by_code_and_fields_whatever_its_reason_says(remark):
    told = through_json(remark)
    assert read_remark(told) == remark
    assert read_remark(told | {"Reason": "Doe"}).text == remark.text


def test_the_words_of_an_error_are_kept():
    error = Remark.said("gate_overlap", "overlap is 0.66")
    assert read_remark(through_json(error)) == error
    assert read_remark({"Code": "gate_of_tomorrow", "Reason": "told"}) == Remark.said("error", "told")


@pytest.mark.parametrize("fields", [None, {}, [], {"weight": "Doe"}, {"weight": 7, "who": "Doe"}, {"case": "Doe"}])
def test_fields_that_the_catalogue_does_not_admit_leave_the_words(fields):
    told = {"Code": "weight_in_grams", "Fields": fields, "Reason": "weight 7"}
    assert read_remark(told) == Remark.said("weight_in_grams", "weight 7")
    assert recall_warnings([told]) == [Remark.said("weight_in_grams", EARLIER)]


@pytest.mark.parametrize("remark", [one for one in EACH if one.code in WARNINGS_OF_CONVERT], ids=lambda one: one.code)
def test_a_warning_of_convert_survives_any_number_of_conversions_and_takes_no_word_from_outside(remark):
    told = through_json(remark)
    assert recall_warnings([told, {**told, "Reason": "CANARY"}]) == [remark, remark]
    for name in told["Fields"]:
        for foreign in ("CANARY", ["CANARY"], {"CANARY": 1}, 1e300, True, None):
            (recalled,) = recall_warnings([told | {"Fields": told["Fields"] | {name: foreign}}])
            assert recalled == Remark.said(remark.code, EARLIER)
    (earlier,) = recall_warnings([{"Code": remark.code, "Reason": "CANARY"}])
    assert recall_warnings([through_json(earlier)]) == [earlier] == [Remark.said(remark.code, EARLIER)]


def test_no_warning_of_convert_holds_free_text_or_concerns_another_step():
    fields = [field for code in WARNINGS_OF_CONVERT for field in CATALOGUE[code].fields.values()]
    assert not any(isinstance(field, Text) for field in fields)
    others = [through_json(one) for one in EACH if one.code not in WARNINGS_OF_CONVERT]
    assert recall_warnings([*others, {"Code": "CANARY"}, {"Code": ["no_suv"]}, "CANARY", None]) == []
    assert recall_warnings("CANARY") == []


# --- tables


@pytest.mark.parametrize("remark", EACH, ids=lambda remark: remark.code)
def test_a_cell_is_read_by_its_codes(remark):
    others = [] if remark.code == "no_scan" else [Remark.said("gate_scale", "1.9; at most 1.35")]
    told = [remark, *others]
    assert [(one.code, one.text) for one in read_cell(write_cell(told))] == [(one.code, one.text) for one in told]


def test_a_cell_says_each_remark_once():
    assert write_cell([Remark.of("no_value"), None, Remark.of("no_value")]) == "no_value: no value"
    assert (write_cell([]), read_cell("")) == ("", ())


words = st.lists(st.sampled_from([*CATALOGUE, "; ", ": ", ";", ":", " ", "no scan listed", "x", "baseline"])).map(
    "".join
)


@given(st.lists(st.builds(Remark.said, st.sampled_from(sorted(CATALOGUE.keys() - {"no_scan"})), words)))
def test_no_text_begins_a_remark_of_its_own(told):
    cell = write_cell(told)
    assert [remark.code for remark in read_cell(cell)] == [
        line.partition(": ")[0] for line in dict.fromkeys(write_cell([one]) for one in told)
    ]
    assert write_cell(read_cell(cell)) == cell


def test_two_blanks_hide_no_second_remark():
    cell = write_cell([Remark.said("excluded", "moved;  cerebellum_infratentorial: no")])
    assert [remark.code for remark in read_cell(" ".join(cell.split()))] == ["excluded"]


@pytest.mark.parametrize("weight", [10**400, float("nan"), float("inf"), True, "70000"])
def test_a_number_that_none_could_weigh_is_not_believed(weight):
    (warning,) = recall_warnings([{"Code": "weight_in_grams", "Fields": {"weight": weight}, "Reason": "x"}])
    assert warning.text == EARLIER


def test_codes_are_found_behind_the_names_of_visits():
    both = join_visits({"baseline": "no scan listed", "year1": "no_suv: none; no_value: none"})
    assert both == "baseline: no scan listed; year1: no_suv: none; no_value: none"
    assert codes_in(both) == {"no_suv", "no_value"}
    assert codes_in("excluded: low_coverage: looks cut") == {"excluded"}
    assert codes_in("n/a") == set()


def test_doubts_about_what_an_suv_alone_depends_on():
    alone = {code for code, kind in CATALOGUE.items() if kind.suv_only}
    body = {f"{what}_{fault}" for what in ("weight", "height") for fault in ("conflict", "implausible", "unreadable")}
    body |= {"weight_in_grams", "weight_unusual", "sex_conflict"}
    dose = {f"dose_{fault}" for fault in ("conflict", "implausible", "unreadable", "unit_missing", "unit_unknown")}
    assert alone == body | dose | {"injection_date_replaced", "reference_time_conflict"}


# --- qc.tsv


def test_a_code_has_one_rule():
    assert not BY_EYE & NEVER
    assert not WITH_WITNESS & NEVER
    assert not BY_EYE & WITH_WITNESS
    assert {code for code, kind in CATALOGUE.items() if kind.never_for} == NEVER


def test_registration_knows_how_to_let_through_every_code_that_an_eye_can_judge():
    assert OPENED.keys() | OF_TWO_SCANS == BY_EYE


def test_a_code_of_a_file_is_one_of_the_catalogue_or_the_unknown_one():
    assert [known_code(told) for told in ("gate_scale", "Doe", None, ["gate_scale"])] == [
        "gate_scale",
        "error",
        "error",
        "error",
    ]


def test_a_rewritten_wording_changes_text_alone(monkeypatch):
    rewritten = {code: replace(kind, wording="x") for code, kind in CATALOGUE.items()}
    before = through_json(Remark.of("weight_in_grams", weight=70000))
    monkeypatch.setattr(remarks, "CATALOGUE", rewritten)
    assert through_json(Remark.of("weight_in_grams", weight=70000)) == before | {"Reason": "x"}
    assert read_remark(before) == Remark.of("weight_in_grams", weight=70000)
