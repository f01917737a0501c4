"""Clinical outcomes of a simulated trial: who gains uptake in the motor cortex improves, and that is known.

Nothing here is drawn from the random numbers of the scans, so they are the same with and without outcomes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from pet_spect.quantify.outcomes.scales import COUNTS, SCALES, Scale
from pet_spect.simulate.design import SESSIONS, Trial
from pet_spect.tsv import write_table

TRUTH = "truth_outcomes.tsv"
"""The planted relation, beside the truth of the scans."""

CONFIG = "outcomes: config/outcomes.tsv\nadverse_events: config/adverse_events.tsv\n"
"""Lines of the configuration that name the tables."""

VISITS = (SESSIONS[0], "month6", SESSIONS[1])
"""One visit is without scans."""

_STREAM = 3
_FEWEST_WITH_WITHDRAWAL = 3
_WITHOUT_FIM = 2
_OF_FULL_GAIN = (0.0, 0.6, 1.0)
_VISIT_DAYS = (0, 182, 365)
_EVENTS_PER_YEAR = 1.4
_TERMS = {
    "headache": (0.0, 0.5),
    "fever": (0.1, 0.4),
    "fall": (0.2, 0.0),
    "seizure": (0.6, 0.3),
    "infection": (0.3, 0.1),
}
"""Probability of being serious and of being related to the treatment."""


@dataclass(frozen=True)
class _Planted:
    """How a scale depends on uptake of FDG in the ipsilesional motor cortex.

    Attributes
    ----------
    healthy, per_loss : float
        Baseline score: `healthy` plus `per_loss` times the fraction of uptake that is lost.
    gain : float
        Improvement per relative change of uptake.
    noise : float
        Standard deviation of what else changes a score.
    """

    healthy: float
    per_loss: float
    gain: float
    noise: float


PLANTED: Mapping[str, _Planted] = MappingProxyType(
    {
        "mRS": _Planted(2.0, 10.0, 10.0, 0.3),
        "NIHSS": _Planted(4.0, 40.0, 30.0, 0.7),
        "FIM": _Planted(115.0, -240.0, 120.0, 2.5),
        "Fugl_Meyer": _Planted(200.0, -520.0, 220.0, 4.0),
        "Barthel": _Planted(95.0, -200.0, 160.0, 3.0),
    }
)

_PARTICIPANT = {"Description": "The participant"}
_SESSION = {"Description": "The visit; month6 is without scans"}
_OUTCOME_COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "participant_id": _PARTICIPANT,
    "session": _SESSION,
    **{name: {"Description": f"Score, {scale.better} is better", "Units": "points"} for name, scale in SCALES.items()},
    **{name: {"Description": "Their number since the visit before", "Units": "1"} for name in COUNTS},
    "withdrawn": {"Description": "Whether the participant has left the trial"},
}
_EVENT_COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "participant_id": _PARTICIPANT,
    "days_since_treatment": {"Description": "Day of the event, treatment being day 0", "Units": "d"},
    "term": {"Description": "What happened"},
    "serious": {"Description": "Whether it was serious"},
    "related": {"Description": "Whether the treatment may have caused it"},
}
_TRUTH_COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "participant_id": _PARTICIPANT,
    "session": {"Description": "The visit that is compared with baseline"},
    "outcome": {"Description": "The scale"},
    "uptake_change": {
        "Description": "True relative change of FDG uptake in the ipsilesional motor cortex from baseline to year1",
        "Units": "1",
    },
    "improvement_planted": {
        "Description": "Improvement that this change of uptake makes, before noise, rounding and the ends of the scale",
        "Units": "points",
    },
    "improvement_true": {
        "Description": "Improvement of the scores, also where outcomes.tsv has n/a in their place",
        "Units": "points",
    },
}

Rows = list[dict[str, Any]]


def write_outcomes(out: Path, trial: Trial) -> None:
    """Write ``config/outcomes.tsv``, ``config/adverse_events.tsv`` and ``truth_outcomes.tsv`` of a trial."""
    visits: Rows = []
    events: Rows = []
    truth: Rows = []
    for index in range(trial.participants):
        rng = np.random.default_rng([trial.seed, index, _STREAM])
        scores = {name: _scores(trial, index, scale, rng) for name, scale in SCALES.items()}
        own = _events(trial, index, rng)
        truth += _truth_rows(trial, index, scores)
        events += own
        visits += _visit_rows(trial, index, scores, own)
    write_table(out / "config" / "outcomes.tsv", _OUTCOME_COLUMNS, visits)
    write_table(out / "config" / "adverse_events.tsv", _EVENT_COLUMNS, events)
    write_table(out / TRUTH, _TRUTH_COLUMNS, truth)


def _withdraws(trial: Trial, index: int) -> bool:
    """Return whether a participant leaves before the last examination: the one without a last SPECT, too."""
    return trial.participants >= _FEWEST_WITH_WITHDRAWAL and index == trial.participants - 1


def _scores(trial: Trial, index: int, scale: Scale, rng: np.random.Generator) -> list[int]:
    """Return the scores of one participant at `VISITS`."""
    case, planted = trial.case(index), PLANTED[scale.name]
    first = planted.healthy + planted.per_loss * (1 - case.motor["FDG"]) + planted.noise * rng.normal()
    sign = 1 if scale.better == "higher" else -1
    full = planted.gain * case.improvement["FDG"]
    other = planted.noise * rng.normal(size=len(VISITS) - 1)
    gains = [0.0, *(part * full + noise for part, noise in zip(_OF_FULL_GAIN[1:], other, strict=True))]
    return [_possible(scale, first + sign * gain) for gain in gains]


def _possible(scale: Scale, score: float) -> int:
    """Return the nearest score that a scale has."""
    rounded = scale.step * math.floor(score / scale.step + 0.5)
    return int(min(max(rounded, scale.least), scale.most))


def _events(trial: Trial, index: int, rng: np.random.Generator) -> Rows:
    last = _VISIT_DAYS[1] if _withdraws(trial, index) else _VISIT_DAYS[2]
    days = sorted(int(day) for day in rng.choice(np.arange(1, last + 1), int(rng.poisson(_EVENTS_PER_YEAR)), False))
    rows = []
    for day in days:
        term = str(rng.choice(list(_TERMS)))
        serious, related = (bool(rng.uniform() < chance) for chance in _TERMS[term])
        rows.append(
            {
                "participant_id": trial.participant_id(index),
                "days_since_treatment": day,
                "term": term,
                "serious": _yes_no(serious),
                "related": _yes_no(related),
            }
        )
    return rows


def _visit_rows(trial: Trial, index: int, scores: Mapping[str, Sequence[int]], events: Rows) -> Rows:
    rows: Rows = []
    for visit, session in enumerate(VISITS):
        left = _withdraws(trial, index) and visit == len(VISITS) - 1
        values: dict[str, Any] = {name: None if left else of_scale[visit] for name, of_scale in scores.items()}
        if (index, visit) == (_WITHOUT_FIM, 1):
            values["FIM"] = None
        since = _VISIT_DAYS[visit - 1] if visit else 0
        own = [event for event in events if since < event["days_since_treatment"] <= _VISIT_DAYS[visit]]
        counts = (len(own), sum(event["serious"] == "yes" for event in own))
        unknown = left or visit == 0
        rows.append(
            {
                "participant_id": trial.participant_id(index),
                "session": session,
                **values,
                **{name: None if unknown else count for name, count in zip(COUNTS, counts, strict=True)},
                "withdrawn": _yes_no(left),
            }
        )
    return rows


def _truth_rows(trial: Trial, index: int, scores: Mapping[str, Sequence[int]]) -> Rows:
    change = trial.case(index).improvement["FDG"]
    return [
        {
            "participant_id": trial.participant_id(index),
            "session": session,
            "outcome": name,
            "uptake_change": change,
            "improvement_planted": _OF_FULL_GAIN[visit] * PLANTED[name].gain * change,
            "improvement_true": SCALES[name].improvement(of_scale[0], of_scale[visit]),
        }
        for name, of_scale in scores.items()
        for visit, session in enumerate(VISITS)
        if visit > 0
    ]


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
