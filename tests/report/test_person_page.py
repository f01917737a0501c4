from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from pet_spect.errors import TableError
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.remarks import Remark
from pet_spect.report.page import write_report
from pet_spect.results import layout
from pet_spect.results.tables.columns import CHANGE
from pet_spect.results.tables.decision_columns import DECISIONS
from pet_spect.results.tables.reliable_change import with_reliable_change
from pet_spect.tsv import write_table

from ..records import WARP, lesion
from .conftest import write_picture
from .outline import Outline

MINUS = "\N{MINUS SIGN}"
NO_SCAN = Remark.of("no_scan").text
LABELS = {"FDG": "18FFDG", "IMZ": "123IIMZ"}


def draw(results: Path, study) -> Path:
    """Write pictures that stand for uptake and difference of every scan that is not missing."""
    for row in study.scans:
        key = row["participant_id"], row["session"], row["tracer"]
        place = (*key[:2], LABELS[row["tracer"]])
        if row["status"] != "missing":
            write_picture(results / layout.uptake_figure(*place), *key, Image.new("L", (50, 68)))
        if row["status"] != "missing" and row["session"] != "baseline":
            write_picture(results / layout.difference_figure(*place), *key, Image.new("L", (50, 68)))
    return results


def page(study, folder: Path, person: str = "sub-01", **told) -> str:
    results = draw(study.write(folder, **told), study)
    return (write_report(results).parent / layout.participant_page(person)).read_text(encoding="utf-8")


def plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text[text.index("<main") :]).split())


def test_the_numbers_of_the_primary_endpoint_stand_above_the_pictures(make_study, tmp_path):
    told = plain(page(make_study(2), tmp_path))
    strip = told[told.index("FDG: baseline to year1") : told.index("IMZ: baseline to year1")]
    assert "precentral, uptake ratio over cerebellum ipsilesional (primary endpoint)" in strip
    assert "baseline 0.800 year1 0.850 change +0.050" in strip
    assert "change in percent, 95 % CI +6.3 % ( +0.012 % to +0.012 % )" in strip
    assert "reliable change not assessed quality pass in the mean yes" in strip


def test_reliable_change_is_said_where_it_is_known(make_study, tmp_path):
    study = make_study(1)
    for row in study.change:
        row.update(reliable_change="improved", reliable_limit_low_percent=-4.0, reliable_limit_high_percent=4.0)
    cvs = {tracer: WithinSubjectCv(2.0, "total", "a study") for tracer in LABELS}
    text = page(study, tmp_path, change_columns=with_reliable_change(CHANGE, cvs))
    assert "reliable change improved" in plain(text)


def test_both_visits_and_their_difference_stand_side_by_side(make_study, tmp_path):
    text = page(make_study(1), tmp_path)
    first = text[text.index('id="compare-1"') : text.index('id="compare-2"')]
    titles = re.findall(r'data-title="([^"]+)"', first)
    assert titles == ["baseline", "year1", f"year1 {MINUS} baseline"]
    stem = "../../figures/sub-01/sub-01_ses-"
    assert re.findall(r'<img src="([^"]+)"', first) == [
        f"{stem}baseline_trc-18FFDG_uptake.png",
        f"{stem}year1_trc-18FFDG_uptake.png",
        f"{stem}year1_trc-18FFDG_difference.png",
    ]


def test_pictures_say_in_words_what_is_seen_with_the_number(make_study, tmp_path):
    alts = Outline(page(make_study(1), tmp_path)).alts
    stem = "../../figures/sub-01/sub-01_ses-year1_trc-18FFDG"
    assert alts[f"{stem}_uptake.png"].startswith("Uptake at year1, FDG, in colours from 0")
    assert alts[f"{stem}_uptake.png"].endswith("uptake ratio over cerebellum ipsilesional is 0.850.")
    assert "the target changed by +5.0 points (+6.3 % of baseline)" in alts[f"{stem}_difference.png"]
    assert alts[f"{stem}_registration.png"] == "Registration of sub-01, year1, FDG: measured"


