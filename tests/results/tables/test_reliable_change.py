import pytest

from pet_spect.errors import TableError
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.results.tables.columns import CHANGE
from pet_spect.results.tables.reliable_change import RELIABLE_CHANGE, recorded_cvs, with_reliable_change

CVS = {"FDG": WithinSubjectCv(5.0, "biological", "made up")}


def test_what_is_recorded_is_read_again():
    columns = with_reliable_change(CHANGE, CVS)
    assert list(columns) == [*CHANGE, *RELIABLE_CHANGE]
    assert recorded_cvs(columns) == CVS


def test_without_a_cv_the_columns_stay_as_they_are():
    assert with_reliable_change(CHANGE, {}) == CHANGE
    assert recorded_cvs(CHANGE) == {}


@pytest.mark.parametrize("entry", [{}, {"WithinSubjectCV": {"FDG": {"value": 5}}}, {"WithinSubjectCV": 3}, 7])
def test_a_record_that_cannot_be_read_is_an_error(entry):
    with pytest.raises(TableError, match="does not tell the within-subject CV") as caught:
        recorded_cvs({"reliable_change": entry})
    assert caught.value.code == "dictionary_unreadable"
