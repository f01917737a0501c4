"""Planning of a single-arm trial: what mean change a number of people can show, and how many people one needs.

The test is the two-sided one-sample t test, which goes with the t interval of the mean. Its power comes from the
noncentral t distribution (Cohen 1988, *Statistical Power Analysis*, chapter 2). A plan tests ``ln(follow_up /
baseline)``: noise and persons vary in proportion to the value, so that a percent change varies more the larger it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pet_spect.quantify.cohort.within_subject import WithinSubjectCv
from pet_spect.remarks import Remark

MOST_PEOPLE = 100_000
"""Above it no sample size is given."""

ALPHA, POWER = 0.05, 0.8
"""Two-sided probability of a false positive, and probability of finding the change, unless others are asked for."""

FEWEST_FOR_SCATTER = 3
"""With fewer changes their standard deviation says next to nothing."""

_ZERO_NONCENTRALITY = 1e-9
_LARGEST_LOG_CHANGE = 3.0  # twenty times as much: what only more shows is shown by nothing

Basis = Literal["counting_noise", "registration", "within_subject"]


@dataclass(frozen=True, slots=True)
class Precision:
    """How much one ratio of a tracer varies because of the measurement.

    Attributes
    ----------
    tracer, reference : str
    noise_percent : float
        Standard deviation of ``ln(follow_up / baseline)`` of one person by count noise alone, times 100; the root mean
        square over people. NaN if not known.
    own_percent : float
        The same by count noise and rigid alignment.
    people : int
        Of how many people.
    """

    tracer: str
    reference: str
    noise_percent: float
    own_percent: float
    people: int


@dataclass(frozen=True, slots=True)
class Design:
    """What a trial is planned for.

    Attributes
    ----------
    people : int
        At least 2.
    change_percent : float
        The mean improvement that it shall show, percent of the baseline; NaN if none is given.
    power, alpha : float
        ``alpha < power < 1``.
    """

    people: int
    change_percent: float = math.nan
    power: float = POWER
    alpha: float = ALPHA


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One row of a plan.

    Attributes
    ----------
    tracer, reference : str
    basis : {'counting_noise', 'registration', 'within_subject'}
        What varies: counts alone, alignment as well, the person as well.
    sd_percent : float
        Standard deviation of the change of one person whose true change is the mean one; NaN if not known.
    people_measured : int
        Whose scans gave it.
    smallest_change_percent : float
        Smallest mean improvement that is found with the power of the design, percent of the baseline; NaN if not known,
        or above twenty times the baseline.
        A decline of c / (1 + c) is found as well as an improvement of c.
    people_needed : int or None
        For the wanted change; only where the person's own variation is contained.
    remark : Remark or None
        Why there is no `people_needed`.
    """

    tracer: str
    reference: str
    basis: Basis
    sd_percent: float
    people_measured: int
    smallest_change_percent: float
    people_needed: int | None
    remark: Remark | None


def power_of_mean_change(change: float, sd: float, people: int, alpha: float = ALPHA) -> float:
    """Return the probability that a t test of the mean of changes finds it.

    ``P(|T| > t(1 - alpha/2, n - 1))``, T noncentral with n - 1 degrees of freedom and noncentrality
    ``√n · change / sd``.

    Parameters
    ----------
    change, sd : float
        True mean and standard deviation of the changes, in one unit; `sd` is positive.
    people : int
        At least 2.
    alpha : float

    Examples
    --------
    >>> round(power_of_mean_change(1.0, 1.0, 8), 3), round(power_of_mean_change(0.0, 1.0, 8), 3)
    (0.681, 0.05)
    """
    from scipy.special import stdtrit

    freedom = people - 1
    critical = float(stdtrit(freedom, 1 - alpha / 2))
    noncentrality = math.sqrt(people) * abs(change) / sd
    if noncentrality < _ZERO_NONCENTRALITY:
        return alpha
    above = 1 - _noncentral_t(freedom, noncentrality, critical)
    return above + _noncentral_t(freedom, noncentrality, -critical)


