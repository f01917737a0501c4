"""The statistics of summary.tsv: their columns, and a summary as a row."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pet_spect.quantify.cohort.summary import Summary

_UNIT = "that of the quantity: of the measure for change, percent for change_percent, 1 for log_ratio"
_TESTED = " n/a for a quantity on which the endpoint is not tested."
_FEW = " n/a with fewer than three participants."

STATISTICS: dict[str, dict[str, Any]] = {
    "quantity": {
        "Description": "What is summarised over participants. An endpoint is tested at most once: a ratio on log_ratio"
        " (or on change, if the analysis declares that), which change_percent shows transformed back to percent. The"
        " ratio minus one and the asymmetry index are functions of a ratio: they are tested only if the analysis"
        " declares them, and that ratio then is not.",
        "Levels": {
            "change": "follow_up - baseline",
            "change_percent": "log_ratio transformed back, 100 · (exp(log_ratio) - 1): the mean is the geometric mean"
            " change in percent, not the mean of the percent changes",
            "log_ratio": "natural logarithm of follow_up / baseline",
        },
    },
    "analysis_set": {
        "Description": "Which participants are summarised. Endpoints other than the primary one are given for the"
        " first set of the analysis only.",
        "Levels": {
            "as_accepted": "changes that the checks and the decisions in qc.tsv let through (included in change.tsv)",
            "per_protocol": "of these, those without a flag of the protocol",
            "all": "every change that has a value, also those that a check or a decision excludes",
        },
    },
    "role": {
        "Description": "Place of the row in the declared analysis.",
        "Levels": {
            "primary": "the primary result of its tracer; exactly one row per tracer",
            "secondary": "the primary endpoint in another quantity, or at another follow-up",
            "sensitivity": "the same question with another analysis set, reference, measure or version of the target",
            "exploratory": "everything else",
        },
    },
    "n": {"Description": "Participants in the set whose quantity is defined.", "Units": "1"},
    "n_undefined": {
        "Description": "Participants in the set whose quantity is not defined: the logarithm of a value that is not"
        " positive.",
        "Units": "1",
    },
    "n_missing": {
        "Description": "Participants without a usable change: a visit has no value, or a check or a decision took it"
        " out.",
        "Units": "1",
    },
    "n_apart": {
        "Description": "Participants with a usable change who are not in the set by its definition, such as those"
        " with a flag of the protocol. n + n_undefined + n_missing + n_apart is everybody in participants.tsv.",
        "Units": "1",
    },
    "missing_reasons": {
        "Description": "Why people are missing: code of the first reason, the visit, and how many people. In the set"
        " all the reason is that of a value that is not there, for a check or a decision takes nobody out of it."
    },
    "note": {
        "Description": "Why nothing is estimated ('no estimate: 1 participant'), the quantity is not tested"
        " (the endpoint is tested on another quantity, or the same values as another measure), or there is no"
        " interval; n/a if nothing is lacking."
    },
    "mean_change": {"Description": "Mean; geometric for change_percent." + _FEW, "Units": _UNIT},
    "sd": {
        "Description": "Standard deviation over participants, n - 1 in the denominator; for change_percent that of the"
        " percent changes themselves." + _FEW,
        "Units": _UNIT,
    },
    "ci95_low": {
        "Description": "Lower end of the t interval of the mean. It is a 95 % interval, not adjusted for the number of"
        " primary analyses." + _TESTED + _FEW,
        "Units": _UNIT,
    },
    "ci95_high": {"Description": "Upper end of it.", "Units": _UNIT},
    "percent": {
        "Description": "Of log_ratio, if it is tested: mean_change transformed back to percent, the geometric mean"
        " change.",
        "Units": "percent",
    },
    "percent_ci95_low": {"Description": "ci95_low, transformed back in the same way.", "Units": "percent"},
    "percent_ci95_high": {"Description": "ci95_high, transformed back in the same way.", "Units": "percent"},
    "p": {
        "Description": "Two-sided p of the t test of the mean, not adjusted. It is below 0.05 exactly if the 95 %"
        " interval leaves out zero." + _TESTED,
        "Units": "1",
    },
    "p_adjusted": {
        "Description": "Of a primary row: p, adjusted for the number of primary analyses as the analysis declares"
        " (multiplicity: holm or fixed); n/a with multiplicity: none.",
        "Units": "1",
    },
    "hodges_lehmann": {"Description": "Median of the Walsh averages." + _TESTED, "Units": _UNIT},
    "hl_ci_low": {
        "Description": "Lower end of its exact interval (at least 95 %); none exists with five participants or fewer.",
        "Units": _UNIT,
    },
    "hl_ci_high": {"Description": "Upper end of it.", "Units": _UNIT},
    "p_wilcoxon": {
        "Description": "Two-sided p of the Wilcoxon signed-rank test, exact up to 500 participants; a sensitivity"
        " analysis of p." + _TESTED,
        "Units": "1",
    },
    "p_sign_flip": {
        "Description": "Two-sided p of the mean under all flips of the signs, or above 16 values that are not zero"
        " under 9,999 random ones; a sensitivity analysis of p." + _TESTED,
        "Units": "1",
    },
    "p_smallest": {
        "Description": "The smallest p that p_sign_flip can be, 2 / 2^m with m values that are not zero. Up to m = 16"
        " it is that of p_wilcoxon, too; above, 0.0001, because flips are drawn at random.",
        "Units": "1",
    },
    "standardised_change": {
        "Description": "Mean divided by the standard deviation of the change over participants (standardised response"
        " mean); for change_percent that of log_ratio.",
        "Units": "1",
    },
    "agreement_low": {
        "Description": "Lower limit of agreement (Bland-Altman) between the two visits, mean - 1.96 · sd: between the"
        " limits lie 95 % of people if the quantity is normal. For change_percent those of log_ratio transformed back.",
        "Units": _UNIT,
    },
    "agreement_high": {"Description": "Upper limit of agreement, mean + 1.96 · sd.", "Units": _UNIT},
    "bound_low": {
        "Description": "The mean if every person counted in n_missing or n_undefined had the lowest observed value; n/a"
        " with missing_data: complete_cases.",
        "Units": _UNIT,
    },
    "bound_high": {
        "Description": "The mean if every one of them had the highest observed value.",
        "Units": _UNIT,
    },
    "n_improved": {
        "Description": "Participants in the set whose reliable change is improved; n/a where there is no reliable"
        " change.",
        "Units": "1",
    },
    "n_declined": {"Description": "Participants in the set whose reliable change is declined.", "Units": "1"},
    "n_not_shown": {"Description": "Participants in the set whose reliable change is not shown.", "Units": "1"},
    "primary": {
        "Description": "Whether role is primary.",
        "Levels": {"true": "the primary result of its tracer", "false": "any other row"},
    },
}
"""The columns of summary.tsv after those that name the endpoint."""


def summary_row(row: Summary) -> dict[str, Any]:
    """Return a summary as a row of summary.tsv."""
    own = ("quantity", "analysis_set", "role", "n", "n_undefined", "n_missing", "n_apart", "missing_reasons", "note")
    counts = ("n_improved", "n_declined", "n_not_shown", "p_adjusted", "primary")
    percent = dict(zip(("percent", "percent_ci95_low", "percent_ci95_high"), row.percent, strict=True))
    return (
        asdict(row.endpoint)
        | {name: getattr(row, name) for name in own + counts}
        | asdict(row.description)
        | asdict(row.inference)
        | percent
    )
