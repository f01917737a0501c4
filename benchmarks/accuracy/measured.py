"""Three ways to the ratios of a study: the workflow's, one default warp per scan, the warp of the lesion-free twin."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pet_spect.imaging import images
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.resample import resample_affine
from pet_spect.model import Atlas, Side, Volume, Warp, opposite
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan
from pet_spect.quantify.membership import membership_certainty
from pet_spect.registration.itk import use_threads
from pet_spect.registration.placement.head_search import crop_to_head
from pet_spect.registration.placement.pose import centre_of, find_pose
from pet_spect.registration.templates.template import Template, make_template
from pet_spect.registration.warp import Deformation, find_warp, near_brain
from pet_spect.registration.within_participant import mean_volume, participant_grid
from pet_spect.results import layout
from pet_spect.results.registration.transforms import read_participant_to_scan_points
from pet_spect.simulate.scanner import CEREBELLUM, TARGET

REFERENCES = {"FDG": ("contralateral", "cerebellum_ipsilesional"), "IMZ": ("contralateral", "pons")}
KEYS = ["participant_id", "session", "tracer", "reference"]
TRACER_OF = {"18FFDG": "FDG", "123IIMZ": "IMZ"}
SNAKEFILE = Path(__file__).resolve().parents[2] / "Snakefile"


@dataclass(frozen=True)
class Cost:
    """What a way costs per participant: seconds by the clock and of CPU, and the largest process in MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Converted:
    """One converted scan of a participant."""

    session: str
    tracer: str
    path: Path
    to_scan: NDArray[np.float64] | None


def read(path: Path) -> pd.DataFrame:
    """Read one of the tool's tables."""
    return pd.read_csv(path, sep="\t", na_values=["n/a"], keep_default_na=False)


def run_workflow(work: Path, participants: int, cores: int) -> tuple[pd.DataFrame, Cost]:
    """Run the workflow up to the tables and return the ratios; the pictures are left out.

    What it cost is kept beside the study: where the tables stand already, it is the cost of the run that made them.
    """
    tables = [f"results/tables/{name}.tsv" for name in ("ratios", "change")]
    command = [Path(sys.executable).parent / "snakemake", "-s", SNAKEFILE, "--directory", work]
    command += ["--configfile", work / "config" / "config.yaml", "--cores", str(cores), "--quiet", "--", *tables]
    kept = work / "cost.json"
    if not kept.is_file():
        meter = _Meter(resource.RUSAGE_CHILDREN)
        subprocess.run([str(word) for word in command], check=True)
        kept.write_text(json.dumps(asdict(meter.read(participants))), encoding="utf-8")
    ratios = read(work / tables[0])
    chosen = ratios[(ratios["measure"] == "uptake_ratio") & (ratios["region"] == TARGET)]
    return chosen[[*KEYS, "value", "qc"]], Cost(**json.loads(kept.read_text(encoding="utf-8")))


class _Meter:
    def __init__(self, who: int) -> None:
        self.who, self.begin, self.cpu = who, time.perf_counter(), self._cpu(who)

    @staticmethod
    def _cpu(who: int) -> float:
        used = resource.getrusage(who)
        return used.ru_utime + used.ru_stime

    def read(self, share: int = 1) -> Cost:
        peak = resource.getrusage(self.who).ru_maxrss / 1024
        return Cost((time.perf_counter() - self.begin) / share, (self._cpu(self.who) - self.cpu) / share, peak)


def converted(work: Path, participant: str) -> list[Converted]:
    """Return a participant's converted scans with the rigid alignment that the workflow found (None if refused)."""
    found = []
    results = work / "results"
    for path in sorted((results / participant).rglob("*_trc-*.nii.gz")):
        if "space-" in path.name:
            continue
        name = layout.scan_name(path)
        refused = images.read_refusal(results / layout.standard_image(participant, *name[1:])) is not None
        to_scan = None if refused else read_participant_to_scan_points(results, name)
        found.append(Converted(name.session, TRACER_OF[name.label], path, to_scan))
    return found


def ratios_of(mean: Mapping[tuple[str, str], float], tracer: str, lesion_side: Side) -> dict[str, float]:
    """Return the ratios of one scan from the uptake of its regions."""
    below = {
        "contralateral": (TARGET, opposite(lesion_side)),
        "cerebellum_ipsilesional": (CEREBELLUM, lesion_side),
        "pons": ("pons", "n/a"),
    }
    return {reference: mean[TARGET, lesion_side] / mean[below[reference]] for reference in REFERENCES[tracer]}


@cache
def standard() -> tuple[Atlas, dict[str, Template]]:
    """Return the atlas and each tracer's template."""
    atlas = load_atlas()
    return atlas, {tracer: make_template(tracer, atlas) for tracer in REFERENCES}


