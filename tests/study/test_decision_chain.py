from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.study.decision_chain import START, altered_places, canonical, follow, head_of, line_sha256
from pet_spect.tsv import read_lines

CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=12)
ROW = st.fixed_dictionaries({"participant_id": CELL, "code": CELL, "reason": CELL})


def signed(rows):
    """Return rows, each with the hash of the line before it."""
    chained = []
    for row in rows:
        chained.append({**row, "previous": head_of(follow(chained))})
    return chained


def test_the_hash_of_a_line_is_that_of_its_cells_as_json():
    row = {"reason": "zu  spät", "code": "n/a", "participant_id": "sub-01"}
    text = '{"participant_id":"sub-01","previous":"' + "0" * 64 + '","reason":"zu sp\\u00e4t"}'
    assert line_sha256(row, START) == sha256(text.encode()).hexdigest()
    assert json.loads(text)["reason"] == "zu spät"


def test_the_first_line_of_a_chain_follows_64_zeros():
    (row,) = signed([{"reason": "moved"}])
    assert row["previous"] == "0" * 64


@given(st.lists(ROW, max_size=6), st.lists(ROW, max_size=4))
def test_a_chain_that_nobody_touched_continues_everywhere(by_hand, rows):
    table = list(by_hand)
    for row in rows:
        table.append({**row, "previous": head_of(follow(table))})
    links = follow(table)
    assert all(link.continues for link in links)
    assert [link.chained for link in links] == [False] * len(by_hand) + [True] * len(rows)
    assert altered_places(links) == {}


@given(st.lists(ROW, min_size=2, max_size=6), st.data())
def test_an_altered_line_before_the_last_signed_one_is_found(rows, data):
    table = signed(rows)
    place = data.draw(st.integers(0, len(table) - 2))
    column = data.draw(st.sampled_from(["participant_id", "code", "reason"]))
    before = canonical(table[place])
    table[place][column] = data.draw(CELL.filter(lambda text: canonical({**table[place], column: text}) != before))
    links = follow(table)
    assert [link.continues for link in links].index(False) == place + 1
    assert place in altered_places(links)


@given(st.lists(ROW, min_size=2, max_size=6), st.data())
def test_a_removed_line_before_the_last_signed_one_is_found(rows, data):
    table = signed(rows)
    place = data.draw(st.integers(0, len(table) - 2))
    del table[place]
    assert place in altered_places(follow(table))


@given(st.lists(ROW, min_size=2, max_size=6), st.data())
def test_two_lines_in_the_other_order_are_found(rows, data):
    table = signed(rows)
    one, other = data.draw(st.lists(st.integers(0, len(table) - 1), min_size=2, max_size=2, unique=True))
    table[one], table[other] = table[other], table[one]
    assert altered_places(follow(table))


@given(st.lists(ROW, min_size=1, max_size=4), ROW, st.data())
def test_a_line_by_hand_is_covered_by_the_next_signed_line(rows, later, data):
    table = [*rows]
    table.append({**later, "previous": head_of(follow(table))})
    place = data.draw(st.integers(0, len(rows) - 1))
    before = canonical(table[place])
    table[place] = {**table[place], "reason": data.draw(CELL.filter(lambda text: canonical({"reason": text})))}
    changed = canonical(table[place]) != before
    assert (altered_places(follow(table)) != {}) == changed


def test_lines_that_the_log_knows_are_not_suspected():
    table = signed([{"reason": text} for text in "abc"])
    known = {link.sha256 for link in follow(table)}
    table[1]["reason"] = "changed"
    assert set(altered_places(follow(table))) == {1, 2}
    assert set(altered_places(follow(table), known)) == {1}


def test_moved_lines_stay_under_suspicion_although_each_is_as_it_was():
    table = signed([{"reason": text} for text in "abc"])
    known = {link.sha256 for link in follow(table)}
    table[0], table[1] = table[1], table[0]
    assert set(altered_places(follow(table), known)) == {0, 1, 2}


LINES = signed([{"participant_id": "sub-01", "reason": 'said "no", twice', "code": "n/a"}, {"reason": "a, b"}])


def quoted(cell):
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"') else cell


def as_saved(columns, cells=lambda cell: cell, ends="\n"):
    rows = [columns, *([cells(row.get(name, "")) for name in columns] for row in LINES)]
    return ends.join("\t".join(row) for row in rows) + ends


COLUMNS = ["participant_id", "code", "reason", "previous"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(as_saved(COLUMNS).encode(), id="as written"),
        pytest.param(as_saved(COLUMNS, ends="\r\n").encode(), id="CRLF"),
        pytest.param(as_saved(COLUMNS, ends="\r\n").encode("utf-8-sig"), id="byte-order mark"),
        pytest.param(as_saved(COLUMNS, quoted, "\r\n").encode("utf-16"), id="Unicode text of Excel"),
        pytest.param(as_saved(COLUMNS[::-1]).encode(), id="columns in another order"),
        pytest.param(as_saved(COLUMNS, lambda cell: cell if cell != "n/a" else "").encode(), id="empty for n/a"),
        pytest.param(as_saved([*COLUMNS, "uptake_sha256"]).encode(), id="an empty column more"),
        pytest.param(as_saved(COLUMNS, lambda cell: f"  {cell} ").encode() + b"\n\n", id="blanks and empty lines"),
    ],
)
def test_saving_a_table_in_a_spreadsheet_program_alters_nothing(tmp_path, content):
    path = tmp_path / "qc.tsv"
    path.write_bytes(content)
    header, lines = read_lines(path)
    links = follow([dict(zip(header, values, strict=True)) for _, values in lines])
    assert [link.sha256 for link in links] == [link.sha256 for link in follow(LINES)]
    assert all(link.chained and link.continues for link in links)
