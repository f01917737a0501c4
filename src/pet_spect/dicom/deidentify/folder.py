"""De-identification of a folder: DICOM that names nobody and converts to the same image and SUV."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import UID

from pet_spect import __version__
from pet_spect.dicom.deidentify.elements import UNPAIRED
from pet_spect.dicom.deidentify.identity_conflicts import People
from pet_spect.dicom.deidentify.pixels import clean_pixels
from pet_spect.dicom.deidentify.profile import Scrubber
from pet_spect.dicom.deidentify.pseudonyms import Pseudonyms, is_registered
from pet_spect.dicom.facts.pictures import is_burned_in
from pet_spect.dicom.files.placed_file import PlacedFile
from pet_spect.dicom.files.read import is_image, read_file
from pet_spect.dicom.files.sources import files_in
from pet_spect.dicom.objects.clock import scanner_offset
from pet_spect.dicom.objects.header import SOP_CLASSES, Header, sop_class
from pet_spect.dicom.objects.quiet import quiet
from pet_spect.errors import DicomError, listed
from pet_spect.files import partial_beside

_IMPLEMENTATION_UID = UID("2.25.241466037468170331043137285143093014587")
_LAST = 10**9
_OPTIONS = (
    codes.DCM.BasicApplicationConfidentialityProfile,
    codes.DCM.RetainLongitudinalTemporalInformationModifiedDatesOption,
    codes.DCM.RetainPatientCharacteristicsOption,
    codes.DCM.RetainSafePrivateOption,
)


@dataclass
class Deidentified:
    """Numbers of objects written and left out.

    Attributes
    ----------
    images, series, people : int
    left_out : Counter
        Kind of object to their number.
    """

    images: int = 0
    series: int = 0
    people: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Written:
    """One file under its first name, and what its last name follows from."""

    path: Path
    number: int
    uid: str


def deidentify(source: Path, out: Path, pseudonyms: Pseudonyms, person: str | None = None) -> Deidentified:
    """Write every PET and NM image of a folder to ``out/<person>/<series>/000001.dcm`` and so on.

    Parameters
    ----------
    source : Path
        A folder, searched recursively (hidden files are passed over), or one file.
    out : Path
        A folder that does not exist yet, or is empty. It appears whole or not at all.
    pseudonyms : Pseudonyms
    person : str, optional
        Code of the only person in `source`; it also determines the shift of dates. Without it each
        PatientID, or name and birth date where there is none, gets a code of its own.

    Returns
    -------
    Deidentified

    Raises
    ------
    DicomError
        If a file is damaged, an image is flagged to show burned-in annotation, there is no
        image, several people are found where `person` names one, one number or name may be
        several people, or nothing tells whose an image is and `person` is not given.
    """
    _check_places(source, out)
    done = Deidentified()
    written: dict[Path, list[_Written]] = {}
    people = People(person)
    with _whole_folder(out) as partial, quiet():
        for file in files_in(source, str(source)):
            header = _read(file, file.path or f"{source}: {file.message_name}", done.left_out)
            if header is None:
                continue
            _check_burned_in(header)
            who = people.who(header)
            folder, entry = _write(header, partial, file.number, pseudonyms, who, person)
            written.setdefault(folder, []).append(entry)
        if not written:
            others = f"; left out: {told(done.left_out)}" if done.left_out else ""
            raise DicomError(f"{source}: no PET or reconstructed NM image found{others}", code="no_image")
        for folder, entries in written.items():
            for position, entry in enumerate(sorted(entries, key=lambda e: (e.number, e.uid)), start=1):
                entry.path.rename(folder / f"{position:06d}.dcm")
    done.images, done.series = sum(map(len, written.values())), len(written)
    done.people = len(people)
    return done


def told(left_out: Counter[str]) -> str:
    """Return kinds of object and their numbers in words, the most frequent first.

    Examples
    --------
    >>> told(Counter({"CT Image Storage": 3, "object without pixels": 1}))
    'CT Image Storage (3), object without pixels (1)'
    """
    most_first = sorted(left_out.items(), key=lambda item: (-item[1], item[0]))
    return listed(f"{kind} ({number})" for kind, number in most_first)


def _check_places(source: Path, out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DicomError(f"{out}: exists and is not an empty folder; name a new one", code="out_exists")
    inner, outer = out.resolve(), source.resolve()
    if inner == outer or inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise DicomError(f"{out}: is inside {source} or contains it; name a folder elsewhere", code="out_place")


@contextmanager
def _whole_folder(out: Path) -> Iterator[Path]:
    """Give a folder beside `out` that becomes `out` when the block succeeds, and is removed when it fails."""
    out = out.resolve()
    partial = partial_beside(out)
    partial.mkdir()
    try:
        yield partial
        partial.replace(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _read(file: PlacedFile, name: str, left_out: Counter[str]) -> Header | None:
    """Return an image to write, None for a file to leave out, which is counted."""
    header = read_file(file, name, header_only=True)
    kind = _left_out_as(header)
    if kind is not None:
        left_out[kind] += 1
        return None
    return read_file(file, name, header_only=False)


def _left_out_as(header: Header | None) -> str | None:
    """Return what the summary calls a file that is not written, None for an image."""
    if header is None:
        return "file that is not DICOM"
    if not is_image(header):
        return "object without pixels"
    kind = sop_class(header) or ""
    if kind not in SOP_CLASSES:
        return str(UID(kind).name) if is_registered(kind) else "object of another kind"
    return None if _is_volume(header, SOP_CLASSES[kind]) else f"{SOP_CLASSES[kind]} object that is no image of a volume"


def _is_volume(header: Header, kind: str) -> bool:
    """Return whether an object is one that can be converted, and no screen shot or projection."""
    grey = (header.integer("SamplesPerPixel") or 1) == 1 and header.text("PhotometricInterpretation") in (
        *(None, "MONOCHROME1", "MONOCHROME2"),
    )
    return grey and (kind != "NM" or header.texts("ImageType")[2:3] in (("RECON TOMO",), ("RECON GATED TOMO",)))


def _check_burned_in(header: Header) -> None:
    if is_burned_in(header):
        raise header.error(
            "its header says that text is burned into the image (BurnedInAnnotation); nothing was written", "burned_in"
        )


def _write(
    header: Header, root: Path, number: int, pseudonyms: Pseudonyms, who: str, person: str | None
) -> tuple[Path, _Written]:
    code = person or f"sub-{pseudonyms.code('person', who)}"
    cleaned = deidentify_object(header, pseudonyms, who, code, number)
    series = pseudonyms.code("series", header.text("SeriesInstanceUID") or "")
    folder = root / code / f"series-{series}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number}.partial"
    cleaned.save_as(path, enforce_file_format=True)
    order = Header(cleaned, header.name).integer("InstanceNumber")
    return folder, _Written(path, _LAST if order is None else order, str(cleaned.SOPInstanceUID))


def deidentify_object(header: Header, pseudonyms: Pseudonyms, who: str, code: str, number: int) -> FileDataset:
    """Return an image that names nobody, ready to be written.

    Parameters
    ----------
    header : Header
    pseudonyms : Pseudonyms
    who : str
        Identity of the person, which determines the shift of dates.
    code : str
        Becomes PatientID and PatientName.
    number : int
        Of the file; it makes an identifier where the object has none.
    """
    clock = scanner_offset(header)
    cleaned = Scrubber(pseudonyms, pseudonyms.shift(who), clock).clean(header)
    cleaned.add(clean_pixels(header))
    cleaned.SOPClassUID = sop_class(header)
    if not cleaned.get("SOPInstanceUID"):
        cleaned.SOPInstanceUID = pseudonyms.uid(f"file {number} of {header.text('SeriesInstanceUID')}")
    cleaned.PatientName = cleaned.PatientID = code
    for keyword in ("PatientBirthDate", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        setattr(cleaned, keyword, "")
    _make_valid(cleaned)
    _add_method(cleaned)
    meta = _file_meta(header, cleaned)
    syntax = meta.TransferSyntaxUID
    return FileDataset(
        "",
        cleaned,
        preamble=bytes(128),
        file_meta=meta,
        is_implicit_VR=syntax.is_implicit_VR,
        is_little_endian=syntax.is_little_endian,
    )


def _make_valid(cleaned: Dataset) -> None:
    """Correct elements that scanners write wrongly and readers do not need, so that the object is valid."""
    if cleaned.get("PatientOrientationCodeSequence") and "PatientPosition" in cleaned:
        del cleaned.PatientPosition
    kinds = cleaned.get("SeriesType") or [""]
    if "NumberOfTimeSlices" in cleaned and "DYNAMIC" not in kinds:
        del cleaned.NumberOfTimeSlices
    has_side = any(word in cleaned for word in ("Laterality", "AnatomicRegionSequence"))
    if cleaned.get("BodyPartExamined") not in UNPAIRED and not has_side:
        cleaned.Laterality = ""


def _add_method(cleaned: Dataset) -> None:
    """Write how the object was de-identified (PS3.15 E.1.1, codes of PS3.16 CID 7050)."""
    has_private = any(tag.is_private for tag in cleaned.keys())  # noqa: SIM118
    cleaned.PatientIdentityRemoved = "YES"
    cleaned.LongitudinalTemporalInformationModified = "MODIFIED"
    cleaned.DeidentificationMethod = f"pet_spect {__version__} allow-list, PS3.15 basic profile 2026c"
    options = _OPTIONS if has_private else _OPTIONS[:-1]
    cleaned.DeidentificationMethodCodeSequence = Items(map(_item, options))


def _item(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item


def _file_meta(header: Header, cleaned: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = cleaned.SOPClassUID, cleaned.SOPInstanceUID
    meta.TransferSyntaxUID = UID(str(header.dataset.file_meta.TransferSyntaxUID))
    meta.ImplementationClassUID = _IMPLEMENTATION_UID
    meta.ImplementationVersionName = f"PET_SPECT {__version__}"[:16]
    return meta
