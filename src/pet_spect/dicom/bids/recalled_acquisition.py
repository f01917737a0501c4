"""Acquisition and reconstruction from a JSON in BIDS form, by the rules that hold for a header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pet_spect.dicom.facts.acquisition import (
    COLLIMATORS,
    MOST_COUNTS,
    MOST_KEV,
    MOST_PASSES,
    Acquisition,
    EnergyWindow,
    counts_of,
    ranges_of,
    scatter_of,
    whole,
)
from pet_spect.dicom.objects.vocabulary import UNLISTED, known_text
from pet_spect.nuclides import radionuclide_name


def recalled_acquisition(told: Mapping[str, Any]) -> Acquisition:
    """Return what a JSON in BIDS form says of acquisition and reconstruction, by the same rules."""
    passes = _labelled(told.get("ReconMethodParameterLabels"), told.get("ReconMethodParameterValues"))
    matrix, windows, kind = told.get("MatrixSize"), told.get("EnergyWindows"), told.get("CollimatorType")
    scatter, name = told.get("ScatterCorrectionMethod"), told.get("CollimatorName")
    corrections = ("SCAT",) if isinstance(scatter, str) and scatter != "none" else ("",) if scatter == "none" else ()
    return Acquisition(
        matrix=_matrix(matrix),
        counts=counts_of(_bounded(told.get("CountsAccumulated"), MOST_COUNTS)),
        scatter=scatter_of(scatter if isinstance(scatter, str) else None, corrections),
        windows=tuple(_recalled_windows(windows if isinstance(windows, list) else [])),
        collimator_type=kind if kind in COLLIMATORS else None,
        collimator=known_text("collimator", name if isinstance(name, str) else None),
        iterations=passes.get("iterations"),
        subsets=passes.get("subsets"),
        filter_size_mm=_bounded(told.get("ReconFilterSize"), 99),
        filter_cutoff=_bounded(told.get("ReconFilterCutoff"), 99),
        filter_order=whole(_bounded(told.get("ReconFilterOrder"), 99)),
    )


def _bounded(value: object, most: float) -> float | None:
    """Return a number of a JSON if it is positive and no larger than `most`."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value <= most else None  # type: ignore[arg-type,operator]


def _recalled_windows(told: Sequence[object]) -> list[EnergyWindow]:
    found = []
    for item in told:
        if isinstance(item, dict):
            number, text = _bounded(item.get("Window"), 99), item.get("Name")
            name = radionuclide_name(text) or UNLISTED if isinstance(text, str) else None
            upper = _bounded(item.get("UpperLimit"), MOST_KEV)
            lower = 0.0 if item.get("LowerLimit") == 0 else _bounded(item.get("LowerLimit"), MOST_KEV)
            found += [] if number is None else ranges_of(int(number), name, lower, upper)
    return found


def _labelled(labels: object, values: object) -> dict[str, int]:
    """Return iterations and subsets of BIDS' parallel lists."""
    if not isinstance(labels, list) or not isinstance(values, list) or len(labels) != len(values):
        return {}
    known = {"iteration": "iterations", "subset": "subsets"}
    found = {}
    for label, value in zip(labels, values, strict=True):
        name = known.get(str(label).lower().rstrip("s"))
        number = _bounded(value, MOST_PASSES)
        if name and number:
            found[name] = int(number)
    return found


def _matrix(told: object) -> tuple[int, int, int] | None:
    numbers = [_bounded(value, 2**15 - 1) for value in told] if isinstance(told, list) else []
    columns, rows, slices = numbers if len(numbers) == 3 else (None, None, None)
    return (int(columns), int(rows), int(slices)) if columns and rows and slices else None
