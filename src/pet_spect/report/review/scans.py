"""Scans that a reader rates: their pictures without a name, their order, and identifiers that say nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from pet_spect.errors import ImageError
from pet_spect.model import ScanKey
from pet_spect.report.pictures.canvas import blind_rows
from pet_spect.report.results_folder import crashed_people, key_of, pictures_of
from pet_spect.results.finished_run import check_finished
from pet_spect.results.tables.columns import SCANS
from pet_spect.tsv import read_table


@dataclass(frozen=True)
class BlindScan:
    """One scan as the reader's browser knows it.

    Attributes
    ----------
    identifier : str
        Random, and different each time that the review is started.
    key : ScanKey
        Never leaves the program.
    picture : Path
        The picture of the registration, with title and metadata.
    """

    identifier: str
    key: ScanKey
    picture: Path


@dataclass(frozen=True)
class ScansToRate:
    """What a results folder has for a reader.

    Attributes
    ----------
    scans : tuple of BlindScan
        In the order of the tables.
    without_picture : int
        Scans that have no registration to look at, because they were refused before it was made or excluded, or a step
        of the participant did not finish.
    not_drawn : int
        Measured scans without a picture, or with one of an earlier version, whose title cannot be cut off.
    simulated, all_simulated : bool
        Whether one of the scans is simulated, and whether all are.
    """

    scans: tuple[BlindScan, ...]
    without_picture: int
    not_drawn: int
    simulated: bool
    all_simulated: bool


def scans_to_rate(results: Path) -> ScansToRate:
    """Return the scans of finished results that have a picture of their registration.

    Parameters
    ----------
    results : Path

    Raises
    ------
    TableError
        If the folder holds no finished results.
    """
    check_finished(results, "scans")
    listed = read_table(results / "tables" / "scans.tsv", required=tuple(SCANS))
    pictures: dict[str, dict[ScanKey, Path]] = {}
    crashed = crashed_people(listed)
    scans, without_picture, not_drawn = [], 0, 0
    for row in listed:
        key = key_of(row)
        if row["status"] == "missing":
            continue
        if key.participant in crashed:  # its pictures are of an earlier run
            without_picture += 1
            continue
        if key.participant not in pictures:
            pictures[key.participant] = pictures_of(results, key.participant)
        picture = pictures[key.participant].get(key)
        rows = None if picture is None else blind_rows(picture)
        if picture is not None and rows:
            scans.append(BlindScan(secrets.token_urlsafe(12), key, picture))
        elif row["status"] == "measured":
            not_drawn += 1
        else:
            without_picture += 1
    simulated = [row["simulated"] == "true" for row in listed if row["status"] != "missing"]
    return ScansToRate(tuple(scans), without_picture, not_drawn, any(simulated), all(simulated))


def in_random_order(scans: Iterable[BlindScan], reader: str) -> list[BlindScan]:
    """Return the scans in an order that is the same each time for a reader, and another for each reader.

    Parameters
    ----------
    scans : iterable of BlindScan
    reader : str
        Anything that is the reader's own, such as the name of their table and their initials. The order follows from
        SHA-256 of it, of the scan and of its picture, so that no seed is kept, nobody can tell the order from names,
        and a further scan leaves the order of the others.
    """

    def place(scan: BlindScan) -> str:
        key = scan.key
        drawn = sha256(scan.picture.read_bytes()).hexdigest()
        return sha256("\t".join((reader, key.participant, key.session, key.tracer, drawn)).encode()).hexdigest()

    return sorted(scans, key=place)


def nameless_picture(picture: Path) -> bytes:
    """Return a picture as PNG without title, warnings, lesion size, gates and metadata.

    Parameters
    ----------
    picture : Path
        A picture that `pet-spect figures` drew of a registration.

    Raises
    ------
    ImageError
        If the picture does not say which of its rows name nobody.
    """
    from PIL import Image

    rows = blind_rows(picture)
    if not rows:
        raise ImageError("a picture does not say which of its rows name nobody", code="picture_missing")
    with Image.open(picture) as whole:
        height = sum(last - first for first, last in rows)
        nameless = Image.new(whole.mode, (whole.width, height))
        if whole.palette is not None:
            nameless.putpalette(whole.palette)
        top = 0
        for first, last in rows:
            nameless.paste(whole.crop((0, first, whole.width, last)), (0, top))
            top += last - first
    nameless.info = {}
    buffer = BytesIO()
    nameless.save(buffer, format="png", compress_level=6)
    return buffer.getvalue()
