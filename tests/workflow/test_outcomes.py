"""Clinical outcomes in the workflow: a step only where a study has them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.workflow

OUTCOMES = "participant_id session mRS\nsub-01 baseline 4\nsub-01 month6 3\nsub-01 year1 3\n"
EVENTS = "participant_id days_since_treatment term serious\nsub-01 3 headache no\n"


def test_without_the_tables_there_is_no_such_step(study):
    study.write("config/outcomes.tsv", "participant_id session mRS\n")
    told = study.snakemake("-n", "-p")
    assert told.returncode == 0, told.stderr
    assert "pet-spect outcomes" not in told.stdout
    assert "pet-spect report results --no-outcomes" in told.stdout


def test_both_tables_and_their_settings_reach_the_verb(study):
    study.write("config/it's_mine.tsv", OUTCOMES)
    study.write("config/adverse_events.tsv", EVENTS)
    with (study.folder / "config/config.yaml").open("a") as config:
        config.write('outcomes: "config/it\'s_mine.tsv"\n')
        config.write("outcome_analysis: {adverse_event_days: [0, 365], adverse_event_withdrawn: excluded}\n")
    told = study.snakemake("-n", "-p").stdout
    assert (
        "pet-spect outcomes --results results --participants config/participants.tsv --sessions baseline year1"
        " --outcomes 'config/it'\"'\"'s_mine.tsv' --adverse-events config/adverse_events.tsv"
        " --imaging FDG precentral uptake_ratio contralateral --imaging IMZ precentral uptake_ratio contralateral"
        " --adverse-event-days 0 365 --adverse-event-withdrawn excluded --plan "
    ) in told
    assert "--no-outcomes" not in told


def test_a_table_of_adverse_events_alone_makes_the_step(study):
    study.write("config/adverse_events.tsv", EVENTS)
    assert study.planned()["outcomes"] == 1


def test_a_mistake_stops_everything_before_any_work(study):
    study.write("config/outcomes.tsv", OUTCOMES.replace("baseline 4", "baseline 7"))
    run = study.snakemake("-n")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        "pet_spect: config/outcomes.tsv: line 2, mRS: found '7', needed a whole number from 0 to 6, or n/a"
    )
