"""Which side of the brain changed, where the result is relative to the other side."""

from __future__ import annotations

import math

import numpy as np

from pet_spect.quantify.cohort.analysis.inference import (
    describe,
    description_in_percent,
    infer,
    inference_in_percent,
)
from pet_spect.quantify.cohort.statistics import mean_interval
from pet_spect.quantify.comparisons import COMMON_REFERENCE, CONTRALATERAL, OTHER_SIDE
from pet_spect.report.answer.estimates import Endpoint, Estimate, endpoint_of, estimate_of, is_in
from pet_spect.report.results_folder import Results
from pet_spect.tsv import MISSING, Row, format_value, parse_float

_NOTHING = {"baseline": MISSING, "follow_up": MISSING}


def sides_of(results: Results, endpoint: Endpoint, rows: list[Row]) -> tuple[list[tuple[str, Estimate]], bool]:
    """Return how either side changed over the ipsilesional cerebellum, and whether the other side made the mean.

    Only participants count whom the mean holds, and of whom all three log ratios are defined.
    """
    tracer, region, measure, reference, session = endpoint
    if reference != CONTRALATERAL:
        return [], False
    by_kind = {(endpoint_of(row), row["participant_id"]): row for row in results.tables["change"]}
    kinds = [(tracer, name, measure, COMMON_REFERENCE, session) for name in (region, region + OTHER_SIDE)]
    included = {
        row["participant_id"]: row
        for row in rows
        if is_in(row)
        and all(
            math.isfinite(_log_change(each))
            for each in (row, *(by_kind.get((kind, row["participant_id"]), _NOTHING) for kind in kinds))
        )
    }
    if not included:
        return [], False
    of_sides = [[by_kind[kind, person] for person in included] for kind in kinds]
    told = []
    for name, of_side in zip(("the side of the stroke", "the other side"), of_sides, strict=True):
        logs = [_log_change(row) for row in of_side]
        mean, test = description_in_percent(describe(logs), math.nan), inference_in_percent(infer(logs))
        shown = {
            "n": len(logs),
            "mean_change": mean.mean_change,
            "ci95_low": test.ci95_low,
            "ci95_high": test.ci95_high,
        }
        row = {column: format_value(value) for column, value in shown.items()} | {"quantity": "change_percent"}
        told.append((name, estimate_of(row)))
    whole = math.fsum(_log_change(row) for row in included.values()) / len(included)
    moved = mean_interval(np.array([_log_change(row) for row in of_sides[1]]))
    surely = moved.low > 0 or moved.high < 0
    return told, surely and -moved.estimate * whole > whole**2 / 2


def _log_change(row: Row) -> float:
    before, after = parse_float(row["baseline"]), parse_float(row["follow_up"])
    return math.log(after / before) if before > 0 and after > 0 else math.nan
