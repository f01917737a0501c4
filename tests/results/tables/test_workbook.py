import errno
import gc
import os
import tempfile
import time
import tracemalloc
from zipfile import ZipFile

import pytest
from xlsxwriter.packager import Packager

from pet_spect.errors import TableError
from pet_spect.results.tables.table_files import TableFile
from pet_spect.results.tables.workbook import plain_text, sheet_name, write_workbook
from pet_spect.tsv import write_table

from ...workbooks import read_workbook

COLUMNS = {
    "participant_id": {"Description": "Who."},
    "session": {"Description": "Visit."},
    "value": {"Description": "The measure.", "Units": "1"},
    "included": {"Description": "Whether.", "Levels": {"true": "it is", "false": "it is not"}},
    "qc": {"Description": "Verdict.", "Levels": {"pass": "good", "fail": "bad"}, "Limit": 3},
}
MALICIOUS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "＝1+1",
    "{=1}",
    "=cmd|' /C calc'!A0",
    "https://example.org",
    "internal:Sheet1!A1",
    "<r><t>1</t></r>",
    "<r></t></is></c><c r='Z9'><f>1+1</f></c><c><is><t></r>",
    "a\x01b _x0041_",
    "\ufffe",
    "&<>\"'",
    "\U0001f9e0 ß",
]


def table(folder, rows, name="facts", columns=COLUMNS):
    path = folder / f"{name}.tsv"
    write_table(path, columns, (dict(zip(columns, row, strict=True)) for row in rows))
    return TableFile(path, columns)


def written(folder, *tables, **more):
    path = folder / "book.xlsx"
    write_workbook(path, tables, **more)
    return read_workbook(path)


def test_numbers_are_numbers_booleans_booleans_and_the_rest_text(tmp_path):
    rows = [("sub-01", "01", 1 / 3, True, "pass"), ("sub-02", "1e5", float("nan"), False, None)]
    rows += [("sub-03", "7", -2e-300, None, "fail"), ("sub-04", "-5", 12345678901, True, "true")]
    assert written(tmp_path, table(tmp_path, rows))["facts"] == [
        list(COLUMNS),
        ["sub-01", "01", 0.333333333333, True, "pass"],
        ["sub-02", "1e5", "n/a", False, "n/a"],
        ["sub-03", "7", -2e-300, "n/a", "fail"],
        ["sub-04", "-5", 12345678901.0, True, "true"],
    ]


@pytest.mark.parametrize("text", MALICIOUS)
@pytest.mark.parametrize("place", [0, 2, 3])
def test_no_text_is_a_formula_a_link_or_markup(tmp_path, text, place):
    row = ["sub-01", "a", 1.0, True, "pass"]
    row[place] = text
    path = tmp_path / "facts.tsv"
    path.write_text("\t".join(COLUMNS) + "\n" + "\t".join(map(str, row)) + "\n", encoding="utf-8")
    cell = written(tmp_path, TableFile(path, COLUMNS))["facts"][1][place]
    assert isinstance(cell, str)
    assert cell.removeprefix("'") == text
    assert cell[0] not in "=+-@＝"


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "<r>1</r>"])
def test_neither_headings_nor_dictionaries_are_formulas(tmp_path, text):
    columns = {text: {"Description": text, "Units": text, "Levels": {text: text}, text: text}}
    book = written(tmp_path, table(tmp_path, [], columns=columns))
    assert book["facts"] == [[f"'{text}"]]
    assert all(isinstance(cell, str) and cell.removeprefix("'")[0] in "=<f{" for cell in book["dictionary"][1])


def test_the_last_sheet_says_what_every_column_means(tmp_path):
    book = written(tmp_path, table(tmp_path, []), table(tmp_path, [], name="zones"))
    assert list(book) == ["facts", "zones", "dictionary"]
    heading, *rows = book["dictionary"]
    assert heading == ["table", "column", "description", "units", "levels", "further"]
    assert [row[:2] for row in rows] == [[name, column] for name in ("facts", "zones") for column in COLUMNS]
    assert rows[2][:4] == ["facts", "value", "The measure.", "1"]
    assert rows[4][2:] == ["Verdict.", "", "pass: good\nfail: bad", '{"Limit": 3}']


def test_the_header_stays_in_view(tmp_path):
    written(tmp_path, table(tmp_path, []))
    with ZipFile(tmp_path / "book.xlsx") as parts:
        for sheet in (1, 2):
            assert b'ySplit="1"' in parts.read(f"xl/worksheets/sheet{sheet}.xml")
            assert b'state="frozen"' in parts.read(f"xl/worksheets/sheet{sheet}.xml")


