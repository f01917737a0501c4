import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pet_spect.quantify.cohort.analysis.inference import (
    describe,
    description_in_percent,
    infer,
    inference_in_percent,
)

VALUES = st.lists(st.floats(-3, 3).map(lambda value: round(value, 6)), min_size=3, max_size=12)
SLEEP = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
"""Student 1908, drug 2 of ten people; in R, t.test(extra) gives 2.33, 0.8976775 to 3.7623225, p = 0.005076."""


def test_the_sleep_data_of_student():
    tested = infer(SLEEP)
    assert (tested.ci95_low, tested.ci95_high) == pytest.approx((0.8976775, 3.7623225), abs=1e-7)
    assert tested.p == pytest.approx(0.005076, abs=1e-6)


@given(VALUES)
def test_t_test_and_interval_are_those_of_scipy(values):
    tested = infer(values)
    if math.isnan(tested.p):
        assert max(values) - min(values) <= 1e-9 * max(1.0, *map(abs, values))
        return
    theirs = stats.ttest_1samp(values, 0.0)
    assert tested.p == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-12)
    assert (tested.ci95_low, tested.ci95_high) == pytest.approx(tuple(theirs.confidence_interval()), rel=1e-6, abs=1e-9)


@given(VALUES)
def test_interval_and_p_never_disagree_about_zero(values):
    tested = infer(values)
    if not math.isnan(tested.p) and abs(tested.p - 0.05) > 1e-9:
        assert (tested.p < 0.05) == (tested.ci95_low > 0 or tested.ci95_high < 0)


@given(VALUES)
def test_percent_and_log_never_disagree_about_zero(values):
    tested = infer(values)
    percent = inference_in_percent(tested)
    for name in ("ci95_low", "ci95_high", "hodges_lehmann", "hl_ci_low", "hl_ci_high"):
        ours, theirs = getattr(tested, name), getattr(percent, name)
        assert (math.isnan(ours) and math.isnan(theirs)) or np.sign(ours) == np.sign(theirs)
    exact = ("p", "p_wilcoxon", "p_sign_flip", "p_smallest")
    assert [getattr(tested, name) for name in exact] == pytest.approx(
        [getattr(percent, name) for name in exact], nan_ok=True
    )


def test_a_geometric_mean_worked_by_hand():
    logs = [math.log(factor) for factor in (1.1, 1.2, 1.5)]
    percent = description_in_percent(describe(logs), 7.0)
    assert percent.mean_change == pytest.approx(100 * ((1.1 * 1.2 * 1.5) ** (1 / 3) - 1))
    assert percent.sd == 7.0
    sd = np.std(logs, ddof=1)
    assert percent.agreement_high == pytest.approx(100 * (math.exp(np.mean(logs) + 1.959964 * sd) - 1), rel=1e-5)
    assert percent.standardised_change == pytest.approx(np.mean(logs) / sd)


def test_bounds_put_the_worst_and_the_best_change_in_for_the_missing():
    described = describe([1.0, 2.0, 6.0], n_missing=2)
    assert described.bound_low == pytest.approx(np.mean([1, 2, 6, 1, 1]))
    assert described.bound_high == pytest.approx(np.mean([1, 2, 6, 6, 6]))
    assert describe([1.0, 2.0, 6.0]).bound_low == describe([1.0, 2.0, 6.0]).mean_change == 3.0


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0]])
def test_fewer_than_three_give_no_estimate_and_no_p(values):
    assert all(map(math.isnan, astuple(infer(values)) + astuple(describe(values))))


@pytest.mark.parametrize("value", [0.0, 0.1 + 0.2, -4.0])
def test_equal_values_have_a_mean_but_no_interval_and_no_t_test(value):
    tested, described = infer([value] * 8), describe([value] * 8)
    assert (described.mean_change, described.sd) == (pytest.approx(value), 0.0)
    assert all(map(math.isnan, (tested.p, tested.ci95_low, tested.hl_ci_high, described.standardised_change)))
    assert tested.p_sign_flip == (1.0 if value == 0 else 2 / 2**8)


def test_ties_are_exact():
    tested = infer([0.1, 0.1, 0.1, 0.3, -0.1])
    assert tested.p_wilcoxon == pytest.approx(
        float(stats.wilcoxon([1, 1, 1, 3, -1], method=stats.PermutationMethod(n_resamples=np.inf)).pvalue)
    )


def test_rounding_around_zero_is_no_change():
    values = [1e-12, 2e-12, 1.5e-12, 1.4e-12, 1.6e-12, 1.2e-12, 1.8e-12]
    tested, described = infer(values), describe(values)
    assert (described.mean_change, described.sd) == (0.0, 0.0)
    assert (tested.p_wilcoxon, tested.p_sign_flip, tested.p_smallest, tested.hodges_lehmann) == (1.0, 1.0, 1.0, 0.0)
    assert all(map(math.isnan, (tested.p, tested.ci95_low, tested.hl_ci_high)))


def test_what_rounding_is_depends_on_the_numbers_that_were_subtracted():
    values = [1e-7, 2e-7, 3e-7]
    assert not math.isnan(infer(values).p)
    assert math.isnan(infer(values, scale=1000.0).p)


def test_mean_and_standard_deviation_worked_by_hand():
    described = describe([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    assert described.mean_change == 4.5
    assert described.sd == pytest.approx(2.449490, abs=1e-6)  # sqrt(42 / 7)
