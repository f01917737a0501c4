"""The data dictionaries of the tables of clinical outcomes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pet_spect.errors import TableError
from pet_spect.quantify.outcomes.adverse_events import TimeFrame
from pet_spect.quantify.outcomes.scales import ADVERSE, RELATED, SCALES, SERIOUS
from pet_spect.quantify.outcomes.summary import Withdrawn
from pet_spect.results.tables.columns import CHANGE, Columns

_TOLD = {
    "mRS": "modified Rankin scale",
    "NIHSS": "National Institutes of Health Stroke Scale",
    "FIM": "Functional Independence Measure",
    "Fugl_Meyer": "Fugl-Meyer assessment",
    "Barthel": "Barthel index",
}
_SCALES = {
    name: f"{_TOLD[name]}, {scale.least} to {scale.most}, {scale.better} is better" for name, scale in SCALES.items()
}
_EVENTS = {
    ADVERSE: "adverse events",
    SERIOUS: "serious adverse events",
}
_RELATED = {
    RELATED: "adverse events that the treatment may have caused, and those of which adverse_events.tsv does not say"
}
_PARTICIPANT = {"Description": "Participant, as in participants.tsv."}
_LATER = {"Description": "The later visit; it is compared with the first session of the study."}
_WITHDRAWN = {
    "Description": "Whether outcomes.tsv says at any visit that the participant has left the trial.",
    "Levels": {"true": "has left", "false": "has not"},
}
_OUTCOME = {"Description": "The clinical scale.", "Levels": _SCALES}
_QUANTITY, _KEY = "quantity", "AdverseEvents"
_REASON = {"Description": "code: text of why there is no estimate, or no interval."}
_SCORE, _SCORE_OR_FRACTION = "points of the scale", "points of the scale; 1 for frequencies and events per person"

OUTCOMES: Columns = {
    "participant_id": _PARTICIPANT,
    "session": {"Description": "Visit, as in outcomes.tsv or the configuration."},
    "outcome": {"Description": "Scale, or kind of event.", "Levels": {**_SCALES, **_EVENTS}},
    "value": {
        "Description": "Score; for events their number since the visit before.",
        "Units": "points of the scale; 1 for numbers of events",
    },
    "status": {
        "Description": "Whether there is a value.",
        "Levels": {
            "recorded": "there is",
            "missing": "outcomes.tsv has a line for the visit, without this value",
            "no_line": "outcomes.tsv has no line for the visit",
        },
    },
    "withdrawn": _WITHDRAWN,
}
"""outcomes.tsv: one row per participant, visit and outcome, recorded or not."""

OUTCOMES_CHANGE: Columns = {
    "participant_id": _PARTICIPANT,
    "outcome": _OUTCOME,
    "session": _LATER,
    "baseline": {"Description": "Score at the first session.", "Units": _SCORE},
    "follow_up": {"Description": "Score at the later visit.", "Units": _SCORE},
    "change": {"Description": "follow_up - baseline.", "Units": _SCORE},
    "improvement": {
        "Description": "The change with the sign that makes an improvement positive: baseline - follow_up for scales of"
        " which lower is better (mRS, NIHSS).",
        "Units": _SCORE,
    },
    "improved": {
        "Description": "Whether the mRS improved by 1 or more; n/a for other scales.",
        "Levels": {"true": "it did", "false": "it did not"},
    },
    "status": {
        "Description": "Which scores are there.",
        "Levels": {
            "complete": "both",
            "no_baseline": "only the later one",
            "no_follow_up": "only that of the first session",
            "neither": "none",
        },
    },
    "withdrawn": _WITHDRAWN,
}
"""outcomes_change.tsv: one row per participant, scale and later visit."""

_OF_MEANS: Columns = {
    "sd": {"Description": "Standard deviation of the improvements, n - 1 in the denominator.", "Units": _SCORE},
    "hodges_lehmann": {"Description": "Median of the Walsh averages of the improvements.", "Units": _SCORE},
    "hl_ci_low": {
        "Description": "Lower end of its exact interval (at least 95 %); none exists with five participants or fewer.",
        "Units": _SCORE,
    },
    "hl_ci_high": {"Description": "Upper end of it.", "Units": _SCORE},
    "p_wilcoxon": {
        "Description": "Two-sided p of the Wilcoxon signed-rank test, exact up to 500 participants.",
        "Units": "1",
    },
    "p_sign_flip": {
        "Description": "Two-sided p of the mean under all flips of the signs, or above 16 values that are not zero"
        " under 9,999 random ones.",
        "Units": "1",
    },
    "p_smallest": {
        "Description": "The smallest p that p_sign_flip can be, 2 / 2^m with m values that are not zero. Up to m = 16"
        " it is that of p_wilcoxon, too; above, 0.0001, because flips are drawn at random.",
        "Units": "1",
    },
}
SPREAD = tuple(_OF_MEANS)
"""Columns of outcomes_summary.tsv that only a mean improvement has."""

OUTCOMES_SUMMARY: Columns = {
    "outcome": {"Description": "Scale, or kind of event.", "Levels": {**_SCALES, **_EVENTS, **_RELATED}},
    "session": {"Description": f"{_LATER['Description']} n/a for adverse events."},
    "quantity": {
        "Description": "What is estimated.",
        "Levels": {
            "frequency_improved": "fraction of people whose mRS improved by 1 or more",
            "mean_improvement": "mean improvement, positive is better",
            "frequency_people": "fraction of people with at least one event",
            "events_per_person": "events divided by people",
        },
    },
    "analysis": {
        "Description": "Who is in the denominator. Nothing is imputed but what the name says.",
        "Levels": {
            "complete_cases": "people of whom nothing is missing",
            "missing_as_no_improvement": "every participant; who lacks a score counts as not improved",
            "everybody": "every participant; who lacks a number of events counts with those that are known",
        },
    },
    "n": {"Description": "People in the denominator; 0 if nothing is known of anybody.", "Units": "1"},
    "n_missing": {
        "Description": "People of whom something is missing: not in n for complete_cases, in n otherwise.",
        "Units": "1",
    },
    "n_withdrawn": {"Description": "Withdrawn people among all who could be in n.", "Units": "1"},
    "count": {
        "Description": "People who improved (more than 0, mRS 1 or more), people with an event, or events.",
        "Units": "1",
    },
    "estimate": {"Description": "The estimate of quantity.", "Units": _SCORE_OR_FRACTION},
    "ci95_low": {
        "Description": "Lower end of its 95 % interval: Clopper-Pearson for frequencies, t for means, n/a for events"
        " per person, which are not independent.",
        "Units": _SCORE_OR_FRACTION,
    },
    "ci95_high": {"Description": "Upper end of it.", "Units": _SCORE_OR_FRACTION},
    **_OF_MEANS,
    "reason": _REASON,
}
"""outcomes_summary.tsv: one row per outcome, later visit, quantity and analysis."""

OUTCOMES_IMAGING: Columns = {
    "tracer": CHANGE["tracer"],
    "region": CHANGE["region"],
    "measure": CHANGE["measure"],
    "reference": CHANGE["reference"],
    "session": _LATER,
    "outcome": _OUTCOME,
    "n": {"Description": "People with both changes, that of the images not excluded.", "Units": "1"},
    "n_missing": {"Description": "All other participants.", "Units": "1"},
    "spearman_rho": {
        "Description": "Spearman's rank correlation of the change in the images (in percent; absolute for measures that"
        " cross zero) with the improvement of the scale, equal values by mean rank. Positive: who gains more uptake"
        " improves more.",
        "Units": "1",
    },
    "p": {
        "Description": "Two-sided p under all orders of one side; not adjusted for the number of rows.",
        "Units": "1",
    },
    "p_smallest": {"Description": "The smallest p that these values can give.", "Units": "1"},
    "method": {
        "Description": "How p was found.",
        "Levels": {
            "all_orders": "all orders are enumerated (up to 9 people): exact",
            "random_orders": "9,999 random orders with a fixed seed",
            "none": "there is no p",
        },
    },
    "reason": _REASON,
}
"""outcomes_imaging.tsv: one row per tracer's primary endpoint, later visit and scale; exploratory."""


