"""The sound scans that are damaged: small, of every form that ``convert`` reads, with canaries in their texts."""

from __future__ import annotations

import copy
import functools
import gzip
import io
import json
import struct
import tempfile
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from ..dicom.conftest import ENHANCED_PET, NM, change, drug_item, new_object, pet_slice
from .elements import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, DicomObject, parse

T = typing.TypeVar("T")

CANARY = "CANARY"
LEGACY_PET = "1.2.840.10008.5.1.4.1.1.128.1"
SHAPE = (4, 8, 6)


def pick(rng: np.random.Generator, options: typing.Sequence[T]) -> T:
    """Return one of the options as it is; numpy's own choice makes numpy's types of them."""
    return options[int(rng.integers(len(options)))]


@dataclass
class Scan:
    """What lies in the folder of one case: DICOM objects still to be written, and files as they are."""

    kind: str
    objects: list[DicomObject] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def entry(self) -> str:
        """Return what ``convert`` is given, relative to the folder: the folder, the NIfTI image or the archive."""
        return next((name for name in self.files if not name.endswith((".dcm", ".json"))), ".")

    def encoded(self) -> dict[str, bytes]:
        """Return name and content of every file."""
        names = [f"{(number * 7 + 3) % 101:03d}.dcm" for number in range(len(self.objects))]
        return self.files | {name: ds.encoded() for name, ds in zip(names, self.objects, strict=True)}


def _counts(shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2000, shape).astype("<i2")


def _canaries(ds: Dataset) -> Dataset:
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = f"{CANARY}^Ann", f"{CANARY}-1", "19510203"
    ds.InstitutionName, ds.OperatorsName, ds.StudyDescription = f"{CANARY} HOSPITAL", f"{CANARY}^Op", f"{CANARY} STUDY"
    ds.StationName, ds.SeriesDescription, ds.AccessionNumber = f"{CANARY}ST", f"{CANARY} AC", f"{CANARY}7"
    ds.ReconstructionMethod, ds.ConvolutionKernel = "OSEM", "XYZ Gauss2.00"
    ds.StudyInstanceUID, ds.StudyDate, ds.StudyTime = "1.2.3.9", "20250101", "090000"
    return ds


def _saved(ds: Dataset) -> DicomObject:
    stream = io.BytesIO()
    ds.save_as(stream, enforce_file_format=True)
    return parse(stream.getvalue())


def _pet_slices(shape: tuple[int, int, int] = SHAPE, **changes: object) -> list[Dataset]:
    return [
        change(_canaries(pet_slice(plane, (-10, -20, 3 * k))), **{"RescaleSlope": str(1 + k / 4), **changes})
        for k, plane in enumerate(_counts(shape))
    ]


def _pet(syntax: str = EXPLICIT) -> list[DicomObject]:
    objects = [_saved(ds) for ds in _pet_slices()]
    for ds in objects:
        _set_syntax(ds, syntax)
    return objects


def _set_syntax(ds: DicomObject, syntax: str) -> None:
    ds.syntax = syntax if syntax in (IMPLICIT, DEFLATED, BIG_ENDIAN) else EXPLICIT
    stated = next(element for element in ds.meta if element.tag == 0x00020010)
    stated.value = (syntax + "\0" * (len(syntax) % 2)).encode()
    ds.meta[0].value = struct.pack("<I", sum(len(e.value) + (12 if e.vr == b"OB" else 8) for e in ds.meta[1:]))


def _private(group: int, creator: str, **elements: str) -> list[DicomObject]:
    slices = _pet_slices(Units="CNTS") if "Philips" in creator else _pet_slices()
    for ds in slices:
        block = ds.private_block(group, creator, create=True)
        for number, value in elements.items():
            block.add_new(int(number[1:], 16), "DS" if "Philips" in creator else "DT", value)
        block.add_new(0x77, "LO", f"{CANARY} PRIVATE")
    return [_saved(ds) for ds in slices]


def _dynamic() -> list[DicomObject]:
    """Return two time frames of 300 s, one after the other."""
    objects = []
    for number, minutes in enumerate(("110000", "110500")):
        later = {"AcquisitionTime": minutes, "FrameReferenceTime": str(149605 + 300_000 * number)}
        slices = _pet_slices(SeriesType=["DYNAMIC", "IMAGE"], NumberOfTimeSlices=2, **later)
        objects += [_saved(ds) for ds in slices]
    return objects


def _float() -> list[DicomObject]:
    slices = _pet_slices(BitsAllocated=32)
    for ds in slices:
        ds.FloatPixelData = np.frombuffer(ds.PixelData, "<i2").astype("<f4").tobytes()
        for keyword in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
            del ds[keyword]
    return [_saved(ds) for ds in slices]


def _run_length() -> list[DicomObject]:
    slices = _pet_slices()
    for ds in slices:
        ds.compress(RLELossless, generate_instance_uid=False)
    return [_saved(ds) for ds in slices]


