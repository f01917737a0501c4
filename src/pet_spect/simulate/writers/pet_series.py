"""Writer of a volume as a PET series: one object per slice (PET Image IOD, PS3.3 A.21)."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from pet_spect.model import Volume
from pet_spect.simulate.writers import common

SliceOrder = Literal["ascending", "descending", "shuffled"]

_SOP_CLASS = "1.2.840.10008.5.1.4.1.1.128"
_LARGEST = 32767
_DECAY_TIME_ELEMENT = {
    "GE MEDICAL SYSTEMS": (0x0009, "GEMS_PETD_01", 0x0D),
    "SIEMENS": (0x0071, "SIEMENS MED PT", 0x22),
}
_FDG = ("35321007", "Fluorodeoxyglucose F^18^")


@dataclass(frozen=True)
class PetHeader(common.Header):
    """Header of an FDG scan in Bq/mL, decay-corrected to `start`."""

    nuclide: common.Nuclide = common.F18
    frame_duration_s: float = 900.0


def average_time_s(duration_s: float, half_life_s: float) -> float:
    """Return the time after a frame's start when the activity equals its mean over the frame.

    ``(1/λ) ln[λT / (1 − exp(−λT))]`` (PS3.3 C.8.9.4.1.5).
    """
    decay = math.log(2) / half_life_s
    return math.log(decay * duration_s / -math.expm1(-decay * duration_s)) / decay


def write_pet_series(
    folder: Path,
    volume: Volume,
    header: PetHeader,
    rng: np.random.Generator,
    *,
    patient_position: common.PatientPosition = "HFS",
    slice_order: SliceOrder = "shuffled",
) -> None:
    """Write one file per slice, each with its own RescaleSlope.

    Parameters
    ----------
    folder : Path
        Made if need be.
    volume : Volume
        Bq/mL at ``header.start``. The first axis runs along the rows (column index), the second down the
        columns, the third from slice to slice; any orthogonal affine is written as it is, oblique and
        left-handed ones too. Values are rounded to 1/32767 of the largest in the slice.
    header : PetHeader
    rng : numpy random generator
        Names the files, and shuffles.
    patient_position : {'HFS', 'HFP', 'FFS', 'FFP'}
        Only written, as codes; it moves no voxel.
    slice_order : {'ascending', 'descending', 'shuffled'}
        Order of InstanceNumber along the third axis.
        File names are random whatever it is.

    Raises
    ------
    ValueError
        If the axes of the volume are not orthogonal.
    """
    directions, spacing, origin = common.lps_axes(volume)
    scan = common.fingerprint(volume, header)
    slices = volume.data.shape[2]
    series = _series(header, scan, slices, patient_position)
    series.ImageOrientationPatient = common.decimals([*directions[:, 0], *directions[:, 1]])
    series.PixelSpacing = common.decimals([spacing[1], spacing[0]])
    series.SliceThickness = common.decimal(spacing[2])
    numbers = np.arange(1, slices + 1)
    if slice_order == "descending":
        numbers = numbers[::-1]
    elif slice_order == "shuffled":
        numbers = rng.permutation(numbers)
    names = rng.permutation(2**20)[:slices]
    for index in range(slices):
        ds = copy.copy(series)
        ds.SOPInstanceUID = common.uid(scan, f"slice {index}")
        ds.InstanceNumber = int(numbers[index])
        ds.ImageIndex = index + 1
        position = origin + index * spacing[2] * directions[:, 2]
        ds.ImagePositionPatient = common.decimals(position)
        _add_slice(ds, volume.data[:, :, index])
        common.add_text(ds, header)
        common.write_object(folder / f"{int(names[index]):05x}", ds)


def _series(header: PetHeader, scan: str, slices: int, position: common.PatientPosition) -> Dataset:
    ds = common.patient_and_study(header, scan)
    ds.SOPClassUID, ds.Modality = _SOP_CLASS, "PT"
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SeriesType = ["STATIC", "IMAGE"]
    ds.SeriesDescription = "BRAIN FDG"
    ds.Units, ds.CountsSource, ds.NumberOfSlices = "BQML", "EMISSION", slices
    ds.CollimatorType = "NONE"
    ds.ReconstructionMethod = "OSEM"
    ds.RandomsCorrectionMethod = "SING"
    ds.CorrectedImage = ["DECY", *(["ATTN"] if header.attenuation_corrected else []), "SCAT", "DTIM", "NORM"]
    if header.attenuation_corrected:
        ds.AttenuationCorrectionMethod = "measured"
    ds.ScatterCorrectionMethod = "model based"
    ds.ActualFrameDuration = round(header.frame_duration_s * 1000)
    average = average_time_s(header.frame_duration_s, header.nuclide.half_life_s)
    ds.DecayCorrection = "START"
    ds.FrameReferenceTime = common.decimal(average * 1000)
    ds.DecayFactor = common.decimal(2 ** (average / header.nuclide.half_life_s))
    ds.RadiopharmaceuticalInformationSequence = common.items(_dose(header))
    common.add_orientation(ds, position)
    if header.manufacturer in _DECAY_TIME_ELEMENT:
        group, creator, element = _DECAY_TIME_ELEMENT[header.manufacturer]
        block = ds.private_block(group, creator, create=True)
        block.add_new(element, "DT", header.start.strftime("%Y%m%d%H%M%S.%f")[:-4])
    return ds


def _dose(header: PetHeader) -> Dataset:
    item = common.radiopharmaceutical(header, "Fluorodeoxyglucose")
    item.RadiopharmaceuticalCodeSequence = common.items(common.code(*_FDG))
    item.RadionuclideHalfLife = common.decimal(header.nuclide.half_life_s)
    item.RadionuclidePositronFraction = common.decimal(header.nuclide.positron_fraction)
    item.RadiopharmaceuticalStartDateTime = header.injection.strftime("%Y%m%d%H%M%S.%f")
    item.RadiopharmaceuticalStopTime = common.time_text(header.injection + timedelta(seconds=10))
    return item


def _add_slice(ds: Dataset, values: NDArray[np.float32]) -> None:
    largest = float(np.abs(values).max())
    ds.RescaleSlope = common.decimal(largest / _LARGEST if largest > 0 else 1.0)
    ds.RescaleIntercept = common.decimal(0.0)
    slope = float(ds.RescaleSlope)  # as written: a decimal string is shorter than a double
    common.add_pixels(ds, np.clip(np.rint(values.T / slope), -_LARGEST, _LARGEST).astype(np.int16))
