"""Within-subject variation that a study declares, and which changes of one person are more than it.

Two visits around a treatment cannot tell how much an unchanged person varies. Test-retest studies can: their
coefficient of variation (CV) comes with the configuration, with its source.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pet_spect.errors import ConfigError, listed, shown
from pet_spect.quantify.uncertainty import NORMAL_95

CvKind = Literal["total", "biological"]
Verdict = Literal["improved", "not shown", "declined"]

LEAST_CV_PERCENT, MOST_CV_PERCENT = 0.5, 50.0
"""No test-retest study of brain uptake lies beyond; 0.05 is the fraction that was meant as 5 %."""

_SOURCE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff][^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{0,199}")


@dataclass(frozen=True, slots=True)
class WithinSubjectCv:
    """How much the value of an unchanged person varies between visits.

    Attributes
    ----------
    value : float
        Coefficient of variation of one visit, percent: the standard deviation of repeated values over their mean.
        It is taken as the standard deviation of the logarithm, which differs little: at a CV of 20 % that is 19.8 %.
    kind : {'total', 'biological'}
        Total: what a test-retest study sees, its scanner's noise and its measurement included. Biological: without
        these.
    source : str
        Where the number is from.
    """

    value: float
    kind: CvKind
    source: str

    def sd_of_change(self, measured: float) -> float:
        """Return the standard deviation of ``ln(follow_up / baseline)`` in an unchanged person.

        Parameters
        ----------
        measured : float
            The part of it that is known from the scans themselves: count noise and alignment; NaN gives NaN.

        Returns
        -------
        float
            With a total CV ``max(√2 · CV, measured)``: the larger one contains the other. With a biological one, which
            is independent of the measurement, the root of the sum of squares.

        Examples
        --------
        >>> round(WithinSubjectCv(5.0, "total", "made up").sd_of_change(0.01), 4)  # √2 · 0.05
        0.0707
        >>> round(WithinSubjectCv(5.0, "biological", "made up").sd_of_change(0.07071), 4)
        0.1
        """
        if math.isnan(measured):
            return math.nan
        of_two_visits = math.sqrt(2) * self.value / 100
        return max(of_two_visits, measured) if self.kind == "total" else math.hypot(of_two_visits, measured)


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """Whether the change of one person is more than an unchanged person shows in 95 of 100 cases.

    Attributes
    ----------
    verdict : {'improved', 'not shown', 'declined'}
        More uptake is the better.
    low_percent, high_percent : float
        Between these, in percent of the baseline, nothing is shown.
    """

    verdict: Verdict
    low_percent: float
    high_percent: float


def reliable_change(baseline: float, follow_up: float, measured: float, cv: WithinSubjectCv) -> ReliableChange | None:
    """Return the verdict on the change of a positive value, of which more is better.

    The limits are the repeatability coefficient (Bland & Altman 1996, doi 10.1136/bmj.313.7059.744) on the log scale:
    ``± 1.96 · sd_of_change``, which is 2.77 CV if the CV is total and exceeds the measurement's own. In percent of the
    baseline they are not symmetric.

    Parameters
    ----------
    baseline, follow_up : float
        Positive; NaN is missing.
    measured : float
        As in `WithinSubjectCv.sd_of_change`.
    cv : WithinSubjectCv

    Returns
    -------
    ReliableChange or None
        None if a value or `measured` is NaN.

    Examples
    --------
    >>> found = reliable_change(1.0, 1.16, 0.01, WithinSubjectCv(5.0, "total", "made up"))
    >>> found.verdict, round(found.low_percent, 1), round(found.high_percent, 1)
    ('improved', -12.9, 14.9)
    """
    if not (baseline > 0 and follow_up > 0 and math.isfinite(measured)):
        return None
    limit = NORMAL_95 * cv.sd_of_change(measured)
    change = math.log(follow_up / baseline)
    verdict: Verdict = "improved" if change > limit else "declined" if change < -limit else "not shown"
    return ReliableChange(verdict, 100 * math.expm1(-limit), 100 * math.expm1(limit))


def read_within_subject_cv(entries: Any) -> dict[str, WithinSubjectCv]:
    """Return the CVs of a configuration.

    Parameters
    ----------
    entries : mapping
        By tracer ``value``, ``kind`` and ``source``.

    Raises
    ------
    ConfigError
        If one lacks a part, has another, or a part is not what `WithinSubjectCv` needs.
    """
    if not isinstance(entries, Mapping):
        raise ConfigError(f"found {shown(entries)}, needed tracers, each with value, kind and source")
    return {str(tracer): _read_cv(str(tracer), entry) for tracer, entry in entries.items()}


def _read_cv(tracer: str, entry: Any) -> WithinSubjectCv:
    if not isinstance(entry, Mapping) or entry.keys() != {"value", "kind", "source"}:
        raise ConfigError(f"{tracer}: found {shown(entry)}, needed value, kind and source, nothing else")
    value, kind, source = entry["value"], entry["kind"], entry["source"]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not LEAST_CV_PERCENT <= value <= MOST_CV_PERCENT:
        raise ConfigError(
            f"{tracer}: value: found {shown(value)}, needed percent, {LEAST_CV_PERCENT:g} to {MOST_CV_PERCENT:g},"
            " such as 5 for 5 %"
        )
    if kind not in get_args(CvKind):
        raise ConfigError(f"{tracer}: kind: found {shown(kind)}, needed {listed(get_args(CvKind), joined=' or ')}")
    if not isinstance(source, str) or not _SOURCE.fullmatch(source):
        raise ConfigError(
            f"{tracer}: source: found {shown(source)}, needed where the value is from, in one line of at most"
            " 200 characters that does not begin with a blank"
        )
    return WithinSubjectCv(float(value), kind, source)
