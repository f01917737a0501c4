"""Where a person was treated, as participants.tsv tells it: points, and the mask of burr hole and needle track."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pet_spect.errors import ConfigError, listed, shown
from pet_spect.model import STANDARD_SPACE
from pet_spect.quantify.surroundings import holds, side_of
from pet_spect.study.rows import TableRow

MNI, ANAT = "mni", "anat"
"""How a point names the standard space, and that of the anatomical image."""

NEEDED_SITES = (
    "points in mm such as mni:-34,-20,52, several joined by a semicolon; the space before the colon is mni, anat or"
    " ses-SESSION_trc-LABEL of a scan of this person"
)
"""What the column treatment_sites takes."""

_NUMBER = r"\s*([+-]?\d{1,4}(?:\.\d{1,6})?)\s*"
_POINT = re.compile(rf"\s*(mni|anat|ses-([A-Za-z0-9]+)_trc-([A-Za-z0-9]+))\s*:{_NUMBER},{_NUMBER},{_NUMBER}")

Space = str | tuple[str, str]
"""`MNI`, `ANAT`, or session and label of a scan."""


@dataclass(frozen=True)
class TreatmentPoint:
    """Where cells or drug were placed.

    Attributes
    ----------
    space : str or (str, str)
    point : (float, float, float)
        RAS+ mm of that space.
    text : str
        As it is written.
    """

    space: Space
    point: tuple[float, float, float]
    text: str


def read_points(text: str) -> tuple[TreatmentPoint, ...]:
    """Return the points of a cell of participants.tsv.

    Raises
    ------
    ConfigError
        If it is not spelled so.

    Examples
    --------
    >>> first, second = read_points("mni:-34,-20,52; ses-baseline_trc-18FFDG:-31.5,12,60")
    >>> first.point, second.space
    ((-34.0, -20.0, 52.0), ('baseline', '18FFDG'))
    """
    points = []
    for part in text.split(";"):
        match = _POINT.fullmatch(part)
        if match is None:
            raise ConfigError(f"found {shown(part.strip())}, needed {NEEDED_SITES}")
        name, session, label, x, y, z = match.groups()
        space: Space = (session, label) if session else name
        points.append(TreatmentPoint(space, (float(x), float(y), float(z)), part.strip()))
    return tuple(points)


def check_treatment(
    lines: Sequence[TableRow], images: Mapping[str, Collection[tuple[str, str]]], with_anat: Collection[str]
) -> None:
    """Note in rows of participants.tsv where a treatment cannot have been.

    Parameters
    ----------
    lines : sequence of TableRow
    images : mapping of str to collection of (str, str)
        Participant to session and label of each listed scan.
    with_anat : collection of str
        Participants with an anatomical image.
    """
    for line in lines:
        who = line.row["participant_id"]
        sites = line.text("treatment_sites")
        if sites is None or line.is_wrong("treatment_sites"):
            continue
        for point in read_points(sites):
            _check_space(line, point.space, images.get(who, ()), who in with_anat)
            if point.space == MNI:
                _check_place(line, point)


def _check_space(line: TableRow, space: Space, scans: Collection[tuple[str, str]], has_anat: bool) -> None:
    column = "treatment_sites"
    if space == ANAT and not has_anat:
        line.refuse("the space anat is used, and the column anat names no image", column)
    elif isinstance(space, tuple) and space not in scans:
        known = listed([f"ses-{session}_trc-{label}" for session, label in scans]) if scans else "no scan"
        line.refuse(f"ses-{space[0]}_trc-{space[1]} is no scan of this person in scans.tsv; listed: {known}", column)


def _check_place(line: TableRow, point: TreatmentPoint) -> None:
    from pet_spect.imaging.measurable_tissue import standard_brain

    axes = "x counts millimetres to the right, y to the front, z to the top"
    if not holds(standard_brain(), point.point):
        line.refuse(f"{point.text} lies outside the brain of {STANDARD_SPACE}; {axes}", "treatment_sites")
    elif side_of(point.point) is None:
        line.refuse(
            f"{point.text} lies on the midline; a treatment site must lie on one side; {axes}", "treatment_sites"
        )
