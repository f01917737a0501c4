"""Good scans of realistic people through the registration: what every gate, guard and witness reads.

    python benchmarks/gates/good_scans.py WORK --people 1-20       # the constants are chosen on these
    python benchmarks/gates/good_scans.py WORK --people 101-225    # and reported on these: 250 scans of each tracer
    python benchmarks/gates/good_scans_summary.py WORK --people 101-225       # the tables of docs/evidence.md

Every person has one FDG and one IMZ scan, each registered alone with open gates, and a file of features per scan, so
that a run goes on where it ended and a threshold is judged again without registering again. In turn people have: no
lesion; an old infarct of up to 5 mL on the other side; a real lesion with diaschisis; a real one without; 100 mL.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "accuracy"))

from cases import lost_to as lost_to_case
from cases import real_case

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import canonical
from pet_spect.imaging.resample import apply_affine, resample_affine
from pet_spect.model import ScanKey, Side, Volume, opposite
from pet_spect.quantify.measurement import measure_scan, participant_regions
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.gates.resemblance import appearance, integrity
from pet_spect.registration.itk import use_threads
from pet_spect.registration.normalise import Normalised, normalise
from pet_spect.registration.placement.orientation import fit
from pet_spect.registration.placement.pose import look_at
from pet_spect.registration.templates.template import make_template
from pet_spect.registration.warp import Deformation
from pet_spect.simulate.cropped_view import coverage, cut
from pet_spect.simulate.design import INFARCT_CORE, PET_SCANNERS, SPECT_SCANNERS
from pet_spect.simulate.heads.anatomy import Anatomy
from pet_spect.simulate.heads.standard_head import standard_head
from pet_spect.simulate.heads.stroke import Stroke, infarct, remaining
from pet_spect.simulate.participant import random_pose
from pet_spect.simulate.population import draw_person, draw_scanner
from pet_spect.simulate.scanner import CEREBELLUM, TARGET, region_ratios, scan, seen_by

TRACERS = ("FDG", "IMZ")
KINDS = ("none", "old contralateral", "real, diaschisis", "real", "100 mL")
OPEN = Gates(**{f.name: (-9e9 if f.name.endswith("_min") else 9e9) for f in fields(Gates)})
CUTS = (
    ("vertex", "precentral"),
    ("below", CEREBELLUM),
    ("below", "pons"),
    ("left", "precentral"),
    ("right", "precentral"),
)


def activity(number: int, person: Anatomy, side: Side, tracer: str, lost: dict[str, Any]) -> np.ndarray:
    kind = KINDS[number % len(KINDS)]
    head = person.head
    if kind == "none":
        return head.uptake[tracer]
    stroke = Stroke(side, (0, 0, 0), (1, 1, 1), 1.0, float(lost["severity"]))
    deep = "diaschisis" in kind or kind == "100 mL"
    left = remaining(person, stroke, lost["map"], core=INFARCT_CORE[tracer], diaschisis=deep and tracer == "FDG")
    return head.uptake[tracer] * left


def lesion(number: int, person: Anatomy, side: Side, lesions: Path, rng: np.random.Generator) -> dict[str, Any]:
    """Return the infarct of a person, and on which side it lies."""
    kind = KINDS[number % len(KINDS)]
    shape = person.head.labels.shape
    empty = {"map": np.zeros(shape, np.float32), "side": side, "severity": 0.0, "ml": 0.0}
    if kind == "none":
        return empty
    if kind == "old contralateral":
        other, volume = opposite(side), float(rng.uniform(1, 5))
        centre = (float(rng.uniform(20, 45)), float(rng.uniform(-60, 30)), float(rng.uniform(0, 45)))
        found = infarct(person, Stroke(other, centre, (10, 10, 10), volume, 0.0), rng)
        return {"map": found, "side": other, "severity": 0.0, "ml": volume}
    if kind == "100 mL":
        found = infarct(person, Stroke(side, (44, -2, 10), (22, 36, 26), 100.0, 1.0), rng)
        return {"map": found, "side": side, "severity": 1.0, "ml": 100.0}
    file = f"lesion-{1 + int(rng.integers(20)):02d}.nii.gz"
    found = lost_to_case(real_case(file), person, side, lesions, number)
    return {"map": found, "side": side, "severity": 0.8, "ml": float(found.sum() * voxel_ml(person))}


def voxel_ml(person: Anatomy) -> float:
    return float(abs(np.linalg.det(person.head.affine[:3, :3])) / 1000)


def grey_lost_ml(person: Anatomy, lost: np.ndarray) -> float:
    """Return how much of the labelled tissue (cortex and deep grey matter) is lost."""
    regions = np.isin(
        person.head.labels, person.head.labels_of([*person.head.cortex, "caudate", "putamen", "thalamus"])
    )
    return float(lost[regions].sum() * voxel_ml(person))


def features(scan_volume: Volume, tracer: str, templates: dict[str, Any], found: Normalised) -> dict[str, Any]:
    key = next(iter(found.scans))
    registered = found.scans[key]
    placed = look_at(scan_volume, tracer, templates, OPEN).placed()
    own = templates[tracer]
    posed = resample_affine(placed.head, own.brain.shape, own.uptake.affine, placed.pose)
    place = fit(placed.head, own)
    return {
        **asdict(integrity(placed.head)),
        **asdict(appearance(posed, own)),
        **asdict(registered.shape),
        **asdict(registered.match),
        "upright": place.upright,
        "turned": place.turned,
        "jacobian": found.jacobian,
        "deficit_ml": registered.deficit_ml,
        "cut": placed.view.cut,
        "brain_in_view": placed.view.brain_fraction,
        "misplacement_mm": found.misplacement_mm,
        "pattern_distance": registered.pattern_distance,
    }


def run_person(number: int, work: Path, lesions: Path, common: dict[str, Any]) -> None:
    rng = np.random.default_rng([4, number])
    person, traits = draw_person(common["head"], rng)
    side: Side = "left" if rng.integers(2) else "right"
    lost = lesion(number, person, side, lesions, rng)
    for tracer in TRACERS:
        out = work / f"{number:04d}-{tracer}.json"
        own = np.random.default_rng([5, number, TRACERS.index(tracer)])
        if out.is_file():
            continue
        scanners = PET_SCANNERS if tracer == "FDG" else SPECT_SCANNERS
        scanner = draw_scanner(list(scanners.values())[int(own.integers(2))], tracer, own)
        uptake = activity(number, person, lost["side"], tracer, lost)
        seen = seen_by(scanner, uptake, person.head.affine)
        to_scan = random_pose(own, pitch_degrees=float(own.choice([8.0, 20.0])))
        raw = scan(seen, person.head.affine, scanner, to_scan, own)
        told: dict[str, Any] = {
            "person": number,
            "tracer": tracer,
            "kind": KINDS[number % len(KINDS)],
            "lesion_side": side,
            "lost_side": lost["side"],
            "lost_ml": lost["ml"],
            "grey_lost_ml": grey_lost_ml(person, lost["map"]),
            "scanner": asdict(scanner),
            "atrophy": traits.atrophy,
            "cuts": cuts(raw, person, to_scan, tracer, own, common),
            "truth": region_ratios(seen, person.head, side),
        }
        try:
            volume = canonical(raw)
            key = ScanKey("sub-01", "baseline", tracer)
            found = normalise({key: volume}, common["templates"], gates=OPEN, deformation=Deformation())
            if not found.scans:
                raise next(iter(found.refused.values()))
            told |= features(volume, tracer, common["templates"], found)
            told["measured"] = measured(volume, key, found, side, common["atlas"])
        except Exception as error:
            told["refused"] = f"{getattr(error, 'code', type(error).__name__)}: {error}"
        out.write_text(json.dumps(told), encoding="utf-8")
        print(out.name, told.get("similarity"), told.get("deficit_ml"), told.get("refused", ""), flush=True)


def measured(volume: Volume, key: ScanKey, found: Normalised, side: Side, atlas: Any) -> dict[str, float]:
    registered = found.scans[key]
    regions = participant_regions(
        atlas,
        found.to_standard,
        target=(TARGET,),
        misplacement_mm=found.misplacement_mm or 0.0,
        warp_lesion=found.lesion,
    )
    uptake = measure_scan(volume, regions, to_participant=np.linalg.inv(registered.to_scan)).uptake
    mean = {(row.region, row.side): row.mean for row in uptake}
    return {
        "contralateral": mean[TARGET, side] / mean[TARGET, opposite(side)],
        "cerebellum_ipsilesional": mean[TARGET, side] / mean[CEREBELLUM, side],
    }


def cuts(
    raw: Volume, person: Anatomy, to_scan: np.ndarray, tracer: str, rng: np.random.Generator, common: dict[str, Any]
) -> list[dict[str, Any]]:
    """Cut the scan three times at random and compare true coverage with that of the pose."""
    rows = []
    for face in ("vertex", "below", str(rng.choice(["left", "right"]))):
        mm = float(rng.uniform(2, 45 if face in ("vertex", "below") else 30))
        volume = cut(raw, person.head, to_scan, face, mm)
        true = coverage(volume, person.head, to_scan)
        row: dict[str, Any] = {"face": face, "mm": mm}
        try:
            placed = look_at(canonical(volume), tracer, common["templates"], OPEN).placed()
        except Exception as error:
            rows.append({**row, "refused": getattr(error, "code", type(error).__name__), "true": named(true)})
            continue
        told = {}
        inverse = np.linalg.inv(canonical(volume).affine)
        for name, points in common["points"].items():
            voxels = apply_affine(inverse @ placed.pose, points)
            told[name] = float(placed.view.holds(voxels).mean()) if placed.view.cut else 1.0
        rows.append(
            {**row, "cut": placed.view.cut, "told": told, "true": named(true), "in_view": placed.view.brain_fraction}
        )
    return rows


REGIONS = ((TARGET, "left"), (TARGET, "right"), (CEREBELLUM, "left"), (CEREBELLUM, "right"), ("pons", "n/a"))


def named(found: dict[tuple[str, str], float]) -> dict[str, float]:
    return {f"{name} {side}": found[name, side] for name, side in REGIONS if (name, side) in found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--people", default="1-20", metavar="FIRST-LAST")
    data = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data"))
    parser.add_argument("--lesions", type=Path, default=data / "lesions", help="the folder of real lesions")
    parser.add_argument(
        "--share", default="0/1", metavar="I/N", help="every N-th person from the I-th: several runs at once"
    )
    options = parser.parse_args()
    use_threads(1)
    first, last = map(int, options.people.split("-"))
    part, parts = map(int, options.share.split("/"))
    options.work.mkdir(parents=True, exist_ok=True)
    atlas = load_atlas("CerebrA")
    index = {(region.name, region.side): region.index for region in atlas.regions}
    points = {
        f"{name} {side}": apply_affine(atlas.affine, np.argwhere(atlas.labels == index[name, side])[::5].astype(float))
        for name, side in REGIONS
    }
    common = {
        "atlas": atlas,
        "templates": {tracer: make_template(tracer, atlas) for tracer in TRACERS},
        "points": points,
        "head": standard_head(atlas),
    }
    for number in range(first + part, last + 1, parts):
        run_person(number, options.work, options.lesions, common)


if __name__ == "__main__":
    main()
