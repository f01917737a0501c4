import math

import pytest

from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.report.answer.precision import reliable_changes, what_trial_shows
from pet_spect.report.page import write_report
from pet_spect.results.tables.columns import CHANGE
from pet_spect.results.tables.reliable_change import RELIABLE_CHANGE, with_reliable_change

from ..test_page import plain

CVS = {"FDG": WithinSubjectCv(5.0, "total", "a <source>")}


def log_ratio(n, sd):
    return {"quantity": "log_ratio", "n": str(n), "sd": str(sd)}


@pytest.mark.parametrize(("n", "sd"), [(2, "0.031"), (0, "n/a"), (1, "n/a"), (8, "0")])
def test_too_few_or_equal_changes_have_no_scatter_to_speak_of(n, sd):
    assert what_trial_shows(log_ratio(n, sd)) == (
        "What a trial of this size shows: n/a (needs at least 3 log ratios that are not all equal)."
    )


def test_the_scatter_is_that_of_the_tested_quantity():
    # with 2 degrees of freedom the noncentrality for 80 % is 5.65 (sqrt(3) * 3.26): 3.26 * ln(1.03) is ln(1.101)
    assert what_trial_shows(log_ratio(3, math.log(1.03))) == (
        "With the scatter seen (SD of the log ratio 3.0 %), a trial of this size (n = 3) shows a mean change of 10.1 %"
        " with 80 % power."
    )
    assert what_trial_shows({"quantity": "change", "n": "8", "sd": "0.1"}) == (
        "What a trial of this size shows: n/a (the result is not a log ratio)."
    )


def test_the_first_screen_says_what_a_trial_of_this_size_shows(make_study, tmp_path):
    page = plain(write_report(make_study(4).write(tmp_path)).read_text(encoding="utf-8"))
    answer = page.split("Refused, excluded")[0]
    assert (
        answer.count(
            "With the scatter seen (SD of the log ratio 0.7 %), a trial of this size (n = 4) shows a mean change of"
        )
        == 2
    )
    assert "eliable" not in page


def with_verdicts(study, tmp_path, verdicts):
    """Write a study whose FDG changes have these verdicts."""
    columns = with_reliable_change(CHANGE, CVS)
    told = iter(verdicts)
    for row in study.change:
        primary = (row["tracer"], row["reference"]) == ("FDG", "cerebellum_ipsilesional")
        row |= {"reliable_change": next(told) if primary else None}
        row |= {"reliable_limit_low_percent": -12.94, "reliable_limit_high_percent": 14.87}
    return write_report(study.write(tmp_path, change_columns=columns)).read_text(encoding="utf-8")


def test_with_a_cv_the_report_counts_verdicts_and_names_its_source(make_study, tmp_path):
    page = plain(with_verdicts(make_study(4), tmp_path, ["improved", "not shown", "not shown", None]))
    fdg, imz = page.split("Refused, excluded")[0].split("IMZ: mean change")
    assert (
        "Reliable change of the 4 participants in the set: improved 1, not shown 2, declined 0, n/a 1."
        " Within-subject CV 5 %, total (a &lt;source&gt;)."
    ) in fdg
    assert "eliable" not in imz
    assert "+14.9 %" in page  # the limit, in the table of everybody


def test_verdicts_are_counted_in_the_analysis_set_as_in_the_summary(make_study, tmp_path):
    study = make_study(4)
    study.change[0].update(included=False, qc="fail", reason="laterality_disagree: the other side")
    told = plain(with_verdicts(study, tmp_path, ["improved", "not shown", "not shown", "declined"]))
    assert "of the 3 participants in the set: improved 0, not shown 2, declined 1." in told


def test_the_limits_stand_only_in_the_table_of_the_tracer_with_a_cv(make_study, tmp_path):
    page = with_verdicts(make_study(2), tmp_path, ["improved", "declined"])
    values = page.split('id="values"')[1].split('id="summary"')[0]
    assert values.count('data-key="reliable_change"') == 1


def test_without_a_cv_nothing_is_counted():
    assert reliable_changes([{"reliable_change": "improved"}], CHANGE, "FDG") == ""
    assert reliable_changes([{"reliable_change": "improved"}], with_reliable_change(CHANGE, CVS), "IMZ") == ""
    assert set(RELIABLE_CHANGE).isdisjoint(CHANGE)
