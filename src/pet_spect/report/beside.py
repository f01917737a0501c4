"""Pictures and volumes beside the registration picture of a scan, if they are of that scan and of this run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pet_spect.model import ScanKey

ANOTHER_SCAN = "picture of another scan, not shown"
EARLIER_RUN = "picture of an earlier run, not shown"

_REGISTRATION = "_registration"


@dataclass(frozen=True)
class Beside:
    """A file beside the registration picture.

    Attributes
    ----------
    path : Path or None
        None if there is none that can be shown.
    reason : str
        Why a file that is there is not shown; else empty.
    """

    path: Path | None
    reason: str = ""


def picture_beside(registration: Path, kind: Literal["uptake", "difference"], key: ScanKey, lesion_side: str) -> Beside:
    """Return the uptake of a scan, or its difference to the first session.

    Parameters
    ----------
    registration : Path
        The picture of the scan's registration.
    kind : {'uptake', 'difference'}
    key : ScanKey
        The scan; it must be the one that the picture says it shows.
    lesion_side : str
        As the tables have it: the picture draws the target of the other side differently, so that one with another
        side is of an earlier run.
    """
    from pet_spect.report.pictures.canvas import scan_of_picture, side_of_picture

    path = _named(registration, f"{kind}.png")
    if not path.is_file():
        return Beside(None)
    if scan_of_picture(path) != key:
        return Beside(None, ANOTHER_SCAN)
    side = side_of_picture(path)  # a picture of an earlier version does not say it
    return Beside(None, EARLIER_RUN) if side is not None and side != lesion_side else Beside(path)


def volume_beside(registration: Path) -> Beside:
    """Return the script that holds the volume of a scan."""
    path = _named(registration, "uptake.js")
    if not path.is_file():
        return Beside(None)
    return Beside(path) if names_itself(path) else Beside(None, "volume of another scan, not shown")


def names_itself(script: Path) -> bool:
    """Return whether a script of the viewer is there and holds the volume that it is called after."""
    if not script.is_file():
        return False
    beginning = f"petSpect.add({json.dumps(script.stem)}, ".encode("ascii")
    with script.open("rb") as stream:
        return stream.read(len(beginning)) == beginning


def _named(registration: Path, ending: str) -> Path:
    return registration.with_name(f"{registration.stem.removesuffix(_REGISTRATION)}_{ending}")
