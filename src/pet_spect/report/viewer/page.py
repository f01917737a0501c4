"""The viewer pages, one for each participant of whom there is something to show, and what they share."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pet_spect.files import whole_file
from pet_spect.model import ScanKey
from pet_spect.report.beside import Beside, names_itself, picture_beside, volume_beside
from pet_spect.report.display import words
from pet_spect.report.pictures.colours import difference_stops
from pet_spect.report.rendering import ASSETS, write_page
from pet_spect.report.results_folder import Results, key_of, lesion_words
from pet_spect.report.viewer.volumes import write_standard
from pet_spect.results import layout
from pet_spect.tsv import MISSING, Row, parse_float

_SHARED = ("volumes.js", "niivue/niivue.umd.js", "niivue/LICENSES.txt")
_ALLOW = {"script-src": "'self' file:", "img-src": "data:"}
"""Scripts from the folders beside the page, and the letters that NiiVue carries as a picture; it needs nothing else."""


@dataclass(frozen=True)
class ViewerScan:
    """One visit with one tracer, as the page's script reads it.

    Attributes
    ----------
    session, status : str
    volume : str
        The name of the volume; empty if there is none.
    source : str
        The address of its script from the page; empty if there is none.
    reason : str
        Why there is no volume, or why the scan is not used; empty if neither.
    divisor : float or None
        Uptake of the primary reference as measured, in the unit of the volume; None if there is no such value.
    pictures : list of (str, str)
        Address and description of the pictures that stand in where the viewer cannot run.
    """

    session: str
    status: str
    volume: str
    source: str
    reason: str
    divisor: float | None
    pictures: list[tuple[str, str]]


def who_has_viewer(results: Path, loaded: Results) -> set[str]:
    """Return the participants with a viewer page: ``pet-spect figures`` left lesion, regions and a scan in this run."""
    with_scan = {key.participant for key, picture in loaded.pictures.items() if volume_beside(picture).path}
    return {
        person
        for person in with_scan
        if names_itself(results / layout.regions_volume(person))
        and names_itself(results / layout.lesion_volume(person))
    }


def write_viewers(results: Path, loaded: Results, common: Mapping[str, Any]) -> None:
    """Write ``report/assets`` and the viewer pages.

    Parameters
    ----------
    results : Path
        The results folder.
    loaded : Results
        Its content.
    common : mapping of str to Any
        What every page shows: ``simulated``, ``all_simulated``.
    """
    assets = results / "report" / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    by_person: dict[str, list[Row]] = {}
    for row in loaded.tables["scans"]:
        by_person.setdefault(row["participant_id"], []).append(row)
    with_viewer = who_has_viewer(results, loaded)
    shown = [person for person in by_person if person in with_viewer]
    for person in by_person.keys() - set(shown):
        (results / "report" / layout.viewer_page(person)).unlink(missing_ok=True)
    if not shown:
        return
    for name in _SHARED:
        with whole_file(assets / Path(name).name) as partial:
            shutil.copyfile(ASSETS / name, partial)
    write_standard(assets / "standard.js")
    references = _primary_references(loaded)
    divisors = _divisors(loaded, references)
    neighbours = zip([None, *shown], shown, [*shown[1:], None], strict=False)
    for before, person, after in neighbours:
        content = _content(results, loaded, by_person[person], references, divisors)
        page = results / "report" / layout.viewer_page(person)
        write_page(
            page, "viewer", {**common, "participant": person, "before": before, "after": after, **content}, _ALLOW
        )


def _content(
    results: Path,
    loaded: Results,
    rows: Sequence[Row],
    references: Mapping[str, tuple[str, str]],
    divisors: Mapping[ScanKey, float],
) -> dict[str, Any]:
    """Return what the template shows of one participant: ``tracers``, and the same for the script as ``data``."""
    person = rows[0]["participant_id"]
    side = next((row["lesion_side"] for row in loaded.tables["ratios"] if row["participant_id"] == person), "")
    tracers: dict[str, list[ViewerScan]] = {}
    for row in rows:
        key = key_of(row)
        tracers.setdefault(key.tracer, []).append(_scan(row, loaded.pictures.get(key), side, divisors.get(key)))
    data = {
        "participant": person,
        "side": side,
        "lesion": lesion_words(loaded.records.get(person)),
        "difference_colours": difference_stops(),
        "sources": {
            "standard": "../assets/standard.js",
            f"{person}_regions": f"../../{layout.regions_volume(person)}",
            f"{person}_lesion": f"../../{layout.lesion_volume(person)}",
        },
        "tracers": [
            {
                "tracer": tracer,
                "reference": _named(references[tracer]) if tracer in references else "",
                "scans": [asdict(scan) for scan in scans],
            }
            for tracer, scans in tracers.items()
        ],
    }
    return {"tracers": tracers, "data": data}


def _scan(row: Row, registration: Path | None, side: str, divisor: float | None) -> ViewerScan:
    key = key_of(row)
    scan = Beside(None) if registration is None else volume_beside(registration)
    reason = "" if row["reason"] == MISSING or row["status"] == "measured" else row["reason"]
    if scan.path is None and not reason:
        reason = scan.reason or "no volume was written"
    pictures = []
    if registration is not None:
        uptake = picture_beside(registration, "uptake", key, side).path
        difference = picture_beside(registration, "difference", key, side).path
        pictures = [
            (_address(path), f"{what} of {key.session}, {key.tracer}")
            for path, what in ((uptake, "Uptake"), (difference, "Difference"), (registration, "Registration"))
            if path is not None
        ]
    volume, source = ("", "") if scan.path is None else (scan.path.stem, _address(scan.path))
    return ViewerScan(key.session, row["status"], volume, source, reason, divisor, pictures)


def _address(path: Path) -> str:
    return f"../../figures/{path.parent.name}/{path.name}"


def _primary_references(loaded: Results) -> dict[str, tuple[str, str]]:
    """Return by tracer the region of the primary endpoint and what it is divided by."""
    rows = [row for row in loaded.tables["summary"] if row["role"] == "primary"]
    return {row["tracer"]: (row["region"], row["reference"]) for row in rows}


def _divisors(loaded: Results, references: Mapping[str, tuple[str, str]]) -> dict[ScanKey, float]:
    """Return the uptake of the primary reference in each scan that has one."""
    divisors = {
        key_of(row): parse_float(row["denominator"])
        for row in loaded.tables["ratios"]
        if row["measure"] == "uptake_ratio" and (row["region"], row["reference"]) == references.get(row["tracer"])
    }
    return {key: value for key, value in divisors.items() if value > 0}


def _named(reference: tuple[str, str]) -> str:
    """Return the words for a reference; of the same region on the other side the name alone would not say which."""
    region, name = reference
    return f"contralateral {words(region)}" if name == "contralateral" else words(name)
