"""How the mean uptake of a region answers to noise and misplacement, in the sidecar of the uptake table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast, get_args

from pet_spect.model import RegionSide
from pet_spect.quantify.uncertainty import Sensitivity
from pet_spect.results.typed_json import MismatchError, number

RESPONSE_TERMS = (
    "standard error of the mean by count noise",
    "change of the mean per mm that the region lies further right",
    "further anterior",
    "further superior",
    "change per degree that all regions turn about the right axis",
    "about the anterior axis",
    "about the superior axis",
    "half the change from the lower to the higher threshold on the probability of lesion",
)
"""What the numbers under ``Sensitivities`` are, each in the scan's unit."""


_SIDES = get_args(RegionSide)

Sensitivities = Mapping[tuple[str, RegionSide], Sensitivity]
"""By region and side."""


def by_region(sensitivities: Sensitivities) -> dict[str, dict[str, list[float | None]]]:
    """Return sensitivities as a sidecar holds them: region, side, and 9 digits of each of `RESPONSE_TERMS`."""
    content: dict[str, dict[str, list[float | None]]] = {}
    for (region, side), sensitivity in sensitivities.items():
        terms = (sensitivity.noise_sd, *sensitivity.shift, *sensitivity.turn, sensitivity.threshold)
        content.setdefault(region, {})[side] = [float(f"{term:.9g}") if math.isfinite(term) else None for term in terms]
    return content


def sensitivities_of(content: object) -> Sensitivities:
    """Return the sensitivities that `by_region` wrote.

    Raises
    ------
    MismatchError
        If there are not eight numbers, or null, for each region and side.
    """
    sensitivities: dict[tuple[str, RegionSide], Sensitivity] = {}
    for region, sides in _object(content).items():
        for side, terms in _object(sides).items():
            if side not in _SIDES or not isinstance(terms, list) or len(terms) != len(RESPONSE_TERMS):
                raise MismatchError(f"{len(RESPONSE_TERMS)} numbers for each region and side are needed")
            if not _are_finite(terms):
                terms = [math.nan if term is None else number(term) for term in terms]
            noise, x, y, z, rx, ry, rz, threshold = terms
            sensitivity = Sensitivity(noise, (x, y, z), (rx, ry, rz), threshold)
            sensitivities[region, cast(RegionSide, side)] = sensitivity
    return sensitivities


def _are_finite(terms: list[Any]) -> bool:
    """Return whether all are finite floats, which nearly all are; others are looked at one by one."""
    return {*map(type, terms)} == {float} and all(map(math.isfinite, terms))


def _object(content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise MismatchError("an object {...} is needed")
    return content
