import math

import pytest
from scipy.stats import binomtest

from pet_spect.quantify.outcomes.proportion import proportion


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0000, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_the_interval_is_that_of_newcombe_1998_table_1(count, n, low, high):
    found = proportion(count, n)  # Stat Med 17:857, method 5
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 20])
def test_the_interval_is_that_of_scipy(n):
    for count in range(n + 1):
        expected = binomtest(count, n).proportion_ci(method="exact")
        found = proportion(count, n)
        assert found.estimate == count / n
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_nobody_gives_no_proportion():
    found = proportion(0, 0)
    assert all(map(math.isnan, (found.estimate, found.low, found.high)))


@pytest.mark.parametrize("count", [-1, 9])
def test_more_people_than_there_are_is_an_error(count):
    with pytest.raises(ValueError, match="is no proportion"):
        proportion(count, 8)
