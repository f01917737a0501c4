"""outcomes.tsv and adverse_events.tsv: what is read, and every mistake at once."""

import math
import re
from pathlib import Path

import pytest
import yaml

from pet_spect.errors import StudyError
from pet_spect.quantify.outcomes.scales import COUNTS, MOST_EVENTS, NEEDED_COUNT, SCALES
from pet_spect.study.adverse_events import EVENT_COLUMNS, read_adverse_events
from pet_spect.study.check import check_study
from pet_spect.study.outcomes import OTHER_SPELLINGS, OUTCOME_COLUMNS, is_filled, read_outcomes
from pet_spect.tsv import read_table

from .conftest import table

PEOPLE = {"sub-01", "sub-02"}
SESSIONS = ["baseline", "year1"]


@pytest.fixture
def outcomes(tmp_path):
    return lambda *lines: read_outcomes(table(tmp_path / "outcomes.tsv", *lines), PEOPLE, SESSIONS)


@pytest.fixture
def events(tmp_path):
    header = "participant_id days_since_treatment term serious severity related"
    return lambda *lines: read_adverse_events(table(tmp_path / "adverse_events.tsv", header, *lines), PEOPLE)


def test_scores_are_read_and_what_is_missing_stays_missing(outcomes):
    first, second, left = outcomes(
        "participant_id session mRS FIM withdrawn",
        "sub-01 baseline 4 62 no",
        "sub-01 month6 3 n/a n/a",
        "sub-02 baseline n/a n/a yes",
    )
    assert (first.values, first.withdrawn) == ({"mRS": 4, "FIM": 62}, False)
    assert (second.session, second.values["mRS"], math.isnan(second.values["FIM"])) == ("month6", 3, True)
    assert left.withdrawn


@pytest.mark.parametrize("name", ["Fugl_Meyer", "Fugl-Meyer"])
def test_fugl_meyer_has_two_spellings(outcomes, name):
    (visit,) = outcomes(f"participant_id session {name}", "sub-01 baseline 226")
    assert visit.values == {"Fugl_Meyer": 226}


def test_both_spellings_at_once_are_an_error(outcomes):
    with pytest.raises(StudyError, match="the columns Fugl_Meyer and Fugl-Meyer are the same; keep one"):
        outcomes("participant_id session Fugl_Meyer Fugl-Meyer", "sub-01 baseline 226 226")


@pytest.mark.parametrize(
    ("column", "value", "needed"),
    [
        ("mRS", "7", "a whole number from 0 to 6, or n/a"),
        ("mRS", "2.5", "a whole number from 0 to 6, or n/a"),
        ("mRS", "-1", "a whole number from 0 to 6, or n/a"),
        ("NIHSS", "43", "a whole number from 0 to 42, or n/a"),
        ("FIM", "17", "a whole number from 18 to 126, or n/a"),
        ("FIM", "127", "a whole number from 18 to 126, or n/a"),
        ("Fugl_Meyer", "227", "a whole number from 0 to 226, or n/a"),
        ("Fugl-Meyer", "227", "a whole number from 0 to 226, or n/a"),
        ("Barthel", "62", "a multiple of 5 from 0 to 100, or n/a"),
        ("Barthel", "105", "a multiple of 5 from 0 to 100, or n/a"),
        ("NIHSS", "ten", "a whole number from 0 to 42, or n/a"),
        ("NIHSS", "1e999", "a whole number from 0 to 42, or n/a"),
        ("adverse_events", "1.5", "a whole number from 0 to 1000, or n/a"),
        ("serious_adverse_events", "-1", "a whole number from 0 to 1000, or n/a"),
        ("withdrawn", "maybe", "yes or no"),
    ],
)
def test_a_score_that_its_scale_does_not_have_is_an_error(outcomes, column, value, needed):
    named = OTHER_SPELLINGS.get(column, column)
    with pytest.raises(StudyError, match=re.escape(f"line 2, {named}: found '{value}', needed {needed}")):
        outcomes(f"participant_id session {column}", f"sub-01 baseline {value}")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("sub-03 year1 3", "participant_id: found 'sub-03', needed somebody participants.tsv lists"),
        ("SUB_01 year1 3", r"did you mean 'sub-01'"),
        ("sub-01 Year1 3", "session: found 'Year1', needed year1, as the sessions of the configuration spell it"),
        ("sub-01 n/a 3", "session: found 'n/a', needed a value"),
        ("sub-01 month-6 3", "session: found 'month-6', needed a session name of letters and digits"),
        ("sub-01 ye\u0430r1 3", "letters and digits, 32 at the most .U.0430 is no plain letter"),
        ("sub-01 baseline 3", "sub-01 baseline is a duplicate of line 2"),
    ],
)
def test_a_line_of_something_unknown_or_a_second_one_is_an_error(outcomes, row, message):
    with pytest.raises(StudyError, match=f"line 3.*{message}"):
        outcomes("participant_id session mRS", "sub-01 baseline 4", row)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["baseline 6 60 no", "year1 3 n/a no"],
            "line 3, mRS: found '3', needed n/a or 6, because mRS is 6 at baseline",
        ),
        (
            ["year1 3 n/a no", "baseline 6 60 no"],
            "line 2, mRS: found '3', needed n/a or 6, because mRS is 6 at baseline",
        ),
        (
            ["baseline 4 60 no", "month6 6 n/a no", "year1 n/a 70 no"],
            "line 4, FIM: found '70', needed n/a, because mRS",
        ),
        (
            ["baseline 4 60 yes", "year1 3 70 no"],
            "line 3, withdrawn: found 'no', needed yes or n/a, because it is yes at",
        ),
    ],
)
def test_what_cannot_follow_an_earlier_visit_is_an_error(outcomes, lines, message):
    with pytest.raises(StudyError, match=re.escape(message)):
        outcomes("participant_id session mRS FIM withdrawn", *(f"sub-01 {line}" for line in lines))


