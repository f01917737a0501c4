"""Precision of the ratios of simulated scans, from which a trial is planned before it has scans of its own.

Measured on 2026-11-29 with the simulated trial of ``make demo`` (8 people, seed 1; one IMZ scan is missing):
``pet-spect plan demo --out plan.tsv``, column ``sd_percent`` of the rows ``counting_noise`` and ``registration``.
The noise of its scans is `simulate.design`'s: a scanner of your own may have more or less. Whoever changes the
simulator's noise or how regions are weighted measures them again.
"""

from __future__ import annotations

from pet_spect.quantify.cohort.planning import Precision

SIMULATED_SOURCE = "the simulated scans of make demo"
"""In words."""

SIMULATED: tuple[Precision, ...] = (
    Precision("FDG", "contralateral", 1.56, 1.63, 8),
    Precision("FDG", "cerebellum_ipsilesional", 1.41, 1.48, 8),
    Precision("FDG", "cerebellum_contralesional", 1.43, 1.52, 8),
    Precision("FDG", "cerebellum", 1.31, 1.38, 8),
    Precision("FDG", "pons", 2.71, 2.73, 8),
    Precision("FDG", "hemisphere_contralesional", 1.21, 1.27, 8),
    Precision("FDG", "whole_brain", 1.20, 1.23, 8),
    Precision("IMZ", "contralateral", 5.12, 5.15, 7),
    Precision("IMZ", "cerebellum_ipsilesional", 4.74, 4.77, 7),
    Precision("IMZ", "cerebellum_contralesional", 4.76, 4.79, 7),
    Precision("IMZ", "cerebellum", 4.30, 4.34, 7),
    Precision("IMZ", "pons", 13.70, 13.72, 7),
    Precision("IMZ", "hemisphere_contralesional", 3.89, 3.92, 7),
    Precision("IMZ", "whole_brain", 3.85, 3.86, 7),
)
"""Of the whole target, tracers and references built in."""
