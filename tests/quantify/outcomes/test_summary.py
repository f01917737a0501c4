"""Each statistic against scipy, enumeration, or numbers that can be checked by hand."""

import math
import time
from itertools import product

import numpy as np
import pytest
from scipy import stats

from pet_spect.quantify.outcomes.adverse_events import (
    TimeFrame,
    contradictions,
    counts_of_events,
    counts_of_visits,
)
from pet_spect.quantify.outcomes.changes import clinical_study, outcome_changes
from pet_spect.quantify.outcomes.imaging import Endpoint, relations
from pet_spect.quantify.outcomes.records import AdverseEvent, OutcomeVisit
from pet_spect.quantify.outcomes.summary import summarise_changes, summarise_events

NAN = math.nan
SESSIONS = ("baseline", "year1")
ENDPOINT = Endpoint("FDG", "precentral", "uptake_ratio", "contralateral")


def people(n):
    return [f"sub-{number:02d}" for number in range(1, n + 1)]


def study_of(outcome, before, after, *, withdrawn=()):
    visits = []
    for person, values in zip(people(len(before)), zip(before, after, strict=True), strict=True):
        for session, value in zip(SESSIONS, values, strict=True):
            visits.append(OutcomeVisit(person, session, {outcome: value}, person in withdrawn))
    return clinical_study(visits, people(len(before)), SESSIONS)


def rows_of(outcome, before, after, **more):
    return summarise_changes(outcome_changes(study_of(outcome, before, after, **more)))


