import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.quantify.cohort.change import changes
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.uncertainty import Spread
from pet_spect.remarks import Remark


def ratio(session, value, measure="uptake_ratio", reference="pons", qc="pass", reason="", who="sub-01"):
    return Ratio(who, session, "IMZ", "left", "motor", measure, reference, value, math.nan, math.nan, qc, reason)


def one_change(*ratios, sessions=("baseline", "year1")):
    (change,) = changes(ratios, sessions)
    return change


def test_change_worked_by_hand():
    change = one_change(ratio("baseline", 0.8), ratio("year1", 1.0))
    assert (change.session, change.baseline, change.follow_up) == ("year1", 0.8, 1.0)
    assert change.change == pytest.approx(0.2)
    assert change.change_percent == pytest.approx(25.0)
    assert (change.qc, change.included, change.reason) == ("pass", True, "")


@given(st.floats(0.1, 10), st.floats(0.1, 10))
def test_exchanging_the_visits_negates_the_change(first, second):
    there = one_change(ratio("baseline", first), ratio("year1", second))
    back = one_change(ratio("baseline", second), ratio("year1", first))
    assert back.change == -there.change
    share = there.change_percent / 100
    assert back.change_percent / 100 == pytest.approx(-share / (1 + share))


def test_each_later_session_is_compared_with_the_first():
    rows = changes([ratio("year1", 2.0), ratio("baseline", 1.0), ratio("year2", 4.0)], ["baseline", "year1", "year2"])
    assert [(row.session, row.change) for row in rows] == [("year1", 1.0), ("year2", 3.0)]


def test_a_missing_visit_is_kept_with_its_reason():
    change = one_change(ratio("baseline", 1.0), ratio("year1", math.nan, qc="fail", reason="no scan listed"))
    assert math.isnan(change.change)
    assert (change.baseline, change.included, change.reason) == (1.0, False, "year1: no scan listed")


def test_a_failed_visit_shows_its_change_and_is_not_included():
    change = one_change(ratio("baseline", 1.0, qc="fail", reason="laterality_disagree: told"), ratio("year1", 2.0))
    assert (change.change, change.qc, change.included) == (1.0, "fail", False)
    assert change.reason == "baseline: laterality_disagree: told"


def test_a_warned_visit_is_included():
    change = one_change(ratio("baseline", 1.0), ratio("year1", 2.0, qc="warn", reason="a: b"))
    assert (change.qc, change.included) == ("warn", True)


@pytest.mark.parametrize(
    ("measure", "baseline"), [("asymmetry_index_percent", -20.0), ("ratio_minus_one", 0.25), ("ratio_minus_one", -0.5)]
)
def test_a_measure_that_crosses_zero_has_no_percent_change(measure, baseline):
    change = one_change(*(ratio(s, v, measure) for s, v in (("baseline", baseline), ("year1", baseline + 10))))
    assert change.change == 10.0
    assert math.isnan(change.change_percent)
    assert change.reason == ""


@pytest.mark.parametrize("baseline", [0.0, -0.1])
def test_a_baseline_that_is_not_positive_has_no_percent_change(baseline):
    change = one_change(*(ratio(s, v, "uptake_ratio") for s, v in (("baseline", baseline), ("year1", 0.5))))
    assert change.included
    assert math.isnan(change.change_percent)
    assert change.reason == "percent_undefined: the baseline is not positive"


