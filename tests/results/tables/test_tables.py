"""Every table of a results folder has a data dictionary that describes exactly its columns."""

from __future__ import annotations

import importlib
import json
import pkgutil
import shutil

import pytest

from pet_spect import results as package
from pet_spect.errors import TableError
from pet_spect.results.tables.table_files import table_files
from pet_spect.results.tables.tables import MORE_COLUMNS, TABLES
from pet_spect.tsv import parse_float, sidecar_of_table, write_table


def dictionaries():
    """Every data dictionary that a module of the results holds, by the name of its constant."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        held = importlib.import_module(module.name)
        for name, kind in getattr(held, "__annotations__", {}).items():
            if kind == "Columns" and name.isupper() and not name.startswith("_"):
                yield f"{module.name}.{name}", getattr(held, name)


def test_every_data_dictionary_is_reached_from_one_place():
    reached = [*TABLES.values(), *(more for parts in MORE_COLUMNS.values() for more in parts)]
    lost = [name for name, columns in dictionaries() if not any(columns is one for one in reached)]
    assert lost == []


def test_every_column_has_a_description_and_a_number_its_unit():
    for table, columns in TABLES.items():
        for name, entry in columns.items():
            assert entry["Description"].endswith("."), (table, name)
            assert not {"Units", "Levels"} <= entry.keys(), (table, name)


@pytest.mark.slow
def test_a_run_writes_no_table_but_those(every_table):
    assert {path.stem for path in (every_table / "tables").glob("*.tsv")} == TABLES.keys()


@pytest.mark.slow
def test_a_dictionary_describes_exactly_the_columns_of_its_table(every_table):
    for path in (every_table / "tables").glob("*.tsv"):
        header = path.read_text(encoding="utf-8").split("\n", 1)[0].split("\t")
        assert header == list(json.loads(sidecar_of_table(path).read_text(encoding="utf-8"))), path
        more = [name for columns in MORE_COLUMNS.get(path.stem, ()) for name in columns]
        assert [name for name in header if name not in more] == list(TABLES[path.stem]), path


@pytest.mark.slow
def test_every_measurement_table_of_a_participant_is_described(every_table):
    paths = sorted(every_table.glob("sub-*/*.tsv"))
    assert len(paths) == 3
    for path in paths:
        header = path.read_text(encoding="utf-8").split("\n", 1)[0].split("\t")
        dictionary = json.loads(sidecar_of_table(path).read_text(encoding="utf-8"))
        assert header == list(TABLES["uptake"])
        assert {name: dictionary[name] for name in header} == TABLES["uptake"]


@pytest.mark.slow
def test_a_column_holds_numbers_where_its_unit_says_so_and_nowhere_else(every_table):
    for table in table_files(every_table):
        values = list(zip(*table.rows(), strict=True))
        for (name, entry), column in zip(table.columns.items(), values, strict=True):
            stated = {value for value in column if value != "n/a"}
            if "Units" in entry:
                assert all(parse_float(value) is not None for value in stated), (table.name, name)
            elif stated:
                assert not all(map(is_number, stated)), (table.name, name)
            if stated and "Levels" in entry and name != "reference":
                assert stated <= entry["Levels"].keys(), (table.name, name)


def is_number(text):
    try:
        parse_float(text)
    except ValueError:
        return False
    return True


@pytest.mark.slow
def test_all_that_can_be_asked_for_is_in_these_tables(every_table):
    (uptake,) = (table for table in table_files(every_table) if table.name == "uptake")
    regions = {row[3] for row in uptake.rows()}
    assert {"lesion_ring_0_10", "treatment_site", "precentral_gtm", "precentral_lesionfree"} <= regions


@pytest.mark.slow
def test_tables_come_in_the_order_in_which_a_person_reads_them(every_table, tmp_path):
    results = tmp_path / "results"
    shutil.copytree(every_table / "tables", results / "tables")
    write_table(results / "tables/added.tsv", {"a": {"Description": "A."}}, [])
    (results / "tables/.partial-change.tsv").write_text("")
    assert [table.name for table in table_files(results)] == [*TABLES, "added"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda told: {**told, "more": {"Description": "More."}},
            "no further column, where x.json describes column 'more'",
        ),
        (lambda told: dict(list(told.items())[:1]), "column 'b', where x.json describes no further column"),
        (lambda told: dict(reversed(told.items())), "column 'a', where x.json describes column 'b'"),
        (lambda told: {**told, "b": {"Units": "1"}}, "column 'b' has no Description"),
        (lambda told: {**told, "b": "text"}, "column 'b' has no Description"),
    ],
)
def test_a_dictionary_of_other_columns_is_refused(tmp_path, change, said):
    columns = {"a": {"Description": "A."}, "b": {"Description": "B.", "Units": "1"}}
    write_table(tmp_path / "tables/summary.tsv", columns, [])
    write_table(tmp_path / "tables/x.tsv", columns, [])
    (tmp_path / "tables/x.json").write_text(json.dumps(change(columns)))
    with pytest.raises(TableError, match=said) as caught:
        table_files(tmp_path)
    assert caught.value.code == "dictionary_unreadable"


def test_a_table_without_a_dictionary_is_refused(tmp_path):
    write_table(tmp_path / "tables/summary.tsv", {"a": {"Description": "A."}}, [])
    (tmp_path / "tables/summary.json").unlink()
    with pytest.raises(TableError, match=r"summary\.json: cannot be read"):
        table_files(tmp_path)


def test_a_table_that_is_no_text_is_refused(tmp_path):
    write_table(tmp_path / "tables/summary.tsv", {"a": {"Description": "A."}}, [])
    (tmp_path / "tables/summary.tsv").write_bytes(b"a\n\xff\xfe\n")
    with pytest.raises(TableError, match=r"summary\.tsv: is not UTF-8 text"):
        [list(table.rows()) for table in table_files(tmp_path)]
