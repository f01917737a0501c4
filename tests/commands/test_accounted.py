import pytest

from pet_spect.cli import main
from pet_spect.results.tables.columns import SCANS
from pet_spect.tsv import read_table, write_table


@pytest.fixture
def account(tmp_path):
    def run(*scans):
        rows = [
            dict.fromkeys(SCANS)
            | {"participant_id": "sub-01", "session": f"visit{i}", "tracer": "FDG", "status": status}
            | {"code": "a_code", "reason": "told", "decision": decision, "simulated": False}
            for i, (status, decision) in enumerate(scans)
        ]
        write_table(tmp_path / "tables" / "scans.tsv", SCANS, rows)
        return main(["accounted", str(tmp_path), "--out", str(tmp_path / "accounted.tsv")])

    return run


def test_counts_of_a_study_where_everything_is_signed_off(account, tmp_path):
    status = account(
        ("measured", None), ("measured", None), ("missing", None), ("refused", "accept"), ("excluded", "exclude")
    )
    assert status == 0
    counts = [tuple(row.values()) for row in read_table(tmp_path / "accounted.tsv")]
    assert counts == [
        ("excluded", "exclude", "1"),
        ("measured", "n/a", "2"),
        ("missing", "n/a", "1"),
        ("refused", "accept", "1"),
    ]


@pytest.mark.parametrize("status", ["refused", "excluded"])
def test_what_nobody_signed_off_is_named_in_a_line_each(account, tmp_path, capsys, status):
    assert account(("measured", None), (status, None), (status, None)) == 1
    assert capsys.readouterr().err == (
        "sub-01_ses-visit1 FDG (a_code: told)\n"
        "sub-01_ses-visit2 FDG (a_code: told)\n"
        "pet-spect accounted: 2 scans are not usable; correct the scan or its line in scans.tsv and run again, or"
        " decide in config/qc.tsv\n"
    )
    assert not (tmp_path / "accounted.tsv").exists()


def test_a_results_folder_without_tables_is_an_error(tmp_path, capsys):
    assert main(["accounted", str(tmp_path), "--out", str(tmp_path / "accounted.tsv")]) == 1
    assert "holds no tables/scans.tsv, so it is no results folder" in capsys.readouterr().err