def test_every_picture_can_be_opened_without_a_script(make_study, tmp_path):
    text = page(make_study(1), tmp_path)
    linked = re.findall(r'<a class="enlarge" href="([^"]+)"', text)
    assert linked == re.findall(r'<img src="([^"]+)"', text)
    assert all((tmp_path / "report" / "people" / address).resolve().is_file() for address in linked)


@pytest.mark.parametrize(("status", "reason"), [("refused", "upside down"), ("missing", NO_SCAN)])
def test_the_place_of_a_visit_that_is_not_shown_stays_with_the_reason(make_study, tmp_path, status, reason):
    study = make_study(1)
    study.lose("sub-01", "year1", "FDG", status, reason)
    told = plain(page(study, tmp_path))
    part = told[told.index("FDG: baseline to year1") : told.index("IMZ: baseline to year1")]
    assert f"No picture: {reason} year1 {status}" in part
    assert f"No picture: year1 {status}: {reason} year1 {MINUS} baseline" in part
    assert "quality fail in the mean no" in part


def test_a_difference_of_an_earlier_run_is_not_shown_beside_a_refused_visit(make_study, tmp_path):
    study = make_study(1)
    study.lose("sub-01", "baseline", "FDG", "refused", "upside down")
    text = page(study, tmp_path)
    assert "18FFDG_difference.png" not in text
    assert "123IIMZ_difference.png" in text


def test_an_excluded_visit_is_shown_and_says_why_it_is_not_used(make_study, tmp_path):
    study = make_study(1)
    study.lose("sub-01", "year1", "FDG", "excluded", "wrong side", decision="exclude")
    text = page(study, tmp_path)
    assert "18FFDG_difference.png" in text
    assert "year1 excluded n/a wrong side" in plain(text)


def test_pictures_that_were_not_drawn_are_said_to_be_absent(make_study, tmp_path):
    results = make_study(1).write(tmp_path)
    text = (write_report(results).parent / layout.participant_page("sub-01")).read_text(encoding="utf-8")
    assert plain(text).count("No picture: not drawn; run pet-spect figures") == 6


def test_who_has_no_row_in_the_change_table_is_said_to_have_none(make_study, tmp_path):
    study = make_study(2)
    study.change = [row for row in study.change if row["participant_id"] != "sub-02"]
    assert plain(page(study, tmp_path, "sub-02")).count("Not in the change table.") == 2


def test_two_follow_ups_are_each_compared_with_the_first_session(make_study, tmp_path):
    study = make_study(1)
    later = [row | {"session": "year2"} for row in study.scans if row["session"] == "year1"]
    study.scans += later
    study.change += [row | {"session": "year2", "change_percent": 9.0} for row in study.change]
    heads = re.findall(r'<h2 id="compare-\d">([^<]+)', page(study, tmp_path))
    assert heads == [f"{tracer}: baseline to {session}" for tracer in LABELS for session in ("year1", "year2")]


def test_neighbours_are_linked_in_the_order_of_the_table(make_study, tmp_path):
    text = page(make_study(3), tmp_path, "sub-02")
    assert '<a rel="prev" href="sub-01.html">Previous: sub-01</a>' in text
    assert '<a rel="next" href="sub-03.html">Next: sub-03</a>' in text
    first = (tmp_path / "report" / "people" / "sub-01.html").read_text(encoding="utf-8")
    assert 'rel="prev"' not in first
    assert 'href="../index.html"' in first


def test_the_viewer_is_linked_if_it_has_volumes(make_study, tmp_path):
    study = make_study(1)
    assert "_viewer.html" not in page(study, tmp_path)
    volumes = [
        layout.uptake_volume("sub-01", "year1", "18FFDG"),
        layout.regions_volume("sub-01"),
        layout.lesion_volume("sub-01"),
    ]
    viewer = tmp_path / "report" / layout.viewer_page("sub-01")
    for path in volumes:
        assert "_viewer.html" not in page(study, tmp_path)
        assert not viewer.exists()
        (tmp_path / path).write_text(f'petSpect.add("{Path(path).stem}", {{}}, "");\n', encoding="utf-8")
    assert 'href="sub-01_viewer.html"' in page(study, tmp_path)
    assert viewer.exists()


