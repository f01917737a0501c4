"""How many pairs of visits on one scanner `common_fwhm_mm: auto` blurs, of what `two_visits.py` kept.

python benchmarks/precision/alike.py WORK --people 1-30
"""

from __future__ import annotations

import argparse
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gates"))

from people import numbers
from two_visits import Visits

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.tissue import tissue_maps
from pet_spect.registration.common_resolution import plan
from pet_spect.registration.resolution_estimate import estimate_fwhm, sharp_tissue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--people", default="1-30", metavar="FIRST-LAST")
    parser.add_argument("--share", default="0/1", metavar="I/N")
    options = parser.parse_args()
    atlas = load_atlas("CerebrA")
    tissue = sharp_tissue(atlas, tissue_maps(atlas))
    rows = []
    for number in numbers(options):
        source = options.work / f"{number:04d}.pkl"
        if not source.is_file():
            continue
        made: Visits = pickle.loads(source.read_bytes())
        found = {
            (key.session, key.tracer): estimate_fwhm(
                made.scans[key],
                tissue,
                scan_to_participant_points=np.linalg.inv(to_scan),
                participant_to_standard_points=made.to_standard,
            )
            for key, to_scan in made.to_scan.items()
        }
        for visit, planned in plan("auto", found).items():
            rows.append(
                {
                    "person": number,
                    "tracer": visit[1],
                    "session": visit[0],
                    "true_mm": float(np.mean(made.scanner[visit[1]].fwhm_mm)),
                    "apparent_mm": found[visit].apparent_mm,
                    "sd_mm": found[visit].apparent_sd_mm,
                    "blur_mm": planned.blur_mm,
                    "flags": len(planned.warnings),
                }
            )
        print(number, flush=True)
    table = pd.DataFrame(rows)
    print(
        table.groupby("tracer").agg(
            scans=("blur_mm", "size"), blurred=("blur_mm", np.count_nonzero), flagged=("flags", "sum")
        )
    )
    pair = table.pivot_table(index=["person", "tracer"], columns="session", values="apparent_mm")
    apart = (pair["year1"] - pair["baseline"]).abs().groupby("tracer").agg(["median", "max"])
    print("\nHow far the apparent resolutions of the two visits are apart, mm\n", apart)


if __name__ == "__main__":
    main()
