"""Contents of a results folder for the report: tables, registration records, pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pet_spect.errors import ImageError, TableError
from pet_spect.files import read_json
from pet_spect.model import ScanKey
from pet_spect.remarks import codes_in
from pet_spect.results import layout
from pet_spect.results.finished_run import check_finished
from pet_spect.results.registration.registration_record import RegistrationRecord, read_registration_record
from pet_spect.results.tables.columns import CHANGE, RATIOS, SCANS, SUMMARY
from pet_spect.results.uptake.uptake_facts import UptakeFacts, read_uptake_facts
from pet_spect.study.unfinished import UnfinishedStep
from pet_spect.tsv import Row, read_table, sidecar_of_table

REQUIRED = {"scans": SCANS, "ratios": RATIOS, "change": CHANGE, "summary": SUMMARY}
"""The tables the report is made of, and their columns."""


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
    records : dict of str to RegistrationRecord
        The registration of each participant with scans.
    uptakes : dict of str to UptakeFacts
        How each participant with a scan was measured; without those whose uptake could not be read.
    lesion_sources : dict of str to str
        Where the lesion of a participant is from: ``given`` or ``estimated``.
    unfinished : dict of str to UnfinishedStep
        By participant the step that did not finish in this run.
    """

    tables: dict[str, list[Row]]
    dictionaries: dict[str, dict[str, Any]]
    pictures: dict[ScanKey, Path]
    gates: dict[ScanKey, list[str]]
    records: dict[str, RegistrationRecord]
    uptakes: dict[str, UptakeFacts] = field(default_factory=dict)
    lesion_sources: dict[str, str] = field(default_factory=dict)
    unfinished: dict[str, UnfinishedStep] = field(default_factory=dict)

    @cached_property
    def lesion_sides(self) -> dict[str, str]:
        """Lesion side of each participant."""
        return {row["participant_id"]: row["lesion_side"] for row in self.tables["ratios"]}

    @cached_property
    def reference_session(self) -> str:
        """The session that is nobody's follow-up."""
        follow_ups = {row["session"] for name in ("change", "summary") for row in self.tables[name]}
        sessions = dict.fromkeys(row["session"] for row in self.tables["scans"])
        return next((session for session in sessions if session not in follow_ups), "baseline")

    @cached_property
    def crashed(self) -> set[str]:
        """Participants without values because a step before the pictures did not finish.

        What their files say of scans, registration and uptake is of an earlier run.
        """
        return crashed_people(self.tables["scans"]) | {
            person for person, step in self.unfinished.items() if step.step != "figures"
        }

    @cached_property
    def unseen(self) -> set[str]:
        """Participants whose values are of this run, but whose pictures could not be drawn."""
        return self.unfinished.keys() - self.crashed


def crashed_people(scans: Iterable[Row]) -> set[str]:
    """Return the participants of whom a step did not finish, by the rows of scans.tsv."""
    return {row["participant_id"] for row in scans if row["code"] == "crashed"}


def read_results(results: Path, unfinished: Iterable[UnfinishedStep] = ()) -> Results:
    """Read what the report needs.

    Parameters
    ----------
    results : Path
        The results folder.
    unfinished : iterable of UnfinishedStep
        Steps that did not finish. Of these participants, and of those whom scans.tsv calls crashed, no picture is
        read, and of a step before the pictures no registration record.

    Raises
    ------
    TableError
        If a table or its dictionary is absent or unusable, or no scan is listed.
    ImageError
        If a scan has no picture, or a participant with scans has no registration record.
    """
    check_finished(results, "scans")
    paths = {name: results / "tables" / f"{name}.tsv" for name in REQUIRED}
    tables = {name: read_table(path, required=tuple(REQUIRED[name])) for name, path in paths.items()}
    if not tables["scans"]:
        raise TableError(f"{paths['scans']}: lists no scan; there is nothing to report")
    dictionaries = {name: read_json(sidecar_of_table(path), TableError, "dictionary") for name, path in paths.items()}
    records: dict[str, RegistrationRecord] = {}
    steps = {step.participant: step for step in unfinished}
    loaded = Results(tables, dictionaries, {}, {}, records, unfinished=steps)
    crashed = loaded.crashed
    by_participant: dict[str, dict[ScanKey, Path]] = {}
    for row in tables["scans"]:
        key = key_of(row)
        if row["status"] == "missing" or key.participant in crashed:
            continue
        if key.participant not in records:
            records[key.participant] = read_registration_record(results / layout.registration_record(key.participant))
            by_participant[key.participant] = pictures_of(results, key.participant)
        loaded.gates[key] = gate_lines(records[key.participant], key)
        if key.participant in loaded.unfinished:
            continue
        if key not in by_participant[key.participant]:
            raise ImageError(
                f"{results / 'figures' / key.participant}: holds no picture of {key.session} {key.tracer};"
                " run pet-spect figures first",
                code="picture_missing",
            )
        loaded.pictures[key] = by_participant[key.participant][key]
    atlas = dictionaries["ratios"].get("region", {}).get("Atlas")
    loaded.uptakes.update({} if atlas is None else _uptakes(results, records, str(atlas)))
    loaded.lesion_sources.update(
        {person: record.lesion.source for person, record in records.items() if record.lesion is not None}
    )
    return loaded


