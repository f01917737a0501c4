from __future__ import annotations

import os
import time

import pytest

from pet_spect.study import file_dates
from pet_spect.study.file_dates import date_not_before, future_results, in_future, set_back, touch_command

FUTURE_S = 4e9


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Return a file of results, which are the working directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a table.tsv"
    path.touch()
    return path


def dated(path, seconds):
    os.utime(path, (seconds, seconds))
    return path


def test_what_is_dated_now_or_is_not_there_is_not_in_the_future(table, tmp_path):
    assert in_future([table, tmp_path / "none"]) == []


def test_what_is_dated_ahead_is_in_the_future_with_its_date(table):
    assert in_future([dated(table, FUTURE_S)]) == [(str(table), FUTURE_S)]
    assert touch_command(in_future([table])) == f"touch '{table}'"


def test_a_result_may_be_ahead_by_a_minute(table):
    assert future_results(dated(table, time.time() + 50).parent) == ()
    assert future_results(dated(table, time.time() + 120).parent) == (table,)


def test_where_the_file_server_is_ahead_of_this_computer_its_clock_counts(table, monkeypatch):
    now = time.time()
    monkeypatch.setattr(file_dates.time, "time", lambda: now - 3600)
    assert in_future([table]) == []
    assert in_future([dated(table, now + 1800)]) == [(str(table), pytest.approx(now + 1800))]
    assert [path.name for path in table.parent.iterdir()] == [table.name]


def test_the_date_of_a_folder_is_the_one_that_snakemake_gave_it(tmp_path):
    mark = tmp_path / ".snakemake_timestamp"
    mark.touch()
    dated(tmp_path, FUTURE_S)
    assert in_future([tmp_path]) == []
    dated(mark, FUTURE_S)
    assert in_future([tmp_path]) == [(str(tmp_path), FUTURE_S)]


def test_what_is_set_back_is_older_than_any_scan(table):
    set_back([dated(table, FUTURE_S), table.with_name("gone")])
    assert 0 < table.stat().st_mtime < 1e6


def test_an_output_that_another_clock_dated_earlier_gets_the_date_of_its_youngest_input(tmp_path):
    names = old, young, early, late = [str(tmp_path / name) for name in ("old", "young", "early", "late")]
    for seconds, name in zip((1e9, 2e9, 1.5e9, 3e9), names, strict=True):
        (tmp_path / name).touch()
        dated(name, seconds)
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / ".snakemake_timestamp").touch()
    dated(folder / ".snakemake_timestamp", 1e9)
    date_not_before([early, late, str(folder), str(tmp_path / "none")], [old, young, str(tmp_path / "gone")])
    files = tmp_path / "early", tmp_path / "late", folder / ".snakemake_timestamp"
    assert [file.stat().st_mtime for file in files] == [2e9, 3e9, 2e9]
