"""Planted failures of single scans through the registration with open gates: what every gate reads of them.

    python benchmarks/gates/failed_scans.py WORK [part of a kind's name ...]
    python benchmarks/gates/good_scans_summary.py GOOD --failures WORK

The failures are those of `planted_failures.py` that show in one scan alone. A file of features per failure, with the
names of `good_scans.py`, so that a run goes on where it ended and a limit is judged again without registering again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from good_scans import OPEN, TRACERS, features
from planted_failures import COARSE, alone

from pet_spect.imaging.atlases import load_atlas
from pet_spect.registration.itk import use_threads
from pet_spect.registration.normalise import normalise
from pet_spect.registration.templates.template import make_template


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("kinds", nargs="*")
    options = parser.parse_args()
    use_threads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    atlas = load_atlas()
    templates = {tracer: make_template(tracer, atlas) for tracer in TRACERS}
    for number, case in enumerate(alone()):
        out = options.work / f"{number:04d}.json"
        if out.is_file() or (options.kinds and not any(word in case.group for word in options.kinds)):
            continue
        (key,) = case.scans
        told = {"group": case.group, "name": case.name, "tracer": key.tracer}
        try:
            found = normalise(case.scans, templates, gates=OPEN, deformation=COARSE)
            if key in found.refused:
                raise found.refused[key]
            told |= features(templates, found)
        except Exception as error:
            told["refused"] = f"{getattr(error, 'code', type(error).__name__)}: {error}"
        out.write_text(json.dumps(told), encoding="utf-8")
        print(out.name, case.group, case.name, told.get("similarity"), told.get("refused", ""), flush=True)


if __name__ == "__main__":
    main()
