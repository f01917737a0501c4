from __future__ import annotations

import re

import pytest

from pet_spect.errors import ImageError, TableError
from pet_spect.remarks import Remark
from pet_spect.report.page import write_report
from pet_spect.results import layout
from pet_spect.results.analysis_plan import plan_statement, read_plans, record_plan, with_statement
from pet_spect.results.dataset import describe_dataset
from pet_spect.results.study_facts import StudyFacts
from pet_spect.results.tables.columns import SUMMARY
from pet_spect.tsv import write_table

from .outline import Outline

MINUS = "\N{MINUS SIGN}"
NO_SCAN = Remark.of("no_scan").text


def written(study, folder) -> str:
    return write_report(study.write(folder)).read_text(encoding="utf-8")


def plain(text: str) -> str:
    """Return the words of a page without its navigation, script and definitions."""
    shown = text[text.index("<main") : text.index("</main>")]
    shown = re.sub(r'<details class="definitions">.*?</details>', " ", shown, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


def section(text: str, name: str) -> str:
    """Return the words of one section of the first page, known by the id of its heading."""
    (content,) = re.findall(rf'<section aria-labelledby="{name}".*?</section>', text, flags=re.DOTALL)
    return plain(f"<main>{content}</main>")


def test_the_answer_comes_first_with_its_interval_and_n(make_study, tmp_path):
    told = plain(written(make_study(4), tmp_path))
    answer = told[told.index("FDG: mean change") : told.index("IMZ: mean change")]
    assert "Mean change +6.98 % , 95 % CI +6.25 % to +7.71 %" in answer
    assert "n = 4, 0 missing , 4 participants in all (as accepted). The interval lies above zero." in answer
    assert "t test p = 0.0012" in answer
    assert "Mean difference +0.063 , SD 0.007" in answer
    assert "Smallest p that these two can give 0.0078 at n = 4" in answer
    assert (
        told.index("IMZ: mean change") < told.index("Refused, excluded and missing scans") < told.index("Participants")
    )


def test_the_head_says_what_the_study_is_called(make_study, tmp_path):
    assert 'id="study"' not in written(make_study(2), tmp_path)
    describe_dataset(tmp_path, StudyFacts(id="MC-1", title="Cells & <stroke>"))
    text = written(make_study(2), tmp_path)
    assert "<dt>Study</dt><dd>MC-1</dd>" in text
    assert "<dt>Title</dt><dd>Cells &amp; &lt;stroke&gt;</dd>" in text
    assert "<dt>Registration</dt>" not in text
    assert plain(text).index("MC-1") < plain(text).index("The answer")


def test_the_full_value_of_the_table_stands_behind_the_rounded_one(make_study, tmp_path):
    assert '<span title="0.0634567">+0.063</span>' in written(make_study(4), tmp_path)


def test_a_single_arm_attributes_nothing(make_study, tmp_path):
    assert "A single-arm trial cannot show the cause of a change" in written(make_study(2), tmp_path)


def test_every_section_of_a_simulated_trial_says_so(make_study, tmp_path):
    study = make_study(3)
    study.scans[0]["simulated"] = True
    text = written(study, tmp_path)
    assert 'class="banner"' in text
    assert text.startswith("<!DOCTYPE html>")
    assert "<title>SIMULATED" in text
    heads = re.findall(r"<h[12][ >].*?</h[12]>", text)
    assert len(heads) == 9
    assert all("SIMULATED" in head for head in heads)


def test_a_trial_with_some_simulated_scans_says_that_it_is_some(make_study, tmp_path):
    study = make_study(3)
    study.scans[0]["simulated"] = True
    assert "SIMULATED data: part of this page was not measured in a person" in written(study, tmp_path / "some")
    for row in study.scans:
        row["simulated"] = True
    assert "SIMULATED data: nothing on this page was measured in a person" in written(study, tmp_path / "all")


def test_a_real_trial_nowhere_says_simulated(make_study, tmp_path):
    assert "SIMULATED" not in written(make_study(3), tmp_path)


def test_nobody_disappears(make_study, tmp_path):
    study = make_study(5)
    study.lose("sub-03", "year1", "FDG", "missing", NO_SCAN)
    study.change = [row for row in study.change if row["participant_id"] != "sub-05"]
    study.ratios = [row for row in study.ratios if row["participant_id"] != "sub-05"]
    told = plain(written(study, tmp_path))
    answer = told[told.index("FDG: mean change") : told.index("IMZ: mean change")]
    assert f"sub-03 : year1: {NO_SCAN}" in answer
    assert "sub-05 : not in the change table" in answer
    assert "No value to draw: sub-05" in answer
    table = told[told.index("Primary endpoint, every participant") : told.index("All endpoints")]
    assert [table.count(person) for person in study.people] == [2] * 5
    assert f"sub-03 year1 FDG missing n/a n/a {NO_SCAN}" in told


def test_refusals_are_listed_with_reason_and_whether_signed_off(make_study, tmp_path):
    study = make_study(3)
    study.lose("sub-01", "year1", "IMZ", "refused", "upside down", stage="convert", code="nm_order")
    study.lose("sub-02", "baseline", "FDG", "excluded", "wrong side", stage="cohort", code="side", decision="exclude")
    told = plain(written(study, tmp_path))
    assert "2 of 12 visits gave no usable value , 1 of them is not signed off" in told
    assert "sub-01 year1 IMZ refused convert nm_order upside down not signed off" in told
    assert "sub-02 baseline FDG excluded cohort side wrong side exclude" in told


def test_without_trouble_the_page_says_that_all_was_measured(make_study, tmp_path):
    assert "Every scan of every participant was measured." in written(make_study(2), tmp_path)


def test_warnings_stand_in_both_tables_of_participants(make_study, tmp_path):
    study = make_study(3)
    for row in [*study.ratios, *study.change]:
        if (row["participant_id"], row["tracer"]) == ("sub-02", "FDG"):
            row.update(qc="warn", reason="cerebellum_asymmetry: 14 %")
    text = written(study, tmp_path)
    assert "+6.5 % +0.012 % +0.012 % warn yes cerebellum_asymmetry: 14 %" in section(text, "values")
    people = section(text, "people")
    assert (
        "sub-02 right measured 0.810 0.863 +6.5 % warn measured 0.810 0.863 +6.5 % pass cerebellum asymmetry" in people
    )


def test_everybody_has_a_row_that_leads_to_the_page_of_the_person(make_study, tmp_path):
    text = written(make_study(3), tmp_path)
    people = text.split('id="people"')[1].split("</section>")[0]
    links = re.findall(r'<th scope="row"><a href="([^"]+)">(sub-\d\d)</a></th>', people)
    assert links == [(f"people/{person}.html", person) for person in ("sub-01", "sub-02", "sub-03")]
    assert all((tmp_path / "report" / address).is_file() for address, _ in links)


def test_the_worst_scan_of_a_tracer_stands_in_the_row_of_the_participant(make_study, tmp_path):
    study = make_study(2)
    study.lose("sub-01", "year1", "FDG", "refused", "upside down")
    assert "sub-01 left refused 0.800 n/a n/a fail" in section(written(study, tmp_path), "people")


def test_a_sign_off_stands_beside_a_scan_without_value(make_study, tmp_path):
    study = make_study(2)
    study.lose(
        "sub-02", "year1", "FDG", "excluded", "moved", decision="exclude", sign_off="exclude: moved (CD, 2026-11-28)"
    )
    assert "exclude: moved (CD, 2026-11-28)" in section(written(study, tmp_path), "trouble")


def test_without_a_lesion_mask_the_lesionfree_target_raises_no_flag_and_fills_no_table(make_study, tmp_path):
    study = make_study(2)
    reason = Remark.of("no_lesion_mask").line
    free = {"region": "precentral_lesionfree", "qc": "fail", "reason": reason}
    study.ratios += [row | free | {"value": None, "numerator": None} for row in study.ratios]
    study.change += [
        row | free | {"change": None, "included": False, "reason": f"baseline: {reason}; year1: {reason}"}
        for row in study.change
    ]
    study.summary += [row | {"region": "precentral_lesionfree", "n": 0, "primary": False} for row in study.summary]
    told = plain(written(study, tmp_path))
    assert "precentral_lesionfree" not in told
    assert "lesion mask" not in told.split("How to read this")[0]
    assert "Every scan of every participant was measured." in told


def test_an_spect_without_suv_raises_no_flag(make_study, tmp_path):
    study = make_study(1)
    study.ratios[-1].update(
        measure="suv_mean", value=None, qc="fail", reason="no_suv: no dose; weight_conflict: 70, 71"
    )
    assert section(written(study, tmp_path), "people").endswith("pass weight conflict")


def test_people_whose_quantity_is_undefined_are_counted_apart(make_study, tmp_path):
    study = make_study(4)
    for row in study.summary:
        if row["quantity"] == "change_percent":
            row.update(n=2, n_undefined=1, n_missing=1)
    assert "n = 2, 1 missing, 1 undefined , 4 participants in all" in plain(written(study, tmp_path))


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("uptake_ratio", "Mean of year1 minus baseline; above zero is more than at baseline."),
        ("asymmetry_index_percent", "above zero is more uptake on the side of the stroke, relative to the other side,"),
    ],
)
def test_a_declared_difference_is_not_called_a_log_ratio(make_study, tmp_path, measure, words):
    study = make_study(4)
    for row in study.summary:
        row["measure"] = measure
        row["primary"] = row["quantity"] == "change" and row["role"] != "sensitivity"
    for row in study.change:
        row["measure"] = measure
    told = plain(written(study, tmp_path))
    assert words in told
    assert "The result is the mean of follow-up − baseline, in the unit of the measure." in told
    assert "is the mean of the log ratio" not in told
    assert "Geometric mean" not in told
    assert told.count("n/a (the result is not a log ratio)") == 2


