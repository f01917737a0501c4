from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor

import pytest

from pet_spect.errors import StudyError, TableError
from pet_spect.study.decision_chain import START
from pet_spect.study.decisions import QC_COLUMNS, read_decisions
from pet_spect.study.qc_tables import read_qc_tables
from pet_spect.study.signing import append_signed_line, logged
from pet_spect.tsv import read_table

from .qc_lines import OLD, by_hand, sign


@pytest.fixture
def qc(tmp_path):
    return tmp_path / "qc.tsv"


def test_a_table_that_does_not_exist_is_made(qc):
    line = sign(qc, "sub-01 year1 FDG", "exclude", reason="moved,  twice")
    (row,) = read_table(qc)
    assert tuple(row) == QC_COLUMNS
    assert (row["decision"], row["reason"], row["previous"]) == ("exclude", "moved, twice", START)
    assert (line.number, line.place, line.link.chained, line.link.continues) == (2, 1, True, True)


def test_a_table_of_version_0_1_keeps_its_lines_and_gets_the_columns(qc):
    qc.write_text(OLD + by_hand("sub-01 year1 FDG", "exclude") + by_hand("sub-02 year1 IMZ", "accept", "gate_overlap"))
    before, decisions = read_table(qc), read_decisions(qc)
    sign(qc, "sub-01 baseline FDG", "exclude")
    after = read_table(qc)
    assert [{name: row[name] for name in before[0]} for row in after[:2]] == before
    assert [row["previous"] for row in after[:2]] == ["n/a", "n/a"]
    assert read_decisions(qc)[:2] == decisions
    assert [line.link.chained for line in read_qc_tables([qc]).readers[0].lines] == [False, False, True]


def test_an_old_line_cannot_be_changed_unseen_once_a_line_was_signed(qc):
    qc.write_text(OLD + by_hand("sub-01 year1 FDG", "exclude"))
    sign(qc, "sub-01 baseline FDG", "exclude")
    qc.write_text(
        qc.read_text().replace("exclude\tn/a\tmoved\tAB\t2026-11-23", "exclude\tn/a\tblurred\tAB\t2026-11-23")
    )
    with pytest.raises(TableError, match=r"line 2 of qc\.tsv may have been altered: .* broken at line 3") as caught:
        sign(qc, "sub-02 baseline FDG", "exclude")
    assert caught.value.code == "qc_altered"


def test_a_signed_line_of_an_older_version_may_not_accept_what_nobody_can(qc):
    with pytest.raises(StudyError, match="gate_mirrored cannot be accepted"):
        sign(qc, "sub-01 year1 FDG", "accept", "gate_mirrored", version="0.1.0")
    qc.write_text(OLD + by_hand("sub-01 year1 FDG", "accept", "gate_mirrored").replace("0.2.0", "0.1.0"))
    assert [one.code for one in read_decisions(qc)] == ["gate_mirrored"]


def test_a_table_of_a_spreadsheet_program_is_extended(qc):
    qc.write_bytes((OLD + by_hand("sub-01 year1 FDG", "exclude")).replace("\n", "\r\n").encode("utf-16"))
    sign(qc, "sub-01 baseline FDG", "exclude")
    sign(qc, "sub-02 baseline FDG", "exclude")
    assert [row["participant_id"] for row in read_table(qc)] == ["sub-01", "sub-01", "sub-02"]


def test_two_writers_wait_for_each_other(qc):
    scans = [f"sub-{number:02d} year1 FDG" for number in range(24)]
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda scan: sign(qc, scan, "exclude"), scans))
    assert sorted(row["participant_id"] for row in read_table(qc)) == sorted(scan.split()[0] for scan in scans)
    assert not any(fault.fails for fault in read_qc_tables([qc]).faults())


@pytest.mark.parametrize(
    ("decision", "code", "message"),
    [
        ("accept", "n/a", "accept needs the code it accepts"),
        ("accept", "identical_scans", "identical_scans cannot be accepted"),
        ("accept", "qc_altered", "qc_altered cannot be accepted"),
        ("accept", "gate_overlp", "did you mean 'gate_overlap'"),
        ("exclude", "qc_altered", "code: found 'qc_altered', needed another code"),
        ("exclude", "qc_unlogged", "code: found 'qc_unlogged', needed another code"),
        ("withdraw", "qc_lost", "code: found 'qc_lost', needed another code"),
        ("rating", "nice", "found 'nice', needed good or doubt or bad"),
        ("ok", "n/a", "found 'ok', needed accept or exclude or withdraw or rating"),
    ],
)
def test_a_line_with_a_mistake_is_not_signed(qc, decision, code, message):
    sign(qc, "sub-02 year1 FDG", "exclude")
    before = qc.read_bytes()
    with pytest.raises(StudyError, match=message):
        sign(qc, "sub-01 year1 FDG", decision, code)
    assert qc.read_bytes() == before


