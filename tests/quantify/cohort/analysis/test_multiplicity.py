import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from pet_spect.quantify.cohort.analysis.multiplicity import adjusted_p


def closed_test(p_values):
    """Holm by the closure principle: the largest Bonferroni p of every set of hypotheses that holds one of them."""
    places = range(len(p_values))
    subsets = [set(s) for size in range(1, len(p_values) + 1) for s in itertools.combinations(places, size)]
    return [
        max(min(1.0, len(s) * min(p_values[other] for other in s)) for s in subsets if place in s) for place in places
    ]


@pytest.mark.parametrize("p_values", [[0.01, 0.04], [0.04, 0.01], [0.03, 0.03], [0.6, 0.7], [0.02, 0.5, 0.011, 0.2]])
def test_holm_is_the_closed_test_of_bonferroni(p_values):
    assert adjusted_p(p_values, "holm") == pytest.approx(closed_test(p_values))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_that_of_statsmodels(p_values):
    assert adjusted_p(p_values, "holm") == pytest.approx(multipletests(p_values, method="holm")[1])


def test_in_a_fixed_order_a_p_counts_only_after_those_before_it():
    assert adjusted_p([0.02, 0.001, 0.3, 0.01], "fixed") == [0.02, 0.02, 0.3, 0.3]


def test_a_test_that_was_not_made_counts_as_one():
    holm = adjusted_p([math.nan, 0.02], "holm")
    assert math.isnan(holm[0])
    assert holm[1] == 0.04
    assert adjusted_p([math.nan, 0.02], "fixed")[1] == 1.0


def test_without_adjustment_there_is_no_adjusted_p():
    assert all(map(math.isnan, adjusted_p([0.02, 0.03], "none")))
