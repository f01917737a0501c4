"""The analysis plan is recorded before the first job, and what a run under another plan says."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.workflow

PLANS = "results/tables/analysis_plan.json"
BASELINE = "results/sub-01/ses-baseline/pet/sub-01_ses-baseline_trc-18FFDG_pet.nii.gz"
YEAR1 = BASELINE.replace("baseline", "year1")


def configure(study, more):
    with (study.folder / "config/config.yaml").open("a") as config:
        config.write(more)


def test_a_dry_run_names_the_plan_and_records_nothing(study):
    run = study.snakemake("-n", "-p")
    assert "the first; the run will record it in results/tables/analysis_plan.json" in run.stderr + run.stdout
    assert not (study.folder / PLANS).exists()
    assert '--analysis \'{"primary": {"FDG": {"reference": "contralateral", "measure": "uptake_ratio"' in run.stdout


def test_touching_records_nothing(study):
    assert study.snakemake("--touch").returncode == 0
    assert not (study.folder / PLANS).exists()


def test_an_older_config_says_that_primary_has_moved(study):
    configure(study, "primary: {FDG: pons, IMZ: pons}\n")
    run = study.snakemake("-n")
    assert (run.stderr + run.stdout).count("config: primary has moved; it was read as analysis: primary") == 1


def test_the_plan_stands_before_the_first_result_and_later_ones_are_added(study):
    assert study.snakemake(BASELINE).returncode == 0
    plans = study.folder / PLANS
    assert plans.stat().st_mtime_ns < (study.folder / BASELINE).stat().st_mtime_ns
    (first,) = json.loads(plans.read_text())["Plans"]
    assert first["ResultsExisted"] is False
    assert first["Contents"]["analysis"]["primary"]["IMZ"]["reference"] == "contralateral"
    assert str(study.folder) not in plans.read_text()

    configure(study, "analysis: {primary: {FDG: contralateral, IMZ: pons}}\nmeasure: {min_coverage: 0.8}\n")
    assert "not the first one" in study.snakemake("-n").stdout
    assert study.snakemake(YEAR1).returncode == 0
    kept, later = json.loads(plans.read_text())["Plans"]
    assert kept == first
    assert later["Changed"] == [
        "analysis.primary.IMZ.reference: from contralateral to pons",
        "measure.min_coverage: from 0.9 to 0.8",
        "exclusion_rules.min_coverage: from 0.9 to 0.8",
    ]

    plans.write_text(plans.read_text().replace('"reference": "pons"', '"reference": "cerebellum"'))
    altered = study.snakemake("-n")
    assert altered.returncode == 1
    assert "plan 2 of 2 is not as it was recorded (its hash differs): the file was altered" in altered.stderr
    assert "Traceback" not in altered.stderr


def test_a_plan_that_cannot_be_written_stops_the_run_in_one_line(study):
    study.write("results/tables", "a file in the place of the folder")
    run = study.snakemake(BASELINE)
    assert run.returncode == 1
    assert "pet_spect: the analysis plan cannot be written: results/tables" in run.stderr
    assert "Traceback" not in run.stderr + run.stdout
    assert not (study.folder / BASELINE).exists()
