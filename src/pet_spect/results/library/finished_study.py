"""A results folder of the workflow, read to be measured again or further."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from pet_spect.errors import ImageError, TableError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.model import Atlas, RegionSide, ScanKey, Side, Volume
from pet_spect.quantify.measurement import participant_regions
from pet_spect.quantify.participant_uptake import PlacedScan, RegionValues, participant_uptake
from pet_spect.quantify.references import lesionfree_regions
from pet_spect.quantify.roles import RegionRoles, ScanUptake
from pet_spect.quantify.uptake import CORRECTED, LESIONFREE
from pet_spect.remarks import Remark, known_code, read_cell
from pet_spect.remarks.catalogue import OF_READERS
from pet_spect.results import layout
from pet_spect.results.finished_run import check_finished
from pet_spect.results.library.study_settings import StudySettings, read_settings
from pet_spect.results.registration.registered_scan import RegisteredScan, read_registered
from pet_spect.results.registration.registration_record import read_registration_record
from pet_spect.results.tables.columns import RATIOS, SCANS
from pet_spect.results.uptake.uptake_record import ParticipantUptake, read_uptake
from pet_spect.tsv import MISSING, Row, read_table


@dataclass(frozen=True)
class StudyScan:
    """One scan of a finished study.

    Attributes
    ----------
    uptake : ScanUptake
        As the workflow measured it, with the notes of scans.tsv.
    lesion_side : {'left', 'right'}
    failure : Remark or None
        Why its values are shown but not used.
    infratentorial : bool
        Whether the stroke is.
    bilateral : bool or None
        Whether the other hemisphere has an infarct, too; None if nobody says.
    """

    uptake: ScanUptake
    lesion_side: Side
    failure: Remark | None
    infratentorial: bool
    bilateral: bool | None


class FinishedStudy:
    """The results of a run.

    Parameters
    ----------
    results : Path
        The results folder.

    Attributes
    ----------
    settings : StudySettings

    Raises
    ------
    TableError
        If it is no results folder of this version, or its run is not finished.
    """

    def __init__(self, results: Path) -> None:
        tables = results / "tables"
        self.results = results
        if any(results.glob("*.nii*")) and not (tables / "ratios.tsv").is_file():
            raise TableError(
                f"{results}: is a folder of images, not the results of a run; give images as a list of files"
            )
        check_finished(results, "ratios")
        self.settings: StudySettings = read_settings(tables / "ratios.json")
        ratios = read_table(tables / "ratios.tsv", required=tuple(RATIOS))
        self._sides = {row["participant_id"]: cast(Side, row["lesion_side"]) for row in ratios}
        self._rows: dict[str, list[Row]] = {}
        for row in read_table(tables / "scans.tsv", required=tuple(SCANS)):
            self._rows.setdefault(row["participant_id"], []).append(row)

    @property
    def participants(self) -> Sequence[str]:
        """In the order of the tables."""
        return list(self._rows)

    def measured_parts(self) -> list[tuple[str, RegionSide]]:
        """Return the regions and sides that were measured, those without the lesion aside."""
        for participant in self.participants:
            for scan in self.scans(participant):
                if not scan.uptake.absence:
                    return [part for part in scan.uptake.values if not part[0].endswith((LESIONFREE, CORRECTED))]
        return []

    def scans(self, participant: str) -> list[StudyScan]:
        """Return all scans of a participant, missing ones too, with the uptake that the workflow measured."""
        rows = self._rows[participant]
        measured = self._measured(participant).scans
        return [
            StudyScan(
                replace(scan.uptake, notes=_notes(row)),
                self._sides[participant],
                _failure(row),
                self.settings.territories.get(participant) == "infratentorial",
                self.settings.bilateral.get(participant),
            )
            for row, scan in zip(rows, measured, strict=True)
        ]

    def scans_again(
        self, participant: str, atlas: Atlas, planned: Sequence[RegionRoles], lesion: Volume | None = None
    ) -> list[list[StudyScan]]:
        """Return what `scans` does for each of other targets, with the regions measured in the images.

        Parameters
        ----------
        participant : str
        atlas : Atlas
        planned : sequence of RegionRoles
            The voxels of each target are weighted as those of the workflow's target are.
        lesion : Volume, optional
            Lesion mask in the standard space; without it the drawn one of the registration.
        """
        scans = self.scans(participant)
        measured = self._measured(participant)
        blurs = {scan.uptake.key: scan.blur_mm for scan in measured.scans}
        measured_scans = [scan for scan in scans if not scan.uptake.absence]
        if not measured_scans:
            return [[_without_surroundings(scan) for scan in scans]] * len(planned)
        images = self._images(participant)
        registered = [self._registered(scan.uptake.key, images) for scan in measured_scans]
        placed = [
            PlacedScan(
                scan.uptake.key.tracer,
                registered_scan.volume,
                registered_scan.to_participant,
                registered_scan.view,
                blurs[scan.uptake.key],
            )
            for scan, registered_scan in zip(measured_scans, registered, strict=True)
        ]
        first = registered[0]
        shipped = not self.settings.own_atlas and np.array_equal(atlas.labels, load_atlas(self.settings.atlas).labels)
        names = [region.name for region in atlas.regions]
        by_target = []
        for roles in planned:
            values: dict[ScanKey, RegionValues] = {}
            for resolution_mm in sorted({each.resolution_mm for each in registered}):
                regions = participant_regions(
                    atlas,
                    first.to_standard,
                    target=roles.target,
                    lesionfree=lesionfree_regions(roles.references.values(), roles.target, names),
                    misplacement_mm=measured.misplacement_mm,
                    resolution_mm=resolution_mm,
                    lesion=first.drawn_lesion if lesion is None else lesion,
                    warp_lesion=first.warp_lesion,
                    min_coverage=measured.min_coverage,
                )
                alike = [place for place, each in enumerate(registered) if each.resolution_mm == resolution_mm]
                found = participant_uptake([placed[place] for place in alike], regions)
                values |= dict(zip([measured_scans[place].uptake.key for place in alike], found, strict=True))
            as_learned = shipped and lesion is None and roles.target == self.settings.roles.target
            bared = _without_surroundings if as_learned else _without_warp
            by_target.append(
                [
                    replace(bare, uptake=replace(bare.uptake, values=values.get(bare.uptake.key, {})))
                    for bare in map(bared, scans)
                ]
            )
        return by_target

    def standard_image(self, key: ScanKey) -> Path:
        """Return the path of a scan in the standard space.

        Raises
        ------
        ImageError
            If there is none.
        """
        images = self._images(key.participant)
        if key not in images:
            raise ImageError(f"{self.results / key.participant}: holds no image of {key.session} {key.tracer}")
        name = layout.scan_name(images[key])
        return self.results / layout.standard_image(*name)

    def _measured(self, participant: str) -> ParticipantUptake:
        visits = [(row["session"], row["tracer"]) for row in self._rows[participant]]
        table = self.results / layout.uptake_table(participant, self.settings.atlas)
        return read_uptake(table, participant, visits)

    def _images(self, participant: str) -> dict[ScanKey, Path]:
        record = read_registration_record(self.results / layout.registration_record(participant))
        images: dict[ScanKey, Path] = {}
        for path in sorted((self.results / participant).glob("ses-*/*/*.nii.gz")):
            if "_space-" in path.name:
                continue
            name = layout.scan_name(path)
            tracer = record.tracer_of(name.session, name.label)
            if tracer is None:  # left over from another config: nothing was measured in it
                continue
            key = ScanKey(participant, name.session, tracer)
            if key in images:
                raise ImageError(
                    f"{path}: is {participant} {name.session} {tracer}, as {images[key].name} is; delete the image that"
                    " is left over from an earlier run"
                )
            images[key] = path
        return images

    def _registered(self, key: ScanKey, images: Mapping[ScanKey, Path]) -> RegisteredScan:
        if key not in images:
            raise ImageError(f"{self.results / key.participant}: holds no image of {key.session} {key.tracer}")
        return read_registered(self.results, images[key])


def _without_surroundings(scan: StudyScan) -> StudyScan:
    return replace(scan, uptake=replace(scan.uptake, surroundings={}))


def _without_warp(scan: StudyScan) -> StudyScan:
    """Return a scan without surroundings, and without what is known of the warp at the study's own target."""
    bare = replace(scan.uptake, surroundings={}, misplacement_mm=math.nan, target_lost=(math.nan, math.nan))
    return replace(scan, uptake=bare)


def _notes(row: Row) -> tuple[Remark, ...]:
    remarks = () if row["warnings"] == MISSING else read_cell(row["warnings"])
    return tuple(remark for remark in remarks if remark.code not in OF_READERS)


def _failure(row: Row) -> Remark | None:
    if row["status"] != "excluded":
        return None
    if row["stage"] == "decision":
        return Remark.of("excluded", reason=row["reason"])
    return Remark.said(known_code(row["code"]), row["reason"])
