import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_spect.quantify.cohort.analysis.settings import read_analysis
from pet_spect.quantify.cohort.change import changes
from pet_spect.quantify.cohort.summary import summarise
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.quantify.ratios import Ratio
from pet_spect.quantify.uncertainty import Spread
from pet_spect.remarks import Remark

NO_SCAN = Remark.of("no_scan").text


def ratio(who, session, value, *, tracer="IMZ", measure="uptake_ratio", reference="pons", region="motor", sure=False):
    spread = Spread(0.01, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0) if sure else None
    gone = math.isnan(value)
    told = ("fail", NO_SCAN) if gone else ("pass", "")
    return Ratio(who, session, tracer, "left", region, measure, reference, value, math.nan, math.nan, *told, spread)


def rows_of(values, *, analysis=None, cv=None, sessions=("baseline", "year1"), **kind):
    """Summarise people of whom each has one value per session."""
    ratios = [
        ratio(f"sub-{number:02d}", session, value, sure=cv is not None, **kind)
        for number, of_person in enumerate(values)
        for session, value in zip(sessions, of_person, strict=True)
    ]
    settings = {"primary": {"IMZ": "pons"}, "sets": ["as_accepted"]} | (analysis or {})
    followed = changes(ratios, sessions, cv and {"IMZ": cv})
    return summarise(followed, read_analysis(settings, sessions), "motor")


def by_quantity(rows):
    return {row.quantity: row for row in rows}


PEOPLE = [(1.0, 1.1), (2.0, 2.5), (0.5, 0.5), (1.5, 1.2)]


def test_a_summary_worked_by_hand():
    rows = by_quantity(rows_of(PEOPLE))
    logs = np.log([1.1, 1.25, 1.0, 0.8])
    log = rows["log_ratio"]
    assert (log.n, log.n_missing, log.n_undefined, log.role) == (4, 0, 0, "primary")
    assert log.description.mean_change == pytest.approx(logs.mean())
    assert log.percent[0] == pytest.approx(100 * (np.prod([1.1, 1.25, 1.0, 0.8]) ** 0.25 - 1))
    assert rows["change"].description.mean_change == pytest.approx(np.mean([0.1, 0.5, 0.0, -0.3]))
    assert rows["change_percent"].description.sd == pytest.approx(np.std([10, 25, 0, -20], ddof=1))
    half = 3.182446305 * logs.std(ddof=1) / 2
    assert log.inference.ci95_low == pytest.approx(logs.mean() - half)
    assert rows["change_percent"].inference.ci95_high == pytest.approx(100 * math.expm1(logs.mean() + half))


RATIOS = st.floats(0.05, 20).map(lambda value: round(value, 4))


@given(st.lists(st.tuples(RATIOS, RATIOS), min_size=3, max_size=9))
def test_no_two_rows_of_an_endpoint_disagree_about_zero(people):
    rows = rows_of(people)
    tested = [row.inference for row in rows if not math.isnan(row.inference.p)]
    assert len({(one.ci95_low > 0, one.ci95_high < 0, one.p) for one in tested}) <= 1
    assert {row.quantity for row in rows if not math.isnan(row.inference.p)} <= {"log_ratio", "change_percent"}


def test_an_endpoint_can_be_tested_on_its_difference_instead():
    rows = by_quantity(rows_of(PEOPLE, analysis={"quantity": "change"}))
    assert rows["change"].role == "primary"
    assert not math.isnan(rows["change"].inference.p)
    assert all(math.isnan(rows[name].inference.p) for name in ("log_ratio", "change_percent"))
    assert rows["log_ratio"].note == "not tested: this endpoint is tested on another quantity"


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_people_are_no_estimate(n):
    people = [(1.0, 1.2), (1.0, 1.3)][:n] + [(1.0, math.nan)] * 2
    for row in rows_of(people):
        assert row.note == f"no estimate: {n} {'participant' if n == 1 else 'participants'}"
        assert (row.n, row.n_missing, row.missing_reasons) == (n, 2, "no_scan (year1): 2")
        assert math.isnan(row.description.mean_change)
        assert math.isnan(row.inference.p_sign_flip)


