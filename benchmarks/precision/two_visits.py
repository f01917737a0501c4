"""Two visits of realistic people, registered as the workflow does, kept with what is true of them.

    python benchmarks/precision/two_visits.py WORK --people 1-40       # weights and intervals are chosen on these
    python benchmarks/precision/two_visits.py WORK --people 301-345    # and reported on these
    python benchmarks/precision/two_visits.py WORK --people 9000-9011  # three real anatomies, each with four strokes

A person (`people.py`) has four scans, FDG and IMZ at baseline and a year later, when the motor cortex on the side of
the stroke takes up -15 to +25 % more. One file per person: a run goes on where it ended, and weights or intervals are
judged again without registering again. The FDG scans, whose mean makes the warp, are registered; the SPECT scans are
put where they truly lie, misaligned at random as `uncertainty_coverage.py --register-all` measured.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

for folder in ("gates", "accuracy"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / folder))

import cases
import people
from anatomies import DONORS, anatomy
from cases import CASES, infarcted, lost_to, real_case
from people import KINDS, TRACERS, add_people, lesion, numbers

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import canonical
from pet_spect.model import Atlas, ScanKey, Side, Volume, Warp
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.itk import use_threads
from pet_spect.registration.normalise import Deformation, normalise
from pet_spect.registration.templates.template import make_template
from pet_spect.simulate.design import PET_SCANNERS, SPECT_SCANNERS
from pet_spect.simulate.heads.anatomy import Anatomy
from pet_spect.simulate.heads.standard_head import Head, standard_head
from pet_spect.simulate.participant import random_pose
from pet_spect.simulate.population import draw_person, draw_scanner
from pet_spect.simulate.scanner import CEREBELLUM, TARGET, Scanner, region_ratios, scan, seen_by

FIRST_DONOR = 9000
REAL_LESIONS = ("lesion-09.nii.gz", "lesion-10.nii.gz", "lesion-18.nii.gz")
"""One for each donor: 14, 46 and 53 mL."""

MEASURED = (TARGET, CEREBELLUM, "pons")
SESSIONS = ("baseline", "year1")
MISALIGNED = 0.15, 0.06
"""Of a SPECT scan: mm and degrees along and about each axis, standard deviation."""

CENTRE_MM = np.array([0.0, -18.0, 6.0])
LEAST_CHANGE, MOST_CHANGE = -0.15, 0.25

Means = dict[tuple[str, str], float]
"""Uptake by region and side."""


@dataclass
class Visits:
    """One person: scans, registration, what is true, and what the true regions read in the same noisy scans."""

    number: int
    kind: str
    side: Side
    lost_ml: float
    scanner: dict[str, Scanner] = field(default_factory=dict)
    scans: dict[ScanKey, Volume] = field(default_factory=dict)
    truth: dict[ScanKey, dict[str, float]] = field(default_factory=dict)
    true_regions: dict[ScanKey, Means] = field(default_factory=dict)
    to_scan: dict[ScanKey, NDArray[np.float64]] = field(default_factory=dict)
    to_standard: Warp | None = None
    lesion: Volume | None = None
    misplacement_mm: float = 0.0
    refused: dict[str, str] = field(default_factory=dict)
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Drawn:
    """A person before the scanner: anatomy, stroke, and uptake by tracer at baseline."""

    anatomy: Anatomy
    kind: str
    side: Side
    lost_ml: float
    uptake: dict[str, NDArray[np.float32]]


def drawn(number: int, head: Head, lesions: Path, atlas: Atlas) -> Drawn:
    """Return a person by number: one of `people.py` or, from `FIRST_DONOR` on, a real anatomy."""
    if number < FIRST_DONOR:
        rng = np.random.default_rng([4, number])
        person, _ = draw_person(head, rng)
        side: Side = "left" if rng.integers(2) else "right"
        lost = lesion(number, person, side, lesions, rng)
        uptake = {tracer: people.activity(number, person, lost["side"], tracer, lost) for tracer in TRACERS}
        return Drawn(person, KINDS[number % len(KINDS)], side, lost["ml"], uptake)
    row, column = divmod(number - FIRST_DONOR, 4)
    case = (*CASES[1:], real_case(REAL_LESIONS[row]))[column]
    person = anatomy(DONORS[row], atlas)
    side = "left" if (row + column) % 2 == 0 else "right"
    gone = lost_to(case, person, side, lesions, number)
    uptake = {tracer: cases.activity(case, person, side, gone, tracer, SESSIONS[0]) for tracer in TRACERS}
    return Drawn(person, f"donor {DONORS[row]}, {case.name}", side, infarcted(person, side, gone)[0], uptake)


def simulate(number: int, of: Drawn) -> tuple[Visits, dict[ScanKey, NDArray[np.float64]]]:
    """Return a person's scans with what is true of them, and the pose of each scan."""
    head = of.anatomy.head
    made = Visits(number, of.kind, of.side, of.lost_ml)
    poses = {}
    target = np.isin(head.labels, head.labels_of([TARGET], of.side))
    for tracer in TRACERS:
        own = np.random.default_rng([6, number, TRACERS.index(tracer)])
        scanners = PET_SCANNERS if tracer == "FDG" else SPECT_SCANNERS
        scanner = draw_scanner(list(scanners.values())[int(own.integers(2))], tracer, own)
        change = float(own.uniform(LEAST_CHANGE, MOST_CHANGE))
        made.scanner[tracer] = scanner
        for session in SESSIONS:
            key = ScanKey("sub-01", session, tracer)
            uptake = np.array(of.uptake[tracer], dtype=np.float32)
            if session != SESSIONS[0]:
                uptake[target] *= np.float32(1 + change)
            seen = seen_by(scanner, uptake, head.affine)
            poses[key] = random_pose(own, pitch_degrees=8.0)
            made.scans[key] = canonical(scan(seen, head.affine, scanner, poses[key], own, scale=1e4))
            made.truth[key] = region_ratios(seen, head, of.side)
    return made, poses


