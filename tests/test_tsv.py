import json
import math
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.errors import TableError
from pet_spect.tsv import MOST_TYPED_BYTES, format_value, parse_float, read_table, table_writer, write_table


def test_a_table_comes_back_with_its_dictionary(tmp_path):
    columns = {"side": {"Description": "a side"}, "value": {"Description": "a value", "Units": "mL"}}
    write_table(tmp_path / "t.tsv", columns, [{"side": "left", "value": 0.1 + 0.2}, {"side": None, "value": math.nan}])
    assert (tmp_path / "t.tsv").read_text() == "side\tvalue\nleft\t0.3\nn/a\tn/a\n"
    assert json.loads((tmp_path / "t.json").read_text()) == columns
    assert read_table(tmp_path / "t.tsv")[0] == {"side": "left", "value": "0.3"}


def test_a_row_with_other_columns_is_a_bug_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="row has columns"):
        write_table(tmp_path / "t.tsv", {"a": {}}, [{"b": 1}])
    assert not list(tmp_path.iterdir())


def test_a_table_that_is_not_finished_is_not_there_and_nor_is_its_dictionary(tmp_path):
    def rows():
        yield {"a": 1}
        raise TableError("the second person's table cannot be used")

    with pytest.raises(TableError):
        write_table(tmp_path / "t.tsv", {"a": {}}, rows())
    assert not list(tmp_path.iterdir())
    with table_writer(tmp_path / "t.tsv", {"a": {}}) as write:
        write([{"a": 1}])
        write([{"a": 2.5}, {"a": "=1"}])
    assert (tmp_path / "t.tsv").read_text() == "a\n1\n2.5\n'=1\n"
    assert (tmp_path / "t.json").is_file()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a\tb\n1\n", "line 2 has 1 values, the header names 2 columns"),
        ("a\ta\n1\t2\n", "duplicate column 'a' in the header"),
        ("b\n1\n", "no column 'a'; found 'b'"),
        ("a\tb\t\n1\t2\t\n", "column 3 of the header has no name"),
        ("a\tb\t\t\n1\t2\t\t\n", "column 3 of the header has no name"),
        ("a\tc\n1\t2\n", "column 'c' is not known; known are a, b"),
    ],
)
def test_a_table_that_is_not_one_is_refused(tmp_path, text, message):
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(TableError, match=message):
        read_table(tmp_path / "t.tsv", required=("a",), allowed=("a", "b"))


def test_a_table_saved_by_a_spreadsheet_is_read(tmp_path):
    (tmp_path / "t.tsv").write_bytes(b"\xef\xbb\xbfa\tb\r\n 1 \t2\r\n\r\n")
    assert read_table(tmp_path / "t.tsv") == [{"a": "1", "b": "2"}]


def test_a_binary_file_is_one_line(tmp_path):
    for content in (b"\xff\x00\xfea", b"\xff\xfea", "id\tM\u00fcller".encode("cp1252")):
        (tmp_path / "t.tsv").write_bytes(content)
        with pytest.raises(
            TableError, match=r"is not UTF-8 text; save it as tab-separated UTF-8 \(Excel: as Unicode T"
        ):
            read_table(tmp_path / "t.tsv")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_unicode_text_of_excel_is_read(tmp_path, encoding):
    begin = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / "t.tsv").write_bytes(f"{begin}a\tb\r\nM\u00fcller\t2\r\n".encode(encoding))
    assert read_table(tmp_path / "t.tsv") == [{"a": "M\u00fcller", "b": "2"}]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("\t@SUM(A1)", "'@SUM(A1)"),
        ("+see note", "'+see note"),
        ("-moved", "'-moved"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("-1.2", "-1.2"),
        ("+1e-3", "+1e-3"),
        (-1.2, "-1.2"),
        ("a=b", "a=b"),
    ],
)
def test_no_cell_is_a_formula_and_a_number_stays_one(tmp_path, text, cell):
    write_table(tmp_path / "t.tsv", {"a": {}}, [{"a": text}])
    assert read_table(tmp_path / "t.tsv") == [{"a": cell}]


@pytest.mark.parametrize("separator", [";", ","])
def test_columns_that_are_separated_by_something_else_than_tabs_are_said_to_be(tmp_path, separator):
    (tmp_path / "t.tsv").write_text(f"a{separator}b\n1{separator}2\n")
    with pytest.raises(TableError, match=f"separated by '{separator}', tabs are needed; save it as tab-delimited text"):
        read_table(tmp_path / "t.tsv", required=("a",))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a    b", "columns are separated by blanks, tabs are needed; put one tab between two columns"),
        ('"a"\t"b"', 'columns are named in quotes, such as "a"; save it as tab-delimited text without quotes'),
    ],
)
def test_columns_in_quotes_or_with_blanks_between_are_said_to_be(tmp_path, header, message):
    (tmp_path / "t.tsv").write_text(f"{header}\n1\t2\n")
    with pytest.raises(TableError, match=message):
        read_table(tmp_path / "t.tsv", required=("a", "b"), allowed=("a", "b"))


def test_a_workbook_is_no_table(tmp_path):
    (tmp_path / "t.tsv").write_bytes(b"PK\x03\x04\xff\xff")
    with pytest.raises(TableError, match="is a workbook of a spreadsheet; save it as tab-delimited text"):
        read_table(tmp_path / "t.tsv")


def test_a_file_too_large_to_be_typed_is_refused_unread(tmp_path):
    with (tmp_path / "t.tsv").open("wb") as stream:
        stream.truncate(2**34)
    with pytest.raises(TableError, match=r"is of 16384 MiB, at most 4 are read; check that it is the table"):
        read_table(tmp_path / "t.tsv", most_bytes=MOST_TYPED_BYTES)


def test_a_header_of_a_million_columns_is_refused_at_once(tmp_path):
    (tmp_path / "t.tsv").write_text("\t".join(f"c{n:x}" for n in range(500_000)))
    start = time.process_time()
    with pytest.raises(TableError, match=r"column 'c0' is not known; known are a \(499999 more are not known\)"):
        read_table(tmp_path / "t.tsv", allowed=("a",), most_bytes=MOST_TYPED_BYTES)
    assert time.process_time() - start < 5


def test_a_pipe_is_no_table(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TableError, match="is no file; a tab-separated table is needed"):
        read_table(tmp_path / "pipe")


def test_no_file_is_one_line(tmp_path):
    with pytest.raises(TableError, match="cannot be read"):
        read_table(tmp_path / "t.tsv")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_at_least_nine_digits(value):
    assert float(format_value(value)) == pytest.approx(value, rel=1e-11, abs=1e-300)


def test_missing_is_nan():
    assert math.isnan(parse_float("n/a"))
    assert parse_float("1e-3") == 0.001


@pytest.mark.parametrize("text", ["1_7", "NaN", "nan", "inf", "١٧", "0x10", "1,5"])
def test_what_only_python_reads_as_a_number_is_none(text):
    with pytest.raises(ValueError, match="is not a decimal number"):
        parse_float(text)


@pytest.mark.parametrize(("text", "value"), [("17", 17.0), ("-.5", -0.5), ("2.", 2.0), ("1.5e-3", 0.0015)])
def test_a_decimal_number_is_read(text, value):
    assert parse_float(text) == value
