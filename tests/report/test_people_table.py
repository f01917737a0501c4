from __future__ import annotations

from pet_spect.report.answer.endpoints import outcomes
from pet_spect.report.people_table import people_table
from pet_spect.report.results_folder import read_results


def made(study, folder):
    loaded = read_results(study.write(folder))
    shown = people_table(loaded, outcomes(loaded))
    keys = [column.key for column in shown.columns]
    return [{key: cell.text for key, cell in zip(keys, row, strict=True)} for row in shown.rows]


def test_each_tracer_has_its_values_beside_the_other(make_study, tmp_path):
    first, _ = made(make_study(2), tmp_path)
    assert first == {
        "participant_id": "sub-01",
        "lesion_side": "left",
        "FDG_scans": "measured",
        "FDG_baseline": "0.800",
        "FDG_year1": "0.850",
        "FDG_change": "+6.2 %",
        "FDG_qc": "pass",
        "IMZ_scans": "measured",
        "IMZ_baseline": "0.800",
        "IMZ_year1": "0.850",
        "IMZ_change": "+6.2 %",
        "IMZ_qc": "pass",
        "flags": "",
    }


def test_a_refused_scan_counts_more_than_a_missing_one(make_study, tmp_path):
    study = make_study(1)
    study.lose("sub-01", "baseline", "FDG", "missing", "no scan")
    study.lose("sub-01", "year1", "FDG", "refused", "upside down")
    (row,) = made(study, tmp_path)
    assert (row["FDG_scans"], row["IMZ_scans"]) == ("refused", "measured")


def test_who_is_in_no_other_table_has_a_row_all_the_same(make_study, tmp_path):
    study = make_study(2)
    study.change = [row for row in study.change if row["participant_id"] != "sub-02"]
    study.ratios = [row for row in study.ratios if row["participant_id"] != "sub-02"]
    _, row = made(study, tmp_path)
    assert (row["participant_id"], row["lesion_side"], row["FDG_change"]) == ("sub-02", "n/a", "n/a")


def test_flags_of_scans_and_values_are_said_once_and_in_words(make_study, tmp_path):
    study = make_study(1)
    study.scans[0]["warnings"] = "visit_order: 300 and -5"
    for row in study.ratios:
        row.update(qc="warn", reason="cerebellum_asymmetry: 14 %; no_suv: no dose")
    (row,) = made(study, tmp_path)
    assert row["flags"] == "visit order, cerebellum asymmetry"


def test_a_measure_without_percent_shows_its_difference(make_study, tmp_path):
    study = make_study(1)
    for row in study.change:
        row["change_percent"] = None
    (row,) = made(study, tmp_path)
    assert row["FDG_change"] == "+0.050"
