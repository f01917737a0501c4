"""Regional uptake of the simulated tracers beside that of real scans, and the fit of the patterns.

    python benchmarks/patterns.py          # real, simulated and difference in percent, region by region
    python benchmarks/patterns.py --people 40   # simulated people beside the spread of 355 real ones, and two persons
    python benchmarks/patterns.py --fit    # fit the levels of pet_spect.imaging.normal_uptake anew and print them

The real values are ``patterns/regional_uptake.tsv`` of the reference data (``PET_SPECT_EXTERNAL_DATA``): means over
every CerebrA region relative to cerebellar grey matter, in a mean of healthy FDG-PET and of healthy flumazenil-PET.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import correlate1d, gaussian_filter
from scipy.optimize import lsq_linear

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.normal_uptake import FILLED, PATTERNS, Pattern, nearest_label, region_mask
from pet_spect.imaging.tissue import tissue_maps
from pet_spect.model import Atlas
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA
from pet_spect.registration.resolution_estimate import MISREGISTRATION_FWHM_MM
from pet_spect.simulate.design import PET_SCANNERS
from pet_spect.simulate.heads.standard_head import SUBCORTICAL, healthy_head, standard_head
from pet_spect.simulate.population import draw_person, draw_scanner
from pet_spect.simulate.scanner import blurred, seen_by

DATA = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data"))
MAPS = {"FDG": ("fdg_group_mean", 11.0), "IMZ": ("flumazenil_group_mean", 5.0)}
"""Column of the table and resolution of its map in mm.

