"""participants.tsv: who takes part, and on which side the stroke was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from pet_spect.errors import ConfigError
from pet_spect.model import Side
from pet_spect.study.paths import DistinctPaths, path_or_none, series_or_none
from pet_spect.study.rows import Table, TableRow, note_repeated, open_table
from pet_spect.study.treatment import TreatmentPoint, read_points
from pet_spect.tsv import MISSING

PARTICIPANT_COLUMNS = (
    "participant_id",
    "lesion_side",
    "lesion_mask",
    "lesion_territory",
    "bilateral",
    "height_m",
    "sex",
    "anat",
    "anat_series",
    "treatment_sites",
    "treatment_mask",
)
"""Columns of participants.tsv; the first two must be there."""

Territory = Literal["supratentorial", "infratentorial", "n/a"]
"""Where the lesion lies relative to the tentorium; ``n/a`` is not stated."""


@dataclass(frozen=True)
class Participant:
    """One row of participants.tsv.

    Attributes
    ----------
    participant_id : str
        ``sub-01``.
    lesion_side : {'left', 'right'}
        The side of the stroke, which is the ipsilateral side.
    lesion_mask : Path or None
        Lesion mask, as the table spells its path.
    lesion_territory : {'supratentorial', 'infratentorial', 'n/a'}
    bilateral : bool or None
        Whether the other hemisphere has an infarct, too; None if nobody says.
    height_m : float or None
        Metres.
    sex : str or None
        ``M``, ``F`` or ``O``, as DICOM spells it.
    anat : Path or None
        DICOM folder, file or archive, or NIfTI image of the anatomy (MR or CT), as the table spells it.
    anat_series : str or None
        Code of its series where `anat` holds several.
    treatment_sites : tuple of TreatmentPoint
        Where cells or drug were placed.
    treatment_mask : Path or None
        Mask of burr hole and needle track, as the table spells its path.
    """

    participant_id: str
    lesion_side: Side
    lesion_mask: Path | None
    lesion_territory: Territory
    height_m: float | None
    sex: str | None
    anat: Path | None = None
    anat_series: str | None = None
    bilateral: bool | None = None
    treatment_sites: tuple[TreatmentPoint, ...] = ()
    treatment_mask: Path | None = None

    @property
    def has_treatment(self) -> bool:
        """Whether the table says where the person was treated."""
        return bool(self.treatment_sites) or self.treatment_mask is not None


def read_participants(path: Path) -> dict[str, Participant]:
    """Read participants.tsv.

    Returns
    -------
    dict of str to Participant
        By ``participant_id``, in the order of the table.

    Raises
    ------
    StudyError
        With every mistake: see `participants_of`.
    """
    table = open_table(path, PARTICIPANT_COLUMNS, required=2)
    people = participants_of(table)
    table.check()
    return people


def participants_of(table: Table) -> dict[str, Participant]:
    """Return the participants whose rows are sound, and note the mistakes of the others in their rows.

    A mistake is a participant that stands there twice, two that differ only in capitals, a name that is not of
    plain letters and digits, a side that is not spelt ``left`` or ``right``, two people with one anatomical image,
    a path that the workflow cannot take, or treatment sites that are no points.
    """
    people: dict[str, Participant] = {}
    earlier: dict[str, tuple[str, int]] = {}
    anatomies = DistinctPaths("anat")
    for line in table.rows:
        identity = line.identifier("participant_id", "sub- followed by letters and digits")
        if not line.mistakes:
            note_repeated(line, identity, earlier)
        anat, anat_series = _anatomy(line, anatomies)
        bilateral = line.text("bilateral")
        mask, territory, sex = path_or_none(line, "lesion_mask"), line.text("lesion_territory"), line.text("sex")
        person = Participant(
            participant_id=identity,
            lesion_side=cast(Side, line.one_of("lesion_side", get_args(Side))),
            lesion_mask=mask,
            lesion_territory=cast(
                Territory, line.one_of("lesion_territory", get_args(Territory)) if territory else MISSING
            ),
            height_m=line.number_or_none("height_m"),
            sex=sex and line.one_of("sex", ("M", "F", "O")),
            anat=anat,
            anat_series=anat_series,
            bilateral=None if bilateral is None else line.one_of("bilateral", ("yes", "no")) == "yes",
            treatment_sites=_sites(line),
            treatment_mask=path_or_none(line, "treatment_mask"),
        )
        if not line.mistakes:
            people[identity] = person
    return people


def _sites(line: TableRow) -> tuple[TreatmentPoint, ...]:
    """Return where a participant was treated."""
    text = line.text("treatment_sites")
    if text is None:
        return ()
    try:
        return read_points(text)
    except ConfigError as error:
        line.refuse(str(error), "treatment_sites")
        return ()


def _anatomy(line: TableRow, others: DistinctPaths) -> tuple[Path | None, str | None]:
    """Return where a participant's anatomical image lies, and its series."""
    path = path_or_none(line, "anat")
    if path is None:
        if line.text("anat") is None and line.text("anat_series") is not None:
            line.wrong("anat_series", "n/a, because the column anat names no image")
        return None, None
    series = series_or_none(line, path, "anat_series")
    others.take(line, path, series)
    return path, series
