"""The clinical outcomes of a simulated trial, and the relation that was planted in them."""

import pytest
from scipy.stats import pearsonr

from pet_spect.quantify.outcomes.adverse_events import contradictions
from pet_spect.quantify.outcomes.changes import clinical_study, outcome_changes
from pet_spect.quantify.outcomes.scales import SCALES
from pet_spect.simulate.design import SESSIONS, Trial
from pet_spect.simulate.outcomes import PLANTED, write_outcomes
from pet_spect.study.adverse_events import read_adverse_events
from pet_spect.study.outcomes import read_outcomes
from pet_spect.tsv import parse_float, read_table


def written(out, **trial):
    settings = Trial(**trial)
    write_outcomes(out, settings)
    people = [settings.participant_id(index) for index in range(settings.participants)]
    visits = read_outcomes(out / "config/outcomes.tsv", people, SESSIONS)
    events = read_adverse_events(out / "config/adverse_events.tsv", people)
    return clinical_study(visits, people, SESSIONS), events, read_table(out / "truth_outcomes.tsv")


@pytest.mark.parametrize(("participants", "seed"), [(1, 1), (2, 1), (8, 1), (8, 2), (40, 3)])
def test_the_tables_are_those_the_workflow_reads_and_agree(tmp_path, participants, seed):
    study, events, _ = written(tmp_path, participants=participants, seed=seed)
    assert study.sessions == ("baseline", "month6", "year1")
    assert len(study.visits) == 3 * participants
    assert contradictions(events, study) == []
    assert study.withdrawn == ({study.participants[-1]} if participants > 2 else set())


def test_improvements_are_those_of_the_truth_and_missing_where_somebody_withdrew(tmp_path):
    study, _, truth = written(tmp_path, participants=8)
    told = {(row["participant_id"], row["session"], row["outcome"]): row for row in truth}
    for change in outcome_changes(study):
        row = told[change.participant_id, change.session, change.outcome]
        if change.status == "complete":
            assert change.improvement == parse_float(row["improvement_true"])
        else:
            assert (change.participant_id, change.session) in (("sub-08", "year1"), ("sub-03", "month6"))
    assert len(told) == 8 * 2 * 5


def test_who_gains_uptake_improves_in_every_scale(tmp_path):
    _, _, truth = written(tmp_path, participants=40)
    for outcome, planted in PLANTED.items():
        rows = [row for row in truth if (row["outcome"], row["session"]) == (outcome, "year1")]
        uptake, improvement = (
            [parse_float(row[name]) for row in rows] for name in ("uptake_change", "improvement_true")
        )
        assert pearsonr(uptake, improvement).statistic > 0.6
        expected = [parse_float(row["improvement_planted"]) for row in rows]
        assert expected == pytest.approx([planted.gain * change for change in uptake])
        assert sum(improvement) / 40 == pytest.approx(sum(expected) / 40, abs=planted.noise + SCALES[outcome].step / 2)


def test_the_same_seed_gives_the_same_bytes_and_more_people_change_nobody(tmp_path):
    for name, participants in (("a", 8), ("b", 8), ("c", 9)):
        written(tmp_path / name, participants=participants)
    lines = {name: (tmp_path / name / "truth_outcomes.tsv").read_text().splitlines() for name in "abc"}
    assert lines["a"] == lines["b"] == lines["c"][: len(lines["a"])]
