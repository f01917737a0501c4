"""How far count noise alone moves the ratios of the simulated trial: its scans measured in their true regions.

Usage: ``.venv/bin/python benchmarks/noise_floor.py [seed]``. Simulates the trial of ``make demo`` anew and
measures each scan through the true pose and anatomy instead of a registration. What is left of the error
is noise (and the scanner's grid): no registration can do better on these scans.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from demo_accuracy import change_errors, summary

from pet_spect.api import extract_uptake, uptake_ratio
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import write_volume
from pet_spect.model import Atlas
from pet_spect.simulate import participant as simulation
from pet_spect.simulate.design import Trial
from pet_spect.simulate.heads.standard_head import standard_head

REFERENCES = ("contralateral", "cerebellum_ipsilesional", "hemisphere_contralesional", "pons")


def main() -> None:
    """Simulate, measure and print."""
    trial = Trial(participants=8, seed=int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    atlas = load_atlas()
    head = standard_head(atlas)
    seen: list[tuple[Any, ...]] = []
    anatomies: list[Any] = []
    make_scan, make_person = simulation.scan, simulation.draw_person

    def scan(*arguments: Any, **options: Any) -> Any:
        volume = make_scan(*arguments, **options)
        seen.append((volume, arguments[3], options["table_mm"]))
        return volume

    def person(*arguments: Any) -> Any:
        made = make_person(*arguments)
        anatomies.append(made[0])
        return made

    simulation.scan, simulation.draw_person = scan, person
    rows = []
    with TemporaryDirectory() as folder:
        for index in range(trial.participants):
            seen.clear()
            written = simulation.simulate_participant(head, trial, index, Path(folder))
            own = anatomies[-1].head
            true_regions = Atlas("true", own.labels, own.affine, atlas.regions)
            for listed, (volume, pose, table_mm) in zip(written.scans, seen, strict=True):
                to_scanner = pose.copy()
                to_scanner[2, 3] += table_mm
                path = Path(folder) / "scan.nii.gz"
                write_volume(path, volume)
                uptake = extract_uptake(path, true_regions, rigid=to_scanner, check_space=False)
                key = {name: listed[name] for name in ("participant_id", "session", "tracer")}
                for truth in written.truth:
                    if all(truth[name] == value for name, value in key.items()) and truth["reference"] in REFERENCES:
                        value = uptake_ratio(uptake, lesion_side=truth["lesion_side"], reference=truth["reference"])
                        rows.append({**truth, "value": value})
    errors = pd.DataFrame(rows)
    errors["error_percent"] = 100 * (errors["value"] / errors["ratio_scanner"] - 1)
    pd.set_option("display.width", 160, "display.float_format", "{:.2f}".format)
    print("Error of the uptake ratio in the true regions, percent of the true ratio")
    print(summary(errors, "error_percent").to_string())
    print("\nError of change_percent in the true regions, points")
    print(summary(change_errors(errors), "error_points").to_string())


if __name__ == "__main__":
    main()
