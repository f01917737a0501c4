import json
import math
import shutil

import pytest

from pet_spect.cli import main
from pet_spect.quantify.cohort.planning import smallest_mean_change
from pet_spect.tsv import read_table

from .cohort.test_cohort import Study

STILL = [0.0] * 7
CV = {"FDG": {"value": 5, "kind": "total", "source": "made up"}}


def noisy(noise, angle=0.0):
    """Return sensitivities that give motor over pons, 6 / 4, a relative noise and a misalignment, in percent."""
    turned = [0.06 * noise, *STILL[:3], 0.6 * angle, *STILL[4:]]  # 0.1 degrees
    return {"motor": {"left": turned, "right": [0.0, *STILL]}, "pons": {"n/a": [0.0, *STILL]}}


@pytest.fixture
def finished(tmp_path):
    """Results of three people: baselines with a noise of 3 % and 4 %, and one whose noise is not known."""
    study = Study(tmp_path / "study")
    study.folder.mkdir()
    study.add("sub-01", facts={("baseline", "FDG"): {"Sensitivities": noisy(3)}})
    follow_up = {("year1", "FDG"): {"Sensitivities": noisy(30)}}
    study.add("sub-02", facts={("baseline", "FDG"): {"Sensitivities": noisy(4, angle=3)}, **follow_up})
    study.add("sub-03")
    assert study.run() == 0
    return study.folder


def plan(tmp_path, *words):
    """Return the rows of a plan by tracer, reference and basis."""
    assert main(["plan", *map(str, words), "--out", str(tmp_path / "plan.tsv")]) == 0
    rows = read_table(tmp_path / "plan.tsv")
    return {(row["tracer"], row["reference"], row["basis"]): row for row in rows}


def test_a_study_is_planned_from_its_own_baselines(finished, tmp_path):
    rows = plan(tmp_path, finished)
    counts, aligned = (rows["FDG", "pons", basis] for basis in ("counting_noise", "registration"))
    assert float(counts["sd_percent"]) == pytest.approx(5.0)  # sqrt(2) times the root mean square of 3 and 4
    assert float(aligned["sd_percent"]) == pytest.approx(34**0.5)  # 3 and 5
    assert (counts["people_measured"], counts["people"]) == ("2", "3")
    shown = 100 * math.expm1(smallest_mean_change(0.05, 3))
    assert float(counts["smallest_change_percent"]) == pytest.approx(shown)
    assert counts["people_needed"] == "n/a"
    assert rows["IMZ", "pons", "counting_noise"]["people_measured"] == "0"
    assert rows["IMZ", "pons", "counting_noise"]["sd_percent"] == "n/a"
    assert rows["IMZ", "pons", "counting_noise"]["reason"].startswith("no_sample_size: no baseline whose noise")


def test_the_results_folder_and_the_config_mean_the_same_study(finished, tmp_path):
    (finished / "config").mkdir()
    config = finished / "config/config.yaml"
    config.write_text("participants: p.tsv\nscans: s.tsv\n", encoding="utf-8")
    assert plan(tmp_path, finished) == plan(tmp_path, finished / "results") == plan(tmp_path, config)


def test_only_the_line_with_the_person_has_a_sample_size(finished, tmp_path, capsys):
    rows = plan(tmp_path, finished, "--change", 5, "--within-subject-cv", json.dumps(CV))
    person = rows["FDG", "pons", "within_subject"]
    assert float(person["sd_percent"]) == pytest.approx(2**0.5 * 5)  # more than the 5.8 of these scans
    assert person["people_needed"] == "19"
    sized = {key for key, row in rows.items() if row["people_needed"] != "n/a"}
    assert sized == {("FDG", reference, "within_subject") for reference in ("contralateral", "pons")}
    assert "Within-subject CV: FDG 5 % (total; made up)." in capsys.readouterr().out


def test_the_cv_of_the_config_counts_and_a_flag_replaces_it(finished, tmp_path):
    (finished / "config").mkdir()
    config = {"participants": "p.tsv", "scans": "s.tsv", "within_subject_cv": CV}
    (finished / "config/config.yaml").write_text(json.dumps(config), encoding="utf-8")
    key = ("FDG", "pons", "within_subject")
    assert float(plan(tmp_path, finished)[key]["sd_percent"]) == pytest.approx(2**0.5 * 5)
    other = json.dumps({"FDG": CV["FDG"] | {"value": 10}})
    rows = plan(tmp_path, finished, "--within-subject-cv", other)
    assert float(rows[key]["sd_percent"]) == pytest.approx(2**0.5 * 10)


def test_a_results_folder_alone_has_the_cv_that_the_run_was_made_with(finished, tmp_path):
    study = Study(finished)
    study.participants = (finished / "participants.tsv").read_text().splitlines()
    assert study.run("--within-subject-cv", json.dumps(CV)) == 0
    rows = plan(tmp_path, finished / "results")
    assert float(rows["FDG", "pons", "within_subject"]["sd_percent"]) == pytest.approx(2**0.5 * 5)


def test_without_a_study_or_before_its_first_results_the_scans_are_simulated(tmp_path, capsys):
    rows = plan(tmp_path)
    assert "Precision of the simulated scans of make demo." in capsys.readouterr().out
    assert rows["FDG", "contralateral", "counting_noise"]["people"] == "8"
    assert main(["init", str(tmp_path / "new")]) == 0
    assert plan(tmp_path, tmp_path / "new") == rows


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--power", "0.05"], "--power: found 0.05, needed more than --alpha (0.05)"),
        (["--within-subject-cv", json.dumps({"PIB": CV["FDG"]})], "have no tracer PIB, only FDG, IMZ"),
        (["nowhere"], "nowhere: holds neither results (tables/ratios.tsv) nor config/config.yaml"),
        (["wrong.yaml"], "wrong.yaml: within_subject_cv: FDG: value: found 0.05, needed percent"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    wrong = {"within_subject_cv": {"FDG": CV["FDG"] | {"value": 0.05}}}
    (tmp_path / "wrong.yaml").write_text(json.dumps(wrong), encoding="utf-8")
    assert main(["plan", *words]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


def test_results_of_an_earlier_version_are_refused(finished, capsys):
    table = finished / "results/tables/ratios.tsv"
    table.write_text(table.read_text(encoding="utf-8").replace("noise_sd", "noise"), encoding="utf-8")
    assert main(["plan", str(finished)]) == 1
    assert "ratios.tsv: no column 'noise_sd'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--people", "1"], ["--people", "8.0"], ["--change", "-5"], ["--alpha", "1"]])
def test_an_impossible_design_is_a_usage_error(words):
    with pytest.raises(SystemExit) as caught:
        main(["plan", *words])
    assert caught.value.code == 2


def test_an_unusable_baseline_does_not_count(finished, tmp_path):
    shutil.rmtree(finished / "results/tables")
    study = Study(finished)
    study.participants = (finished / "participants.tsv").read_text().splitlines()
    excluded = ("sub-02", "baseline", "FDG", "exclude", "n/a", "moved", "AB", "2026-11-29", "0.2.0")
    study.decisions = [excluded]
    assert study.run() == 0
    counts = plan(tmp_path, finished)["FDG", "pons", "counting_noise"]
    assert (counts["people_measured"], float(counts["sd_percent"])) == ("1", pytest.approx(3 * 2**0.5))
