from dataclasses import replace

import pytest

from pet_spect.quantify.cohort.protocol.facts import ScanProtocol, VisitFacts
from pet_spect.quantify.cohort.protocol.guard import guard
from pet_spect.quantify.cohort.protocol.rules import BUILT_IN, TracerProtocol

ANY, IMZ = TracerProtocol(), BUILT_IN["IMZ"]


def codes(*visits, rules=ANY):
    return [[note.code for note in said.notes] for said in guard(visits, rules, "baseline")]


def scanned(session, minutes, **facts):
    return VisitFacts(session, scan=ScanProtocol(start_minutes=minutes), **facts)


def fault(minutes, rules=IMZ, **facts):
    (said,) = guard([scanned("baseline", minutes, **facts)], rules, "baseline")
    return said.fault and said.fault.code


def test_what_the_table_does_not_say_is_not_noted():
    assert codes(VisitFacts("baseline"), VisitFacts("year1")) == [[], []]


def test_visits_in_order_are_not_noted():
    assert codes(VisitFacts("baseline", -9), VisitFacts("day0", 0), VisitFacts("again", 0)) == [[], [], []]


def test_visits_out_of_order_are_noted_at_both():
    visits = (VisitFacts("baseline", -9), VisitFacts("b", 365), VisitFacts("c"), VisitFacts("d", 180))
    assert codes(*visits) == [[], ["visit_order"], [], ["visit_order"]]


def test_a_first_session_after_the_treatment_is_noted_even_if_the_other_visit_has_no_days():
    assert codes(VisitFacts("baseline", 365), VisitFacts("year1")) == [["baseline_after_treatment"], []]


def test_benzodiazepines_are_noted_where_they_were_taken():
    assert codes(VisitFacts("baseline", benzodiazepine=False)) == [[]]
    assert codes(VisitFacts("baseline", benzodiazepine=True)) == [["benzodiazepine"]]


def test_glucose_is_noted_above_the_limit():
    assert codes(VisitFacts("baseline", glucose_mg_dl=160.0)) == [[]]
    assert codes(VisitFacts("baseline", glucose_mg_dl=160.1)) == [["glucose_high"]]


@pytest.mark.parametrize(
    ("minutes", "code"),
    [(15, "uptake_window"), (164.9, "uptake_window"), (165, None), (225, None), (225.1, "uptake_window")],
)
def test_an_iomazenil_scan_outside_its_window_is_refused(minutes, code):
    assert fault(minutes) == code


def test_a_tracer_without_a_window_may_begin_at_any_time():
    assert fault(15, rules=ANY) is None


def test_a_wider_window_of_the_config_holds():
    assert fault(155, rules=replace(IMZ, start_minutes=(150.0, 240.0))) is None


def test_two_clocks_that_disagree_must_both_lie_in_the_window():
    assert fault(180, declared_minutes=30) == "uptake_window"
    assert fault(180, declared_minutes=200) is None
    assert fault(165, declared_minutes=164.2) is None  # one clock, rounded


@pytest.mark.parametrize(("apart", "code"), [(5, None), (30, None), (60, "uptake_window"), (150, "uptake_window")])
def test_injection_times_so_far_apart_that_one_must_be_outside_refuse_the_scan(apart, code):
    assert fault(180, clocks_apart_minutes=apart) == code  # 30 min apart may be 210


def test_an_unknown_time_is_noted_and_never_refused():
    (said,) = guard([scanned("baseline", None)], IMZ, "baseline")
    assert ([note.code for note in said.notes], said.fault) == (["uptake_time_unknown"], None)


def test_the_table_fills_an_unknown_time():
    (said,) = guard([scanned("baseline", None, declared_minutes=180)], IMZ, "baseline")
    assert (said.notes, said.fault, said.start_minutes) == ((), None, 180)
    assert fault(None, declared_minutes=20) == "uptake_window"


def test_without_a_window_an_unknown_time_is_noted_if_there_is_a_visit_to_compare():
    assert codes(scanned("baseline", None)) == [[]]
    assert codes(scanned("baseline", None), scanned("year1", 60)) == [["uptake_time_unknown"], []]


def test_a_visit_whose_scan_was_not_measured_is_not_judged():
    said = guard([scanned("baseline", 180), VisitFacts("year1", declared_minutes=20)], IMZ, "baseline")
    assert [(one.notes, one.fault, one.not_compared) for one in said] == [((), None, ())] * 2


def test_what_one_visit_does_not_state_is_named_as_not_compared():
    told, untold = ScanProtocol(start_minutes=60, dose_mbq=200), ScanProtocol(start_minutes=60)
    rules = replace(ANY, agree=("start", "dose"))
    said = guard([VisitFacts("baseline", scan=told), VisitFacts("year1", scan=untold)], rules, "baseline")
    assert [one.not_compared for one in said] == [(), ("dose",)]


def test_a_difference_is_noted_at_the_later_visit_alone_and_every_later_one_is_compared_with_the_first():
    visits = [scanned("baseline", 60), scanned("month6", 80), scanned("year1", 65)]
    assert codes(*visits) == [[], ["uptake_time_differs"], []]


def test_only_what_the_protocol_names_is_compared():
    visits = [scanned("baseline", 60), scanned("year1", 80)]
    assert codes(*visits, rules=replace(ANY, agree=())) == [[], []]
    assert codes(*visits, rules=replace(ANY, start_apart_minutes=20)) == [[], []]
