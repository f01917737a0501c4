"""Ipsilateral motor-cortex uptake in FDG-PET and IMZ-SPECT, from DICOM to a change table."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pet_spect.api import change_table, extract_uptake, measure, uptake_ratio
    from pet_spect.imaging.atlases import load_atlas
    from pet_spect.quantify.references import Reference
    from pet_spect.report.notebook import plot_change, plot_uptake
    from pet_spect.results.library.masker import UptakeMasker

__version__ = "0.2.0"

_HOME = {
    "Reference": "pet_spect.quantify.references",
    "UptakeMasker": "pet_spect.results.library.masker",
    "change_table": "pet_spect.api",
    "extract_uptake": "pet_spect.api",
    "load_atlas": "pet_spect.imaging.atlases",
    "measure": "pet_spect.api",
    "plot_change": "pet_spect.report.notebook",
    "plot_uptake": "pet_spect.report.notebook",
    "uptake_ratio": "pet_spect.api",
}

__all__ = [
    "Reference",
    "UptakeMasker",
    "change_table",
    "extract_uptake",
    "load_atlas",
    "measure",
    "plot_change",
    "plot_uptake",
    "uptake_ratio",
]


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])


def __getattr__(name: str) -> Any:
    # Importing the package must stay cheap for the command line, which needs none of these.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