def test_mrs_is_counted_with_and_without_the_missing():
    complete, everybody = rows_of("mRS", [4, 4, 3, 4, 5, 3, 4, 4], [3, 4, 1, 5, NAN, 2, NAN, 3], withdrawn=["sub-05"])
    assert (complete.analysis, complete.count, complete.n, complete.n_missing) == ("complete_cases", 4, 6, 2)
    assert (everybody.analysis, everybody.count, everybody.n) == ("missing_as_no_improvement", 4, 8)
    assert (everybody.n_missing, everybody.n_withdrawn) == (2, 1)
    for row in (complete, everybody):
        expected = stats.binomtest(4, row.n).proportion_ci(method="exact")
        assert row.estimate == 4 / row.n
        assert (row.ci95_low, row.ci95_high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_mean_improvement_has_the_statistics_of_scipy_and_of_enumeration():
    before, after = [10, 12, 8, 15, 20, 9, 11, 14], [7, 10, 8, 9, 19, 10, 6, 10]
    (row,) = rows_of("NIHSS", before, after)
    gains = np.array(before) - np.array(after)
    low, high = stats.t.interval(0.95, len(gains) - 1, gains.mean(), stats.sem(gains))
    assert row.estimate == gains.mean() == row.description.mean_change
    assert (row.ci95_low, row.ci95_high) == pytest.approx((low, high), abs=1e-12)
    assert row.description.sd == pytest.approx(gains.std(ddof=1))
    signs = np.array(list(product((-1, 1), repeat=len(gains))))
    assert row.inference.p_sign_flip == (np.abs(signs @ gains) >= abs(gains.sum())).mean()
    kept = gains[gains != 0]
    ranks = stats.rankdata(np.abs(kept))
    distances = np.abs(np.array(list(product((-1, 1), repeat=len(kept)))) @ ranks)
    observed = abs((np.sign(kept) * ranks).sum())
    assert row.inference.p_wilcoxon == pytest.approx((distances >= observed).mean())
    averages = [(gains[i] + gains[j]) / 2 for i in range(8) for j in range(i, 8)]
    assert row.inference.hodges_lehmann == np.median(averages)
    assert row.count == 6


@pytest.mark.parametrize(("n", "words"), [(0, "0 participants"), (1, "1 participant"), (2, "2 participants")])
def test_fewer_than_three_people_give_no_mean(n, words):
    after = [70.0] * n + [NAN] * (3 - n)
    (row,) = rows_of("FIM", [60.0] * 3, after)
    assert (row.n, row.n_missing) == (n, 3 - n)
    assert all(map(math.isnan, (row.description.sd, row.inference.hodges_lehmann, row.inference.p_smallest)))
    assert row.remark.line == f"outcome_no_estimate: no estimate: {words}"
    assert all(map(math.isnan, (row.estimate, row.ci95_low, row.ci95_high)))


@pytest.mark.parametrize("before", [NAN, 4.0])
def test_a_visit_at_which_nobody_was_examined_gives_no_frequency(before):
    for row in rows_of("mRS", [before] * 4, [NAN] * 4):
        assert (row.n, row.n_missing, row.count, row.remark.code) == (0, 4, 0, "outcome_no_estimate")
        assert all(map(math.isnan, (row.estimate, row.ci95_low, row.ci95_high)))


def test_events_of_which_nothing_is_known_give_no_estimate():
    study = clinical_study(visits_of((NAN, NAN, NAN), (NAN, NAN, NAN)), people(3), SESSIONS)
    rows = summarise_events(counts_of_visits(study))
    assert [row.quantity for row in rows][:2] == ["frequency_people", "events_per_person"]
    for row in rows:
        assert (row.n, row.n_missing, row.count, row.remark.text) == (0, 3, 0, "no estimate: 0 participants")
        assert all(map(math.isnan, (row.estimate, row.ci95_low, row.ci95_high)))


def test_nobody_has_no_rows():
    study = clinical_study([], [], SESSIONS)
    assert summarise_changes(outcome_changes(study)) == []
    assert summarise_events([*counts_of_visits(study), *counts_of_events([], study, TimeFrame())]) == []


def test_everybody_withdrawn_and_excluded_leaves_no_estimate():
    study = clinical_study([OutcomeVisit("sub-01", "year1", {}, True)], people(1), SESSIONS)
    people_with, per_person, *_ = summarise_events(counts_of_events([], study, TimeFrame()), "excluded")
    assert (people_with.n, people_with.remark.text, per_person.n) == (0, "no estimate: 0 participants", 0)
    assert math.isnan(people_with.estimate)
    assert math.isnan(per_person.estimate)


def test_equal_changes_have_a_mean_and_no_interval():
    (row,) = rows_of("Barthel", [50.0] * 4, [60.0] * 4)
    assert (row.estimate, row.description.sd, row.count) == (10, 0, 4)
    assert all(map(math.isnan, (row.ci95_low, row.ci95_high, row.inference.hl_ci_low)))
    assert row.remark.line == "outcome_no_interval: no interval: all values are equal"


def test_events_are_counted_within_the_time_frame_and_an_unknown_day_counts():
    study = clinical_study([OutcomeVisit("sub-03", "baseline", {}, True)], people(4), SESSIONS)
    days = [("sub-01", -3, True), ("sub-01", 0, False), ("sub-01", 365, True), ("sub-02", 366, True)]
    events = [AdverseEvent(person, day, serious) for person, day, serious in [*days, ("sub-03", NAN, False)]]
    counts = counts_of_events(events, study, TimeFrame(0, 365))
    any_event, per_person, serious, _ = summarise_events(counts)
    assert (any_event.outcome, any_event.count, any_event.n, any_event.n_withdrawn) == ("adverse_events", 2, 4, 1)
    assert any_event.ci95_high == pytest.approx(stats.binomtest(2, 4).proportion_ci(method="exact").high)
    assert (per_person.count, per_person.estimate) == (3, 0.75)
    assert (serious.outcome, serious.count, serious.estimate) == ("serious_adverse_events", 1, 0.25)


def test_withdrawn_people_leave_the_denominator_if_the_plan_says_so():
    study = clinical_study([OutcomeVisit("sub-03", "year1", {}, True)], people(4), SESSIONS)
    counts = counts_of_events([AdverseEvent("sub-03", 5, False)], study, TimeFrame())
    included, excluded = (summarise_events(counts, withdrawn)[0] for withdrawn in ("included", "excluded"))
    assert (included.count, included.n, excluded.count, excluded.n) == (1, 4, 0, 3)


def test_related_events_are_counted_only_if_anybody_says_and_then_also_the_unknown_ones():
    study = clinical_study([], people(2), SESSIONS)
    told = [AdverseEvent("sub-01", 1, False, related=related) for related in (True, False, None)]
    assert [row.events for row in counts_of_events(told, study, TimeFrame()) if row.outcome[:3] == "rel"] == [2, 0]
    assert not any(row.outcome[:3] == "rel" for row in counts_of_events(told[2:], study, TimeFrame()))


def visits_of(*numbers):
    """Return the visits of people with their numbers of events at baseline, month 6 and year 1."""
    sessions = ("baseline", "month6", "year1")
    return [
        OutcomeVisit(person, session, {"adverse_events": float(number)})
        for person, row in zip(people(len(numbers)), numbers, strict=True)
        for session, number in zip(sessions, row, strict=True)
    ]


def test_numbers_at_the_visits_add_up_without_those_before_the_treatment():
    study = clinical_study(visits_of((5, 1, 2), (0, NAN, 1), (0, NAN, NAN), (0, 0, 0)), people(5), SESSIONS)
    counts = counts_of_visits(study)
    assert [(row.events, row.known, row.complete) for row in counts] == [
        (3, True, True),
        (1, True, False),
        (0, False, False),
        (0, True, True),
        (0, False, False),
    ]
    everybody, _, complete, events = summarise_events(counts)
    assert (everybody.analysis, everybody.count, everybody.n, everybody.n_missing) == ("everybody", 2, 5, 3)
    assert (complete.analysis, complete.count, complete.n) == ("complete_cases", 1, 2)
    assert (events.count, events.estimate) == (3, 1.5)


def test_an_unscheduled_visit_makes_nobody_else_incomplete():
    planned = [OutcomeVisit(person, session, {"adverse_events": 0.0}) for person in people(4) for session in SESSIONS]
    extra = OutcomeVisit("sub-01", "extra", {"adverse_events": 2.0})
    empty = OutcomeVisit("sub-02", "extra", {"adverse_events": NAN})
    counts = counts_of_visits(clinical_study([*planned, extra, empty], people(4), SESSIONS))
    assert [(row.events, row.complete) for row in counts] == [(2, True), (0, False), (0, True), (0, True)]


def test_a_visit_of_most_people_is_missing_in_the_others():
    visits = visits_of((0, 1, 0), (0, 0, 0), (0, 0, 0)) + [
        OutcomeVisit("sub-04", session, {"adverse_events": 0.0}) for session in SESSIONS
    ]
    counts = counts_of_visits(clinical_study(visits, people(4), SESSIONS))
    assert [row.complete for row in counts] == [True, True, True, False]


def test_two_tables_contradict_each_other_unless_a_visit_has_no_number():
    events = [AdverseEvent("sub-01", 10, False), AdverseEvent("sub-01", 20, True)]
    study = clinical_study(visits_of((0, 1, 1)), people(1), SESSIONS)
    assert contradictions(events, study) == []
    (fewer,) = contradictions(events[:1], study)
    assert (fewer.participant_id, fewer.outcome, fewer.listed, fewer.counted) == ("sub-01", "adverse_events", 1, 2)
    (more,) = contradictions(events, clinical_study(visits_of((0, 1, 0)), people(1), SESSIONS))
    assert (more.listed, more.counted) == (2, 1)
    partly = clinical_study(visits_of((0, 1, NAN), (0, 0, 0)), people(2), SESSIONS)
    assert contradictions(events, partly) == []
    late = [*events, AdverseEvent("sub-01", 400, False)]
    assert contradictions(late, study, TimeFrame(0, 365)) == []
    assert [found.listed for found in contradictions(late, study)] == [3]
    assert contradictions(events, study, TimeFrame(0, 12)) == []
    before = [AdverseEvent("sub-01", -5, False)]
    assert contradictions(before, clinical_study(visits_of((1, 0, 0)), people(1), SESSIONS)) == []


def test_images_and_scales_are_related_in_those_who_have_both():
    before, after = [10, 12, 8, 15, 20, 9, 11, NAN], [7, 10, 8, 9, 19, 10, 6, 10]
    changes = outcome_changes(study_of("NIHSS", before, after))
    imaged = dict(zip(people(7), [5.0, 3.0, 1.0, 6.0, 2.0, -1.0, 4.0], strict=True)) | {"sub-08": 9.0}
    (relation,) = relations({(ENDPOINT, "year1"): imaged, (ENDPOINT, "year2"): imaged}, changes)
    gains = [b - a for b, a in zip(before[:7], after[:7], strict=True)]
    assert (relation.session, relation.outcome, relation.n_missing) == ("year1", "NIHSS", 1)
    assert relation.correlation.rho == pytest.approx(stats.spearmanr(list(imaged.values())[:7], gains).statistic)
    assert relation.remark is None


def test_too_few_or_equal_changes_say_why_there_is_no_correlation():
    few = outcome_changes(study_of("FIM", [60.0] * 3, [70.0, 65.0, NAN]))
    (relation,) = relations({(ENDPOINT, "year1"): dict.fromkeys(people(3), 1.0)}, few)
    assert relation.remark.text == "no estimate: 2 participants"
    same = outcome_changes(study_of("FIM", [60.0] * 3, [70.0, 65.0, 80.0]))
    (relation,) = relations({(ENDPOINT, "year1"): dict.fromkeys(people(3), 1.0)}, same)
    assert relation.remark.code == "outcome_no_variation"


def test_a_thousand_participants_take_seconds():
    rng = np.random.default_rng(5)
    started = time.process_time()
    before, after = rng.integers(40, 120, 1000), rng.integers(40, 120, 1000)
    changes = outcome_changes(study_of("FIM", before.astype(float), after.astype(float)))
    (row,) = summarise_changes(changes)
    relations({(ENDPOINT, "year1"): dict(zip(people(1000), rng.normal(size=1000), strict=True))}, changes)
    assert row.n == 1000
    assert time.process_time() - started < 10
