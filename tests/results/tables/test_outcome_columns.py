"""The dictionary of outcomes_summary.tsv says who was counted, and how."""

import pytest

from pet_spect.quantify.outcomes.adverse_events import TimeFrame
from pet_spect.results.tables.outcome_columns import Counting, recorded_counting, summary_columns


@pytest.mark.parametrize(
    ("withdrawn", "level"),
    [("included", "every participant; who lacks"), ("excluded", "every participant who has not withdrawn; who lacks")],
)
def test_everybody_is_who_can_be_in_the_denominator(withdrawn, level):
    counting = Counting(TimeFrame(0, 365), withdrawn, by_event=True)
    columns = summary_columns(counting)
    assert columns["analysis"]["Levels"]["everybody"].startswith(level)
    assert recorded_counting(columns) == counting


def test_events_of_unknown_relatedness_are_said_to_count_as_related():
    columns = summary_columns(Counting(TimeFrame(), "included", by_event=True))
    assert "does not say" in columns["quantity"]["Description"]
    assert "does not say" in columns["outcome"]["Levels"]["related_adverse_events"]
