"""How much of a true change of tissue is seen without and with partial volume correction, against unblurred truth.

Usage: ``.venv/bin/python benchmarks/partial_volume.py [demo] [--tracers FDG IMZ] [--seed 1]`` after
``make demo``, or after the workflow on another simulated trial, whose seed is given.
The workflow's registration is taken from ``demo/results``. Then the same scans, simulated anew, are corrected with the
true anatomy, infarct, pose and resolution: what the registration costs. The truth is ``ratio_ideal``. Prints for each
reference the slope of measured on true log change (with an intercept, and through zero), the mean absolute and root
mean square error of the change in percent, and the mean absolute error of the ratio in percent.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from demo_accuracy import read
from numpy.typing import NDArray

from pet_spect.errors import RefusedError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.resample import resample_affine
from pet_spect.imaging.tissue import tissue_maps
from pet_spect.model import Atlas, Volume, Warp, opposite
from pet_spect.quantify.membership import RESOLUTION_MM, membership_certainty
from pet_spect.quantify.noise import noise_of_difference
from pet_spect.quantify.partial_volume.corrected_scans import Width, common_widths
from pet_spect.quantify.partial_volume.correction import BlurredMeans, correct
from pet_spect.quantify.partial_volume.head_parts import HeadParts, head_parts
from pet_spect.quantify.partial_volume.part_shares import PartShares, share_parts
from pet_spect.quantify.partial_volume.transfer_matrix import mean_covariance, part_means, transfer_matrix
from pet_spect.quantify.sensitivities import parts_of
from pet_spect.registration.resolution_estimate import SharpTissue, estimate_fwhm, sharp_tissue
from pet_spect.results.layout import scan_name
from pet_spect.results.registration.registered_scan import read_registered
from pet_spect.simulate import participant as simulation
from pet_spect.simulate.design import SESSIONS, Trial
from pet_spect.simulate.heads.standard_head import OTHER_TISSUE, standard_head

LABELS = {"FDG": ("18FFDG", "pet"), "IMZ": ("123IIMZ", "spect")}
REFERENCES = ("contralateral", "cerebellum_ipsilesional")
TARGET, CEREBELLUM = "precentral", "cerebellum_gray_matter"


@dataclass(frozen=True)
class Placed:
    """A scan, where it lies in the person, and how blurred it is."""

    session: str
    volume: Volume
    to_participant: NDArray[np.float64]
    width: Width


def corrected(scans: Sequence[Placed], parts: HeadParts, warp: Warp | None) -> list[dict[tuple[str, str], float]]:
    """Return the corrected mean of each region in each scan of one person and tracer."""
    shared = [share_parts(scan.volume, parts, scan.to_participant, warp) for scan in scans]
    widths = common_widths([scan.width for scan in scans])
    visits = []
    for place, (found, width) in enumerate(zip(shared, widths, strict=True)):
        others = [_beside(scans, shared, place, other) for other in range(len(scans)) if other != place]
        which = parts_of(found.shares, parts.count, found.box.data.shape)
        noise = noise_of_difference(found.box, others, np.where(which > parts.n_regions, 0, which))
        visits.append(
            BlurredMeans(
                transfer_matrix(found.box, found.shares, parts.count, width.fwhm_mm),
                part_means(found.box, found.shares, parts.count),
                None if noise is None else mean_covariance(noise, found.box, found.shares, parts.count),
            )
        )
    volumes = shared[0].shares.total[: parts.count].copy()
    volumes[parts.n_regions :] = 0
    names = [(region.name, region.side) for region in load_atlas().regions]
    rows = []
    for found, correction in zip(shared, correct(visits, volumes), strict=True):
        means, infarct = np.nan_to_num(correction.means), found.lost[:, : parts.n_regions]
        whole = (1 - infarct.sum(axis=0)) * means[: parts.n_regions] + means[-2:] @ infarct
        rows.append(dict(zip(names, whole.tolist(), strict=True)))
    return rows


def _beside(scans: Sequence[Placed], shared: Sequence[PartShares], place: int, other: int) -> NDArray[np.float32]:
    box = shared[place].box
    to_other = np.linalg.inv(scans[other].to_participant) @ scans[place].to_participant
    return resample_affine(scans[other].volume, box.data.shape, box.affine, to_other).data


def with_the_warp(results: Path, who: str, tracer: str, sharp: SharpTissue) -> list[tuple[str, dict[Any, float]]]:
    """Return session and corrected means of a person's scans through the registration of the workflow."""
    atlas = load_atlas()
    tissue = tissue_maps(atlas)
    scans, registered = [], None
    for image in sorted((results / who).glob(f"ses-*/*/*_trc-{LABELS[tracer][0]}_*.nii.gz")):
        if "_space-" in image.name:
            continue
        try:
            registered = read_registered(results, image)
        except RefusedError:
            continue
        place = np.eye(4) if registered.to_participant is None else registered.to_participant
        told = estimate_fwhm(
            registered.volume,
            sharp,
            scan_to_participant_points=place,
            participant_to_standard_points=registered.to_standard,
        )
        width = Width(told.apparent_mm, told.apparent_sd_mm)
        scans.append(Placed(scan_name(image).session, registered.volume, place, width))
    if registered is None:
        return []
    lesion = registered.warp_lesion
    certainty = membership_certainty(
        atlas, [TARGET], registered.misplacement_mm, lesion, resolution_mm=RESOLUTION_MM[LABELS[tracer][1]]
    )
    parts = head_parts(atlas, tissue.grey, tissue.white, tissue.brain, atlas.affine, lesion=lesion, certainty=certainty)
    means = corrected(scans, parts, registered.to_standard)
    return [(scan.session, mean) for scan, mean in zip(scans, means, strict=True)]


