"""Summary of one series that names nobody, and whether convert would take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nibabel.affines import voxel_sizes

from pet_spect.dicom.convert import examine
from pet_spect.dicom.facts.declared import Declared
from pet_spect.dicom.facts.pictures import picture_remarks
from pet_spect.dicom.files.read import series_code
from pet_spect.dicom.geometry import axis_letters
from pet_spect.dicom.index.findings import FoundSeries, frames_of
from pet_spect.dicom.index.tracer_guess import TracerGuess, guess_tracer
from pet_spect.dicom.objects.header import SOP_CLASSES, Header, sop_class
from pet_spect.dicom.objects.identity import Person, apart, person_of
from pet_spect.dicom.objects.quiet import quiet
from pet_spect.dicom.objects.vocabulary import known_modality
from pet_spect.errors import DicomError
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code

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
    code : Code
    reason : str
    declarable : bool
        Whether a declaration can end it, if there is one for its code.
    """

    code: Code
    reason: str
    declarable: bool = True


@dataclass(frozen=True)
class Described:
    """One series.

    Attributes
    ----------
    source : FoundSeries
    code : str
        See `pet_spect.dicom.files.read.series_code`; empty where the images have no SeriesInstanceUID.
    kind : str
        ``PET``, ``NM``, ``Enhanced PET``, ..., or empty for what convert does not know.
    modality, matrix, voxel_mm, axes, units : str
        ``n/a`` where not known.
    tracer : TracerGuess
    slices : int
    refused : Refused or None
    person : Person
    others : tuple of Person
        Further people that its images name, each once.
    remarks : tuple of Remark
        Remarks on its pictures (`pet_spect.dicom.facts.pictures`).
    """

    source: FoundSeries
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
    others: tuple[Person, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def to_declare(self) -> str | None:
        """Which column of scans.tsv or key of config.yaml must be filled before convert takes the series."""
        return DECLARABLE.get(self.refused.code) if self.refused and self.refused.declarable else None

    @property
    def usable(self) -> bool:
        """Whether convert takes the series, now or once a column is filled."""
        return self.refused is None or self.to_declare is not None


def describe(series: FoundSeries) -> Described:
    """Read the headers of a series again, all of them if it may be converted, and describe it.

    A bug that one series meets does not hide the others: it is refused as ``internal_error``.
    """
    code = series_code(series.uid) if series.uid else ""
    try:
        return _described(series, code)
    except Exception as error:
        return _unreadable(series, code, _bug(error))


def _bug(error: Exception) -> Refused:
    """Return how a bug is reported: by its kind alone, because its message may quote a header."""
    return Refused("internal_error", f"{type(error).__name__}; this is a bug of pet_spect, please report it")


def _described(series: FoundSeries, code: str) -> Described:
    called = f"series {code or 'without UID'}"
    with quiet():
        try:
            headers = list(series.headers(called))
        except DicomError as error:
            return _unreadable(series, code, Refused(error.code, str(error).removeprefix(f"{called}: ")))
        if not headers:
            return _unreadable(series, code, _damaged(series.damaged))
        first, refused = headers[0], None
        voxel_mm = axes = units = "n/a"
        slices = sum(frames_of(header) for header in headers) if series.known_kind else series.files
        matrix = _matrix(first, slices)
        try:
            if series.damaged:
                refused = _damaged(series.damaged)
            else:
                examined = examine(headers, called, Declared())
                matrix = _joined(examined.shape)
                voxel_mm = _joined(round(float(size), 3) for size in voxel_sizes(examined.affine))
                axes, units = axis_letters(examined.affine), examined.facts.units
        except DicomError as error:
            refused = Refused(error.code, str(error).removeprefix(f"{called}: "), _declarable(error, headers, called))
        except Exception as error:
            refused = _bug(error)
        kind = SOP_CLASSES.get(sop_class(first) or "", "")
        person, *others = dict.fromkeys(_people(headers))
        if others and refused is None:
            refused = Refused("mixed_series", "mixed series: images of several patients; one is needed")
        return Described(
            source=series,
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
            person=person,
            others=tuple(others),
            remarks=_remarks(headers),
        )


def _remarks(headers: Sequence[Header]) -> tuple[Remark, ...]:
    try:
        return tuple(picture_remarks(headers))
    except DicomError:
        return ()


def _declarable(error: DicomError, headers: Sequence[Header], called: str) -> bool:
    """Return whether a declaration may end a refusal; a lone time frame stays one, whatever the window."""
    if error.code != "not_static":
        return True
    try:
        examine(headers, called, _WHOLE_DAY)
    except DicomError as again:
        return again.code != error.code
    return True


def _unreadable(series: FoundSeries, code: str, refused: Refused) -> Described:
    kind = next((SOP_CLASSES[sop] for sop in sorted(series.sop_classes) if sop in SOP_CLASSES), "")
    person, nothing = series.damaged_person or Person(), TracerGuess(None, "nothing")
    return Described(series, code, kind, "n/a", nothing, series.files, "n/a", "n/a", "n/a", "n/a", refused, person)


def _damaged(damaged: Counter[Code]) -> Refused:
    (code, _), *_ = damaged.most_common(1) or [("file_damaged", 0)]
    return Refused(code, f"{damaged.total()} of its files are damaged or cut short")


def _joined(numbers: Iterable[float]) -> str:
    return " x ".join(f"{number:g}" for number in numbers)


def _text(header: Header, tag: str) -> str:
    try:
        return header.text(tag) or ""
    except DicomError:
        return ""


def _matrix(header: Header, slices: int) -> str:
    try:
        columns, rows = header.integer("Columns"), header.integer("Rows")
    except DicomError:
        return "n/a"
    return f"{columns} x {rows} x {slices}" if columns and rows else "n/a"


def _people(headers: Sequence[Header]) -> Iterator[Person]:
    """Yield the first person of a series, and everybody who must be another."""
    first = person_of(headers[0])
    yield first
    for header in headers[1:]:
        person = replace(person_of(header), study_uid=first.study_uid, study_date=first.study_date)
        if person != first and apart((first, person)):
            yield person


def _tracer(header: Header, kind: str) -> TracerGuess:
    try:
        return guess_tracer(header, "PET" if "PET" in kind else kind)
    except DicomError:
        return TracerGuess(None, "nothing")
