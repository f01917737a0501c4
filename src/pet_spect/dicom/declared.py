"""What the tables say of a scan: it fills gaps of the header, and conflicts are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Caution:
    """Something a reader of the scan should know; no reason to refuse it.

    Attributes
    ----------
    code : str
        Short snake_case name.
    reason : str
        One line; numbers, but nothing that names a person.
    """

    code: str
    reason: str


@dataclass(frozen=True)
class Declared:
    """What a person declared of a scan; None where nothing was said.

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
        What the tracer is labelled with by the configuration, as BIDS spells it; None is not checked.
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
    what: str,
    unit: str,
    header: float | None,
    declared: float | None,
    cautions: list[Caution],
    *,
    tolerance: float,
) -> float | None:
    """Return the header's value, or the declared one where the header has none.

    Parameters
    ----------
    what, unit : str
        For the caution, whose code is ``<what>_conflict``.
    header, declared : float or None
    cautions : list of Caution
        Gets one more if the two differ by more than `tolerance`.
    tolerance : float
        In the unit of the values.
    """
    if header is None:
        return declared
    if declared is not None and abs(header - declared) > tolerance:
        cautions.append(
            Caution(
                f"{what.replace(' ', '_')}_conflict",
                f"{what} is {header:g} {unit} in the header and {declared:g} {unit} in the tables; the header was used",
            )
        )
    return header
