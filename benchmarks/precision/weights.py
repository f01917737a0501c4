"""Weights of the target: error of change and ratio with equal weights, with fixed powers, and as they are chosen.

    python benchmarks/precision/weights.py WORK --people 1-30

Reads what `two_visits.py` kept. Weights are the probability to lie in the region to a power; ``chosen`` is what
`membership.membership_certainty` takes for the person and tracer. Beside each: its error over that of the true regions
in the same scans (the reference error), the slope of the measured change on the true one over that of the true regions,
and the error of a ratio.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gates"))

from numpy.typing import NDArray
from people import numbers
from two_visits import SESSIONS, Visits, narrow

from pet_spect.imaging.atlases import load_atlas
from pet_spect.model import Atlas, Volume, Warp, opposite
from pet_spect.quantify import membership
from pet_spect.quantify.labelled_space import labelled_space
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan
from pet_spect.quantify.membership import RESOLUTION_MM
from pet_spect.quantify.region_weights import _divisions, _sub_voxels, _to_standard, _voxels_near_atlas
from pet_spect.simulate.scanner import CEREBELLUM, TARGET

RESOLUTIONS_MM = {"FDG": RESOLUTION_MM["pet"], "IMZ": RESOLUTION_MM["spect"]}
WAYS = {"equal": 0.0, "power 1": 1.0, "power 2": 2.0, "power 3": 3.0, "chosen": None}


def certainties(made: Visits, atlas: Atlas, tracer: str) -> NDArray[np.float32]:
    """Return the weights of every way on the atlas's grid, the way along the last axis."""
    choose = membership._power
    found = []
    for power in WAYS.values():
        membership._power = choose if power is None else lambda _, power=power: power
        found.append(
            membership.membership_certainty(
                atlas, (TARGET,), made.misplacement_mm, made.lesion, resolution_mm=RESOLUTIONS_MM[tracer]
            )
        )
    membership._power = choose
    return np.stack(found, axis=-1)


def measured(made: Visits, atlas: Atlas) -> list[dict[str, Any]]:
    """Return a row per scan and way to weigh; the references are weighed alike in all."""
    target = narrow(atlas, (TARGET,))
    weights = {tracer: certainties(made, target, tracer) for tracer in RESOLUTIONS_MM}
    regions = ParticipantRegions(narrow(atlas, (CEREBELLUM,)), made.to_standard, min_coverage=0.5)
    rows = []
    for key, to_scan in made.to_scan.items():
        to_participant = np.linalg.inv(to_scan)
        found = measure_scan(made.scans[key], regions, to_participant=to_participant).uptake
        cerebellum = next(row.mean for row in found if row.side == made.side)
        means = weighted_means(made.scans[key], target, to_participant, made.to_standard, weights[key.tracer])
        true = made.true_regions[key]
        for way, own, other in zip(WAYS, means[made.side], means[opposite(made.side)], strict=True):
            rows.append(
                {
                    "person": made.number,
                    "kind": made.kind,
                    "session": key.session,
                    "tracer": key.tracer,
                    "way": way,
                    "contralateral": own / other,
                    "cerebellum": own / cerebellum,
                    "contralateral_ref": true[TARGET, made.side] / true[TARGET, opposite(made.side)],
                    "cerebellum_ref": true[TARGET, made.side] / true[CEREBELLUM, made.side],
                    "contralateral_true": made.truth[key]["contralateral"],
                    "cerebellum_true": made.truth[key]["cerebellum_ipsilesional"],
                }
            )
    return rows


def weighted_means(
    scan: Volume, atlas: Atlas, to_participant: NDArray[np.float64], warp: Warp | None, certainties: NDArray[np.float32]
) -> dict[str, NDArray[np.float64]]:
    """Return by side the mean of the target by each certainty, as `measure_scan` does with one of them."""
    labelled = labelled_space(atlas)
    certain = np.pad(certainties, [(1, 1)] * 3 + [(0, 0)]).reshape(-1, certainties.shape[-1])
    offsets, shape = _sub_voxels(_divisions(scan)), np.array(scan.data.shape)
    to_participant = to_participant @ scan.affine
    total = np.zeros((2, 2, certainties.shape[-1]))
    for centres in _voxels_near_atlas(scan, labelled, to_participant, warp):
        places = np.repeat(centres, len(offsets), axis=0) + np.tile(offsets, (len(centres), 1))
        points, _ = _to_standard(places, to_participant, warp)
        point, voxel, share = labelled.around(points)
        row = labelled.padded_rows[voxel]
        centre = centres[point // len(offsets)].astype(np.int64)
        good = (row >= 0) & ((centre >= 0) & (centre < shape)).all(axis=1)
        value = scan.data[tuple(centre[good].T)]
        weight = share[good, np.newaxis] * certain[voxel[good]]
        for side in (0, 1):
            own = row[good] == side
            total[side, 0] += (weight[own] * value[own, np.newaxis]).sum(axis=0)
            total[side, 1] += weight[own].sum(axis=0)
    return {region.side: total[number, 0] / total[number, 1] for number, region in enumerate(atlas.regions)}


def table(rows: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Return a row per tracer and way to weigh; errors of change and ratio in percent (of the logarithm)."""
    names = [reference, f"{reference}_ref", f"{reference}_true"]
    wide = rows.pivot_table(index=["person", "tracer", "way"], columns="session", values=names).dropna()
    baseline, later = (np.log(wide.xs(session, axis=1, level="session")) for session in SESSIONS)
    change, level = later - baseline, baseline.sub(baseline[names[2]], axis=0)
    out = []
    for place, of in change.groupby(level=["tracer", "way"]):
        own, ref, true = (of[name] for name in names)
        off = level.loc[of.index]
        slope, slope_ref = (np.polyfit(true, each, 1)[0] for each in (own, ref))
        out.append(
            {
                **dict(zip(("tracer", "way"), place, strict=True)),
                "n": len(of),
                "change_rmse": 100 * rms(own - true),
                "reference_error": 100 * rms(ref - true),
                "over_reference": rms(own - true) / rms(ref - true),
                "slope": slope,
                "slope_ratio": slope / slope_ref,
                "ratio_bias": 100 * off[reference].mean(),
                "ratio_rmse": 100 * rms(off[reference]),
                "ratio_median": 100 * off[reference].abs().median(),
            }
        )
    return pd.DataFrame(out)


def rms(values: Any) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--people", default="1-40", metavar="FIRST-LAST")
    parser.add_argument("--share", default="0/1")
    options = parser.parse_args()
    atlas = load_atlas("CerebrA")
    rows: list[dict[str, Any]] = []
    for number in numbers(options):
        kept = options.work / f"{number:04d}-weights.json"
        if not kept.is_file() and (options.work / f"{number:04d}.pkl").is_file():
            made = pickle.loads((options.work / f"{number:04d}.pkl").read_bytes())
            kept.write_text(json.dumps(measured(made, atlas) if made.to_standard is not None else []), encoding="utf-8")
        rows += json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else []
    pd.set_option("display.width", 220, "display.float_format", "{:.3f}".format, "display.max_columns", 30)
    for reference in ("contralateral", "cerebellum"):
        print(reference)
        print(table(pd.DataFrame(rows), reference).to_string(index=False))


if __name__ == "__main__":
    main()