def test_random_flips_are_not_called_exact_and_tiny_p_are_not_zero(make_study, tmp_path):
    study = make_study(20)
    for row in study.summary:
        row.update(p=1e-7, p_wilcoxon=1e-6, p_sign_flip=0.0001, p_smallest=0.0001)
    told = plain(written(study, tmp_path))
    assert "t test p &lt; 0.0001 Sensitivity: Wilcoxon, exact p &lt; 0.0001" in told
    assert "Sensitivity: sign-flip, 9,999 random flips p = 0.0001" in told
    assert "Smallest p that the sign-flip test can give 0.0001 at n = 20" in told


def test_people_apart_from_the_set_are_counted_so_that_all_add_up(make_study, tmp_path):
    study = make_study(4)
    flag = Remark.of("scanner_differs", found="B", reference="A", session="baseline").line
    for row in (row for row in study.change if row["participant_id"] == "sub-01"):
        row.update(reason=flag, qc="warn")
    for row in study.summary:
        row.update(analysis_set="per_protocol", n=3, n_apart=1)
    told = plain(written(study, tmp_path))
    assert "n = 3, 0 missing, 1 apart , 4 participants in all (per protocol)" in told
    assert "1 with a usable change, but by its definition not in the set per protocol" in told


@pytest.mark.parametrize("after", [0.0, -0.1])
def test_who_has_no_logarithm_is_listed_with_the_reason_and_in_no_mean(make_study, tmp_path, after):
    study = over_cerebellum(make_study(4), 0.99)
    for row in study.change:
        if (row["participant_id"], row["reference"]) == ("sub-02", "contralateral"):
            row.update(follow_up=after, change=after - row["baseline"], change_percent=-100.0)
    for row in study.summary:
        undefined = row["quantity"] != "change"
        row.update(n=3 if undefined else 4, n_undefined=int(undefined), bound_low=1.5, bound_high=2.5)
    text = written(study, tmp_path)
    told = plain(text).split("FDG: mean")[1].split("IMZ: mean")[0]
    assert "Not in the mean: 1 sub-02 : the log ratio is not defined, because a value is not above zero" in told
    assert "mean +1.5 % to +2.5 % if the missing and undefined ones had" in told
    assert "SD 0.007 , n = 4" in told
    sides = told.split("in the same participants:")[1].split("All statistics")[0]
    assert sides.count("n = 3") == 2


