"""The rows and the sidecar of the uptake table: what was measured in a scan, or why there is nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pet_spect.model import Refusal, RegionUptake
from pet_spect.quantify.reasons import concerns_suv_only, join_reasons
from pet_spect.quantify.uptake import LESIONFREE

if TYPE_CHECKING:
    from pet_spect.quantify.measurement import ParticipantRegions
    from pet_spect.registration.common_resolution import ToCommon


NO_SCAN = "no scan listed"
"""Reason of a visit that scans.tsv does not list."""


@dataclass(frozen=True)
class Grounds:
    """What all scans of the participant are measured with."""

    regions: ParticipantRegions
    lesion_fault: Refusal | None
    to_common: Mapping[tuple[str, str], ToCommon]
    record: Mapping[str, Any]


def missing_scan() -> dict[str, Any]:
    """Return what the sidecar says of a visit that was not scanned."""
    return {
        "Status": "missing",
        "Stage": None,
        "Code": None,
        "Reason": NO_SCAN,
        "Warnings": [],
        "Unit": None,
        "SUVbwFactor": None,
        "SUVReason": None,
        "AttenuationCorrection": None,
        "CutAt": [],
        "DeficitMl": {"left": 0.0, "right": 0.0},
        "Accepted": [],
        "LesionSeenMl": {"left": 0.0, "right": 0.0},
        "LesionSeenIn": None,
        "Simulated": False,
    }


def told_by_convert(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reader should know also of a scan that a later step refuses."""
    return {"Warnings": facts.get("Warnings") or [], "Simulated": bool(facts.get("Simulated", False))}


def why_absent(found: RegionUptake, grounds: Grounds, cut: Sequence[str]) -> str:
    """Return the text behind the code of a region without a mean; `cut` names the sides at which the brain is cut."""
    name = found.region if found.side == "n/a" else f"{found.region} {found.side}"
    text = f"{found.coverage:.0%} of {name} is in view, {grounds.regions.min_coverage:.0%} is needed"
    return f"{text}; the brain is cut at the {' and the '.join(cut)}" if cut else text


def _reason(found: RegionUptake, grounds: Grounds, cut: Sequence[str]) -> str:
    if found.mean == found.mean:
        return ""
    if found.region not in {region.name for region in grounds.regions.atlas.regions} and grounds.regions.lesion is None:
        fault = grounds.lesion_fault
        return "no_lesion_mask: no lesion mask is given" if fault is None else f"{fault.code}: {fault.reason}"
    if not found.volume_ml > 0:
        return f"no_volume: nothing of {found.region} is left to measure"
    return f"low_coverage: {why_absent(found, grounds, cut)}"


def uptake_rows(
    participant: str, told: Mapping[str, Any], measured: Sequence[RegionUptake] | None, grounds: Grounds
) -> Iterator[dict[str, Any]]:
    """Give the rows of one scan.

    Parameters
    ----------
    participant : str
    told : mapping
        What the sidecar says of the scan.
    measured : sequence of RegionUptake or None
        None if the scan is missing or refused: every region then has a row without a value.
    grounds : Grounds
    """
    visit = {"participant_id": participant, "session": told["Session"], "tracer": told["Tracer"]}
    warnings = [f"{warning['Code']}: {warning['Reason']}" for warning in told["Warnings"]]
    doubts = [warning for warning in warnings if not concerns_suv_only(warning)]
    if measured is None:
        reason = told["Reason"] if told["Code"] is None else f"{told['Code']}: {told['Reason']}"
        have = [(region.name, region.side) for region in grounds.regions.atlas.regions]
        without = [(name, side) for name in grounds.regions.lesionfree for side in ("left", "right", "n/a")]
        measured = [_nothing(name, side) for name, side in have]
        measured += [_nothing(name + LESIONFREE, side) for name, side in without if (name, side) in have]
        reasons = [reason] * len(measured)
    else:
        reasons = [_reason(found, grounds, told["CutAt"]) for found in measured]
    for found, reason in zip(measured, reasons, strict=True):
        yield {
            **visit,
            "region": found.region,
            "side": found.side,
            "mean": found.mean,
            "sd": found.sd,
            "volume_ml": found.volume_ml,
            "coverage": found.coverage,
            "lesion_fraction": found.lesion_fraction,
            "unit": told["Unit"],
            "reason": join_reasons([reason, *doubts]),
        }


def _nothing(region: str, side: Any) -> RegionUptake:
    nan = float("nan")
    return RegionUptake(region, side, nan, nan, nan, nan, nan)