def _uptakes(results: Path, people: Iterable[str], atlas: str) -> dict[str, UptakeFacts]:
    paths = {person: results / layout.uptake_table(person, atlas) for person in people}
    return {person: read_uptake_facts(path) for person, path in paths.items() if path.is_file()}


def asked_for(rows: Sequence[Row]) -> list[Row]:
    """Return a table's rows without the lesion-free target of participants of whom there is no lesion mask."""
    without = {(row["participant_id"], row["region"]) for row in rows if "no_lesion_mask" in codes_in(row["reason"])}
    return [row for row in rows if (row["participant_id"], row["region"]) not in without]


def key_of(row: Row) -> ScanKey:
    """Return the scan a row is about."""
    return ScanKey(row["participant_id"], row["session"], row["tracer"])


def pictures_of(results: Path, participant: str) -> dict[ScanKey, Path]:
    """Return the picture of each scan of a participant, by what the pictures say that they show."""
    from pet_spect.report.pictures.canvas import scan_of_picture

    files = sorted((results / "figures" / participant).glob("*_registration.png"))
    scans = {path: scan_of_picture(path) for path in files}
    return {key: path for path, key in scans.items() if key is not None}


def gate_lines(record: RegistrationRecord, key: ScanKey) -> list[str]:
    """Return what a record measured of one scan and of the participant's warp, as lines for a person.

    A number that has to keep to a limit is followed by it. What is not known has no line.

    Examples
    --------
    >>> from pet_spect.results.registration.registration_record import Settings, WarpEntry
    >>> warp = WarpEntry(jacobian_low=0.71, jacobian_high=1.65, misplacement_mm=0.7234)
    >>> settings = Settings(gates={"jacobian_max": 5.0}, deformation={})
    >>> record = RegistrationRecord(participant="sub-01", warp=warp, settings=settings)
    >>> gate_lines(record, ScanKey("sub-01", "year1", "FDG"))
    ['jacobian low  0.71', 'jacobian high  1.65 (at most 5)', 'misplacement mm  0.723']
    """
    entry = record.registered(key)
    measured = {} if entry is None else asdict(entry.measured)
    measured |= {} if record.warp is None else asdict(record.warp)
    lines = []
    for name, value in measured.items():
        words = name.replace("_", " ")
        if not math.isnan(value):
            lines.append(f"{words}  {value:.3g}{_limit(words, record.settings.gates)}")
    return lines


def lesion_line(record: RegistrationRecord) -> str:
    """Return where a record has its lesion from, and how large it is.

    Examples
    --------
    >>> from pet_spect.results.record_values import VolumesMl
    >>> from pet_spect.results.registration.registration_record import LesionEntry, Settings
    >>> size = VolumesMl(left=0.4, right=36.24)
    >>> lesion = LesionEntry(source="estimated", volume_ml=size, seen_ml=size, code=None, reason=None)
    >>> settings = Settings(gates={}, deformation={})
    >>> lesion_line(RegistrationRecord(participant="sub-01", lesion=lesion, settings=settings))
    'Estimated lesion: left 0.4 mL, right 36.2 mL'
    """
    lesion = record.lesion
    if lesion is None:
        return "Lesion of unknown source: size not known"
    unused = " (the mask that was given is not used)" if lesion.code else ""
    size = lesion.volume_ml
    return f"{lesion_words(record).capitalize()}{unused}: left {size.left:.1f} mL, right {size.right:.1f} mL"


def lesion_words(record: RegistrationRecord | None) -> str:
    """Return what a record's lesion is called in keys and captions, so that an estimate does not pass for a mask.

    Examples
    --------
    >>> from pet_spect.results.record_values import VolumesMl
    >>> from pet_spect.results.registration.registration_record import LesionEntry, Settings
    >>> size = VolumesMl(left=0.0, right=36.2)
    >>> lesion = LesionEntry(source="given", volume_ml=size, seen_ml=size, code=None, reason=None)
    >>> settings = Settings(gates={}, deformation={})
    >>> lesion_words(RegistrationRecord(participant="sub-01", lesion=lesion, settings=settings))
    'drawn lesion'
    """
    if record is None or record.lesion is None:
        return "lesion of unknown source"
    return {"given": "drawn lesion", "estimated": "estimated lesion"}[record.lesion.source]


def _limit(words: str, limits: Mapping[str, float]) -> str:
    """Return the limits of a number called ``scale low`` or ``rotation degrees``."""
    *stem, last = words.split()
    parts = stem if last in ("low", "high", "degrees") else [*stem, last]
    unit = "_deg" if last == "degrees" else ""
    lowest = None if last == "high" else limits.get(f"{'_'.join(parts)}_min{unit}")
    highest = None if last == "low" else limits.get(f"{'_'.join(parts)}_max{unit}")
    shown_limits = [
        f"{word} {limit:g}" for word, limit in (("at least", lowest), ("at most", highest)) if limit is not None
    ]
    return f" ({', '.join(shown_limits)})" if shown_limits else ""
