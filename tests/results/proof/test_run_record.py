from dataclasses import replace

import pytest

from pet_spect.errors import TableError
from pet_spect.results.proof import run_record
from pet_spect.results.proof.run_record import RUN_FILE, RunRecord, read_run_record, run_id, write_run_record

PARTS = {"plan": "a", "settings": "b", "study": {"scans": "c"}, "inputs": {"sub-01": "d"}}


def test_what_is_written_is_read(tmp_path):
    record = RunRecord.of(**PARTS)
    write_run_record(tmp_path, record)
    assert read_run_record(tmp_path) == record == record.identified()
    assert run_id(tmp_path) == record.run_id


@pytest.mark.parametrize(
    "other", [{"plan": "x"}, {"settings": "x"}, {"study": {"scans": "x"}}, {"inputs": {"sub-01": "x"}}, {"inputs": {}}]
)
def test_any_other_input_is_another_run(other):
    assert RunRecord.of(**{**PARTS, **other}).run_id != RunRecord.of(**PARTS).run_id


def test_another_version_is_another_run(monkeypatch):
    before = RunRecord.of(**PARTS).run_id
    monkeypatch.setattr(run_record, "__version__", "99.0")
    assert RunRecord.of(**PARTS).run_id != before


def test_an_altered_record_has_not_its_id():
    record = replace(RunRecord.of(**PARTS), settings="x")
    assert record.identified() != record


def test_tables_made_by_hand_have_no_run_id(tmp_path):
    assert run_id(tmp_path) is None


def test_what_is_not_a_record_is_an_error(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / RUN_FILE).write_text("{}")
    with pytest.raises(TableError, match="is no record of a run"):
        run_id(tmp_path)