def test_text_of_the_tables_cannot_become_markup(make_study, tmp_path):
    study = make_study(2)
    evil = "<script>alert(1)</script>\"'><img src=x>"
    study.lose("sub-01", "year1", "FDG", "refused", evil, stage="convert", code="<b>")
    text = written(study, tmp_path)
    assert text.count("<script") == 1
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_the_page_fetches_nothing_and_links_only_what_is_beside_it(make_study, tmp_path):
    text = written(make_study(14), tmp_path)
    assert "http://" not in text
    assert "https://" not in text
    assert str(tmp_path) not in text
    ids = set(re.findall(r' id="([^"]+)"', text))
    for address in Outline(text).addresses:
        if address.startswith("#"):
            assert address[1:] in ids
        else:
            assert (tmp_path / "report" / address).is_file()


def test_a_primary_row_of_another_run_than_the_changes_is_refused_with_both_numbers(make_study, tmp_path):
    study = make_study(4)
    study.summary[2]["n"] = 3
    with pytest.raises(TableError, match=r"primary row of FDG holds n = '3', but tables/change\.tsv has 4 changes"):
        written(study, tmp_path)


def test_one_participant_is_not_called_all(make_study, tmp_path):
    assert "The one participant is in the mean, and there is no warning." in plain(written(make_study(1), tmp_path))


