from __future__ import annotations

import math

import pytest

from pet_spect.report.answer.forest_lines import forest_lines
from pet_spect.report.answer.without_warned import without_warned

RESULT = {
    "tracer": "FDG",
    "region": "precentral",
    "measure": "uptake_ratio",
    "reference": "contralateral",
    "session": "year1",
    "quantity": "change_percent",
    "analysis_set": "as_accepted",
    "role": "secondary",
    "n": "8",
    "mean_change": "2.634",
    "ci95_low": "-0.431",
    "ci95_high": "5.794",
    "note": "n/a",
}
TESTED = RESULT | {"quantity": "log_ratio", "role": "primary"}

CHANGE = {"participant_id": "sub-01", "baseline": "1.0", "follow_up": "1.0", "change": "0", "qc": "pass"}
CHANGE |= {"reason": "n/a", "included": "true", "analysis_set": "as_accepted", "tested_quantity": "log_ratio"}


def like(**more):
    return RESULT | {"role": "sensitivity"} | more


def names(*others, shown=RESULT):
    return [line.name for line in forest_lines([TESTED, shown, *others], shown, TESTED)]


def test_the_result_comes_first_with_its_role_and_digits_of_its_own():
    first, second = forest_lines(
        [like(reference="pons", mean_change="13.5", ci95_low="-9.4", ci95_high="42.3"), RESULT], RESULT, TESTED
    )
    assert (first.name, first.role, first.is_primary) == ("contralateral motor cortex", "primary result", True)
    assert (first.estimate, first.interval, first.n) == ("+2.6 %", "−0.4 % to +5.8 %", "8")
    assert (second.name, second.role, second.is_primary) == ("pons", "sensitivity", False)
    assert (second.estimate, second.interval) == ("+14 %", "−9 % to +42 %")


def test_a_row_differs_in_one_thing_only():
    assert names(
        like(reference="cerebellum_ipsilesional"),
        like(reference="white_matter"),
        like(analysis_set="per_protocol"),
        like(region="precentral_lesionfree"),
    ) == [
        "contralateral motor cortex",
        "ipsilesional cerebellum",
        "white matter",
        "set: per protocol",
        "target without the lesion",
    ]
    assert (
        names(
            like(reference="pons", analysis_set="all"),
            like(reference="pons", session="year2"),
            like(reference="pons", tracer="IMZ"),
            like(reference="pons", quantity="change"),
            like(reference="none", measure="suv_mean"),
            like(region="precentral_contralesional"),
        )
        == []
    )


def test_who_is_empty_has_no_row():
    assert names(like(reference="pons", n="0")) == []


def test_a_quantity_in_its_own_unit_is_not_compared_across_references():
    shown = RESULT | {"quantity": "change"}
    others = [like(reference="pons", quantity="change"), like(analysis_set="all", quantity="change")]
    assert names(*others, shown=shown) == ["contralateral motor cortex", "set: all with a value"]


def test_without_an_interval_the_row_says_why():
    gone = {
        "mean_change": "n/a",
        "ci95_low": "n/a",
        "ci95_high": "n/a",
        "n": "2",
        "note": "no estimate: 2 participants",
    }
    _, line = forest_lines([RESULT, like(reference="pons", **gone)], RESULT, TESTED)
    assert (line.estimate, line.interval, line.note) == ("n/a", "no interval", "no estimate: 2 participants")


def test_nothing_is_drawn_if_nothing_is_estimated():
    nothing = RESULT | {"mean_change": "n/a", "ci95_low": "n/a", "ci95_high": "n/a", "n": "2"}
    assert names(nothing | {"reference": "pons"}, shown=nothing) == []


def test_the_result_without_warned_people_comes_second_and_is_not_of_the_plan():
    people = [
        CHANGE | {"participant_id": f"sub-0{number}", "follow_up": str(after), "qc": qc}
        for number, (after, qc) in enumerate(((1.0, "pass"), (1.1, "pass"), (1.21, "pass"), (2.0, "warn")))
    ]
    without = without_warned(people, RESULT, TESTED)
    _, line, last = forest_lines([RESULT, like(reference="pons")], RESULT, TESTED, without)
    assert (line.name, line.role, line.n) == (
        "without people with a warning",
        "descriptive, not in the plan",
        "3",
    )
    assert line.mean == pytest.approx(10)  # the geometric mean of 1, 1.1 and 1.21
    assert line.low == pytest.approx(100 * (math.exp(math.log(1.1) * (1 - 4.30265 / math.sqrt(3))) - 1), abs=1e-3)
    assert last.name == "pons"


def test_without_warned_people_too_few_can_be_left():
    people = [CHANGE | {"qc": "warn"}, CHANGE]
    line = forest_lines([RESULT], RESULT, TESTED, without_warned(people, RESULT, TESTED))[1]
    assert (line.estimate, line.n, line.note) == ("n/a", "1", "no estimate: 1 participant")


def test_where_nobody_is_warned_there_is_no_such_row():
    assert without_warned([CHANGE], RESULT, TESTED) is None
    assert without_warned([CHANGE | {"qc": "fail", "included": "false"}], RESULT, TESTED) is None


def test_a_result_in_its_own_unit_is_a_difference_without_warned_people_too():
    shown = RESULT | {"quantity": "change"}
    rows = [CHANGE | {"follow_up": str(after), "tested_quantity": "change"} for after in (0.9, 1.1, 1.3)]
    row = without_warned([*rows, CHANGE | {"qc": "warn"}], shown, shown)
    assert row is not None
    assert float(row["mean_change"]) == pytest.approx(0.1)
