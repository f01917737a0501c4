from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.model import ScanKey
from pet_spect.study.decisions import read_decisions
from pet_spect.study.qc_tables import ALTERED, QcTables, read_qc_tables
from pet_spect.study.signing import logged
from pet_spect.tsv import read_table

from .qc_lines import OLD, by_hand, sign

SCANS = ("sub-01 year1 FDG", "sub-02 year1 FDG", "sub-03 year1 FDG")


@pytest.fixture
def qc(tmp_path):
    """Return a table of three signed exclusions."""
    path = tmp_path / "qc.tsv"
    for scan in SCANS:
        sign(path, scan, "exclude")
    return path


def log_of(*paths, signed=True):
    """Return the log after the signed lines were signed, and a run has seen all."""
    return [
        logged(table.name, line, by_run=by_run)
        for table in read_qc_tables(paths).tables
        for line in table.lines
        for by_run in ([False, True] if line.link.chained and signed else [True])
    ]


def found(tables):
    """Return what was found: code, scan, and whether it fails."""
    return [(fault.remark.code, fault.key and fault.key.participant, fault.fails) for fault in tables.faults()]


def taken_out(tables):
    return sorted(one.key.participant for one in tables.decisions() if one.code == ALTERED)


def edit(path, change):
    lines = path.read_text().splitlines(keepends=True)
    change(lines)
    path.write_text("".join(lines))


def test_a_table_that_nobody_touched_has_no_faults(qc):
    tables = read_qc_tables([qc], log=log_of(qc))
    assert tables.faults() == []
    assert tables.decisions() == read_decisions(qc)


@pytest.mark.parametrize("place", [1, 2, 3])
def test_an_altered_line_takes_both_scans_out_whether_or_not_it_is_the_last(qc, place):
    log = log_of(qc)
    edit(qc, lambda lines: lines.__setitem__(place, lines[place].replace(f"sub-0{place}", "sub-09")))
    tables = read_qc_tables([qc], log=log)
    assert found(tables) == [("qc_altered", "sub-09", True), ("qc_lost", f"sub-0{place}", True)]
    assert taken_out(tables) == [f"sub-0{place}", "sub-09"]


def test_an_exclusion_that_was_turned_into_an_acceptance_does_not_count(qc):
    edit(qc, lambda lines: lines.__setitem__(1, lines[1].replace("exclude\tn/a", "accept\tgate_overlap")))
    tables = read_qc_tables([qc])
    assert ("qc_altered", "sub-01", True) in found(tables)
    assert taken_out(tables) == ["sub-01", "sub-02"]  # without the log, the line after it may be the wrong one


@pytest.mark.parametrize("place", [1, 2])
def test_a_removed_line_is_found_and_the_log_knows_its_scan(qc, place):
    log = log_of(qc)
    edit(qc, lambda lines: lines.__delitem__(place))
    assert any(fault.fails for fault in read_qc_tables([qc]).faults())
    assert f"sub-0{place}" in taken_out(read_qc_tables([qc], log=log))


def test_a_truncated_table_is_found_by_the_log_alone(qc):
    log = log_of(qc)
    edit(qc, lambda lines: lines.__delitem__(3))
    assert not any(fault.fails for fault in read_qc_tables([qc]).faults())
    tables = read_qc_tables([qc], log=log)
    assert found(tables) == [("qc_lost", "sub-03", True)]
    assert "was signed, and the table holds only 2" in tables.faults()[0].remark.text
    assert taken_out(tables) == ["sub-03"]


@pytest.mark.parametrize(("before", "now", "out"), [("good", "bad", []), ("good", "exclude", ["sub-01"])])
def test_an_altered_rating_takes_no_scan_out_unless_it_became_a_decision(tmp_path, before, now, out):
    path = tmp_path / "qc.tsv"
    sign(path, SCANS[0], "rating", before)
    log = log_of(path)
    change = ("\tgood\t", "\tbad\t") if now == "bad" else ("\trating\tgood\t", "\texclude\tn/a\t")
    path.write_text(path.read_text().replace(*change))
    tables = read_qc_tables([path], log=log)
    assert {code for code, _, _ in found(tables)} == {"qc_altered", "qc_lost"}
    assert taken_out(tables) == out


