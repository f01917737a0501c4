"""How often the stated intervals hold: repeated scans of simulated persons through registration and measurement.

Usage: ``.venv/bin/python benchmarks/uncertainty_coverage.py [--persons 8] [--runs 3] [--seed 77] [--cache FOLDER]
[--register-all]``.

Each person (anatomy and stroke of their own) is scanned in several runs; each run is a participant of its
own: baseline, the same brain again, and a year later with the motor cortex 8 % brighter, FDG and IMZ,
each scan with its own pose and noise. `WARP_MM`, `RIGID_MM` and `RIGID_DEGREES` of `quantify.uncertainty` were
chosen with four persons of seed 77; those of another seed are held out. Printed:

- ``repeat``: how often the interval of a ratio holds the mean over all repeats of that person;
- ``zero``: how often the interval of the change between two scans of the same brain holds 0;
- ``change``: how often the interval of the change after a year holds the true change;
- ``truth``: how often the interval of a ratio holds the true ratio (anatomical bias is not contained in it);

and what the sizes are measured at: rigid misalignment, and how much ratios vary from run to run beyond noise.
Registering all six scans of a run takes more than a minute of CPU time. By default only the two that make the
warp are registered (FDG, baseline and again: 35 s); the others are put where they truly lie, misaligned at
random by the sizes that ``--register-all`` measured (`MISALIGNED`). ``--cache`` keeps what was registered.
"""

from __future__ import annotations

import argparse
import math
import pickle
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import canonical
from pet_spect.model import Atlas, ScanKey, Side, Volume, Warp
from pet_spect.quantify.cohort.change import changes
from pet_spect.quantify.measurement import ParticipantRegions, ScanMeasurement, measure_scan, participant_regions
from pet_spect.quantify.ratios import Ratio, scan_ratios
from pet_spect.quantify.references import BUILT_IN
from pet_spect.quantify.roles import RegionRoles, RegionValue, ScanUptake
from pet_spect.quantify.sensitivities import scan_noise, scan_sensitivities
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.itk import use_threads
from pet_spect.registration.normalise import Deformation, normalise
from pet_spect.registration.templates.template import make_template
from pet_spect.remarks import Remark
from pet_spect.simulate.design import TRACERS, Trial
from pet_spect.simulate.heads.standard_head import Head, standard_head
from pet_spect.simulate.heads.stroke import infarct
from pet_spect.simulate.participant import random_pose, true_activity
from pet_spect.simulate.population import draw_person
from pet_spect.simulate.scanner import region_ratios, scan, seen_by

SESSIONS = ("baseline", "again", "year1")
IMPROVEMENT = 0.08
REFERENCES = {"FDG": ("cerebellum_ipsilesional", "contralateral"), "IMZ": ("pons", "contralateral")}
MISALIGNED = {"FDG": (0.03, 0.04), "IMZ": (0.15, 0.06)}
"""Of a scan that is not registered: mm and degrees along and about each axis, standard deviation."""

CENTRE_MM = np.array([0.0, -18.0, 6.0])


@dataclass(frozen=True)
class Run:
    """One participant: the scans of a run, their registration and what is true of them."""

    side: Side
    scans: dict[ScanKey, Volume]
    to_scan: dict[ScanKey, NDArray[np.float64]]
    to_standard: Warp
    misplacement_mm: float
    lesion: Volume
    pose: dict[ScanKey, NDArray[np.float64]]
    truth: dict[ScanKey, dict[str, float]]


def simulate(head: Head, trial: Trial, person: int, run: int) -> tuple[Side, dict[ScanKey, Any]]:
    """Return the side of the stroke and of each scan the volume, pose and true ratios."""
    rng = np.random.default_rng([trial.seed, person])
    case = replace(trial.case(person), improvement=dict.fromkeys(TRACERS, IMPROVEMENT))
    anatomy, _ = draw_person(head, rng)
    lost = infarct(anatomy, case.stroke, rng)
    rng = np.random.default_rng([trial.seed, person, 10 + run])
    made: dict[ScanKey, Any] = {}
    for tracer in TRACERS:
        scanner = trial.scanner(person, tracer)
        for session in SESSIONS:
            when = "year1" if session == "year1" else "baseline"
            seen = seen_by(scanner, true_activity(anatomy, case, lost, tracer, when), head.affine)
            pose = random_pose(rng)
            volume = scan(seen, head.affine, scanner, pose, rng, scale=1e4)
            ratios = region_ratios(seen, anatomy.head, case.stroke.side)
            made[ScanKey("sub-01", session, tracer)] = canonical(volume), pose, ratios
    return case.stroke.side, made