def _noncentral_t(freedom: int, noncentrality: float, value: float) -> float:
    from scipy.special import nctdtr

    probability = float(nctdtr(freedom, noncentrality, value))
    return 0.0 if math.isnan(probability) else probability  # NaN where it is too small for the algorithm


def smallest_mean_change(sd: float, people: int, power: float = POWER, alpha: float = ALPHA) -> float:
    """Return the smallest mean change that is found with a power, in the unit of `sd`; NaN if that is NaN.

    Parameters
    ----------
    sd : float
        Standard deviation of the changes.
    people : int
        At least 2.
    power, alpha : float
        ``alpha < power < 1``.

    Examples
    --------
    >>> round(smallest_mean_change(10.0, 8), 1)
    11.6
    """
    from scipy.optimize import brentq

    if math.isnan(sd):
        return math.nan
    most = 1.0
    while power_of_mean_change(most, 1.0, people, alpha) < power:
        most *= 2
    relative = brentq(lambda change: power_of_mean_change(change, 1.0, people, alpha) - power, 0.0, most, xtol=1e-10)
    return sd * float(relative)


def people_needed(change: float, sd: float, power: float = POWER, alpha: float = ALPHA) -> int | None:
    """Return how many people a mean change needs to be found with a power; None if more than `MOST_PEOPLE`.

    Parameters
    ----------
    change, sd : float
        True mean and standard deviation of the changes, in one unit; neither is 0.
    power, alpha : float
        ``alpha < power < 1``.

    Examples
    --------
    >>> people_needed(1.0, 1.0), people_needed(0.5, 1.0), people_needed(1e-6, 1.0)
    (10, 34, None)
    """
    if power_of_mean_change(change, sd, MOST_PEOPLE, alpha) < power:
        return None
    enough, too_few = MOST_PEOPLE, 1
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if power_of_mean_change(change, sd, middle, alpha) >= power:
            enough = middle
        else:
            too_few = middle
    return enough


def plan_lines(precisions: Iterable[Precision], cvs: Mapping[str, WithinSubjectCv], design: Design) -> list[PlanLine]:
    """Return three lines for each tracer and reference, from the least that varies to all that does.

    Parameters
    ----------
    precisions : iterable of Precision
    cvs : mapping
        By tracer; those without one have no sample size.
    design : Design
    """
    lines = []
    for precision in precisions:
        cv = cvs.get(precision.tracer)
        own = precision.own_percent
        within = math.nan if cv is None else 100 * cv.sd_of_change(own / 100)
        basis_sds: dict[Basis, float] = {
            "counting_noise": precision.noise_percent,
            "registration": own,
            "within_subject": within,
        }
        for basis, sd in basis_sds.items():
            needed, remark = _needed(basis, sd, cv, design)
            of_logarithm = smallest_mean_change(sd / 100, design.people, design.power, design.alpha)
            smallest = 100 * math.expm1(of_logarithm) if of_logarithm < _LARGEST_LOG_CHANGE else math.nan
            who = (precision.tracer, precision.reference, basis)
            lines.append(PlanLine(*who, sd, precision.people, smallest, needed, remark))
    return lines


def _needed(basis: Basis, sd: float, cv: WithinSubjectCv | None, design: Design) -> tuple[int | None, Remark | None]:
    """Return the sample size, or why there is none."""
    if basis == "within_subject" and cv is None:
        return None, Remark.of("no_sample_size", case="no_cv")
    if math.isnan(sd):
        return None, Remark.of("no_sample_size", case="no_noise")
    if basis != "within_subject":
        return None, Remark.of("no_sample_size", case="lower_bound")
    if math.isnan(design.change_percent):
        return None, Remark.of("no_sample_size", case="no_change")
    of_logarithm = math.log1p(design.change_percent / 100)
    needed = people_needed(of_logarithm, sd / 100, design.power, design.alpha)
    return needed, None if needed else Remark.of("no_sample_size", case="too_many", most=MOST_PEOPLE)
