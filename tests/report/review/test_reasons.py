from __future__ import annotations

import pytest

from pet_spect.remarks.catalogue import CATALOGUE
from pet_spect.report.review.reasons import MOST_LETTERS, REASONS, UnusableError, reason_of


def test_words_stay_on_one_line_without_control_characters():
    said = reason_of("doubt", "moved", "a\tb\nc\x00d\u2028e\u202ef\ud800")
    assert said == "moved: The person moved, or the scan is blurred; a b c d e f (blinded reading)"


def test_something_else_is_said_in_words_alone():
    assert reason_of("bad", "other", "=1+1") == "other: =1+1 (blinded reading)"


@pytest.mark.parametrize(
    ("rating", "code", "words", "message"),
    [
        ("accept", "moved", "", "must be good, doubt or bad"),
        ("doubt", "", "", "need a reason"),
        ("bad", "excluded", "", "need a reason"),
        ("bad", "other", " \t", "say in words"),
        ("bad", "moved", "x" * (MOST_LETTERS + 1), "201 letters, at most 200"),
    ],
)
def test_what_cannot_be_said(rating, code, words, message):
    with pytest.raises(UnusableError, match=message):
        reason_of(rating, code, words)


def test_reasons_are_of_the_catalogue_where_it_has_one():
    own = set(REASONS) - set(CATALOGUE)
    assert own == {"target_misplaced", "moved", "lesion_outline", "other"}
