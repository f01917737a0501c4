"""What a person judges of a scan, as hashes: its image, its registration and its uptake."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pet_spect.errors import ImageError, TableError
from pet_spect.files import read_json
from pet_spect.model import ScanKey
from pet_spect.results import layout
from pet_spect.tsv import MISSING, read_lines

PARTS = ("the image", "the registration", "the uptake")
"""How a message calls the parts of `Judged`, in their order."""

_OF_PERSON = ("Anat", "Leading", "Lesion", "Warp")


@dataclass(frozen=True)
class Judged:
    """SHA-256 of the parts of a scan's results; None where there is no such part.

    Attributes
    ----------
    image : str or None
        Of the file of the scan in its own space.
    registration : str or None
        Of what the registration record says of the scan and, for all scans of the person, of the anatomical image, the
        lesion and the warp: the JSON object (keys sorted, no blanks, everything but ASCII escaped) of these entries.
        None if the scan was refused.
    uptake : str or None
        Of the scan's rows of the participant's uptake table, each with its line feed. None if the scan was refused.
    """

    image: str | None
    registration: str | None
    uptake: str | None

    @property
    def parts(self) -> tuple[str | None, str | None, str | None]:
        """In the order of `PARTS`."""
        return self.image, self.registration, self.uptake


def judged_of(results: Path, key: ScanKey, atlas: str) -> Judged:
    """Return the hashes of a scan's results as they are now.

    Parameters
    ----------
    results : Path
    key : ScanKey
    atlas : str
        As file names call it.

    Raises
    ------
    ImageError, TableError
        If the record or the table cannot be read.
    """
    record = results / layout.registration_record(key.participant)
    if not record.is_file():
        return Judged(None, None, None)
    content = read_json(record, ImageError, "record")
    entries = content.get("Scans")
    entry = next((each for each in entries if _is_of(each, key)), None) if isinstance(entries, list) else None
    if entry is None:
        return Judged(None, None, None)
    image = _image_sha256(results, key, str(entry.get("Label")))
    if entry.get("Status") != "registered":
        return Judged(image, None, None)
    said = {"Scan": entry, **{name: content.get(name) for name in _OF_PERSON}}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return Judged(image, sha256(text.encode("ascii")).hexdigest(), uptake_sha256(results, key, atlas))


def uptake_sha256(results: Path, key: ScanKey, atlas: str) -> str | None:
    """Return the SHA-256 of a scan's rows in the uptake table of its participant; None if they hold no value."""
    table = results / layout.uptake_table(key.participant, atlas)
    return rows_sha256(table, key) if table.is_file() else None


def rows_sha256(table: Path, key: ScanKey) -> str | None:
    """Return the SHA-256 of a scan's rows in an uptake table; None if they hold no value.

    Raises
    ------
    TableError
        If the table cannot be read.
    """
    header, lines = read_lines(table)
    if header[:3] != ["participant_id", "session", "tracer"] or "mean" not in header:
        raise TableError(f"{table}: is no table of uptake; run measure again")
    rows = [values for _, values in lines if values[:3] == [key.participant, key.session, key.tracer]]
    if all(values[header.index("mean")] == MISSING for values in rows):
        return None
    return sha256("".join("\t".join(values) + "\n" for values in rows).encode("utf-8")).hexdigest()


def changed_parts(
    stated: tuple[str | None, str | None, str | None], now: Judged, *, excluded: bool = False
) -> list[str]:
    """Return which parts of a scan's results are not those that were judged.

    Parameters
    ----------
    stated : tuple of str or None
        The hashes at the time; a part that was not there is not compared, for to accept a gate makes it.
    now : Judged
    excluded : bool, default False
        Whether the decision took the scan out, which removes its registration and its uptake: what is not there any
        more is then not compared.

    Examples
    --------
    >>> changed_parts(("a", "b", None), Judged("x", None, "z"))
    ['the image', 'the registration']
    >>> changed_parts(("a", "b", None), Judged("x", None, "z"), excluded=True)
    ['the image']
    """
    pairs = zip(PARTS, stated, now.parts, strict=True)
    return [name for name, then, today in pairs if then not in (None, today) and not (excluded and today is None)]


def _is_of(entry: object, key: ScanKey) -> bool:
    return isinstance(entry, dict) and (entry.get("Session"), entry.get("Tracer")) == (key.session, key.tracer)


def _image_sha256(results: Path, key: ScanKey, label: str) -> str | None:
    for datatype in ("pet", "spect"):
        image = results / layout.scan_image(key.participant, key.session, label, datatype)
        if image.is_file():
            return sha256(image.read_bytes()).hexdigest()
    return None
