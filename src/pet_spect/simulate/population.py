"""Simulated people and the scanners they lie in, as varied as real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from pet_spect.simulate.heads.anatomy import Anatomy, individual_anatomy
from pet_spect.simulate.heads.standard_head import Head
from pet_spect.simulate.heads.traits import Traits, draw_traits
from pet_spect.simulate.scanner import Scanner


@dataclass(frozen=True)
class ScannerRange:
    """From where to where the scanners of a tracer differ; every value is equally likely.

    Attributes
    ----------
    fwhm_mm, noise_to_psf, scatter : tuple of float
        Least and most, see `pet_spect.simulate.scanner.Scanner`.
    """

    fwhm_mm: tuple[float, float]
    noise_to_psf: tuple[float, float]
    scatter: tuple[float, float]


SCANNER_RANGES: Mapping[str, ScannerRange] = MappingProxyType(
    {
        "FDG": ScannerRange((4.0, 9.0), (0.5, 1.0), (0.0, 0.04)),
        "IMZ": ScannerRange((8.0, 14.0), (0.5, 1.0), (0.03, 0.12)),
    }
)
"""Resolution spans PET and SPECT of clinical routine; the widths of noise and scatter are assumptions."""


def draw_person(head: Head, rng: np.random.Generator) -> tuple[Anatomy, Traits]:
    """Draw a healthy person.

    Parameters
    ----------
    head : Head
        The standard head.
    rng : numpy random generator

    Returns
    -------
    anatomy : Anatomy
        On the grid of `head`, with uptake of every tracer. A stroke is added by
        `pet_spect.simulate.heads.stroke.infarct` and `pet_spect.simulate.participant.true_activity`.
    traits : Traits
        Which numbers were drawn.
    """
    traits = draw_traits(rng)
    return individual_anatomy(head, rng, traits=traits), traits


def draw_scanner(scanner: Scanner, tracer: str, rng: np.random.Generator) -> Scanner:
    """Draw resolution, correlation of noise and scatter of a scanner; its grid and amount of noise stay.

    Parameters
    ----------
    scanner : Scanner
    tracer : {'FDG', 'IMZ'}
    rng : numpy random generator

    Returns
    -------
    Scanner
    """
    ranges = SCANNER_RANGES[tracer]
    return replace(
        scanner,
        fwhm_mm=float(rng.uniform(*ranges.fwhm_mm)),
        noise_to_psf=float(rng.uniform(*ranges.noise_to_psf)),
        scatter=float(rng.uniform(*ranges.scatter)),
    )