def test_a_reason_that_begins_like_a_formula_stays_text(qc):
    sign(qc, "sub-01 year1 FDG", "exclude", reason="=1+1")
    assert read_table(qc)[0]["reason"] == "'=1+1"
    assert not any(fault.fails for fault in read_qc_tables([qc]).faults())


@pytest.mark.parametrize("reason", ['"=HYPERLINK(""http://example.org"")"', '"moved', '"moved"', '"'])
def test_a_reason_that_begins_with_a_quote_stays_text(qc, reason):
    sign(qc, "sub-01 year1 FDG", "exclude", reason=reason)
    assert read_table(qc)[0]["reason"] == f"'{reason}"
    sign(qc, "sub-02 year1 FDG", "exclude")
    rows = list(csv.reader(qc.read_text().splitlines(), delimiter="\t"))  # as a spreadsheet program splits it
    assert [len(row) for row in rows] == [len(QC_COLUMNS)] * 3
    assert not any(fault.fails for fault in read_qc_tables([qc]).faults())


def test_a_signed_line_replaces_an_earlier_one_about_the_scan(qc):
    sign(qc, "sub-01 year1 FDG", "accept", "gate_overlap")
    sign(qc, "sub-01 year1 FDG", "accept", "gate_similarity")
    sign(qc, "sub-01 year1 FDG", "accept", "gate_overlap", reason="looked again")
    assert [(one.code, one.reason) for one in read_decisions(qc)] == [
        ("gate_similarity", "moved"),
        ("gate_overlap", "looked again"),
    ]
    sign(qc, "sub-01 year1 FDG", "exclude")
    assert [one.decision for one in read_decisions(qc)] == ["exclude"]
    sign(qc, "sub-01 year1 FDG", "accept", "gate_overlap")
    assert [one.decision for one in read_decisions(qc)] == ["accept"]
    sign(qc, "sub-01 year1 FDG", "withdraw")
    assert read_decisions(qc) == []


def test_a_line_by_hand_does_not_replace_a_signed_one(qc):
    sign(qc, "sub-01 year1 FDG", "exclude")
    columns = len(read_table(qc)[0])
    line = by_hand("sub-01 year1 FDG", "accept", "gate_overlap").strip() + "\tn/a" * (columns - 9)
    qc.write_text(qc.read_text() + line + "\n")
    with pytest.raises(StudyError, match="line 3: sub-01 year1 FDG is a duplicate of line 2"):
        read_decisions(qc)


@pytest.mark.parametrize("said", ["withdraw", "rating"])
def test_only_a_signed_line_withdraws_or_rates(qc, said):
    qc.write_text(OLD + by_hand("sub-01 year1 FDG", said, "good"))
    with pytest.raises(StudyError, match=f"found '{said}', needed accept or exclude"):
        read_decisions(qc)


def test_a_rating_decides_nothing(qc):
    sign(qc, "sub-01 year1 FDG", "exclude")
    sign(qc, "sub-01 year1 FDG", "rating", "bad")
    assert [one.decision for one in read_decisions(qc)] == ["exclude"]


def test_nothing_is_signed_behind_a_line_that_the_log_knows_otherwise(qc):
    line = sign(qc, "sub-01 year1 FDG", "exclude")
    log = (logged("qc.tsv", line, by_run=False),)
    qc.write_text(qc.read_text().replace("exclude", "accept").replace("accept\tn/a", "accept\tgate_overlap"))
    with pytest.raises(TableError, match=r"line 2 of qc\.tsv is not the one that was signed there"):
        append_signed_line(qc, {"participant_id": "sub-02"}, lambda: log)


def test_a_line_that_cannot_be_noted_is_not_signed(qc):
    sign(qc, "sub-01 year1 FDG", "exclude")
    before = qc.read_bytes()

    def note(line):
        assert line.place == 2
        raise OSError(28, "No space left on device", "decisions_log.tsv")

    cells = read_table(qc)[0] | {"participant_id": "sub-02"}
    with pytest.raises(OSError, match="No space left"):
        append_signed_line(qc, cells, note=note)
    assert qc.read_bytes() == before
    assert not list(qc.parent.glob(".partial-*"))


def test_a_hash_that_is_none_is_a_mistake(qc):
    sign(qc, "sub-01 year1 FDG", "exclude", image_sha256="a" * 64)
    qc.write_text(qc.read_text().replace("a" * 64, "a" * 63))
    with pytest.raises(StudyError, match=r"image_sha256: found 'a{63}', needed 64 hexadecimal digits"):
        read_decisions(qc)