Of the FDG map: what `pet_spect.registration.resolution_estimate.estimate_fwhm` reads in it after a nonlinear
registration (11.3 mm); it holds the scanner's blur, the differences between people and a smoothing. Of the flumazenil
map only the regional means are known: 5 mm is the largest blur that they allow, for with 6 mm and more, white matter
and ventricles would need less than no uptake.
"""

TOLERANCE = {"large": 5.0, "small": 10.0}
"""Percent, for regions of 1 mL or more and below."""

REFERENCE = "cerebellum_gray_matter"

_EXPECTED = {"grey": 1.6, "white": 0.5, "periventricular_white": 0.5, "csf": 0.08, "scalp": 0.3}
_EXPECTED_IMZ = {"grey": 1.8, "white": 0.15, "periventricular_white": 0.15, "csf": 0.05, "scalp": 0.2}
_SPREAD = {"white": 0.15, "periventricular_white": 0.1, "csf": 0.05, "scalp": 0.1, "grey": 0.3}
_SPREAD_OF_REGIONS = 0.7
_SPREAD_OF_FILLED = 0.4
_SPREAD_OF_FLUID = 0.15
SKULL = 0.04


def real() -> pd.DataFrame:
    """Return the table of real regional means."""
    return pd.read_csv(DATA / "patterns" / "regional_uptake.tsv", sep="\t", index_col="region")


class Standard:
    """The standard brain, and the regional means of whatever uptake it has."""

    def __init__(self) -> None:
        self.atlas: Atlas = load_atlas("CerebrA")
        self.tissue = tissue_maps(self.atlas)
        self.names = sorted({region.name for region in self.atlas.regions})
        number = np.zeros(int(self.atlas.labels.max()) + 1, dtype=np.int64)
        for region in self.atlas.regions:
            number[region.index] = self.names.index(region.name) + 1
        self.region = number[self.atlas.labels[::2, ::2, ::2]].ravel()
        self.volume_ml = np.bincount(number[self.atlas.labels].ravel(), minlength=len(self.names) + 1)[1:] / 1000

    def means(self, sharp: NDArray[np.float32], fwhm_mm: float) -> NDArray[np.float64]:
        """Return the mean of every region at a resolution, both sides together."""
        for axis in range(3):
            sharp = correlate1d(sharp, (0.25, 0.5, 0.25), axis=axis, mode="constant")
            sharp = sharp[tuple(slice(None, None, 2) if a == axis else slice(None) for a in range(3))]
        sigma = np.sqrt((fwhm_mm * FWHM_TO_SIGMA) ** 2 - 0.5) / 2  # the kernel above has a variance of half a voxel
        blurred = gaussian_filter(sharp, sigma, mode="constant")
        total = np.bincount(self.region, weights=blurred.ravel(), minlength=len(self.names) + 1)
        return total[1:] / np.bincount(self.region, minlength=len(self.names) + 1)[1:]

    def simulated(self, pattern: Pattern, fwhm_mm: float) -> NDArray[np.float64]:
        """Return the regional means of a pattern, relative to cerebellar grey matter."""
        means = self.means(healthy_head(pattern, self.atlas, self.tissue), fwhm_mm)
        return means / means[self.names.index(REFERENCE)]


def comparison(standard: Standard, tracer: str) -> pd.DataFrame:
    """Return real and simulated means of a tracer and their difference in percent."""
    column, fwhm_mm = MAPS[tracer]
    table = pd.DataFrame(
        {
            "volume_ml": standard.volume_ml,
            "real": real()[column].reindex(standard.names),
            "simulated": standard.simulated(PATTERNS[tracer], fwhm_mm),
        },
        index=standard.names,
    )
    table["difference_percent"] = 100 * (table["simulated"] / table["real"] - 1)
    table["allowed_percent"] = np.where(table["volume_ml"] >= 1, TOLERANCE["large"], TOLERANCE["small"])
    return table


def fitted(standard: Standard, tracer: str, column: str, fwhm_mm: float) -> Pattern:
    """Fit the levels of a tracer like `tracer`: ridge towards what is expected of a tissue, no level below 0.01."""
    cortex = [name for name in standard.names if name not in FILLED]
    assert not set(cortex) & set(SUBCORTICAL)
    empty = Pattern(0, dict.fromkeys(cortex, 0.0), dict.fromkeys(FILLED, 0.0), 0, 0, 0, 0, 0, PATTERNS[tracer].fwhm_mm)
    expected = _EXPECTED if tracer == "FDG" else _EXPECTED_IMZ
    one: list[tuple[str, NDArray[np.float32], float, float]] = []
    for key in ("grey", "white", "periventricular_white", "csf", "scalp"):
        of_key = replace(empty, **{key: 1.0}, cortex=dict.fromkeys(cortex, float(key == "grey")))
        one.append((key, healthy_head(of_key, standard.atlas, standard.tissue), expected[key], _SPREAD[key]))
    grey, owner = one[0][1], nearest_label(standard.atlas.labels)
    for name in cortex:
        own = np.isin(owner, [region.index for region in standard.atlas.regions if region.name == name])
        one.append((name, np.where(own, grey, 0), expected["grey"], _SPREAD_OF_REGIONS))
        grey = np.where(own, 0, grey)
    one[0] = ("grey", grey, *one[0][2:])
    for name in FILLED:
        fluid = "ventricle" in name
        filled = _SPREAD_OF_REGIONS if name == "optic_chiasm" else _SPREAD_OF_FILLED
        prior, spread = (0.1, _SPREAD_OF_FLUID) if fluid else (1.0, filled)
        one.append((name, region_mask(standard.atlas, name).astype(np.float32), prior, spread))
    design = np.stack([standard.means(part.astype(np.float32), fwhm_mm) for _, part, _, _ in one], axis=1)
    target = real()[column].reindex(standard.names).to_numpy()
    weight = 1 / (target * np.where(standard.volume_ml >= 1, 0.02, 0.04))
    spread = np.array([width for *_, width in one])
    prior = np.array([level for _, _, level, _ in one])
    rows = np.vstack([design * weight[:, np.newaxis], np.diag(1 / spread)])
    levels = lsq_linear(rows, np.concatenate([target * weight, prior / spread]), bounds=(0.01, 6.0)).x
    found = dict(zip([name for name, *_ in one], levels, strict=True))
    unit = float(np.mean([found[name] for name in cortex]))
    rounded = {name: round(float(level) / unit, 3) for name, level in found.items()}
    return Pattern(
        grey=rounded["grey"],
        cortex={name: rounded[name] for name in cortex},
        filled={name: rounded[name] for name in sorted(FILLED)},
        white=rounded["white"],
        periventricular_white=rounded["periventricular_white"],
        csf=rounded["csf"],
        skull=SKULL,
        scalp=rounded["scalp"],
        fwhm_mm=PATTERNS[tracer].fwhm_mm,
    )


def people(standard: Standard, count: int) -> pd.DataFrame:
    """Return the regional means of simulated people's FDG over the cerebellum: a row per person, per region and side.

    Every simulated person has a scanner of its own. Regional means of the real persons were taken where a registration
    put the atlas, so the simulated ones are blurred by what a registration leaves of misplacement (4.6 mm).
    """
    head = standard_head(standard.atlas, step=2)
    drawn = []
    for number in range(count):
        rng = np.random.default_rng([41, number])
        person, _ = draw_person(head, rng)
        scanner = draw_scanner(next(iter(PET_SCANNERS.values())), "FDG", rng)
        seen = seen_by(scanner, person.head.uptake["FDG"], person.head.affine)
        seen = blurred(seen, person.head.affine, MISREGISTRATION_FWHM_MM)
        labels = person.head.labels.ravel()
        total, size = np.bincount(labels, seen.ravel(), 256), np.bincount(labels, minlength=256)
        parts = {(region.name, region.side): [region.index] for region in standard.atlas.regions}
        parts |= {(name, "both"): person.head.labels_of([name]) for name in standard.names}
        means = {part: total[of].sum() / max(size[of].sum(), 1) for part, of in parts.items()}
        drawn.append({part: mean / means[REFERENCE, "both"] for part, mean in means.items()})
    table = pd.DataFrame(drawn)
    table.columns = pd.MultiIndex.from_tuples(table.columns, names=["region", "side"])
    return table


def beside_two_persons(drawn: pd.DataFrame) -> pd.DataFrame:
    """Return the 95 % range of simulated people and the values of the two real persons."""
    both = drawn.xs("both", axis=1, level="side").sort_index(axis=1)
    table = pd.DataFrame({"low": both.quantile(0.025), "median": both.median(), "high": both.quantile(0.975)})
    for name in ("fdg_person_a", "fdg_person_b"):
        table[name] = real()[name].reindex(table.index)
        table[f"{name}_inside"] = table[name].between(table["low"], table["high"])
    return table


def beside_a_table(drawn: pd.DataFrame) -> pd.DataFrame:
    """Return mean, CV and spread of left/right of every group of regions, real (355 adults) and simulated."""
    source = pd.read_csv(DATA / "patterns" / "fdg_between_person.tsv", sep="\t", index_col="region")
    rows = {}
    for group, regions in source["cerebra_regions"].str.split(",").items():
        level = drawn[[(region, "both") for region in regions]].mean(axis=1)
        rows[group] = {"mean": level.mean(), "cv_percent": 100 * level.std() / level.mean()}
        if (regions[0], "left") in drawn:
            left, right = (drawn[[(region, side) for region in regions]].mean(axis=1) for side in ("left", "right"))
            rows[group]["left_right_sd_percent"] = 100 * np.log(left / right).std()
    real_ones = source[["mean_over_cerebellar_cortex", "between_person_cv_percent", "left_right_log_sd_percent"]]
    return real_ones.join(pd.DataFrame.from_dict(rows, orient="index").add_prefix("simulated_"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="fit the levels anew and print them as Python")
    parser.add_argument("--people", type=int, metavar="N", help="compare N simulated people with two real persons")
    options = parser.parse_args()
    standard = Standard()
    if options.people:
        drawn = people(standard, options.people)
        print(beside_a_table(drawn).round(2).to_string(), end="\n\n")
        table = beside_two_persons(drawn)
        print(table.round(3).to_string())
        for name in ("fdg_person_a", "fdg_person_b"):
            print(f"{name}: {table[f'{name}_inside'].sum()} of {len(table)} regions inside the simulated 95 % range")
        return
    for tracer in MAPS:
        if options.fit:
            print(f'"{tracer}": {fitted(standard, tracer, *MAPS[tracer])!r},')
            continue
        table = comparison(standard, tracer)
        outside = table[table["difference_percent"].abs() > table["allowed_percent"]]
        print(f"{tracer}, blurred to {MAPS[tracer][1]:.0f} mm")
        print(table.round(3).to_string())
        print(f"{len(outside)} of {len(table)} regions outside their tolerance: {', '.join(outside.index) or 'none'}\n")


if __name__ == "__main__":
    main()
