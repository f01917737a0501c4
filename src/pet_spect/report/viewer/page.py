"""The viewer pages, one for each participant of whom there is something to show, and what they share."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pet_spect.files import whole_file
from pet_spect.model import ScanKey
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


def has_viewer(results: Path, participant: str) -> bool:
    """Return whether there is a viewer page of a participant: whether ``pet-spect figures`` left volumes."""
    needed = (layout.regions_volume(participant), layout.lesion_volume(participant))
    return all((results / path).is_file() for path in needed)


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
    shown = [person for person in by_person if has_viewer(results, person)]
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
    tracers: dict[str, list[ViewerScan]] = {}
    for row in rows:
        key = key_of(row)
        picture = loaded.pictures.get(key)
        stem = "" if picture is None else picture.stem.removesuffix("_registration")
        tracers.setdefault(key.tracer, []).append(_scan(results, row, stem, divisors.get(key)))
    data = {
        "participant": person,
        "side": next((row["lesion_side"] for row in loaded.tables["ratios"] if row["participant_id"] == person), ""),
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


def _scan(results: Path, row: Row, stem: str, divisor: float | None) -> ViewerScan:
    key = key_of(row)
    folder = f"figures/{key.participant}"
    path = f"{folder}/{stem}_uptake.js"
    there = bool(stem) and (results / path).is_file()
    reason = "" if row["reason"] == MISSING or row["status"] == "measured" else row["reason"]
    if not there and not reason:
        reason = "no volume was written"
    pictures = [
        (f"../../{folder}/{stem}_{kind}.png", f"{what} of {key.session}, {key.tracer}")
        for kind, what in (("uptake", "Uptake"), ("difference", "Difference"), ("registration", "Registration"))
        if stem and (results / folder / f"{stem}_{kind}.png").is_file()
    ]
    volume, source = (f"{stem}_uptake", f"../../{path}") if there else ("", "")
    return ViewerScan(key.session, row["status"], volume, source, reason, divisor, pictures)


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
