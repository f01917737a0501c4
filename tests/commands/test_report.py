from __future__ import annotations

import pytest

from pet_spect.cli import main
from pet_spect.report.results_folder import REQUIRED
from pet_spect.results.tables.columns import SCANS
from pet_spect.tsv import write_table


def test_folder_without_tables_is_one_line(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("pet-spect report: ")
    assert message.count("\n") == 1
    assert "holds no tables/scans.tsv, so it is no results folder of a finished run" in message


def test_no_scan_at_all_is_one_line(tmp_path, capsys):
    for name in ("ratios", "change", "summary"):
        write_table(tmp_path / "tables" / f"{name}.tsv", {column: {} for column in REQUIRED[name]}, [])
    write_table(tmp_path / "tables" / "scans.tsv", SCANS, [])
    assert main(["report", str(tmp_path)]) == 1
    assert "lists no scan; there is nothing to report" in capsys.readouterr().err


def test_without_a_folder_the_usage_is_shown(capsys):
    with pytest.raises(SystemExit) as exit_info:
        main(["report"])
    assert exit_info.value.code == 2
    assert "usage: pet-spect report" in capsys.readouterr().err