def test_no_id_is_used_twice(make_study, tmp_path):
    ids = re.findall(r' id="([^"]+)"', written(make_study(3), tmp_path))
    assert len(ids) == len(set(ids))


def test_pages_of_people_who_are_no_longer_in_the_study_go(make_study, tmp_path):
    written(make_study(3), tmp_path)
    people = tmp_path / "report" / "people"
    (people / ".partial-sub-01.html").touch()
    (people / "sub-03_viewer.html").touch()
    (people / "sub-02_viewer.html").touch()
    written(make_study(2), tmp_path)
    assert sorted(path.name for path in people.iterdir()) == ["sub-01.html", "sub-02.html"]


def test_every_column_with_a_meaning_is_defined_once(make_study, tmp_path):
    text = written(make_study(2), tmp_path)
    for name in ("change-change_percent_ci95_low", "change-reason"):
        assert text.count(f'id="{name}"') == 1


def test_the_tables_keep_the_columns_that_say_whom_not_to_believe(make_study, tmp_path):
    values = written(make_study(2), tmp_path).split('id="values"')[1].split("</table>")[0]
    ranks = dict(re.findall(r'data-key="(\w+)" data-rank="(\d)"', values))
    assert {ranks[name] for name in ("participant_id", "change_percent", "qc", "included", "reason")} == {"1"}
    assert {ranks[name] for name in ("baseline", "ci95_low", "ci95_high")} == {"2"}


def test_same_results_give_the_same_bytes(make_study, tmp_path):
    first = written(make_study(3), tmp_path / "a")
    assert first == written(make_study(3), tmp_path / "b")


def test_too_few_for_an_interval_is_said(make_study, tmp_path):
    study = make_study(1)
    for row in study.summary:
        row.update(ci95_low=None, ci95_high=None, hl_ci_low=None, hl_ci_high=None, n=1)
        row["note"] = "no estimate: 1 participant"
    told = plain(written(study, tmp_path))
    assert "No estimate: 1 participant." in told
    assert "95 % CI n/a to n/a" in told


def test_interval_that_includes_zero_is_said(make_study, tmp_path):
    study = make_study(2)
    for row in study.summary:
        row["ci95_low"] = -0.01
    assert "The interval includes zero." in written(study, tmp_path)


def over_cerebellum(study, other_side):
    """Make the other side primary, and let it change over the cerebellum from 1 to `other_side`."""
    for row in study.summary:
        row["primary"] = (row["reference"], row["quantity"]) == ("contralateral", "log_ratio")
    for row in [row for row in study.change if row["reference"] == "cerebellum_ipsilesional"]:
        nudge = 0.0012 * int(row["participant_id"][-1])  # people are not all alike
        after = other_side + nudge
        moved = {"baseline": 1.0, "follow_up": after, "change": after - 1, "change_percent": 100 * (after - 1)}
        study.change.append({**row, "region": "precentral_contralesional", **moved})
    return study


@pytest.mark.parametrize(("after", "alert"), [(0.95, True), (0.98, False), (1.05, False)])
def test_a_mean_that_lies_on_the_other_side_is_said(make_study, tmp_path, after, alert):
    told = plain(written(over_cerebellum(make_study(4), after), tmp_path))
    fdg, imz = told.split("FDG: mean change")[1].split("IMZ: mean change")
    assert "Over the ipsilesional cerebellum, in the same participants: the side of the stroke +6.7 %" in fdg
    assert f"the other side {100 * (after - 1) + 0.3:+.1f} %".replace("-", MINUS) in fdg
    assert ("More than half of the mean change comes from the other side" in fdg) == alert
    assert "Which side changed?" not in imz.split("Refused, excluded")[0]  # of IMZ only pons is there


def test_the_sides_are_those_of_the_participants_whom_the_mean_holds(make_study, tmp_path):
    study = over_cerebellum(make_study(4), 0.99)
    for row in study.change:
        if row["participant_id"] == "sub-04" and row["reference"] == "contralateral":
            row.update(included=False, qc="fail", reason=Remark.of("bilateral_stroke", case="told").line)
        if row["participant_id"] == "sub-04" and row["region"] == "precentral_contralesional":
            row.update(follow_up=0.2, change=-0.8, change_percent=-80.0)
    told = plain(written(study, tmp_path))
    assert f"the other side {MINUS}0.8 % (95 % CI {MINUS}1.1 % to {MINUS}0.5 % , n = 3)" in told
    assert "More than half of the mean change" not in told


