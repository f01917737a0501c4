import pytest

from pet_spect.model import ScanKey
from pet_spect.quantify.cohort.visit_notes import VisitFacts, larger_lesions, visit_notes
from pet_spect.quantify.roles import ScanUptake


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


def larger(deficits_ml):
    scans = [
        ScanUptake(ScanKey("sub-01", session, "FDG"), None, {}, deficit_ml=(0.0, deficit))
        for session, deficit in deficits_ml.items()
    ]
    found = larger_lesions(scans, ["baseline", "month6", "year1"], "right")
    return {key.session: remark.text for key, remark in found.items()}


@pytest.mark.parametrize(
    ("first", "later", "flagged"),
    [(0.0, 10.0, False), (0.0, 10.1, True), (72.8, 83.8, False), (72.8, 92.0, True), (40.0, 10.0, False)],
)
def test_a_lesion_is_larger_if_it_grew_by_more_than_10_ml_and_a_quarter(first, later, flagged):
    assert list(larger({"baseline": first, "year1": later})) == (["year1"] if flagged else [])


def test_each_later_scan_is_compared_with_the_first_one():
    assert larger({"baseline": 20.0, "month6": 31.0, "year1": 25.0}) == {
        "month6": "the scan shows a lesion of 31 mL on the right, the scan of baseline one of 20 mL"
    }


def test_without_the_first_scan_nothing_is_known_of_growth():
    assert larger({"month6": 20.0, "year1": 90.0}) == {}