def test_an_exclusion_that_became_a_rating_takes_its_scan_out(qc):
    log = log_of(qc)
    edit(qc, lambda lines: lines.__setitem__(3, lines[3].replace("exclude\tn/a", "rating\tgood")))
    assert taken_out(read_qc_tables([qc], log=log)) == ["sub-03"]


def test_lines_in_another_order_are_found(qc):
    log = log_of(qc)
    edit(qc, lambda lines: lines.insert(1, lines.pop(2)))
    assert {code for code, _, _ in found(read_qc_tables([qc], log=log))} == {"qc_altered"}


def test_a_line_that_was_inserted_is_found(qc):
    edit(qc, lambda lines: lines.insert(2, lines[1].replace("sub-01", "sub-09")))
    assert "sub-09" in taken_out(read_qc_tables([qc]))


@pytest.mark.parametrize("there", ["empty", "another", "none"])
def test_a_table_that_was_replaced_or_removed_is_found(qc, tmp_path, there):
    log = log_of(qc)
    qc.unlink()
    if there == "empty":
        qc.write_text(OLD)
    elif there == "another":
        sign(qc, "sub-07 year1 FDG", "exclude")
    tables = read_qc_tables([] if there == "none" else [qc], log=log)
    assert [code for code, _, _ in found(tables)][-3:] == ["qc_lost"] * 3
    assert set(taken_out(tables)) >= {"sub-01", "sub-02", "sub-03"}


def test_a_table_that_was_renamed_is_found_until_it_has_its_name_back(qc):
    log = log_of(qc)
    renamed = qc.rename(qc.with_name("reader_a.tsv"))
    tables = read_qc_tables([renamed], log=log)
    assert "was signed in qc.tsv, not in this table" in tables.faults()[0].remark.text
    assert taken_out(tables) == ["sub-01", "sub-02", "sub-03"]
    assert read_qc_tables([renamed.rename(qc)], log=log).faults() == []


@pytest.mark.parametrize("role", ["reader", "consensus"])
def test_a_copy_of_a_signed_table_is_no_other_reader_and_no_consensus(qc, tmp_path, role):
    other, copy = tmp_path / "b.tsv", tmp_path / "copy.tsv"
    sign(other, SCANS[0], "rating", "good")
    log = log_of(qc, other)
    copy.write_bytes(qc.read_bytes())
    paths = ([qc, copy], None) if role == "reader" else ([qc, other], copy)
    tables = read_qc_tables(*paths, log=log)
    assert {(fault.table, fault.remark.code, fault.fails) for fault in tables.faults()} >= {
        ("copy.tsv", "qc_altered", True)
    }
    assert taken_out(tables) == ["sub-01", "sub-02", "sub-03"]


def test_two_readers_may_sign_the_same_words_in_the_same_second(tmp_path):
    paths = [tmp_path / "a.tsv", tmp_path / "b.tsv"]
    for path in paths:
        sign(path, SCANS[0], "exclude")
    assert read_qc_tables(paths, log=log_of(*paths)).faults() == []


def forge(path, scan, decision):
    """Append a line that continues the chain as a signed one does, without signing it."""
    line = sign(path, scan, decision)
    return line.link.sha256


@pytest.mark.parametrize("decision", ["withdraw", "exclude"])
def test_a_line_that_nobody_signed_takes_its_scan_out_though_the_chain_holds(qc, decision):
    log = log_of(qc)
    forge(qc, SCANS[0], decision)
    tables = read_qc_tables([qc], log=log)
    assert found(tables) == [("qc_unlogged", "sub-01", True)]
    assert taken_out(tables) == ["sub-01"]


def test_a_table_of_a_reader_who_never_signed_is_found(qc, tmp_path):
    log = log_of(qc)
    forge(tmp_path / "b.tsv", SCANS[1], "exclude")
    assert found(read_qc_tables([qc, tmp_path / "b.tsv"], log=log)) == [("qc_unlogged", "sub-02", True)]