def test_people_whose_quantity_is_undefined_are_counted_apart_from_the_missing():
    rows = by_quantity(rows_of([*PEOPLE, (1.0, 0.0), (1.0, math.nan)]))
    assert (rows["change"].n, rows["change"].n_undefined, rows["change"].n_missing) == (5, 0, 1)
    assert (rows["log_ratio"].n, rows["log_ratio"].n_undefined, rows["log_ratio"].n_missing) == (4, 1, 1)
    assert rows["change_percent"].n == rows["log_ratio"].n
    logs, differences = np.log([1.1, 1.25, 1.0, 0.8]), [0.1, 0.5, 0.0, -0.3, -1.0]
    assert rows["log_ratio"].description.bound_low == pytest.approx((logs.sum() + 2 * logs.min()) / 6)
    assert rows["change_percent"].description.bound_high == pytest.approx(
        100 * math.expm1((logs.sum() + 2 * logs.max()) / 6)
    )
    assert rows["change"].description.bound_low == pytest.approx((sum(differences) - 1.0) / 6)


def test_equal_changes_say_so():
    rows = by_quantity(rows_of([(1.0, 1.25)] * 8))
    assert rows["log_ratio"].note == "no interval: all values are equal"
    assert rows["log_ratio"].percent[0] == pytest.approx(25)
    assert math.isnan(rows["log_ratio"].percent[1])


@pytest.mark.parametrize(("measure", "size"), [("uptake_ratio", 1e3), ("asymmetry_index_percent", 1e-11)])
def test_changes_that_only_rounding_made_have_no_interval(measure, size):
    people = [(size, size * (1 + 1e-12 * (1 + 0.1 * number))) for number in range(6)]
    analysis = {"quantity": "change", "primary": {"IMZ": {"measure": measure}}}
    row = by_quantity(rows_of(people, measure=measure, reference="contralateral", analysis=analysis))["change"]
    assert (row.note, row.description.mean_change, row.inference.p_wilcoxon) == (
        "no interval: all values are equal",
        0.0,
        1.0,
    )


def test_a_withdrawn_person_moves_the_bounds_and_not_the_mean():
    without, withdrawn = (by_quantity(rows_of(people))["log_ratio"] for people in (PEOPLE, [*PEOPLE, (1.0, math.nan)]))
    assert withdrawn.description.mean_change == without.description.mean_change
    assert withdrawn.description.bound_low == pytest.approx((4 * without.description.mean_change + math.log(0.8)) / 5)
    alone = by_quantity(rows_of([*PEOPLE, (1.0, math.nan)], analysis={"missing_data": "complete_cases"}))
    assert math.isnan(alone["log_ratio"].description.bound_low)


def test_each_of_five_visits_has_rows_and_one_of_them_is_primary():
    sessions = ("baseline", "month1", "month3", "month6", "year1")
    people = [tuple(1 + 0.01 * person * visit for visit in range(5)) for person in range(4)]
    rows = rows_of(people, sessions=sessions, analysis={"session": "month6"})
    assert [row.endpoint.session for row in rows if row.quantity == "log_ratio"] == list(sessions[1:])
    assert [(row.endpoint.session, row.quantity) for row in rows if row.primary] == [("month6", "log_ratio")]
    assert {row.role for row in rows if not row.primary} == {"secondary"}


FORMS = [("ratio_minus_one", "pons"), ("asymmetry_index_percent", "contralateral")]


@pytest.mark.parametrize(("measure", "reference"), FORMS)
def test_another_form_of_a_ratio_is_described_as_a_difference_and_not_tested(measure, reference):
    (row,) = rows_of(PEOPLE, measure=measure, reference=reference)
    assert (row.quantity, row.role) == ("change", "sensitivity")
    assert row.description.mean_change == pytest.approx(np.mean([0.1, 0.5, 0.0, -0.3]))
    assert math.isnan(row.inference.p)
    assert math.isnan(row.inference.p_sign_flip)
    assert row.note == "not tested: the same values are tested as another measure"


