"""Contents of a results folder for the report: tables, registration records, pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pet_spect.errors import ImageError, TableError
from pet_spect.files import read_json
from pet_spect.model import ScanKey
from pet_spect.results import layout
from pet_spect.results.columns import CHANGE, RATIOS, SCANS, SUMMARY
from pet_spect.results.registration_record import entry_of, read_record
from pet_spect.tsv import Row, read_table, sidecar_of_table

REQUIRED = {"scans": SCANS, "ratios": RATIOS, "change": CHANGE, "summary": SUMMARY}
"""The tables the report is made of, and their columns."""

_NOT_GATES = {"Session", "Tracer", "Status", "Stage", "Code", "Reason", "Warnings", "HeadBox", "Pose", "CutAt", "Flags"}


@dataclass(frozen=True)
class Results:
    """All the report is made of.

    Attributes
    ----------
    tables : dict of str to list of Row
        ``scans``, ``ratios``, ``change`` and ``summary``, as they are in the files.
    dictionaries : dict of str to dict
        For each table its data dictionary: column name to ``Description``, ``Units``, ...
    pictures : dict of ScanKey to Path
        The picture of every scan that is not missing.
    gates : dict of ScanKey to list of str
        What was measured of the registration, for a person.
    """

    tables: dict[str, list[Row]]
    dictionaries: dict[str, dict[str, Any]]
    pictures: dict[ScanKey, Path]
    gates: dict[ScanKey, list[str]]


def read_results(results: Path) -> Results:
    """Read what the report needs.

    Parameters
    ----------
    results : Path
        The results folder.

    Raises
    ------
    TableError
        If a table or its dictionary is absent or unusable, or no scan is listed.
    ImageError
        If a scan has no picture, or a participant with scans has no registration record.
    """
    paths = {name: results / "tables" / f"{name}.tsv" for name in REQUIRED}
    tables = {name: read_table(path, required=tuple(REQUIRED[name])) for name, path in paths.items()}
    if not tables["scans"]:
        raise TableError(f"{paths['scans']}: lists no scan; there is nothing to report")
    dictionaries = {name: read_json(sidecar_of_table(path), TableError, "dictionary") for name, path in paths.items()}
    pictures: dict[ScanKey, Path] = {}
    gates: dict[ScanKey, list[str]] = {}
    found: dict[str, dict[ScanKey, Path]] = {}
    records: dict[str, dict[str, Any]] = {}
    for row in tables["scans"]:
        key = key_of(row)
        if row["status"] == "missing":
            continue
        if key.participant not in found:
            found[key.participant] = _pictures_of(results, key.participant)
            records[key.participant] = read_record(results / layout.registration_record(key.participant))
        if key not in found[key.participant]:
            raise ImageError(
                f"{results / 'figures' / key.participant}: holds no picture of {key.session} {key.tracer};"
                " run pet-spect figures first",
                code="picture_missing",
            )
        pictures[key] = found[key.participant][key]
        gates[key] = gate_lines(records[key.participant], key)
    return Results(tables, dictionaries, pictures, gates)


def asked_for(rows: Sequence[Row]) -> list[Row]:
    """Return a table's rows without the lesion-free target of participants of whom there is no lesion mask."""
    without = {(row["participant_id"], row["region"]) for row in rows if "no_lesion_mask: " in row["reason"]}
    return [row for row in rows if (row["participant_id"], row["region"]) not in without]


def key_of(row: Row) -> ScanKey:
    """Return the scan a row is about."""
    return ScanKey(row["participant_id"], row["session"], row["tracer"])


def _pictures_of(results: Path, participant: str) -> dict[ScanKey, Path]:
    from pet_spect.report.canvas import scan_of_picture

    files = sorted((results / "figures" / participant).glob("*_registration.png"))
    told = {path: scan_of_picture(path) for path in files}
    return {key: path for path, key in told.items() if key is not None}


def gate_lines(record: Mapping[str, Any], key: ScanKey) -> list[str]:
    """Return what a record measured of one scan and of the participant's warp, as lines for a person.

    A number that has to keep to a limit is followed by it.

    Examples
    --------
    >>> scans = [{"Session": "year1", "Tracer": "FDG", "BrainInView": 0.93412, "Scales": [0.9, 1.02, 1.0]}]
    >>> record = {"Scans": scans, "Warp": {"JacobianHigh": 1.65}, "Settings": {"Gates": {"brain_in_view_min": 0.6}}}
    >>> gate_lines(record, ScanKey("sub-01", "year1", "FDG"))
    ['brain in view  0.934 (at least 0.6)', 'scales  0.9, 1.02, 1', 'jacobian high  1.65']
    """
    limits = (record.get("Settings") or {}).get("Gates") or {}
    lines = []
    for name, value in (entry_of(record, key) | dict(record.get("Warp") or {})).items():
        values = value if isinstance(value, list) else [value]
        if name in _NOT_GATES or not values or not all(isinstance(item, int | float) for item in values):
            continue
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
        numbers = ", ".join(str(item).lower() if isinstance(item, bool) else f"{item:.3g}" for item in values)
        lines.append(f"{words}  {numbers}{_limit(words, limits)}")
    return lines


def lesion_line(record: Mapping[str, Any]) -> str:
    """Return where a record has its lesion from, and how large it is.

    Examples
    --------
    >>> lesion_line({"Lesion": {"Source": "estimated", "VolumeMl": {"left": 0.4, "right": 36.24}}})
    'Lesion, estimated: left 0.4 mL, right 36.2 mL'
    """
    lesion = record.get("Lesion") or {}
    sizes = [f"{side} {volume:.1f} mL" for side, volume in (lesion.get("VolumeMl") or {}).items()]
    unused = " (the given mask is not used)" if lesion.get("Code") else ""
    return f"Lesion, {lesion.get('Source', 'of unknown source')}{unused}: {', '.join(sizes) or 'size not known'}"


def _limit(words: str, limits: Mapping[str, float]) -> str:
    """Return the limits of a number called ``scale low`` or ``rotation degrees``."""
    *stem, last = words.split()
    parts = stem if last in ("low", "high", "degrees") else [*stem, last]
    unit = "_deg" if last == "degrees" else ""
    lowest = None if last == "high" else limits.get(f"{'_'.join(parts)}_min{unit}")
    highest = None if last == "low" else limits.get(f"{'_'.join(parts)}_max{unit}")
    told = [f"{word} {limit:g}" for word, limit in (("at least", lowest), ("at most", highest)) if limit is not None]
    return f" ({', '.join(told)})" if told else ""