def registered(head: Head, trial: Trial, person: int, run: int, atlas: Atlas, *, all_scans: bool) -> Run | None:
    """Return a run, or None if a scan was refused."""
    side, made = simulate(head, trial, person, run)
    scans = {key: volume for key, (volume, _, _) in made.items()}
    poses = {key: pose for key, (_, pose, _) in made.items()}
    chosen = {
        key: volume for key, volume in scans.items() if all_scans or (key.tracer == "FDG" and key.session != "year1")
    }
    templates = {tracer: make_template(tracer, atlas) for tracer in dict.fromkeys(key.tracer for key in chosen)}
    found = normalise(chosen, templates, gates=Gates(), deformation=Deformation())
    if found.refused or found.to_standard is None or found.misplacement_mm is None:
        return None
    to_scan = {key: of.to_scan for key, of in found.scans.items()}
    to_scan |= placed({key: pose for key, pose in poses.items() if key not in to_scan}, poses, to_scan, trial, person)
    truth = {key: ratios for key, (_, _, ratios) in made.items()}
    return Run(side, scans, to_scan, found.to_standard, found.misplacement_mm, found.lesion, poses, truth)


def placed(
    wanted: dict[ScanKey, NDArray[np.float64]],
    poses: dict[ScanKey, NDArray[np.float64]],
    to_scan: dict[ScanKey, NDArray[np.float64]],
    trial: Trial,
    person: int,
) -> dict[ScanKey, NDArray[np.float64]]:
    """Return where scans lie that were not registered: where they truly do but for a small misalignment."""
    lead = next(iter(to_scan))
    rng = np.random.default_rng([trial.seed, person, zlib.crc32(to_scan[lead].tobytes())])
    found = {}
    for key, pose in wanted.items():
        mm, degrees = MISALIGNED[key.tracer]
        error = np.eye(4)
        error[:3, :3] = Rotation.from_euler("xyz", rng.normal(0, degrees, 3), degrees=True).as_matrix()
        centre = pose[:3, :3] @ CENTRE_MM + pose[:3, 3]
        error[:3, 3] = centre - error[:3, :3] @ centre + rng.normal(0, mm, 3)
        found[key] = error @ pose @ np.linalg.inv(poses[lead]) @ to_scan[lead]
    return found


def regions_of(run: Run, atlas: Atlas) -> ParticipantRegions:
    """Return the regions as a run's registration places and weighs them."""
    return participant_regions(
        atlas,
        run.to_standard,
        target=("precentral",),
        misplacement_mm=run.misplacement_mm or 0.0,
        warp_lesion=run.lesion,
    )


def seen_scans(run: Run, tracer: str, regions: ParticipantRegions) -> dict[ScanKey, ScanMeasurement]:
    """Return what is measured in the scans of a tracer."""
    return {
        key: measure_scan(volume, regions, to_participant=np.linalg.inv(run.to_scan[key]))
        for key, volume in run.scans.items()
        if key.tracer == tracer
    }


def measured(run: Run, seen: dict[ScanKey, ScanMeasurement], regions: ParticipantRegions) -> list[Ratio]:
    """Return the ratios of two scans of a tracer, as if the participant had no others of it."""
    (tracer,) = {key.tracer for key in seen}
    roles = RegionRoles(("precentral",), BUILT_IN)
    rows: list[Ratio] = []
    for key, own in seen.items():
        others = [other for place, other in seen.items() if place != key]
        noise = scan_noise(own, others, len(regions.atlas.regions))
        sensitivities = scan_sensitivities(own, noise, regions)
        values = {
            (found.region, found.side): RegionValue(
                found.mean, found.volume_ml, sensitivity=sensitivities.get((found.region, found.side))
            )
            for found in own.uptake
        }
        nothing = RegionValue(math.nan, math.nan, reason=Remark.of("no_lesion_mask"))
        values |= {("precentral_lesionfree", side): nothing for side in ("left", "right")}
        rows += scan_ratios(ScanUptake(key, None, values), run.side, roles)
    return [
        row
        for row in rows
        if row.region == "precentral" and row.measure == "uptake_ratio" and row.reference in REFERENCES[tracer]
    ]


def rows_of(run: Run, person: int, number: int, atlas: Atlas) -> list[dict[str, Any]]:
    """Return one row per tracer and reference of a run."""
    rows = []
    for tracer in TRACERS:
        regions = regions_of(run, atlas)
        seen = seen_scans(run, tracer, regions)
        pairs = {
            name: measured(run, {key: of for key, of in seen.items() if key.session in ("baseline", name)}, regions)
            for name in SESSIONS[1:]
        }
        zero = {row.reference: row for row in changes(pairs["again"], ("baseline", "again"))}
        grown = {row.reference: row for row in changes(pairs["year1"], ("baseline", "year1"))}
        for reference in REFERENCES[tracer]:
            first, second = (row for row in pairs["again"] if row.reference == reference)
            before, after = (run.truth[ScanKey("sub-01", name, tracer)][reference] for name in ("baseline", "year1"))
            rows.append(
                {
                    "person": person,
                    "run": number,
                    "tracer": tracer,
                    "reference": reference,
                    "values": (first.value, second.value),
                    "sds": (first.value_sd, second.value_sd),
                    "own": first.spread.own_sd if first.spread else math.nan,
                    "placement": first.placement_sd,
                    "zero": zero[reference].change_percent,
                    "zero_sd": zero[reference].change_percent_sd,
                    "change": grown[reference].change_percent - 100 * (after / before - 1),
                    "change_sd": grown[reference].change_percent_sd,
                    "truth": before,
                }
            )
    return rows


