"""Reading back what measure wrote of one participant."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from pet_spect.errors import TableError
from pet_spect.model import Refusal, RegionSide, ScanKey
from pet_spect.quantify.reasons import split_reasons
from pet_spect.quantify.roles import RegionValue, ScanUptake
from pet_spect.quantify.uncertainty import Sensitivity
from pet_spect.results import columns
from pet_spect.tsv import parse_float, sidecar_of_table

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


@dataclass(frozen=True)
class MeasuredScan:
    """One scan as its participant's table and sidecar tell it.

    Attributes
    ----------
    uptake : ScanUptake
    status : {'measured', 'refused', 'missing'}
    refusal : Refusal or None
    simulated : bool
    """

    uptake: ScanUptake
    status: str
    refusal: Refusal | None
    simulated: bool


def read_uptake(path: Path, participant: str, visits: Sequence[tuple[str, str]], joined: TextIO) -> list[MeasuredScan]:
    """Return a participant's scans in the order of the visits.

    Parameters
    ----------
    path : Path
        The participant's uptake table.
    participant : str
    visits : sequence of (session, tracer)
    joined : text file
        The table's rows are copied to it.

    Raises
    ------
    TableError
        If table or sidecar are not of this version or this participant, or a visit is not in them.
    """
    try:
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        told = {
            (scan["Session"], scan["Tracer"]): scan for scan in json.loads(sidecar_of_table(path).read_text())["Scans"]
        }
        if tuple(header.split("\t")) != tuple(columns.UPTAKE):
            raise ValueError("columns")
        values: dict[tuple[str, str], dict[tuple[str, RegionSide], RegionValue]] = {visit: {} for visit in told}
        for line in lines:
            who, session, tracer, region, side, mean, _, volume, _, lesion, _, reason = line.split("\t")
            if who != participant:
                raise ValueError("participant")
            terms = told[session, tracer].get("Sensitivities", {}).get(region, {}).get(side)
            value = _value(mean, volume, lesion, reason, None if terms is None else response_of(terms))
            values[session, tracer][region, cast(RegionSide, side)] = value
        joined.writelines(line + "\n" for line in lines)
        scans = {visit: _scan(ScanKey(participant, *visit), told[visit], values[visit]) for visit in told}
    except (ValueError, KeyError, TypeError, OSError):
        raise TableError(
            f"{path}: this table or its sidecar is not one that measure of this version wrote for {participant};"
            " run measure again"
        ) from None
    absent = [visit for visit in visits if visit not in scans]
    if absent:
        raise TableError(f"{path}: tells nothing of {' '.join(absent[0])}; run measure again")
    return [scans[visit] for visit in visits]


def terms_by_region(
    sensitivities: Mapping[tuple[str, RegionSide], Sensitivity],
) -> dict[str, dict[str, list[float | None]]]:
    """Return the sensitivities of a scan as its sidecar holds them, by region and side."""
    told: dict[str, dict[str, list[float | None]]] = {}
    for (region, side), sensitivity in sensitivities.items():
        told.setdefault(region, {})[side] = terms_of(sensitivity)
    return told


def terms_of(sensitivity: Sensitivity) -> list[float | None]:
    """Return a sensitivity as a sidecar holds it, in the order of `RESPONSE_TERMS`; null where it is not known."""
    terms = (sensitivity.noise_sd, *sensitivity.shift, *sensitivity.turn, sensitivity.threshold)
    return [float(f"{term:.9g}") if math.isfinite(term) else None for term in terms]


def response_of(terms: Sequence[float | None]) -> Sensitivity:
    """Return the sensitivity that `terms_of` wrote."""
    noise, x, y, z, rx, ry, rz, threshold = (math.nan if term is None else float(term) for term in terms)
    return Sensitivity(noise, (x, y, z), (rx, ry, rz), threshold)


def _value(mean: str, volume: str, lesion: str, reason: str, sensitivity: Sensitivity | None) -> RegionValue:
    uptake = parse_float(mean)
    why_absent = split_reasons(reason)[0] if math.isnan(uptake) else ""
    return RegionValue(uptake, parse_float(volume), parse_float(lesion), why_absent, sensitivity)


def _scan(key: ScanKey, told: Mapping[str, Any], values: Mapping[tuple[str, RegionSide], RegionValue]) -> MeasuredScan:
    refusal, absence = None, ""
    if told["Status"] == "refused":
        refusal = Refusal(told["Stage"], told["Code"], told["Reason"])
        absence = f"{refusal.code}: {refusal.reason}"
    elif told["Status"] == "missing":
        absence = told["Reason"]
    uptake = ScanUptake(
        key=key,
        absence=absence,
        values=values,
        notes=tuple(f"{warning['Code']}: {warning['Reason']}" for warning in told["Warnings"]),
        suv_factor=told["SUVbwFactor"],
        suv_reason=told["SUVReason"] or "",
        attenuation_corrected=told["AttenuationCorrection"],
        deficit_ml=(float(told["DeficitMl"]["left"]), float(told["DeficitMl"]["right"])),
        lesion_seen_ml=(float(told["LesionSeenMl"]["left"]), float(told["LesionSeenMl"]["right"])),
        lesion_seen_in=told["LesionSeenIn"] or "",
        accepted=tuple(Refusal("normalise", fault["Code"], fault["Reason"]) for fault in told["Accepted"]),
    )
    return MeasuredScan(uptake, told["Status"], refusal, told["Simulated"])
