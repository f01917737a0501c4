"""Analysis sets: which participants' changes enter a summary, and why the others do not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pet_spect.quantify.cohort.analysis.settings import AnalysisSet
from pet_spect.quantify.cohort.change import Change
from pet_spect.remarks import codes_in

Standing = Literal["included", "missing", "apart"]

PROTOCOL_FLAGS = frozenset(
    [
        "uptake_window",
        "uptake_time_unknown",
        "uptake_time_differs",
        "scanner_differs",
        "reconstruction_differs",
        "filter_differs",
        "attenuation_differs",
        "scatter_differs",
        "collimator_differs",
        "energy_window_differs",
        "voxel_size_differs",
        "dose_differs",
        "duration_differs",
        "glucose_differs",
        "benzodiazepine_differs",
        "baseline_after_treatment",
    ]
)
"""Codes of the protocol guard: a change with one of them is not in the set ``per_protocol``."""


@dataclass(frozen=True)
class Divided:
    """The participants of one endpoint, divided by an analysis set.

    Attributes
    ----------
    included : list of Change
        Those in the set.
    missing : list of str
        Of each participant without a usable change, the reason: a code and the visit. In the set ``all`` it is why
        there is no value.
    apart : int
        Participants with a usable change that are not in the set by its definition.
    """

    included: list[Change]
    missing: list[str]
    apart: int

    @property
    def missing_reasons(self) -> str:
        """The reasons with how many people each has, the most frequent first; empty if nobody is missing."""
        counts = sorted(Counter(self.missing).items(), key=lambda item: (-item[1], item[0]))
        return ", ".join(f"{reason}: {count}" for reason, count in counts)


def divide(members: Iterable[Change], analysis_set: AnalysisSet) -> Divided:
    """Return who is in an analysis set.

    Parameters
    ----------
    members : iterable of Change
        Of one endpoint, one per participant.
    analysis_set : {'as_accepted', 'per_protocol', 'all'}
        ``as_accepted``: the changes that the checks and the decisions in qc.tsv let through. ``per_protocol``: of
        these, those without a flag of `PROTOCOL_FLAGS`. ``all``: every change that has a value, also those that a
        check or a decision excludes.
    """
    included, missing, apart = [], [], 0
    for change in members:
        match _standing(change, analysis_set):
            case "included":
                included.append(change)
            case "missing":
                missing.append((change.lacks if analysis_set == "all" else change.lost) or "no_value")
            case "apart":
                apart += 1
    return Divided(included, missing, apart)


def _standing(change: Change, analysis_set: AnalysisSet) -> Standing:
    if analysis_set == "all":
        return "included" if math.isfinite(change.change) else "missing"
    if not change.included:
        return "missing"
    if analysis_set == "per_protocol" and codes_in(change.reason) & PROTOCOL_FLAGS:
        return "apart"
    return "included"
