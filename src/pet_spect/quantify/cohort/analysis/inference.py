"""Estimate, interval and tests of one quantity over participants, and its expression in percent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from pet_spect.quantify.cohort.statistics import FloatArray, hodges_lehmann, mean_interval, sign_flip_p, smallest_p
from pet_spect.quantify.cohort.statistics import wilcoxon_p as exact_wilcoxon_p

FEWEST = 3
"""Participants below which nothing is estimated: with two, the t interval is 12.7 standard errors wide on each side."""

_EQUAL = 1e-9
"""Differences below this part of the scale of the numbers they are of are none: floating point alone makes them."""

_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Description:
    """How one quantity is distributed over participants; NaN where it is not estimated.

    Attributes
    ----------
    mean_change, sd : float
        Mean and standard deviation (n - 1).
    standardised_change : float
        ``mean_change / sd``, the standardised response mean; NaN if all values are equal.
    agreement_low, agreement_high : float
        Limits of agreement, mean ± 1.96 sd (Bland & Altman 1986, doi 10.1016/S0140-6736(86)90837-8).
    bound_low, bound_high : float
        The mean if every missing person had the lowest, and the highest observed value.
    """

    mean_change: float = math.nan
    sd: float = math.nan
    standardised_change: float = math.nan
    agreement_low: float = math.nan
    agreement_high: float = math.nan
    bound_low: float = math.nan
    bound_high: float = math.nan


@dataclass(frozen=True)
class Inference:
    """Intervals and tests of one quantity; NaN where there is none.

    Attributes
    ----------
    ci95_low, ci95_high : float
        Student's t interval of the mean (95 %).
    p : float
        Two-sided p of the t test of the mean: below 0.05 exactly if the interval leaves out zero.
    hodges_lehmann, hl_ci_low, hl_ci_high : float
        See `pet_spect.quantify.cohort.statistics.hodges_lehmann`.
    p_wilcoxon, p_sign_flip, p_smallest : float
        The exact tests, and the smallest p that they can give (`smallest_p`).
    """

    ci95_low: float = math.nan
    ci95_high: float = math.nan
    p: float = math.nan
    hodges_lehmann: float = math.nan
    hl_ci_low: float = math.nan
    hl_ci_high: float = math.nan
    p_wilcoxon: float = math.nan
    p_sign_flip: float = math.nan
    p_smallest: float = math.nan


Record = TypeVar("Record", Description, Inference)


def describe(values: Sequence[float], n_missing: int = 0, scale: float = 1.0) -> Description:
    """Return mean, standard deviation, limits of agreement and bounds.

    Parameters
    ----------
    values : sequence of float
        Finite. With fewer than `FEWEST` nothing is estimated.
    n_missing : int, default 0
        For how many people the lowest or highest value is put in to get the bounds.
    scale : float, default 1
        See `all_equal`.

    Examples
    --------
    >>> d = describe([1.0, 2.0, 3.0], n_missing=1)
    >>> d.mean_change, d.sd, d.standardised_change, d.bound_low, d.bound_high
    (2.0, 1.0, 2.0, 1.75, 2.25)
    """
    if len(values) < FEWEST:
        return Description()
    array = _without_rounding(values, scale)
    mean, sd = float(array.mean()), 0.0 if all_equal(values, scale) else float(array.std(ddof=1))
    everybody = len(values) + n_missing
    return Description(
        mean_change=mean,
        sd=sd,
        standardised_change=mean / sd if sd > 0 else math.nan,
        agreement_low=mean - _NORMAL_95 * sd,
        agreement_high=mean + _NORMAL_95 * sd,
        bound_low=(len(values) * mean + n_missing * float(array.min())) / everybody,
        bound_high=(len(values) * mean + n_missing * float(array.max())) / everybody,
    )


def infer(values: Sequence[float], scale: float = 1.0) -> Inference:
    """Return intervals and tests of the mean of a quantity.

    Parameters
    ----------
    values : sequence of float
        Finite. With fewer than `FEWEST` there is nothing; if all are equal there is no interval and no t test, because
        nothing is known of their scatter.
    scale : float, default 1
        See `all_equal`.

    Examples
    --------
    >>> tested = infer([1.0, 2.0, 3.0, 4.0])
    >>> round(tested.p, 4), tested.p_sign_flip, tested.p_smallest
    (0.0305, 0.125, 0.125)
    """
    if len(values) < FEWEST:
        return Inference()
    array = _without_rounding(values, scale)
    shift = hodges_lehmann(array)
    exact = Inference(
        hodges_lehmann=shift.estimate,
        p_wilcoxon=exact_wilcoxon_p(array),
        p_sign_flip=sign_flip_p(array),
        p_smallest=smallest_p(array),
    )
    if all_equal(values, scale):
        return exact
    mean = mean_interval(array)
    return replace(
        exact,
        ci95_low=mean.low,
        ci95_high=mean.high,
        p=t_test_p(array),
        hl_ci_low=shift.low,
        hl_ci_high=shift.high,
    )


def t_test_p(values: FloatArray) -> float:
    """Return the two-sided p of Student's t test that the mean is zero.

    Parameters
    ----------
    values : (n,) float array
        Finite, at least two, not all equal.
    """
    from scipy.special import stdtr

    n = len(values)
    t = float(values.mean()) / (float(values.std(ddof=1)) / math.sqrt(n))
    return float(2 * stdtr(n - 1, -abs(t)))


def all_equal(values: Sequence[float], scale: float = 1.0) -> bool:
    """Return whether values differ by no more than floating point explains.

    Parameters
    ----------
    values : sequence of float
        Not empty.
    scale : float, default 1
        Size of the numbers of which the values are differences: their rounding stays when they cancel. 1 is that of
        logarithms of ratios and of scores.

    Examples
    --------
    >>> all_equal([0.1 + 0.2, 0.3]), all_equal([0.0, 3e-12]), all_equal([1.0, 1.001])
    (True, True, False)
    >>> all_equal([0.0, 1e-8]), all_equal([0.0, 1e-8], scale=100.0)
    (False, True)
    """
    largest = max(scale, *map(abs, values))
    return max(values) - min(values) <= _EQUAL * largest


def _without_rounding(values: Sequence[float], scale: float) -> FloatArray:
    """Return values with those as zero that only rounding keeps from it."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.abs(array) <= _EQUAL * scale, 0.0, array)


def percent_of_log(log_ratio: float) -> float:
    """Return a logarithm of a ratio as a change in percent; infinite where no float holds it.

    Examples
    --------
    >>> round(percent_of_log(math.log(1.25)), 9)
    25.0
    """
    try:
        return 100 * math.expm1(log_ratio)
    except OverflowError:
        return math.inf


def inference_in_percent(tested: Inference) -> Inference:
    """Return what was inferred of a log ratio, transformed back to percent; the p are those of the same tests."""
    return _in_percent(tested, kept=("p", "p_wilcoxon", "p_sign_flip", "p_smallest"))


def description_in_percent(of_log: Description, sd_percent: float) -> Description:
    """Return the description of a log ratio, transformed back to percent.

    Parameters
    ----------
    of_log : Description
    sd_percent : float
        Standard deviation of the participants' own changes in percent, for a standard deviation has no back
        transform. The standardised change stays that of the logarithm.
    """
    described = _in_percent(of_log, kept=("sd", "standardised_change"))
    return replace(described, sd=sd_percent)


def _in_percent(record: Record, *, kept: Sequence[str]) -> Record:
    changed = {
        each.name: percent_of_log(getattr(record, each.name)) for each in fields(record) if each.name not in kept
    }
    return replace(record, **changed)
