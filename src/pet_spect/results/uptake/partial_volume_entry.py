"""Partial volume correction of a scan in the table that measure leaves: its entry in the sidecar, and its rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pet_spect.model import RegionUptake
from pet_spect.quantify.uptake import CORRECTED
from pet_spect.remarks import Remark
from pet_spect.results.typed_json import FloatOrNan, Key


@dataclass(frozen=True, kw_only=True)
class PartialVolume:
    """How a scan was corrected for partial volume.

    Attributes
    ----------
    width_mm : float
        Full width at half maximum with which the parts of the head were blurred; NaN where it is not known.
    condition : float
        Condition number of the transfer matrix; NaN if there is none.
    absence : Remark or None
        Why the scan has no corrected values.
    warnings : tuple of Remark
        What to look at in the corrected values alone.
    """

    width_mm: Annotated[FloatOrNan, Key("WidthFWHMmm")]
    condition: FloatOrNan
    absence: Remark | None
    warnings: tuple[Remark, ...]


def corrected_values(
    corrected: Sequence[RegionUptake],
    uncorrected: Sequence[tuple[RegionUptake, Remark | None]],
    entry: PartialVolume | None,
) -> list[tuple[RegionUptake, list[Remark | None]]]:
    """Return the corrected value of every region with what is said of it.

    Parameters
    ----------
    corrected : sequence of RegionUptake
        In the order of `uncorrected`; empty for a scan that is missing or refused.
    uncorrected : sequence of (RegionUptake, Remark or None)
        Each with why it has no mean: the corrected one has none then, for that reason.
    entry : PartialVolume or None
        Of the scan; None where nothing was corrected.
    """
    absence, warnings = (None, ()) if entry is None else (entry.absence, entry.warnings)
    if entry is not None and absence is None:
        absence = Remark.of("partial_volume_view")
    values = corrected or [
        replace(value, region=value.region + CORRECTED, mean=math.nan, sd=math.nan) for value, _ in uncorrected
    ]
    return [
        (value, [reason or (absence if math.isnan(value.mean) else None), *warnings])
        for value, (_, reason) in zip(values, uncorrected, strict=True)
    ]