def test_a_table_that_is_too_long_goes_on_in_a_further_sheet(tmp_path):
    rows = [(f"sub-{number}", "a", number, True, "pass") for number in range(7)]
    facts = table(tmp_path, rows)
    path = tmp_path / "book.xlsx"
    assert write_workbook(path, [facts], most_rows=4) == {"facts": ["facts", "facts (2)", "facts (3)"]}
    book = read_workbook(path)
    parts = [book[name] for name in ("facts", "facts (2)", "facts (3)")]
    assert [len(part) for part in parts] == [4, 4, 2]
    assert all(part[0] == list(COLUMNS) for part in parts)
    assert [row[2] for part in parts for row in part[1:]] == [float(number) for number in range(7)]


def test_a_table_that_just_fits_has_one_sheet(tmp_path):
    facts = table(tmp_path, [("sub-1", "a", 1, True, "pass")] * 3)
    assert write_workbook(tmp_path / "book.xlsx", [facts], most_rows=4) == {"facts": ["facts"]}


def test_a_text_longer_than_a_cell_says_that_it_was_cut():
    assert plain_text("x" * 32_767) == "x" * 32_767
    cut = plain_text("x" * 32_768)
    assert len(cut) == 32_767
    assert cut.endswith("xx ... (cut here; the results folder holds all of it)")


def test_sheet_names_are_short_and_differ_in_more_than_case():
    names = []
    for name in ("a" * 40, "A" * 40, "a" * 31, "x[1]:*?/\\", "'quoted'", "History", "dictionary", "Dictionary", ""):
        names.append(sheet_name(name, names))
    assert names[:3] == ["a" * 31, "A" * 27 + " (2)", "a" * 27 + " (3)"]
    assert names[3:] == ["x_1______", "quoted", "History_", "dictionary", "Dictionary (2)", "table"]
    assert len({name.lower() for name in names}) == len(names)


def test_a_table_named_like_the_dictionary_keeps_its_name(tmp_path):
    assert list(written(tmp_path, table(tmp_path, [], name="Dictionary"))) == ["Dictionary", "dictionary (2)"]


def test_equal_tables_give_equal_bytes_at_any_time_and_place(tmp_path, monkeypatch):
    facts = table(tmp_path, [("sub-01", "a", 1.5, True, "pass")] * 3)
    write_workbook(tmp_path / "one.xlsx", [facts])
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    mask = os.umask(0o077)
    try:
        write_workbook(tmp_path / "other" / "two.xlsx", [facts])
    finally:
        os.umask(mask)
        monkeypatch.undo()
        time.tzset()
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "other" / "two.xlsx").read_bytes()
    with ZipFile(tmp_path / "one.xlsx") as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}
        assert parts.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2


def test_a_long_table_is_never_held_in_memory(tmp_path):
    rows = [("sub-01", "a" * 50, number / 7, True, "pass") for number in range(20_000)]
    facts = table(tmp_path, rows)
    del rows
    tracemalloc.start()
    write_workbook(tmp_path / "book.xlsx", [facts])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4e6  # the table alone is 1.5 MB of text, and some 10 MB as objects


def test_a_workbook_that_cannot_be_written_names_itself_and_leaves_nothing(tmp_path):
    facts = table(tmp_path, [])
    (tmp_path / "book.xlsx").mkdir()
    with pytest.raises(OSError, match=r"book\.xlsx"):
        write_workbook(tmp_path / "book.xlsx", [facts])
    assert [path.name for path in tmp_path.glob(".partial*")] == []


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_a_full_temporary_folder_is_named_and_emptied(tmp_path, monkeypatch):
    facts = table(tmp_path, [("sub-01", "a", 1, True, "pass")] * 3)
    (tmp_path / "temporary").mkdir()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(Packager, "_write_worksheet_files", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_workbook(tmp_path / "book.xlsx", [facts])
    assert caught.value.filename.startswith(str(tmp_path / "temporary"))
    del caught
    gc.collect()  # what XlsxWriter left open
    assert list((tmp_path / "temporary").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["facts.json", "facts.tsv", "temporary"]


def test_a_broken_row_leaves_no_workbook(tmp_path):
    facts = table(tmp_path, [("sub-01", "a", 1, True, "pass")])
    with facts.path.open("a") as stream:
        stream.write("sub-02\ta\n")
    with pytest.raises(TableError, match="line 3 has 2 values, the header names 5 columns"):
        write_workbook(tmp_path / "book.xlsx", [facts])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["facts.json", "facts.tsv"]
