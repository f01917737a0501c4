"""Ratios of a finished study: those that the workflow gave, and of further targets, references and atlases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pet_spect.errors import AtlasError, TableError, did_you_mean, shown
from pet_spect.imaging.atlases import AtlasSource, load_atlas
from pet_spect.imaging.lesion_mask import read_lesion_mask
from pet_spect.model import Atlas
from pet_spect.quantify.ratios import Ratio, scan_ratios
from pet_spect.quantify.roles import RegionRoles
from pet_spect.quantify.surroundings import is_surrounding
from pet_spect.results.library.finished_study import FinishedStudy, StudyScan
from pet_spect.results.library.ratio_table import (
    JOINED,
    known_references,
    ratio_frame,
    wanted_measures,
    wanted_references,
    wanted_targets,
)

if TYPE_CHECKING:
    import pandas as pd


def measure_study(
    results: Path,
    atlas: AtlasSource | None,
    *,
    targets: str | Sequence[str] | None,
    references: Any,
    measures: str | Sequence[str] | None,
    lesion: Mapping[str, Any] | None = None,
    participant: str | None = None,
) -> pd.DataFrame:
    """Return the ratios of a finished study, or of one participant in it, see `pet_spect.measure`.

    What the workflow measured is taken from its tables; images are measured only for other regions or another atlas.
    """
    study = FinishedStudy(results)
    people = study.participants if participant is None else [participant]
    unknown = next((name for name in lesion or {} if name not in study.participants), None)
    if unknown is not None:
        near = did_you_mean(str(unknown), study.participants)
        raise TableError(f"lesion: {shown(unknown)} is no participant of {study.results}{near}")
    wanted = wanted_measures("all" if measures is None else measures)
    own = study.settings.roles
    if atlas is None and lesion is None and (targets is None or targets in (own.target_name, [own.target_name])):
        roles = _stored_roles(study, references)
        if roles is not None:
            rows = _rows(study, people, [roles], None, None)
            return ratio_frame(
                rows if targets is None else (row for row in rows if not is_surrounding(row.region)), wanted
            )
    chosen = study_atlas(study, atlas)
    parts = [(region.name, region.side) for region in chosen.regions]
    names = JOINED.join(own.target) if targets is None else targets
    known = {**known_references(), **own.references}
    available = own.references if references is None else known
    groups = wanted_targets(names, parts, chosen.name)
    planned = [RegionRoles(group, wanted_references(references, available, group, parts), known) for group in groups]
    return ratio_frame(_rows(study, people, planned, chosen, lesion), wanted)


def _stored_roles(study: FinishedStudy, references: Any) -> RegionRoles | None:
    """Return target and references if all that they need stands in the tables of uptake."""
    own = study.settings.roles
    if references is None:
        return own
    parts = study.measured_parts()
    available = {**known_references(), **own.references}
    wanted = wanted_references(references, available, own.target, parts)
    roles = RegionRoles(own.target, wanted, available)
    return None if any("lesion" in each.exclude for each in wanted.values()) else roles


def study_atlas(study: FinishedStudy, atlas: AtlasSource | None) -> Atlas:
    """Return an atlas; where none is given, the shipped one that the study was measured with.

    Raises
    ------
    AtlasError
        If it cannot be used, or none is given and the study was measured with one of its own.
    """
    if atlas is not None:
        return load_atlas(atlas)
    own = AtlasError(
        f"{study.results}: was measured with the atlas {study.settings.atlas}, which is not shipped; give its"
        " files: atlas=(labels, table)"
    )
    if study.settings.own_atlas:
        raise own
    try:
        return load_atlas(study.settings.atlas)
    except AtlasError:
        raise own from None


def _rows(
    study: FinishedStudy,
    people: Sequence[str],
    planned: Sequence[RegionRoles],
    atlas: Atlas | None,
    lesion: Mapping[str, Any] | None,
) -> Iterator[Ratio]:
    for participant in people:
        mask = None
        if atlas is not None and lesion is not None and participant in lesion:
            mask = read_lesion_mask(Path(lesion[participant]), atlas)
        by_target = (
            [study.scans(participant)] if atlas is None else study.scans_again(participant, atlas, planned, mask)
        )
        for scans in zip(*by_target, strict=True):
            for scan, roles in zip(scans, planned, strict=True):
                yield from _ratios(study, scan, roles)


def _ratios(study: FinishedStudy, scan: StudyScan, roles: RegionRoles) -> list[Ratio]:
    return scan_ratios(
        scan.uptake,
        scan.lesion_side,
        roles,
        failure=scan.failure,
        infratentorial=scan.infratentorial,
        bilateral=scan.bilateral,
        max_cerebellum_asymmetry=study.settings.max_cerebellum_asymmetry,
    )
