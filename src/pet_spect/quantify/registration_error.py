"""Error that the registration adds to a ratio, learned from simulated people, and the interval that holds the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pet_spect.quantify.uncertainty import NORMAL_95

LEARNED_TARGET = ("precentral",)
"""The target whose ratios were learned from."""

LEARNED_LEAD = "FDG"
"""The tracer whose scans made the warp then."""


@dataclass(frozen=True, slots=True)
class RegistrationError:
    """Error of the logarithm of a ratio by where the registration puts its regions.

    Attributes
    ----------
    per_lost : float
        Its mean, per share of the target that is lost: negative where a ratio is read too low.
    sd_per_mm : float
        Its standard deviation per mm of estimated misplacement.
    sd_per_lost : float
        A further part, per share of the target that is lost.
    """

    per_lost: float
    sd_per_mm: float
    sd_per_lost: float


LEARNED: Mapping[tuple[str, str], RegistrationError] = {
    ("FDG", "contralateral"): RegistrationError(-0.131, 0.0094, 0.157),
    ("FDG", "cerebellum_ipsilesional"): RegistrationError(-0.160, 0.0162, 0.100),
    ("FDG", "cerebellum_contralesional"): RegistrationError(-0.191, 0.0164, 0.100),
    ("FDG", "cerebellum"): RegistrationError(-0.178, 0.0156, 0.100),
    ("FDG", "pons"): RegistrationError(-0.169, 0.0153, 0.108),
    ("FDG", "hemisphere_contralesional"): RegistrationError(-0.152, 0.0142, 0.107),
    ("IMZ", "contralateral"): RegistrationError(-0.118, 0.0153, 0.100),
    ("IMZ", "cerebellum_ipsilesional"): RegistrationError(-0.058, 0.0112, 0.100),
    ("IMZ", "cerebellum_contralesional"): RegistrationError(-0.090, 0.0125, 0.100),
    ("IMZ", "cerebellum"): RegistrationError(-0.070, 0.0106, 0.100),
    ("IMZ", "pons"): RegistrationError(-0.321, 0.0223, 0.100),
    ("IMZ", "hemisphere_contralesional"): RegistrationError(-0.073, 0.0161, 0.100),
}
"""By tracer and reference, printed by ``benchmarks/precision/intervals.py``; docs/accuracy.md says how they hold."""


@dataclass(frozen=True, slots=True)
class RegistrationFacts:
    """What a run knows of the registration of a person.

    Attributes
    ----------
    lead : str
        The tracer whose scans made the warp; empty if not known.
    misplacement_mm : float
        As the registration estimated it; NaN if not known.
    lost : float
        Share of the target on the side of the stroke that it took for lesion, 0 to 1; NaN if not known.
    """

    lead: str
    misplacement_mm: float
    lost: float


def truth_interval(
    tracer: str, reference: str, ratio: float, repeat_sd: float, facts: RegistrationFacts
) -> tuple[float, float]:
    """Return the ends of the 95 % interval that holds the true ratio of the target to a reference.

    The truth is the noise-free ratio of the person's own regions at the resolution of the scanner. Its logarithm is
    taken to be normal: shifted by the mean error of the registration, and spread by repeated scans and by the
    registration together. The ratio itself is not shifted.

    Parameters
    ----------
    tracer, reference : str
    ratio : float
    repeat_sd : float
        Standard deviation over repeated scans.
    facts : RegistrationFacts

    Returns
    -------
    (float, float)
        NaN where nothing was learned: another tracer, reference, or lead, or a number that is not known.

    Examples
    --------
    >>> low, high = truth_interval("FDG", "contralateral", 0.9, 0.009, RegistrationFacts("FDG", 1.0, 0.0))
    >>> low < 0.9 < high
    True
    >>> truth_interval("PIB", "contralateral", 0.9, 0.009, RegistrationFacts("FDG", 1.0, 0.0))
    (nan, nan)
    """
    error = LEARNED.get((tracer, reference))
    if error is None or facts.lead != LEARNED_LEAD or not ratio > 0:
        return math.nan, math.nan
    sd = math.hypot(repeat_sd / ratio, error.sd_per_mm * facts.misplacement_mm, error.sd_per_lost * facts.lost)
    middle = math.log(ratio) - error.per_lost * facts.lost
    return math.exp(middle - NORMAL_95 * sd), math.exp(middle + NORMAL_95 * sd)
