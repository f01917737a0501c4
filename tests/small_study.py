"""A finished study whose registration is known, so that nothing has to be registered: made in seconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from pet_spect.cli import main
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import write_affine, write_scan, write_volume, write_warp
from pet_spect.imaging.tissue import tissue_maps
from pet_spect.model import Volume, Warp
from pet_spect.results import layout

STEP = 4
SESSIONS = "baseline", "year1"
RATIO = {("sub-01", "baseline"): 0.80, ("sub-01", "year1"): 0.90, ("sub-02", "baseline"): 0.75}
SIDE = {"sub-01": "left", "sub-02": "right"}
REFERENCES = {"thalami": {"regions": ["thalamus"], "side": "both"}, "pons": None}


def simulated_scan(side: str, ratio: float, seed: int, step: int = STEP) -> Volume:
    """Return a scan in the standard space whose motor cortex on one side has a fraction of the other side's uptake."""
    atlas = load_atlas()
    tissue = tissue_maps(atlas)
    sharp = tissue.grey + 0.3 * tissue.white + 0.9 * (atlas.labels > 0) * ~tissue.brain
    index = next(r.index for r in atlas.regions if (r.name, r.side) == ("precentral", side))
    sharp[atlas.labels == index] *= ratio
    blurred = gaussian_filter(sharp, 6 / 2.355)[step // 2 :: step, step // 2 :: step, step // 2 :: step]
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=blurred.shape), 1.0)
    affine = atlas.affine @ np.diag([step, step, step, 1.0])
    affine[:3, 3] = atlas.affine[:3, 3] + step // 2
    return Volume((1e4 * blurred * (1 + 0.05 * noise)).astype(np.float32), affine)


def write_small_study(folder: Path) -> Path:
    """Write a study of two people, one with a drawn lesion mask, one without the second visit; return its results."""
    results, config = folder / "results", folder / "config"
    config.mkdir(parents=True)
    (config / "participants.tsv").write_text("participant_id\tlesion_side\nsub-01\tleft\nsub-02\tright\n")
    lines = [
        "participant_id\tsession\ttracer\tpath",
        *(f"{who}\t{session}\tFDG\t{who}/{session}" for who, session in RATIO),
    ]
    (config / "scans.tsv").write_text("\n".join(lines) + "\n")
    for who in SIDE:
        _write_participant(results, who)
    references = json.dumps(REFERENCES)
    names = ["--participants", str(config / "participants.tsv"), "--scans", str(config / "scans.tsv")]
    visits = ["--sessions", *SESSIONS, "--tracers", "FDG"]
    assert main(["cohort", "--results", str(results), *names, *visits, "--references", references]) == 0
    return results


def _write_participant(results: Path, who: str) -> None:
    rigid, field = np.eye(4), np.zeros((9, 9, 9, 3), dtype=np.float32)
    rigid[:3, 3] = 3.0, 0.0, -2.0
    field[..., 1] = 1.5
    grid = np.diag([30.0, 30.0, 30.0, 1.0])
    grid[:3, 3] = -120.0
    scans, flags = [], []
    for seed, (person, session) in enumerate(RATIO):
        if person != who:
            continue
        standard = simulated_scan(SIDE[who], RATIO[person, session], seed)
        to_scan = rigid.copy()
        to_scan[1, 3] -= 1.5  # what the warp adds
        image = results / layout.scan_image(who, session, "18FFDG", "pet")
        facts = {"Units": "Bq/mL", "SUVbwFactor": 5e-4, "AttenuationCorrection": "CT", "Warnings": []}
        write_scan(image, Volume(standard.data, to_scan @ standard.affine), facts)
        write_volume(results / layout.standard_image(who, session, "18FFDG", "pet"), standard)
        write_affine(results / layout.scan_to_participant(who, session, "18FFDG"), rigid)
        shape = standard.data.shape
        scans.append(
            {
                "Session": session,
                "Tracer": "FDG",
                "Label": "18FFDG",
                "Status": "registered",
                "Warnings": [],
                "DeficitMl": {"left": 0.0, "right": 0.0},
                "CutAt": [],
                "View": {"First": [-0.5] * 3, "Last": [extent - 0.5 for extent in shape]},
                "OwnPose": None,
                "Flags": [],
            }
        )
        flags += ["--scan", session, "FDG", str(image)]
    write_warp(results / layout.standard_to_participant(who), Warp(field, grid))
    lesion = np.zeros((20, 20, 20), dtype=np.float32)
    lesion[4:8, 8:14, 12:18] = 1.0 if who == "sub-01" else 0.0
    place = np.diag([5.0, 5.0, 5.0, 1.0])
    place[:3, 3] = -60.0, -60.0, -20.0
    mask = results / layout.lesion_mask(who)
    write_volume(mask, Volume(lesion, place))
    record = {
        "Participant": who,
        "SoftwareVersion": "0.2.0",
        "Space": "MNI152NLin2009cSym",
        "Anat": None,
        "Scans": scans,
        "Leading": "FDG",
        "Lesion": {
            "Source": "given" if who == "sub-01" else "estimated",
            "VolumeMl": {"left": 0.0, "right": 0.0},
            "SeenMl": {"left": 0.0, "right": 0.0},
            "Code": None,
            "Reason": None,
        },
        "Warp": {"JacobianLow": 1.0, "JacobianHigh": 1.0, "MisplacementMm": 1.2},
        "Settings": {},
    }
    (results / layout.registration_record(who)).write_text(json.dumps(record), encoding="utf-8")
    table = results / layout.uptake_table(who, "CerebrA")
    drawn = ["--lesion-mask", str(mask)] if who == "sub-01" else []
    command = ["measure", "--participant", who, "--results", str(results), *flags, "--sessions", *SESSIONS]
    more = ["--tracers", "FDG", *drawn, "--min-coverage", "0.8", "--out", str(table), "--record-refusal"]
    assert main([*command, *more]) == 0
