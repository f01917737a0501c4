"""The settings of a run that its tables depend on, as cohort records them beside ratios.tsv."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pet_spect.errors import RegionError, TableError
from pet_spect.files import read_json
from pet_spect.quantify.references import Reference
from pet_spect.quantify.roles import RegionRoles

KEY = "Settings"


@dataclass(frozen=True)
class StudySettings:
    """What a run was asked for.

    Attributes
    ----------
    atlas : str
        As file names call it.
    roles : RegionRoles
        The target and its references.
    max_cerebellum_asymmetry : float
        Percent.
    """

    atlas: str
    roles: RegionRoles
    max_cerebellum_asymmetry: float

    def entry(self) -> dict[str, Any]:
        """Return the entry of the data dictionary."""
        references = {
            name: {"Regions": list(each.regions), "Side": each.side, "Exclude": list(each.exclude)}
            for name, each in self.roles.references.items()
        }
        return {
            KEY: {
                "Atlas": self.atlas,
                "Target": list(self.roles.target),
                "References": references,
                "MaxCerebellumAsymmetryPercent": self.max_cerebellum_asymmetry,
            }
        }


def read_settings(dictionary: Path) -> StudySettings:
    """Return what `StudySettings.entry` wrote.

    Raises
    ------
    TableError
        If it is not there, as in results of an earlier version.
    """
    try:
        told = read_json(dictionary, TableError, "dictionary")[KEY]
        references = {name: _reference(entry) for name, entry in told["References"].items()}
        roles = RegionRoles(tuple(map(str, told["Target"])), references)
        return StudySettings(str(told["Atlas"]), roles, float(told["MaxCerebellumAsymmetryPercent"]))
    except (KeyError, TypeError, ValueError, AttributeError, RegionError):
        raise TableError(
            f"{dictionary}: does not tell the settings of the run; run the workflow again with this version",
            code="settings_missing",
        ) from None


def _reference(entry: Mapping[str, Any]) -> Reference:
    return Reference(tuple(entry["Regions"]), entry["Side"], tuple(entry["Exclude"]))
