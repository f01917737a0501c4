"""Values the tables declare for a scan. They fill gaps of the header; conflicts get a remark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pet_spect.remarks import Remark

Source = Literal["header", "JSON"]
"""Where a scan says something of itself: the header of DICOM, the JSON beside NIfTI."""

_SAME = 0.01


@dataclass(frozen=True)
class Declared:
    """Declarations of a person about a scan; None if nothing was declared.

    Attributes
    ----------
    weight_kg, height_m : float or None
    dose_mbq : float or None
        Net of the residual in the syringe.
    injection_time : str or None
        ``HH:MM[:SS]`` or a full ISO 8601 date and time.
    uptake_minutes : float or None
        From injection to the start of the scan.
    sex : str or None
        ``M``, ``F`` or ``O``.
    orientation : str or None
        See `pet_spect.dicom.geometry.parse_orientation`.
    frame_window : two floats or None
        Which time frames of a dynamic PET are averaged: minutes after the injection, from and to.
    gate : int, 'sum' or None
        Which gate of a gated SPECT, from 1, or all together.
    energy_window, detector : int or None
        Which energy window or detector of a SPECT that holds several, from 1.
    radionuclide : str or None
        Radionuclide of the tracer by the configuration, as BIDS spells it; None is not checked.
    radiopharmaceuticals : tuple of str
        Names of the tracer that the configuration accepts; none is not checked.
    """

    weight_kg: float | None = None
    height_m: float | None = None
    dose_mbq: float | None = None
    injection_time: str | None = None
    uptake_minutes: float | None = None
    sex: str | None = None
    orientation: str | None = None
    frame_window: tuple[float, float] | None = None
    gate: int | Literal["sum"] | None = None
    energy_window: int | None = None
    detector: int | None = None
    radionuclide: str | None = None
    radiopharmaceuticals: tuple[str, ...] = ()


def settle(
    code: Literal["weight_conflict", "height_conflict", "dose_conflict"],
    stated: float | None,
    declared: float | None,
    cautions: list[Remark],
    *,
    source: Source = "header",
) -> float | None:
    """Return the value of the scan itself, or the declared one where the scan has none.

    Parameters
    ----------
    code : str
        Of the remark on a conflict.
    stated, declared : float or None
        By the scan and by the tables.
    cautions : list of Remark
        Gets one more if the two differ by more than 1 %.
    source : {'header', 'JSON'}
        Where `stated` comes from.
    """
    if stated is None:
        return declared
    if declared is not None and abs(stated - declared) > _SAME * declared:
        cautions.append(Remark.of(code, stated=stated, declared=declared, source=source))
    return stated