@pytest.mark.parametrize(("measure", "reference"), FORMS)
def test_the_declared_form_of_a_ratio_is_tested_and_the_ratio_is_not(measure, reference):
    declared = {"primary": {"IMZ": {"measure": measure}}}
    (row,) = rows_of(PEOPLE, measure=measure, reference=reference, analysis=declared)
    assert row.primary
    assert not math.isnan(row.inference.p)
    ratios = rows_of(PEOPLE, reference=reference, analysis=declared)
    assert all(math.isnan(each.inference.p) for each in ratios)
    assert {each.note for each in ratios} == {"not tested: the same values are tested as another measure"}
    others = by_quantity(rows_of(PEOPLE, reference="cerebellum", analysis=declared))
    assert not math.isnan(others["change"].inference.p)


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ({"reference": "cerebellum"}, "sensitivity"),
        ({"region": "motor_lesionfree"}, "sensitivity"),
        ({"region": "motor_gtm"}, "sensitivity"),
        ({"region": "motor_contralesional"}, "exploratory"),
        ({"region": "lesion_ring_0_10"}, "exploratory"),
        ({"measure": "suv_mean", "reference": "none"}, "exploratory"),
        ({"tracer": "FDG"}, "sensitivity"),
    ],
)
def test_every_other_endpoint_has_a_role_and_none_is_primary(kind, role):
    assert {row.role for row in rows_of(PEOPLE, **kind)} == {role}


def test_each_analysis_set_of_the_primary_endpoint_has_its_rows():
    rows = rows_of(PEOPLE, analysis={"sets": ["per_protocol", "all"]})
    assert [(row.analysis_set, row.role) for row in rows if row.quantity == "log_ratio"] == [
        ("per_protocol", "primary"),
        ("all", "sensitivity"),
    ]


def test_p_of_two_tracers_is_adjusted_for_both():
    sessions = ("baseline", "year1")
    ratios = [
        ratio(f"sub-{number}", session, value, tracer=tracer)
        for tracer, gain in (("FDG", 0.1), ("IMZ", 0.02))
        for number in range(6)
        for session, value in (("baseline", 1.0), ("year1", 1.0 + gain + 0.03 * (-1) ** number + 0.001 * number))
    ]
    settings = {"primary": {"FDG": "pons", "IMZ": "pons"}, "sets": ["as_accepted"], "multiplicity": "holm"}
    rows = summarise(changes(ratios, sessions), read_analysis(settings, sessions), "motor")
    fdg, imz = (row for row in rows if row.primary)
    assert fdg.inference.p < imz.inference.p
    assert fdg.p_adjusted == pytest.approx(2 * fdg.inference.p)
    assert imz.p_adjusted == imz.inference.p
    assert all(math.isnan(row.p_adjusted) for row in rows if not row.primary)


def test_who_improved_and_declined_is_counted_where_a_cv_is_declared():
    people = [(1.0, 1.5), (1.0, 1.4), (1.0, 1.01), (1.0, 0.6)]
    row = by_quantity(rows_of(people, cv=WithinSubjectCv(3.0, "total", "made up")))["log_ratio"]
    assert (row.n_improved, row.n_declined, row.n_not_shown) == (2, 1, 1)
    assert by_quantity(rows_of(people))["log_ratio"].n_improved is None


def test_a_thousand_people_are_summarised_in_a_second():
    generator = np.random.default_rng(1)
    people = [(before, before * gain) for before, gain in np.exp(generator.normal(0, 0.1, (1000, 2)))]
    start = time.process_time()
    rows_of(people, analysis={"sets": ["as_accepted", "per_protocol", "all"]})
    assert time.process_time() - start < 5
