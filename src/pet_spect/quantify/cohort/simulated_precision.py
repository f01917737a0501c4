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
    Precision("FDG", "contralateral", 1.51, 1.57, 8),
    Precision("FDG", "cerebellum_ipsilesional", 1.38, 1.45, 8),
    Precision("FDG", "cerebellum_contralesional", 1.40, 1.48, 8),
    Precision("FDG", "cerebellum", 1.28, 1.35, 8),
    Precision("FDG", "pons", 2.70, 2.71, 8),
    Precision("FDG", "hemisphere_contralesional", 1.17, 1.23, 8),
    Precision("FDG", "whole_brain", 1.16, 1.19, 8),
    Precision("IMZ", "contralateral", 4.92, 4.95, 7),
    Precision("IMZ", "cerebellum_ipsilesional", 4.62, 4.66, 7),
    Precision("IMZ", "cerebellum_contralesional", 4.64, 4.67, 7),
    Precision("IMZ", "cerebellum", 4.18, 4.21, 7),
    Precision("IMZ", "pons", 13.67, 13.69, 7),
    Precision("IMZ", "hemisphere_contralesional", 3.75, 3.77, 7),
    Precision("IMZ", "whole_brain", 3.70, 3.72, 7),
)
"""Of the whole target, tracers and references built in."""
