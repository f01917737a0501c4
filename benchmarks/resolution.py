"""How well a scan's resolution is told from the image, and what bringing two visits to one resolution is worth.

Usage: ``.venv/bin/python benchmarks/resolution.py [ANATOMY ...]``, anatomies as in ``accuracy/anatomies.py``; a name
that ends in ``+lesion`` gets a stroke of the simulated trial. Four scans of each (FDG at 6 and 8 mm, IMZ at 10 and
13 mm, no true change, clinical noise) are registered together as the workflow does; through these transforms

1. scans of many resolutions and noise levels are simulated and their resolution estimated;
2. both visits are measured as they are, brought to the coarser one's estimated resolution, and to the coarser
   one's true resolution.

Then FDG scans of 4, 8 and 10 mm are each registered alone, to the template as it comes and to one as sharp as
they are found to be.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
from accuracy.anatomies import DONORS, anatomy
from accuracy.measured import certainty, ratios_of
from numpy.typing import NDArray

from pet_spect.api import extract_uptake, uptake_ratio
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import canonical
from pet_spect.imaging.tissue import tissue_maps
from pet_spect.model import Atlas, ScanKey, Side, Volume, Warp
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA, blur, blur_between
from pet_spect.registration.common_resolution import plan
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.itk import use_threads
from pet_spect.registration.normalise import normalise
from pet_spect.registration.resolution_estimate import SharpTissue, estimate_fwhm, sharp_tissue
from pet_spect.registration.templates.template import make_template
from pet_spect.registration.warp import Deformation
from pet_spect.simulate.design import Trial
from pet_spect.simulate.heads.standard_head import Head
from pet_spect.simulate.heads.stroke import infarct
from pet_spect.simulate.participant import random_pose, true_activity
from pet_spect.simulate.scanner import Scanner, blurred, region_ratios, scan

ANATOMIES = ("9861", "12876+lesion", "15496", "warped-1+lesion")
GRIDS = {"FDG": ((128, 128, 71), (2.0, 2.0, 3.27)), "IMZ": ((128, 128, 64), (3.68, 3.68, 3.68))}
CLINICAL = {"FDG": 0.055, "IMZ": 0.075}
RESOLUTIONS = {"FDG": (4, 5, 6, 7, 8, 10), "IMZ": (8, 10, 11, 12, 14)}
NOISY = {"FDG": (6, (0.0, 0.15)), "IMZ": (11, (0.0, 0.2))}
PAIRS = (("FDG", 6, 8), ("IMZ", 10, 13), ("FDG", 6, 6), ("IMZ", 11, 11))
TEMPLATE_TRIED = (4, 8, 10)
REFERENCES = {"FDG": ("cerebellum_ipsilesional", "contralateral"), "IMZ": ("pons", "contralateral")}


@dataclass(frozen=True)
class Person:
    """A simulated person who lies still from scan to scan, and how their scans are registered."""

    head: Head
    activity: Mapping[str, NDArray[np.float32]]
    side: Side
    pose: NDArray[np.float64]

    def scan(self, tracer: str, fwhm_mm: float, noise: float, seed: int) -> Volume:
        """Return a scan; `fwhm_mm` holds the blur of the interpolation that samples it."""
        sampling = self.head.affine[0, 0] ** 2 / 6 / FWHM_TO_SIGMA**2
        seen = blurred(self.activity[tracer], self.head.affine, np.sqrt(fwhm_mm**2 - sampling))
        scanner = Scanner(fwhm_mm, *GRIDS[tracer], noise)
        return canonical(scan(seen, self.head.affine, scanner, self.pose, np.random.default_rng(seed)))


def person(name: str, atlas: Atlas, seed: int) -> Person:
    """Return an anatomy by name, with a stroke if the name ends in ``+lesion``."""
    bare = name.removesuffix("+lesion")
    made, case, rng = anatomy(bare, atlas), Trial().case(seed), np.random.default_rng([7, seed])
    uptake = made.head.uptake
    if bare != name:
        lost = infarct(made, case.stroke, rng)
        uptake = {tracer: true_activity(made, case, lost, tracer, "baseline") for tracer in uptake}
    pose = random_pose(rng)
    centre = made.head.affine @ np.append(np.argwhere(made.head.labels > 0).mean(axis=0), 1)
    pose[:3, 3] = rng.uniform(-10, 10, 3) - pose[:3, :3] @ centre[:3]
    return Person(made.head, uptake, case.stroke.side, pose)


def registered(who: Person, atlas: Atlas) -> tuple[dict[str, NDArray[np.float64]], Warp]:
    """Return the rigid transform of each tracer and the warp, from four scans registered together."""
    templates = {tracer: make_template(tracer, atlas) for tracer in GRIDS}
    scans = {
        ScanKey("sub-01", session, tracer): who.scan(tracer, fwhm, CLINICAL[tracer], visit)
        for tracer, *pair in PAIRS[:2]
        for visit, (session, fwhm) in enumerate(zip(("baseline", "year1"), pair, strict=True))
    }
    found = normalise(scans, templates, gates=Gates(), deformation=Deformation())
    if found.refused or found.to_standard is None:
        raise SystemExit(f"refused: {found.refused}")
    return {key.tracer: each.to_scan for key, each in found.scans.items()}, found.to_standard


def estimates(
    who: Person, tissue: SharpTissue, rigid: Mapping[str, NDArray[np.float64]], warp: Warp
) -> Iterator[dict[str, Any]]:
    """Give the estimated resolution of many scans."""
    for tracer, resolutions in RESOLUTIONS.items():
        wanted = [(fwhm, CLINICAL[tracer]) for fwhm in resolutions]
        wanted += [(NOISY[tracer][0], noise) for noise in NOISY[tracer][1]]
        for fwhm, noise in wanted:
            volume = who.scan(tracer, fwhm, noise, 100 + fwhm)
            begin = time.process_time()
            found = estimate(volume, tissue, rigid[tracer], warp)
            yield {
                "tracer": tracer,
                "true": fwhm,
                "noise": noise,
                "estimate": found.fwhm_mm,
                "sd": found.sd_mm,
                "cpu_s": time.process_time() - begin,
            }


def estimate(volume: Volume, tissue: SharpTissue, rigid: NDArray[np.float64], warp: Warp) -> Any:
    """Return the resolution of a scan."""
    to_participant = np.linalg.inv(rigid)
    return estimate_fwhm(volume, tissue, scan_to_participant_points=to_participant, participant_to_standard_points=warp)


def visits(
    who: Person, atlas: Atlas, tissue: SharpTissue, rigid: Mapping[str, NDArray[np.float64]], warp: Warp
) -> Iterator[dict[str, Any]]:
    """Give the change between two visits without a true change, with and without noise, however they are treated.

    Resolutions are estimated on the noisy scans.
    """
    for tracer, *pair in PAIRS:
        truth = region_ratios(blurred(who.activity[tracer], who.head.affine, pair[1]), who.head, who.side)
        told: list[float] = []
        for noise in (CLINICAL[tracer], 0.0):
            scans = [who.scan(tracer, fwhm, noise, visit) for visit, fwhm in enumerate(pair)]
            if not told:
                found = {(str(i), tracer): estimate(each, tissue, rigid[tracer], warp) for i, each in enumerate(scans)}
                told = [planned.blur_mm for planned in plan("auto", found).values()]
            true = [blur_between(fwhm, max(pair)) for fwhm in pair]
            for way, blurs in (("as they are", [0.0, 0.0]), ("estimated", told), ("true", true)):
                tables = []
                for volume, fwhm in zip(scans, blurs, strict=True):
                    sharp = blur(volume, fwhm)
                    image = nib.Nifti1Image(sharp.data, sharp.affine)
                    tables.append(extract_uptake(image, atlas, warp=warp, rigid=rigid[tracer]))
                for reference in REFERENCES[tracer]:
                    before, after = (uptake_ratio(table, lesion_side=who.side, reference=reference) for table in tables)
                    yield {
                        "pair": f"{tracer} {pair[0]} and {pair[1]} mm",
                        "reference": reference,
                        "noise": noise,
                        "way": way,
                        "change": 100 * (after / before - 1),
                        "error": 100 * (after / truth[reference] - 1),
                    }


def templates(who: Person, atlas: Atlas, tissue: SharpTissue) -> Iterator[dict[str, Any]]:
    """Give the error of the ratios with the template as it comes, and with one of the scan's own resolution."""
    for fwhm in TEMPLATE_TRIED:
        volume = who.scan("FDG", fwhm, CLINICAL["FDG"], fwhm)
        truth = region_ratios(blurred(who.activity["FDG"], who.head.affine, fwhm), who.head, who.side)
        own = None
        for way in ("default", "scan's own"):
            key = ScanKey("sub-01", "baseline", "FDG")
            shown = {"FDG": make_template("FDG", atlas, fwhm_mm=own if own is not None and np.isfinite(own) else None)}
            found = normalise({key: volume}, shown, gates=Gates(), deformation=Deformation())
            if found.to_standard is None or found.misplacement_mm is None or found.lesion is None:
                raise SystemExit(f"refused: {found.refused}")
            rigid = found.scans[key].to_scan
            own = estimate(volume, tissue, rigid, found.to_standard).fwhm_mm
            weight = certainty(found.misplacement_mm, found.lesion)
            regions = ParticipantRegions(atlas, found.to_standard, certainty=weight)
            measured = measure_scan(volume, regions, to_participant=np.linalg.inv(rigid))
            mean = {(each.region, each.side): each.mean for each in measured.uptake}
            for reference, value in ratios_of(mean, "FDG", who.side).items():
                error = 100 * (value / truth[reference] - 1)
                yield {"true": fwhm, "template": way, "reference": reference, "error": error, "estimate": own}


