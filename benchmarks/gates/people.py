"""Realistic people with and without a lesion, and their scans: the same for every campaign that names them by number.

In turn people have: no lesion; an old infarct of up to 5 mL on the other side; a real lesion with diaschisis; a real
one without; 100 mL.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "accuracy"))

from cases import lost_to as lost_to_case
from cases import real_case

from pet_spect.model import Side, Volume, opposite
from pet_spect.simulate.design import INFARCT_CORE, PET_SCANNERS, SPECT_SCANNERS
from pet_spect.simulate.heads.anatomy import Anatomy
from pet_spect.simulate.heads.standard_head import Head
from pet_spect.simulate.heads.stroke import Stroke, infarct, remaining
from pet_spect.simulate.participant import random_pose
from pet_spect.simulate.population import draw_person, draw_scanner
from pet_spect.simulate.scanner import region_ratios, scan, seen_by

TRACERS = ("FDG", "IMZ")
KINDS = ("none", "old contralateral", "real, diaschisis", "real", "100 mL")


@dataclass(frozen=True)
class PersonScan:
    """A scan of a person, and what is true of it."""

    number: int
    tracer: str
    person: Anatomy
    to_scan: np.ndarray
    raw: Volume
    lesion_side: Side
    truth: dict[str, Any]
    rng: np.random.Generator


def add_people(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("work", type=Path)
    parser.add_argument("--people", default="1-20", metavar="FIRST-LAST")
    data = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data"))
    parser.add_argument("--lesions", type=Path, default=data / "lesions", help="the folder of real lesions")
    parser.add_argument(
        "--share", default="0/1", metavar="I/N", help="every N-th person from the I-th: several runs at once"
    )


def numbers(options: argparse.Namespace) -> range:
    first, last = map(int, options.people.split("-"))
    part, parts = map(int, options.share.split("/"))
    return range(first + part, last + 1, parts)


def scans_of(number: int, head: Head, lesions: Path, missing: set[str]) -> Iterator[PersonScan]:
    """Give the scans of a person, of the tracers that are `missing`."""
    rng = np.random.default_rng([4, number])
    person, traits = draw_person(head, rng)
    side: Side = "left" if rng.integers(2) else "right"
    lost = lesion(number, person, side, lesions, rng)
    for tracer in TRACERS:
        if tracer not in missing:
            continue
        own = np.random.default_rng([5, number, TRACERS.index(tracer)])
        scanners = PET_SCANNERS if tracer == "FDG" else SPECT_SCANNERS
        scanner = draw_scanner(list(scanners.values())[int(own.integers(2))], tracer, own)
        uptake = activity(number, person, lost["side"], tracer, lost)
        seen = seen_by(scanner, uptake, person.head.affine)
        to_scan = random_pose(own, pitch_degrees=float(own.choice([8.0, 20.0])))
        raw = scan(seen, person.head.affine, scanner, to_scan, own)
        truth: dict[str, Any] = {
            "person": number,
            "tracer": tracer,
            "kind": KINDS[number % len(KINDS)],
            "lesion_side": side,
            "lost_side": lost["side"],
            "lost_ml": lost["ml"],
            "grey_lost_ml": grey_lost_ml(person, lost["map"]),
            "scanner": asdict(scanner),
            "atrophy": traits.atrophy,
            "truth": region_ratios(seen, person.head, side),
        }
        yield PersonScan(number, tracer, person, to_scan, raw, side, truth, own)


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
