"""The uptake of a participant's regions: the table that measure leaves and its sidecar, written and read here.

The sidecar is the data dictionary of the table and, under ``Scans``, what became of each scan.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

from pet_spect.errors import TableError
from pet_spect.files import read_json, write_json
from pet_spect.model import Refusal, RegionSide, RegionUptake, ScanKey
from pet_spect.quantify.cohort.protocol.facts import ScanProtocol
from pet_spect.quantify.measurement import ParticipantRegions, absence_reason
from pet_spect.quantify.roles import RegionValue, ScanUptake, Surrounding
from pet_spect.quantify.surrounding_uptake import SurroundingRegions
from pet_spect.quantify.surroundings import MIRRORED
from pet_spect.quantify.uncertainty import Sensitivity
from pet_spect.quantify.uptake import LESIONFREE
from pet_spect.remarks import Remark, read_cell, write_cell
from pet_spect.remarks.catalogue import Code
from pet_spect.results import columns
from pet_spect.results.partial_volume_entry import PartialVolume, corrected_values
from pet_spect.results.registration_record import VolumesMl
from pet_spect.results.typed_json import Codec, Key, Mark, MismatchError, as_json, from_json, number
from pet_spect.tsv import parse_float, sidecar_of_table, write_table

MIN_COVERAGE = 0.9
"""Smallest fraction of a region in view for its mean to be given, where nothing else is asked for."""

RESPONSE_TERMS = (
    "standard error of the mean by count noise",
    "change of the mean per mm that the region lies further right",
    "further anterior",
    "further superior",
    "change per degree that all regions turn about the right axis",
    "about the anterior axis",
    "about the superior axis",
    "half the change from the lower to the higher threshold on the probability of lesion",
)
"""What the numbers under ``Sensitivities`` are, each in the scan's unit."""

Sensitivities = Mapping[tuple[str, RegionSide], Sensitivity]
"""By region and side."""


def _by_region(sensitivities: Sensitivities) -> dict[str, dict[str, list[float | None]]]:
    """Return sensitivities as a sidecar holds them: region, side, and 9 digits of each of `RESPONSE_TERMS`."""
    content: dict[str, dict[str, list[float | None]]] = {}
    for (region, side), sensitivity in sensitivities.items():
        terms = (sensitivity.noise_sd, *sensitivity.shift, *sensitivity.turn, sensitivity.threshold)
        content.setdefault(region, {})[side] = [float(f"{term:.9g}") if math.isfinite(term) else None for term in terms]
    return content


def _sensitivities(content: object) -> Sensitivities:
    sensitivities: dict[tuple[str, RegionSide], Sensitivity] = {}
    for region, sides in _object(content).items():
        for side, terms in _object(sides).items():
            if side not in get_args(RegionSide) or not isinstance(terms, list) or len(terms) != len(RESPONSE_TERMS):
                raise MismatchError(f"{len(RESPONSE_TERMS)} numbers for each region and side are needed")
            noise, x, y, z, rx, ry, rz, threshold = (math.nan if term is None else number(term) for term in terms)
            sensitivity = Sensitivity(noise, (x, y, z), (rx, ry, rz), threshold)
            sensitivities[region, cast(RegionSide, side)] = sensitivity
    return sensitivities


