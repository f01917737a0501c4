import hashlib
import re
from dataclasses import replace

import pytest

from pet_spect import __version__
from pet_spect.errors import ConfigError
from pet_spect.report.methods.provenance import COMMAND, provenance_of, report_date

from .runs import RECORD, a_plan


@pytest.fixture
def results(tmp_path):
    (tmp_path / "tables").mkdir()
    for name in ("scans.tsv", "accounted.tsv"):
        (tmp_path / "tables" / name).write_text(name)
    return tmp_path


def test_versions_say_whether_the_registration_or_the_report_had_them(run, results):
    packages = {name: (recorded, own) for name, recorded, own in provenance_of(run, results).packages}
    assert packages["antspyx"][0] == "0.6.3"
    assert packages["python"][0] == "3.12.1"
    assert packages["python"][1] != ""
    assert packages["jinja2"][0] == ""


def test_atlas_space_and_plan_are_those_of_the_results(run, results):
    facts = dict(provenance_of(run, results).facts)
    assert facts["Atlas, SHA-256 of the labels"] == "abcdef0123456789"
    assert facts["Atlas, SHA-256 of the table"] == "not recorded"
    assert facts["Standard space"] == "MNI152NLin2009cSym"
    assert facts["Analysis plan, SHA-256"] == "5" * 64
    assert facts["Scans"] == "2 measured"


def test_versions_that_differ_are_counted(run, results):
    mixed = replace(run, records=[RECORD, replace(RECORD, software_version="0.1.9")], version=None)
    facts = dict(provenance_of(mixed, results).facts)
    assert facts["pet_spect, registration"] == f"0.1.9 (1 participant) and {__version__} (1 participant)"
    assert facts["pet_spect, tables"] == "not recorded"


def test_a_lost_plan_is_said(run, results):
    lost = replace(run, plan=None, plan_fault=True)
    assert dict(provenance_of(lost, results).facts)["Analysis plan"] == "the file of plans is missing or was altered"
    assert provenance_of(lost, results).settings == []


def test_without_records_and_plan_nothing_is_claimed(run, results):
    facts = dict(provenance_of(replace(run, records=[], plan=None, statement=None), results).facts)
    assert facts["pet_spect, registration"] == facts["Standard space"] == "not recorded"
    assert facts["Analysis plan"] == "no plan was recorded"


def test_settings_are_those_of_the_plan_without_the_limits_of_the_checks(run, results):
    planned = replace(
        run, plan=a_plan(gates={"scale_max": 1.35}, within_subject_cv={}, measure={"lesion_rings": False})
    )
    settings = dict(provenance_of(planned, results).settings)
    assert settings["analysis.missing_data"] == "bounds"
    assert settings["sessions"] == "baseline and year1"
    assert settings["within_subject_cv"] == "none"
    assert settings["measure.lesion_rings"] == "false"
    assert not any(name.startswith("gates") for name in settings)


def test_only_files_that_the_report_is_made_from_are_hashed(run, results):
    files = provenance_of(run, results).files
    assert files == [("tables/scans.tsv", hashlib.sha256(b"scans.tsv").hexdigest())]


def test_the_command_names_no_path_of_this_machine(run, results):
    assert provenance_of(run, results).command == COMMAND
    assert not re.search(r"(^|\s)/", COMMAND)


def test_the_date_can_be_set(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert report_date().isoformat() == "1970-01-02"


@pytest.mark.parametrize("told", ["yesterday", "1e9", "9" * 30])
def test_a_date_that_is_no_date_is_said(monkeypatch, told):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", told)
    with pytest.raises(ConfigError, match=f"SOURCE_DATE_EPOCH in the environment: found '{told}'"):
        report_date()
