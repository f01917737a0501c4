from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from pet_spect.quantify.cohort.agreement import cohen_kappa


def pairs_of(table):
    return [
        (f"word{i}", f"word{j}") for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("table", "kappa", "low", "high"),
    [
        # statpsych 1.7.0, example of ci.kappa: 0.6756757 (0.5317210 to 0.8196303)
        ([[31, 12], [4, 58]], 0.6756757, 0.5317210, 0.8196303),
        # Kavanagh et al., BMC Cancer 2009;9:1, table 2: 0.906, standard error 0.092
        ([[7, 1, 0], [0, 8, 0], [0, 0, 2]], 0.906, 0.906 - 1.96 * 0.092, 1.0),
        # Agresti, Categorical Data Analysis, carcinoma of the cervix: 0.493, standard error 0.057
        ([[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]], 0.493, 0.493 - 1.96 * 0.057, 0.605),
    ],
)
def test_kappa_and_interval_of_published_tables(table, kappa, low, high):
    found = cohen_kappa(pairs_of(table))
    assert found.kappa == pytest.approx(kappa, abs=6e-4)
    assert (found.ci95_low, found.ci95_high) == pytest.approx((low, high), abs=2e-3)
    assert found.reason == ""


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30))
def test_kappa_is_that_of_scikit_learn(pairs):
    found = cohen_kappa(pairs)
    words = {word for pair in pairs for word in pair}
    if len(words) == 1:
        assert math.isnan(found.kappa)
    else:
        assert found.kappa == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)))
    if math.isfinite(found.ci95_low):
        assert -1 <= found.ci95_low < found.kappa < found.ci95_high <= 1 or found.kappa == found.ci95_high == 1
    else:
        assert found.reason


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=20))
def test_exchanging_the_readers_changes_nothing(pairs):
    one, other = cohen_kappa(pairs), cohen_kappa([pair[::-1] for pair in pairs])
    assert (one.kappa, one.ci95_low, one.ci95_high) == pytest.approx(
        (other.kappa, other.ci95_low, other.ci95_high), nan_ok=True
    )


@pytest.mark.parametrize(
    ("pairs", "kappa", "reason"),
    [
        ([], math.nan, "there is no scan to compare"),
        ([("none", "none")] * 8, math.nan, "both say none of every scan, so that nothing is left to chance"),
        ([("none", "none"), ("exclude", "exclude")], 1.0, "both say the same of every scan: no standard error"),
        ([("none", "exclude")], 0.0, "the standard error is 0"),
        ([("none", "exclude"), ("exclude", "none")], -1.0, "the standard error is 0"),
    ],
)
def test_where_there_is_no_interval_the_reason_says_why(pairs, kappa, reason):
    found = cohen_kappa(pairs)
    assert found.kappa == pytest.approx(kappa, nan_ok=True)
    assert (math.isnan(found.ci95_low), math.isnan(found.ci95_high), found.reason) == (True, True, reason)