def test_who_has_a_moved_reference_is_named(make_study, tmp_path):
    study = over_cerebellum(make_study(4), 1.0)
    changed = next(row for row in study.change if (row["tracer"], row["reference"]) == ("FDG", "contralateral"))
    changed["reason"] = Remark.of("reference_moved", case="made", other=-6.0, ratio=6.0).line
    assert "reference_moved: in sub-01 the other side changed, too" in plain(written(study, tmp_path))


def test_two_primary_rows_of_a_tracer_are_an_error(make_study, tmp_path):
    study = make_study(2)
    for row in study.summary:
        row["primary"] = row["role"] != "sensitivity"
    with pytest.raises(TableError, match="has 3 primary rows for FDG; every tracer needs exactly one"):
        written(study, tmp_path)


def test_another_plan_than_the_first_is_said_first(make_study, tmp_path):
    study = make_study(2)
    study.write(tmp_path)
    record_plan(tmp_path, {"analysis": {"primary": {"FDG": "pons"}}})
    later = record_plan(tmp_path, {"analysis": {"primary": {"FDG": "contralateral"}}})[-1]
    columns = with_statement(SUMMARY, plan_statement(read_plans(tmp_path), later.sha256))
    write_table(tmp_path / "tables" / "summary.tsv", columns, study.summary)
    told = plain(write_report(tmp_path).read_text(encoding="utf-8"))
    assert "analysis.primary.FDG: from pons to contralateral" in told
    assert told.index("Made under another analysis plan") < told.index("FDG: mean change")


def test_other_follow_ups_are_secondary_and_come_after_the_primary_one(make_study, tmp_path):
    study = make_study(3)
    study.summary += [row | {"session": "year2", "primary": False, "role": "secondary"} for row in study.summary]
    told = plain(written(study, tmp_path))
    primary = told.index("FDG: mean change, baseline to year1 Primary endpoint")
    assert primary < told.index("FDG: mean change, baseline to year2 Secondary: the primary endpoint at another")


def test_other_analysis_sets_stand_beside_the_result(make_study, tmp_path):
    study = make_study(3)
    study.summary += [row | {"analysis_set": "all", "primary": False, "n": 9} for row in study.summary]
    assert "Sensitivity: all with a value +7.0 % , 95 % CI +6.2 % to +7.7 % , n = 9" in plain(written(study, tmp_path))


def test_tracer_without_a_primary_endpoint_is_an_error(make_study, tmp_path):
    study = make_study(2)
    study.summary = [row for row in study.summary if row["tracer"] != "IMZ"]
    with pytest.raises(TableError, match="has no primary row for IMZ"):
        written(study, tmp_path)


def test_missing_picture_is_an_error_that_names_the_scan(make_study, tmp_path):
    results = make_study(2).write(tmp_path)
    (tmp_path / layout.registration_figure("sub-02", "year1", "123IIMZ")).unlink()
    with pytest.raises(ImageError, match="holds no picture of year1 IMZ"):
        write_report(results)


def test_missing_scan_needs_neither_picture_nor_record(make_study, tmp_path):
    study = make_study(2)
    for session in ("baseline", "year1"):
        for tracer in ("FDG", "IMZ"):
            study.lose("sub-02", session, tracer, "missing", NO_SCAN)
    results = study.write(tmp_path)
    (tmp_path / layout.registration_record("sub-02")).unlink()
    told = section(write_report(results).read_text(encoding="utf-8"), "people")
    assert "sub-02 right missing n/a n/a n/a fail missing n/a n/a n/a fail" in told


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("scans.tsv", "holds no tables/scans.tsv, so it is no results folder of a finished run"),
        ("summary.tsv", r"summary\.tsv: cannot be read"),
        ("change.json", r"change\.json: cannot be read"),
    ],
)
def test_missing_table_is_an_error_that_names_it(make_study, tmp_path, name, message):
    results = make_study(1).write(tmp_path)
    (tmp_path / "tables" / name).unlink()
    with pytest.raises(TableError, match=message):
        write_report(results)


def test_number_that_is_none_is_an_error_not_a_bug(make_study, tmp_path):
    study = make_study(1)
    study.change[0]["baseline"] = "abc"
    with pytest.raises(TableError, match="'abc' is not a decimal number"):
        written(study, tmp_path)


def test_nothing_half_written_is_left_behind(make_study, tmp_path):
    results = make_study(1).write(tmp_path)
    (tmp_path / "tables" / "summary.tsv").unlink()
    with pytest.raises(TableError):
        write_report(results)
    assert not (tmp_path / "report").exists()
