"""Good scans of realistic people through the registration: what every gate, guard and witness reads.

    python benchmarks/gates/good_scans.py WORK --people 1-20       # the constants are chosen on these
    python benchmarks/gates/good_scans.py WORK --people 101-225    # and reported on these: 250 scans of each tracer
    python benchmarks/gates/good_scans_summary.py WORK --people 101-225       # the tables of docs/evidence.md

Every person (`people.py`) has one FDG and one IMZ scan, each registered alone with open gates, and a file of features
per scan, so that a run goes on where it ended and a threshold is judged again without registering again.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from people import TRACERS, PersonScan, add_people, numbers, scans_of

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import canonical
from pet_spect.imaging.resample import resample_affine
from pet_spect.model import ScanKey, Side, Volume, opposite
from pet_spect.quantify.measurement import measure_scan, participant_regions
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.gates.resemblance import appearance, integrity
from pet_spect.registration.itk import use_threads
from pet_spect.registration.normalise import Normalised, normalise
from pet_spect.registration.placement.orientation import fit
from pet_spect.registration.templates.template import make_template
from pet_spect.registration.warp import Deformation
from pet_spect.simulate.heads.standard_head import standard_head
from pet_spect.simulate.scanner import CEREBELLUM, TARGET

OPEN = Gates(**{f.name: (-9e9 if f.name.endswith("_min") else 9e9) for f in fields(Gates)})


def features(templates: dict[str, Any], found: Normalised) -> dict[str, Any]:
    ((key, registered),) = found.scans.items()
    placed = found.tried[key].placed()
    own = templates[key.tracer]
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


def told_of(made: PersonScan, common: dict[str, Any]) -> dict[str, Any]:
    told = dict(made.truth)
    key = ScanKey("sub-01", "baseline", made.tracer)
    try:
        volume = canonical(made.raw)
        found = normalise({key: volume}, common["templates"], gates=OPEN, deformation=Deformation())
        if not found.scans:
            raise next(iter(found.refused.values()))
        told |= features(common["templates"], found)
        told["measured"] = measured(volume, key, found, made.lesion_side, common["atlas"])
    except Exception as error:
        told["refused"] = f"{getattr(error, 'code', type(error).__name__)}: {error}"
    return told


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_people(parser)
    options = parser.parse_args()
    use_threads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    atlas = load_atlas("CerebrA")
    common = {"atlas": atlas, "templates": {tracer: make_template(tracer, atlas) for tracer in TRACERS}}
    head = standard_head(atlas)
    for number in numbers(options):
        missing = {tracer for tracer in TRACERS if not (options.work / f"{number:04d}-{tracer}.json").is_file()}
        for made in scans_of(number, head, options.lesions, missing) if missing else ():
            told = told_of(made, common)
            out = options.work / f"{number:04d}-{made.tracer}.json"
            out.write_text(json.dumps(told), encoding="utf-8")
            print(out.name, told.get("similarity"), told.get("deficit_ml"), told.get("refused", ""), flush=True)


if __name__ == "__main__":
    main()
