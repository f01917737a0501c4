"""What scanners write: voxels placed in the patient's coordinates (LPS+ mm) by the words of the standard alone.

Nothing here knows the code under test. Stored arrays are (slices, rows, columns).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import generate_uid
from pydicom.valuerep import DSfloat

from tests.dicom.conftest import ENHANCED_PET, NM, change, drug_item, new_object, pet_slice

# Where the column and the row index grow towards on a scanner whose table lies along z and whose picture
# keeps the gantry's left and top, for a patient in each position (PS3.3 C.7.3.1.1.2 and C.7.6.2.1.1).
PATIENT_POSITIONS = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
}


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a scan lie.

    Attributes
    ----------
    row, column : (3,) unit vectors
        In which the column index grows (along a row), and in which the row index grows.
    first : (3,) floats
        Centre of the first voxel of slice 0.
    between_rows, between_columns : float
        mm.
    step : float
        From slice to slice along row × column; negative where slices run against it.
    """

    row: Sequence[float]
    column: Sequence[float]
    first: Sequence[float] = (0.0, 0.0, 0.0)
    between_rows: float = 2.0
    between_columns: float = 2.0
    step: float = 3.0

    def points(self, shape: Sequence[int]) -> np.ndarray:
        """Return the place of every voxel, (slices, rows, columns, 3)."""
        s, r, c = (index[..., np.newaxis] for index in np.indices(shape, dtype=float))
        across, down = np.asarray(self.row, float), np.asarray(self.column, float)
        normal = np.cross(across, down)
        in_plane = c * self.between_columns * across + r * self.between_rows * down
        return np.asarray(self.first, float) + in_plane + s * self.step * normal

    @property
    def orientation(self) -> list[DSfloat]:
        """ImageOrientationPatient."""
        return _decimals([*self.row, *self.column])

    @property
    def pixel_spacing(self) -> list[DSfloat]:
        """PixelSpacing: between rows first."""
        return _decimals([self.between_rows, self.between_columns])


def rotated(grid: Grid, matrix: np.ndarray, **changes: object) -> Grid:
    """Return the grid of a gantry turned by a rotation, its first voxel staying where it is."""
    kept = {name: getattr(grid, name) for name in ("first", "between_rows", "between_columns", "step")}
    return Grid(tuple(matrix @ grid.row), tuple(matrix @ grid.column), **{**kept, **changes})


def _decimals(values: Iterable[float]) -> list[DSfloat]:
    return [DSfloat(float(value) + 0.0, auto_format=True) for value in values]


def _macro(**elements: object) -> Items:
    return Items([change(Dataset(), **elements)])


def pet_series(stored: np.ndarray, grid: Grid, **changes: object) -> list[Dataset]:
    """Return a classic series, one object per slice in the order of the array."""
    objects = []
    for number, (plane, place) in enumerate(zip(stored, grid.points(stored.shape)[:, 0, 0], strict=True), start=1):
        ds = pet_slice(plane, (0, 0, 0))
        ds.StudyInstanceUID, ds.InstanceNumber, ds.NumberOfSlices = "1.2.5", number, len(stored)
        ds.StudyDate, ds.StudyTime = "20250101", "100000"
        ds.ImageOrientationPatient, ds.PixelSpacing = grid.orientation, grid.pixel_spacing
        ds.ImagePositionPatient = _decimals(place)
        ds.SliceThickness = DSfloat(abs(grid.step), auto_format=True)
        objects.append(change(ds, **changes))
    return objects


