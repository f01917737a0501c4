"""The data dictionaries of the result tables: every column, in its order, with its unit and its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pet_spect.quantify.references import BUILT_IN, Reference
from pet_spect.results.tables.summary_table import STATISTICS

Columns = Mapping[str, Mapping[str, Any]]

_PARTICIPANT = {"Description": "Participant, as in participants.tsv."}
_SESSION = {"Description": "Visit, as in scans.tsv."}
_FOLLOW_UP = {"Description": "The later visit; the change is taken from the first session of the study to it."}
_TRACER = {"Description": "Tracer, as in scans.tsv."}
_SCAN_UNIT = "the scan's own unit"
_RATIO_UNIT = "1; percent for asymmetry_index_percent; g/mL (SUVbw) for suv_mean"

_TARGET = {
    "Description": "Target region of the atlas; _lesionfree leaves out the voxels of the lesion mask; _contralesional"
    " is the target on the other side, to see on which side a change lies; _gtm is the target corrected for partial"
    " volume, over a reference that is corrected, too. Where asked for, lesion_ring_0_10 and lesion_ring_10_20, the"
    " tissue so many mm from the lesion, and treatment_site, where the treatment was given; _mirrored is the mirror"
    " image of one of these.",
}
_MEASURE = {
    "Description": "What is computed of the target, on the side of the stroke unless its name ends in _contralesional"
    " or _mirrored; of treatment_site on the side where it lies.",
    "Levels": {
        "uptake_ratio": "numerator / denominator",
        "ratio_minus_one": "numerator / denominator - 1; for IMZ and pons a proxy of the binding potential",
        "asymmetry_index_percent": "200 · (ipsilateral - contralateral) / (ipsilateral + contralateral); negative is a"
        " deficit on the side of the stroke",
        "suv_mean": "mean SUV, body weight",
        "late_early_ratio": "uptake_ratio of the late scan / uptake_ratio of the early scan of the same visit; only for"
        " a tracer whose early scan is named in the configuration",
    },
}
_REFERENCE: dict[str, Any] = {
    "Description": "What the target is compared with.",
    "Levels": {
        "contralateral": "the same region on the other side, the mirror image of a ring or a treatment site",
        "cerebellum_ipsilesional": "cerebellum on the side of the stroke, which crossed diaschisis spares",
        "cerebellum_contralesional": "cerebellum on the other side",
        "cerebellum": "both sides of the cerebellum",
        "pons": "pons",
        "hemisphere_contralesional": "cortex of the hemisphere without the stroke",
        "whole_brain": "every region of the atlas on both sides, without the target and its mirror",
        "none": "nothing",
    },
}


def with_references(table: Columns, references: Mapping[str, Reference]) -> Columns:
    """Return a data dictionary that says what every reference of a study is."""
    built_in = _REFERENCE["Levels"]
    levels = {
        name: built_in[name] if BUILT_IN.get(name) == reference else reference.told()
        for name, reference in references.items()
    }
    levels["none"] = built_in["none"]
    return {**table, "reference": {**_REFERENCE, "Levels": levels}}


_NOT_CONTAINED = (
    " Does not contain what repeated scans have in common: the bias of the warp by anatomy and lesion, and the"
    " scanner's limited resolution."
)
_NO_SD = " n/a where the value is, and where the participant has no second scan with the tracer to tell the noise by."
_QC = {
    "Description": "Whether the value may be used.",
    "Levels": {
        "pass": "nothing against it",
        "warn": "used; the reason says what to look at",
        "fail": "not used, also where a value is shown",
    },
}
_REASON = {"Description": "code: text of what is wrong or to be looked at, several separated by '; '."}

UPTAKE: Columns = {
    "participant_id": _PARTICIPANT,
    "session": _SESSION,
    "tracer": _TRACER,
    "region": {
        "Description": "Region of the atlas; _lesionfree leaves out the voxels of the lesion mask; _gtm is corrected"
        " for partial volume. Where asked for, rings round the lesion and the treatment site; _mirrored is their mirror"
        " image on the other side."
    },
    "side": {
        "Description": "Side of the person.",
        "Levels": {"left": "left", "right": "right", "n/a": "on the midline, or both sides together"},
    },
    "mean": {
        "Description": "Mean of the voxels in view, each weighted by the fraction of it in the region; in a target also"
        " by how certain it is, with the warp off by MisplacementMm, that this part belongs to it.",
        "Units": _SCAN_UNIT,
    },
    "sd": {"Description": "Standard deviation of the same voxels with the same weights.", "Units": _SCAN_UNIT},
    "volume_ml": {"Description": "Volume of the whole region in the person, in view or not.", "Units": "mL"},
    "coverage": {
        "Description": "Fraction of that volume in the field of view; beside a cut, the fraction that surely is.",
        "Units": "1",
    },
    "lesion_fraction": {
        "Description": "Fraction of the whole region inside the lesion mask; of a _lesionfree region, the fraction"
        " removed.",
        "Units": "1",
    },
    "unit": {"Description": "Unit of mean and sd."},
    "reason": {
        "Description": "code: text why mean and sd are n/a, then of what to look at in this scan, several separated by"
        " '; '."
    },
}
"""uptake.tsv: one row per scan, region and side."""

RATIOS: Columns = {
    "participant_id": _PARTICIPANT,
    "session": _SESSION,
    "tracer": _TRACER,
    "lesion_side": {
        "Description": "Side of the stroke, from participants.tsv; ipsilateral is this side.",
        "Levels": {"left": "left", "right": "right"},
    },
    "region": _TARGET,
    "measure": _MEASURE,
    "reference": _REFERENCE,
    "value": {"Description": "The measure.", "Units": _RATIO_UNIT},
    "value_sd": {
        "Description": "Standard deviation of the value over repeated scans of the unchanged person, from count noise,"
        " rigid misalignment and where a repeated registration would place the regions." + _NOT_CONTAINED + _NO_SD,
        "Units": _RATIO_UNIT,
    },
    "repeat_ci95_low": {
        "Description": "Lower end of the 95 % interval, value - 1.96 · value_sd: where the mean over repeated scans of"
        " the unchanged person lies." + _NOT_CONTAINED,
        "Units": _RATIO_UNIT,
    },
    "repeat_ci95_high": {"Description": "Upper end of it.", "Units": _RATIO_UNIT},
    "ci95_low": {
        "Description": "Lower end of the 95 % interval in which the true value lies, that of the person's own regions"
        " at the resolution of the scanner: repeated scans and the error of the registration, which was learned from"
        " simulated people (docs/methods.md). The mean error shifts the interval, not the value. n/a where nothing was"
        " learned: another target, atlas or tracer, a reference of your own, a warp not made from FDG, SUV, a scan that"
        " was blurred or whose noise is not known, and what is measured without the lesion or corrected.",
        "Units": _RATIO_UNIT,
    },
    "ci95_high": {"Description": "Upper end of it.", "Units": _RATIO_UNIT},
    "noise_sd": {
        "Description": "The part of value_sd that count noise alone makes: the least that a repeated scan differs by.",
        "Units": _RATIO_UNIT,
    },
    "own_sd": {
        "Description": "The part of value_sd that is independent from scan to scan: count noise and rigid misalignment."
        " What two scans of one participant share through the common warp is left out: it cancels in a change.",
        "Units": _RATIO_UNIT,
    },
    "placement_sd": {
        "Description": "Standard deviation of the value if all regions together lie anywhere within 2 mm and 2 degrees"
        " of where the warp puts them, and the lesion's border (of a _lesionfree region) between probability 0.3 and"
        " 0.7. The same for all scans of the participant, so not part of value_sd and nearly cancelled in a change.",
        "Units": _RATIO_UNIT,
    },
    "numerator": {
        "Description": "Mean uptake of the target on the side of the stroke (of a _contralesional or _mirrored region:"
        " on the other side; of treatment_site: where it lies).",
        "Units": f"{_SCAN_UNIT}; g/mL for suv_mean",
    },
    "denominator": {
        "Description": "Mean uptake of the reference (of an asymmetry index: of the target on the other side).",
        "Units": _SCAN_UNIT,
    },
    "qc": _QC,
    "reason": _REASON,
}
"""ratios.tsv: one row per scan, target, measure and reference."""

CHANGE: Columns = {
    "participant_id": _PARTICIPANT,
    "tracer": _TRACER,
    "region": _TARGET,
    "measure": _MEASURE,
    "reference": _REFERENCE,
    "session": _FOLLOW_UP,
    "baseline": {"Description": "Value at the first session.", "Units": _RATIO_UNIT},
    "follow_up": {"Description": "Value at the later session.", "Units": _RATIO_UNIT},
    "change": {"Description": "follow_up - baseline.", "Units": _RATIO_UNIT},
    "value_sd": {
        "Description": "Standard deviation of change over repeated scans of both visits; what both share through the"
        " common warp is taken alike and cancels." + _NOT_CONTAINED + _NO_SD,
        "Units": _RATIO_UNIT,
    },
    "ci95_low": {
        "Description": "Lower end of the 95 % interval of change. Of a ratio or an SUV it is the interval of"
        " ln(follow_up / baseline), ± 1.96 standard deviations, transformed back; of ratio_minus_one and"
        " asymmetry_index_percent, and where a standard deviation is above 0.3 of its value, change - 1.96 · value_sd.",
        "Units": _RATIO_UNIT,
    },
    "ci95_high": {"Description": "Upper end of it.", "Units": _RATIO_UNIT},
    "change_percent": {
        "Description": "100 · change / baseline; n/a for asymmetry_index_percent and ratio_minus_one, which cross"
        " zero, and where the baseline is not positive.",
        "Units": "percent",
    },
    "change_percent_sd": {"Description": "Standard deviation of change_percent, as value_sd.", "Units": "percent"},
    "change_percent_ci95_low": {
        "Description": "Lower end of the 95 % interval of change_percent: ci95_low in percent of baseline.",
        "Units": "percent",
    },
    "change_percent_ci95_high": {"Description": "Upper end of it.", "Units": "percent"},
    "qc": {**_QC, "Description": "The worse of the two visits; at least warn if the change itself is flagged."},
    "included": {
        "Description": "Whether the change enters summary.tsv.",
        "Levels": {"true": "it does", "false": "a value is missing or fails"},
    },
    "reason": {
        "Description": "What is said of either visit's ratio, behind the visit's name, and of the change itself."
    },
}
"""change.tsv: one row per participant, tracer, target, measure, reference and later session."""

SUMMARY: Columns = {
    "tracer": _TRACER,
    "region": _TARGET,
    "measure": _MEASURE,
    "reference": _REFERENCE,
    "session": _FOLLOW_UP,
    **STATISTICS,
}
"""summary.tsv: one row per tracer, target, measure, reference, later session, quantity and analysis set."""

SCANS: Columns = {
    "participant_id": _PARTICIPANT,
    "session": _SESSION,
    "tracer": _TRACER,
    "status": {
        "Description": "What became of the scan.",
        "Levels": {
            "measured": "it gives values",
            "refused": "a step refused it, or it gives no ratio to the primary reference",
            "missing": "scans.tsv does not list it",
            "excluded": "a check of its side, the protocol or a person in qc.tsv took it out: values, if any, are shown"
            " but not used",
        },
    },
    "stage": {"Description": "Which step refused or excluded it."},
    "code": {"Description": "Short name of the fault; the code of a decision in qc.tsv."},
    "reason": {"Description": "The fault in words."},
    "warnings": {
        "Description": "code: text of what to look at in this scan, several separated by '; '; also stands in the"
        " reasons of the other tables, apart from what readers rate (rated_doubt, rated_bad)."
    },
    "days_since_treatment": {
        "Description": "From the treatment to the scan, as scans.tsv of the study says; negative before it.",
        "Units": "days",
    },
    "uptake_minutes": {
        "Description": "From the injection to the start of the scan, as the scan says, else as scans.tsv of the study"
        " says; n/a where neither does.",
        "Units": "min",
    },
    "not_compared": {
        "Description": "Items of the protocol in which this visit could not be compared with the first session,"
        " because one of the two does not state them; n/a if all could, and where there is nothing to compare."
    },
    "decision": {
        "Description": "What a person decided about this fault in qc.tsv; n/a where nobody has.",
        "Levels": {"accept": "the fault is known and accepted", "exclude": "the scan is not to be used"},
    },
    "sign_off": {
        "Description": "Every line of qc.tsv about this scan: decision, code, reason, initials, time and version of the"
        " software, and what comes of it if that is not what was decided."
    },
    "simulated": {
        "Description": "Whether the scan was made by pet-spect simulate.",
        "Levels": {"true": "simulated", "false": "of a person"},
    },
}
"""scans.tsv: one row per participant, session and tracer, scanned or not."""
