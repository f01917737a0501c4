import math

import numpy as np
import pytest
from scipy.stats import nct, t, ttest_1samp

from pet_spect.quantify.cohort.planning import (
    Design,
    Precision,
    people_needed,
    plan_lines,
    power_of_mean_change,
    smallest_mean_change,
)
from pet_spect.quantify.cohort.simulated_precision import SIMULATED
from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.quantify.references import BUILT_IN

FDG = Precision("FDG", "contralateral", 3.0, 4.0, 8)


def cvs(kind):
    return {"FDG": WithinSubjectCv(4.0, kind, "made up")}


@pytest.mark.parametrize("people", [2, 3, 8, 40, 400])
@pytest.mark.parametrize("change", [0.01, 0.3, 1.0, 8.0])
def test_the_power_is_that_of_the_noncentral_t_distribution(people, change):
    critical, noncentrality = t.ppf(0.975, people - 1), math.sqrt(people) * change
    expected = nct.sf(critical, people - 1, noncentrality) + np.nan_to_num(
        nct.cdf(-critical, people - 1, noncentrality)
    )
    assert power_of_mean_change(change, 1.0, people) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("change", [0.0, 1e-12, 1e-6])
def test_no_change_is_found_as_often_as_alpha_says(change):
    assert power_of_mean_change(change, 1.0, 8, 0.1) == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize("people", [2, 8, 1000, 100_000])
def test_a_huge_change_is_always_found(people):
    assert power_of_mean_change(1000.0, 1.0, people) == pytest.approx(1.0)


def test_a_decline_is_found_as_well_as_an_improvement():
    assert power_of_mean_change(-1.0, 1.0, 8) == power_of_mean_change(1.0, 1.0, 8)


@pytest.mark.parametrize(("people", "power"), [(3, 0.8), (8, 0.8), (8, 0.9), (30, 0.8)])
def test_simulated_trials_find_the_smallest_change_with_the_power_promised(people, power):
    generator = np.random.default_rng(16)
    change = smallest_mean_change(5.0, people, power)
    trials = generator.normal(change, 5.0, (20_000, people))
    found = (ttest_1samp(trials, 0.0, axis=1).pvalue < 0.05).mean()
    assert found == pytest.approx(power, abs=0.012)  # three standard errors and a little


@pytest.mark.parametrize("change", [2.0, 5.0, 12.0])
def test_simulated_trials_of_the_size_needed_have_the_power_and_of_one_person_less_have_not(change):
    needed = people_needed(change, 6.0)
    assert power_of_mean_change(change, 6.0, needed) >= 0.8 > power_of_mean_change(change, 6.0, needed - 1)
    trials = np.random.default_rng(7).normal(change, 6.0, (10_000, needed))
    assert (ttest_1samp(trials, 0.0, axis=1).pvalue < 0.05).mean() >= 0.785


def test_the_limits_of_the_design_notes():
    assert smallest_mean_change(10.0, 8) == pytest.approx(11.6, abs=0.2)  # pons, IMZ
    assert smallest_mean_change(3.1, 8) == pytest.approx(3.6, abs=0.1)  # contralesional hemisphere


def test_the_smallest_change_scales_with_the_standard_deviation():
    assert smallest_mean_change(6.0, 8) == pytest.approx(2 * smallest_mean_change(3.0, 8))
    assert math.isnan(smallest_mean_change(math.nan, 8))


def test_three_lines_of_which_only_the_last_has_a_sample_size():
    counts, aligned, person = plan_lines([FDG], cvs("biological"), Design(8, 5.0))
    assert [line.basis for line in (counts, aligned, person)] == ["counting_noise", "registration", "within_subject"]
    assert (counts.sd_percent, aligned.sd_percent) == (3.0, 4.0)
    assert person.sd_percent == pytest.approx(math.sqrt(2 * 4.0**2 + 4.0**2))
    assert [line.people_needed for line in (counts, aligned)] == [None, None]
    assert "a lower bound" in counts.remark.text
    assert person.people_needed == people_needed(100 * math.log(1.05), person.sd_percent) == 18
    assert person.remark is None
    shown = 100 * math.expm1(smallest_mean_change(person.sd_percent / 100, 8))
    assert person.smallest_change_percent == pytest.approx(shown)


@pytest.mark.parametrize(("own", "expected"), [(4.0, math.sqrt(2) * 4.0), (9.0, 9.0)])
def test_a_total_cv_contains_the_measurement_unless_these_scans_are_worse(own, expected):
    lines = plan_lines([Precision("FDG", "pons", 3.0, own, 8)], cvs("total"), Design(8))
    assert lines[2].sd_percent == pytest.approx(expected)


@pytest.mark.parametrize(("kind", "cv", "people"), [("total", 6.0, 4), ("biological", 6.0, 8), ("biological", 2.0, 20)])
def test_trials_whose_people_vary_as_declared_find_the_planned_change(kind, cv, people):
    declared = WithinSubjectCv(cv, kind, "made up")
    line = plan_lines([FDG], {"FDG": declared}, Design(people))[2]
    generator = np.random.default_rng(16)
    noise = FDG.own_percent / 100 / math.sqrt(2)
    spread = max(cv / 100, noise) if kind == "total" else math.hypot(cv / 100, noise)  # of one visit
    visits = np.exp(generator.normal(0, spread, (2, 20_000, people)))
    before, after = 0.8 * visits[0], 0.8 * (1 + line.smallest_change_percent / 100) * visits[1]
    logarithms, percents = np.log(after / before), 100 * (after / before - 1)
    found, found_in_percent = (
        (ttest_1samp(changes, 0.0, axis=1).pvalue < 0.05).mean() for changes in (logarithms, percents)
    )
    assert found == pytest.approx(0.8, abs=0.012)
    assert found_in_percent == pytest.approx(0.8, abs=0.05)  # skewed


@pytest.mark.parametrize(
    ("precision", "declared", "design", "reasons"),
    [
        (FDG, {}, Design(8, 5.0), ["lower_bound", "lower_bound", "no_cv"]),
        (FDG, cvs("total"), Design(8), ["lower_bound", "lower_bound", "no_change"]),
        (FDG, cvs("total"), Design(8, 0.001), ["lower_bound", "lower_bound", "too_many"]),
        (Precision("FDG", "pons", math.nan, math.nan, 0), cvs("total"), Design(8, 5.0), ["no_noise"] * 3),
    ],
)
def test_a_line_without_a_sample_size_says_why(precision, declared, design, reasons):
    lines = plan_lines([precision], declared, design)
    assert [dict(line.remark.fields)["case"] for line in lines] == reasons
    assert all(line.people_needed is None for line in lines)


def test_a_change_beyond_everything_is_not_given():
    lines = plan_lines([FDG], cvs("total"), Design(2, 5.0, power=0.9999, alpha=0.0001))
    assert math.isnan(lines[-1].smallest_change_percent)


def test_the_simulated_precision_covers_every_built_in_reference_and_is_ordered():
    assert [(each.tracer, each.reference) for each in SIMULATED] == [
        (tracer, reference) for tracer in ("FDG", "IMZ") for reference in BUILT_IN
    ]
    assert all(0 < each.noise_percent <= each.own_percent for each in SIMULATED)
