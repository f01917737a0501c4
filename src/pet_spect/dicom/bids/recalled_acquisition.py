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


def recalled_acquisition(metadata: Mapping[str, Any]) -> Acquisition:
    """Return what a JSON in BIDS form says of acquisition and reconstruction, by the same rules."""
    passes = _labelled(metadata.get("ReconMethodParameterLabels"), metadata.get("ReconMethodParameterValues"))
    matrix, windows, kind = metadata.get("MatrixSize"), metadata.get("EnergyWindows"), metadata.get("CollimatorType")
    scatter, name = metadata.get("ScatterCorrectionMethod"), metadata.get("CollimatorName")
    corrections = ("SCAT",) if isinstance(scatter, str) and scatter != "none" else ("",) if scatter == "none" else ()
    return Acquisition(
        matrix=_matrix(matrix),
        counts=counts_of(_bounded(metadata.get("CountsAccumulated"), MOST_COUNTS)),
        scatter=scatter_of(scatter if isinstance(scatter, str) else None, corrections),
        windows=tuple(_recalled_windows(windows if isinstance(windows, list) else [])),
        collimator_type=kind if kind in COLLIMATORS else None,
        collimator=known_text("collimator", name if isinstance(name, str) else None),
        iterations=passes.get("iterations"),
        subsets=passes.get("subsets"),
        filter_size_mm=_bounded(metadata.get("ReconFilterSize"), 99),
        filter_cutoff=_bounded(metadata.get("ReconFilterCutoff"), 99),
        filter_order=whole(_bounded(metadata.get("ReconFilterOrder"), 99)),
    )


def _bounded(value: object, most: float) -> float | None:
    """Return a number of a JSON if it is positive and no larger than `most`."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 < value <= most else None


def _recalled_windows(items: Sequence[object]) -> list[EnergyWindow]:
    windows = []
    for item in items:
        if isinstance(item, dict):
            number, text = _bounded(item.get("Window"), 99), item.get("Name")
            name = radionuclide_name(text) or UNLISTED if isinstance(text, str) else None
            upper = _bounded(item.get("UpperLimit"), MOST_KEV)
            lower = 0.0 if item.get("LowerLimit") == 0 else _bounded(item.get("LowerLimit"), MOST_KEV)
            windows += [] if number is None else ranges_of(int(number), name, lower, upper)
    return windows


def _labelled(labels: object, values: object) -> dict[str, int]:
    """Return iterations and subsets of BIDS' parallel lists."""
    if not isinstance(labels, list) or not isinstance(values, list) or len(labels) != len(values):
        return {}
    key_of_label = {"iteration": "iterations", "subset": "subsets"}
    passes = {}
    for label, value in zip(labels, values, strict=True):
        name = key_of_label.get(str(label).lower().rstrip("s"))
        number = _bounded(value, MOST_PASSES)
        if name and number:
            passes[name] = int(number)
    return passes


def _matrix(matrix: object) -> tuple[int, int, int] | None:
    numbers = [_bounded(value, 2**15 - 1) for value in matrix] if isinstance(matrix, list) else []
    columns, rows, slices = numbers if len(numbers) == 3 else (None, None, None)
    return (int(columns), int(rows), int(slices)) if columns and rows and slices else None