def test_a_death_is_carried_forward_and_other_people_are_not_touched(outcomes):
    lines = ["sub-01 baseline 4 no", "sub-01 month6 6 no", "sub-01 year1 6 yes", "sub-02 year1 3 no"]
    assert len(outcomes("participant_id session mRS withdrawn", *lines)) == 4


def test_every_mistake_is_told_at_once(outcomes):
    with pytest.raises(StudyError) as caught:
        outcomes("participant_id session mRS FIM", "sub-01 baseline 9 9", "sub-09 year1 3 60")
    assert [(mistake.line, mistake.column) for mistake in caught.value.mistakes] == [
        (2, "mRS"),
        (2, "FIM"),
        (3, "participant_id"),
    ]


def test_more_serious_events_than_events_are_an_error(outcomes):
    with pytest.raises(StudyError, match="serious_adverse_events: found 2, needed at most the 1 of adverse_events"):
        outcomes("participant_id session adverse_events serious_adverse_events", "sub-01 baseline 1 2")


def test_scores_without_any_of_the_first_session_are_an_error(outcomes):
    with pytest.raises(StudyError, match="no line is of the session baseline, with which all others are compared"):
        outcomes("participant_id session mRS", "sub-01 basline 4", "sub-01 year1 3")
    assert len(outcomes("participant_id session adverse_events", "sub-01 year1 3")) == 1


@pytest.mark.parametrize("content", ["", "participant_id\tsession\tmrs\n", "participant_id\tmRS\nsub-01\t3\n"])
def test_a_wrong_header_is_an_error(tmp_path, content):
    path = tmp_path / "outcomes.tsv"
    path.write_text(content)
    with pytest.raises(StudyError, match=r"is empty|'mrs' is not known; did you mean 'mRS'|no column 'session'"):
        read_outcomes(path, PEOPLE, SESSIONS)


def test_events_are_read_without_their_terms(events):
    first, second = events("sub-01 3 headache no mild yes", "sub-02 n/a fall yes n/a n/a")
    assert (first.day, first.serious, first.severity, first.related) == (3, False, "mild", True)
    assert (math.isnan(second.day), second.serious, second.severity, second.related) == (True, True, None, None)
    assert not hasattr(first, "term")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("sub-03 3 fall no mild yes", "participant_id: found 'sub-03'"),
        ("sub-01 soon fall no mild yes", "days_since_treatment: found 'soon', needed a number"),
        ("sub-01 3 n/a no mild yes", "term: found 'n/a', needed a value"),
        ("sub-01 3 fall n/a mild yes", "serious: found 'n/a', needed yes or no"),
        ("sub-01 3 fall no bad yes", "severity: found 'bad', needed mild or moderate or severe"),
        ("sub-01 3 fall no mild perhaps", "related: found 'perhaps', needed yes or no"),
        ("sub-01 5 HEADACHE no mild yes", "is a duplicate of line 2: the same person, day and term"),
    ],
)
def test_a_wrong_event_is_an_error(events, row, message):
    with pytest.raises(StudyError, match=f"line 3.*{message}"):
        events("sub-01 5 headache no mild yes", row)


def test_one_term_on_two_days_or_unknown_days_is_two_events(events):
    rows = ["sub-01 5 headache no mild yes", "sub-01 6 headache no mild yes", *["sub-01 n/a headache no mild yes"] * 2]
    assert len(events(*rows)) == 4


def test_schemas_and_readers_agree(repository):
    folder = repository / "workflow/schemas"
    rows = yaml.safe_load((folder / "outcomes.schema.yaml").read_text(encoding="utf-8"))["properties"]
    assert {*rows, *OTHER_SPELLINGS} == set(OUTCOME_COLUMNS)
    for name, scale in SCALES.items():
        entry = rows[name]
        assert (entry["minimum"], entry["maximum"], entry["multipleOf"]) == (scale.least, scale.most, scale.step)
        assert entry["description"] == scale.needed
    assert {(rows[name]["maximum"], rows[name]["description"]) for name in COUNTS} == {(MOST_EVENTS, NEEDED_COUNT)}
    lines = yaml.safe_load((folder / "adverse_events.schema.yaml").read_text(encoding="utf-8"))["properties"]
    assert tuple(lines) == EVENT_COLUMNS


