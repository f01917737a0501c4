"""The error of the ratios of a simulated trial under several settings of the deformable step, side by side.

Usage: ``.venv/bin/python benchmarks/warp_settings.py [demo] [sub-02 sub-04 ...]`` after ``make demo``.

Each participant is registered anew with each setting and measured in memory; nothing under
the trial's folder is changed. Seconds are CPU seconds of a participant's whole registration.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from demo_accuracy import read

from pet_spect import images, layout
from pet_spect.api import extract_uptake, uptake_ratio
from pet_spect.atlases import load_atlas
from pet_spect.model import Atlas, ScanKey, Volume
from pet_spect.registration.itk import use_threads
from pet_spect.registration.normalise import Deformation, Normalised, normalise
from pet_spect.registration.plausibility import Gates
from pet_spect.registration.template import make_template

SETTINGS = {
    "2 mm, 3 / 0.5": Deformation((40, 20, 10), flow_sigma=3.0, total_sigma=0.5),
    "4 mm, 3 / 0.5": Deformation((40, 20, 0), flow_sigma=3.0, total_sigma=0.5),
    "4 mm, 4 / 1": Deformation((40, 20, 0), flow_sigma=4.0, total_sigma=1.0),
    "4 mm, 3 / 2": Deformation((40, 20, 0), flow_sigma=3.0, total_sigma=2.0),
}
REFERENCES = {"FDG": ("cerebellum_ipsilesional", "contralateral"), "IMZ": ("pons", "contralateral")}
TRACERS = {"18FFDG": "FDG", "123IIMZ": "IMZ"}


def scans_of(results: Path, participant: str) -> dict[ScanKey, Path]:
    """Return the converted scans of a participant."""
    paths = (path for path in sorted((results / participant).rglob("*_trc-*.nii.gz")) if "space-" not in path.name)
    names = {path: layout.scan_name(path) for path in paths}
    return {ScanKey(name.participant, name.session, TRACERS[name.label]): path for path, name in names.items()}


def errors(
    found: Normalised, paths: dict[ScanKey, Path], truth: pd.Series, lesion_side: str, atlas: Atlas
) -> list[dict[str, object]]:
    """Return the error in percent of each scan's ratios."""
    rows: list[dict[str, object]] = []
    for key, registered in found.scans.items():
        uptake = extract_uptake(str(paths[key]), atlas, warp=found.to_standard, rigid=registered.to_scan)
        for reference in REFERENCES[key.tracer]:
            true = truth[key.participant, key.session, key.tracer, reference]
            value = uptake_ratio(uptake, lesion_side=lesion_side, reference=reference)
            rows.append({"tracer": key.tracer, "reference": reference, "error": 100 * (value / true - 1)})
    return rows


def main() -> None:
    """Register, measure and print the table."""
    use_threads(1)
    trial = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    truth = read(trial / "truth.tsv").set_index(["participant_id", "session", "tracer", "reference"])["ratio_scanner"]
    sides = read(trial / "config" / "participants.tsv").set_index("participant_id")["lesion_side"]
    participants = sys.argv[2:] or list(sides.index)
    atlas = load_atlas()
    templates = {tracer: make_template(tracer, atlas) for tracer in REFERENCES}
    table = {}
    for name, deformation in SETTINGS.items():
        rows, seconds = [], []
        for participant in participants:
            paths = scans_of(trial / "results", participant)
            volumes: dict[ScanKey, Volume] = {key: images.read_volume(path) for key, path in paths.items()}
            begin = time.process_time()
            found = normalise(volumes, templates, gates=Gates(), deformation=deformation)
            seconds.append(time.process_time() - begin)
            rows += errors(found, paths, truth, sides[participant], atlas)
        grouped = pd.DataFrame(rows).groupby(["tracer", "reference"])["error"]
        table[name] = {
            "cpu_s": np.mean(seconds),
            **{f"{tracer}/{reference}": errors.abs().mean() for (tracer, reference), errors in grouped},
        }
    print("finest grid, update / total smoothing in voxels: mean absolute error in percent")
    print(pd.DataFrame(table).T.round(2).to_string())


if __name__ == "__main__":
    main()
