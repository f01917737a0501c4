import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from pet_spect.quantify.cohort import statistics
from pet_spect.quantify.cohort.statistics import (
    hodges_lehmann,
    mean_interval,
    sign_flip_p,
    smallest_p,
    walsh_rank,
    wilcoxon_p,
)


def estimates(differences):
    """Return all that the module says of a set of differences."""
    values = np.asarray(differences, dtype=float)
    mean, shift = mean_interval(values), hodges_lehmann(values)
    return SimpleNamespace(
        mean=mean.estimate,
        ci95_low=mean.low,
        ci95_high=mean.high,
        hodges_lehmann=shift.estimate,
        hl_ci_low=shift.low,
        hl_ci_high=shift.high,
        p_wilcoxon=wilcoxon_p(values),
        p_sign_flip=sign_flip_p(values),
        p_smallest=smallest_p(values),
    )


# Differences of Darwin's plants, in eighths of an inch (Fisher 1935, The Design of Experiments, section 17).
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=float)


@pytest.mark.parametrize(
    ("n", "first", "last", "confidence"), [(8, 4, 33, 0.961), (7, 3, 26, 0.953), (6, 1, 21, 0.969)]
)
def test_the_interval_runs_between_the_published_walsh_averages(n, first, last, confidence):
    values = np.random.default_rng(n).normal(size=n)
    averages = sorted((values[i] + values[j]) / 2 for i in range(n) for j in range(i, n))
    found = hodges_lehmann(values)
    assert found.low == pytest.approx(averages[first - 1])
    assert found.high == pytest.approx(averages[last - 1])
    assert found.estimate == pytest.approx(np.median(averages))
    too_low = sum(1 for signs in range(2**n) if sum(r for r in range(1, n + 1) if signs >> (r - 1) & 1) < first)
    assert 1 - 2 * too_low / 2**n == pytest.approx(confidence, abs=5e-4)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_no_interval_of_95_percent_exists_with_five_or_fewer(n):
    found = hodges_lehmann(np.arange(1.0, n + 1))
    assert found.estimate == (n + 1) / 2
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize(("n", "p"), [(16, 2**-15), (8, 0.0078125), (7, 0.015625), (5, 0.0625), (1, 1.0)])
def test_smallest_p(n, p):
    values = np.arange(1.0, n + 1)
    assert smallest_p(values) == p
    assert wilcoxon_p(values) == pytest.approx(p, rel=1e-9)
    assert sign_flip_p(values) == p


@pytest.mark.parametrize("values", [[0, 0, 0, 0, 0, 0.3, 0.2, 0.1], [0.0] * 20 + [0.3, 0.2, 0.1]])
def test_smallest_p_counts_no_zeros(values):
    values = np.array(values)
    assert smallest_p(values) == wilcoxon_p(values) == sign_flip_p(values) == 0.25


def test_random_flips_can_give_no_less_than_one_in_ten_thousand():
    values = np.arange(1.0, 41.0)
    assert smallest_p(values) == sign_flip_p(values) == 0.0001
    assert wilcoxon_p(values) < 0.0001
    assert smallest_p(np.zeros(20)) == 1.0


