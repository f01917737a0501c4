"""Coverage of the regions that a cut affects, as the head's pose tells it, against the truth.

    python benchmarks/gates/cut_scans.py WORK --people 1-20 --cuts 9    # `coverage.POSE_ERROR` is chosen on these
    python benchmarks/gates/cut_scans.py WORK --people 101-225          # and reported on these

Every scan of `people.py` is cut at the vertex, below and at one side, by 2 to 45 mm (30 at a side). The regions that a
cut affects are the motor cortex, and below the cerebellum and the pons. Nothing is warped. *whole* is the coverage by
the pose of the scan before the cut: the error that one affine of a person makes even there. A file per scan, so that a
run goes on where it ended; the tables of everything in WORK come last.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from good_scans import OPEN
from people import TRACERS, PersonScan, add_people, numbers, scans_of

from pet_spect.errors import RegistrationError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import canonical
from pet_spect.model import CutView, Volume
from pet_spect.quantify.coverage import coverage_by_pose
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.itk import use_threads
from pet_spect.registration.placement.attempt import Placed
from pet_spect.registration.placement.pose import look_at
from pet_spect.registration.templates.template import make_template
from pet_spect.simulate.cropped_view import coverage, cut
from pet_spect.simulate.heads.standard_head import standard_head
from pet_spect.simulate.scanner import CEREBELLUM, TARGET

AFFECTED = {"vertex": (TARGET,), "below": (CEREBELLUM, "pons"), "left": (TARGET,), "right": (TARGET,)}
FACES = {"vertex": ("vertex",), "below": ("below",), "side": ("left", "right")}
DEEPEST_MM = {"vertex": 45.0, "below": 45.0, "left": 30.0, "right": 30.0}


def cut_rows(made: PersonScan, cuts: int, common: dict[str, Any]) -> list[dict[str, Any]]:
    def look(volume: Volume) -> Placed:
        return look_at(volume, made.tracer, common["templates"], OPEN).placed()

    rows = []
    whole = look(canonical(made.raw))
    for number in range(cuts):
        face = ("vertex", "below", str(made.rng.choice(["left", "right"])))[number % 3]
        mm = float(made.rng.uniform(2, DEEPEST_MM[face]))
        volume = canonical(cut(made.raw, made.person.head, made.to_scan, face, mm))
        true = coverage(volume, made.person.head, made.to_scan)
        row: dict[str, Any] = {"face": face, "mm": mm, "tracer": made.tracer}
        try:
            placed = look(volume)
        except RegistrationError as error:
            rows.append({**row, "refused": error.code})
            continue
        row |= {"in_view": placed.view.brain_fraction, "cut": placed.view.cut}
        for name, pose in (("told", placed.pose), ("whole", whole.pose)):
            view = CutView(placed.view.cut, placed.view.first, placed.view.last, pose)
            found = coverage_by_pose(common["atlas"], volume, view)
            row[name] = {
                f"{region} {side}": found[region, side] if view.cut else 1.0
                for region, side in true
                if region in AFFECTED[face]
            }
        row["true"] = {name: true[tuple(name.split(" ", 1))] for name in row["told"]}
        rows.append(row)
    return rows


def summary(rows: list[dict[str, Any]]) -> None:
    print(
        "| cut | regions | mean error | within 0.10 | by the pose of the whole scan | true <= 0.80: no value"
        " | true >= 0.97: passed | refused scans |\n|---|---|---|---|---|---|---|---|"
    )
    least = 0.9
    for name, faces in FACES.items():
        own = [row for row in rows if row["face"] in faces]
        regions = [
            (row["told"][region] if row["in_view"] >= Gates().brain_in_view_min else 0.0, row["whole"][region], true)
            for row in own
            if "told" in row
            for region, true in row["true"].items()
        ]
        told, whole, true = np.array(regions).T
        seen = told > 0
        low, high = told[true <= 0.80] < least, told[true >= 0.97] >= least
        refused = sum("refused" in row for row in own)
        print(
            f"| {name} | {len(true)} | {np.abs(told - true)[seen].mean():.3f} |"
            f" {(np.abs(told - true)[seen] <= 0.10).mean():.0%} | {np.abs(whole - true).mean():.3f} |"
            f" {low.sum()} of {low.size} | {high.sum()} of {high.size} | {refused} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_people(parser)
    parser.add_argument("--cuts", type=int, default=3, help="of each scan")
    options = parser.parse_args()
    use_threads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    atlas = load_atlas("CerebrA")
    common = {"atlas": atlas, "templates": {tracer: make_template(tracer, atlas) for tracer in TRACERS}}
    head = standard_head(atlas)

    def file(number: int, tracer: str) -> Path:
        return options.work / f"{number:04d}-{tracer}.json"

    for number in numbers(options):
        missing = {tracer for tracer in TRACERS if not file(number, tracer).is_file()}
        for made in scans_of(number, head, options.lesions, missing) if missing else ():
            rows = cut_rows(made, options.cuts, common)
            file(number, made.tracer).write_text(json.dumps(rows), encoding="utf-8")
    files = sorted(options.work.glob("*.json"))
    print(f"{len(files)} scans")
    summary([row for path in files for row in json.loads(path.read_text(encoding="utf-8"))])


if __name__ == "__main__":
    main()
