"""Errors of single ratios against the truth, beside what a run knows of them.

    python benchmarks/precision/ratio_errors.py WORK --people 1-30

Measures what `two_visits.py` kept with the weights of the tool and keeps one row per scan and reference: the ratio, the
standard deviation that it states, its truth, and what the run knows: the lesion that the registration saw and the
estimated misplacement. Regions are sampled once per 2.5 mm, four times as coarse as in the tool, for speed.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gates"))

from people import TRACERS, numbers
from two_visits import Visits

from pet_spect.imaging.atlases import load_atlas
from pet_spect.model import Atlas, ScanKey
from pet_spect.quantify import region_weights
from pet_spect.quantify.measurement import participant_regions
from pet_spect.quantify.membership import RESOLUTION_MM
from pet_spect.quantify.participant_uptake import PlacedScan, participant_uptake
from pet_spect.quantify.ratios import scan_ratios
from pet_spect.quantify.references import BUILT_IN
from pet_spect.quantify.roles import RegionRoles, ScanUptake
from pet_spect.simulate.scanner import TARGET

RESOLUTIONS_MM = {"FDG": RESOLUTION_MM["pet"], "IMZ": RESOLUTION_MM["spect"]}


def measured(made: Visits, atlas: Atlas) -> list[dict[str, Any]]:
    rows = []
    for tracer in TRACERS:
        keys = [key for key in made.to_scan if key.tracer == tracer]
        regions = participant_regions(
            atlas,
            made.to_standard,
            target=(TARGET,),
            misplacement_mm=made.misplacement_mm,
            resolution_mm=RESOLUTIONS_MM[tracer],
            warp_lesion=made.lesion,
            min_coverage=0.5,
        )
        placed = [PlacedScan(tracer, made.scans[key], np.linalg.inv(made.to_scan[key])) for key in keys]
        for key, values in zip(keys, participant_uptake(placed, regions), strict=True):
            rows += ratios(made, key, values)
    for row in rows:
        row |= lesion_of(made, atlas)
    return rows


def ratios(made: Visits, key: ScanKey, values: Any) -> list[dict[str, Any]]:
    found = scan_ratios(ScanUptake(key, None, values), made.side, RegionRoles((TARGET,), BUILT_IN))
    return [
        {
            "person": made.number,
            "kind": made.kind,
            "session": key.session,
            "tracer": key.tracer,
            "reference": row.reference,
            "value": row.value,
            "value_sd": row.value_sd,
            "own_sd": row.own_sd,
            "placement_sd": row.placement_sd,
            "truth": made.truth[key][row.reference],
            "misplacement": made.misplacement_mm,
        }
        for row in found
        if row.region == TARGET and row.measure == "uptake_ratio" and row.reference in made.truth[key]
    ]


def lesion_of(made: Visits, atlas: Atlas) -> dict[str, float]:
    """Return the volume on either side of the lesion that the registration used, and how it lies to the target."""
    lesion = made.lesion.data > 0.5
    points = np.argwhere(lesion) @ made.lesion.affine[:3, :3].T + made.lesion.affine[:3, 3]
    voxel_ml = abs(float(np.linalg.det(made.lesion.affine[:3, :3]))) / 1000
    sign = -1 if made.side == "left" else 1
    index = next(each.index for each in atlas.regions if each.name == TARGET and each.side == made.side)
    region = np.argwhere(atlas.labels == index) @ atlas.affine[:3, :3].T + atlas.affine[:3, 3]
    near, lost = np.inf, 0.0
    if len(points):
        from scipy.spatial import cKDTree

        distance, _ = cKDTree(points).query(region)
        near, lost = float(distance.min()), float((distance < 1.2).mean())
        within = {f"within_{mm}": float((distance < mm).mean()) for mm in (5, 10, 20)}
    else:
        within = {f"within_{mm}": 0.0 for mm in (5, 10, 20)}
    return {
        "ipsi_ml": float((points[:, 0] * sign > 0).sum()) * voxel_ml,
        "contra_ml": float((points[:, 0] * sign < 0).sum()) * voxel_ml,
        "distance": min(near, 999.0),
        "lost": lost,
        **within,
        "lost_ml": made.lost_ml,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--people", default="1-30", metavar="FIRST-LAST")
    parser.add_argument("--share", default="0/1", metavar="I/N")
    options = parser.parse_args()
    region_weights._SUBVOXEL_MM = 2.5
    atlas = load_atlas("CerebrA")
    for number in numbers(options):
        source, kept = (options.work / f"{number:04d}{end}" for end in (".pkl", "-ratios.json"))
        if source.is_file() and not kept.is_file():
            made = pickle.loads(source.read_bytes())
            kept.write_text(json.dumps(measured(made, atlas) if made.to_standard else []), encoding="utf-8")
            print(number, flush=True)


if __name__ == "__main__":
    main()
