"""A finished study whose registration is known, so that nothing has to be registered: made in seconds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from pet_spect.cli import main
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import write_scan, write_volume
from pet_spect.imaging.tissue import tissue_maps
from pet_spect.model import Volume, Warp
from pet_spect.results import layout
from pet_spect.results.registration.registration_entries import ViewBox
from pet_spect.results.registration.registration_record import write_registration_record
from pet_spect.results.registration.transforms import write_participant_to_scan_points, write_standard_warps

from .records import WARP, lesion, record_of, registered

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
    """Write a study and return its results: one with a drawn mask, one without year1, one unscanned."""
    results, config = folder / "results", folder / "config"
    config.mkdir(parents=True)
    (config / "participants.tsv").write_text("participant_id\tlesion_side\nsub-01\tleft\nsub-02\tright\nsub-03\tleft\n")
    lines = [
        "participant_id\tsession\ttracer\tpath",
        *(f"{who}\t{session}\tFDG\t{who}/{session}" for who, session in RATIO),
    ]
    (config / "scans.tsv").write_text("\n".join(lines) + "\n")
    for who in SIDE:
        _write_participant(results, who)
    _measure(results, "sub-03")
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
    to_scan = rigid.copy()
    to_scan[1, 3] -= 1.5  # what the warp adds
    scans, flags = [], []
    for seed, (person, session) in enumerate(RATIO):
        if person != who:
            continue
        standard = simulated_scan(SIDE[who], RATIO[person, session], seed)
        image = results / layout.scan_image(who, session, "18FFDG", "pet")
        facts = {"Units": "Bq/mL", "SUVbwFactor": 5e-4, "AttenuationCorrection": "CT", "Warnings": []}
        write_scan(image, Volume(standard.data, to_scan @ standard.affine), facts)
        write_volume(results / layout.standard_image(who, session, "18FFDG", "pet"), standard)
        write_participant_to_scan_points(results, layout.scan_name(image), rigid)
        x, y, z = (extent - 0.5 for extent in standard.data.shape)
        scans.append(registered(session, "FDG", "18FFDG", view=ViewBox(first=(-0.5, -0.5, -0.5), last=(x, y, z))))
        flags += ["--scan", session, "FDG", str(image)]
    warp = Warp(field, grid)
    write_standard_warps(results, who, participant_to_standard_points=warp, standard_to_participant_points=warp)
    mask_data = np.zeros((20, 20, 20), dtype=np.float32)
    mask_data[4:8, 8:14, 12:18] = 1.0 if who == "sub-01" else 0.0
    place = np.diag([5.0, 5.0, 5.0, 1.0])
    place[:3, 3] = -60.0, -60.0, -20.0
    mask = results / layout.lesion_mask(who)
    write_volume(mask, Volume(mask_data, place))
    source = "given" if who == "sub-01" else "estimated"
    record = record_of(who, *scans, leading="FDG", lesion=lesion(source), warp=replace(WARP, misplacement_mm=1.2))
    write_registration_record(results / layout.registration_record(who), record)
    drawn = ["--lesion-mask", str(mask)] if who == "sub-01" else []
    _measure(results, who, *flags, *drawn)


def _measure(results: Path, who: str, *flags: str) -> None:
    table = results / layout.uptake_table(who, "CerebrA")
    command = ["measure", "--participant", who, "--results", str(results), *flags, "--sessions", *SESSIONS]
    more = ["--tracers", "FDG", "--min-coverage", "0.8", "--out", str(table), "--record-refusal"]
    assert main([*command, *more]) == 0
