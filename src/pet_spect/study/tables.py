"""The study's tables: participants, scans, and decisions about scans.

Reading checks what a number would be wrong without: a side that is neither left nor right,
a scan of somebody unknown, two scans that claim one visit. What a column may hold in detail
(patterns, ranges) is said in ``workflow/schemas`` and applied by the workflow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, cast, get_args

from pet_spect.errors import TableError
from pet_spect.files import is_nifti, sidecar
from pet_spect.model import Decided, Decision, ScanKey, Side
from pet_spect.signoff import never_accepted
from pet_spect.study.paths import DistinctPaths, path_or_none, series_or_none
from pet_spect.study.rows import TableRow, read_rows
from pet_spect.tsv import MISSING

PARTICIPANT_COLUMNS = (
    "participant_id",
    "lesion_side",
    "lesion_mask",
    "lesion_territory",
    "height_m",
    "sex",
    "anat",
    "anat_series",
    "treatment_mask",
)
"""Columns of participants.tsv; the first two must be there."""

NOT_YET = ("treatment_mask",)
"""Columns of participants.tsv that nothing reads yet: they must be empty, for silence would look like use."""

SCAN_COLUMNS = (
    "participant_id",
    "session",
    "tracer",
    "path",
    "series",
    "weight_kg",
    "dose_mbq",
    "injection_time",
    "uptake_minutes",
    "days_since_treatment",
    "glucose_mg_dl",
    "benzodiazepine",
    "orientation",
)
"""Columns of scans.tsv; the first four must be there."""

DECISION_COLUMNS = (
    "participant_id",
    "session",
    "tracer",
    "decision",
    "code",
    "reason",
    "initials",
    "time",
    "version",
)
"""Columns of qc.tsv; all must be there."""

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
    height_m : float or None
        Metres.
    sex : str or None
        ``M``, ``F`` or ``O``, as DICOM spells it.
    anat : Path or None
        DICOM folder, file or archive, or NIfTI image of the anatomy (MR or CT), as the table spells it.
    anat_series : str or None
        Code of its series where `anat` holds several.
    """

    participant_id: str
    lesion_side: Side
    lesion_mask: Path | None
    lesion_territory: Territory
    height_m: float | None
    sex: str | None
    anat: Path | None = None
    anat_series: str | None = None


@dataclass(frozen=True)
class ListedScan:
    """One row of scans.tsv; None where the table says nothing.

    Attributes
    ----------
    participant_id, session, tracer : str
    path : Path
        DICOM folder, DICOM file, archive of them or NIfTI image, as the table spells it.
    series : str or None
        Code of the series where `path` holds several (`pet_spect.dicom.files.read.series_code`).
    weight_kg : float or None
    dose_mbq : float or None
        Injected activity net of the residual.
    injection_time : str or None
        Clock time.
    uptake_minutes : float or None
        From injection to the start of the scan.
    days_since_treatment : float or None
        Negative before the treatment.
    glucose_mg_dl : float or None
        Blood glucose at injection.
    benzodiazepine : bool or None
        Whether the person was on benzodiazepines.
    orientation : str or None
        Declared orientation of a SPECT whose header has none.
    """

    participant_id: str
    session: str
    tracer: str
    path: Path
    series: str | None
    weight_kg: float | None
    dose_mbq: float | None
    injection_time: str | None
    uptake_minutes: float | None
    days_since_treatment: float | None
    glucose_mg_dl: float | None
    benzodiazepine: bool | None
    orientation: str | None

    @property
    def key(self) -> ScanKey:
        """Which scan it is."""
        return ScanKey(self.participant_id, self.session, self.tracer)


def _check_once(line: TableRow, what: str, seen: dict[str, tuple[str, int]]) -> None:
    """Refuse what an earlier line has, in the same or in other capitals: their files may be the same."""
    earlier, number = seen.setdefault(what.casefold(), (what, line.number))
    if number == line.number:
        return
    if earlier == what:
        raise TableError(f"{line.path}: line {line.number}: {what} is a duplicate of line {number}")
    raise TableError(
        f"{line.path}: line {line.number}: {what} and {earlier} of line {number} differ only in capitals, so their"
        " files could overwrite each other; rename one"
    )


def read_participants(path: Path) -> dict[str, Participant]:
    """Read participants.tsv.

    Returns
    -------
    dict of str to Participant
        By ``participant_id``, in the order of the table.

    Raises
    ------
    TableError
        If a column is missing or unknown, a participant stands there twice, two differ only in
        capitals, a name is not of plain letters and digits, a side is not spelt ``left`` or
        ``right``, two people have one anatomical image, or a column that nothing reads yet is filled.
    """
    people: dict[str, Participant] = {}
    seen: dict[str, tuple[str, int]] = {}
    anatomies = DistinctPaths("anat")
    for line in read_rows(path, PARTICIPANT_COLUMNS, required=2):
        identity = line.identifier("participant_id", "sub- followed by letters and digits")
        _check_once(line, identity, seen)
        for column in NOT_YET:
            if line.text(column) is not None:
                raise line.wrong(column, "n/a (not supported yet in this version)")
        anat, anat_series = _anatomy(line, anatomies)
        mask, territory, sex = path_or_none(line, "lesion_mask"), line.text("lesion_territory"), line.text("sex")
        people[identity] = Participant(
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
        )
    return people


