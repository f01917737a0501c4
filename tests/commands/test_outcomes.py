"""The verb outcomes: four tables that can be recomputed from its inputs."""

import json
import math

import pytest
from scipy import stats

from pet_spect.cli import main
from pet_spect.results.analysis_plan import record_plan
from pet_spect.results.tables.columns import CHANGE
from pet_spect.results.tables.outcome_columns import OUTCOMES, OUTCOMES_CHANGE, OUTCOMES_IMAGING, OUTCOMES_SUMMARY
from pet_spect.results.tables.outcome_tables import read_outcome_tables
from pet_spect.tsv import parse_float, read_table, write_table

PEOPLE = [f"sub-{number:02d}" for number in range(1, 9)]
MRS = [(4, 3), (4, 4), (3, 1), (5, 4), (4, 4), (3, 2), (4, "n/a"), (4, 5)]
NIHSS = [(10, 7), (12, 10), (8, 8), (15, 9), (20, 19), (9, 10), (11, "n/a"), (14, 10)]
UPTAKE = [5.0, 3.0, 1.0, 6.0, 2.0, -1.0, 4.0, math.nan]
ENDPOINT = ("FDG", "precentral", "uptake_ratio", "contralateral")
TABLES = ("outcomes", "outcomes_change", "outcomes_summary", "outcomes_imaging")


class Study:
    """A results folder with a change table, and clinical tables."""

    def __init__(self, folder):
        self.folder, self.results = folder, folder / "results"
        self.write("participants.tsv", "participant_id lesion_side", *(f"{person} left" for person in PEOPLE))
        rows = [self.change(person, value) for person, value in zip(PEOPLE, UPTAKE, strict=True)]
        write_table(self.results / "tables" / "change.tsv", CHANGE, rows)

    @staticmethod
    def change(person, value):
        named = dict(zip(("tracer", "region", "measure", "reference"), ENDPOINT, strict=True))
        told = {
            "participant_id": person,
            "session": "year1",
            "change_percent": value,
            "included": not math.isnan(value),
        }
        return dict.fromkeys(CHANGE) | named | told

    def write(self, name, *lines):
        (self.folder / name).write_text("".join(line.replace(" ", "\t") + "\n" for line in lines), encoding="utf-8")

    def scales(self):
        """Write the scales of everybody; sub-07 has withdrawn."""
        lines = ["participant_id session mRS NIHSS withdrawn"]
        for person, mrs, nihss in zip(PEOPLE, MRS, NIHSS, strict=True):
            lines += [f"{person} baseline {mrs[0]} {nihss[0]} no", f"{person} month6 n/a n/a n/a"]
            lines += [f"{person} year1 {mrs[1]} {nihss[1]} {'yes' if person == 'sub-07' else 'no'}"]
        self.write("outcomes.tsv", *lines)

    def events(self, *lines):
        self.write("adverse_events.tsv", "participant_id days_since_treatment term serious", *lines)

    def run(self, *flags, imaging=True):
        there = [name for name in ("outcomes", "adverse_events") if (self.folder / f"{name}.tsv").is_file()]
        tables = [part for name in there for part in (f"--{name.replace('_', '-')}", str(self.folder / f"{name}.tsv"))]
        command = ["outcomes", "--results", str(self.results), "--participants", str(self.folder / "participants.tsv")]
        named = ["--imaging", *ENDPOINT] if imaging else []
        return main([*command, *tables, "--sessions", "baseline", "year1", *named, *flags])

    def rows(self, name, **wanted):
        rows = read_table(self.results / "tables" / f"{name}.tsv")
        return [row for row in rows if wanted.items() <= row.items()]


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def test_the_tables_hold_everybody_and_have_dictionaries(study):
    study.scales()
    assert study.run() == 0
    columns = (OUTCOMES, OUTCOMES_CHANGE, OUTCOMES_SUMMARY, OUTCOMES_IMAGING)
    for name, table in zip(TABLES, columns, strict=True):
        told = json.loads((study.results / "tables" / f"{name}.json").read_text(encoding="utf-8"))
        assert list(told) == list(table) == list(study.rows(name)[0])
        assert next(iter(told.values()))["AnalysisPlan"]["Statement"].endswith("the command was run by hand.")
        assert all(entry["Description"] for entry in told.values())
    assert len(study.rows("outcomes")) == 8 * 3 * 2
    assert len(study.rows("outcomes_change")) == 8 * 2 * 2
    (row,) = study.rows("outcomes_change", participant_id="sub-01", outcome="NIHSS", session="year1")
    assert (row["change"], row["improvement"], row["improved"], row["status"]) == ("-3", "3", "n/a", "complete")
    (row,) = study.rows("outcomes_change", participant_id="sub-07", outcome="mRS", session="year1")
    assert (row["baseline"], row["follow_up"], row["improvement"]) == ("4", "n/a", "n/a")
    assert (row["status"], row["withdrawn"], row["improved"]) == ("no_follow_up", "true", "n/a")


