"""The error of rings round the lesion and of treatment sites in a finished simulated trial, against its truth.

Usage: ``.venv/bin/python benchmarks/surroundings.py [demo] [--seed 1] [--people 8]`` after ``make demo``.

Draws each person of the trial anew. The true rings lie round the true infarct in the person's own head; the true
mirror image goes through the person's true way to the standard head. The truth is the mean of the noise-free image of
the scanner in them (``ratio_scanner``). Measured are the baseline scans as the study registered them: round the
infarct as a mask drawn on the FDG scan (``drawn``), round what the registration saw (``seen``), and in a sphere round
a point of the true inner ring that is given in millimetres of that scan. The warp knew no mask.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.measurable_tissue import measurable_tissue, standard_brain
from pet_spect.imaging.normal_uptake import VENTRICLES
from pet_spect.imaging.resample import apply_affine, displace, resample_affine, sample
from pet_spect.model import Atlas, Side, Volume, opposite
from pet_spect.quantify.laterality import side_of_deficit
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan
from pet_spect.quantify.surroundings import (
    MIRRORED,
    RINGS,
    TREATMENT_RADIUS_MM,
    TREATMENT_SITE,
    lesion_rings,
    side_of,
    treatment_regions,
)
from pet_spect.registration.lesion_estimate import volume_by_side
from pet_spect.results import layout
from pet_spect.results.registration.registered_scan import read_registered
from pet_spect.results.registration.transforms import read_standard_to_participant_points
from pet_spect.simulate import participant as simulation
from pet_spect.simulate.design import TRACERS, Trial
from pet_spect.simulate.heads.anatomy import Anatomy
from pet_spect.simulate.heads.standard_head import Head, standard_head
from pet_spect.simulate.heads.stroke import infarct
from pet_spect.simulate.participant import true_activity
from pet_spect.simulate.population import draw_person
from pet_spect.simulate.scanner import CEREBELLUM, seen_by

LABELS = {"FDG": ("18FFDG", "pet"), "IMZ": ("123IIMZ", "spect")}
COMPARED = ("contralateral", "cerebellum_ipsilesional", "hemisphere_contralesional")

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Truth:
    """A person of the trial: head, infarct, and where the first scan puts them."""

    anatomy: Anatomy
    lost: NDArray[np.float32]
    side: Side
    to_first_scan: NDArray[np.float64]


class _PoseFoundError(Exception):
    pass


def draw(head: Head, trial: Trial, index: int) -> Truth:
    """Draw a person as `simulate_participant` does, up to the pose of the first scan, the baseline FDG."""
    rng = np.random.default_rng([trial.seed, index])
    anatomy, _ = draw_person(head, rng)
    stroke = trial.case(index).stroke
    lost = infarct(anatomy, stroke, rng)
    poses: list[NDArray[np.float64]] = []

    def stop(*arguments: Any, table_mm: float, **_: Any) -> Any:
        pose = arguments[3].copy()
        pose[2, 3] += table_mm
        poses.append(pose)
        raise _PoseFoundError

    make_scan, simulation.scan = simulation.scan, stop
    try:
        with TemporaryDirectory() as folder:
            simulation.simulate_participant(head, trial, index, Path(folder))
    except _PoseFoundError:
        pass
    finally:
        simulation.scan = make_scan
    return Truth(anatomy, lost, stroke.side, poses[0])


class TrueRegions:
    """The true rings of a person, a true treatment site, their mirror images, and the true means."""

    def __init__(self, truth: Truth, rng: np.random.Generator) -> None:
        self.truth, self.head = truth, truth.anatomy.head
        labels = self.head.labels
        self.points = np.moveaxis(truth.anatomy.standard_points, 0, -1)
        self.tissue = (labels > 0) & ~np.isin(labels, self.head.labels_of(VENTRICLES))
        sign = -1 if truth.side == "left" else 1
        self.own = self.points[..., 0] * sign > 0.5
        self.other = self.points[..., 0] * sign < -0.5
        lesion = truth.lost > 0.5
        distance = distance_transform_edt(~lesion, sampling=self.head.affine[0, 0]) - 0.5 * self.head.affine[0, 0]
        free = self.tissue & self.own & ~lesion
        self.regions = {name: free & (distance > inner) & (distance <= outer) for name, (inner, outer) in RINGS.items()}
        places = np.argwhere(self.regions["lesion_ring_0_10"])
        self.centre = apply_affine(self.head.affine, places[rng.integers(len(places))][np.newaxis].astype(float))[0]
        voxels = np.argwhere(self.tissue & self.own)
        near = ((apply_affine(self.head.affine, voxels) - self.centre) ** 2).sum(axis=1) <= TREATMENT_RADIUS_MM**2
        site = np.zeros_like(lesion)
        site[tuple(voxels[near].T)] = True
        self.regions[TREATMENT_SITE] = site
        for name in list(self.regions):
            self.regions[name + MIRRORED] = self._mirror(self.regions[name])

    def _mirror(self, region: BoolArray) -> BoolArray:
        """Return which tissue of the other side lies at the mirror image of a region, by the standard head."""
        mirrored = self.points * np.array([-1, 1, 1], dtype=np.float32)
        held = self.points[region]
        low, high = held.min(axis=0) - 3, held.max(axis=0) + 3
        around = ((self.points >= low) & (self.points <= high)).all(axis=-1)
        asked = self.tissue & self.other & ((mirrored >= low) & (mirrored <= high)).all(axis=-1)
        _, nearest = cKDTree(self.points[around]).query(mirrored[asked])
        image = np.zeros_like(region)
        image[asked] = region[around][nearest]
        return image

    def ratios(self, noise_free: NDArray[np.float32]) -> dict[tuple[str, str], float]:
        """Return the true ratio of each region to each reference."""
        other = opposite(self.truth.side)
        cerebellum = np.isin(self.head.labels, self.head.labels_of([CEREBELLUM], self.truth.side))
        hemisphere = np.isin(self.head.labels, self.head.labels_of(self.head.cortex, other))
        fixed = {COMPARED[1]: noise_free[cerebellum].mean(), COMPARED[2]: noise_free[hemisphere].mean()}
        found = {}
        for name in (*RINGS, TREATMENT_SITE):
            own = noise_free[self.regions[name]].mean()
            denominators = {COMPARED[0]: noise_free[self.regions[name + MIRRORED]].mean(), **fixed}
            found |= {(name, reference): float(own / value) for reference, value in denominators.items()}
        return found


def measured_ratios(scan: Any, atlases: dict[str, Atlas], table: Path, key: tuple[str, str], side: Side) -> Any:
    """Yield how the region was found, its name, the reference and the measured ratio."""
    uptake = pd.read_csv(table, sep="\t", na_values=["n/a"], keep_default_na=False)
    uptake = uptake[(uptake["session"] == key[0]) & (uptake["tracer"] == key[1])]

    def joint(names: tuple[str, ...], of_side: Side) -> float:
        rows = uptake[uptake["region"].isin(names) & (uptake["side"] == of_side)]
        return float(np.average(rows["mean"], weights=rows["volume_ml"]))

    from pet_spect.quantify.references import BUILT_IN

    fixed = {
        COMPARED[1]: joint(BUILT_IN[COMPARED[1]].regions, side),
        COMPARED[2]: joint(BUILT_IN[COMPARED[2]].regions, opposite(side)),
    }
    for how, atlas in atlases.items():
        regions = ParticipantRegions(atlas, scan.to_standard)
        measured = measure_scan(scan.volume, regions, to_participant=scan.to_participant, view=scan.view)
        means = {region.region: region.mean for region in measured.uptake}
        for name in (name for name in means if not name.endswith(MIRRORED)):
            for reference, value in {COMPARED[0]: means[name + MIRRORED], **fixed}.items():
                yield how, name, reference, means[name] / value


def atlases_of(results: Path, who: str, truth: Truth, true: TrueRegions) -> dict[str, Atlas]:
    """Return the regions as the tool makes them, by how it knows the lesion."""
    tissue, first = measurable_tissue(), results / layout.scan_image(who, "baseline", *LABELS["FDG"])
    scan, to_participant = read_registered(results, first), read_standard_to_participant_points(results, who)
    lesion = Volume(truth.lost, truth.anatomy.head.affine)
    drawn = resample_affine(lesion, scan.volume.data.shape, scan.volume.affine, np.linalg.inv(truth.to_first_scan))
    to_scan = np.linalg.inv(scan.to_participant)
    near = standard_brain().data > 0
    standard = apply_affine(tissue.affine, np.argwhere(near))
    values = sample(
        Volume(np.nan_to_num(drawn.data), drawn.affine), apply_affine(to_scan, displace(to_participant, standard))
    )
    carried = Volume(np.zeros(tissue.data.shape, dtype=np.float32), tissue.affine)
    carried.data[near] = np.nan_to_num(values)
    found = {"drawn": lesion_rings(tissue, carried, truth.side, to_participant)}
    if side_of_deficit(volume_by_side(scan.warp_lesion)) == truth.side:
        found["seen"] = lesion_rings(tissue, scan.warp_lesion, truth.side, to_participant)
    in_scan = apply_affine(truth.to_first_scan, true.centre[np.newaxis])
    own = apply_affine(scan.to_participant, in_scan)
    side = side_of(displace(scan.to_standard, own)[0])
    found["point"] = treatment_regions(tissue, to_participant, points=[(own[0], side)])
    return {how: atlas for how, atlas in found.items() if atlas is not None}


def main() -> None:
    """Draw, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", type=Path, default=Path("demo"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=8)
    options = parser.parse_args()
    trial, results = Trial(participants=8, seed=options.seed), options.study / "results"
    head = standard_head(load_atlas())
    rows = []
    for index in range(options.people):
        who, truth = trial.participant_id(index), draw(head, trial, index)
        true = TrueRegions(truth, np.random.default_rng([7, index]))
        atlases = atlases_of(results, who, truth, true)
        table = results / layout.uptake_table(who, "CerebrA")
        for tracer in TRACERS:
            activity = true_activity(truth.anatomy, trial.case(index), truth.lost, tracer, "baseline")
            ratios = true.ratios(seen_by(trial.scanner(index, tracer), activity, head.affine))
            image = results / layout.scan_image(who, "baseline", *LABELS[tracer])
            scan = read_registered(results, image)
            for how, name, reference, value in measured_ratios(scan, atlases, table, ("baseline", tracer), truth.side):
                error = 100 * (value / ratios[name, reference] - 1)
                rows.append([who, tracer, how, name, reference, ratios[name, reference], value, error])
        for row in rows[-len(TRACERS) * 3 * 5 :]:
            if row[0] == who:
                print(*row, flush=True)
    columns = ["participant", "tracer", "how", "region", "reference", "ratio_scanner", "value", "error_percent"]
    errors = pd.DataFrame(rows, columns=columns)
    pd.set_option("display.width", 160, "display.float_format", "{:.2f}".format, "display.max_rows", 500)
    groups = errors.groupby(["tracer", "how", "region", "reference"], sort=False)["error_percent"]
    print("Error of the ratio, percent of the true ratio")
    worst = groups.apply(lambda error: error.loc[error.abs().idxmax()])
    print(
        pd.DataFrame(
            {
                "n": groups.count(),
                "mean": groups.mean(),
                "mean_absolute": groups.apply(lambda error: error.abs().mean()),
                "worst": worst,
            }
        ).to_string()
    )
    print(errors[errors["reference"] == "contralateral"].to_string(index=False))


if __name__ == "__main__":
    main()
