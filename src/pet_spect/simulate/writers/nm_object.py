"""Writer of a volume as reconstructed SPECT: one multi-frame object (NM Image IOD, PS3.3 A.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydicom.dataset import Dataset

from pet_spect.model import Volume
from pet_spect.simulate.writers import common

Scaling = Literal["none", "slope", "real_world"]

_SOP_CLASS = "1.2.840.10008.5.1.4.1.1.20"
_LARGEST = 32767
_KEV = (159.0, 0.1)


@dataclass(frozen=True)
class NmHeader(common.Header):
    """Header of an iomazenil scan.

    Attributes
    ----------
    scaling : {'none', 'slope', 'real_world'}
        Where the factor from stored to real values is: nowhere (relative counts), in
        RescaleSlope, or in the RealWorldValueMappingSequence (Bq/mL).
    """

    nuclide: common.Nuclide = common.I123
    frame_duration_s: float = 1800.0
    dose_bq: float | None = 167e6
    scaling: Scaling = "none"


def write_nm_recon(
    path: Path,
    volume: Volume,
    header: NmHeader,
    *,
    spacing_sign: Literal[1, -1] = 1,
    slice_vector: Sequence[int] | None = None,
    patient_position: common.PatientPosition = "HFS",
) -> None:
    """Write a RECON TOMO object with its geometry in the DetectorInformationSequence alone.

    Frame f holds slice ``s_f = slice_vector[f]`` and lies at
    ``IPP + (s_f − 1) · SpacingBetweenSlices · (row × column)`` (PS3.3 C.8.4.15).

    Parameters
    ----------
    path : Path
    volume : Volume
        First axis along the rows (column index), second down the columns, third from slice to slice,
        in either direction; any orthogonal affine. Without `scaling` only ratios of voxels survive.
    header : NmHeader
    spacing_sign : {1, -1}
        Sign of SpacingBetweenSlices. Slices are counted from whichever end it asks for;
        the voxels stay where `volume` has them.
    slice_vector : sequence of int, optional
        A permutation of 1 to the number of slices: the slice each stored frame holds. In order by default.
    patient_position : {'HFS', 'HFP', 'FFS', 'FFP'}
        Only written, as codes; it moves no voxel.

    Raises
    ------
    ValueError
        If the axes are not orthogonal, or `slice_vector` is no such permutation.
    """
    directions, spacing, origin = common.lps_axes(volume)
    slices = volume.data.shape[2]
    vector = list(range(1, slices + 1) if slice_vector is None else slice_vector)
    if sorted(vector) != list(range(1, slices + 1)):
        raise ValueError(f"slice_vector is not a permutation of 1 to {slices}")
    normal = np.cross(directions[:, 0], directions[:, 1])
    data = volume.data
    if np.sign(normal @ directions[:, 2]) != spacing_sign:
        origin = origin + (slices - 1) * spacing[2] * directions[:, 2]
        data = data[:, :, ::-1]
    scan = common.fingerprint(volume, header)
    ds = _object(header, scan, patient_position)
    ds.PixelSpacing = common.decimals([spacing[1], spacing[0]])
    ds.SliceThickness = common.decimal(spacing[2])
    ds.SpacingBetweenSlices = common.decimal(spacing_sign * spacing[2])
    detector = Dataset()
    detector.CollimatorType, detector.CollimatorGridName = "PARA", "LEHR"
    detector.FieldOfViewShape = "RECTANGLE"
    detector.ImagePositionPatient = common.decimals(origin)
    detector.ImageOrientationPatient = common.decimals([*directions[:, 0], *directions[:, 1]])
    ds.NumberOfDetectors, ds.DetectorInformationSequence = 1, common.items(detector)
    ds.NumberOfFrames = ds.NumberOfSlices = slices
    ds.FrameIncrementPointer = 0x00540080
    ds.SliceVector = vector
    _add_voxels(ds, header, data[:, :, [s - 1 for s in vector]])
    common.add_text(ds, header)
    common.write_object(path, ds)


def _object(header: NmHeader, scan: str, position: common.PatientPosition) -> Dataset:
    ds = common.patient_and_study(header, scan)
    ds.SOPClassUID, ds.SOPInstanceUID = _SOP_CLASS, common.uid(scan, "object")
    ds.Modality, ds.InstanceNumber = "NM", 1
    ds.ImageType = ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
    ds.SeriesDescription = "BRAIN IMZ"
    ds.ImageID = "TOMO_EM"
    ds.CorrectedImage = ["ATTN", "SCAT"] if header.attenuation_corrected else ["SCAT"]
    ds.CountsAccumulated = 5_000_000
    ds.TypeOfDetectorMotion = "STEP AND SHOOT"
    common.add_orientation(ds, position)
    window = Dataset()
    window.EnergyWindowName = "I123"
    limits = Dataset()
    limits.EnergyWindowLowerLimit = common.decimal(_KEV[0] * (1 - _KEV[1]))
    limits.EnergyWindowUpperLimit = common.decimal(_KEV[0] * (1 + _KEV[1]))
    window.EnergyWindowRangeSequence = common.items(limits)
    ds.NumberOfEnergyWindows, ds.EnergyWindowInformationSequence = 1, common.items(window)
    ds.RadiopharmaceuticalInformationSequence = common.items(common.radiopharmaceutical(header, "Iomazenil"))
    rotation = Dataset()
    rotation.StartAngle, rotation.AngularStep, rotation.ScanArc = (common.decimal(v) for v in (180.0, 3.0, 360.0))
    rotation.RotationDirection = "CC"
    rotation.ActualFrameDuration = round(header.frame_duration_s * 1000 / 120)
    rotation.NumberOfFramesInRotation = 120
    rotation.TableTraverse = rotation.TableHeight = common.decimal(0.0)
    ds.NumberOfRotations, ds.RotationInformationSequence = 1, common.items(rotation)
    return ds


def _add_voxels(ds: Dataset, header: NmHeader, data: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    largest = float(np.abs(data).max())
    slope = common.decimal(largest / _LARGEST if largest > 0 else 1.0)
    common.add_pixels(ds, np.clip(np.rint(data.T / float(slope)), -_LARGEST, _LARGEST).astype(np.int16))
    if header.scaling == "slope":
        ds.RescaleSlope, ds.RescaleIntercept = slope, common.decimal(0.0)
    elif header.scaling == "real_world":
        mapping = Dataset()
        mapping.RealWorldValueFirstValueMapped, mapping.RealWorldValueLastValueMapped = -_LARGEST, _LARGEST
        mapping.RealWorldValueIntercept, mapping.RealWorldValueSlope = 0.0, float(slope)
        mapping.LUTExplanation, mapping.LUTLabel = "activity concentration", "BQML"
        mapping.MeasurementUnitsCodeSequence = common.items(common.code("Bq/ml", "Becquerels/milliliter", "UCUM"))
        ds.RealWorldValueMappingSequence = common.items(mapping)
