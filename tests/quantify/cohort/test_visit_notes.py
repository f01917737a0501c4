from pet_spect.quantify.cohort.visit_notes import Circumstances, circumstance_notes


def codes(*visits):
    return [[note.split(":")[0] for note in notes] for notes in circumstance_notes(visits)]


def test_nothing_said_is_nothing_to_look_at():
    assert codes(Circumstances("baseline"), Circumstances("year1")) == [[], []]


def test_visits_in_order_and_on_one_day_are_fine():
    assert codes(Circumstances("baseline", -9), Circumstances("day0", 0), Circumstances("again", 0)) == [[], [], []]


def test_only_the_visits_that_contradict_each_other_are_named():
    visits = (Circumstances("a", -9), Circumstances("b", 365), Circumstances("c"), Circumstances("d", 180))
    assert codes(*visits) == [[], ["visit_order"], [], ["visit_order"]]


def test_no_benzodiazepine_is_no_note():
    assert codes(Circumstances("baseline", benzodiazepine=False)) == [[]]
    assert codes(Circumstances("baseline", benzodiazepine=True)) == [["benzodiazepine"]]


def test_glucose_is_high_above_the_limit_not_at_it():
    assert codes(Circumstances("baseline", glucose_mg_dl=160.0)) == [[]]
    assert codes(Circumstances("baseline", glucose_mg_dl=160.1)) == [["glucose_high"]]