def _object(content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise MismatchError("an object {...} is needed")
    return content


@dataclass(frozen=True, kw_only=True)
class CommonResolution:
    """How a scan was brought to the common resolution; full widths at half maximum, mm.

    Attributes
    ----------
    estimated_mm : float or None
        The scan's own resolution; None where it is unknown.
    estimated_sd_mm : float or None
        Its standard deviation.
    blur_mm : float
        Gaussian that was applied before the scan was measured; 0 is none.
    """

    estimated_mm: Annotated[float | None, Key("EstimatedFWHMmm")]
    estimated_sd_mm: Annotated[float | None, Key("EstimatedFWHMSDmm")]
    blur_mm: Annotated[float, Key("AppliedBlurFWHMmm")]


_NO_VOLUME = VolumesMl(left=0.0, right=0.0)
_NOT_KNOWN = (math.nan, math.nan)


@dataclass(frozen=True, kw_only=True)
class WarpFacts:
    """What the registration knows of its own error; of what its error was learned for (`registration_error`).

    Attributes
    ----------
    misplacement_mm : float
        As the registration estimated it.
    lost_left, lost_right : float
        Share of the target on either side that is lesion, drawn or seen, 0 to 1.
    """

    misplacement_mm: Annotated[float, Key("MisplacementMm")]
    lost_left: float
    lost_right: float


@dataclass(frozen=True, kw_only=True)
class UptakeScan:
    """What became of one visit, in the sidecar.

    Attributes
    ----------
    session, tracer : str
        As the tables spell them.
    status : {'measured', 'refused', 'missing'}
    stage, code, reason : str or None
        The refusal; of a missing scan `reason` alone.
    warnings : tuple of Remark
        What to look at in this scan.
    simulated : bool
    resolution : CommonResolution or None
        None if scans are measured as they are.
    partial_volume : PartialVolume or None
        None if nothing was corrected.
    cut_at : tuple of str
        Sides at which the brain is cut.
    unit : str or None
        Of the uptake.
    suv_factor : float or None
        Multiplies uptake into SUVbw, g/mL.
    suv_reason : str or None
        Why there is no factor.
    attenuation_corrected : bool or None
        None if not known.
    protocol : ScanProtocol or None
        How the scan was made; None if nothing was measured in it.
    accepted : tuple of Remark
        Faults of the registration that a person accepted; among `warnings` too.
    lesion_seen_ml : VolumesMl
        Lesion that the leading image of the registration shows.
    lesion_seen_in : str or None
        The tracer or kind of that image.
    deficit_ml : VolumesMl
        Lesion-like deficit that the scan itself shows.
    warp : WarpFacts or None
        None with an atlas of one's own, if nothing was registered, or if the scan was blurred before.
    sensitivities : mapping of (region, side) to Sensitivity, or None
        None if nothing was measured. The file keeps 9 digits.
    """

    session: str
    tracer: str
    status: Literal["measured", "refused", "missing"]
    stage: str | None = None
    code: Code | None = None
    reason: str | None = None
    warnings: tuple[Remark, ...] = ()
    simulated: bool = False
    resolution: Annotated[CommonResolution | None, Mark.FLAT] = None
    partial_volume: Annotated[PartialVolume | None, Mark.LEFT_OUT] = None
    cut_at: tuple[str, ...] = ()
    unit: str | None = None
    suv_factor: Annotated[float | None, Key("SUVbwFactor")] = None
    suv_reason: Annotated[str | None, Key("SUVReason")] = None
    attenuation_corrected: Annotated[bool | None, Key("AttenuationCorrection")] = None
    protocol: Annotated[ScanProtocol | None, Mark.LEFT_OUT] = None
    accepted: tuple[Remark, ...] = ()
    lesion_seen_ml: VolumesMl = _NO_VOLUME
    lesion_seen_in: str | None = None
    deficit_ml: VolumesMl = _NO_VOLUME
    warp: Annotated[WarpFacts | None, Mark.LEFT_OUT] = None
    sensitivities: Annotated[Sensitivities | None, Codec(_by_region, _sensitivities), Mark.LEFT_OUT] = None

    def __post_init__(self) -> None:
        """Check that what is absent says why."""
        if self.status == "refused" and self.refusal is None:
            raise ValueError("a refused scan needs Stage, Code and Reason")
        if self.status == "missing" and self.reason is None:
            raise ValueError("a missing scan needs a Reason")

    @property
    def refusal(self) -> Refusal | None:
        """Why a scan was refused; None if it was not."""
        if self.status != "refused" or self.stage is None or self.code is None or self.reason is None:
            return None
        return Refusal(self.stage, self.code, self.reason)

    @property
    def absence(self) -> Remark | None:
        """Why nothing was measured; None if something was."""
        if self.refusal is not None:
            return self.refusal.remark
        return Remark.of("no_scan") if self.status == "missing" else None


def missing_scan(session: str, tracer: str) -> UptakeScan:
    """Return what the sidecar says of a visit that was not scanned."""
    return UptakeScan(session=session, tracer=tracer, status="missing", reason=Remark.of("no_scan").text)


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


@dataclass(frozen=True, kw_only=True)
class SurroundingEntry:
    """A further target of the participant, in the sidecar.

    Attributes
    ----------
    region : str
        One of `surroundings.SURROUNDINGS`.
    absence : Remark or None
        Why the participant has none.
    notes : tuple of Remark
        What to look at.
    """

    region: str
    absence: Remark | None
    notes: tuple[Remark, ...]


@dataclass(frozen=True, kw_only=True)
class _Sidecar:
    response_terms: tuple[str, ...]
    misplacement_mm: float
    min_coverage: float
    surroundings: Annotated[tuple[SurroundingEntry, ...] | None, Mark.LEFT_OUT] = None
    scans: tuple[UptakeScan, ...]


def write_uptake(
    path: Path,
    rows: Iterable[UptakeRow],
    scans: Sequence[UptakeScan],
    misplacement_mm: float,
    min_coverage: float = MIN_COVERAGE,
    surroundings: Sequence[SurroundingRegions] = (),
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
    """

    scans: tuple[MeasuredScan, ...]
    lines: tuple[str, ...]
    misplacement_mm: float
    min_coverage: float


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
            if who != participant or side not in get_args(RegionSide):
                raise ValueError("participant or side")
            place = region, cast(RegionSide, side)
            sensitivity = (by_visit[session, tracer].sensitivities or {}).get(place)
            value = _value(mean, volume, lesion, reason, sensitivity)
            values[session, tracer][place] = replace(value, coverage=parse_float(coverage))
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
    return ParticipantUptake(in_order, tuple(lines), sidecar.misplacement_mm, sidecar.min_coverage)


def _value(mean: str, volume: str, lesion: str, reason: str, sensitivity: Sensitivity | None) -> RegionValue:
    uptake = parse_float(mean)
    why = read_cell(reason)[0] if math.isnan(uptake) and reason else None
    return RegionValue(uptake, parse_float(volume), parse_float(lesion), why, sensitivity)


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
