import pytest

from pet_spect.model import ScanKey
from pet_spect.quantify.cohort.growing_lesion import larger_lesions
from pet_spect.quantify.roles import ScanUptake


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