def sure(session, value, sd, shared=0.0):
    return replace(ratio(session, value), spread=Spread(sd, (shared, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0))


def test_how_sure_a_change_is_worked_by_hand():
    change = one_change(sure("baseline", 0.8, 0.03, shared=0.05), sure("year1", 1.0, 0.04, shared=0.05))
    assert change.value_sd == pytest.approx(0.05)
    # 100 (b / a - 1): 125 per b, -156.25 per a
    assert change.change_percent_sd == pytest.approx(math.hypot(125 * 0.04, 156.25 * 0.03, 31.25 * 0.05))
    # ln(b / a): 1 / b per b, -1 / a per a
    sd = math.hypot(0.04 / 1.0, 0.03 / 0.8, 0.05 / 1.0 - 0.05 / 0.8)
    low, high = 1.25 * math.exp(-1.959964 * sd), 1.25 * math.exp(1.959964 * sd)
    assert (change.ci95_low, change.ci95_high) == pytest.approx((0.8 * (low - 1), 0.8 * (high - 1)), rel=1e-6)
    ends = (change.change_percent_ci95_low, change.change_percent_ci95_high)
    assert ends == pytest.approx((100 * (low - 1), 100 * (high - 1)), rel=1e-6)


@pytest.mark.parametrize("measure", ["ratio_minus_one", "asymmetry_index_percent"])
def test_a_measure_that_crosses_zero_has_the_interval_of_its_difference(measure):
    visits = (replace(sure(*visit), measure=measure) for visit in (("baseline", 0.8, 0.03), ("year1", 1.0, 0.04)))
    change = one_change(*visits)
    assert (change.ci95_low, change.ci95_high) == pytest.approx((0.2 - 1.959964 * 0.05, 0.2 + 1.959964 * 0.05))


VALUES, SDS = st.floats(1e-5, 10), st.floats(0.001, 1)


@given(VALUES, VALUES, SDS, SDS)
def test_absolute_and_percent_never_disagree_about_zero(first, second, one, other):
    change = one_change(sure("baseline", first, one, 0.1), sure("year1", second, other, 0.2))
    assert (change.ci95_low > 0) == (change.change_percent_ci95_low > 0)
    assert (change.ci95_high < 0) == (change.change_percent_ci95_high < 0)
    assert change.ci95_low <= change.change <= change.ci95_high


@given(VALUES, VALUES, SDS, SDS)
def test_exchanging_the_visits_keeps_how_sure_the_change_is(first, second, one, other):
    there = one_change(sure("baseline", first, one, 0.1), sure("year1", second, other, 0.2))
    back = one_change(sure("baseline", second, other, 0.2), sure("year1", first, one, 0.1))
    assert (back.change, back.value_sd) == (-there.change, there.value_sd)
    if min(first / math.hypot(one, 0.1), second / math.hypot(other, 0.2)) < 4:
        return
    factors = [1 + change.change_percent_ci95_low / 100 for change in (there, back)]
    factors_high = [1 + change.change_percent_ci95_high / 100 for change in (there, back)]
    assert factors[0] * factors_high[1] == pytest.approx(1)
    assert factors[1] * factors_high[0] == pytest.approx(1)


def visits_of(ipsi, contra, sd=0.01):
    """Ratios of two visits, from the uptake of either side over the ipsilesional cerebellum."""
    for session, own, other in zip(("baseline", "year1"), ipsi, contra, strict=True):
        yield replace(sure(session, own / other, sd), reference="contralateral")
        yield replace(sure(session, other, sd), region="motor_contralesional", reference="cerebellum_ipsilesional")


@pytest.mark.parametrize(
    ("ipsi", "contra", "told"),
    [
        ((0.8, 0.8), (1.0, 0.9), "made"),
        ((0.8, 0.82), (1.0, 0.95), "made"),
        ((0.8, 0.72), (1.0, 0.9), "hidden"),  # both fall, and the ratio does not change
        ((0.8, 0.9), (1.0, 1.06), "hidden"),
        ((0.8, 0.9), (1.0, 1.0), None),
        ((0.8, 0.9), (1.0, 0.97), None),  # a third of the change
        ((0.8, 0.8), (1.0, 0.98), None),  # within chance
    ],
)
def test_a_change_of_the_other_side_is_told(ipsi, contra, told):
    found = {change.region: change for change in changes(visits_of(ipsi, contra), ("baseline", "year1"))}
    change, other = found["motor"], found["motor_contralesional"]
    moved = told and Remark.of(
        "reference_moved", case=told, other=other.change_percent, ratio=100 * (change.follow_up / change.baseline - 1)
    )
    assert change.reason == (moved.line if moved else "")
    assert change.qc == ("warn" if told else "pass")
    assert change.included
    assert other.qc == "pass"


def test_a_value_that_is_hardly_there_has_the_interval_of_its_difference():
    change = one_change(sure("baseline", 0.5, 0.05), sure("year1", 0.02, 0.05))
    half = 1.959964 * math.hypot(0.05, 0.05)
    assert (change.ci95_low, change.ci95_high) == pytest.approx((-0.48 - half, -0.48 + half), rel=1e-6)
    assert change.change_percent_ci95_high == pytest.approx(100 * (-0.48 + half) / 0.5)


def test_how_sure_a_change_is_is_unknown_where_a_visit_is_not_sure():
    for after in (ratio("year1", 1.0), sure("year1", math.nan, 0.1)):
        change = one_change(sure("baseline", 0.8, 0.03), replace(after, spread=None))
        told = (change.value_sd, change.ci95_low, change.change_percent_sd, change.change_percent_ci95_high)
        assert all(map(math.isnan, told))


def test_a_value_that_is_too_noisy_has_no_change():
    said = Remark.of("partial_volume_noise")
    reason = f"{said.code}: {said.text}"
    change = one_change(ratio("baseline", 1.0, qc="warn", reason=reason), ratio("year1", 2.0, qc="warn", reason=reason))
    assert (change.baseline, change.follow_up, change.included) == (1.0, 2.0, False)
    assert math.isnan(change.change)
    assert math.isnan(change.change_percent_ci95_high)
    assert "partial_volume_noise" in change.reason


def test_a_value_that_is_too_noisy_has_no_verdict():
    noisy = {"qc": "warn", "reason": Remark.of("partial_volume_noise").line}
    change = verdict(*(replace(sure(*visit), **noisy) for visit in (("baseline", 0.8, 0.01), ("year1", 1.0, 0.01))))
    assert change.reliable_change is None
    assert math.isnan(change.reliable_limit_high_percent)


def verdict(*ratios, tracer="IMZ"):
    (change,) = changes(ratios, ("baseline", "year1"), {tracer: WithinSubjectCv(5.0, "total", "made up")})
    return change


def test_a_declared_cv_tells_a_reliable_change():
    change = verdict(sure("baseline", 0.8, 0.01), sure("year1", 1.0, 0.01))
    assert change.reliable_change == "improved"
    limits = (change.reliable_limit_low_percent, change.reliable_limit_high_percent)
    assert limits == pytest.approx((-12.94, 14.87), abs=0.01)  # exp(± 1.96 * sqrt(2) * 5 %)
    assert change.reason == ""


def test_scans_noisier_than_the_total_cv_widen_the_limits():
    change = verdict(sure("baseline", 0.8, 0.08), sure("year1", 1.0, 0.1))  # 10 % each
    assert change.reliable_change == "not shown"
    assert change.reliable_limit_high_percent == pytest.approx(100 * math.expm1(1.96 * math.sqrt(0.02)), rel=1e-4)


def test_without_a_cv_of_the_tracer_nothing_is_said():
    for change in (
        one_change(sure("baseline", 0.8, 0.01), sure("year1", 1.0, 0.01)),
        verdict(sure("baseline", 0.8, 0.01), sure("year1", 1.0, 0.01), tracer="FDG"),
    ):
        assert change.reliable_change is None
        assert math.isnan(change.reliable_limit_high_percent)
        assert change.reason == ""


@pytest.mark.parametrize(
    "other",
    [
        {"measure": "asymmetry_index_percent"},
        {"measure": "ratio_minus_one"},
        {"measure": "suv_mean", "reference": "none"},
        {"region": "motor_contralesional"},
        {"region": "motor_gtm"},
        {"region": "lesion_ring_0_10_mirrored"},
        {"qc": "fail", "reason": "bilateral_stroke: told"},
    ],
)
def test_only_an_included_ratio_of_the_own_side_has_a_verdict(other):
    change = verdict(*(replace(sure(*visit), **other) for visit in (("baseline", 0.8, 0.01), ("year1", 1.0, 0.01))))
    assert change.reliable_change is None
    assert "repeatability_unknown" not in change.reason


@pytest.mark.parametrize("spread", [None, Spread(math.nan, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0)])
def test_without_knowing_how_sure_the_visits_are_there_is_no_verdict_but_a_reason(spread):
    change = verdict(replace(ratio("baseline", 0.8), spread=spread), sure("year1", 1.0, 0.01))
    assert (change.reliable_change, change.included) == (None, True)
    assert change.reason == Remark.of("repeatability_unknown").line