def test_a_volume_of_another_scan_is_not_shown(make_study, tmp_path):
    study = make_study(1)
    page(study, tmp_path)
    for path in (layout.regions_volume("sub-01"), layout.lesion_volume("sub-01")):
        (tmp_path / path).write_text(f'petSpect.add("{Path(path).stem}", {{}}, "");\n', encoding="utf-8")
    (tmp_path / layout.uptake_volume("sub-01", "year1", "18FFDG")).write_text('petSpect.add("sub-02_x", {}, "");\n')
    assert "_viewer.html" not in page(study, tmp_path)


def test_a_picture_of_another_scan_or_for_another_side_is_not_shown(make_study, tmp_path):
    study = make_study(2)
    draw(study.write(tmp_path), study)
    uptake = layout.uptake_figure("sub-01", "year1", "18FFDG")
    difference = layout.difference_figure("sub-01", "year1", "18FFDG")
    write_picture(tmp_path / uptake, "sub-02", "year1", "FDG")
    write_picture(tmp_path / difference, "sub-01", "year1", "FDG", LesionSide="right")
    write_picture(tmp_path / uptake.replace("year1", "baseline"), "sub-01", "baseline", "FDG", LesionSide="left")
    text = (write_report(tmp_path).parent / layout.participant_page("sub-01")).read_text(encoding="utf-8")
    shown = re.findall(r'<img src="[^"]*18FFDG_(?:uptake|difference)\.png"', text)
    assert len(shown) == 1
    assert "No picture: picture of another scan, not shown" in plain(text)
    assert "No picture: picture of an earlier run, not shown" in plain(text)


def test_a_follow_up_is_not_taken_for_the_baseline_that_nobody_has(make_study, tmp_path):
    study = make_study(2)
    study.scans = [row for row in study.scans if (row["participant_id"], row["session"]) != ("sub-01", "baseline")]
    text = page(study, tmp_path)
    heads = re.findall(r'<h2 id="compare-\d">([^<]+)', text)
    assert heads == ["FDG: baseline to year1", "IMZ: baseline to year1"]
    assert plain(text).count("No picture: no scan is listed baseline missing") == 2


def test_headings_are_in_order_and_every_tag_is_closed(make_study, tmp_path):
    assert Outline(page(make_study(1), tmp_path)).levels == [1, 2, 2, 2, 2, 2]


def test_warnings_of_the_values_are_said_once_with_their_visits(make_study, tmp_path):
    study = make_study(2)
    for row in study.ratios:
        if (row["participant_id"], row["tracer"]) == ("sub-02", "FDG"):
            row.update(qc="warn", reason="cerebellum_asymmetry: 14 %")
    told = plain(page(study, tmp_path, "sub-02"))
    assert told.count("warn baseline FDG, year1 FDG: cerebellum_asymmetry: 14 %") == 1


def test_the_reason_of_the_change_stands_below_its_numbers(make_study, tmp_path):
    study = make_study(1)
    for row in study.change:
        row.update(qc="warn", reason="year1: cerebellum_asymmetry: 14 %")
    assert "quality warn in the mean yes year1: cerebellum_asymmetry: 14 %" in plain(page(study, tmp_path))


def test_warnings_of_a_scan_stand_below_the_picture_of_its_registration(make_study, tmp_path):
    study = make_study(1)
    study.scans[0]["warnings"] = "orientation_declared: LPS; visit_order: 300 and -5"
    told = plain(page(study, tmp_path))
    assert "baseline FDG measured warn orientation_declared: LPS warn visit_order: 300 and -5 Registration" in told


def test_what_was_measured_of_the_registration_stands_below_its_picture(make_study, tmp_path):
    text = page(make_study(1), tmp_path)
    assert "similarity  0.91; overlap  0.9; brain in view  1 (at least 0.6); scale low  0.9; " in text
    assert "; jacobian low  0.7; jacobian high  1.4; misplacement mm  0" in text
    assert "agreement" not in text.split("similarity  0.91")[1].split("jacobian low")[0]  # it is not known


