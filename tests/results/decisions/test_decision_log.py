from __future__ import annotations

import json

import pytest

from pet_spect.errors import TableError
from pet_spect.model import LoggedLine, ScanKey
from pet_spect.results.decisions.decision_log import append_log, log_path, read_log
from pet_spect.results.tables.decision_columns import DECISIONS_LOG


def line(place, sha256):
    return LoggedLine("qc.tsv", place, True, ScanKey("sub-01", "year1", "FDG"), "exclude", "n/a", sha256 * 64, True)


@pytest.fixture
def logged(tmp_path):
    append_log(tmp_path, [line(1, "a"), line(2, "b"), line(3, "c")])
    return tmp_path


def test_a_results_folder_without_a_log_has_an_empty_one(tmp_path):
    assert read_log(tmp_path) == ((), True)


def test_what_was_written_is_read_again(logged):
    assert read_log(logged) == ((line(1, "a"), line(2, "b"), line(3, "c")), True)
    assert list(json.loads(log_path(logged).with_suffix(".json").read_text())) == list(DECISIONS_LOG)


def test_the_log_is_only_added_to_and_holds_each_line_once(logged):
    before = log_path(logged).read_text()
    append_log(logged, [line(2, "b"), line(4, "d"), line(4, "d")])
    after = log_path(logged).read_text()
    assert after.startswith(before)
    assert len(after.splitlines()) == len(before.splitlines()) + 1


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda rows: rows.__setitem__(1, rows[1].replace("exclude", "accept")), id="altered"),
        pytest.param(lambda rows: rows.__setitem__(3, rows[3].replace("exclude", "accept")), id="the last altered"),
        pytest.param(lambda rows: rows.__delitem__(1), id="removed"),
        pytest.param(lambda rows: rows.__delitem__(2), id="removed in the middle"),
        pytest.param(lambda rows: rows.insert(1, rows.pop(2)), id="moved"),
        pytest.param(lambda rows: rows.__setitem__(0, "table\tplace\n"), id="without columns"),
        pytest.param(lambda rows: rows.__setitem__(2, rows[2].replace("qc.tsv\t2", "qc.tsv\tn/a")), id="no number"),
    ],
)
def test_a_log_that_was_edited_is_not_whole_and_is_not_added_to(logged, edit):
    rows = log_path(logged).read_text().splitlines(keepends=True)
    edit(rows)
    log_path(logged).write_text("".join(rows))
    assert not read_log(logged)[1]
    with pytest.raises(TableError, match="is not as it was written") as caught:
        append_log(logged, [line(9, "e")])
    assert caught.value.code == "qc_log_altered"