def test_every_table_says_which_plan_it_was_made_under(study):
    study.scales()
    first = record_plan(study.results, {"pvc": "none"})[0]
    other = record_plan(study.results, {"pvc": "gtm"})[1]
    assert study.run("--plan", other.sha256) == 0
    for name in TABLES:
        told = json.loads((study.results / "tables" / f"{name}.json").read_text(encoding="utf-8"))
        statement = next(iter(told.values()))["AnalysisPlan"]
        assert (statement["Sha256"], statement["FirstSha256"]) == (other.sha256, first.sha256)
        assert statement["Changed"] == ["pvc: from none to gtm"]
    assert read_outcome_tables(study.results) is not None


def test_the_frequency_of_the_mrs_can_be_recomputed_from_the_change_table(study):
    study.scales()
    study.run()
    changes = study.rows("outcomes_change", outcome="mRS", session="year1")
    improved = [row for row in changes if parse_float(row["improvement"]) >= 1]
    for analysis, n in (("complete_cases", 7), ("missing_as_no_improvement", 8)):
        (row,) = study.rows("outcomes_summary", outcome="mRS", session="year1", analysis=analysis)
        expected = stats.binomtest(len(improved), n).proportion_ci(method="exact")
        assert (row["count"], row["n"], row["n_missing"], row["n_withdrawn"]) == ("4", str(n), "1", "1")
        assert parse_float(row["estimate"]) == pytest.approx(4 / n)
        assert parse_float(row["ci95_low"]) == pytest.approx(expected.low, abs=1e-9)
        assert parse_float(row["ci95_high"]) == pytest.approx(expected.high, abs=1e-9)
        assert (row["sd"], row["p_wilcoxon"], row["reason"]) == ("n/a", "n/a", "n/a")


def test_a_visit_without_scores_gives_no_estimate_and_says_why(study):
    study.scales()
    study.run()
    (row,) = study.rows("outcomes_summary", outcome="NIHSS", session="month6")
    assert (row["n"], row["n_missing"], row["estimate"], row["p_wilcoxon"]) == ("0", "8", "n/a", "n/a")
    assert row["reason"] == "outcome_no_estimate: no estimate: 0 participants"


def test_the_mean_improvement_can_be_recomputed_from_the_change_table(study):
    study.scales()
    study.run()
    gains = [parse_float(row["improvement"]) for row in study.rows("outcomes_change", outcome="NIHSS", session="year1")]
    gains = [gain for gain in gains if not math.isnan(gain)]
    (row,) = study.rows("outcomes_summary", outcome="NIHSS", session="year1")
    low, high = stats.t.interval(0.95, 6, sum(gains) / 7, stats.sem(gains))
    assert parse_float(row["estimate"]) == pytest.approx(sum(gains) / 7)
    assert (parse_float(row["ci95_low"]), parse_float(row["ci95_high"])) == pytest.approx((low, high))
    assert parse_float(row["p_smallest"]) == 2.0 ** (1 - sum(gain != 0 for gain in gains)) == 0.03125