def test_mean_and_interval_worked_by_hand():
    found = estimates([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    # sd = sqrt(42 / 7); half = 2.364624 * sd / sqrt(8)
    assert found.mean == 4.5
    assert found.ci95_low == pytest.approx(4.5 - 2.047825, abs=1e-5)
    assert found.ci95_high == pytest.approx(4.5 + 2.047825, abs=1e-5)
    assert (found.hodges_lehmann, found.hl_ci_low, found.hl_ci_high) == (4.5, 2.0, 7.0)


def test_fishers_own_randomisation_of_darwins_plants():
    # Fisher counts 863 of 32,768 sign patterns on one side that give as great a total or greater.
    assert sign_flip_p(DARWIN) == 2 * 863 / 32768


def test_wilcoxon_without_ties_is_the_one_of_scipy():
    rng = np.random.default_rng(4)
    for n in (3, 6, 8, 12, 25):
        values = rng.normal(0.5, 1, n)
        assert wilcoxon_p(values) == pytest.approx(scipy.stats.wilcoxon(values, method="exact").pvalue, rel=1e-12)


def test_wilcoxon_with_ties_worked_by_hand():
    # |d| = 1 1 2 has mean ranks 1.5 1.5 3; the positive sum of + + - is 3, as is that of - - +;
    # the eight sums are 0 1.5 1.5 3 3 4.5 4.5 6, so every pattern is at least as far from 3.
    assert wilcoxon_p(np.array([1.0, 1.0, -2.0])) == 1.0
    # + - + gives 4.5: six of the eight are at least 1.5 away from 3.
    assert wilcoxon_p(np.array([1.0, -1.0, 2.0])) == 0.75


def test_differences_that_only_floating_point_tells_apart_tie():
    near = np.array([0.3 - 0.2, 0.2 - 0.1, -(0.4 - 0.3)])
    assert len(set(np.abs(near))) > 1
    assert wilcoxon_p(near) == wilcoxon_p(np.array([1.0, 1.0, -1.0])) == 1.0


def test_zero_differences_are_dropped_by_wilcoxon():
    assert wilcoxon_p(np.array([0.0, 1.0, 2.0, 3.0])) == 0.25
    assert wilcoxon_p(np.zeros(3)) == 1.0
    assert sign_flip_p(np.zeros(3)) == 1.0


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_differences_give_nan_without_a_warning(n):
    found = estimates([0.5, 0.7][:n])
    assert math.isnan(found.ci95_low) == (n < 2)
    assert math.isnan(found.mean) == math.isnan(found.p_wilcoxon) == math.isnan(found.p_smallest) == (n == 0)


def test_equal_differences_have_an_interval_of_no_width():
    found = estimates([0.25] * 8)
    assert (found.ci95_low, found.ci95_high, found.hl_ci_low) == (0.25, 0.25, 0.25)
    assert found.p_sign_flip == found.p_wilcoxon == 0.0078125


@settings(deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=10))
def test_exchanging_the_visits_mirrors_every_estimate(values):
    there, back = estimates([float(v) for v in values]), estimates([-float(v) for v in values])
    assert back.mean == -there.mean
    assert back.hodges_lehmann == -there.hodges_lehmann
    assert (back.p_wilcoxon, back.p_sign_flip) == (there.p_wilcoxon, there.p_sign_flip)
    if len(values) > 5:
        assert (back.hl_ci_low, back.hl_ci_high) == (-there.hl_ci_high, -there.hl_ci_low)


def test_random_flips_above_sixteen_come_near_the_enumeration(monkeypatch):
    enumerated = sign_flip_p(DARWIN)
    monkeypatch.setattr(statistics, "ENUMERATED_UP_TO", 10)
    drawn = sign_flip_p(DARWIN)
    assert drawn == pytest.approx(enumerated, abs=3 * math.sqrt(enumerated / statistics.RANDOM_FLIPS))
    assert drawn == sign_flip_p(DARWIN)


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40), st.integers(0, 2**64 - 1))
def test_a_flip_of_the_signs_sums_the_values_whose_bits_are_set(values, seed):
    by_byte = statistics._sums_by_byte(np.array(values, dtype=float))
    flips = np.random.default_rng(seed).integers(0, 256, len(by_byte), dtype=np.uint8)
    bits = np.unpackbits(flips)[: len(values)]
    assert sum(sums[byte] for sums, byte in zip(by_byte, flips, strict=True)) == bits @ np.array(values)


def test_large_samples_continue_the_exact_ones():
    assert walsh_rank(501) - walsh_rank(500) == pytest.approx(walsh_rank(500) - walsh_rank(499), abs=5)
    values = np.random.default_rng(0).normal(0.1, 1, 501)
    averages = np.sort(((values[:, None] + values) / 2)[np.triu_indices(501)])
    found = hodges_lehmann(values)
    assert found.estimate == pytest.approx(np.median(averages), rel=1e-12)
    assert found.low == pytest.approx(averages[walsh_rank(501) - 1], rel=1e-12)
    assert found.high == pytest.approx(averages[-walsh_rank(501)], rel=1e-12)
    normal_limit = scipy.stats.wilcoxon(values, method="asymptotic", correction=False).pvalue
    assert wilcoxon_p(values) == pytest.approx(normal_limit, rel=1e-6)
