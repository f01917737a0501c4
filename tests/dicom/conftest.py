"""Small DICOM objects, built element by element."""

from __future__ import annotations

import copy
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from pet_spect.dicom.convert import convert_scan
from pet_spect.dicom.facts.declared import Declared
from pet_spect.errors import DicomError
from pet_spect.model import Volume

PET, NM, ENHANCED_PET = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("128", "20", "130"))


def new_object(sop_class: str, modality: str) -> Dataset:
    """Return an object with what every image has."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid()
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.Modality = modality
    ds.Manufacturer, ds.ManufacturerModelName = "Synthetic", "Biograph"
    ds.SeriesInstanceUID = "1.2.3.4"
    ds.PatientID, ds.PatientName = "someone", "Someone^Anonymous"
    ds.PatientWeight, ds.PatientSize, ds.PatientSex = "70", "1.75", "M"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    return ds


def drug_item(**changes: object) -> Dataset:
    """Return 350 MBq of FDG at 10:00."""
    drug, nuclide = Dataset(), Dataset()
    drug.Radiopharmaceutical = "FDG"
    drug.RadiopharmaceuticalStartTime = "100000"
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = "350000000", "6586.2"
    nuclide.CodeValue, nuclide.CodingSchemeDesignator, nuclide.CodeMeaning = "C-111A1", "SRT", "^18^Fluorine"
    drug.RadionuclideCodeSequence = Sequence([nuclide])
    return change(drug, **changes)


def change(ds: Dataset, **changes: object) -> Dataset:
    """Set elements, or delete those given as None."""
    for keyword, value in changes.items():
        if value is None:
            if keyword in ds:
                del ds[keyword]
        else:
            setattr(ds, keyword, value)
    return ds


def pet_slice(stored: np.ndarray, position: tuple[float, float, float]) -> Dataset:
    """Return one slice in Bq/mL, START-corrected to 11:00, when its 300 s acquisition began."""
    ds = new_object(PET, "PT")
    ds.SeriesType, ds.Units, ds.DecayCorrection = ["STATIC", "IMAGE"], "BQML", "START"
    ds.CorrectedImage = ["DECY", "ATTN", "SCAT"]
    ds.SeriesDate = ds.AcquisitionDate = "20250101"
    ds.SeriesTime = ds.AcquisitionTime = "110000"
    ds.FrameReferenceTime, ds.ActualFrameDuration = "149605", "300000"
    ds.FrameOfReferenceUID = "1.2.3"
    ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [f"{p:.9g}" for p in position]
    ds.PixelSpacing, ds.SliceThickness = [2, 2], 3
    ds.RescaleSlope, ds.RescaleIntercept = "1", "0"
    ds.RadiopharmaceuticalInformationSequence = Sequence([drug_item()])
    ds.Rows, ds.Columns = stored.shape
    ds.PixelData = stored.astype("<i2").tobytes()
    return ds


def convert(path: Path, **declared: object) -> tuple[Volume, dict[str, Any]]:
    """Return volume and sidecar of a scan that messages call sub-01."""
    return convert_scan(path, Declared(**declared), "sub-01")


def refused(path: Path, **declared: object) -> DicomError:
    """Return why a scan is refused; the message names its label and no file."""
    with pytest.raises(DicomError) as caught:
        convert(path, **declared)
    assert str(caught.value).startswith("sub-01")
    assert ".dcm" not in str(caught.value)
    return caught.value


def item(**elements: object) -> Dataset:
    """Return an item of a sequence."""
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def macro(**elements: object) -> Sequence:
    """Return a sequence of one item."""
    return Sequence([item(**elements)])


@pytest.fixture
def pet_slices() -> Callable[..., list[Dataset]]:
    """Return a maker of a series: (rows, columns) counts per slice, 3 mm apart from the feet up."""

    def make(stored: np.ndarray | None = None, **changes: object) -> list[Dataset]:
        counts = np.arange(4 * 6 * 5).reshape(4, 6, 5) if stored is None else stored
        return [change(pet_slice(plane, (-10, -20, 3 * k)), **changes) for k, plane in enumerate(counts)]

    return make


@pytest.fixture
def nm_object() -> Callable[..., Dataset]:
    """Return a maker of a reconstructed SPECT: (slices, rows, columns) counts, the shape of GE's objects."""

    def make(stored: np.ndarray | None = None, spacing: float = -4.0, **changes: object) -> Dataset:
        counts = np.arange(4 * 6 * 5).reshape(4, 6, 5) if stored is None else stored
        ds = new_object(NM, "NM")
        ds.ImageType = ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
        ds.CorrectedImage = ["ATTN"]
        ds.NumberOfFrames, ds.Rows, ds.Columns = counts.shape
        ds.PixelSpacing, ds.SliceThickness, ds.SpacingBetweenSlices = [2, 2], 4, spacing
        ds.FrameIncrementPointer = 0x00540080
        ds.SliceVector, ds.NumberOfSlices = list(range(1, len(counts) + 1)), len(counts)
        detector = Dataset()
        detector.ImagePositionPatient, detector.ImageOrientationPatient = [-10, -20, 30], [1, 0, 0, 0, 1, 0]
        ds.DetectorInformationSequence = Sequence([detector])
        ds.PixelData = counts.astype("<i2").tobytes()
        return change(ds, **changes)

    return make


