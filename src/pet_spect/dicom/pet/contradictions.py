"""Pairs of elements that must agree, and the consequence where they do not (docs/dicom.md has the table)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from pet_spect.dicom.objects.clock import clock_time, full_time
from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.objects.times import DAY_S
from pet_spect.dicom.pet.reference_time import FrameTiming, tells
from pet_spect.dicom.pet.series import PetSeries
from pet_spect.dicom.pet.suv import SUV_UNITS, UNITS
from pet_spect.errors import DicomError
from pet_spect.remarks import Remark
from pet_spect.remarks.catalogue import Code

_OTHER_KINDS = ("CR", "CT", "DX", "IO", "MG", "MR", "OPT", "PX", "RF", "SC", "US", "XA")
Counted = Literal["slices", "frames"]

_UNEVEN = 0.05
_APART_S = 60.0
_DURATION_S = (1.0, 6 * 3600.0)
_COUNT_CODES: Mapping[Counted, tuple[Code, Code]] = {
    "slices": ("fewer_slices_than_stated", "more_slices_than_stated"),
    "frames": ("fewer_frames_than_stated", "more_frames_than_stated"),
}


def check_modality(header: Header, kind: str, cautions: list[Remark]) -> None:
    """Refuse an object whose Modality is another than its SOP class is for; ``OT`` and none say nothing.

    Parameters
    ----------
    header : Header
    kind : str
        See `pet_spect.dicom.objects.header.SOP_CLASSES`.
    cautions : list of Remark
        Gets ``modality_conflict`` where a PET object says NM, as SPECT sent as PET does, or the reverse.

    Raises
    ------
    DicomError
        ``modality``.
    """
    stated = (header.text("Modality") or "").upper()
    other = "PT" if kind == "NM" else "NM"
    if stated in _OTHER_KINDS:
        raise header.error(
            f"is a {kind} image by its SOP class, but its Modality is {stated}; one is wrong. Export the scan again",
            "modality",
        )
    if stated == other:
        cautions.append(Remark.of("modality_conflict", stated=stated, kind=kind))


def compare_counts(counted: int, stated: int | None, cautions: list[Remark], what: Counted = "slices") -> None:
    """Add a remark if the number of slices or time frames is not that of the header.

    Parameters
    ----------
    counted : int
    stated : int or None
        0 and None say nothing, and 1 is said by objects of one slice of themselves.
    cautions : list of Remark
        Gets ``fewer_slices_than_stated``, ``more_slices_than_stated``, or the same with ``frames``.
    what : {'slices', 'frames'}
    """
    if not stated or stated == 1 or counted == stated:
        return
    few, many = _COUNT_CODES[what]
    cautions.append(Remark.of(few if counted < stated else many, found=counted, stated=stated))


def compare_spacing(series: PetSeries, step: float, cautions: list[Remark]) -> None:
    """Add a remark if slices are not as far apart as SpacingBetweenSlices says; their positions are used."""
    stated = abs(series.header.number("SpacingBetweenSlices") or 0.0)
    if stated and abs(step - stated) > _UNEVEN * stated:
        cautions.append(Remark.of("spacing_conflict", found=step, stated=stated))


def unit_doubt(headers: Sequence[Header], units: str) -> Remark | None:
    """Return what contradicts the unit of a classic series, None if nothing does; its ratios stay valid.

    Parameters
    ----------
    headers : sequence of Header
    units : str
        Of the series. RescaleType counts only where it is another term of Units; phantoms have ``SUV`` there.
    """
    other = next(
        (
            rescale_type
            for header in headers
            if (rescale_type := header.text("RescaleType")) in UNITS and rescale_type != units
        ),
        None,
    )
    return None if other is None else Remark.of("units_conflict", case="rescale_type", units=units, other=other)


def compare_units(series: PetSeries, cautions: list[Remark]) -> None:
    """Add a remark on a unit that another element contradicts.

    Parameters
    ----------
    series : PetSeries
    cautions : list of Remark
        Gets ``units_conflict``. Units is believed against SUVType.
    """
    stated = series.header.text("SUVType")
    if series.unit_doubt is not None:
        cautions.append(series.unit_doubt)
    elif series.units == "CM2ML" and stated in SUV_UNITS and stated != "BSA":
        cautions.append(Remark.of("units_conflict", case="suv_type", suv_type=stated))


def without_odd_durations(series: PetSeries, cautions: list[Remark]) -> PetSeries:
    """Return a series without frame durations that cannot be true: seconds where milliseconds are needed, or the like.

    Parameters
    ----------
    series : PetSeries
    cautions : list of Remark
        Gets ``duration_implausible``.
    """
    least, most = _DURATION_S
    durations = [timing.duration for timing in series.timings if timing.duration]
    if not durations or any(least <= duration <= most for duration in durations):  # a short frame among others is one
        return series
    cautions.append(Remark.of("duration_implausible", seconds=durations[0]))
    return replace(series, timings=[replace(timing, duration=None) for timing in series.timings])


def compare_starts(headers: Sequence[Header], cautions: list[Remark]) -> None:
    """Add a remark if the earliest AcquisitionTime and AcquisitionDateTime differ; AcquisitionTime is used."""
    full = [time for header in headers if (time := full_time(header, "AcquisitionDateTime")) is not None]
    bare = [
        time for header in headers if (time := clock_time(header, "AcquisitionDate", "AcquisitionTime")) is not None
    ]
    away = abs(min(full) - min(bare)) % DAY_S if full and bare else 0.0  # a date may be missing
    if min(away, DAY_S - away) > _APART_S:
        cautions.append(Remark.of("acquisition_times_differ", seconds=away))


def decayed_though_none(timings: Sequence[FrameTiming], called: str, cautions: list[Remark]) -> str | None:
    """Return why there is no SUV of a series with DecayCorrection NONE whose DecayFactor says that it was corrected.

    Parameters
    ----------
    timings : sequence of FrameTiming
    called : str
    cautions : list of Remark
        Gets ``decay_factor_conflict``.

    Raises
    ------
    DicomError
        If slices were measured at different times: whether the decay between them was corrected is unknown.
    """
    factors = [timing.decay_factor for timing in timings if tells(timing)]
    if not factors or np.allclose(np.array(factors, dtype=float), 1.0, rtol=0, atol=0.005):
        return None
    conflict = Remark.of("decay_factor_conflict", case="none", factor=factors[0])
    if len({(timing.start, timing.duration) for timing in timings}) > 1:
        raise DicomError(
            f"{called}: {conflict.text}; its slices were measured at different times, and it is unknown whether the"
            " decay between them was corrected",
            code="decay_none",
        )
    cautions += [] if conflict in cautions else [conflict]
    return conflict.text
