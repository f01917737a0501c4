"""Traits that make one simulated person differ from the standard head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

VENTRICLE_RATIO = (0.7, 4.0)
"""Smallest and largest volume of the lateral ventricles over that of the standard head, before the head's own size."""

THINNING_MM = (-0.2, 1.0)
"""Thickest and thinnest cortex. Both atrophies are those of the standard head at about 0.2, a young adult's."""

_SIZE_MEAN, _SIZE_SD, _SHAPE_SD, _SHEAR_SD = 0.93, 0.04, 0.03, 0.02
_MOST_SD = 2.5
_MOST_TURN_DEGREES = 3.0
_WARP_RMS_MM = (2.0, 4.0)
_PETALIA_MEAN_MM, _PETALIA_SD_MM, _MOST_PETALIA_MM = 1.5, 1.5, 4.0
_ATROPHY_SD = 0.1
_SCALP_RANGE = 2.0


@dataclass(frozen=True)
class Traits:
    """One person's anatomy and physiology in numbers; the defaults are the standard head itself.

    Attributes
    ----------
    size : tuple of float
        Length of the head over the standard head's, along x, y and z. Drawn: 0.93 (SD 0.04) for the whole head,
        because the ICBM 2009 head is larger than most (Lancaster 2007, doi 10.1002/hbm.20345),
        times 1 (SD 0.03) per axis; each within 2.5 SD.
    shear : tuple of float
        Of xy, xz and yz. Drawn: SD 0.02, within 2.5 SD.
    turn_degrees : tuple of float
        About x, y and z. Drawn: within 3 degrees.
    warp_rms_mm : float
        Standard deviation of each component of the random smooth warp. Drawn: 2 to 4.
    petalia_mm : float
        How much further forward the right hemisphere lies than the left at both poles: right frontal and
        left occipital protrusion (Toga 2003, doi 10.1038/nrn1009). Drawn: 1.5 (SD 1.5), within 4 of 0.
    atrophy : float
        0 (young) to 1 (very atrophic), of which the next two follow, each with a scatter of SD 0.1.
        Drawn: every value equally often.
    ventricle_ratio : float
        Volume of the lateral ventricles over that of the standard head before `size` applies; its logarithm
        is linear in atrophy. Drawn: 0.7 to 4.
    thinning_mm : float
        How much of the standard head's cortex the CSF of widened sulci replaces, at the pial surface; negative
        where sulci are narrower. 1 mm lowers regional means by 6 to 13 %. Drawn: -0.2 to 1, linear in atrophy.
    usual_thinning_mm : float
        Thinning at which regional means are those of the pattern, because the people it was measured in were not all
        young. Drawn: always 0.4, the mean of `thinning_mm`.
    scalp : mapping of str to float
        Uptake of the scalp over the pattern's, per tracer. Drawn: 0.5 to 2, its logarithm evenly.
    between_person : float
        How strongly regional uptake differs from the pattern, see
        `pet_spect.simulate.heads.regional_factors.regional_factors`. Drawn: always 1.

    The SDs of shape and shear, the warp, atrophy and scalp are assumptions.
    """

    size: tuple[float, float, float] = (1.0, 1.0, 1.0)
    shear: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn_degrees: tuple[float, float, float] = (0.0, 0.0, 0.0)
    warp_rms_mm: float = 0.0
    petalia_mm: float = 0.0
    atrophy: float = 0.0
    ventricle_ratio: float = 1.0
    thinning_mm: float = 0.0
    usual_thinning_mm: float = 0.0
    scalp: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({"FDG": 1.0, "IMZ": 1.0}))
    between_person: float = 0.0


STANDARD = Traits()
"""The standard head itself."""


def draw_traits(rng: np.random.Generator) -> Traits:
    """Draw an adult, young or old; see `Traits` for how.

    Parameters
    ----------
    rng : numpy random generator

    Returns
    -------
    Traits
    """
    size = (_SIZE_MEAN + _SIZE_SD * _normal(rng)) * np.array([1 + _SHAPE_SD * _normal(rng) for _ in range(3)])
    shear = [_SHEAR_SD * _normal(rng) for _ in range(3)]
    turn = rng.uniform(-_MOST_TURN_DEGREES, _MOST_TURN_DEGREES, 3)
    warp = rng.uniform(*_WARP_RMS_MM)
    petalia = np.clip(_PETALIA_MEAN_MM + _PETALIA_SD_MM * _normal(rng), -_MOST_PETALIA_MM, _MOST_PETALIA_MM)
    atrophy = rng.uniform()
    inside, outside = np.clip(atrophy + _ATROPHY_SD * rng.standard_normal(2), 0, 1)
    least, most = VENTRICLE_RATIO
    thickest, thinnest = THINNING_MM
    scalp = {tracer: float(_SCALP_RANGE ** rng.uniform(-1, 1)) for tracer in ("FDG", "IMZ")}
    return Traits(
        size=(float(size[0]), float(size[1]), float(size[2])),
        shear=(shear[0], shear[1], shear[2]),
        turn_degrees=(float(turn[0]), float(turn[1]), float(turn[2])),
        warp_rms_mm=float(warp),
        petalia_mm=float(petalia),
        atrophy=float(atrophy),
        ventricle_ratio=float(least * (most / least) ** inside),
        thinning_mm=float(thickest + (thinnest - thickest) * outside),
        usual_thinning_mm=(thickest + thinnest) / 2,
        scalp=MappingProxyType(scalp),
        between_person=1.0,
    )


def _normal(rng: np.random.Generator) -> float:
    """Draw a standard normal value, moved to within 2.5 of 0."""
    return float(np.clip(rng.standard_normal(), -_MOST_SD, _MOST_SD))
