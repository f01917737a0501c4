from __future__ import annotations

import pytest

from pet_spect.errors import TableError
from pet_spect.report.decisions import decisions_part
from pet_spect.report.page import write_report
from pet_spect.results.tables.decision_columns import AGREEMENT, DECIDED, DECISIONS, READERS
from pet_spect.tsv import write_table

LINE = {
    "table": "qc.tsv",
    "place": 1,
    "participant_id": "sub-01",
    "session": "year1",
    "tracer": "FDG",
    "decision": "exclude",
    "code": None,
    "reason": "<b>moved</b>",
    "initials": "AB",
    "time": "2026-11-29",
    "version": "0.2.0",
    "chained": True,
    "counts": True,
    "result": "pass",
    "remarks": None,
    "sha256": "a" * 64,
}
ALTERED = "qc_altered: line 2 of qc.tsv is not the one that was signed there; restore the table"
OTHER = "qc_other_results: the decision was made on other results: the image changed since then"


@pytest.fixture
def results(make_study, tmp_path):
    return make_study().write(tmp_path / "results")


def write(results, *lines):
    write_table(results / "tables" / "decisions.tsv", DECISIONS, [{**LINE, **line} for line in lines])


def page(results):
    return write_report(results).read_text(encoding="utf-8")


def test_a_study_without_decisions_says_nothing_of_them(results):
    assert 'id="decisions"' not in page(results)
    write(results)
    assert 'id="decisions"' not in page(results)


@pytest.mark.parametrize("said", ["many", "-1", "n/a", "²"])
def test_a_count_that_is_no_number_is_a_mistake_of_the_table(results, said):
    row = dict.fromkeys(DECIDED, "n/a") | {"tracer": "FDG", "n_not_measured": said}
    write_table(results / "tables" / "decided.tsv", DECIDED, [row])
    with pytest.raises(TableError, match=r"decided\.tsv: n_not_measured of FDG is .*, needed a number"):
        page(results)


def test_altered_decisions_come_first(results):
    write(results, {"result": "fail", "counts": False, "remarks": ALTERED}, {"result": "warn", "remarks": OTHER})
    text = page(results)
    assert text.index("Signed decisions were altered or removed") < text.index('id="answer"')
    assert (
        text.index(f"sub-01 year1 FDG: {ALTERED}") < text.index(f"sub-01 year1 FDG: {OTHER}") < text.index('"answer"')
    )


def test_every_line_is_listed_and_is_text(results):
    write(
        results,
        {},
        {"place": 2, "chained": False, "result": "warn", "remarks": "qc_unchained: this line is not signed"},
    )
    text = page(results)
    assert "2 lines; 1 of them is not signed" in text
    assert "&lt;b&gt;moved&lt;/b&gt;" in text
    assert "Decisions to look at again" not in text


def test_the_readers_agreement_is_shown(results):
    write(results, {})
    who = {"participant_id": "sub-01", "session": "year1", "tracer": "FDG"}
    said = {"basis": "decision", "first": "exclude", "second": "none", "consensus": None, "counts": "exclude"}
    write_table(results / "tables" / "readers.tsv", READERS, [who | said])
    kappa = {"n": 16, "agreed": 15, "kappa": 0.64321, "ci95_low": 0.1, "ci95_high": 1.0, "reason": None}
    write_table(results / "tables" / "agreement.tsv", AGREEMENT, [{"basis": "decision"} | kappa])
    text = page(results)
    assert "Scans in which they disagree" in text
    assert 'title="0.64321"' in text


def test_only_ratios_that_differ_without_the_decisions_are_shown(results):
    kind = {"tracer": "FDG", "region": "precentral", "measure": "uptake_ratio", "session": "year1"}
    kind["analysis_set"] = "as_accepted"
    means = {"n": 3, "mean_change": 0.05, "n_everything": 4, "mean_change_everything": 0.02, "n_not_measured": 2}
    rows = [
        {**kind, "reference": "contralateral", "quantity": "change", **means},
        {**kind, "reference": "pons", "quantity": "change", **means, "n_everything": 3, "mean_change_everything": 0.05},
        {**kind, "reference": "cerebellum", "quantity": "log_ratio", **means},
    ]
    write_table(results / "tables" / "decided.tsv", DECIDED, [{name: row[name] for name in DECIDED} for row in rows])
    part = decisions_part(results)
    assert part.decided is not None
    assert [row[2].text for row in part.decided.rows] == ["contralateral"]
    assert [cell.text for cell in part.decided.rows[0][-4:]] == ["3", "+0.050", "4", "+0.020"]
    assert part.not_measured == 2