@dataclass(frozen=True)
class Counting:
    """How adverse events were counted.

    Attributes
    ----------
    frame : TimeFrame
    withdrawn : {'included', 'excluded'}
        Whether withdrawn people are in the denominator.
    by_event : bool
        Whether there is a line for each event; otherwise the numbers of the visits were added up.
    """

    frame: TimeFrame
    withdrawn: Withdrawn
    by_event: bool

    @property
    def told(self) -> str:
        """The same for a person."""
        last = "on" if math.isinf(self.frame.last) else f"to day {self.frame.last:g}"
        how = (
            f"Adverse events are the lines of adverse_events.tsv from day {self.frame.first:g} {last} after the"
            " treatment, and those whose day is not known. Related ones are also those of which the table does not say."
            if self.by_event
            else "Adverse events are the sum of the numbers at the visits after the first; no days are known."
        )
        return f"{how} Withdrawn people are {self.withdrawn} in the denominator of adverse events."


def summary_columns(counting: Counting) -> Columns:
    """Return the dictionary of outcomes_summary.tsv with how adverse events were counted."""
    entry: dict[str, Any] = {**OUTCOMES_SUMMARY[_QUANTITY]}
    entry["Description"] = f"{entry['Description']} {counting.told}"
    analysis = {**OUTCOMES_SUMMARY["analysis"]}
    if counting.withdrawn == "excluded":
        everybody = "every participant who has not withdrawn; who lacks a number of events counts with those known"
        analysis["Levels"] = {**analysis["Levels"], "everybody": everybody}
    entry[_KEY] = {
        "FirstDay": counting.frame.first,
        "LastDay": None if math.isinf(counting.frame.last) else counting.frame.last,
        "Withdrawn": counting.withdrawn,
        "ByEvent": counting.by_event,
    }
    return {**OUTCOMES_SUMMARY, _QUANTITY: entry, "analysis": analysis}


def recorded_counting(summary: Mapping[str, Any]) -> Counting:
    """Return what `summary_columns` put into a data dictionary.

    Raises
    ------
    TableError
        If it cannot be read.
    """
    try:
        entry = summary[_QUANTITY][_KEY]
        last = math.inf if entry["LastDay"] is None else float(entry["LastDay"])
        frame = TimeFrame(float(entry["FirstDay"]), last)
        withdrawn: Withdrawn = "excluded" if entry["Withdrawn"] == "excluded" else "included"
        return Counting(frame, withdrawn, bool(entry["ByEvent"]))
    except (KeyError, TypeError, ValueError):
        raise TableError(
            "tables/outcomes_summary.json: does not tell how adverse events were counted; run the workflow again",
            code="dictionary_unreadable",
        ) from None
