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
from pet_spect.results.tables.columns import Columns


@dataclass(frozen=True)
class StudySettings:
    """What a run was asked for.

    Attributes
    ----------
    atlas : str
        As file names call it.
    own_atlas : bool
        Whether it is one of the study's own, which may have the name of a shipped one.
    roles : RegionRoles
        The target and its references.
    max_cerebellum_asymmetry : float
        Percent.
    territories : mapping of str to str
        Participant to where the stroke is, as participants.tsv says: supratentorial, infratentorial or n/a.
    bilateral : mapping of str to bool
        Participant to whether the other hemisphere has an infarct, too, of those of whom participants.tsv says it.
    """

    atlas: str
    own_atlas: bool
    roles: RegionRoles
    max_cerebellum_asymmetry: float
    territories: Mapping[str, str]
    bilateral: Mapping[str, bool]

    def described(self, ratios: Columns) -> Columns:
        """Return the data dictionary of ratios.tsv with the settings at the columns that they are about."""
        definitions = {
            name: {"Regions": list(each.regions), "Side": each.side, "Exclude": list(each.exclude)}
            for name, each in self.roles.references.items()
        }
        corrected = {"PartialVolume": "gtm"} if self.roles.corrected else {}
        settings: dict[str, dict[str, Any]] = {
            "participant_id": {"LesionTerritory": dict(self.territories), "Bilateral": dict(self.bilateral)},
            "region": {
                "Atlas": self.atlas,
                "OwnAtlas": self.own_atlas,
                "TargetRegions": list(self.roles.target),
                **corrected,
            },
            "reference": {"Definitions": definitions},
            "qc": {"MaxCerebellumAsymmetryPercent": self.max_cerebellum_asymmetry},
        }
        return {name: {**entry, **settings.get(name, {})} for name, entry in ratios.items()}


def read_settings(dictionary: Path) -> StudySettings:
    """Return the settings that `StudySettings.described` put into a data dictionary.

    Raises
    ------
    TableError
        If they are not there, as in results of an earlier version.
    """
    try:
        columns = read_json(dictionary, TableError, "dictionary")
        definitions, region = columns["reference"]["Definitions"], columns["region"]
        references = {name: _reference(entry) for name, entry in definitions.items()}
        corrected = region.get("PartialVolume") == "gtm"
        roles = RegionRoles(tuple(map(str, region["TargetRegions"])), references, corrected=corrected)
        max_asymmetry = float(columns["qc"]["MaxCerebellumAsymmetryPercent"])
        territories = dict(columns["participant_id"]["LesionTerritory"])
        bilateral = dict(columns["participant_id"]["Bilateral"])
        if not isinstance(region["OwnAtlas"], bool):
            raise TypeError("OwnAtlas")
        return StudySettings(str(region["Atlas"]), region["OwnAtlas"], roles, max_asymmetry, territories, bilateral)
    except (KeyError, TypeError, ValueError, AttributeError, RegionError):
        raise TableError(
            f"{dictionary}: does not tell the settings of the run; run the workflow again with this version",
            code="dictionary_unreadable",
        ) from None


def _reference(entry: Mapping[str, Any]) -> Reference:
    return Reference(tuple(entry["Regions"]), entry["Side"], tuple(entry["Exclude"]))
