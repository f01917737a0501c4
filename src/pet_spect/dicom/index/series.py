"""What can be told of one series without naming anybody, and whether convert would take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nibabel.affines import voxel_sizes

from pet_spect.dicom.convert import examine
from pet_spect.dicom.declared import Declared
from pet_spect.dicom.geometry import axis_letters
from pet_spect.dicom.header import SOP_CLASSES, Header, sop_class
from pet_spect.dicom.index.files import FoundSeries
from pet_spect.dicom.index.tracer import TracerGuess, guess_tracer
from pet_spect.dicom.quiet import quiet
from pet_spect.dicom.read import series_code
from pet_spect.dicom.times import seconds_of_date
from pet_spect.dicom.vocabulary import known_modality
from pet_spect.errors import DicomError

DECLARABLE = {
    "orientation_unknown": "orientation",
    "not_static": "frame_window",
    "gate": "gate",
    "energy_window": "energy_window",
    "detector": "detector",
}
"""Refusals that end once a person fills a column of scans.tsv, or a key of the tracer in config.yaml."""

_WHOLE_DAY = Declared(frame_window=(0.0, 1440.0))


@dataclass(frozen=True)
class Refused:
    """Why convert would not take a series; the reason names no file and quotes no header.

    Attributes
    ----------
    code, reason : str
    declarable : bool
        Whether a declaration can end it, if there is one for its code.
    """

    code: str
    reason: str
    declarable: bool = True


@dataclass(frozen=True)
class Person:
    """Whose a series is, by its header. Nothing of this may go into an output.

    Attributes
    ----------
    patient_id, name, birth_date, study_uid, study_date : str
        Empty where the header has none.
    """

    patient_id: str = ""
    name: str = ""
    birth_date: str = ""
    study_uid: str = ""
    study_date: str = ""

    @property
    def plain_name(self) -> str:
        """The name as words in lower case."""
        return " ".join(self.name.replace("^", " ").split()).lower()

    @property
    def day(self) -> float | None:
        """The study's date in seconds, None if there is none that can be read."""
        return seconds_of_date(self.study_date)


@dataclass(frozen=True)
class Described:
    """One series.

    Attributes
    ----------
    found : FoundSeries
    code : str
        See `pet_spect.dicom.read.series_code`; empty where the images have no SeriesInstanceUID.
    kind : str
        ``PET``, ``NM``, ``Enhanced PET``, ..., or empty for what convert does not know.
    modality, matrix, voxel_mm, axes, units : str
        ``n/a`` where not known.
    tracer : TracerGuess
    slices : int
    refused : Refused or None
    person : Person
    """

    found: FoundSeries
    code: str
    kind: str
    modality: str
    tracer: TracerGuess
    slices: int
    matrix: str
    voxel_mm: str
    axes: str
    units: str
    refused: Refused | None
    person: Person

    @property
    def to_declare(self) -> str | None:
        """Which column of scans.tsv or key of config.yaml must be filled before convert takes the series."""
        return DECLARABLE.get(self.refused.code) if self.refused and self.refused.declarable else None

    @property
    def usable(self) -> bool:
        """Whether convert takes the series, now or once a column is filled."""
        return self.refused is None or self.to_declare is not None


def describe(found: FoundSeries) -> Described:
    """Read the headers of a series again, all of them if it may be converted, and describe it."""
    code = series_code(found.uid) if found.uid else ""
    called = f"series {code or 'without UID'}"
    with quiet():
        try:
            headers = list(found.headers(called))
        except DicomError as error:
            return _unreadable(found, code, Refused(error.code, str(error).removeprefix(f"{called}: ")))
        if not headers:
            return _unreadable(found, code, _damaged(found.damaged))
        first, refused = headers[0], None
        voxel_mm = axes = units = "n/a"
        slices = sum(_frames(header) for header in headers) if found.known_kind else found.files
        matrix = _matrix(first, slices)
        try:
            if found.damaged:
                refused = _damaged(found.damaged)
            else:
                examined = examine(headers, called, Declared())
                matrix = _joined(examined.shape)
                voxel_mm = _joined(round(float(size), 3) for size in voxel_sizes(examined.affine))
                axes, units = axis_letters(examined.affine), examined.facts.units
        except DicomError as error:
            refused = Refused(error.code, str(error).removeprefix(f"{called}: "), _declarable(error, headers, called))
        kind = SOP_CLASSES.get(sop_class(first) or "", "")
        return Described(
            found=found,
            code=code,
            kind=kind,
            modality=known_modality(_text(first, "Modality")),
            tracer=_tracer(first, kind),
            slices=slices,
            matrix=matrix,
            voxel_mm=voxel_mm,
            axes=axes,
            units=units,
            refused=refused,
            person=_person(first),
        )


def _declarable(error: DicomError, headers: Sequence[Header], called: str) -> bool:
    """Return whether a declaration may end a refusal; a lone time frame stays one, whatever the window."""
    if error.code != "not_static":
        return True
    try:
        examine(headers, called, _WHOLE_DAY)
    except DicomError as again:
        return again.code != error.code
    return True


def _unreadable(found: FoundSeries, code: str, refused: Refused) -> Described:
    nothing = TracerGuess(None, "nothing")
    return Described(found, code, "", "n/a", nothing, found.files, "n/a", "n/a", "n/a", "n/a", refused, Person())


def _damaged(damaged: Counter[str]) -> Refused:
    (code, _), *_ = damaged.most_common(1) or [("file_damaged", 0)]
    return Refused(code, f"{damaged.total()} of its files are damaged or cut short")


def _joined(numbers: Iterable[float]) -> str:
    return " x ".join(f"{number:g}" for number in numbers)


def _text(header: Header, tag: str) -> str:
    try:
        return header.text(tag) or ""
    except DicomError:
        return ""


def _frames(header: Header) -> int:
    try:
        return max(1, header.integer("NumberOfFrames") or 1)
    except DicomError:
        return 1


def _matrix(header: Header, slices: int) -> str:
    try:
        columns, rows = header.integer("Columns"), header.integer("Rows")
    except DicomError:
        return "n/a"
    return f"{columns} x {rows} x {slices}" if columns and rows else "n/a"


def _tracer(header: Header, kind: str) -> TracerGuess:
    try:
        return guess_tracer(header, "PET" if "PET" in kind else kind)
    except DicomError:
        return TracerGuess(None, "nothing")


def _person(header: Header) -> Person:
    dates = (_text(header, tag) for tag in ("StudyDate", "AcquisitionDate", "SeriesDate", "ContentDate"))
    return Person(
        patient_id=_text(header, "PatientID"),
        name=_text(header, "PatientName"),
        birth_date=_text(header, "PatientBirthDate"),
        study_uid=_text(header, "StudyInstanceUID"),
        study_date=next(filter(None, dates), ""),
    )
