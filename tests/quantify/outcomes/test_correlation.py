import math
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import spearmanr

from pet_spect.quantify.outcomes.correlation import _orders, spearman

UNTIED = ([0.11, -0.02, 0.07, 0.03, 0.16, 0.01, -0.05, 0.09], [4, 0, 5, 1, 6, 2, -1, 3])
TIED = ([0.1, 0.1, 0.3, -0.2, 0.0, 0.5, 0.3], [1, 0, 1, 0, 0, 2, 1])


def enumerated(first, second):
    """Return the fraction of all orders in which scipy's correlation is as far from zero."""
    observed = abs(spearmanr(first, second).statistic)
    others = [abs(spearmanr(first, order).statistic) for order in permutations(second)]
    return sum(other >= observed - 1e-9 for other in others) / len(others)


@pytest.mark.parametrize(("first", "second"), [UNTIED, TIED, ([1, 2, 3], [3, 1, 2])])
def test_rho_is_that_of_scipy_with_ties_by_mean_rank(first, second):
    assert spearman(first, second).rho == pytest.approx(spearmanr(first, second).statistic, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second"), [([1, 2, 3], [3, 1, 2]), ([1, 2, 2, 4, 0], [0, 1, 1, 0, 2]), ([5, 1, 2, 2, 9, 4], [1, 0] * 3)]
)
def test_p_is_that_of_every_order_tried_with_scipy(first, second):
    assert spearman(first, second).p == pytest.approx(enumerated(first, second), abs=1e-12)


@pytest.mark.parametrize(
    ("second", "one_sided"),
    [([1, 2, 3, 5, 4], 0.0417), ([1, 2, 3, 4, 6, 5], 0.0083), ([1, 2, 3, 4, 5, 7, 6], 0.0014)],
)
def test_p_is_that_of_the_table_of_kendall_and_gibbons(second, one_sided):
    found = spearman(sorted(second), second)  # table 2: n = 5, rho 0.9; n = 6, 0.943; n = 7, 0.964
    assert round(found.p / 2, 4) == pytest.approx(one_sided, abs=1e-4)
    assert found.method == "all_orders"


def test_every_order_comes_once():
    assert sorted(map(tuple, _orders(4).tolist())) == list(permutations(range(4)))


@pytest.mark.parametrize("n", [8, 9])
def test_the_smallest_p_is_that_of_the_same_order(n):
    found = spearman(range(n), range(n))
    assert found.rho == 1
    assert found.p == found.p_smallest == pytest.approx(2 / math.factorial(n))


def test_ties_make_the_smallest_p_larger():
    assert spearman([1, 2, 3, 4], [0, 0, 1, 1]).p_smallest == pytest.approx(8 / 24)


@pytest.mark.parametrize(("first", "second"), [([], []), ([1.0], [2.0]), ([1.0, 2.0], [1.0, 2.0])])
def test_two_pairs_give_no_correlation(first, second):
    found = spearman(first, second)
    assert (found.n, found.method) == (len(first), "none")
    assert all(map(math.isnan, (found.rho, found.p, found.p_smallest)))


@pytest.mark.parametrize(("first", "second"), [([1, 1, 1, 1], [1, 2, 3, 4]), ([1, 2, 3], [0, 0, 0])])
def test_a_change_that_is_equal_in_everybody_gives_no_correlation(first, second):
    assert math.isnan(spearman(first, second).rho)


def test_values_that_only_floating_point_tells_apart_tie():
    assert spearman([0.1 + 0.2, 0.3, 0.4], [1, 2, 3]) == spearman([0.3, 0.3, 0.4], [1, 2, 3])


def test_many_pairs_use_random_orders_that_agree_with_the_t_limit():
    rng = np.random.default_rng(3)
    first = rng.normal(size=1000)
    second = 0.05 * first + rng.normal(size=1000)
    found, expected = spearman(list(first), list(second)), spearmanr(first, second)
    assert found.method == "random_orders"
    assert found.rho == pytest.approx(expected.statistic, abs=1e-9)
    assert found.p == pytest.approx(expected.pvalue, abs=0.02)
    assert found == spearman(list(first), list(second))


def test_ten_pairs_are_near_to_the_exact_p():
    first, second = range(10), [2, 0, 1, 5, 3, 4, 8, 6, 9, 7]
    found = spearman(first, second)
    assert found.p_smallest == 1e-4
    assert found.p == pytest.approx(spearmanr(first, second).pvalue, abs=0.002)


def test_sides_of_different_length_are_a_bug():
    with pytest.raises(ValueError, match="2 values go with 3"):
        spearman([1, 2], [1, 2, 3])