def test_a_sign_off_stands_below_the_picture(make_study, tmp_path):
    study = make_study(1)
    signed = "accept gate_overlap: looked at it (AB, 2026-11-28, version 0.2.0)"
    study.scans[0].update(decision="accept", sign_off=signed)
    assert f"Sign-off: {signed}" in plain(page(study, tmp_path))


def test_decisions_of_this_person_are_listed_and_those_of_others_are_not(make_study, tmp_path):
    study = make_study(2)
    line = dict.fromkeys(DECISIONS) | {"table": "qc", "place": 1, "session": "year1", "tracer": "FDG"}
    line |= {
        "decision": "exclude",
        "reason": "moved",
        "initials": "AB",
        "chained": True,
        "counts": True,
        "result": "pass",
    }
    rows = [line | {"participant_id": "sub-01"}, line | {"participant_id": "sub-02", "reason": "asleep"}]
    write_table(tmp_path / "tables" / "decisions.tsv", DECISIONS, rows)
    told = plain(page(study, tmp_path))
    assert "sub-01: decisions about the scans" in told
    assert "year1 FDG exclude n/a moved AB" in told
    assert "asleep" not in told


def test_without_decisions_the_page_says_so(make_study, tmp_path):
    assert "Nobody has signed a decision about these scans." in plain(page(make_study(1), tmp_path))


def test_when_each_scan_was_made_stands_in_the_history(make_study, tmp_path):
    study = make_study(1)
    study.scan("sub-01", "baseline", "FDG").update(
        days_since_treatment=-23, uptake_minutes=63, not_compared="energy_window"
    )
    told = plain(page(study, tmp_path))
    assert f"baseline FDG n/a {MINUS}23 63 min n/a n/a n/a n/a n/a n/a energy window" in told


def test_a_missing_scan_has_no_facts_but_its_place(make_study, tmp_path):
    study = make_study(2)
    for session in ("baseline", "year1"):
        for tracer in ("FDG", "IMZ"):
            study.lose("sub-02", session, tracer, "missing", NO_SCAN)
    results = study.write(tmp_path)
    (tmp_path / layout.registration_record("sub-02")).unlink()
    told = plain((write_report(results).parent / layout.participant_page("sub-02")).read_text(encoding="utf-8"))
    assert told.count(f"No picture: {NO_SCAN}") == 8
    assert "No scan is listed." in told


def test_without_a_lesion_mask_the_lesionfree_target_raises_no_flag_and_fills_no_table(make_study, tmp_path):
    study = make_study(1)
    reason = Remark.of("no_lesion_mask").line
    free = {"region": "precentral_lesionfree", "qc": "fail", "reason": reason}
    study.ratios += [row | free | {"value": None, "numerator": None} for row in study.ratios]
    study.change += [
        row | free | {"change": None, "included": False, "reason": f"baseline: {reason}; year1: {reason}"}
        for row in study.change
    ]
    text = page(study, tmp_path)
    assert "precentral_lesionfree" not in plain(text)
    assert 'class="flags"' not in text
    assert f"Not computed: {reason} (FDG, IMZ)." in plain(text)


def test_an_spect_without_suv_raises_no_flag(make_study, tmp_path):
    study = make_study(1)
    study.ratios[-1].update(
        measure="suv_mean", value=None, qc="fail", reason="no_suv: no dose; weight_conflict: 70, 71"
    )
    told = plain(page(study, tmp_path))
    assert "warn year1 IMZ: weight_conflict: 70, 71 Not computed: no_suv: no dose (IMZ)." in told


def test_all_numbers_of_the_person_are_there_and_none_of_another(make_study, tmp_path):
    told = plain(page(make_study(2), tmp_path))
    assert "Change, 4 rows" in told
    assert "Ratios, 8 rows" in told
    assert "sub-02" not in told