@pytest.mark.parametrize("log_is", ["empty", "of runs"])
def test_signed_lines_count_with_a_warning_if_the_log_was_lost(qc, log_is):
    log = [] if log_is == "empty" else log_of(qc, signed=False)
    tables = read_qc_tables([qc], log=log)
    assert found(tables) == [("qc_unlogged", scan.split()[0], False) for scan in SCANS]
    assert taken_out(tables) == []
    line = sign(qc, SCANS[0], "withdraw")
    tables = read_qc_tables([qc], log=[*log, logged("qc.tsv", line, by_run=False)])
    assert found(tables) == [("qc_unlogged", scan.split()[0], False) for scan in SCANS]


def test_a_signed_line_that_no_longer_says_so_is_found(qc):
    log = log_of(qc)
    previous = read_table(qc)[2]["previous"]
    edit(qc, lambda lines: lines.__setitem__(3, lines[3].replace(previous, "n/a")))
    tables = read_qc_tables([qc], log=log)
    assert found(tables) == [("qc_altered", "sub-03", True)]
    assert "was signed, and no longer says so" in tables.faults()[0].remark.text


def test_a_table_that_the_study_uses_and_that_is_gone_is_found_though_no_run_has_seen_it(qc, tmp_path):
    consensus = tmp_path / "consensus.tsv"
    line = sign(consensus, SCANS[0], "exclude")
    log = [*log_of(qc), logged("consensus.tsv", line, by_run=False)]
    consensus.unlink()
    assert taken_out(read_qc_tables([qc], consensus, log)) == ["sub-01"]
    assert taken_out(read_qc_tables([qc], log=log, absent=["consensus.tsv"])) == ["sub-01"]
    assert taken_out(read_qc_tables([qc], log=log)) == []  # a file that the study does not use


def test_a_rating_behind_a_removed_exclusion_takes_no_scan_out(tmp_path):
    path = tmp_path / "qc.tsv"
    sign(path, SCANS[0], "exclude")
    for scan in SCANS[1:]:
        sign(path, scan, "rating", "good")
    log = log_of(path)
    edit(path, lambda lines: lines.__delitem__(1))
    tables = read_qc_tables([path], log=log)
    assert any(fault.fails for fault in tables.faults())
    assert taken_out(tables) == ["sub-01"]


def test_a_table_that_was_restored_has_no_faults_any_more(qc):
    log, whole = log_of(qc), qc.read_text()
    edit(qc, lambda lines: lines.__delitem__(1))
    assert read_qc_tables([qc], log=log).faults()
    qc.write_text(whole)
    assert read_qc_tables([qc], log=log).faults() == []


def test_a_table_that_a_spreadsheet_program_saved_again_has_no_faults(tmp_path):
    path = tmp_path / "qc.tsv"
    path.write_text(OLD + by_hand(SCANS[1], "exclude", reason="blurred, twice"))
    sign(path, SCANS[0], "exclude", reason='he said "moved", twice')
    sign(path, SCANS[0], "accept", "gate_overlap", reason="looked again", image_sha256="0" * 64)
    log, decisions = log_of(path), read_decisions(path)
    cells = [line.split("\t") for line in path.read_text().splitlines()]
    quoted = [
        "\t".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if {",", '"'} & set(cell) else cell for cell in row)
        for row in cells
    ]
    path.write_bytes("".join(line + "\r\n" for line in quoted).encode("utf-16"))
    tables = read_qc_tables([path], log=log)
    assert tables.faults() == []
    assert [(one.key, one.decision) for one in tables.decisions()] == [(one.key, one.decision) for one in decisions]
    sign(path, SCANS[2], "exclude")
    assert read_qc_tables([path], log=log_of(path)).faults() == []


def test_lines_by_hand_may_change_and_the_first_change_is_said(tmp_path):
    path = tmp_path / "qc.tsv"
    path.write_text(OLD + by_hand(SCANS[0], "exclude") + by_hand(SCANS[1], "exclude"))
    log = log_of(path)
    path.write_text(OLD + by_hand(SCANS[0], "exclude", reason="blurred") + by_hand(SCANS[1], "exclude"))
    tables = read_qc_tables([path], log=log)
    assert found(tables) == [("qc_changed", "sub-01", False)]
    assert [one.reason for one in tables.decisions()] == ["blurred", "moved"]
    assert read_qc_tables([path], log=[*log, *log_of(path)]).faults() == []
    more = [*log, *log_of(path)]
    path.write_text(OLD + by_hand(SCANS[0], "exclude") + by_hand(SCANS[1], "exclude"))
    assert read_qc_tables([path], log=more).faults() == []  # as a run has seen it before