def certainty(misplacement_mm: float, lesion: Volume) -> NDArray[np.float32]:
    """Return what each voxel weighs, as ``pet-spect measure`` has it by default."""
    return membership_certainty(standard()[0], [TARGET], misplacement_mm, lesion)


def measure_with(
    scans: Sequence[Converted], to_standard: Warp, lesion_side: Side, weight: NDArray[np.float32] | None
) -> list[dict[str, Any]]:
    """Return the ratios of a participant's scans through one warp, as ``pet-spect measure`` does."""
    rows: list[dict[str, Any]] = []
    for scan in scans:
        if scan.to_scan is None:
            continue
        measured = measure_scan(
            images.read_volume(scan.path),
            ParticipantRegions(standard()[0], to_standard, certainty=weight),
            to_participant=np.linalg.inv(scan.to_scan),
        )
        mean = {(found.region, found.side): found.mean for found in measured.uptake}
        rows += [
            {"session": scan.session, "tracer": scan.tracer, "reference": reference, "value": value}
            for reference, value in ratios_of(mean, scan.tracer, lesion_side).items()
        ]
    return rows


@dataclass(frozen=True)
class Prepared:
    """A mean image in a participant's space, ready for `find_warp`."""

    mean: Volume
    start: NDArray[np.float64]
    grid: tuple[tuple[int, int, int], NDArray[np.float64]]


def prepared(volumes: Sequence[tuple[Volume, NDArray[np.float64]]], template: Template) -> Prepared:
    """Return the mean of scans in the participant's space, where the workflow aligned them."""
    grid = participant_grid(centre_of(template))
    placed = [resample_affine(crop_to_head(volume), *grid, to_scan) for volume, to_scan in volumes]
    start = find_pose(placed[0], template)
    near = Volume(near_brain(template).astype(np.float32), template.uptake.affine)
    mask = np.nan_to_num(resample_affine(near, *grid, np.linalg.inv(start)).data) > 0.5
    return Prepared(mean_volume(placed, mask), start, grid)


def leading(scans: Sequence[Converted], twins: Path | None = None) -> list[tuple[Volume, NDArray[np.float64]]]:
    """Return the scans that drive the warp, or those of the twin in the same poses."""
    return [
        (images.read_volume(scan.path if twins is None else twins / f"{scan.session}.nii.gz"), scan.to_scan)
        for scan in scans
        if scan.tracer == "FDG" and scan.to_scan is not None
    ]


def oracle(work: Path, participant: str, lesion_side: Side) -> list[dict[str, Any]]:
    """Return the ratios through the warp that the workflow would find if the person had no lesion."""
    twins = work / "twins" / participant
    if not twins.is_dir():
        return []
    template = standard()[1]["FDG"]
    scans = converted(work, participant)
    ready = prepared(leading(scans, twins), template)
    warped = find_warp(ready.mean, template, ready.start, ready.grid, Deformation(), None)
    lesion = images.read_volume(work / "results" / layout.lesion_mask(participant))
    return measure_with(scans, warped.to_standard, lesion_side, certainty(warped.misplacement_mm, lesion))


def naive(work: Path, participant: str, lesion_side: Side) -> tuple[list[dict[str, Any]], Cost]:
    """Return the ratios of one default SyN per scan and the atlas's region in the standard space."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:  # its peak is this participant's
        return alone.submit(_naive, work, participant, lesion_side).result()


def _naive(work: Path, participant: str, lesion_side: Side) -> tuple[list[dict[str, Any]], Cost]:
    use_threads(1)
    cost = _Meter(resource.RUSAGE_SELF)
    rows: list[dict[str, Any]] = []
    for scan in converted(work, participant):
        mean = syn_means(images.read_volume(scan.path), scan.tracer)
        rows += [
            {"session": scan.session, "tracer": scan.tracer, "reference": reference, "value": value}
            for reference, value in ratios_of(mean, scan.tracer, lesion_side).items()
        ]
    return rows, cost.read()


def syn_means(scan: Volume, tracer: str) -> dict[tuple[str, str], float]:
    """Return the means of the regions that ratios need, after one default SyN of ants to the tracer's template."""
    import ants

    from pet_spect.registration import itk

    atlas, templates = standard()
    grid, moving = itk._image(Volume(atlas.labels.astype(np.float32), atlas.affine)), itk._image(scan)
    found = ants.registration(itk._image(templates[tracer].uptake), moving, type_of_transform="SyN")
    there = ants.apply_transforms(grid, moving, transformlist=found["fwdtransforms"]).numpy()
    for path in {*found["fwdtransforms"], *found["invtransforms"]}:
        Path(path).unlink()
    return {
        (region.name, region.side): float(there[atlas.labels == region.index].mean())
        for region in atlas.regions
        if region.name in (TARGET, CEREBELLUM, "pons")
    }
