"""Checks that the atlas has the regions that a configuration names, and that its references are some."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pet_spect.errors import (
    MOST_MISTAKES,
    AtlasError,
    Mistake,
    RegionError,
    TableError,
    shown,
    without_place,
)
from pet_spect.imaging.atlases import find_atlas
from pet_spect.quantify.references import BUILT_IN, EVERY, TARGET, Reference, parts_of_reference, read_references
from pet_spect.quantify.surroundings import SURROUNDINGS
from pet_spect.study.analysis_check import check_primary_references
from pet_spect.study.config_check import ConfigCheck
from pet_spect.study.config_lines import Keys
from pet_spect.study.paths import absence, needed_path, usable_path
from pet_spect.tsv import MOST_TYPED_BYTES, read_table


@dataclass(frozen=True)
class AtlasFiles:
    """The atlas of a study.

    Attributes
    ----------
    labels, table : Path
    name : str
        As file names give it.
    flags : list of str
        What tells the commands which atlas it is.
    regions : list of str
        In the order of the table.
    sides : mapping of str to set of str
        Region to the sides it has.
    """

    labels: Path
    table: Path
    name: str
    flags: list[str]
    sides: Mapping[str, set[str]]

    @property
    def regions(self) -> list[str]:
        """In the order of the table."""
        return list(self.sides)


def check_references(check: ConfigCheck) -> dict[str, Reference]:
    """Return the built-in references and those of a configuration; note those that are none, and primary ones too."""
    if not check.has("references"):
        return {}
    references, wrong = dict(BUILT_IN), set()
    for name, entry in check.config["references"].items():
        try:
            read_references({name: entry})
        except RegionError as error:
            check.add(("references", name), str(error).removeprefix(f"{name}: "))
            wrong.add(name)
    references = read_references(
        {name: entry for name, entry in check.config["references"].items() if name not in wrong}
    )
    check_primary_references(check, references, wrong)
    return references


def check_atlas(check: ConfigCheck, references: Mapping[str, Reference]) -> AtlasFiles | None:
    """Return the atlas, None if it cannot be used; note what is wrong with it and which regions it lacks."""
    atlas = _find_atlas(check) if check.has("atlas") else None
    if atlas is None:
        return None
    targets = check.config["targets"] if check.has("targets") else []
    has_targets = _check_regions(check, ("targets",), targets, atlas, both_sides=True) and bool(targets)
    have: Any = [(region, side) for region, sides in atlas.sides.items() for side in sides]
    for name, reference in references.items():
        keys, both_sides = ("references", name), reference.side != "both"
        is_named = reference.regions not in ((TARGET,), (EVERY,))
        if is_named and not _check_regions(
            check, keys, reference.regions, atlas, both_sides=both_sides, within=("regions",)
        ):
            continue
        try:
            for side in ("left", "right") if has_targets else ():
                parts_of_reference(reference, targets, side, have)
        except RegionError as error:
            check.add(keys, str(error))
    return atlas


def _find_atlas(check: ConfigCheck) -> AtlasFiles | None:
    atlas_config = check.config["atlas"]
    if "name" in atlas_config:
        try:
            labels, table = find_atlas(atlas_config["name"])
        except AtlasError as error:
            check.add(("atlas", "name"), str(error))
            return None
        if not usable_path(str(labels)):
            message = f"found {shown(str(labels))}, needed {needed_path(str(labels))}; rename the place"
            check.mistakes.append(Mistake("pet_spect", None, "the folder of its own atlases", message))
        flags = ["--atlas", atlas_config["name"]]
    else:
        usable = [key for key in ("labels", "table") if check.check_path(("atlas", key))]
        there = [key for key in usable if os.path.isfile(atlas_config[key])]  # noqa: PTH113
        for key in usable:
            if key not in there:
                check.add(("atlas", key), absence(Path(atlas_config[key])))
        if len(there) < 2:
            return None
        labels, table = Path(atlas_config["labels"]), Path(atlas_config["table"])
        flags = ["--atlas-labels", str(labels), "--atlas-table", str(table)]
    try:
        rows = read_table(table, required=("index", "region", "side"), most_bytes=MOST_TYPED_BYTES)
    except TableError as error:
        check.mistakes.append(Mistake(str(table), None, None, without_place(error, table)))
        return None
    sides: dict[str, set[str]] = {}
    for row in rows:
        sides.setdefault(row["region"], set()).add(row["side"])
    reserved = [name for name in SURROUNDINGS if name in sides]
    if reserved:
        message = f"{reserved[0]} is the name of a region that pet_spect makes itself; rename it"
        check.mistakes.append(Mistake(str(table), None, None, message))
        return None
    return AtlasFiles(labels, table, labels.name.split(".")[0], flags, sides)


def _check_regions(
    check: ConfigCheck,
    keys: Keys,
    regions: Collection[str],
    atlas: AtlasFiles,
    *,
    both_sides: bool,
    within: Keys = (),
) -> bool:
    """Return whether the atlas has regions; note those that it lacks in the lines `within` the keys."""
    before = len(check.mistakes)
    for number, region in enumerate(regions):
        inside = (*within, number)
        if region not in atlas.sides:
            is_shown = len(check.mistakes) < MOST_MISTAKES  # looking for a likely name takes long
            near = get_close_matches(region, atlas.sides, n=1) if is_shown else []
            way_out = f"; leave it out with '{keys[-1]}: null'" if keys[-1] in BUILT_IN else ""
            meant = f"; did you mean {near[0]!r}?" if near else ""
            known = "" if near or way_out else f"; its column region lists all ({atlas.table})"
            check.add(
                keys, f"{shown(region)} is not a region of {atlas.table.name}{meant}{way_out}{known}", inside=inside
            )
        elif both_sides and not {"left", "right"} <= atlas.sides[region]:
            check.add(keys, f"{shown(region)} has no left and right side in {atlas.table.name}", inside=inside)
    return len(check.mistakes) == before
