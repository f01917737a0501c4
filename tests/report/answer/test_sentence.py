from __future__ import annotations

import math

import pytest

from pet_spect.report.answer.sentence import answer_of, could_see

MINUS = "\N{MINUS SIGN}"
SUBJECT = "FDG uptake of the ipsilesional motor cortex (precentral) relative to the contralateral one"


def rows(mean, low, high, **more):
    """Return the tested row and the row in percent."""
    kind = {"tracer": "FDG", "region": "precentral", "measure": "uptake_ratio", "reference": "contralateral"}
    percent = {"mean_change": mean, "ci95_low": low, "ci95_high": high, "quantity": "change_percent"}
    tested = {"n": "8", "sd": "0.0362", "quantity": "log_ratio", "p_adjusted": "n/a"} | more
    return kind | tested, kind | tested | {name: str(value) for name, value in percent.items()}


def test_a_rise_is_said_with_its_interval():
    answer = answer_of(*rows(2.634, 0.523, 4.812), 8)
    assert answer.verdict == "rose"
    assert answer.sentence == f"{SUBJECT} rose by 2.6 % on average (95 % CI +0.5 % to +4.8 %, n = 8 of 8)."
    assert (answer.estimate, answer.low, answer.high) == ("+2.6 %", "+0.5 %", "+4.8 %")


def test_a_fall_is_said_with_its_size_and_an_interval_below_zero():
    answer = answer_of(*rows(-12.6, -24.8, -0.52), 9)
    assert answer.verdict == "fell"
    assert answer.sentence == f"{SUBJECT} fell by 13 % on average (95 % CI {MINUS}25 % to {MINUS}1 %, n = 8 of 9)."


def test_what_is_not_shown_is_never_called_no_change():
    answer = answer_of(*rows(2.634, -0.431, 5.794), 8)
    assert answer.verdict == "not shown"
    assert answer.sentence == (
        f"{SUBJECT}: a mean change is not shown (mean change +2.6 %, 95 % CI {MINUS}0.4 % to +5.8 %, n = 8 of 8)."
        " A fall of 0.4 % and a rise of 5.8 % both fit these data: this does not prove that nothing changed."
    )


def test_an_interval_that_ends_at_zero_does_not_show_a_change():
    assert answer_of(*rows(2.0, 0.0, 4.0), 8).verdict == "not shown"
    assert answer_of(*rows(-2.0, -4.0, 0.0), 8).verdict == "not shown"


def test_an_interval_close_to_zero_is_not_shown_to_begin_there():
    assert "95 % CI +0.004 % to +5.800 %" in answer_of(*rows(2.9, 0.004, 5.8), 8).sentence


def test_too_few_participants_have_no_answer():
    answer = answer_of(*rows("n/a", "n/a", "n/a", n="2", sd="n/a"), 8)
    assert answer.verdict == "too few"
    assert answer.sentence == (
        f"{SUBJECT}: too few participants for a mean change (n = 2 of 8; at least 3 are needed)."
    )
    assert answer.could_see == ""


def test_without_an_interval_nothing_is_shown_and_nothing_excluded():
    answer = answer_of(*rows(2.634, "n/a", "n/a", sd="0"), 8)
    assert answer.verdict == "no interval"
    assert answer.sentence == (
        f"{SUBJECT}: mean change +2.6 % (n = 8 of 8). There is no interval, so a change is neither shown nor excluded."
    )


def test_a_change_that_the_adjusted_p_does_not_show_is_not_left_alone():
    answer = answer_of(*rows(2.634, 0.523, 4.812, p_adjusted="0.061"), 8)
    assert answer.adjusted_away
    assert answer.sentence.endswith(" Adjusted for the number of tracers, this is not shown (p = 0.0610).")
    assert not answer_of(*rows(2.634, 0.523, 4.812, p_adjusted="0.049"), 8).adjusted_away
    assert not answer_of(*rows(2.634, -0.523, 4.812, p_adjusted="0.061"), 8).adjusted_away


def test_a_difference_is_in_its_own_unit():
    tested, shown = rows(0.0634567, 0.0567891, 0.0701234)
    shown["quantity"] = "change"
    assert "rose by 0.0635 on average (95 % CI +0.0568 to +0.0701, n = 8 of 8)." in answer_of(tested, shown, 8).sentence
    shown |= {"measure": "asymmetry_index_percent", "mean_change": "2.63", "ci95_low": "0.52", "ci95_high": "4.81"}
    tested["measure"] = "asymmetry_index_percent"
    sentence = answer_of(tested, shown, 8).sentence
    assert sentence.startswith("The asymmetry index of FDG uptake of the ipsilesional motor cortex (precentral) rose")
    assert "by 2.6 points on average" in sentence


def test_what_the_trial_could_see_is_the_percent_of_the_log_ratio():
    # with 2 degrees of freedom the noncentrality for 80 % is 5.65 (sqrt(3) * 3.26): 3.26 * ln(1.03) is ln(1.101)
    row = {"quantity": "log_ratio", "measure": "uptake_ratio", "n": "3", "sd": str(math.log(1.03))}
    assert "a mean rise of 10 % or more in at least 8 of 10 cases" in could_see(row)
    assert "a mean rise of 12 or more" in could_see(row | {"quantity": "change", "sd": "3.55"})


@pytest.mark.parametrize(("n", "sd"), [("2", "0.031"), ("0", "n/a"), ("8", "0"), ("8", "n/a")])
def test_without_a_scatter_it_is_not_said_what_the_trial_could_see(n, sd):
    assert could_see({"quantity": "log_ratio", "measure": "uptake_ratio", "n": n, "sd": sd}) == ""