def enhanced_pet(stored: np.ndarray, grid: Grid) -> Dataset:
    """Return one multi-frame object in Bq/mL, its frames in the order of the array."""
    ds = new_object(ENHANCED_PET, "PT")
    ds.StudyInstanceUID, ds.FrameOfReferenceUID = "1.2.5", "1.2.3"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "STATIC", "NONE"]
    ds.SeriesDate, ds.SeriesTime = "20250101", "110000"
    ds.DecayCorrected = ds.AttenuationCorrected = "YES"
    ds.DecayCorrectionDateTime = "20250101110000"
    drug = drug_item(RadionuclideTotalDose="350", RadiopharmaceuticalStartTime=None)
    drug.RadiopharmaceuticalStartDateTime = "20250101100000"
    ds.RadiopharmaceuticalInformationSequence = Items([drug])
    ds.NumberOfFrames, ds.Rows, ds.Columns = stored.shape
    shared = Dataset()
    shared.PixelMeasuresSequence = _macro(PixelSpacing=grid.pixel_spacing, SliceThickness=abs(grid.step))
    shared.PlaneOrientationSequence = _macro(ImageOrientationPatient=grid.orientation)
    ds.SharedFunctionalGroupsSequence = Items([shared])
    ds.PerFrameFunctionalGroupsSequence = Items(_frame(place) for place in grid.points(stored.shape)[:, 0, 0])
    ds.PixelData = stored.astype("<i2").tobytes()
    return ds


def _frame(place: np.ndarray) -> Dataset:
    frame = Dataset()
    frame.PlanePositionSequence = _macro(ImagePositionPatient=_decimals(place))
    frame.FrameContentSequence = _macro(FrameAcquisitionDateTime="20250101110000", FrameAcquisitionDuration=300_000.0)
    unit = _macro(CodeValue="Bq/ml", CodingSchemeDesignator="UCUM", CodeMeaning="Becquerels/milliliter")
    frame.RealWorldValueMappingSequence = _macro(
        RealWorldValueSlope=1.0, RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=unit
    )
    return frame


def nm_volume(stored: np.ndarray, grid: Grid, slice_vector: Sequence[int] | None = None) -> Dataset:
    """Return a reconstructed SPECT; array slice s has the slice number s + 1, frames follow `slice_vector`."""
    numbers = list(slice_vector or range(1, len(stored) + 1))
    ds = new_object(NM, "NM")
    ds.StudyInstanceUID, ds.InstanceNumber = "1.2.5", 1
    ds.ImageType = ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
    ds.CorrectedImage = ["ATTN"]
    ds.NumberOfFrames, ds.Rows, ds.Columns = stored.shape
    ds.NumberOfSlices, ds.FrameIncrementPointer, ds.SliceVector = len(stored), 0x00540080, numbers
    ds.PixelSpacing, ds.SliceThickness = grid.pixel_spacing, DSfloat(abs(grid.step), auto_format=True)
    ds.SpacingBetweenSlices = DSfloat(grid.step, auto_format=True)
    ds.DetectorInformationSequence = _macro(
        ImagePositionPatient=_decimals(grid.first), ImageOrientationPatient=grid.orientation
    )
    ds.PixelData = np.stack([stored[number - 1] for number in numbers]).astype("<i2").tobytes()
    return ds


def write(folder: Path, objects: Sequence[Dataset]) -> Path:
    """Write objects under names in their order; each is made an instance of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, ds in enumerate(objects):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.save_as(folder / f"{number:04d}.dcm", enforce_file_format=True)
    return folder


def nm_points(ds: pydicom.Dataset) -> np.ndarray:
    """Return the place of every stored voxel of an NM object, (frames, rows, columns, 3), by PS3.3 C.8.4.15."""
    detector = ds.DetectorInformationSequence[0]
    across, down = np.array(detector.ImageOrientationPatient, float).reshape(2, 3)
    between_rows, between_columns = map(float, ds.PixelSpacing)
    f, r, c = (index[..., np.newaxis] for index in np.indices((ds.NumberOfFrames, ds.Rows, ds.Columns), dtype=float))
    up = (np.array(ds.SliceVector, float) - 1)[f.astype(int)] * float(ds.SpacingBetweenSlices) * np.cross(across, down)
    place = np.array(detector.ImagePositionPatient, float)
    return place + c * between_columns * across + r * between_rows * down + up


def places_of_values(image: nib.Nifti1Image) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of an image in rising order and where each lies, (N,) and (N, 3), LPS+ mm."""
    data = np.asarray(image.dataobj)
    indices = np.indices(data.shape).reshape(3, -1).T
    order = np.argsort(data.ravel(), kind="stable")
    points = nib.affines.apply_affine(image.affine, indices[order])
    return data.ravel()[order], points * [-1, -1, 1]
