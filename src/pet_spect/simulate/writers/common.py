"""Shared parts of the DICOM writers: identifiers, number formats, patient, radiopharmaceutical, geometry."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydicom import FileDataset
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import DSfloat

from pet_spect.files import whole_file
from pet_spect.imaging.images import LPS_FLIP
from pet_spect.model import Volume
from pet_spect.nuclides import HALF_LIVES_S, snomed_code

MODEL_NAME = "pet_spect simulate"
"""ManufacturerModelName of every object written here; by it a reader knows the data are simulated."""

PatientPosition = Literal["HFS", "HFP", "FFS", "FFP"]

_LPS = LPS_FLIP[:3, :3]
_SUPINE, _PRONE = ("40199007", "supine"), ("1240000", "prone")
_HEAD_FIRST, _FEET_FIRST = ("102540008", "headfirst"), ("102541007", "feet-first")


@dataclass(frozen=True)
class Nuclide:
    """A radionuclide, coded as PS3.16 CID 18 does.

    Attributes
    ----------
    name : str
        In `pet_spect.nuclides.HALF_LIVES_S`.
    meaning : str
        The meaning of its SNOMED CT code.
    positron_fraction : float
        0 for a single-photon emitter.
    """

    name: str
    meaning: str
    positron_fraction: float

    @property
    def code(self) -> str:
        """The SNOMED CT code."""
        return snomed_code(self.name)

    @property
    def half_life_s(self) -> float:
        """Half-life in seconds."""
        return HALF_LIVES_S[self.name]


F18 = Nuclide("F18", "^18^Fluorine", 0.967)
I123 = Nuclide("I123", "^123^Iodine", 0.0)


@dataclass(frozen=True)
class Header:
    """Header of a scan apart from its geometry.

    Attributes
    ----------
    injection, start : datetime
        Of the dose, and of the acquisition (also the series).
    frame_duration_s : float
    nuclide : Nuclide
    dose_bq : float or None
        At `injection`; None leaves the element out.
    weight_kg, height_m : float or None
        None leaves the element out; 0 is written, as scanners do if no value was typed in.
    sex : str
        ``M``, ``F``, ``O`` or empty.
    patient_id : str
    manufacturer : str
        ``GE MEDICAL SYSTEMS`` and ``SIEMENS`` PET also state the decay-correction time in their private element.
    attenuation_corrected : bool
    text : mapping of str to str
        Further text elements by DICOM keyword; they replace what the writer would say.
    """

    injection: datetime
    start: datetime
    frame_duration_s: float
    nuclide: Nuclide
    dose_bq: float | None = 250e6
    weight_kg: float | None = 70.0
    height_m: float | None = 1.7
    sex: str = "O"
    patient_id: str = "SIMULATED"
    manufacturer: str = "pet_spect"
    attenuation_corrected: bool = True
    text: Mapping[str, str] = field(default_factory=dict)


class Told(Protocol):
    """Header elements of every object: person, equipment and time; see `Header`."""

    @property
    def start(self) -> datetime: ...  # noqa: D102
    @property
    def weight_kg(self) -> float | None: ...  # noqa: D102
    @property
    def height_m(self) -> float | None: ...  # noqa: D102
    @property
    def sex(self) -> str: ...  # noqa: D102
    @property
    def patient_id(self) -> str: ...  # noqa: D102
    @property
    def manufacturer(self) -> str: ...  # noqa: D102


def decimal(value: float) -> DSfloat:
    """Return a number as a decimal string of at most 16 characters."""
    return DSfloat(float(value), auto_format=True)


def decimals(values: Sequence[float] | NDArray[np.float64]) -> list[DSfloat]:
    """Return numbers as decimal strings; a negative zero loses its sign."""
    return [decimal(float(value) + 0.0) for value in values]


def time_text(time: datetime) -> str:
    """Return a time as DICOM TM."""
    return time.strftime("%H%M%S.%f")[:-3]


def code(value: str, meaning: str, scheme: str = "SCT") -> Dataset:
    """Return an item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def items(*datasets: Dataset) -> DicomSequence:
    """Return a sequence of items."""
    return DicomSequence(datasets)


