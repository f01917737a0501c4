"""Acquisition and reconstruction of a scan for its sidecar: bounded numbers, defined terms and vetted texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.vocabulary import UNLISTED, known_text
from pet_spect.errors import DicomError
from pet_spect.model import Volume
from pet_spect.nuclides import radionuclide_name

COLLIMATORS = ("PARA", "PINH", "FANB", "CONE", "SLNT", "ASTG", "DIVG", "CVGB", "RING", "NONE", "UNKN")
"""Terms of CollimatorType (PS3.3 C.8.4.10, C.8.9.2)."""

MOST_KEV = 2000.0
MOST_COUNTS = 1e12
MOST_PASSES = 999
_SCAN_S = (10.0, 6 * 3600.0)
_BQ_PER_ML = {"Bq/mL": 1.0, "kBq/mL": 1e3}

_ITERATIONS_SUBSETS = re.compile(r"(?<![\d.])(\d{1,3})\s*i(?:t\w*)?[\s,/x+_-]*(\d{1,3})\s*s(?:ub\w*)?(?![a-z\d])", re.I)
_LONG_FORM = re.compile(r"(?<![\d.])(\d{1,3})\s*it(?:er(?:ations?)?)?s?[\s,/x+_-]*(\d{1,3})\s*sub", re.I)
_CUTOFF = re.compile(r"cut[\s_-]?off\s*[=:]?\s*(\d?\.?\d{1,3})(?![\d.])", re.I)
_ORDER = re.compile(r"order\s*[=:]?\s*(\d{1,2})(?![\d.])", re.I)
_BUTTERWORTH = re.compile(r"(?:butter\w*|bw)\s*(\d?\.\d{1,3})\s*[,/]\s*(\d{1,2})(?![\d.])", re.I)
_GAUSS = re.compile(r"gauss(?:ian)?\s*(\d{1,2}(?:\.\d{1,2})?)(?![\d.])", re.I)


@dataclass(frozen=True)
class EnergyWindow:
    """One range of an energy window.

    Attributes
    ----------
    number : int
        Of the window, from 1.
    name : str or None
        The radionuclide it is named after, `UNLISTED` where its name is another.
    lower_kev, upper_kev : float
    """

    number: int
    name: str | None
    lower_kev: float
    upper_kev: float


@dataclass(frozen=True)
class Acquisition:
    """Acquisition and reconstruction by the header; None if it does not state a value.

    Attributes
    ----------
    matrix : three ints or None
        Columns, rows, slices, as the header counts them.
    counts : float or None
        Counts of the whole acquisition, to three digits.
    scatter : str or None
        Method; ``applied`` where it has no known name, ``none`` where CorrectedImage lists other corrections alone.
    windows : tuple of EnergyWindow
    collimator_type, collimator : str or None
        DICOM's term, and the name as vetted.
    iterations, subsets : int or None
    filter_size_mm : float or None
        Full width at half maximum of a Gaussian filter.
    filter_cutoff, filter_order : float or None
        Of a Butterworth filter or its like, in the unit of the maker.
    """

    matrix: tuple[int, int, int] | None = None
    counts: float | None = None
    scatter: str | None = None
    windows: tuple[EnergyWindow, ...] = ()
    collimator_type: str | None = None
    collimator: str | None = None
    iterations: int | None = None
    subsets: int | None = None
    filter_size_mm: float | None = None
    filter_cutoff: float | None = None
    filter_order: int | None = None


def read_acquisition(header: Header, slices: int, corrections: Sequence[str], *, is_whole: bool = False) -> Acquisition:
    """Return what a header says of acquisition and reconstruction.

    Nothing of it bears on a value, so that an element that cannot be read counts as missing.

    Parameters
    ----------
    header : Header
        Of any image of the scan, of a multi-frame object that of a frame.
    slices : int
    corrections : sequence of str
        CorrectedImage, or its equivalent.
    is_whole : bool
        Whether the object is the whole scan, so that its counts are those of the scan.
    """
    detector, *_ = *_items(header, "DetectorInformationSequence"), header
    kind = _text(detector, "CollimatorType") or _text(header, "CollimatorType")
    iterations, subsets = _passes(header)
    kernel = f"{_text(header, 'ConvolutionKernel') or ''} {_text(header, 'ReconstructionMethod') or ''}"
    short = _BUTTERWORTH.search(kernel)
    columns, rows = _number(header, "Columns"), _number(header, "Rows")
    return Acquisition(
        matrix=(int(columns), int(rows), slices) if columns and rows else None,
        counts=counts_of(_number(header, "CountsAccumulated")) if is_whole else None,
        scatter=scatter_of(_text(header, "ScatterCorrectionMethod"), corrections),
        windows=tuple(_windows(header)),
        collimator_type=kind if kind in COLLIMATORS else None,
        collimator=known_text("collimator", _text(detector, "CollimatorGridName")),
        iterations=iterations,
        subsets=subsets,
        filter_size_mm=_matched(_GAUSS, kernel),
        filter_cutoff=float(short[1]) or None if short else _matched(_CUTOFF, kernel),
        filter_order=whole(float(short[2]) or None if short else _matched(_ORDER, kernel)),
    )


def filter_name(header: Header) -> str | None:
    """Return the reconstruction filter as vetted; of one whose numbers might be a date the name alone."""
    kernel = _text(header, "ConvolutionKernel")
    name = known_text("method", kernel)
    return "Butterworth" if name == UNLISTED and _BUTTERWORTH.search(kernel or "") else name


def rotation_time(header: Header) -> float | None:
    """Return how long a SPECT was measured, seconds: ActualFrameDuration times the frames of each rotation.

    None if it is missing. A reconstruction that counts one frame describes itself, not the rotation.
    """
    rotations = _items(header, "RotationInformationSequence")
    rotation_frames = [
        (_number(item, "ActualFrameDuration"), _number(item, "NumberOfFramesInRotation")) for item in rotations
    ]
    if not rotation_frames or any(not duration or not frames or frames < 2 for duration, frames in rotation_frames):
        return None
    seconds = sum((duration or 0.0) * (frames or 0.0) for duration, frames in rotation_frames) / 1000
    return seconds if _SCAN_S[0] <= seconds <= _SCAN_S[1] else None


def keys_of(acquisition: Acquisition) -> dict[str, Any]:
    """Return an acquisition by the keys of the sidecar (BIDS-PET names where there are any), None where not known."""
    passes = [
        (label, n) for label, n in (("iterations", acquisition.iterations), ("subsets", acquisition.subsets)) if n
    ]
    return {
        "MatrixSize": list(acquisition.matrix) if acquisition.matrix else None,
        "CountsAccumulated": acquisition.counts,
        "ScatterCorrectionMethod": acquisition.scatter,
        "EnergyWindows": [_window_keys(window) for window in acquisition.windows] or None,
        "CollimatorType": acquisition.collimator_type,
        "CollimatorName": acquisition.collimator,
        "ReconMethodParameterLabels": [label for label, _ in passes] or None,
        "ReconMethodParameterUnits": ["none"] * len(passes) or None,
        "ReconMethodParameterValues": [value for _, value in passes] or None,
        "ReconFilterSize": acquisition.filter_size_mm,
        "ReconFilterCutoff": acquisition.filter_cutoff,
        "ReconFilterOrder": acquisition.filter_order,
    }


def _window_keys(window: EnergyWindow) -> dict[str, Any]:
    named = {} if window.name is None else {"Name": window.name}
    return {"Window": window.number, **named, "LowerLimit": window.lower_kev, "UpperLimit": window.upper_kev}


def image_activity(volume: Volume, units: str) -> float | None:
    """Return the activity of all voxels together, MBq to three digits; None where voxels are no activity.

    Parameters
    ----------
    volume : Volume
        NaN counts as nothing.
    units : str
    """
    if units not in _BQ_PER_ML:
        return None
    millilitres = volume.voxel_ml
    planes = (volume.data[:, :, index] for index in range(volume.data.shape[2]))
    total = sum(float(np.nansum(plane, dtype=np.float64)) for plane in planes)
    return float(f"{total * millilitres * _BQ_PER_ML[units] / 1e6:.3g}")


def _items(header: Header, tag: str) -> tuple[Header, ...]:
    try:
        return header.items(tag)
    except DicomError:
        return ()


def _text(header: Header, tag: str) -> str | None:
    try:
        return header.text(tag)
    except DicomError:
        return None


def _number(header: Header, tag: str) -> float | None:
    try:
        return header.number(tag)
    except DicomError:
        return None


def counts_of(number: float | None) -> float | None:
    """Return counts to three digits: in full they could be a date or a number of a patient."""
    return float(f"{number:.3g}") if number is not None and 0 < number <= MOST_COUNTS else None


def scatter_of(method: str | None, corrections: Sequence[str]) -> str | None:
    """Return how scatter was corrected, by the method's text and CorrectedImage; see `Acquisition`."""
    if "SCAT" not in corrections:
        return "none" if corrections else None
    method_name = known_text("method", method)
    return "applied" if method_name in (None, UNLISTED) else method_name


