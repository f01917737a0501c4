"""Deficits of known size implanted into real scans, and the error of every way to measure them.

Usage::

    python benchmarks/real/implants.py WORK                                 # every scan, case and side
    python benchmarks/real/implants.py WORK --scans person_a_pet --cases dimmed "10 mL" --sides left
    python benchmarks/real/implants.py WORK --old CHECKOUT_OF_0.1.0         # that version, too, with its gates opened
    python benchmarks/real/implants.py WORK --open-gates                    # no scan is refused

The scans are those of ``real_fdg`` of the reference data (``PET_SPECT_EXTERNAL_DATA``). The scan as it is gets
registered; this lesion-free registration says where the motor cortex lies. It is dimmed to 80 % (88 % at the second
visit), an infarct lies below it or has the shape of a real lesion, all blurred to the scan's resolution, and each
visit has fresh noise. Truth is what the lesion-free registration reads in the same image without that noise.

The ways: ``ours`` is the registration and the weights of the workflow, ``affine`` the same without deformation,
``syn`` one default SyN of ants per scan, ``0.1.0`` that version; ``noise`` is the noisy scan through the lesion-free
registration, the error that no way can be without. The first tables weigh the voxels of the region in
the truth as the way does, so they show the error of the registration alone; in the second ones all of the region
counts alike in the truth. Delete WORK to measure anew: what is there already is not measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from implanted import SESSIONS, TRACER, Implanted, RealBrain, implanted, real_brain
from one_warp import Means, open_gates, region_means, register

from pet_spect.imaging.images import read_volume, write_volume
from pet_spect.model import Side
from pet_spect.registration.itk import use_threads

sys.path.append(str(Path(__file__).resolve().parents[1] / "accuracy"))
import figures
from cases import CASES, Case, real_case
from measured import ratios_of, read, syn_means

DATA = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data"))
SCANS = {"person_a_pet": 7.0, "fdg_group_mean": 11.0}
"""Resolution (FWHM) of each scan in mm."""

ALL_CASES: dict[str, Case] = {case.name: case for case in CASES}
ALL_CASES |= {f"real, {ml} mL": real_case(f"lesion-{number}.nii.gz") for number, ml in (("14", 8), ("19", 61))}

SIDES: tuple[Side, ...] = ("left", "right")
WAYS = ("ours", "noise", "affine", "syn", "0.1.0")
NOISE = 0.04

_SOURCE = Path(__file__).resolve().parents[2] / "src"


def measured(way: str, folder: Path, old: Path | None, *, opened: bool) -> dict[str, Means]:
    """Return the regional means of every visit by one way; without a visit that was refused."""
    if way == "syn":
        return {session: syn_means(read_volume(folder / f"{session}.nii.gz"), TRACER) for session in SESSIONS}
    out = folder / f"{way}.json"
    source = old / "src" if way == "0.1.0" and old else _SOURCE
    command = [sys.executable, Path(__file__).with_name("one_warp.py"), folder, out]
    command += ["--affine-only"] if way == "affine" else []
    command += ["--open-gates"] if opened or way == "0.1.0" else []
    subprocess.run([str(word) for word in command], check=True, env=os.environ | {"PYTHONPATH": str(source)})
    told = json.loads(out.read_text(encoding="utf-8"))
    for session, reason in told["Refused"].items():
        print(f"{folder.name}: {way}: {session} refused: {reason}", flush=True)
    return {
        session: {(region, side): np.nan if mean is None else mean for region, side, mean in rows}
        for session, rows in told["Means"].items()
    }


def lesion_free(
    brain: RealBrain, visits: dict[str, Implanted], weights: Path | None = None, *, noisy: bool = False
) -> dict[str, Means]:
    """Return what the lesion-free registration reads in the images with or without noise."""
    weighed = np.load(weights) if weights is not None and weights.is_file() else None
    return {
        session: region_means(visit.noisy if noisy else visit.clean, visit.to_scan, brain.to_standard, weighed)
        for session, visit in visits.items()
    }


def errors(
    brain: RealBrain, stem: str, case: str, side: Side, ways: Sequence[str], options: argparse.Namespace
) -> pd.DataFrame:
    """Return the rows of one scan with one deficit: every way, visit and reference; kept in a folder of its own."""
    folder = options.work / f"{stem}_{case}_{side}".replace(" ", "").replace(",", "-")
    folder.mkdir(parents=True, exist_ok=True)
    number = SIDES.index(side) + 2 * list(ALL_CASES).index(case)
    visits, infarct_ml, fraction = implanted(
        brain, ALL_CASES[case], side, DATA / "lesions", noise=options.noise, seed=number
    )
    for session, visit in visits.items():
        write_volume(folder / f"{session}.nii.gz", visit.noisy)
    parts = []
    for way in ways:
        kept = folder / f"{way}.tsv"
        if not kept.is_file():
            if way == "noise":
                found = lesion_free(brain, visits, noisy=True)
            else:
                found = measured(way, folder, options.old, opened=options.open_gates)
            whole, alike = lesion_free(brain, visits), lesion_free(brain, visits, folder / f"{way}.npy")
            rows: list[dict[str, Any]] = []
            for session in SESSIONS:
                value = ratios_of(found[session], TRACER, side) if session in found else {}
                same = ratios_of(alike[session], TRACER, side)
                rows += [
                    {
                        "session": session,
                        "reference": reference,
                        "value": value.get(reference, np.nan),
                        "truth_whole": true,
                        "truth_same_weights": same[reference],
                    }
                    for reference, true in ratios_of(whole[session], TRACER, side).items()
                ]
            pd.DataFrame(rows).to_csv(kept, sep="\t", index=False, na_rep="n/a")
        parts.append(read(kept).assign(way=way))
        shown = parts[-1].query("reference == 'contralateral'")
        print(
            stem,
            case,
            side,
            way,
            (100 * (shown["value"] / shown["truth_same_weights"] - 1)).round(2).tolist(),
            flush=True,
        )
    return pd.concat(parts).assign(
        anatomy=stem,
        case=case,
        lesion_side=side,
        tracer=TRACER,
        participant_id=f"{stem} {side}",
        infarct_ml=infarct_ml,
        infarct_fraction=fraction,
    )


def report(rows: pd.DataFrame) -> str:
    """Return the errors of ratios and changes as markdown, mean / mean absolute / worst."""
    text = []
    for column, told in (("truth_same_weights", "the same weights"), ("truth_whole", "the whole region")):
        for stem, chosen in rows.groupby("anatomy", sort=False):
            chosen = chosen.assign(ratio_scanner=chosen[column])
            chosen["error_percent"] = 100 * (chosen["value"] / chosen["ratio_scanner"] - 1)
            ratios = figures.by_way(figures.ratio_table(chosen), 1)
            changes = figures.by_way(figures.change_table(figures.change_rows(chosen)), 1)
            text.append(f"### {stem}: ratio against {told}, percent\n\n{figures.markdown(ratios)}\n")
            text.append(f"### {stem}: change_percent against {told}, points\n\n{figures.markdown(changes)}\n")
    lost = rows[rows["infarct_fraction"] > figures.MOSTLY_LOST]["case"].unique()
    if len(lost):
        text.append(f"Left out of both, over 30 % of the region is infarct: {', '.join(lost)}.\n")
    return "\n".join(text)


def main() -> None:
    """Implant, measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--scans", nargs="+", default=list(SCANS), choices=SCANS)
    parser.add_argument("--cases", nargs="+", default=list(ALL_CASES), choices=ALL_CASES)
    parser.add_argument("--sides", nargs="+", default=list(SIDES), choices=SIDES)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--old", type=Path, help="checkout of version 0.1.0; without it that way is left out")
    parser.add_argument("--noise", type=float, default=NOISE, help="per voxel, as a fraction of uptake")
    parser.add_argument("--open-gates", action="store_true", help="refuse no scan")
    parser.add_argument("--markdown", type=Path, help="the tables")
    options = parser.parse_args()
    use_threads(1)
    ways = [way for way in options.ways if way != "0.1.0" or options.old]
    parts = []
    for stem in options.scans:
        path = DATA / "real_fdg" / f"{stem}.nii.gz"
        # the untouched scan only says where its regions lie: whether it passes the gates is for placed.py
        found = register({"untouched": read_volume(path)}, gates=open_gates())
        brain = real_brain(path, SCANS[stem], found, "untouched")
        for case in options.cases:
            for side in options.sides:
                parts.append(errors(brain, stem, case, side, ways, options))
    rows = pd.concat(parts, ignore_index=True)
    rows.to_csv(options.work / "rows.tsv", sep="\t", index=False, na_rep="n/a")
    text = report(rows)
    print(text)
    if options.markdown:
        options.markdown.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
