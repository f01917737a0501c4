"""Tables of everybody although a step of somebody crashed."""

from __future__ import annotations

import pytest

from .test_cohort import Study

UNFINISHED = ("--unfinished", "sub-02", "normalise", "logs/normalise/sub-02.log")


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def test_an_unfinished_person_has_every_row_and_no_value(study):
    study.add("sub-01")
    study.add("sub-02")
    study.list_scan("sub-02", "baseline", "FDG")
    assert study.run() == 0
    shape = {name: len(study.table(name)) for name in ("uptake", "ratios", "change", "summary", "scans")}
    assert study.run(*UNFINISHED) == 0
    assert {name: len(study.table(name)) for name in shape} == shape
    for name, column in (("uptake", "mean"), ("ratios", "value"), ("change", "change")):
        mine = [row for row in study.table(name) if row["participant_id"] == "sub-02"]
        others = [row for row in study.table(name) if row["participant_id"] == "sub-01"]
        assert {row[column] for row in mine} == {"n/a"}
        assert {row[column] for row in others} != {"n/a"}
    assert {row["n"] for row in study.table("summary")} <= {"0", "1"}
    crashed, unlisted = study.scan("sub-02", "baseline", "FDG"), study.scan("sub-02", "year1", "FDG")
    assert (crashed["status"], crashed["stage"], crashed["code"]) == ("refused", "normalise", "crashed")
    assert "logs/normalise/sub-02.log says why" in crashed["reason"]
    assert (unlisted["status"], unlisted["reason"]) == ("missing", "no scan listed")
    assert study.ratio("sub-02", "baseline", "FDG")["reason"].startswith("crashed: the step normalise did not finish")


def test_what_lies_there_of_an_unfinished_person_need_not_exist(study):
    study.add("sub-02")
    study.add("sub-01")
    table = study.results / "sub-02" / "sub-02_seg-toy_uptake.tsv"
    table.unlink()
    table.with_suffix(".json").unlink()
    assert study.run(*UNFINISHED) == 0
    assert [row["participant_id"] for row in study.table("scans")] == ["sub-02"] * 4 + ["sub-01"] * 4


def test_a_crash_cannot_be_accepted(study):
    study.add("sub-01")
    study.add("sub-02")
    study.decide("sub-02", "year1", "FDG", "accept", "crashed")
    study.run(*UNFINISHED)
    assert study.accounted() == 1


def test_nobody_finished_is_an_error(study, capsys):
    study.add("sub-02")
    assert study.run(*UNFINISHED) == 1
    assert "every participant is unfinished" in capsys.readouterr().err