def test_a_removed_line_by_hand_is_said(tmp_path):
    path = tmp_path / "qc.tsv"
    path.write_text(OLD + by_hand(SCANS[0], "exclude") + by_hand(SCANS[1], "exclude"))
    log = log_of(path)
    path.write_text(OLD + by_hand(SCANS[0], "exclude"))
    assert found(read_qc_tables([path], log=log)) == [("qc_changed", "sub-02", False)]


def test_a_log_that_is_not_whole_is_said(qc):
    tables = read_qc_tables([qc], log=log_of(qc), log_whole=False)
    assert found(tables) == [("qc_log_altered", None, True)]
    assert taken_out(tables) == []


@given(st.data())
def test_any_edit_of_signed_lines_is_found(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("qc") / "qc.tsv"
    for scan in SCANS:
        sign(path, scan, "exclude")
    log, whole = log_of(path), read_table(path)
    lines = path.read_text().splitlines(keepends=True)
    places = data.draw(st.lists(st.integers(1, 3), max_size=4))
    path.write_text("".join([lines[0], *(lines[place] for place in places)]))
    tables = read_qc_tables([path], log=log)
    assert bool(tables.faults()) == (places != [1, 2, 3])
    missing = {row["participant_id"] for place, row in enumerate(whole, start=1) if place not in places}
    assert missing <= set(taken_out(tables))


def readers(tmp_path, first, second, consensus=None):
    """Return tables of two readers, each a list of (scan, decision, code)."""
    paths = [tmp_path / "a.tsv", tmp_path / "b.tsv", tmp_path / "consensus.tsv"]
    for path, lines in zip(paths, (first, second, consensus or []), strict=True):
        path.write_text(OLD)
        for line in lines:
            sign(path, *line)
    return read_qc_tables(paths[:2], paths[2] if consensus is not None else tmp_path / "none.tsv")


def words(tables):
    return sorted((one.key.participant, one.decision, one.code) for one in tables.decisions())


def test_a_scan_that_either_reader_excludes_is_excluded(tmp_path):
    tables = readers(tmp_path, [(SCANS[0], "exclude")], [(SCANS[1], "exclude"), (SCANS[0], "accept", "gate_blur")])
    assert words(tables) == [("sub-01", "exclude", None), ("sub-02", "exclude", None)]


def test_a_fault_is_accepted_if_both_readers_accept_it(tmp_path):
    one = [(SCANS[0], "accept", "gate_blur"), (SCANS[0], "accept", "gate_overlap"), (SCANS[1], "accept", "gate_blur")]
    other = [(SCANS[0], "accept", "gate_blur"), (SCANS[2], "accept", "gate_blur")]
    assert words(readers(tmp_path, one, other)) == [("sub-01", "accept", "gate_blur")]


def test_the_consensus_wins_where_it_says_something(tmp_path):
    one, other = [(SCANS[0], "exclude"), (SCANS[1], "exclude")], [(SCANS[2], "accept", "gate_blur")]
    agreed = [(SCANS[0], "withdraw"), (SCANS[2], "accept", "gate_blur")]
    assert words(readers(tmp_path, one, other, agreed)) == [
        ("sub-02", "exclude", None),
        ("sub-03", "accept", "gate_blur"),
    ]


def test_a_rating_of_the_consensus_settles_no_decision(tmp_path):
    tables = readers(tmp_path, [(SCANS[0], "exclude")], [], [(SCANS[0], "rating", "good")])
    assert words(tables) == [("sub-01", "exclude", None)]


def test_no_table_decides_nothing():
    assert (QcTables().decisions(), QcTables().faults(), QcTables().tables) == ([], [], ())


def test_a_thousand_scans_are_fast(tmp_path):
    path = tmp_path / "qc.tsv"
    path.write_text(OLD + "".join(by_hand(f"sub-{number:04d} year1 FDG", "exclude") for number in range(1000)))
    sign(path, "sub-x year1 FDG", "exclude")
    assert len(read_qc_tables([path], log=log_of(path)).decisions()) == 1001
    assert ScanKey("sub-x", "year1", "FDG") in {one.key for one in read_decisions(path)}
