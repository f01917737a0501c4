"""scans.tsv: which scans there are, where they lie, and what their headers do not say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pet_spect.files import is_nifti, sidecar
from pet_spect.model import ScanKey
from pet_spect.study.paths import DistinctPaths, path_or_none, series_or_none
from pet_spect.study.rows import Table, TableRow, known_participant, note_repeated, open_table

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


def read_scans(
    path: Path,
    participants: Collection[str],
    sessions: Collection[str],
    tracers: Collection[str],
) -> list[ListedScan]:
    """Read scans.tsv.

    Parameters
    ----------
    path : Path
    participants : collection of str
        The identities participants.tsv knows.
    sessions, tracers : collection of str
        Those of the configuration.

    Returns
    -------
    list of ListedScan
        In the order of the table.

    Raises
    ------
    StudyError
        With every mistake: see `scans_of`.
    """
    table = open_table(path, SCAN_COLUMNS, required=4)
    scans = scans_of(table, participants, sessions, tracers)
    table.check()
    return scans


def scans_of(
    table: Table,
    participants: Collection[str] | None,
    sessions: Collection[str] | None,
    tracers: Collection[str] | None,
) -> list[ListedScan]:
    """Return the scans whose rows are sound, and note the mistakes of the others in their rows.

    A mistake is a participant, session or tracer that is not known, a visit with two scans of one tracer, two scans
    that lie in one place or one inside the other (links followed) without a different `series` each, a path that the
    workflow cannot take (`pet_spect.study.paths.usable_path`), an image without JSON beside it, or a value that is
    no number where one is needed.

    Parameters
    ----------
    table : Table
    participants, sessions, tracers : collection of str or None
        Those that the study has; None if that is not known, so that any may be there.
    """
    scans: list[ListedScan] = []
    earlier: dict[str, tuple[str, int]] = {}
    places = DistinctPaths()
    for line in table.rows:
        key = _key(line, participants, sessions, tracers)
        if not line.mistakes:
            note_repeated(line, f"{key.participant} {key.session} {key.tracer}", earlier)
        line.needed_text("path")
        path = path_or_none(line, "path")
        series = series_or_none(line, path)
        if path is not None:
            _check_place(line, path, series, places)
        drug = line.text("benzodiazepine")
        scan = ListedScan(
            participant_id=key.participant,
            session=key.session,
            tracer=key.tracer,
            path=path or Path(),
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
        if not line.mistakes:
            scans.append(scan)
    return scans


def _key(
    line: TableRow,
    participants: Collection[str] | None,
    sessions: Collection[str] | None,
    tracers: Collection[str] | None,
) -> ScanKey:
    identity = known_participant(line, participants)
    words = [
        line.needed_text(column) if choices is None else line.one_of(column, choices)
        for column, choices in (("session", sessions), ("tracer", tracers))
    ]
    return ScanKey(identity, *words)


def _check_place(line: TableRow, path: Path, series: str | None, places: DistinctPaths) -> None:
    """Note that a scan shares its place, or is an image without its JSON."""
    places.take(line, path, series)
    facts = Path(sidecar(str(path)))
    if is_nifti(path) and path.is_file() and not facts.is_file():
        line.refuse(f"path {path} has no {facts.name} beside it, which it needs")
