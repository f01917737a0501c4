import math

import pytest

from pet_spect.quantify.outcomes.changes import clinical_study, outcome_changes, outcome_values
from pet_spect.quantify.outcomes.records import OutcomeVisit
from pet_spect.quantify.outcomes.scales import SCALES

NAN = math.nan
SESSIONS = ("baseline", "year1")


def visit(person, session, *, withdrawn=False, **values):
    return OutcomeVisit(person, session, values, withdrawn)


@pytest.mark.parametrize(
    ("outcome", "before", "after", "improvement"),
    [("mRS", 4, 3, 1), ("NIHSS", 10, 12, -2), ("FIM", 60, 75, 15), ("Fugl_Meyer", 40, 40, 0), ("Barthel", 55, 50, -5)],
)
def test_an_improvement_is_positive_whatever_the_direction_of_the_scale(outcome, before, after, improvement):
    visits = [visit("sub-01", "baseline", **{outcome: before}), visit("sub-01", "year1", **{outcome: after})]
    (change,) = outcome_changes(clinical_study(visits, ["sub-01"], SESSIONS))
    assert (change.change, change.improvement, change.status) == (after - before, improvement, "complete")


def test_nobody_and_no_visit_is_left_out():
    visits = [
        visit("sub-01", "baseline", mRS=4.0),
        visit("sub-01", "month6", mRS=NAN),
        visit("sub-01", "year1", mRS=3.0),
        visit("sub-02", "baseline", mRS=5.0, withdrawn=True),
    ]
    study = clinical_study(visits, ["sub-01", "sub-02", "sub-03"], SESSIONS)
    assert study.sessions == ("baseline", "month6", "year1")
    values = {(row.participant_id, row.session): (row.status, row.withdrawn) for row in outcome_values(study)}
    assert values == {
        ("sub-01", "baseline"): ("recorded", False),
        ("sub-01", "month6"): ("missing", False),
        ("sub-01", "year1"): ("recorded", False),
        ("sub-02", "baseline"): ("recorded", True),
        ("sub-02", "month6"): ("no_line", True),
        ("sub-02", "year1"): ("no_line", True),
        **{("sub-03", session): ("no_line", False) for session in study.sessions},
    }
    changes = {(row.participant_id, row.session): (row.status, row.improved) for row in outcome_changes(study)}
    assert changes["sub-01", "month6"] == ("no_follow_up", None)
    assert changes["sub-01", "year1"] == ("complete", True)
    assert changes["sub-02", "year1"] == ("no_follow_up", None)
    assert changes["sub-03", "year1"] == ("neither", None)


@pytest.mark.parametrize(("before", "after", "improved"), [(3, 2, True), (3, 3, False), (3, 6, False), (0, 0, False)])
def test_one_point_of_the_mrs_is_an_improvement(before, after, improved):
    visits = [visit("sub-01", "baseline", mRS=before), visit("sub-01", "year1", mRS=after)]
    (change,) = outcome_changes(clinical_study(visits, ["sub-01"], SESSIONS))
    assert change.improved is improved


def test_five_visits_keep_the_order_of_the_table_behind_the_reference():
    sessions = ("month3", "baseline", "month6", "year1", "year2")
    study = clinical_study([visit("sub-01", session, FIM=60.0) for session in sessions], ["sub-01"], SESSIONS)
    assert study.sessions == ("baseline", "month3", "month6", "year1", "year2")
    assert [change.session for change in outcome_changes(study)] == ["month3", "month6", "year1", "year2"]


def test_sessions_of_the_images_keep_their_order_whoever_comes_first_in_the_table():
    visits = [visit("sub-01", session, mRS=3.0) for session in ("baseline", "month6", "year1")]
    visits += [visit("sub-02", session, mRS=3.0) for session in ("baseline", "m3", "year1", "late")]
    study = clinical_study(visits, ["sub-01", "sub-02", "sub-03"], ["baseline", "m3", "year1"])
    assert study.sessions == ("baseline", "m3", "month6", "year1", "late")


def test_a_visit_is_planned_if_it_has_images_or_a_line_of_more_than_half():
    people = [f"sub-0{number}" for number in range(1, 5)]
    visits = [visit(person, "month6", mRS=3.0) for person in people[:3]]
    visits += [visit(person, "extra", mRS=3.0) for person in people[:2]]
    assert clinical_study(visits, people, SESSIONS).planned == {"baseline", "month6", "year1"}


def test_a_study_without_outcomes_has_no_rows():
    study = clinical_study([], ["sub-01"], SESSIONS)
    assert (outcome_values(study), outcome_changes(study)) == ([], [])


def test_scores_between_the_steps_of_a_scale_are_not_possible():
    assert not SCALES["mRS"].admits(2.5)
    assert [score for score in range(-5, 110) if SCALES["Barthel"].admits(score)] == list(range(0, 101, 5))
    assert [SCALES["FIM"].admits(score) for score in (17, 18, 126, 127)] == [False, True, True, False]