def print_templates(table: pd.DataFrame) -> None:
    """Print the mean absolute error of the ratios with either template, and the resolution found after each."""
    shown = table.assign(error=table["error"].abs())
    print("\nFDG registered alone: mean absolute error of the ratio in percent, and estimated FWHM in mm")
    print(
        shown.pivot_table(index=["true", "template"], columns="reference", values="error")
        .join(shown.groupby(["true", "template"])["estimate"].mean())
        .round(2)
        .to_string()
    )


def print_estimates(table: pd.DataFrame) -> None:
    """Print what was estimated, and how far it is off."""
    table["error"] = table["estimate"] - table["true"]
    print("\nEstimated FWHM, mm")
    shown = table.pivot_table(index=["tracer", "true", "noise"], columns="anatomy", values="estimate")
    by = table.groupby(["tracer", "true", "noise"])["error"]
    shown["bias"], shown["rms"] = by.mean(), by.apply(lambda error: float(np.sqrt((error**2).mean())))
    print(shown.round(2).to_string())
    table["excess"] = table["estimate"] ** 2 - table["true"] ** 2
    print("\nExcess of the square over the truth, mm2, by anatomy")
    excess = table.pivot_table(index="anatomy", columns="tracer", values="excess", aggfunc=["mean", "std"])
    print(excess.round(1).to_string())
    print(f"\nCPU s per estimate: {table['cpu_s'].mean():.1f}; none told: {int(table['estimate'].isna().sum())}")


