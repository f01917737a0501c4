"""The columns of reliable change in change.tsv, with the within-subject CVs that they were made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pet_spect.errors import ConfigError, TableError
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv, read_within_subject_cv
from pet_spect.results.tables.columns import Columns

RELIABLE_CHANGE: Columns = {
    "reliable_change": {
        "Description": "Whether the change of this person is more than an unchanged person shows in 95 of 100 cases,"
        " that is beyond the limits. n/a for measures other than uptake_ratio, for the target on the other side, for"
        " changes that are not included, and without a within-subject CV of the tracer.",
        "Levels": {
            "improved": "above the upper limit: more uptake",
            "not shown": "between the limits",
            "declined": "below the lower limit",
        },
    },
    "reliable_limit_low_percent": {
        "Description": "Lower limit of change_percent, 100 · (exp(-1.96 · s) - 1). With a total CV s is the larger of"
        " √2 · CV and the standard deviation m of ln(follow_up / baseline) over repeated scans; with a biological CV it"
        " is the root of 2 · CV² + m².",
        "Units": "percent",
    },
    "reliable_limit_high_percent": {
        "Description": "Upper limit of change_percent, 100 · (exp(1.96 · s) - 1).",
        "Units": "percent",
    },
}
"""Further columns of change.tsv where the config gives a within-subject CV."""

_VERDICT, _KEY = "reliable_change", "WithinSubjectCV"


def with_reliable_change(change: Columns, cvs: Mapping[str, WithinSubjectCv]) -> Columns:
    """Return the columns of change.tsv with those of reliable change; without a CV as they are."""
    if not cvs:
        return change
    verdict = {**RELIABLE_CHANGE[_VERDICT], _KEY: {tracer: asdict(cv) for tracer, cv in cvs.items()}}
    return {**change, **RELIABLE_CHANGE, _VERDICT: verdict}


def recorded_cvs(change: Mapping[str, Any]) -> dict[str, WithinSubjectCv]:
    """Return the CVs that `with_reliable_change` put into a data dictionary; none if it has no such column.

    Raises
    ------
    TableError
        If they cannot be read.
    """
    if _VERDICT not in change:
        return {}
    try:
        return read_within_subject_cv(change[_VERDICT][_KEY])
    except (ConfigError, KeyError, TypeError):
        raise TableError(
            "tables/change.json: does not tell the within-subject CV of the run; run the workflow again",
            code="dictionary_unreadable",
        ) from None