def misalignment(run: Run) -> list[dict[str, Any]]:
    """Return by how much a scan is misaligned in the middle of the brain, along and about each axis."""
    found = []
    for tracer in TRACERS:
        one, other = (ScanKey("sub-01", session, tracer) for session in SESSIONS[:2])
        estimated = run.to_scan[other] @ np.linalg.inv(run.to_scan[one])
        true = run.pose[other] @ np.linalg.inv(run.pose[one])
        left = np.linalg.inv(run.pose[one]) @ np.linalg.inv(true) @ estimated @ run.pose[one]
        shift = left[:3, :3] @ CENTRE_MM + left[:3, 3] - CENTRE_MM
        turn = np.degrees([left[2, 1] - left[1, 2], left[0, 2] - left[2, 0], left[1, 0] - left[0, 1]]) / 2
        # of the difference of two scans; one scan's share is smaller by the root of two
        found += [{"tracer": tracer, "mm": s, "degrees": t} for s, t in zip(shift / 2**0.5, turn / 2**0.5, strict=True)]
    return found


def coverage(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how often the intervals hold, per tracer and reference, in percent."""
    table = []
    for (tracer, reference), group in rows.groupby(["tracer", "reference"]):
        repeats, truths, variances = [], [], []
        for _, mine in group.groupby("person"):
            values, sds = np.stack(mine["values"]), np.stack(mine["sds"])
            # the mean holds the repeat itself: an interval of a scan left out of it is wider by sqrt(1 + 1 / (n - 1))
            rest = (values.sum() - values) / (values.size - 1)
            widened = 1.96 * sds * np.sqrt(1 + 1 / (values.size - 1))
            repeats += list((np.abs(values - rest) < widened).ravel())
            truths += list((np.abs(values - mine["truth"].iloc[0]) < 1.96 * sds).ravel())
            by_run = np.log(values).mean(axis=1)
            own = ((mine["own"] / values[:, 0]) ** 2).mean() / 2
            variances.append(by_run.var(ddof=1) - own if len(mine) > 1 else math.nan)
        table.append(
            {
                "tracer": tracer,
                "reference": reference,
                "scans": len(repeats),
                "sd_percent": 100 * np.mean([s[0] / v[0] for s, v in zip(group["sds"], group["values"], strict=True)]),
                "placement_percent": 100
                * np.mean([p / v[0] for p, v in zip(group["placement"], group["values"], strict=True)]),
                "run_to_run_percent": 100 * math.sqrt(max(0.0, np.nanmean(variances))),
                "repeat": 100 * np.mean(repeats),
                "zero": 100 * (group["zero"].abs() < 1.96 * group["zero_sd"]).mean(),
                "change": 100 * (group["change"].abs() < 1.96 * group["change_sd"]).mean(),
                "truth": 100 * np.mean(truths),
            }
        )
    return pd.DataFrame(table)


def main() -> None:
    """Simulate, register, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--register-all", action="store_true", help="register all six scans of every run")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--cache", type=Path, help="keep registered runs here; only for one version of the code")
    options = parser.parse_args()
    use_threads(1)
    atlas = load_atlas()
    head, trial = standard_head(atlas), Trial(participants=options.persons, seed=options.seed)
    rows, aligned, refused = [], [], 0
    for person in range(options.persons):
        for number in range(options.runs):
            kept = (
                None
                if options.cache is None
                else options.cache / f"{options.seed}_{person}_{number}{'_all' * options.register_all}.pkl"
            )
            run = pickle.loads(kept.read_bytes()) if kept is not None and kept.is_file() else None
            run = run or registered(head, trial, person, number, atlas, all_scans=options.register_all)
            if run is None:
                refused += 1
                continue
            if kept is not None and not kept.is_file():
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(pickle.dumps(run))
            rows += rows_of(run, person, number, atlas)
            aligned += misalignment(run)
    table = pd.DataFrame(rows)
    pd.set_option("display.width", 180, "display.float_format", "{:.2f}".format, "display.max_columns", 20)
    print("\nCoverage of nominal 95 % intervals, percent")
    print(coverage(table).to_string(index=False))
    sizes = pd.DataFrame(aligned).groupby("tracer")[["mm", "degrees"]]
    print(f"\nRigid misalignment of a scan, root mean square per axis ({refused} runs refused)")
    print(sizes.apply(lambda found: (found**2).mean() ** 0.5).to_string())


if __name__ == "__main__":
    main()
