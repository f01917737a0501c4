"""Rules for the headers and voxels of an anatomical image that can lead a registration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.objects.header import Header
from pet_spect.dicom.sidecar import SIMULATOR_MODEL
from pet_spect.errors import DicomError
from pet_spect.model import Volume
from pet_spect.remarks import Remark, write_remark

UNITS = {"MR": "arbitrary", "CT": "HU"}
"""Units of the voxels by kind."""

THICKEST_MM = 5.0
"""Slices further apart do not show the folds of the cortex, nor where a small structure ends."""

LONGEST_ECHO_MS = 30.0
"""T1-weighted sequences have echo times of 2 to 20 ms; T2, FLAIR and T2* images longer ones (most over 60 ms)."""

AIR_BELOW_HU = -200.0
"""Air is -1000 HU and every scan of a head holds some; nothing else in a head is below fat's -120 HU."""

_NOT_AN_IMAGE = {
    "LOCALIZER": "a localizer",
    **dict.fromkeys(("P", "PHASE", "PHASE MAP"), "a phase image"),
    **dict.fromkeys(("R", "REAL", "I", "IMAGINARY"), "a real or imaginary part"),
    **dict.fromkeys(("MPR", "REFORMATTED", "RESAMPLED", "CSA MPR", "CSA RESAMPLED"), "reformatted"),
    **dict.fromkeys(("MIP", "MAX_IP", "MIN_IP", "MNIP", "PROJECTION IMAGE", "VOLREND"), "a projection"),
    **dict.fromkeys(("ADC", "FA", "TRACEW", "DIFFUSION"), "a diffusion image"),
    **dict.fromkeys(("T1 MAP", "T2 MAP", "T2_STAR MAP", "SUBTRACTION"), "computed from several images"),
}


def check_frame(header: Header, kind: str) -> tuple[float, float]:
    """Return slope and intercept of a slice.

    Parameters
    ----------
    header : Header
        Of a classic slice, or of a frame as `pet_spect.dicom.pet.enhanced.flat_frames` gives it.
    kind : {'MR', 'CT'}

    Raises
    ------
    DicomError
        If it is no plain magnitude image of MR with a short echo time or no image of CT in HU,
        or it does not say how stored values become such.
    """
    words = {word.upper() for tag in ("ImageType", "FrameType") for word in header.texts(tag)}
    words |= {word.upper() for word in header.texts("ComplexImageComponent")}
    other_kind = next((what for word, what in _NOT_AN_IMAGE.items() if word in words), None)
    if other_kind is not None:
        raise header.error(f"is {other_kind}; a volume as it was acquired is needed", "anat_image")
    if "SECONDARY" in words:
        raise header.error("is a SECONDARY image by its ImageType; the series as acquired is needed", "anat_image")
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    if kind == "CT":
        if slope is None or intercept is None:
            raise header.error("RescaleSlope or RescaleIntercept is missing, so HU are unknown", "rescale_slope")
        if header.text("RescaleType") not in (None, "HU"):
            raise header.error("RescaleType is not HU", "units")
    else:
        echo = header.number("EffectiveEchoTime") or header.number("EchoTime")
        if echo is not None and echo > LONGEST_ECHO_MS:
            raise header.error(
                f"has an echo time of {echo:g} ms, a T1-weighted image at most {LONGEST_ECHO_MS:g}", "anat_weighting"
            )
    slope = 1.0 if slope is None else slope
    if slope <= 0:
        raise header.error(f"RescaleSlope is {slope:g}; a positive one is needed", "rescale_slope")
    return slope, intercept or 0.0


def check_thickness(affine: NDArray[np.float64], called: str) -> None:
    """Refuse voxels with an edge over `THICKEST_MM`."""
    edge = float(np.linalg.norm(affine[:3, :3], axis=0).max())
    if edge > THICKEST_MM + 0.01:
        raise DicomError(
            f"{called}: its slices are {edge:.3g} mm apart; at most {THICKEST_MM:g} mm can be used", code="anat_thick"
        )


def check_air(volume: Volume, kind: str, called: str) -> None:
    """Refuse a CT without air, whose scale is not that of HU."""
    if kind == "CT" and not np.nanmin(volume.data, initial=np.inf) < AIR_BELOW_HU:
        raise DicomError(
            f"{called}: no voxel is below {AIR_BELOW_HU:g} HU, though air is -1000; its intercept may be lost",
            code="rescale_intercept",
        )


def anat_sidecar(
    kind: str,
    maker: str | None,
    model: str | None,
    *,
    skull_stripped: bool = False,
    simulated: bool = False,
    remarks: Sequence[Remark] = (),
) -> dict[str, Any]:
    """Return the sidecar of an anatomical image, from an allow-list.

    Parameters
    ----------
    kind : {'MR', 'CT'}
    maker, model : str or None
        Vetted by `pet_spect.dicom.objects.vocabulary`.
    skull_stripped, simulated : bool
        `simulated` also follows from `model`.
    remarks : sequence of Remark
    """
    content: dict[str, Any] = {
        "Modality": kind,
        "Manufacturer": maker,
        "ManufacturersModelName": model,
        "Units": UNITS[kind],
        "SkullStripped": skull_stripped,
        "Simulated": simulated or model == SIMULATOR_MODEL,
        "Warnings": [write_remark(remark) for remark in remarks],
    }
    return {key: value for key, value in content.items() if value is not None}
