"""Real-world value mappings (PS3.3 C.7.6.16.2.11): their unit, and for which stored values they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.dicom.objects.header import Header

_REAL_WORLD_UNITS = {
    "bq/ml": ("BQML", "BW"),
    "g/ml{suvbw}": ("GML", "BW"),
    "{suvbw}g/ml": ("GML", "BW"),
    "g/ml{suvlbm}": ("GML", "LBM"),
    "{suvlbm}g/ml": ("GML", "LBM"),
    "g/ml{suvibw}": ("GML", "IBW"),
    "{suvibw}g/ml": ("GML", "IBW"),
    "cm2/ml{suvbsa}": ("CM2ML", "BSA"),
    "{suvbsa}cm2/ml": ("CM2ML", "BSA"),
    "{counts}": ("CNTS", "BW"),
    "{counts}/s": ("CPS", "BW"),
    "{propcounts}": ("PROPCNTS", "BW"),
}
"""UCUM codes of PS3.16 CID 84, 85 and 3307 that are understood."""

_ENDS = (
    ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"),
    ("DoubleFloatRealWorldValueFirstValueMapped", "DoubleFloatRealWorldValueLastValueMapped"),
)
_ROUNDED = 1e-6
_SAME_SLOPE = 1e-4


def mapped_unit(mapping: Header) -> tuple[str, str]:
    """Return Units and SUV Type of a mapping, as a classic object names them; no text where it is another unit."""
    codes = [item.text("CodeValue") or "" for item in mapping.items("MeasurementUnitsCodeSequence")]
    return _REAL_WORLD_UNITS.get(codes[0].lower() if codes else "", ("", "BW"))


def check_linear(header: Header, mapping: Header | None = None) -> None:
    """Refuse values that a table gives: a slope cannot replace the table.

    Parameters
    ----------
    header : Header
    mapping : Header or None
        The item of RealWorldValueMappingSequence that is used; None where the rescale slope is.

    Raises
    ------
    DicomError
        ``modality_lut``, or ``real_world_values`` of a mapping.
    """
    if mapping is None and header.items("ModalityLUTSequence"):
        raise header.error(
            "its values are given by a table (ModalityLUTSequence), which is not read; export it with a RescaleSlope",
            "modality_lut",
        )
    if mapping is not None and mapping.numbers("RealWorldValueLUTData"):
        raise header.error(
            "its real-world values are given by a table (RealWorldValueLUTData), which is not read; export it with a"
            " RealWorldValueSlope alone",
            "real_world_values",
        )


def check_one_slope(header: Header, mapping: Header, unit: str | None) -> None:
    """Refuse a mapping to the unit that RescaleSlope leads to, with another slope.

    Parameters
    ----------
    header : Header
    mapping : Header
        An item of RealWorldValueMappingSequence.
    unit : str or None
        Of values times RescaleSlope, as Units names it; None if it is missing.

    Raises
    ------
    DicomError
        ``real_world_values``.
    """
    mapped, slope = mapping.number("RealWorldValueSlope"), header.number("RescaleSlope")
    if unit and mapped and slope and mapped_unit(mapping)[0] == unit and abs(slope / mapped - 1) > _SAME_SLOPE:
        raise header.error("RescaleSlope and RealWorldValueSlope to one unit differ", "real_world_values")


def check_mapped(header: Header, mapping: Header | None, stored: NDArray[Any]) -> None:
    """Refuse stored values beyond those a mapping holds for: they have no stated value.

    Parameters
    ----------
    header : Header
        For messages.
    mapping : Header or None
        The item of RealWorldValueMappingSequence that is used.
    stored : array
        NaN where there is padding. A stored 0 is no uptake, whatever the mapping.

    Raises
    ------
    DicomError
        ``real_world_range``.
    """
    ends = None if mapping is None else _ends(mapping, stored.dtype)
    if ends is None:
        return
    slack = _ROUNDED * max(map(abs, ends)) if stored.dtype.kind == "f" else 0.0
    lowest, highest = np.fmin.reduce(stored, axis=None), np.fmax.reduce(stored, axis=None)
    if lowest >= ends[0] - slack and highest <= ends[1] + slack:
        return
    beyond = int(np.count_nonzero(((stored < ends[0] - slack) | (stored > ends[1] + slack)) & (stored != 0)))
    if beyond:
        raise header.error(
            f"{beyond} voxels lie outside the stored values {ends[0]:g} to {ends[1]:g} for which its real-world value"
            " mapping holds, so their value is not known; export the scan again",
            "real_world_range",
        )


def _ends(mapping: Header, kind: np.dtype[Any]) -> tuple[float, float] | None:
    for first, last in _ENDS:
        stated_ends = mapping.number(first), mapping.number(last)
        if (
            stated_ends[0] is not None and stated_ends[1] is not None and stated_ends[0] != stated_ends[1]
        ):  # 0 and 0 were not filled in
            ends = [stated_ends[0], stated_ends[1]]
            if kind.kind == "i" and ends[0] > ends[1]:  # negative values written as the unsigned ones of the same bits
                ends = [float(np.int64(end).astype(kind)) for end in ends]
            return min(ends), max(ends)
    return None