def narrow(atlas: Atlas, names: tuple[str, ...]) -> Atlas:
    """Return an atlas of the named regions alone."""
    chosen = tuple(region for region in atlas.regions if region.name in names)
    kept = np.isin(atlas.labels, [region.index for region in chosen])
    return replace(atlas, labels=np.where(kept, atlas.labels, 0).astype(atlas.labels.dtype), regions=chosen)


def measure_true_regions(made: Visits, head: Head, poses: dict[ScanKey, NDArray[np.float64]], atlas: Atlas) -> None:
    regions = narrow(replace(atlas, name="true", labels=head.labels, affine=head.affine), MEASURED)
    for key, volume in made.scans.items():
        found = measure_scan(volume, ParticipantRegions(regions), to_participant=np.linalg.inv(poses[key]))
        made.true_regions[key] = {(row.region, row.side): row.mean for row in found.uptake}


def register(made: Visits, poses: dict[ScanKey, NDArray[np.float64]], templates: dict[str, Any]) -> None:
    begin = time.process_time()
    leading = {key: volume for key, volume in made.scans.items() if key.tracer == "FDG"}
    found = normalise(leading, {"FDG": templates["FDG"]}, gates=Gates(), deformation=Deformation())
    made.cpu_s = time.process_time() - begin
    made.refused = {f"{key.session} {key.tracer}": error.code for key, error in found.refused.items()}
    made.to_scan = {key: registered.to_scan for key, registered in found.scans.items()}
    made.to_standard, made.lesion = found.to_standard, found.lesion
    made.misplacement_mm = found.misplacement_mm or 0.0
    if made.to_scan:
        by = next(iter(made.to_scan))
        rng = np.random.default_rng([7, made.number])
        for key in (key for key in poses if key not in leading):
            where = poses[key] @ np.linalg.inv(poses[by]) @ made.to_scan[by]
            made.to_scan[key] = where @ motion(rng.normal(0, MISALIGNED[0], 3), rng.normal(0, MISALIGNED[1], 3))


def motion(mm: NDArray[np.float64], degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    turned = np.eye(4)
    turned[:3, :3] = Rotation.from_rotvec(degrees, degrees=True).as_matrix()
    turned[:3, 3] = mm + CENTRE_MM - turned[:3, :3] @ CENTRE_MM
    return turned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_people(parser)
    options = parser.parse_args()
    use_threads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    atlas = load_atlas("CerebrA")
    head, templates = standard_head(atlas), {tracer: make_template(tracer, atlas) for tracer in TRACERS}
    for number in numbers(options):
        out = options.work / f"{number:04d}.pkl"
        if out.is_file():
            continue
        person = drawn(number, head, options.lesions, atlas)
        made, poses = simulate(number, person)
        measure_true_regions(made, person.anatomy.head, poses, atlas)
        register(made, poses, templates)
        out.write_bytes(pickle.dumps(made))
        print(number, made.kind, made.refused, f"{made.cpu_s:.0f} s", flush=True)


if __name__ == "__main__":
    main()