def test_text_of_the_tables_cannot_become_markup(make_study, tmp_path):
    study = make_study(1)
    evil = "<script>alert(1)</script>\"'><img src=x>"
    study.lose("sub-01", "year1", "FDG", "refused", evil, stage="convert", code="<b>")
    study.scans[0].update(sign_off=evil, not_compared=evil, warnings=f"visit_order: {evil}")
    for row in study.ratios:
        row["reason"] = f"visit_order: {evil}"
    text = page(study, tmp_path)
    assert text.count("<script") == 1
    assert "<img src=x" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 5


def test_the_page_fetches_nothing_and_knows_no_folder(make_study, tmp_path):
    text = page(make_study(1), tmp_path)
    assert "http:" not in text
    assert "https:" not in text
    assert str(tmp_path) not in text
    assert all(re.match(r"#|\.\./|sub-\d+", address) for address in Outline(text).addresses)


def test_every_section_of_a_simulated_trial_says_so(make_study, tmp_path):
    study = make_study(1)
    study.scans[0]["simulated"] = True
    heads = re.findall(r"<h[12][ >].*?</h[12]>", page(study, tmp_path))
    assert len(heads) == 6
    assert all("SIMULATED" in head for head in heads)


def test_same_results_give_the_same_bytes(make_study, tmp_path):
    assert page(make_study(2), tmp_path / "a") == page(make_study(2), tmp_path / "b")


def test_an_uptake_of_another_version_is_an_error_that_names_it(make_study, tmp_path):
    table = tmp_path / layout.uptake_table("sub-01", "CerebrA")
    table.parent.mkdir(parents=True)
    table.write_text("participant_id\n", encoding="utf-8")
    table.with_suffix(".json").write_text("{}", encoding="utf-8")
    with pytest.raises(TableError, match=r"sub-01_seg-CerebrA_uptake\.tsv: its sidecar is not one"):
        page(make_study(1), tmp_path)


def test_the_caption_of_the_difference_has_the_points_of_its_map(make_study, tmp_path):
    told = plain(page(make_study(1), tmp_path))
    assert f"year1 {MINUS} baseline target +5.0 points (+6.3 % of baseline)" in told


def test_a_visit_without_a_scan_is_missing_and_no_warning(make_study, tmp_path):
    study = make_study(1)
    study.lose("sub-01", "year1", "IMZ", "missing", NO_SCAN)
    for row in study.ratios:
        if (row["session"], row["tracer"]) == ("year1", "IMZ"):
            row.update(qc="fail", reason=NO_SCAN, value=None)
    told = plain(page(study, tmp_path))
    assert f"missing year1 IMZ: {NO_SCAN}" in told
    assert f"warn year1 IMZ: {NO_SCAN}" not in told


def test_registration_is_judged_in_one_line_beside_the_other_people(make_study, tmp_path):
    study = make_study(2)
    study.warps = {"sub-01": replace(WARP, misplacement_mm=1.85), "sub-02": replace(WARP, misplacement_mm=0.73)}
    told = plain(page(study, tmp_path))
    line = "Misplacement 1.85 mm: the worst of this study (0.73 to 1.85 mm)."
    assert f"All checks of the registration passed (4 of 4 scans). {line}" in told
    second = plain((tmp_path / "report" / layout.participant_page("sub-02")).read_text("utf-8"))
    assert "Misplacement 0.73 mm: range in this study (0.73 to 1.85 mm)." in second


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (lesion("estimated", right=3.6), "Estimated lesion: left 0.0 mL, right 3.6 mL. The program outlined it"),
        (lesion("given", right=3.6), "Drawn lesion: left 0.0 mL, right 3.6 mL. "),
    ],
)
def test_the_head_and_the_pictures_say_whether_the_lesion_was_drawn(make_study, tmp_path, entry, sentence):
    study = make_study(1)
    study.lesion = entry
    text = page(study, tmp_path)
    assert sentence in plain(text)
    words = sentence.partition(":")[0].lower()
    assert f"with the outlines of targets and {words};" in text