def print_visits(table: pd.DataFrame) -> None:
    """Print the spurious change of each way."""
    print("\nChange in percent without a true change: mean absolute, worst; error of the second visit: mean absolute")
    index = ["pair", "reference", "noise"]
    sizes = table.assign(mean=table["change"].abs(), worst=table["change"].abs(), error=table["error"].abs())
    shown = sizes.pivot_table(
        index=index,
        columns="way",
        values=["mean", "worst", "error"],
        aggfunc={"mean": "mean", "worst": "max", "error": "mean"},
    )
    print(shown.round(2).to_string())
    print("\nMean change, signed")
    print(table.pivot_table(index=index, columns="way", values="change").round(2).to_string())


def main() -> None:
    """Simulate, register, estimate, measure and print."""
    use_threads(1)
    atlas = load_atlas()
    tissue = sharp_tissue(atlas, tissue_maps(atlas))
    told: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    own: list[dict[str, Any]] = []
    for seed, name in enumerate(sys.argv[1:] or ANATOMIES):
        who = person(name, atlas, seed)
        rigid, warp = registered(who, atlas)
        told += [{"anatomy": name, **row} for row in estimates(who, tissue, rigid, warp)]
        changes += [{"anatomy": name, **row} for row in visits(who, atlas, tissue, rigid, warp)]
        own += [{"anatomy": name, **row} for row in templates(who, atlas, tissue)]
        print(f"{name}: done ({'real' if name.split('+')[0] in DONORS else 'warped'})", file=sys.stderr, flush=True)
    print_estimates(pd.DataFrame(told))
    print_visits(pd.DataFrame(changes))
    print_templates(pd.DataFrame(own))


if __name__ == "__main__":
    main()
