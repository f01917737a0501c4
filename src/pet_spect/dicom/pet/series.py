"""A PET series as read, the same for classic and enhanced objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.files.read import Header
from pet_spect.dicom.pet.reference_time import FrameTiming
from pet_spect.dicom.pet.suv import UNITS
from pet_spect.errors import DicomError, listed
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code

MOST_INTERCEPT = 1e-3
"""An intercept of less than so many stored units is a 0 that was rounded."""

DECAY_CORRECTIONS = ("START", "ADMIN", "NONE")


@dataclass(frozen=True)
class PetSeries:
    """PET slices in stored order: one volume, or several that were measured one after another.

    Attributes
    ----------
    header : Header
        Where patient, tracer and equipment are read.
    names : sequence of str
        Name of each slice in messages.
    shape : two ints
        Rows and columns of a slice.
    pixels : function of int
        Reads a slice, (rows, columns) float32 in the native unit: its stored values times its own
        slope. May raise `DicomError`.
    positions : (N, 3) float array
        LPS+ mm.
    orientation : six floats
    pixel_spacing : two floats
        mm between rows, then between columns.
    units, decay_correction, suv_type : str
    corrections : sequence of str
        CorrectedImage, or what enhanced objects say in its place.
    timings : sequence of FrameTiming
    explicit_time, series_time : float or None
        Seconds.
    counts_to_suv, counts_to_activity : float or None
    stated_slices : int or None
        How many slices one volume has by the header.
    stated_frames : int or None
        How many time frames the header says there are, 0 if it does not say; None where it does not
        say that the series is dynamic.
    unit_doubt : Remark or None
        What contradicts `units`; there is no SUV then, but ratios are valid.
    """

    header: Header
    names: Sequence[str]
    shape: tuple[int, int]
    pixels: Callable[[int], NDArray[np.float32]]
    positions: NDArray[np.float64]
    orientation: Sequence[float]
    pixel_spacing: Sequence[float]
    units: str
    suv_type: str
    decay_correction: str
    corrections: Sequence[str]
    timings: Sequence[FrameTiming]
    explicit_time: float | None
    series_time: float | None
    counts_to_suv: float | None = None
    counts_to_activity: float | None = None
    stated_slices: int | None = None
    stated_frames: int | None = None
    unit_doubt: Remark | None = None

    def only(self, kept: Sequence[int]) -> PetSeries:
        """Return the series with these of its slices, in this order."""
        return replace(
            self,
            names=[self.names[index] for index in kept],
            pixels=lambda index: self.pixels(kept[index]),
            positions=self.positions[list(kept)],
            timings=[self.timings[index] for index in kept],
        )


def check_scale(header: Header, units: str | None, decay: str | None, corrections: Sequence[str]) -> None:
    """Refuse a series whose unit or corrections are not understood.

    Raises
    ------
    DicomError
        If Units or DecayCorrection is missing or unknown, or DecayCorrection
        contradicts CorrectedImage.
    """
    if units not in UNITS:
        shown = units if units in _OTHER_UNITS else "missing" if units is None else "not one that DICOM defines"
        raise header.error(f"Units is {shown}; one of {listed(UNITS)} is needed", "units")
    if decay not in DECAY_CORRECTIONS:
        shown = "missing" if decay is None else "not one that DICOM defines"
        raise header.error(f"DecayCorrection is {shown}; START, ADMIN or NONE is needed", "decay_correction")
    if (decay == "NONE") == ("DECY" in corrections):
        lists = "lists" if "DECY" in corrections else "does not list"
        raise header.error(
            f"DecayCorrection is {decay} but CorrectedImage {lists} DECY; the two must agree", "decay_correction"
        )


_OTHER_UNITS = (
    *("NONE", "CM2", "PCNT", "MGMINML", "UMOLMINML", "MLMING", "MLG", "1CM", "UMOLML", "MLMINML", "MLML", "STDDEV"),
)


def slope_of(header: Header) -> float:
    """Return the rescale slope of a slice.

    Raises
    ------
    DicomError
        If it is missing or not positive, or the intercept is not 0.
    """
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    if slope is None:
        raise header.error("RescaleSlope is missing; each slice needs its own", "rescale_slope")
    if slope <= 0:
        raise header.error(f"RescaleSlope is {slope:g}; a positive one is needed", "rescale_slope")
    if intercept and abs(intercept) > MOST_INTERCEPT * slope:
        raise header.error(f"RescaleIntercept is {intercept:g}; 0 is needed", "rescale_intercept")
    return slope


def scaled(header: Header, stored: NDArray[Any], slope: float | NDArray[np.float64]) -> NDArray[np.float32]:
    """Return stored values times their slope.

    Parameters
    ----------
    header : Header
        For messages.
    stored : array
        NaN where there is padding.
    slope : float, or float64 array that broadcasts against `stored`

    Raises
    ------
    DicomError
        If a value is infinite or too large for a 32-bit float.
    """
    with np.errstate(over="ignore"):
        values = (stored * np.asarray(slope, dtype=np.float64)).astype(np.float32)
    if np.isinf(values).any():
        raise header.error(
            "the stored values times their slope are infinite or beyond 32-bit floats; finite ones are needed",
            "rescale_slope",
        )
    return values


def stacked(plane: Callable[[int], NDArray[np.float32]], shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return the volume of some slices, each of which is read when its turn comes.

    Parameters
    ----------
    plane : function of int
        Reads a slice, (rows, columns).
    shape : three ints
        Columns, rows, slices: the shape of the volume.
    """
    volume = np.empty(shape, dtype=np.float32, order="F")  # the order of the slices' own bytes
    for index in range(shape[2]):
        volume[:, :, index] = plane(index).T
    return volume


def mixed(called: str, what: str, detail: str, code: Code = "mixed_series") -> DicomError:
    """Return the error for images that do not belong together."""
    return DicomError(f"{called}: mixed series: {what} ({detail}); one series is needed", code=code)