def fingerprint(volume: Volume, header: Told) -> str:
    """Return what the identifiers of a scan are made from: the same scan has the same ones."""
    digest = hashlib.sha256(np.ascontiguousarray(volume.data).tobytes())
    digest.update(volume.affine.tobytes() + repr(header).encode())
    return digest.hexdigest()


def uid(scan: str, what: str) -> str:
    """Return the identifier of a part of a scan."""
    return str(generate_uid(entropy_srcs=[scan, what]))


def lps_axes(volume: Volume) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the geometry of a volume in DICOM's patient coordinates.

    Parameters
    ----------
    volume : Volume
        First axis along a row (column index), second down a column, third from slice to slice.

    Returns
    -------
    directions : (3, 3) array
        Unit vectors of the three axes in columns, LPS.
    spacing : (3,) array
        mm.
    origin : (3,) array
        Centre of the first voxel, LPS mm.

    Raises
    ------
    ValueError
        If the axes are not orthogonal, which these objects cannot say.
    """
    axes = _LPS @ volume.affine[:3, :3]
    spacing = np.linalg.norm(axes, axis=0)
    directions = axes / spacing
    if not np.allclose(directions.T @ directions, np.eye(3), atol=1e-6):
        raise ValueError("the axes of the volume are not orthogonal")
    return directions, spacing, _LPS @ volume.affine[:3, 3]


def patient_and_study(header: Told, scan: str) -> Dataset:
    """Return the elements of the patient, the study and the equipment."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = f"SIMULATED^{header.patient_id}"
    ds.PatientID = header.patient_id
    ds.PatientBirthDate = ""
    ds.PatientSex = header.sex
    if header.weight_kg is not None:
        ds.PatientWeight = decimal(header.weight_kg)
    if header.height_m is not None:
        ds.PatientSize = decimal(header.height_m)
    ds.StudyInstanceUID = uid(scan, "study")
    ds.SeriesInstanceUID = uid(scan, "series")
    ds.FrameOfReferenceUID = uid(scan, "frame of reference")
    ds.PositionReferenceIndicator = ""
    ds.StudyID, ds.SeriesNumber = "1", 1
    ds.AccessionNumber = ds.ReferringPhysicianName = ""
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = header.start.strftime("%Y%m%d")
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = time_text(header.start)
    ds.Manufacturer = header.manufacturer
    ds.ManufacturerModelName = MODEL_NAME
    ds.DeviceSerialNumber = ds.SoftwareVersions = "0"
    ds.BodyPartExamined = "BRAIN"
    return ds


def add_orientation(ds: Dataset, position: PatientPosition) -> None:
    """Say how the patient lay; where the voxels are is said by the image plane alone."""
    recumbent = code("102538003", "recumbent")
    recumbent.PatientOrientationModifierCodeSequence = items(code(*(_SUPINE if position[2] == "S" else _PRONE)))
    ds.PatientOrientationCodeSequence = items(recumbent)
    ds.PatientGantryRelationshipCodeSequence = items(code(*(_HEAD_FIRST if position[0] == "H" else _FEET_FIRST)))


def radiopharmaceutical(header: Header, name: str) -> Dataset:
    """Return the item of the RadiopharmaceuticalInformationSequence."""
    item = Dataset()
    item.Radiopharmaceutical = name
    item.RadionuclideCodeSequence = items(code(header.nuclide.code, header.nuclide.meaning))
    item.RadiopharmaceuticalStartTime = time_text(header.injection)
    if header.dose_bq is not None:
        item.RadionuclideTotalDose = decimal(header.dose_bq)
    return item


def add_pixels(ds: Dataset, stored: NDArray[np.int16]) -> None:
    """Add 16-bit signed pixels, rows by columns, with or without a leading axis of frames."""
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = stored.shape[-2:]
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 1
    ds.PixelData = stored.astype("<i2").tobytes()


def add_text(ds: Dataset, header: Header) -> None:
    """Add the header's further text elements."""
    for keyword, value in header.text.items():
        setattr(ds, keyword, value)


def write_object(path: Path, ds: Dataset) -> None:
    """Write a DICOM file, explicit little endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    with whole_file(path) as partial:
        FileDataset(str(partial), ds, file_meta=meta, preamble=bytes(128)).save_as(
            partial, enforce_file_format=True, overwrite=True
        )
