from __future__ import annotations

import math

import pytest

from pet_spect.report.answer.persons import key_of, person_changes

MINUS = "\N{MINUS SIGN}"


def row(low, high, **more):
    ends = {"change_percent_ci95_low": str(low), "change_percent_ci95_high": str(high)}
    values = {"baseline": "0.8", "follow_up": "0.82", "change": "0.02", "ci95_low": "0.01", "ci95_high": "0.03"}
    kept = {"included": "true", "analysis_set": "as_accepted", "tested_quantity": "log_ratio"}
    kept |= {"qc": "pass", "reason": "n/a"}
    return {"participant_id": "sub-01", "change_percent": "2.5", **values, **ends, **kept, **more}


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(0.5, 4.5, "up"), (-4.5, -0.5, "down"), (-0.5, 5.5, "flat"), (0.0, 5.0, "flat"), ("n/a", "n/a", "flat")],
)
def test_without_a_cv_the_own_interval_decides(low, high, kind):
    assert person_changes([row(low, high)], " %")[0].kind == kind


@pytest.mark.parametrize(
    ("verdict", "kind"), [("improved", "up"), ("declined", "down"), ("not shown", "flat"), ("n/a", "flat")]
)
def test_with_a_cv_reliable_change_decides(verdict, kind):
    rows = [row(0.5, 4.5, reliable_change=verdict), row(0.5, 4.5, reliable_change="not shown")]
    assert person_changes(rows, " %")[0].kind == kind
    assert key_of(rows)["up"].startswith("improved")


def test_a_cv_that_says_nothing_of_this_endpoint_decides_nothing():
    rows = [row(0.5, 4.5, reliable_change="n/a")]
    assert person_changes(rows, " %")[0].kind == "up"
    assert key_of(rows)["up"].startswith("rose")


def test_who_is_not_in_the_mean_is_of_a_kind_of_its_own():
    (person,) = person_changes([row(0.5, 4.5, included="false", reliable_change="improved")], " %")
    assert person.kind == "out"
    assert person.told.endswith("not in the mean")


def test_the_link_says_who_how_much_and_what_it_shows():
    (person,) = person_changes([row(-0.43, 5.5)], " %")
    assert person.told == f"sub-01: change +2.5 % (95 % CI {MINUS}0.4 % to +5.5 %), not shown"
    assert person.page == "people/sub-01.html"


def test_a_result_in_its_own_unit_has_changes_in_it():
    (person,) = person_changes([row(0.5, 4.5)], "")
    assert (person.change, person.low, person.high) == (0.02, 0.01, 0.03)
    assert person.told == "sub-01: change +0.020 (95 % CI +0.010 to +0.030), rose"


def test_who_has_no_change_is_told_so():
    (person,) = person_changes([row("n/a", "n/a", follow_up="n/a", change_percent="n/a", included="false")], " %")
    assert math.isnan(person.change)
    assert person.told == "sub-01: no change, because a value is missing"


@pytest.mark.parametrize(
    ("more", "warned"),
    [({}, False), ({"qc": "warn"}, True), ({"reason": "no_suv: no dose"}, True), ({"included": "false"}, False)],
)
def test_a_warning_in_the_mean_is_marked_and_told(more, warned):
    (person,) = person_changes([row(0.5, 4.5, **more)], " %")
    assert person.warned is warned
    assert person.told.endswith(", with a warning") is warned