def _jpeg_2000() -> list[DicomObject]:
    import openjpeg

    slices = _pet_slices((4, 32, 32))  # the encoder makes five levels of halves
    for ds in slices:
        plane = np.frombuffer(ds.PixelData, "<i2").reshape(ds.Rows, ds.Columns)
        ds.PixelData = encapsulate([openjpeg.encode(plane, photometric_interpretation=2)])
        ds["PixelData"].is_undefined_length = True
        ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    return [_saved(ds) for ds in slices]


def _by_gdcm(objects: list[DicomObject], syntax: str) -> list[DicomObject]:
    """Return the objects as gdcm compresses them; pydicom has no encoder for these."""
    import gdcm

    kinds = {
        JPEGLosslessSV1: gdcm.TransferSyntax.JPEGLosslessProcess14_1,
        JPEGLSLossless: gdcm.TransferSyntax.JPEGLSLossless,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "plain.dcm")
        for ds in objects:
            path.write_bytes(ds.encoded())
            reader, changer, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
            reader.SetFileName(str(path))
            assert reader.Read()
            changer.SetTransferSyntax(gdcm.TransferSyntax(kinds[syntax]))
            changer.SetInput(reader.GetImage())
            assert changer.Change()
            writer.SetFile(reader.GetFile())
            writer.SetImage(changer.GetOutput())
            writer.SetFileName(str(path))
            assert writer.Write()
            found = ds.find(0x7FE00010)
            assert found is not None
            packed = parse(path.read_bytes()).find(0x7FE00010)
            assert packed is not None
            found.vr, found.value, found.is_undefined = b"OB", packed.value, True
            _set_syntax(ds, syntax)
    return objects


def _item(**elements: object) -> Dataset:
    return change(Dataset(), **elements)


def _macro(**elements: object) -> Sequence:
    return Sequence([_item(**elements)])


def _frame(number: int, is_legacy: bool) -> Dataset:
    frame = _item(
        PlanePositionSequence=_macro(ImagePositionPatient=[-10, -20, 9 - 3 * number]),
        FrameContentSequence=_macro(FrameAcquisitionDateTime="20250101110000", FrameAcquisitionDuration=300000.0),
    )
    if is_legacy:
        frame.PixelValueTransformationSequence = _macro(RescaleSlope="2", RescaleIntercept="0", RescaleType="US")
        return frame
    units = _macro(CodeValue="Bq/ml", CodingSchemeDesignator="UCUM", CodeMeaning=f"{CANARY} unit")
    frame.RealWorldValueMappingSequence = _macro(
        RealWorldValueSlope=float(number + 1), RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=units
    )
    return frame


