"""One whole run of a small simulated trial, and what a change afterwards does again."""

from __future__ import annotations

import gzip
import os

import pytest

import pet_spect
from pet_spect.cli import main
from pet_spect.results import layout
from pet_spect.results.tables.tables import TABLES
from pet_spect.tsv import parse_float

from ..bids import errors_in
from ..studies import rows
from ..workbooks import read_workbook

pytestmark = pytest.mark.workflow

TO_THE_END = {"cohort": 1, "outcomes": 1, "report": 1, "manifest": 1, "accounted": 1}
ONE_PERSON = TO_THE_END | {"normalise": 1, "measure": 1, "figures": 1}


def test_a_refused_scan_fails_the_run_by_name_when_the_report_stands(trial, first_run):
    results = trial[0].folder / "results"
    assert first_run.returncode == 1
    assert first_run.stderr.count("sub-02_ses-year1 IMZ (") == 1
    assert first_run.stderr.count("or decide in config/qc.tsv") == 1
    assert first_run.stderr.endswith("\nReport: results/report/index.html\n")
    assert (results / "report/index.html").is_file()
    assert not (results / "tables/accounted.tsv").exists()


def test_only_the_last_step_fails(first_run):
    failed = [line for line in first_run.stderr.splitlines() if " failed." in line]
    assert failed == ["Step accounted failed. Its log is logs/accounted.log"]


def test_a_refused_scan_is_na_with_its_reason_and_the_others_have_values(trial, first_run):
    table = rows(trial[0].folder / "results/tables/uptake.tsv")
    target = [row for row in table if row["region"] == "precentral"]
    assert len(target) == 2 * 2 * 2 * 2  # participants, sessions, tracers, sides
    without = {(row["participant_id"], row["session"], row["tracer"]) for row in target if row["mean"] == "n/a"}
    assert without == {("sub-02", "year1", "IMZ")}
    (scan,) = [row for row in rows(trial[0].folder / "results/tables/scans.tsv") if row["status"] == "refused"]
    assert (scan["stage"], scan["decision"]) == ("convert", "n/a")
    assert scan["code"] != "n/a"
    assert scan["reason"] != "n/a"


def test_the_public_function_reads_what_the_tables_say(trial, first_run):
    results = trial[0].results
    table = {
        (row["participant_id"], row["session"], row["tracer"], row["region"], row["side"]): row["mean"]
        for row in rows(results / "tables/uptake.tsv")
    }
    labels = {"FDG": ("18FFDG", "pet"), "IMZ": ("123IIMZ", "spect")}
    for scan in (("sub-01", "baseline", "FDG"), ("sub-01", "year1", "IMZ"), ("sub-02", "year1", "FDG")):
        image = results / layout.scan_image(*scan[:2], *labels[scan[2]])
        found = pet_spect.extract_uptake(image, results=results)
        assert len(found) > 80
        for region, side, mean in zip(found["region"], found["side"], found["mean"], strict=True):
            told = parse_float(table[*scan, region, side])
            assert mean == pytest.approx(told, rel=1e-11, nan_ok=True), (scan, region, side)


def test_nothing_personal_comes_out(trial, first_run):
    study, secrets = trial
    found = []
    for path in [*study.folder.glob("results/**/*"), *study.folder.glob("logs/**/*")]:
        if path.is_file():
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found += [(path.name, secret) for secret in secrets if secret.encode() in content or secret in path.name]
    assert len(secrets) > 10
    assert found == []


def test_an_exclusion_redoes_that_person_and_ends_well(signed):
    study, plan, run = signed
    assert plan == ONE_PERSON
    assert run.returncode == 0, run.stderr
    counts = rows(study.folder / "results/tables/accounted.tsv")
    assert sum(int(row["scans"]) for row in counts) == 8
    assert [row for row in counts if row["decision"] == "exclude"] != []


def test_an_exclusion_of_a_scan_that_was_measured_redoes_that_person_and_an_acceptance_only_the_end(finished):
    table = finished.folder / "config/qc.tsv"
    before, row = table.read_text(encoding="utf-8"), "sub-01\tyear1\tIMZ\t{}\tmirrored\tmoved\tAB\t2026-11-23\t0.1.0\n"
    table.write_text(before + row.format("accept"), encoding="utf-8")
    assert finished.planned() == TO_THE_END
    table.write_text(before + row.format("exclude"), encoding="utf-8")
    assert finished.planned() == ONE_PERSON


def test_the_results_of_a_run_are_a_valid_bids_dataset_whose_tables_can_be_exported(signed, tmp_path):
    results = signed[0].results
    written = {path.stem for path in (results / "tables").glob("*.tsv")}
    assert errors_in(results) == set()
    assert written <= TABLES.keys()
    assert main(["export", str(results), "--out", str(tmp_path), "--excel"]) == 0
    book = read_workbook(tmp_path / "tables.xlsx")
    assert list(book) == [*(name for name in TABLES if name in written), "dictionary"]
    assert len(book["uptake"]) == len(rows(results / "tables/uptake.tsv")) + 1


def test_a_second_run_has_nothing_to_do(finished):
    assert finished.planned() == {}


def test_swapping_the_lesion_side_redoes_the_cohort_and_inverts_the_ratios(finished):
    def contralateral():
        return [
            float(row["value"])
            for row in rows(finished.folder / "results/tables/ratios.tsv")
            if row["participant_id"] == "sub-01"
            and (row["region"], row["measure"], row["reference"]) == ("precentral", "uptake_ratio", "contralateral")
        ]

    table = finished.folder / "config/participants.tsv"
    text, before = table.read_text(encoding="utf-8"), contralateral()
    table.write_text(text.replace("sub-01\tleft", "sub-01\tright"), encoding="utf-8")
    assert table.read_text(encoding="utf-8") != text
    assert finished.planned() == TO_THE_END | {"figures": 1}
    assert finished.snakemake("--until", "cohort").returncode == 0
    assert len(before) == 4
    assert contralateral() == pytest.approx([1 / value for value in before])


def test_another_coverage_redoes_the_measurement_and_nothing_before(finished):
    config = finished.folder / "config/config.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "measure: {min_coverage: 0.8}\n", encoding="utf-8")
    assert finished.planned() == TO_THE_END | {"measure": 2, "figures": 2}


def test_a_file_touched_inside_a_folder_is_converted_again(finished):
    changed = sorted((finished.folder / "CANARY_dicom/sub-01/ses-year1/FDG").iterdir())[3]
    os.utime(changed)
    assert finished.planned() == ONE_PERSON | {"convert": 1}


def test_a_new_participant_redoes_nobody_else(finished):
    table = finished.folder / "config/participants.tsv"
    head, *lines = table.read_text(encoding="utf-8").splitlines()
    lines.append("\t".join(["sub-03", "left"] + ["n/a"] * (head.count("\t") - 1)))
    table.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    assert finished.planned() == TO_THE_END | {"measure": 1}


def test_a_weight_filled_in_redoes_that_scan_alone(finished):
    table = finished.folder / "config/scans.tsv"
    head, *lines = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines())
    lines[0][head.index("weight_kg")] = "71"
    table.write_text("\n".join("\t".join(line) for line in [head, *lines]) + "\n", encoding="utf-8")
    assert finished.planned() == ONE_PERSON | {"convert": 1}


def test_snakemake_makes_its_own_report_of_the_pictures(finished):
    run = finished.snakemake("--report", "snakemake.html")
    assert run.returncode == 0, run.stderr
    assert "trc-18FFDG_registration.png" in (finished.folder / "snakemake.html").read_text(encoding="utf-8")
