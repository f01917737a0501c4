from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pet_spect.study import file_dates
from pet_spect.study.file_dates import as_made, future_line, gone, in_future

FUTURE_S = 4e9


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Return a file of results, which are the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("a table.tsv").touch()
    return "a table.tsv"


def dated(path, seconds):
    os.utime(path, (seconds, seconds))
    return path


def test_what_is_dated_now_or_is_not_there_is_not_in_the_future(table):
    assert in_future([table, "none"]) == []


def test_what_is_dated_ahead_is_in_the_future_with_its_date(table):
    assert in_future([dated(table, FUTURE_S)]) == [(table, FUTURE_S)]


def test_of_thousands_of_files_five_are_to_be_touched_at_a_time():
    line = future_line([(f"{number}.json", FUTURE_S) for number in range(2000)])
    assert line.startswith("0.json and 1999 more have a date in the future")
    assert line.endswith("type: touch 0.json 1.json 2.json 3.json 4.json, and run again for 1995 more")


def test_where_the_file_server_is_ahead_of_this_computer_its_clock_counts(table, monkeypatch):
    now = time.time()
    monkeypatch.setattr(file_dates.time, "time", lambda: now - 3600)
    assert in_future([table]) == []
    assert in_future([dated(table, now + 1800)]) == [(table, pytest.approx(now + 1800))]
    assert os.listdir() == [table]  # noqa: PTH208


def test_the_date_of_a_folder_is_the_one_that_snakemake_gave_it(tmp_path):
    mark = tmp_path / ".snakemake_timestamp"
    mark.touch()
    dated(tmp_path, FUTURE_S)
    assert in_future([str(tmp_path)]) == []
    dated(mark, FUTURE_S)
    assert in_future([str(tmp_path)]) == [(str(tmp_path), FUTURE_S)]


def test_an_output_that_another_clock_dated_earlier_gets_the_date_of_its_youngest_input(tmp_path):
    names = old, young, early, late = [str(tmp_path / name) for name in ("old", "young", "early", "late")]
    for seconds, name in zip((1e9, 1.2e9, 1.1e9, 1.3e9), names, strict=True):
        (tmp_path / name).touch()
        dated(name, seconds)
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / ".snakemake_timestamp").touch()
    dated(folder / ".snakemake_timestamp", 1e9)
    as_made([early, late, str(folder), str(tmp_path / "none")], [old, young, str(tmp_path / "gone")])
    files = tmp_path / "early", tmp_path / "late", folder / ".snakemake_timestamp"
    assert [file.stat().st_mtime for file in files] == [1.2e9, 1.3e9, 1.2e9]


def test_what_was_just_made_is_not_dated_in_the_future_so_that_a_later_change_is_seen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("read", "made"):
        (tmp_path / name).touch()
        dated(name, time.time() + 50)
    as_made(["made"], ["read"])
    assert in_future(["made", "read"]) == []
    assert (tmp_path / "made").stat().st_mtime >= (tmp_path / "read").stat().st_mtime


ALL = ["cohort.tsv"], [], ["report"]
PERSON = ["image", "image.json"], ["warp", "record"], ["uptake", "part"], ["pictures"]


@pytest.mark.parametrize(
    ("there", "lost"),
    [
        ("", ""),
        ("image image.json warp record uptake part pictures cohort.tsv report", ""),
        ("image image.json warp record uptake part", ""),  # pictures come later
        ("image image.json warp record uptake part cohort.tsv", ""),
        ("image image.json", ""),
        ("cohort.tsv report", ""),  # the person is new
        ("image image.json warp uptake part", "record"),
        ("image image.json uptake part", "record warp"),
        ("image image.json warp record cohort.tsv", "part uptake"),
        ("image image.json warp record uptake part cohort.tsv report", "pictures"),
        ("image image.json warp record uptake part pictures report", "cohort.tsv"),
        ("warp record uptake part pictures cohort.tsv report", "image image.json"),
    ],
)
def test_what_is_gone_is_that_from_which_others_were_made(tmp_path, monkeypatch, there, lost):
    monkeypatch.chdir(tmp_path)
    for name in there.split():
        (tmp_path / name).touch()
    assert sorted(gone(ALL, PERSON)) == lost.split()
