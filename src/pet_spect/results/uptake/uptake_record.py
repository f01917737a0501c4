"""The uptake of a participant's regions: the table that measure leaves and its sidecar, written and read here.

The sidecar is the data dictionary of the table and, under ``Scans``, what became of each scan.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal, cast, get_args

from pet_spect.errors import TableError
from pet_spect.files import read_json, write_json
from pet_spect.model import Refusal, RegionSide, ScanKey
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.quantify.roles import RegionValue, ScanUptake, Surrounding
from pet_spect.quantify.surrounding_uptake import SurroundingRegions
from pet_spect.quantify.surroundings import MIRRORED
from pet_spect.quantify.uncertainty import Sensitivity
from pet_spect.remarks import read_cell
from pet_spect.results.provenance_record import Provenance
from pet_spect.results.tables import columns
from pet_spect.results.typed_json import Mark, as_json, from_json
from pet_spect.results.uptake.sensitivity_entry import RESPONSE_TERMS
from pet_spect.results.uptake.uptake_rows import UptakeRow
from pet_spect.results.uptake.uptake_scan import SurroundingEntry, UptakeScan
from pet_spect.tsv import parse_float, sidecar_of_table, write_table

MIN_COVERAGE = 0.9
"""Smallest fraction of a region in view for its mean to be given, where nothing else is asked for."""


_SIDES = get_args(RegionSide)

_NOT_KNOWN = (math.nan, math.nan)


@dataclass(frozen=True, kw_only=True)
class _Sidecar:
    response_terms: tuple[str, ...]
    misplacement_mm: float
    min_coverage: float
    surroundings: Annotated[tuple[SurroundingEntry, ...] | None, Mark.LEFT_OUT] = None
    scans: tuple[UptakeScan, ...]
    provenance: Annotated[Provenance | None, Mark.LEFT_OUT] = None


def write_uptake(
    path: Path,
    rows: Iterable[UptakeRow],
    scans: Sequence[UptakeScan],
    misplacement_mm: float,
    min_coverage: float = MIN_COVERAGE,
    surroundings: Sequence[SurroundingRegions] = (),
    provenance: Provenance | None = None,
) -> None:
    """Write a participant's uptake table and its sidecar.

    Parameters
    ----------
    path : Path
        The table; the sidecar goes beside it.
    rows : iterable of UptakeRow
    scans : sequence of UptakeScan
        Every visit of the study.
    misplacement_mm : float
        With which the regions of the target were weighted.
    min_coverage : float, default 0.9
        Of a region for its mean to be given.
    surroundings : sequence of SurroundingRegions
        Further targets that were asked for, whether or not the participant has them.
    provenance : Provenance, optional
        How the table was made.
    """
    entries = [
        SurroundingEntry(region=name, absence=each.absence, notes=each.notes)
        for each in surroundings
        for name in each.names
    ]
    write_table(path, columns.UPTAKE, (asdict(row) for row in rows))
    of_scans = _Sidecar(
        response_terms=RESPONSE_TERMS,
        misplacement_mm=misplacement_mm,
        min_coverage=min_coverage,
        surroundings=tuple(entries) or None,
        scans=tuple(scans),
        provenance=provenance,
    )
    write_json(sidecar_of_table(path), {**columns.UPTAKE, **as_json(of_scans)})


@dataclass(frozen=True)
class MeasuredScan:
    """One scan as its participant's table and sidecar tell it.

    Attributes
    ----------
    uptake : ScanUptake
    status : {'measured', 'refused', 'missing'}
    refusal : Refusal or None
    simulated : bool
    blur_mm : float
        Gaussian that was applied before it was measured.
    protocol : ScanProtocol or None
        How the scan was made; None if nothing was measured in it, or an earlier version did it.
    """

    uptake: ScanUptake
    status: Literal["measured", "refused", "missing"]
    refusal: Refusal | None
    simulated: bool
    blur_mm: float = 0.0
    protocol: ScanProtocol | None = None


@dataclass(frozen=True)
class ParticipantUptake:
    """What `read_uptake` reads.

    Attributes
    ----------
    scans : tuple of MeasuredScan
        In the order of the visits asked for.
    lines : tuple of str
        The rows of the table as they stand in it, without its header.
    misplacement_mm, min_coverage : float
        With which they were measured.
    provenance : Provenance or None
        How the table was made; None in that of an earlier version.
    """

    scans: tuple[MeasuredScan, ...]
    lines: tuple[str, ...]
    misplacement_mm: float
    min_coverage: float
    provenance: Provenance | None = None


def read_uptake(path: Path, participant: str, visits: Sequence[tuple[str, str]]) -> ParticipantUptake:
    """Read what `write_uptake` wrote of a participant.

    Parameters
    ----------
    path : Path
        The participant's uptake table.
    participant : str
    visits : sequence of (session, tracer)

    Raises
    ------
    TableError
        If table or sidecar are not of this version or this participant, or a visit is not in them.
    """
    try:
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        sidecar = from_json(_Sidecar, read_json(sidecar_of_table(path), TableError, "sidecar"))
        if any(scan.status == "measured" and scan.sensitivities is None for scan in sidecar.scans):
            raise ValueError("sensitivities")  # as in the sidecar of an earlier version
        if tuple(header.split("\t")) != tuple(columns.UPTAKE):
            raise ValueError("columns")
        by_visit = {(scan.session, scan.tracer): scan for scan in sidecar.scans}
        values: dict[tuple[str, str], dict[tuple[str, RegionSide], RegionValue]] = {visit: {} for visit in by_visit}
        for line in lines:
            who, session, tracer, region, side, mean, _, volume, coverage, lesion, _, reason = line.split("\t")
            if who != participant or side not in _SIDES:
                raise ValueError("participant or side")
            place = region, cast(RegionSide, side)
            sensitivity = (by_visit[session, tracer].sensitivities or {}).get(place)
            values[session, tracer][place] = _value(mean, volume, lesion, reason, sensitivity, coverage)
        entries = sidecar.surroundings or ()
        scans = {
            visit: _scan(ScanKey(participant, *visit), scan, values[visit], entries) for visit, scan in by_visit.items()
        }
    except (ValueError, KeyError, OSError, TableError):
        raise TableError(
            f"{path}: this table or its sidecar is not one that measure of this version wrote for {participant};"
            " run measure again"
        ) from None
    absent = [visit for visit in visits if visit not in scans]
    if absent:
        raise TableError(f"{path}: has no scan {' '.join(absent[0])}; run measure again")
    in_order = tuple(scans[visit] for visit in visits)
    return ParticipantUptake(in_order, tuple(lines), sidecar.misplacement_mm, sidecar.min_coverage, sidecar.provenance)


def read_uptake_scans(path: Path) -> tuple[UptakeScan, ...]:
    """Read what became of each visit, from the sidecar of a participant's uptake table.

    Raises
    ------
    TableError
        If there is no such sidecar, or measure of this version did not write it.
    """
    try:
        return from_json(_Sidecar, read_json(sidecar_of_table(path), TableError, "sidecar")).scans
    except (ValueError, KeyError):
        raise TableError(
            f"{path}: its sidecar is not one that measure of this version wrote; run measure again"
        ) from None


def _value(
    mean: str, volume: str, lesion: str, reason: str, sensitivity: Sensitivity | None, coverage: str
) -> RegionValue:
    uptake = parse_float(mean)
    why = read_cell(reason)[0] if math.isnan(uptake) and reason else None
    return RegionValue(uptake, parse_float(volume), parse_float(lesion), why, sensitivity, parse_float(coverage))


def _scan(
    key: ScanKey,
    scan: UptakeScan,
    values: Mapping[tuple[str, RegionSide], RegionValue],
    entries: Sequence[SurroundingEntry],
) -> MeasuredScan:
    further = {name for entry in entries for name in (entry.region, entry.region + MIRRORED)}
    uptake = ScanUptake(
        key=key,
        absence=scan.absence,
        values={part: value for part, value in values.items() if part[0] not in further},
        surroundings={entry.region: _surrounding(entry, values) for entry in entries},
        notes=scan.warnings,
        suv_factor=scan.suv_factor,
        suv_reason=scan.suv_reason or "",
        attenuation_corrected=scan.attenuation_corrected,
        deficit_ml=(scan.deficit_ml.left, scan.deficit_ml.right),
        lesion_seen_ml=(scan.lesion_seen_ml.left, scan.lesion_seen_ml.right),
        lesion_seen_in=scan.lesion_seen_in or "",
        misplacement_mm=math.nan if scan.warp is None else scan.warp.misplacement_mm,
        target_lost=_NOT_KNOWN if scan.warp is None else (scan.warp.lost_left, scan.warp.lost_right),
        accepted=tuple(Refusal.of("normalise", fault) for fault in scan.accepted),
        correction_notes=() if scan.partial_volume is None else scan.partial_volume.warnings,
    )
    blur_mm = 0.0 if scan.resolution is None else scan.resolution.blur_mm
    return MeasuredScan(uptake, scan.status, scan.refusal, scan.simulated, blur_mm, scan.protocol)


def _surrounding(entry: SurroundingEntry, values: Mapping[tuple[str, RegionSide], RegionValue]) -> Surrounding:
    own = {part: value for part, value in values.items() if part[0] in (entry.region, entry.region + MIRRORED)}
    return Surrounding(own, entry.absence, entry.notes)
