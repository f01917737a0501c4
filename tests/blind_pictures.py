"""Pictures that name their scan above and below, for tests of the blinded reading."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pet_spect.model import ScanKey

NAMED, SHOWN = 200, 90
"""Grey levels of the rows that name the scan and of those that do not."""


def write_blind_picture(path: Path, key: ScanKey, blind: str | None = "40-60 70-100") -> None:
    """Write a picture of 120 rows; without `blind` it is of an earlier version."""
    told = PngInfo()
    for name, text in (("Participant", key.participant), ("Session", key.session), ("Tracer", key.tracer)):
        told.add_text(name, text)
    if blind is not None:
        told.add_text("BlindRows", blind)
    picture = Image.new("P", (80, 120), NAMED)
    picture.putpalette([level for level in range(256) for _ in range(3)])
    for first, last in ((40, 60), (70, 100)):
        picture.paste(SHOWN, (0, first, 80, last))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, pnginfo=told)