def _anatomy(line: TableRow, others: DistinctPaths) -> tuple[Path | None, str | None]:
    """Return where a participant's anatomical image lies, and its series."""
    path = path_or_none(line, "anat")
    if path is None:
        if line.text("anat_series") is not None:
            raise line.wrong("anat_series", "n/a, for the column anat names no image")
        return None, None
    series = series_or_none(line, path, "anat_series")
    others.take(line, path, series)
    return path, series


def read_scans(
    table: Path,
    participants: Collection[str],
    sessions: Collection[str],
    tracers: Collection[str],
) -> list[ListedScan]:
    """Read scans.tsv.

    Parameters
    ----------
    table : Path
    participants : collection of str
        The identities participants.tsv knows.
    sessions, tracers : collection of str
        What the configuration knows.

    Returns
    -------
    list of ListedScan
        In the order of the table.

    Raises
    ------
    TableError
        If a column is missing or unknown, a participant, session or tracer is not known,
        a visit has two scans of one tracer, two scans lie in one place or one inside the other
        (links followed) without a different `series` each, a path is none that the workflow takes
        (`pet_spect.study.paths.usable_path`), an image has no JSON beside it, or a value that should be a number
        is none.
    """
    scans: list[ListedScan] = []
    seen: dict[str, tuple[str, int]] = {}
    places = DistinctPaths()
    for line in read_rows(table, SCAN_COLUMNS, required=4):
        key = _known_key(line, participants, sessions, tracers)
        _check_once(line, f"{key.participant} {key.session} {key.tracer}", seen)
        line.needed_text("path")
        path = cast(Path, path_or_none(line, "path"))
        series = series_or_none(line, path)
        places.take(line, path, series)
        facts = Path(sidecar(str(path)))
        if is_nifti(path) and path.is_file() and not facts.is_file():
            raise TableError(f"{table}: line {line.number}: path {path} has no {facts.name} beside it, which it needs")
        drug = line.text("benzodiazepine")
        scans.append(
            ListedScan(
                participant_id=key.participant,
                session=key.session,
                tracer=key.tracer,
                path=path,
                series=series,
                weight_kg=line.number_or_none("weight_kg"),
                dose_mbq=line.number_or_none("dose_mbq"),
                injection_time=line.text("injection_time"),
                uptake_minutes=line.number_or_none("uptake_minutes"),
                days_since_treatment=line.number_or_none("days_since_treatment"),
                glucose_mg_dl=line.number_or_none("glucose_mg_dl"),
                benzodiazepine=None if drug is None else line.one_of("benzodiazepine", ("yes", "no")) == "yes",
                orientation=line.text("orientation"),
            )
        )
    return scans


def _known_key(
    line: TableRow, participants: Collection[str], sessions: Collection[str], tracers: Collection[str]
) -> ScanKey:
    identity = line.identifier("participant_id", "somebody participants.tsv lists")
    if identity not in participants:
        near = get_close_matches(identity, participants, n=1, cutoff=0.9)
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        raise line.wrong("participant_id", f"somebody participants.tsv lists{meant}")
    return ScanKey(identity, line.one_of("session", sessions), line.one_of("tracer", tracers))


def read_decisions(path: Path) -> list[Decision]:
    """Read qc.tsv.

    Returns
    -------
    list of Decision
        In the order of the table. A scan has one ``exclude``, or one ``accept`` for each of several codes.

    Raises
    ------
    TableError
        If a column is missing or unknown, a decision is neither ``accept`` nor ``exclude``,
        says not why, by whom, when and with which version, an ``accept`` says not which code or names
        one that nobody can accept, or a scan has two that do not go together.
    """
    decisions: list[Decision] = []
    earlier: dict[ScanKey, list[tuple[int, Decision]]] = {}
    for line in read_rows(path, DECISION_COLUMNS, required=len(DECISION_COLUMNS)):
        decision = Decision(
            participant_id=line.needed_text("participant_id"),
            session=line.needed_text("session"),
            tracer=line.needed_text("tracer"),
            decision=cast(Decided, line.one_of("decision", get_args(Decided))),
            code=line.text("code"),
            reason=line.needed_text("reason"),
            initials=line.needed_text("initials"),
            time=line.needed_text("time"),
            version=line.needed_text("version"),
        )
        if decision.decision == "accept" and decision.code is None:
            raise TableError(
                f"{path}: line {line.number}: accept needs the code it accepts, as results/tables/scans.tsv gives it"
            )
        if decision.decision == "accept" and (why := never_accepted(decision.code or "", decision.version)):
            raise TableError(
                f"{path}: line {line.number}: {decision.code} cannot be accepted: {why};"
                " correct the scan or its line in scans.tsv, or write exclude"
            )
        for number, other in earlier.setdefault(decision.key, []):
            if "exclude" in (other.decision, decision.decision) or other.code == decision.code:
                scan = f"{decision.participant_id} {decision.session} {decision.tracer}"
                raise TableError(f"{path}: line {line.number}: {scan} is a duplicate of line {number}")
        earlier[decision.key].append((line.number, decision))
        decisions.append(decision)
    return decisions


def decisions_by_scan(decisions: Iterable[Decision]) -> dict[ScanKey, list[Decision]]:
    """Return what was decided about each scan."""
    found: dict[ScanKey, list[Decision]] = {}
    for decision in decisions:
        found.setdefault(decision.key, []).append(decision)
    return found
