from __future__ import annotations

from dataclasses import replace

import pytest

from pet_spect.report.answer.endpoints import outcomes
from pet_spect.report.participants import people
from pet_spect.report.people_table import people_table
from pet_spect.report.person.page import person_pages
from pet_spect.report.results_folder import read_results
from pet_spect.results.uptake.uptake_facts import ScanFacts, UptakeFacts
from pet_spect.results.uptake.uptake_scan import WarpFacts


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
        "FDG_change": "+6.3 %",
        "FDG_qc": "pass",
        "IMZ_scans": "measured",
        "IMZ_baseline": "0.800",
        "IMZ_year1": "0.850",
        "IMZ_change": "+6.3 %",
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


def test_a_scan_that_is_missing_stands_among_the_flags(make_study, tmp_path):
    study = make_study(1)
    study.lose("sub-01", "year1", "IMZ", "missing", "no scan")
    (row,) = made(study, tmp_path)
    assert row["flags"] == "year1 IMZ missing"


@pytest.mark.parametrize(
    ("left", "right", "source", "text"),
    [
        (0.46, 0.0, "estimated", "46 % (estimated)"),
        (0.125, 0.9, "given", "13 % (given)"),
        (0.004, 0.0, "estimated", "< 1 % (estimated)"),
        (0.0, 0.3, "", "0 %"),
    ],
)
def test_the_share_of_the_target_in_the_lesion_is_that_of_the_side_of_the_stroke(
    make_study, tmp_path, left, right, source, text
):
    loaded = read_results(make_study(2).write(tmp_path))
    warp = WarpFacts(misplacement_mm=1.0, lost_left=left, lost_right=right)
    scan = ScanFacts(session="baseline", tracer="FDG", status="measured", warp=warp)
    uptake = UptakeFacts(misplacement_mm=1.0, min_coverage=0.9, scans=(scan,))
    sources = {"sub-01": source} if source else {}
    loaded = replace(loaded, uptakes={"sub-01": uptake}, lesion_sources=sources)
    table = people_table(loaded, outcomes(loaded))
    place = [column.key for column in table.columns].index("target_in_lesion")
    share, _, by = text.partition(" (")
    assert [row[place].text for row in table.rows] == [share, "n/a"]
    assert table.columns[place].name == (f"target in the lesion ({by}" if by else "target in the lesion")
    first, _ = person_pages(tmp_path, loaded, people(loaded))
    assert first[1]["target_lost"].text == text


def test_two_sources_of_lesions_stand_in_the_cells(make_study, tmp_path):
    loaded = read_results(make_study(2).write(tmp_path))
    warp = WarpFacts(misplacement_mm=1.0, lost_left=0.1, lost_right=0.2)
    scan = ScanFacts(session="baseline", tracer="FDG", status="measured", warp=warp)
    uptake = UptakeFacts(misplacement_mm=1.0, min_coverage=0.9, scans=(scan,))
    sources = {"sub-01": "given", "sub-02": "estimated"}
    loaded = replace(loaded, uptakes=dict.fromkeys(sources, uptake), lesion_sources=sources)
    table = people_table(loaded, outcomes(loaded))
    place = [column.key for column in table.columns].index("target_in_lesion")
    assert [row[place].text for row in table.rows] == ["10 % (given)", "20 % (estimated)"]
    assert table.columns[place].name == "target in the lesion"