def _windows(header: Header) -> list[EnergyWindow]:
    windows = []
    for number, window in enumerate(_items(header, "EnergyWindowInformationSequence"), start=1):
        text = _text(window, "EnergyWindowName")
        name = None if text is None else radionuclide_name(text) or UNLISTED
        for limits in _items(window, "EnergyWindowRangeSequence"):
            lower, upper = _number(limits, "EnergyWindowLowerLimit"), _number(limits, "EnergyWindowUpperLimit")
            windows += ranges_of(number, name, lower, upper)
    return windows


def ranges_of(number: int, name: str | None, lower: float | None, upper: float | None) -> list[EnergyWindow]:
    """Return a range of an energy window; none where its limits are not plausible, keV."""
    if lower is None or upper is None or not 0 <= lower < upper <= MOST_KEV:
        return []
    return [EnergyWindow(number, name, round(lower, 1), round(upper, 1))]


def _passes(header: Header) -> tuple[int | None, int | None]:
    """Return iterations and subsets: of their own elements, or as makers write them (``4i21s``, ``OSEM8it6sub``)."""
    for source in (header, *_items(header, "PETReconstructionSequence")):
        iterations, subsets = _number(source, "NumberOfIterations"), _number(source, "NumberOfSubsets")
        if iterations and 0 < iterations <= MOST_PASSES:
            return int(iterations), int(subsets) if subsets and 0 < subsets <= MOST_PASSES else None
    texts = ((_ITERATIONS_SUBSETS, "ReconstructionMethod"), (_LONG_FORM, "SeriesDescription"))
    for pattern, tag in texts:
        match = pattern.search(_text(header, tag) or "")
        if match:
            return int(match[1]) or None, int(match[2]) or None
    return None, None


def whole(number: float | None) -> int | None:
    """Return a number as a whole one."""
    return None if number is None else int(number)


def _matched(pattern: re.Pattern[str], text: str) -> float | None:
    match = pattern.search(text)
    return float(match[1]) or None if match else None