def test_the_examples_are_right_and_agree(repository):
    config = repository / "config"
    assert len(read_outcomes(config / "outcomes.example.tsv", PEOPLE, SESSIONS)) == 6
    assert len(read_adverse_events(config / "adverse_events.example.tsv", PEOPLE)) == 2
    assert tuple(read_table(config / "outcomes.example.tsv")[0]) == OUTCOME_COLUMNS[:-1]


class TestCheckOfAStudy:
    """Clinical tables among the other tables of a study."""

    @pytest.fixture(autouse=True)
    def _study(self, tmp_path, monkeypatch, repository):
        monkeypatch.chdir(tmp_path)
        self.schemas = repository / "workflow/schemas"
        Path("config").mkdir()
        Path("a").mkdir()
        table(Path("participants.tsv"), "participant_id lesion_side", "sub-01 left", "sub-02 right")
        table(Path("scans.tsv"), "participant_id session tracer path", "sub-01 baseline FDG a")

    def check(self, **more):
        config = {"participants": "participants.tsv", "scans": "scans.tsv", **more}
        Path("config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        return check_study(config, ["config.yaml"], self.schemas)

    def mistakes(self, **more):
        with pytest.raises(StudyError) as caught:
            self.check(**more)
        return caught.value.lines

    def test_without_the_tables_there_is_nothing(self):
        study = self.check()
        assert (study.outcomes, study.adverse_events) == ([], [])

    def test_the_default_tables_are_used_if_they_have_lines(self):
        table(Path("config/outcomes.tsv"), "participant_id session mRS")
        assert self.check().outcomes == []
        assert not is_filled(Path("config/outcomes.tsv"))
        table(Path("config/outcomes.tsv"), "participant_id session mRS", "sub-01 baseline 4")
        assert self.check().outcomes == ["config/outcomes.tsv"]

    def test_a_named_table_must_exist(self):
        (line,) = self.mistakes(outcomes="other.tsv")
        assert line.startswith("config.yaml: line 1, outcomes: other.tsv does not exist")
        (line,) = self.mistakes(adverse_events="{x}.tsv")
        assert "found '{x}.tsv', needed a path without" in line

    def test_mistakes_stand_with_those_of_the_other_tables(self):
        table(Path("config/outcomes.tsv"), "participant_id session mRS", "sub-01 baseline 9", "sub-03 year1 3")
        table(Path("scans.tsv"), "participant_id session tracer path", "sub-01 baseline FDG b")
        assert [line.partition(": ")[0] for line in self.mistakes()] == [
            "scans.tsv",
            "config/outcomes.tsv",
            "config/outcomes.tsv",
        ]

    def test_a_long_term_or_an_impossible_day_is_an_error(self):
        header = "participant_id days_since_treatment term serious"
        table(Path("config/adverse_events.tsv"), header, f"sub-01 99999 {'x' * 201} no")
        lines = self.mistakes()
        assert any("days_since_treatment: found '99999', needed days, -3650 to 36500" in line for line in lines)
        assert any("needed what happened, 200 characters at the most" in line for line in lines)

    def test_events_and_numbers_that_contradict_each_other_stop_the_study(self):
        table(
            Path("config/outcomes.tsv"),
            "participant_id session adverse_events",
            "sub-01 baseline 0",
            "sub-01 year1 2",
            "sub-02 year1 n/a",
        )
        header = "participant_id days_since_treatment term serious"
        table(Path("config/adverse_events.tsv"), header, "sub-01 3 headache no", "sub-02 9 fall yes")
        (line,) = self.mistakes()
        assert line == (
            "config/adverse_events.tsv: lists 1 adverse_events of sub-01 after the treatment, config/outcomes.tsv"
            " counts 2 at the visits after baseline; correct one of the two, or write n/a there"
        )
        table(Path("config/adverse_events.tsv"), header, "sub-01 3 headache no", "sub-01 4 fall yes")
        assert self.check().adverse_events == ["config/adverse_events.tsv"]

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"adverse_event_days": [30, 30]}, "found [30, 30], needed the earlier day first"),
            ({"adverse_event_days": [-1, 30]}, "found -1, needed days since the treatment, 0 to 36500"),
            ({"adverse_event_days": 365}, "found 365, needed two numbers of days since the treatment"),
            ({"adverse_event_withdrawn": "no"}, "found 'no', needed included or excluded"),
            ({"days": 3}, "key 'days' is not known"),
        ],
    )
    def test_a_wrong_setting_is_an_error(self, settings, message):
        (line,) = self.mistakes(outcome_analysis=settings)
        assert message in line

    def test_settings_have_defaults(self):
        expected = {"adverse_event_days": None, "adverse_event_withdrawn": "included"}
        assert self.check().config["outcome_analysis"] == expected
