from pet_spect.quantify.cohort.visit_notes import VisitFacts, visit_notes


def codes(*visits):
    return [[note.code for note in notes] for notes in visit_notes(visits)]


def test_nothing_said_is_nothing_to_look_at():
    assert codes(VisitFacts("baseline"), VisitFacts("year1")) == [[], []]


def test_visits_in_order_and_on_one_day_are_fine():
    assert codes(VisitFacts("baseline", -9), VisitFacts("day0", 0), VisitFacts("again", 0)) == [[], [], []]


def test_only_the_visits_that_contradict_each_other_are_named():
    visits = (VisitFacts("a", -9), VisitFacts("b", 365), VisitFacts("c"), VisitFacts("d", 180))
    assert codes(*visits) == [[], ["visit_order"], [], ["visit_order"]]


def test_no_benzodiazepine_is_no_note():
    assert codes(VisitFacts("baseline", benzodiazepine=False)) == [[]]
    assert codes(VisitFacts("baseline", benzodiazepine=True)) == [["benzodiazepine"]]


def test_glucose_is_high_above_the_limit_not_at_it():
    assert codes(VisitFacts("baseline", glucose_mg_dl=160.0)) == [[]]
    assert codes(VisitFacts("baseline", glucose_mg_dl=160.1)) == [["glucose_high"]]
