"""The rows of a participant's uptake table: values with the reasons where there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from pet_spect.model import Refusal, RegionSide, RegionUptake
from pet_spect.quantify.measurement import ParticipantRegions, absence_reason
from pet_spect.quantify.surrounding_uptake import SurroundingRegions
from pet_spect.quantify.uptake import LESIONFREE
from pet_spect.remarks import Remark, write_cell
from pet_spect.results.uptake.partial_volume_entry import corrected_values
from pet_spect.results.uptake.uptake_scan import UptakeScan


@dataclass(frozen=True)
class UptakeRow:
    """One row of the table: its columns, in the order of `columns.UPTAKE`, which says what they are."""

    participant_id: str
    session: str
    tracer: str
    region: str
    side: RegionSide
    mean: float
    sd: float
    volume_ml: float
    coverage: float
    lesion_fraction: float
    unit: str | None
    reason: str


def uptake_rows(
    participant: str,
    scan: UptakeScan,
    measured: Sequence[RegionUptake] | None,
    regions: ParticipantRegions,
    lesion_fault: Refusal | None,
    corrected: Sequence[RegionUptake] | None = None,
) -> list[UptakeRow]:
    """Return the rows of one scan.

    Parameters
    ----------
    participant : str
    scan : UptakeScan
    measured : sequence of RegionUptake or None
        None if the scan is missing or refused: every region then has a row without a value.
    regions : ParticipantRegions
    lesion_fault : Refusal or None
        What is wrong with the lesion mask.
    corrected : sequence of RegionUptake, optional
        The means without partial volume, in the order of the atlas table; empty for a scan that is missing or refused.
    """
    reasons: list[Remark | None]
    if measured is None:
        have = [(region.name, region.side) for region in regions.atlas.regions]
        without = [(name, side) for name in regions.lesionfree for side in get_args(RegionSide)]
        measured = [_nothing(name, side) for name, side in have]
        measured += [_nothing(name + LESIONFREE, side) for name, side in without if (name, side) in have]
        reasons = [scan.absence] * len(measured)
    else:
        reasons = [absence_reason(value, regions, scan.cut_at, lesion_fault) for value in measured]
    rows = [_row(participant, scan, value, [reason]) for value, reason in zip(measured, reasons, strict=True)]
    if corrected is not None:
        whole = list(zip(measured, reasons, strict=True))[: len(regions.atlas.regions)]
        of_corrected = corrected_values(corrected, whole, scan.partial_volume)
        rows += [_row(participant, scan, value, said) for value, said in of_corrected]
    return rows


def surrounding_rows(
    participant: str, scan: UptakeScan, measured: Sequence[RegionUptake] | None, surroundings: SurroundingRegions
) -> list[UptakeRow]:
    """Return the rows of one scan's surroundings; `measured` is None if the scan is missing or refused."""
    if measured is None:
        return [_row(participant, scan, value, [scan.absence]) for value in surroundings.nothing()]
    return [
        _row(participant, scan, value, [surroundings.reason(value, scan.cut_at), *surroundings.notes])
        for value in measured
    ]


def _row(participant: str, scan: UptakeScan, value: RegionUptake, reasons: Sequence[Remark | None]) -> UptakeRow:
    doubts = [warning for warning in scan.warnings if not warning.suv_only]
    return UptakeRow(
        participant,
        scan.session,
        scan.tracer,
        value.region,
        value.side,
        value.mean,
        value.sd,
        value.volume_ml,
        value.coverage,
        value.lesion_fraction,
        scan.unit,
        write_cell([*reasons, *doubts]),
    )


def _nothing(region: str, side: RegionSide) -> RegionUptake:
    return RegionUptake(region, side, math.nan, math.nan, math.nan, math.nan, math.nan)
