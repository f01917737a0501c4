"""Writer of a volume as an MR or CT series: one object per slice (MR and CT Image IOD, PS3.3 A.4 and A.3)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from pet_spect.model import Volume
from pet_spect.simulate.design import AnatKind
from pet_spect.simulate.writers import common

_SOP_CLASS = {"T1w": "1.2.840.10008.5.1.4.1.1.4", "CT": "1.2.840.10008.5.1.4.1.1.2"}
_CT_INTERCEPT = -1024


@dataclass(frozen=True)
class AnatHeader:
    """Header of an anatomical image beside its geometry; see `pet_spect.simulate.writers.common.Header`."""

    start: datetime
    weight_kg: float | None = 70.0
    height_m: float | None = 1.7
    sex: str = "O"
    patient_id: str = "SIMULATED"
    manufacturer: str = "pet_spect"


def write_anat_series(
    folder: Path, volume: Volume, kind: AnatKind, header: AnatHeader, rng: np.random.Generator
) -> None:
    """Write one file per slice, named and numbered at random.

    Parameters
    ----------
    folder : Path
        Made if need be.
    volume : Volume
        Whole numbers: 0 to 32767 of a T1w, -1024 to 31743 Hounsfield units of a CT. Axes as for
        `pet_spect.simulate.writers.pet_series.write_pet_series`.
    kind : {'T1w', 'CT'}
    header : AnatHeader
    rng : numpy random generator

    Raises
    ------
    ValueError
        If the axes of the volume are not orthogonal.
    """
    directions, spacing, origin = common.lps_axes(volume)
    scan = common.fingerprint(volume, header)
    series = _series(header, scan, kind)
    series.ImageOrientationPatient = common.decimals([*directions[:, 0], *directions[:, 1]])
    series.PixelSpacing = common.decimals([spacing[1], spacing[0]])
    series.SliceThickness = common.decimal(spacing[2])
    slices = volume.data.shape[2]
    numbers, names = rng.permutation(np.arange(1, slices + 1)), rng.permutation(2**20)[:slices]
    for index in range(slices):
        ds = copy.copy(series)
        ds.SOPInstanceUID = common.uid(scan, f"slice {index}")
        ds.InstanceNumber = int(numbers[index])
        ds.ImagePositionPatient = common.decimals(origin + index * spacing[2] * directions[:, 2])
        stored = volume.data[:, :, index].T - (_CT_INTERCEPT if kind == "CT" else 0)
        common.add_pixels(ds, np.rint(stored).astype(np.int16))
        common.write_object(folder / f"{int(names[index]):05x}", ds)


def _series(header: AnatHeader, scan: str, kind: AnatKind) -> Dataset:
    ds = common.patient_and_study(header, scan)
    ds.SOPClassUID, ds.Modality = _SOP_CLASS[kind], "CT" if kind == "CT" else "MR"
    ds.PatientPosition, ds.AcquisitionNumber = "HFS", 1
    if kind == "CT":
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.SeriesDescription, ds.KVP = "HEAD CT", common.decimal(120)
        ds.RescaleSlope, ds.RescaleIntercept = common.decimal(1), common.decimal(_CT_INTERCEPT)
        ds.RescaleType = "HU"
    else:
        ds.ImageType = ["ORIGINAL", "PRIMARY", "M"]
        ds.SeriesDescription, ds.ScanningSequence, ds.SequenceVariant = "T1", ["GR", "IR"], ["SP", "MP"]
        ds.ScanOptions, ds.MRAcquisitionType, ds.EchoTrainLength = "", "3D", 1
        ds.RepetitionTime, ds.EchoTime, ds.InversionTime = (common.decimal(ms) for ms in (2300, 2.98, 900))
    return ds
