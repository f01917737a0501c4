"""One person's crash stops nobody: tables and report are made without that person, and the next run completes them."""

from __future__ import annotations

import shutil

import pytest

from ..studies import rows

pytestmark = pytest.mark.workflow

TABLES = ("uptake", "ratios", "change", "summary", "scans")


def tables(study):
    return {path.name: path.read_bytes() for path in sorted((study.results / "tables").glob("*.tsv"))}


def crash(study, verb, person):
    (study.folder / f"crash-{verb}").write_text(person, encoding="utf-8")


FORCED = {
    "convert": "results/sub-02/ses-baseline/pet/sub-02_ses-baseline_trc-18FFDG_pet.nii.gz",
    "measure": "results/sub-02/sub-02_seg-CerebrA_uptake.tsv",
}


@pytest.mark.parametrize("verb", FORCED)
def test_a_crash_takes_out_the_one_and_the_next_run_brings_everything_back(replayed, verb):
    before = tables(replayed)
    old = rows(replayed.results / "tables/change.tsv")
    crash(replayed, verb, "sub-02")

    run = replayed.snakemake("--forcerun", FORCED[verb])
    assert run.returncode == 1
    assert f"Unfinished:   sub-02 ({verb}, logs/{verb}/sub-02" in run.stderr
    assert "Report: results/report/index.html" in run.stderr
    assert not (replayed.folder / FORCED[verb]).exists()
    for name in TABLES:
        assert len(rows(replayed.results / f"tables/{name}.tsv")) == before[f"{name}.tsv"].count(b"\n") - 1
    now = rows(replayed.results / "tables/change.tsv")
    assert [row for row in now if row["participant_id"] == "sub-01"] == [
        row for row in old if row["participant_id"] == "sub-01"
    ]
    others = [row for row in now if row["participant_id"] == "sub-02"]
    assert {row["change"] for row in others} == {"n/a"}
    assert {row["included"] for row in others} == {"false"}
    scans = [row for row in rows(replayed.results / "tables/scans.tsv") if row["participant_id"] == "sub-02"]
    assert {row["code"] for row in scans} == {"crashed"}
    assert all(f"logs/{verb}/sub-02" in row["reason"] for row in scans)
    assert f"logs/{verb}/sub-02" in (replayed.results / "report/people/sub-02.html").read_text(encoding="utf-8")

    (replayed.folder / f"crash-{verb}").unlink()
    assert {"cohort", "report", verb} <= replayed.planned().keys()
    assert replayed.snakemake().returncode == 0
    assert tables(replayed) == before


def test_a_crash_of_a_first_run_costs_nobody_the_report(replayed):
    for verb in ("convert", "normalise"):
        for folder in ("sub-02", "figures/sub-02"):
            shutil.rmtree(replayed.results / folder, ignore_errors=True)
        crash(replayed, verb, "sub-02")
        run = replayed.snakemake("--forcerun", "cohort")
        (replayed.folder / f"crash-{verb}").unlink()
        assert run.returncode == 1
        assert f"Unfinished:   sub-02 ({verb}, logs/{verb}/sub-02" in run.stderr
        assert "Report: results/report/index.html" in run.stderr
        assert not (replayed.results / "sub-02/xfm/sub-02_registration.json").exists()
        page = (replayed.results / "report/people/sub-02.html").read_text(encoding="utf-8")
        assert f"Not finished: {verb} did not finish; logs/{verb}/sub-02" in page


def test_a_run_that_was_to_make_no_tables_makes_none(replayed):
    before = tables(replayed)
    crash(replayed, "measure", "sub-02")
    run = replayed.snakemake("--until", "measure", "--forcerun", FORCED["measure"])
    assert run.returncode == 1
    assert tables(replayed) == before