@pytest.fixture
def enhanced(pet_slices: Callable[..., list[Dataset]], drug: Callable[..., Sequence]) -> Callable[..., Dataset]:
    """Return a maker of one object whose frames, stored from the head down, carry slopes of their own."""

    def make(units: str = "Bq/ml", **changes: object) -> Dataset:
        stored = np.ones((4, 6, 5))
        stored[1, 4, 1] = 7  # second frame stored, third from below
        ds = pet_slices(stored[:1])[0]
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.130"
        for keyword in (
            *("RescaleSlope", "RescaleIntercept", "Units", "DecayCorrection", "CorrectedImage", "SeriesType"),
            *(
                "ImagePositionPatient",
                "ImageOrientationPatient",
                "PixelSpacing",
                "AcquisitionTime",
                "FrameReferenceTime",
            ),
        ):
            del ds[keyword]
        ds.ImageType = ["ORIGINAL", "PRIMARY", "STATIC", "NONE"]
        ds.DecayCorrected, ds.AttenuationCorrected, ds.DecayCorrectionDateTime = "YES", "YES", "20250101110000"
        ds.RadiopharmaceuticalInformationSequence = drug(
            RadionuclideTotalDose="350",
            RadiopharmaceuticalStartDateTime="20250101100000",
            RadiopharmaceuticalStartTime=None,
        )
        ds.NumberOfFrames, ds.PixelData = 4, stored.astype("<i2").tobytes()
        shared = item(
            PixelMeasuresSequence=macro(PixelSpacing=[2, 2], SliceThickness=3),
            PlaneOrientationSequence=macro(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        )
        ds.SharedFunctionalGroupsSequence = Sequence([shared])
        frames = []
        for number in range(4):
            mapping = item(
                RealWorldValueSlope=float(number + 1),
                RealWorldValueIntercept=0.0,
                MeasurementUnitsCodeSequence=macro(CodeValue=units, CodingSchemeDesignator="UCUM", CodeMeaning="unit"),
            )
            frames.append(
                item(
                    PlanePositionSequence=macro(ImagePositionPatient=[-10, -20, 9 - 3 * number]),
                    FrameContentSequence=macro(
                        FrameAcquisitionDateTime="20250101110000", FrameAcquisitionDuration=300000.0
                    ),
                    RealWorldValueMappingSequence=Sequence([mapping]),
                )
            )
        ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
        return ds

    return make


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of objects into a folder of their own, under names that say nothing of their order."""

    def write(*objects: Dataset, folder: str = "scan") -> Path:
        where = tmp_path / folder
        where.mkdir(exist_ok=True)
        for index, ds in enumerate(objects):
            copy.deepcopy(ds).save_as(where / f"{(index * 7 + 3) % 101:03d}.dcm", enforce_file_format=True)
        return where

    return write


@pytest.fixture
def drug() -> Callable[..., Sequence]:
    """Return a maker of RadiopharmaceuticalInformationSequence: 350 MBq of FDG at 10:00, changed as asked."""
    return lambda **changes: Sequence([drug_item(**changes)])


@pytest.fixture
def external_data() -> Path:
    """Return the folder of reference data, or skip."""
    root = Path(__file__).parents[2]
    folder = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", root / "../shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder} (PET_SPECT_EXTERNAL_DATA)")
    return folder


@pytest.fixture
def dcm2niix(tmp_path: Path) -> Callable[[Path], nib.Nifti1Image]:
    """Return a reader by dcm2niix, which comes with the development tools."""
    program = pytest.importorskip("dcm2niix").bin

    def read(folder: Path) -> nib.Nifti1Image:
        where = tmp_path / "dcm2niix"
        where.mkdir()
        subprocess.run([program, "-o", where, "-f", "image", "-z", "n", folder], check=True, capture_output=True)
        (found,) = where.glob("*.nii")
        return nib.Nifti1Image.from_filename(found)

    return read
