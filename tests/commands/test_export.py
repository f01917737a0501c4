import pytest

from pet_spect.cli import main
from pet_spect.results.tables import workbook
from pet_spect.results.tables.tables import TABLES
from pet_spect.tsv import read_table, write_table

from ..workbooks import read_workbook


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    columns = {"who": {"Description": "Who."}, "value": {"Description": "Measure.", "Units": "1"}}
    rows = ({"who": f"sub-{number}", "value": number / 3} for number in range(5))
    write_table(folder / "tables/summary.tsv", columns, rows)
    return folder


def export(results, out, *flags):
    return main(["export", str(results), "--out", str(out), *flags])


def test_a_workbook_says_what_the_tables_say(small_results, tmp_path):
    assert export(small_results, tmp_path / "new/folder", "--excel") == 0
    book = read_workbook(tmp_path / "new/folder/tables.xlsx")
    names = [path.stem for path in (small_results / "tables").glob("*.tsv")]
    assert list(book) == [*(name for name in TABLES if name in names), "dictionary"]
    for name in names:
        header, *rows = book[name]
        said = [dict(zip(header, map(spelled, row), strict=True)) for row in rows]
        assert said == read_table(small_results / f"tables/{name}.tsv")
    header, *rows = book["summary"]
    assert {type(row[header.index("n")]) for row in rows} == {float}
    assert {type(row[header.index("primary")]) for row in rows} == {bool}


def spelled(value):
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else f"{value:.12g}"


def test_a_format_must_be_named(results, tmp_path, capsys):
    assert export(results, tmp_path / "out") == 1
    assert "--excel or --crate is needed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", ["", "tables", "new/folder"])
def test_nothing_is_written_into_the_results_folder(results, place, capsys):
    assert export(results, results / place, "--excel") == 1
    assert capsys.readouterr().err.endswith("lies in the results folder; name a folder outside it\n")
    assert list(results.rglob("*.xlsx")) == []


def test_a_folder_without_tables_is_an_error(results, tmp_path, capsys):
    assert export(results.parent, tmp_path / "out", "--excel") == 1
    assert f"so it is no results folder of a finished run; did you mean {results}?" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_out_that_is_a_file_is_an_error(results, tmp_path, capsys):
    (tmp_path / "out").write_text("")
    assert export(results, tmp_path / "out", "--excel") == 1
    assert capsys.readouterr().err.startswith("pet-spect export: cannot read or write")


def test_it_says_in_which_sheet_a_long_table_goes_on(results, tmp_path, monkeypatch, capsys):
    write = workbook.write_workbook
    monkeypatch.setattr(workbook, "write_workbook", lambda path, tables: write(path, tables, most_rows=4))
    assert export(results, tmp_path / "out", "--excel") == 0
    assert capsys.readouterr().err == (
        "summary: has more rows than an Excel sheet holds, so it goes on in summary (2)\n"
    )


def test_a_second_export_replaces_the_first_with_equal_bytes(results, tmp_path):
    files = []
    for _ in range(2):
        assert export(results, tmp_path / "out", "--excel") == 0
        files.append((tmp_path / "out/tables.xlsx").read_bytes())
    assert files[0] == files[1]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tables.xlsx"]