def with_true_geometry(trial: Trial, tracers: Sequence[str]) -> Iterator[tuple[str, str, str, dict[Any, float]]]:
    """Yield participant, tracer, session and means corrected with the true anatomy of the trial simulated anew."""
    atlas = load_atlas()
    head = standard_head(atlas)
    seen: list[tuple[Any, ...]] = []
    kept: dict[str, Any] = {}
    make_scan, make_person, make_infarct = simulation.scan, simulation.draw_person, simulation.infarct

    def scan(*arguments: Any, **options: Any) -> Any:
        volume = make_scan(*arguments, **options)
        pose = arguments[3].copy()
        pose[2, 3] += options["table_mm"]
        seen.append((volume, np.linalg.inv(pose)))
        return volume

    def person(*arguments: Any) -> Any:
        kept["person"] = make_person(*arguments)
        return kept["person"]

    def infarct(*arguments: Any) -> Any:
        kept["lost"] = make_infarct(*arguments)
        return kept["lost"]

    simulation.scan, simulation.draw_person, simulation.infarct = scan, person, infarct
    for index in range(trial.participants):
        seen.clear()
        with TemporaryDirectory() as folder:
            simulation.simulate_participant(head, trial, index, Path(folder))
        own = kept["person"][0].head
        labels = own.labels.astype(np.int64)
        white = (labels == OTHER_TISSUE).astype(np.float32)
        regions = Atlas("true", np.where(labels == OTHER_TISSUE, 0, labels), own.affine, atlas.regions)
        lost = Volume(kept["lost"], own.affine)
        parts = head_parts(regions, np.zeros_like(white), white, labels > 0, own.affine, lesion=lost)
        for tracer in tracers:
            width = Width(trial.scanner(index, tracer).fwhm_mm, 0.1)
            scans = [
                Placed(session, volume, pose, width)
                for (session, of), (volume, pose) in zip(trial.scans(index), seen, strict=True)
                if of == tracer
            ]
            for placed, mean in zip(scans, corrected(scans, parts, None), strict=True):
                yield trial.participant_id(index), tracer, placed.session, mean


def ratios_of(means: dict[Any, float], side: Any) -> dict[str, float]:
    """Return the ratio of the target to each of `REFERENCES`."""
    below = {"contralateral": (TARGET, opposite(side)), "cerebellum_ipsilesional": (CEREBELLUM, side)}
    return {reference: means[TARGET, side] / means[part] for reference, part in below.items()}


def summary(table: pd.DataFrame, way: str) -> pd.DataFrame:
    """Return slopes and errors of one column of values, per tracer and reference."""
    rows = []
    for (tracer, reference), group in table.groupby(["tracer", "reference"]):
        wide = group.pivot_table(index="participant_id", columns="session", values=["ratio_ideal", way]).dropna()
        true, found = (100 * np.log(wide[name][SESSIONS[1]] / wide[name][SESSIONS[0]]) for name in ("ratio_ideal", way))
        error = found - true
        level = 100 * (group[way] / group["ratio_ideal"] - 1).abs()
        rows.append(
            {
                "values": way,
                "tracer": tracer,
                "reference": reference,
                "n": len(true),
                "slope": np.polyfit(true, found, 1)[0],
                "slope_through_0": (true @ found) / (true @ true),
                "mean_absolute": error.abs().mean(),
                "rms": np.sqrt((error**2).mean()),
                "ratio_mean_absolute": level.mean(),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Correct and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trial", nargs="?", type=Path, default=Path("demo"))
    parser.add_argument("--tracers", nargs="+", default=list(LABELS), choices=list(LABELS))
    parser.add_argument("--seed", type=int, default=1, help="of the simulated trial")
    options = parser.parse_args()
    truth = read(options.trial / "truth.tsv").query("region == @TARGET and reference in @REFERENCES")
    truth = truth[truth["tracer"].isin(options.tracers)]
    keys = ["participant_id", "session", "tracer", "region", "reference"]
    ratios = read(options.trial / "results" / "tables" / "ratios.tsv").query("measure == 'uptake_ratio'")
    table = truth.merge(ratios[[*keys, "value"]].rename(columns={"value": "uncorrected"}), on=keys, how="left")
    side = dict(zip(table["participant_id"], table["lesion_side"], strict=True))
    atlas = load_atlas()
    sharp = sharp_tissue(atlas, tissue_maps(atlas))
    pd.set_option("display.width", 180, "display.float_format", "{:.2f}".format)
    names = ["participant_id", "session", "tracer", "reference"]
    values: dict[tuple[str, ...], float] = {}
    for who in side:
        for tracer in options.tracers:
            for session, means in with_the_warp(options.trial / "results", who, tracer, sharp):
                for reference, value in ratios_of(means, side[who]).items():
                    values[who, session, tracer, reference] = value
    table["warp"] = [values.get(tuple(row), np.nan) for row in table[names].itertuples(index=False)]
    print(pd.concat([summary(table, way) for way in ("uncorrected", "warp")]).to_string(index=False), flush=True)
    for who, tracer, session, means in with_true_geometry(
        Trial(participants=len(side), seed=options.seed), options.tracers
    ):
        for reference, value in ratios_of(means, side[who]).items():
            values[who, session, tracer, reference] = value
    table["true_geometry"] = [values.get(tuple(row), np.nan) for row in table[names].itertuples(index=False)]
    print(summary(table, "true_geometry").to_string(index=False))


if __name__ == "__main__":
    main()