def _enhanced(*, is_legacy: bool = False, is_packed: bool = False) -> list[DicomObject]:
    ds = _canaries(new_object(LEGACY_PET if is_legacy else ENHANCED_PET, "PT"))
    ds.ImageType = ["ORIGINAL", "PRIMARY", "STATIC", "NONE"]
    ds.FrameOfReferenceUID = "1.2.3"
    ds.DecayCorrected, ds.AttenuationCorrected, ds.DecayCorrectionDateTime = "YES", "YES", "20250101110000"
    start = {"RadiopharmaceuticalStartDateTime": "20250101100000", "RadiopharmaceuticalStartTime": None}
    ds.RadiopharmaceuticalInformationSequence = Sequence([drug_item(RadionuclideTotalDose="350", **start)])
    ds.NumberOfFrames, ds.Rows, ds.Columns = SHAPE
    ds.PixelData = _counts().tobytes()
    shared = _item(
        PixelMeasuresSequence=_macro(PixelSpacing=[2, 2], SliceThickness=3),
        PlaneOrientationSequence=_macro(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
    )
    if is_legacy:
        ds.DecayCorrection, ds.CorrectedImage = "START", ["DECY", "ATTN"]
        classic = {"Units": "BQML", "AcquisitionDate": "20250101", "AcquisitionTime": "110000"}
        shared.UnassignedSharedConvertedAttributesSequence = _macro(**classic)
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence([_frame(number, is_legacy) for number in range(SHAPE[0])])
    if is_packed:
        ds.compress(RLELossless, generate_instance_uid=False)
    return [_saved(ds)]


def _nm_slices() -> list[DicomObject]:
    """Return a SPECT of one object per slice."""
    whole = _nm_object()
    planes = _counts()
    objects = []
    for number, plane in enumerate(planes):
        ds = copy.deepcopy(whole)
        ds.NumberOfFrames = ds.SliceVector = ds.NumberOfSlices = 1
        ds.DetectorInformationSequence[0].ImagePositionPatient = [-10, -20, 30 - 4 * number]
        ds.RescaleSlope, ds.PixelData = str(1 + number / 4), plane.tobytes()
        objects.append(_saved(ds))
    return objects


def _nm(*, is_gated: bool = False) -> list[DicomObject]:
    return [_saved(_nm_object(is_gated=is_gated))]


def _nm_object(*, is_gated: bool = False) -> Dataset:
    ds = _canaries(new_object(NM, "NM"))
    kind = "RECON GATED TOMO" if is_gated else "RECON TOMO"
    ds.ImageType, ds.CorrectedImage = ["DERIVED", "PRIMARY", kind, "EMISSION"], ["ATTN"]
    counts = np.concatenate([_counts()] * 2) if is_gated else _counts()
    ds.NumberOfFrames, ds.Rows, ds.Columns = counts.shape
    ds.PixelSpacing, ds.SliceThickness, ds.SpacingBetweenSlices = [2, 2], 4, -4
    ds.SliceVector, ds.NumberOfSlices = list(range(1, SHAPE[0] + 1)) * (2 if is_gated else 1), SHAPE[0]
    ds.FrameIncrementPointer = [0x00540080]
    if is_gated:
        ds.FrameIncrementPointer = [0x00540060, 0x00540070, 0x00540080]
        ds.NumberOfRRIntervals, ds.RRIntervalVector = 1, [1] * 8
        ds.NumberOfTimeSlots, ds.TimeSlotVector = 2, [1] * 4 + [2] * 4
        timing = _macro(FrameTime="400", NumberOfFramesInRotation=1)
        ds.GatedInformationSequence = _macro(DataInformationSequence=timing)
    ds.DetectorInformationSequence = _macro(
        ImagePositionPatient=[-10, -20, 30], ImageOrientationPatient=[1, 0, 0, 0, 1, 0]
    )
    drug = drug_item(Radiopharmaceutical="IMZ I-123", RadionuclideHalfLife="47604")
    change(drug.RadionuclideCodeSequence[0], CodeValue="C-114A4", CodeMeaning="^123^Iodine")
    ds.RadiopharmaceuticalInformationSequence = Sequence([drug])
    ds.AcquisitionDate, ds.AcquisitionTime = "20250101", "110000"
    ds.PixelData = counts.tobytes()
    return ds


SIDECAR = {
    "Modality": "PT",
    "Units": "Bq/mL",
    "TracerName": "FDG",
    "TracerRadionuclide": "F18",
    "InjectedRadioactivity": 350,
    "InjectedRadioactivityUnits": "MBq",
    "InjectionStart": 0,
    "ScanStart": 3600,
    "FrameTimesStart": [3600],
    "FrameDuration": [300],
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 3600,
    "AttenuationCorrection": "CT",
    "SUVbwFactor": 2e-4,
    "Warnings": [],
    "Manufacturer": "Siemens",
    "ReconMethodName": f"{CANARY} OSEM",
    "InstitutionName": f"{CANARY} HOSPITAL",
}


def _nifti(ending: str) -> dict[str, bytes]:
    image = nib.Nifti1Image(_counts().transpose(2, 1, 0).astype(np.float32), np.diag([-2.0, -2.0, 3.0, 1.0]))
    image.set_qform(image.affine, code=1)
    image.set_sform(image.affine, code=1)
    content = image.to_bytes()
    packed = gzip.compress(content, mtime=0) if ending == ".nii.gz" else content
    return {f"scan{ending}": packed, "scan.json": json.dumps(SIDECAR).encode()}


_DICOM: dict[str, Callable[[], list[DicomObject]]] = {
    "pet": _pet,
    "pet_implicit": lambda: _pet(IMPLICIT),
    "pet_big_endian": lambda: _pet(BIG_ENDIAN),
    "pet_deflated": lambda: _pet(DEFLATED),
    "pet_float": _float,
    "pet_dynamic": _dynamic,
    "pet_rle": _run_length,
    "pet_jpeg_2000": _jpeg_2000,
    "pet_jpeg_lossless": lambda: _by_gdcm(_pet(), JPEGLosslessSV1),
    "pet_jpeg_ls": lambda: _by_gdcm(_pet(), JPEGLSLossless),
    "pet_ge": lambda: _private(0x0009, "GEMS_PETD_01", x0D="20250101110000"),
    "pet_siemens": lambda: _private(0x0071, "SIEMENS MED PT", x22="20250101110000"),
    "pet_padded": lambda: [_saved(ds) for ds in _pet_slices(PixelPaddingValue=-32768)],
    "pet_philips": lambda: _private(0x7053, "Philips PET Private Group", x00="0.0002", x09="1.5"),
    "enhanced": _enhanced,
    "enhanced_legacy": lambda: _enhanced(is_legacy=True),
    "enhanced_rle": lambda: _enhanced(is_packed=True),
    "nm": _nm,
    "nm_gated": lambda: _nm(is_gated=True),
    "nm_slices": _nm_slices,
}
DICOM_KINDS = tuple(_DICOM)
COMPRESSED_KINDS = ("pet_rle", "pet_jpeg_2000", "pet_jpeg_lossless", "pet_jpeg_ls", "enhanced_rle")
NIFTI_KINDS = ("nifti", "nifti_gz")


_sound = functools.cache(lambda kind: _DICOM[kind]())


def sound_scan(kind: str) -> Scan:
    """Return a scan to damage; each call gives a copy of its own."""
    if kind in NIFTI_KINDS:
        return Scan(kind, files=_nifti(".nii.gz" if kind == "nifti_gz" else ".nii"))
    return Scan(kind, copy.deepcopy(_sound(kind)))