def test_images_are_related_to_the_scales_of_those_who_have_both(study):
    study.scales()
    study.run()
    gains = [before - after for before, after in NIHSS[:6]]
    (row,) = study.rows("outcomes_imaging", outcome="NIHSS")
    found = stats.permutation_test(
        (UPTAKE[:6],), lambda x: stats.spearmanr(x, gains).statistic, permutation_type="pairings", n_resamples=math.inf
    )
    assert (row["n"], row["n_missing"], row["method"], row["session"]) == ("6", "2", "all_orders", "year1")
    assert parse_float(row["spearman_rho"]) == pytest.approx(found.statistic, abs=1e-9)
    assert parse_float(row["p"]) == pytest.approx(found.pvalue, abs=1e-9)


def test_events_have_a_time_frame_that_the_dictionary_names(study):
    study.scales()
    study.events("sub-01 3 headache no", "sub-01 40 fall yes", "sub-07 400 fall yes", "sub-02 -2 fever no")
    assert study.run("--adverse-event-days", "0", "365") == 0
    (row,) = study.rows("outcomes_summary", outcome="adverse_events", quantity="frequency_people")
    assert (row["count"], row["n"], row["n_withdrawn"], row["session"], row["analysis"]) == (
        *("1", "8", "1"),
        *("n/a", "everybody"),
    )
    (row,) = study.rows("outcomes_summary", outcome="serious_adverse_events", quantity="events_per_person")
    assert (row["count"], row["estimate"], row["ci95_low"]) == ("1", "0.125", "n/a")
    told = json.loads((study.results / "tables/outcomes_summary.json").read_text(encoding="utf-8"))
    assert "from day 0 to day 365 after the treatment" in told["quantity"]["Description"]
    assert study.run("--adverse-event-withdrawn", "excluded") == 0
    (row,) = study.rows("outcomes_summary", outcome="adverse_events", quantity="frequency_people")
    assert (row["count"], row["n"], row["n_withdrawn"]) == ("1", "7", "0")


def test_no_term_of_an_event_reaches_an_output(study, capsys):
    study.events("sub-01 3 Smith_fell no")
    assert study.run() == 0
    told = "".join(path.read_text(encoding="utf-8") for path in study.results.rglob("outcomes*"))
    assert "Smith" not in told + "".join(capsys.readouterr())
    assert [len(study.rows(name)) for name in TABLES] == [0, 0, 4, 0]


def test_tables_that_contradict_each_other_are_refused(study, capsys):
    study.write("outcomes.tsv", "participant_id session adverse_events", "sub-01 baseline 0", "sub-01 year1 2")
    study.events("sub-01 3 headache no")
    assert study.run() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "lists 1 adverse_events of sub-01 after the treatment" in line
    assert "outcomes.tsv counts 2 at the visits after baseline" in line


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--adverse-event-days", "30", "30"], "--adverse-event-days: found 30 30, needed the earlier day first"),
        (["--imaging", "IMZ", *ENDPOINT[1:]], "has no row of IMZ precentral uptake_ratio contralateral"),
    ],
)
def test_wrong_flags_are_one_line(study, capsys, flags, message):
    study.scales()
    assert study.run(*flags) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (study.results / "tables/outcomes.tsv").exists()


def test_neither_table_is_an_error(study, capsys):
    assert study.run() == 1
    assert "--outcomes or --adverse-events is needed" in capsys.readouterr().err
    assert read_outcome_tables(study.results) is None


def test_one_visit_has_values_and_nothing_else(study):
    study.write("outcomes.tsv", "participant_id session mRS", "sub-01 baseline 4")
    write_table(study.results / "tables/change.tsv", CHANGE, [])
    command = ["outcomes", "--results", str(study.results), "--participants", str(study.folder / "participants.tsv")]
    flags = ["--outcomes", str(study.folder / "outcomes.tsv"), "--sessions", "baseline", "--imaging", *ENDPOINT]
    assert main([*command, *flags]) == 0
    assert [len(study.rows(name)) for name in TABLES] == [8, 0, 0, 0]


def test_the_same_inputs_give_the_same_bytes(study):
    study.scales()
    study.run()
    before = {name: (study.results / "tables" / f"{name}.tsv").read_bytes() for name in TABLES}
    study.run()
    assert before == {name: (study.results / "tables" / f"{name}.tsv").read_bytes() for name in TABLES}
