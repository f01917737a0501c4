"""How often the intervals of the workflow hold the truth of deficits that were implanted into real scans.

Usage::

    python benchmarks/real/implant_intervals.py WORK
    python benchmarks/real/implant_intervals.py WORK --cases dimmed "10 mL" --cores 2

Each deficit of ``implants.py`` in each scan of ``real_fdg`` (``PET_SPECT_EXTERNAL_DATA``) and on each side is a
participant with two visits, measured by the whole workflow. The truth is what the registration of the untouched scan
reads in the whole region of the image without noise. Its own misplacement is in no figure here: every interval also
says how far regions may be misplaced in a person, so it holds this truth more often than that of the person's own
anatomy. Nothing was learned from these scans. Delete WORK to measure anew.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from implanted import implanted, real_brain
from implants import ALL_CASES, DATA, NOISE, SCANS, SIDES, TRACER, lesion_free
from one_warp import open_gates, register
from placed import run_workflow

from pet_spect.imaging.images import read_volume, write_volume
from pet_spect.registration.itk import use_threads

REFERENCES = ("contralateral", "cerebellum_ipsilesional")
SIDECAR = ("Units", "TracerRadionuclide", "AttenuationCorrection", "ImageDecayCorrected")


def write_study(work: Path, cases: list[str]) -> pd.DataFrame:
    """Write the study, and return what is true of each scan."""
    (work / "scans").mkdir(parents=True)
    (work / "config").mkdir()
    truths, scans, people = [], [], []
    for stem, fwhm_mm in SCANS.items():
        path = DATA / "real_fdg" / f"{stem}.nii.gz"
        brain = real_brain(path, fwhm_mm, register({"untouched": read_volume(path)}, gates=open_gates()), "untouched")
        told = json.loads(path.with_name(f"{stem}.json").read_text(encoding="utf-8"))
        for case in cases:
            for place, side in enumerate(SIDES):
                seed = place + 2 * list(ALL_CASES).index(case)
                visits, _, fraction = implanted(brain, ALL_CASES[case], side, DATA / "lesions", noise=NOISE, seed=seed)
                who = f"sub-{len(people) + 1:02d}"
                people.append({"participant_id": who, "lesion_side": side})
                read = lesion_free(brain, visits)
                for session, visit in visits.items():
                    image = f"scans/{who}_ses-{session}.nii.gz"
                    write_volume(work / image, visit.noisy)
                    facts = {name: told[name] for name in SIDECAR if name in told}
                    sidecar = work / image.replace(".nii.gz", ".json")
                    sidecar.write_text(json.dumps(facts), encoding="utf-8")
                    scans.append({"participant_id": who, "session": session, "tracer": TRACER, "path": image})
                    mean = read[session]
                    other = "left" if side == "right" else "right"
                    below = {"contralateral": ("precentral", other)}
                    below |= {"cerebellum_ipsilesional": ("cerebellum_gray_matter", side)}
                    truths += [
                        {
                            "participant_id": who,
                            "session": session,
                            "reference": reference,
                            "scan": stem,
                            "case": case,
                            "lost": fraction,
                            "truth": mean["precentral", side] / mean[below[reference]],
                        }
                        for reference in REFERENCES
                    ]
    config = work / "config"
    pd.DataFrame(people).to_csv(config / "participants.tsv", sep="\t", index=False)
    pd.DataFrame(scans).to_csv(config / "scans.tsv", sep="\t", index=False)
    settings = {"participants": "config/participants.tsv", "scans": "config/scans.tsv"}
    (config / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    truth = pd.DataFrame(truths)
    truth.to_csv(work / "truth.tsv", sep="\t", index=False)
    return truth


def main() -> None:
    """Implant, run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--cases", nargs="+", default=list(ALL_CASES), choices=ALL_CASES)
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    use_threads(1)
    work = options.work.resolve()
    kept = work / "truth.tsv"
    truth = pd.read_csv(kept, sep="\t") if kept.is_file() else write_study(work, options.cases)
    run_workflow(work, options.cores)
    ratios = pd.read_csv(work / "results" / "tables" / "ratios.tsv", sep="\t").query(
        "region == 'precentral' and measure == 'uptake_ratio' and tracer == @TRACER"
    )
    table = truth.merge(ratios, on=["participant_id", "session", "reference"], how="left")
    for name in ("", "repeat_"):
        table[f"{name}held"] = table["truth"].between(table[f"{name}ci95_low"], table[f"{name}ci95_high"])
    table["error"] = 100 * np.log(table["value"] / table["truth"])
    table["half"] = 50 * np.log(table["ci95_high"] / table["ci95_low"])
    measured = table.dropna(subset=["value", "ci95_low"])
    print(f"{len(table) // len(REFERENCES)} scans, {measured['participant_id'].nunique()} people measured")
    for group in (["reference"], ["reference", "scan"], ["reference", "case"]):
        of = measured.groupby(group, sort=False)
        print(
            pd.DataFrame(
                {
                    "scans": of.size(),
                    "held %": 100 * of["held"].mean(),
                    "by repeats %": 100 * of["repeat_held"].mean(),
                    "mean error %": of["error"].mean(),
                    "worst %": of["error"].apply(lambda error: error.abs().max()),
                    "half width %": of["half"].median(),
                }
            )
            .round(1)
            .to_string()
        )


if __name__ == "__main__":
    main()
