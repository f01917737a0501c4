"""How near the estimated count noise of regional means comes to the true one, for noise of many kinds.

Usage: ``.venv/bin/python benchmarks/noise_estimate.py [repeats] [seed]``. A simulated person is scanned twice, in two
poses, and measured in the true regions. To the noise-free scans noise is added again and again: blurred by a
multiple of the scanner's resolution, its variance a power of uptake, its size a multiple of the simulated
trial's. Printed is, over all regions and scans, the root mean square of what the noise truly did to a
region's mean over the standard error estimated from the difference of the two scans (1 is right), and how
often it stayed within 1.96 of them (95 % is right).
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pet_spect.imaging.atlases import load_atlas
from pet_spect.model import Atlas, Volume
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan
from pet_spect.quantify.sensitivities import scan_noise, scan_sensitivities
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA
from pet_spect.simulate.design import TRACERS, Trial
from pet_spect.simulate.heads.anatomy import smooth_noise
from pet_spect.simulate.heads.standard_head import standard_head
from pet_spect.simulate.heads.stroke import infarct
from pet_spect.simulate.participant import random_pose, true_activity
from pet_spect.simulate.population import draw_person
from pet_spect.simulate.scanner import Scanner, scan, seen_by

KINDS = ((0.0, 1, 1.0), (0.4, 0, 1.0), (0.7, 1, 1.0), (0.7, 1, 2.0), (1.0, 1, 1.0), (1.2, 2, 1.0))
"""Width of the noise over that of the scanner's point spread, power of uptake, size."""


def noise_of(
    clean: Volume, scanner: Scanner, kind: tuple[float, int, float], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw noise of a kind."""
    width, power, size = kind
    sigma = np.maximum(width * scanner.fwhm_mm * FWHM_TO_SIGMA / np.array(scanner.voxel_mm), 0.05)
    field = smooth_noise(rng, clean.data.shape, sigma).astype(np.float64)
    return size * scanner.noise * field * np.maximum(clean.data, 0.0) ** (power / 2)


def main() -> None:
    """Simulate, estimate and print."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    atlas, trial = load_atlas(), Trial(seed=seed)
    head = standard_head(atlas)
    rng = np.random.default_rng(seed)
    anatomy, _ = draw_person(head, rng)
    case = trial.case(1)
    lost = infarct(anatomy, case.stroke, rng)
    person = Atlas("true", anatomy.head.labels, anatomy.head.affine, atlas.regions)
    regions = ParticipantRegions(person)
    rows = []
    for tracer in TRACERS:
        scanner = trial.scanner(1, tracer)
        seen = seen_by(scanner, true_activity(anatomy, case, lost, tracer, "baseline"), head.affine)
        clean = []
        for _ in range(2):
            pose = random_pose(rng)
            volume = scan(seen, head.affine, replace(scanner, noise=0.0), pose, rng)
            clean.append(measure_scan(volume, regions, to_participant=np.linalg.inv(pose)))
        for kind in KINDS:
            score = []
            for _ in range(repeats):
                noises = [noise_of(own.volume, scanner, kind, rng) for own in clean]
                noisy = [
                    replace(own, volume=Volume((own.volume.data + noise).astype(np.float32), own.volume.affine))
                    for own, noise in zip(clean, noises, strict=True)
                ]
                for this in (0, 1):
                    shares, count = noisy[this].shares, len(person.regions)
                    noise = scan_noise(noisy[this], [noisy[1 - this]], count)
                    sensitivities = scan_sensitivities(noisy[this], noise, regions)
                    row = shares.row % count
                    weight = np.bincount(row, weights=shares.weight, minlength=count)
                    total = np.bincount(
                        row, weights=shares.weight * noises[this].ravel()[shares.voxel], minlength=count
                    )
                    for place, region in enumerate(person.regions):
                        sd = sensitivities[region.name, region.side].noise_sd
                        if weight[place] > 0 and math.isfinite(sd):
                            score.append((region.name, total[place] / weight[place] / sd))
            table = pd.DataFrame(score, columns=["region", "z"])
            rms = {
                name: (table.loc[table["region"] == name, "z"] ** 2).mean() ** 0.5 for name in ("precentral", "pons")
            }
            rows.append(
                dict(zip(("width", "power", "size"), kind, strict=True))
                | {"tracer": tracer, "all": (table["z"] ** 2).mean() ** 0.5, **rms}
                | {"within_percent": 100 * (table["z"].abs() < 1.96).mean(), "n": len(table)}
            )
    pd.set_option("display.width", 160, "display.float_format", "{:.2f}".format)
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
