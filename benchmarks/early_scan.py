"""An early iomazenil scan, which shows blood flow, beside the late one: is it registered, and does their ratio hold.

    python benchmarks/early_scan.py [--people 401-406] [--template FDG]

Simulated realistic people (`gates/people.py`) without a treatment: FDG, late IMZ, and an early scan with the pattern
of a mean HMPAO-SPECT (``patterns`` of the reference data), noise and scanner as those of IMZ. All are registered
together, the early one against ``--template``. Prints what was refused or flagged, and the errors of the ratio to the
other side and of late over early, in percent of the logarithm.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from patterns import Standard, fitted
from tracer_patterns import HMPAO_MAP_MM

sys.path.insert(0, str(Path(__file__).resolve().parent / "gates"))

import people
from people import lesion

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import canonical
from pet_spect.model import ScanKey, Side, opposite
from pet_spect.quantify.measurement import measure_scan, participant_regions
from pet_spect.quantify.membership import RESOLUTION_MM
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.itk import use_threads
from pet_spect.registration.normalise import Deformation, normalise
from pet_spect.registration.templates.template import make_templates
from pet_spect.simulate.design import PET_SCANNERS, SPECT_SCANNERS
from pet_spect.simulate.heads.standard_head import healthy_head, standard_head
from pet_spect.simulate.participant import random_pose
from pet_spect.simulate.population import draw_person, draw_scanner
from pet_spect.simulate.scanner import region_ratios, scan, seen_by

EARLY = "IMZearly"
TARGET = "precentral"


def main() -> None:
    """Simulate, register, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", default="401-406", metavar="FIRST-LAST")
    parser.add_argument("--template", default="FDG", choices=("FDG", "IMZ"))
    options = parser.parse_args()
    use_threads(1)
    lesions = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data")) / "lesions"
    atlas, standard = load_atlas(), Standard()
    templates = make_templates(["FDG", "IMZ"], atlas)
    used = {"FDG": templates["FDG"], "IMZ": templates["IMZ"], EARLY: templates[options.template]}
    head = standard_head(atlas)
    hmpao = fitted(standard, "IMZ", "hmpao_group_mean", HMPAO_MAP_MM)
    healthy = healthy_head(hmpao, standard.atlas, standard.tissue)
    # the same people, whose other tracer has another pattern
    early_head = replace(head, uptake={**head.uptake, "IMZ": healthy})
    first, last = map(int, options.people.split("-"))
    errors: dict[str, list[float]] = {"IMZ": [], EARLY: [], "late / early": []}
    for number in range(first, last + 1):
        rng = np.random.default_rng([4, number])
        person, _ = draw_person(head, rng)
        side: Side = "left" if rng.integers(2) else "right"
        lost = lesion(number, person, side, lesions, rng)
        early, _ = draw_person(early_head, np.random.default_rng([4, number]))
        scans, truth = {}, {}
        for place, tracer in enumerate(("FDG", "IMZ", EARLY)):
            own = np.random.default_rng([7, number, place])
            kind = "FDG" if tracer == "FDG" else "IMZ"
            scanner = list((PET_SCANNERS if kind == "FDG" else SPECT_SCANNERS).values())[int(own.integers(2))]
            scanner = draw_scanner(scanner, kind, own)
            uptake = people.activity(number, early if tracer == EARLY else person, lost["side"], kind, lost)
            seen = seen_by(scanner, np.array(uptake, dtype=np.float32), person.head.affine)
            pose = random_pose(own, pitch_degrees=8.0)
            scans[ScanKey("sub-01", "baseline", tracer)] = canonical(
                scan(seen, person.head.affine, scanner, pose, own, scale=1e4)
            )
            truth[tracer] = region_ratios(seen, person.head, side)["contralateral"]
        found = normalise(scans, used, gates=Gates(), deformation=Deformation())
        told = {key.tracer: error.code for key, error in found.refused.items()}
        ratios = {}
        for key, registered in found.scans.items():
            regions = participant_regions(
                atlas,
                found.to_standard,
                target=[TARGET],
                misplacement_mm=found.misplacement_mm or 0.0,
                resolution_mm=RESOLUTION_MM["pet" if key.tracer == "FDG" else "spect"],
                warp_lesion=found.lesion,
            )
            rows = measure_scan(scans[key], regions, to_participant=np.linalg.inv(registered.to_scan)).uptake
            mean = {row.side: row.mean for row in rows if row.region == TARGET}
            ratios[key.tracer] = mean[side] / mean[opposite(side)]
        off = {tracer: 100 * float(np.log(value / truth[tracer])) for tracer, value in ratios.items()}
        for tracer in ("IMZ", EARLY):
            errors[tracer] += [off[tracer]] if tracer in off else []
        if {"IMZ", EARLY} <= off.keys():
            errors["late / early"].append(off["IMZ"] - off[EARLY])
        distance = {key.tracer: round(one.pattern_distance, 2) for key, one in found.scans.items()}
        print(number, people.KINDS[number % len(people.KINDS)], told or "all registered", distance,
              {tracer: round(error, 1) for tracer, error in off.items()}, flush=True)  # fmt: skip
    for what, of in errors.items():
        print(f"{what}: {len(of)} scans, mean error {np.mean(of):+.1f} %, mean absolute {np.abs(of).mean():.1f} %")


if __name__ == "__main__":
    main()
