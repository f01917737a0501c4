"""The simulated trial on paper: who has what stroke, how each motor cortex fares, which scanner sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np

from pet_spect.model import opposite
from pet_spect.simulate.heads.stroke import Stroke
from pet_spect.simulate.population import draw_scanner
from pet_spect.simulate.scanner import Scanner

SESSIONS = ("baseline", "year1")
TRACERS = ("FDG", "IMZ")

AnatKind = Literal["T1w", "CT"]
ANAT_KINDS: tuple[AnatKind, ...] = get_args(AnatKind)

INFARCT_CORE: Mapping[str, float] = MappingProxyType({"FDG": 0.15, "IMZ": 0.1})
"""Uptake in an infarct as a fraction of normal."""


@dataclass(frozen=True)
class Case:
    """One participant on paper.

    Attributes
    ----------
    stroke : Stroke
    motor : mapping of str to float
        Uptake of the ipsilesional motor cortex at baseline, per tracer, as a fraction of normal,
        before the infarct and its surroundings take their part.
    improvement : mapping of str to float
        Relative change of that uptake at one year, per tracer.
    sex : {'F', 'M'}
    height_m, weight_kg : float
    weight_in_spect_header : bool
        Otherwise it says 0 and scans.tsv has the weight.
    manufacturer : str
    spacing_sign : {1, -1}
        Of SPECT slices.
    spect_scaling : {'none', 'slope', 'real_world'}
    """

    stroke: Stroke
    motor: Mapping[str, float]
    improvement: Mapping[str, float]
    sex: Literal["F", "M"]
    height_m: float
    weight_kg: float
    weight_in_spect_header: bool
    manufacturer: str
    spacing_sign: Literal[1, -1]
    spect_scaling: Literal["none", "slope", "real_world"]


def _case(
    stroke: Stroke,
    motor: tuple[float, float],
    improvement: tuple[float, float],
    person: tuple[Literal["F", "M"], float, float],
    spect: tuple[bool, str, Literal[1, -1], Literal["none", "slope", "real_world"]],
) -> Case:
    by_tracer = [MappingProxyType(dict(zip(TRACERS, pair, strict=True))) for pair in (motor, improvement)]
    sex, height_m, weight_kg = person
    return Case(stroke, by_tracer[0], by_tracer[1], sex, height_m, weight_kg, *spect)


_GE, _SIEMENS = "GE MEDICAL SYSTEMS", "SIEMENS"
_CASES = (
    # striatocapsular
    _case(
        Stroke("left", (26, 0, 10), (12, 22, 14), 14, 0.5),
        (0.82, 0.88),
        (0.08, 0.05),
        ("M", 1.74, 71.5),
        (True, _GE, -1, "none"),
    ),
    # superior division of the middle cerebral artery, into the motor cortex
    _case(
        Stroke("right", (44, -2, 34), (16, 24, 18), 38, 0.9),
        (0.76, 0.80),
        (0.05, 0.03),
        ("F", 1.58, 56.0),
        (False, _GE, -1, "slope"),
    ),
    # the whole middle cerebral artery
    _case(
        Stroke("left", (46, -2, 2), (20, 34, 20), 100, 1.0),
        (0.72, 0.76),
        (0.0, 0.0),
        ("M", 1.69, 66.0),
        (True, _SIEMENS, 1, "real_world"),
    ),
    # lacune of the corona radiata
    _case(
        Stroke("right", (24, -12, 28), (8, 12, 8), 3, 0.3),
        (0.90, 0.94),
        (0.12, 0.08),
        ("M", 1.80, 82.5),
        (True, _SIEMENS, 1, "none"),
    ),
    # inferior division, behind the motor cortex
    _case(
        Stroke("left", (50, -46, 18), (14, 22, 20), 45, 0.6),
        (0.88, 0.92),
        (-0.02, 0.0),
        ("F", 1.63, 60.5),
        (False, _GE, -1, "none"),
    ),
    # hand knob
    _case(
        Stroke("right", (36, -20, 54), (13, 12, 13), 8, 0.5),
        (0.80, 0.84),
        (0.10, 0.06),
        ("F", 1.55, 52.0),
        (True, _SIEMENS, 1, "slope"),
    ),
    # frontal
    _case(
        Stroke("left", (40, 26, 18), (16, 22, 20), 60, 0.7),
        (0.85, 0.90),
        (0.0, -0.02),
        ("M", 1.77, 78.0),
        (True, _GE, -1, "real_world"),
    ),
    # deep perforators
    _case(
        Stroke("right", (28, -6, 16), (12, 20, 14), 22, 0.7),
        (0.80, 0.86),
        (0.06, 0.04),
        ("F", 1.60, 58.5),
        (False, _GE, -1, "none"),
    ),
)

PET_SCANNERS: Mapping[str, Scanner] = MappingProxyType(
    {
        _GE: Scanner(6.0, (128, 128, 71), (2.0, 2.0, 3.27), 0.058),
        _SIEMENS: Scanner(6.0, (128, 128, 109), (2.04, 2.04, 2.027), 0.058),
    }
)
"""Noise of 5.8 % at uptake 1 is 7 % in cortex as the scanner sees it, blurred with its surroundings to about 0.71."""

SPECT_SCANNERS: Mapping[str, Scanner] = MappingProxyType(
    {
        _GE: Scanner(11.0, (128, 128, 64), (3.68, 3.68, 3.68), 0.083),
        _SIEMENS: Scanner(11.0, (128, 128, 72), (3.3, 3.3, 3.3), 0.083),
    }
)
"""Noise of 8.3 % at uptake 1 is 11 % in cortex as the scanner sees it, at about 0.58."""

_SCANNER_STREAM = 2


@dataclass(frozen=True)
class Trial:
    """Settings of a simulated trial.

    Attributes
    ----------
    participants : int, default 8
    seed : int, default 1
    step : int, default 1
        Voxel of the anatomy in mm; larger is quicker and coarser.
    thin : int, default 1
        Divides the number of columns, rows and slices of every scan; an anatomical image is halved at most.
    anat : {'T1w', 'CT'}, optional
        The anatomical image that everybody has; none by default.
    """

    participants: int = 8
    seed: int = 1
    step: int = 1
    thin: int = 1
    anat: AnatKind | None = None

    def participant_id(self, index: int) -> str:
        """Return the name of participant `index`, counted from 0."""
        return f"sub-{index + 1:02d}"

    def case(self, index: int) -> Case:
        """Return participant `index` on paper; after eight the cases recur, every other time on the other side."""
        case = _CASES[index % len(_CASES)]
        if (index // len(_CASES)) % 2 == 0:
            return case
        stroke = case.stroke
        return replace(case, stroke=replace(stroke, side=opposite(stroke.side)))

    def scans(self, index: int) -> list[tuple[str, str]]:
        """Return the (session, tracer) pairs of participant `index`; the last participant has no one-year SPECT."""
        everything = [(session, tracer) for session in SESSIONS for tracer in TRACERS]
        return everything[:-1] if index == self.participants - 1 else everything

    def scanner(self, index: int, tracer: str) -> Scanner:
        """Return the scanner that participant `index` lies in at every visit; resolution and scatter are drawn."""
        scanners = PET_SCANNERS if tracer == "FDG" else SPECT_SCANNERS
        full = scanners[self.case(index).manufacturer]
        columns, rows, slices = (extent // self.thin for extent in full.shape)
        across, down, along = (size * self.thin for size in full.voxel_mm)
        rng = np.random.default_rng([self.seed, index, _SCANNER_STREAM, TRACERS.index(tracer)])
        coarser = replace(full, shape=(columns, rows, slices), voxel_mm=(across, down, along))
        return draw_scanner(coarser, tracer, rng)
