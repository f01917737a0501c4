"""A study of known truth on the benchmark's anatomies, as DICOM with its config, and its lesion-free twins.

Usage: ``.venv/bin/python benchmarks/accuracy/trial.py WORK [--anatomies 9861 warped-1] [--cases none dimmed]
[--noise 1]``; ``run.py`` writes it too.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from anatomies import DONORS, anat_scan, anatomy
from cases import CASES, Case, activity, infarcted, lost_to, real_case
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import write_volume
from pet_spect.model import Atlas, Side, Volume
from pet_spect.simulate import design
from pet_spect.simulate.heads.anatomy import Anatomy
from pet_spect.simulate.participant import PROTOCOLS, random_pose
from pet_spect.simulate.scanner import Scanner, region_ratios, scan, seen_by
from pet_spect.simulate.writers.anatomical_series import AnatHeader, write_anat_series
from pet_spect.simulate.writers.nm_object import NmHeader, write_nm_recon
from pet_spect.simulate.writers.pet_series import PetHeader, write_pet_series

SESSIONS = {"baseline": -20, "year1": 365, "repeat": 372}
"""Visits and their days. At `repeat` the brain is that of `baseline`, moved and noisy anew."""

REAL_LESIONS = ("lesion-09.nii.gz", "lesion-10.nii.gz", "lesion-15.nii.gz", "lesion-18.nii.gz")
"""Taken in turn for the case `real`: 14, 46, 6 and 53 mL."""

CASE_NAMES = ("none", "dimmed", "10 mL", "60 mL", "real")
LESIONS = Path("../shared/data/lesions")
LEADING = "FDG"

_TREATMENT = datetime(2001, 3, 5, 11)
_MINUTES = 60


@dataclass(frozen=True)
class Member:
    """One participant of the study."""

    participant: str
    index: int
    anatomy: str
    case: Case
    kind: str
    side: Side


def members(anatomies: Sequence[str], kinds: Sequence[str]) -> list[Member]:
    """Return everybody: each anatomy with each kind of case, the sides in turn."""
    found = []
    for row, name in enumerate(anatomies):
        for column, kind in enumerate(kinds):
            lesion = REAL_LESIONS[row % len(REAL_LESIONS)]
            case = real_case(lesion) if kind == "real" else next(case for case in CASES if case.name == kind)
            side: Side = "left" if (row + column) % 2 == 0 else "right"
            index = len(found)
            found.append(Member(f"sub-{index + 1:02d}", index, name, case, kind, side))
    return found


def write_study(
    work: Path, people: Sequence[Member], *, noise: float, lesions: Path = LESIONS, anat: design.AnatKind | None = None
) -> None:
    """Write ``dicom``, ``config``, ``twins`` and, last, ``truth.tsv``; nothing if that is there already.

    With `anat` everybody has an anatomical image of that kind as well; the scans are the same with and without.
    """
    if (work / "truth.tsv").exists():
        return
    atlas = load_atlas()
    scans: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    for name in dict.fromkeys(member.anatomy for member in people):
        person = anatomy(name, atlas)
        for member in (member for member in people if member.anatomy == name):
            of_scans, of_truth = _write_member(work, member, person, noise, lesions)
            if anat:
                _write_anat(anat, work, member, person, lesions, atlas)
            scans += of_scans
            truth += of_truth
    config = work / "config"
    config.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "participant_id": m.participant,
            "lesion_side": m.side,
            **_build(m.index),
            **({"anat": f"dicom/{m.participant}/anat"} if anat else {}),
        }
        for m in people
    ]
    _write_table(config / "participants.tsv", rows)
    _write_table(config / "scans.tsv", scans)
    told = {"participants": "config/participants.tsv", "scans": "config/scans.tsv", "sessions": list(SESSIONS)}
    (config / "config.yaml").write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")
    _write_table(work / "truth.tsv", truth)


def _write_table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    pd.DataFrame(rows).to_csv(path, sep="\t", index=False, na_rep="n/a")


def _build(index: int) -> dict[str, Any]:
    told = design.Trial().case(index)
    return {"height_m": told.height_m, "sex": told.sex}


def _write_member(
    work: Path, member: Member, person: Anatomy, noise: float, lesions: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    lost = lost_to(member.case, person, member.side, lesions, member.index)
    volume_ml, fraction = infarcted(person, member.side, lost)
    nothing = np.zeros_like(lost)
    scans, truth = [], []
    for tracer in design.TRACERS:
        full = design.Trial().scanner(member.index, tracer)
        scanner = replace(full, noise=full.noise * noise)
        for number, session in enumerate(SESSIONS):
            state = "year1" if session == "year1" else "baseline"
            sharp = activity(member.case, person, member.side, lost, tracer, state)
            seen = seen_by(scanner, sharp, person.head.affine)
            stream = [11, member.index, number, design.TRACERS.index(tracer)]
            noisy, pose = _acquired(seen, person, scanner, tracer, stream)
            clean, _ = _acquired(seen, person, replace(scanner, noise=0.0), tracer, stream)
            scans.append(_write_scan(work, member, tracer, session, noisy))
            told = {"participant_id": member.participant, "session": session, "tracer": tracer}
            ideal, at_scanner = (region_ratios(values, person.head, member.side) for values in (sharp, seen))
            with_noise, without = (
                region_ratios(_in_head(volume, pose, person), person.head, member.side) for volume in (noisy, clean)
            )
            truth += [
                {
                    **told,
                    "reference": reference,
                    "ratio_scanner": at_scanner[reference],
                    "ratio_ideal": ideal[reference],
                    "ratio_noisy": at_scanner[reference] * with_noise[reference] / without[reference],
                    "anatomy": member.anatomy,
                    "case": member.kind,
                    "lesion": member.case.name,
                    "lesion_side": member.side,
                    "infarct_ml": volume_ml,
                    "infarct_fraction": fraction,
                }
                for reference in ideal
            ]
            if tracer == LEADING and member.kind != "none":
                well = activity(CASES[0], person, member.side, nothing, tracer, "baseline")
                well = seen_by(scanner, well, person.head.affine)
                twin = work / "twins" / member.participant / f"{session}.nii.gz"
                twin.parent.mkdir(parents=True, exist_ok=True)
                write_volume(twin, _acquired(well, person, scanner, tracer, stream)[0])
    return scans, truth


def _write_anat(
    kind: design.AnatKind, work: Path, member: Member, person: Anatomy, lesions: Path, atlas: Atlas
) -> None:
    told = design.Trial().case(member.index)
    rng = np.random.default_rng([13, member.index])
    lost = lost_to(member.case, person, member.side, lesions, member.index)
    image = anat_scan(kind, member.anatomy, person, lost, random_pose(rng), rng, atlas)
    who = member.participant.replace("sub", "SIM")
    header = AnatHeader(_TREATMENT, told.weight_kg, told.height_m, told.sex, who, told.manufacturer)
    write_anat_series(work / "dicom" / member.participant / "anat", image, kind, header, rng)


def _acquired(
    seen: NDArray[np.float32], person: Anatomy, scanner: Scanner, tracer: str, stream: Sequence[int]
) -> tuple[Volume, NDArray[np.float64]]:
    """Scan a head; return the scan and the way from the head to it. One stream of random numbers is one pose."""
    rng = np.random.default_rng(stream)
    pose = random_pose(rng)
    scale = PROTOCOLS[tracer].suv * 2000
    table_mm = float(rng.integers(-9000, -4000)) / 10
    volume = scan(seen, person.head.affine, scanner, pose, rng, scale=scale, table_mm=table_mm)
    pose[2, 3] += table_mm
    return volume, pose


def _in_head(volume: Volume, pose: NDArray[np.float64], person: Anatomy) -> NDArray[np.float32]:
    """Return a scan's values at the voxels of the head that have a label."""
    labels = person.head.labels
    chosen = labels > 0
    to_voxels = np.linalg.inv(volume.affine) @ pose @ person.head.affine
    where = to_voxels[:3, :3] @ np.argwhere(chosen).T + to_voxels[:3, 3:]
    values = np.zeros(labels.shape, dtype=np.float32)
    values[chosen] = map_coordinates(volume.data, where, order=1, output=np.float32)
    return values


def _write_scan(work: Path, member: Member, tracer: str, session: str, volume: Volume) -> dict[str, Any]:
    """Write one scan as DICOM and return its row of scans.tsv."""
    told = design.Trial().case(member.index)
    folder = f"dicom/{member.participant}/ses-{session}/{tracer}"
    start = _TREATMENT + timedelta(days=SESSIONS[session], minutes=_MINUTES * (tracer == "IMZ"))
    injection = start - timedelta(minutes=PROTOCOLS[tracer].uptake_minutes)
    person = member.participant.replace("sub", "SIM")
    common: dict[str, Any] = {"sex": told.sex, "patient_id": person, "manufacturer": told.manufacturer}
    rng = np.random.default_rng([12, member.index])
    if tracer == "FDG":
        pet = PetHeader(injection, start, dose_bq=220e6, weight_kg=told.weight_kg, height_m=told.height_m, **common)
        write_pet_series(work / folder, volume, pet, rng)
    else:
        known = told.weight_in_spect_header
        spect = NmHeader(
            injection,
            start,
            weight_kg=told.weight_kg if known else 0.0,
            height_m=told.height_m if known else 0.0,
            scaling=told.spect_scaling,
            **common,
        )
        write_nm_recon(work / folder / "00001", volume, spect, spacing_sign=told.spacing_sign)
    return {
        "participant_id": member.participant,
        "session": session,
        "tracer": tracer,
        "path": folder,
        "weight_kg": None if tracer == "FDG" or told.weight_in_spect_header else told.weight_kg,
        "days_since_treatment": SESSIONS[session],
        "glucose_mg_dl": 95 if tracer == "FDG" else None,
        "benzodiazepine": "no" if tracer == "IMZ" else None,
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what makes the study."""
    parser.add_argument("work", type=Path, help="folder of the study; made unless its truth.tsv stands there")
    parser.add_argument("--anatomies", nargs="+", default=[*DONORS, "warped-1"])
    parser.add_argument("--cases", nargs="+", default=list(CASE_NAMES), choices=CASE_NAMES)
    parser.add_argument(
        "--noise", type=float, default=1.0, help="1 is 5.8 %% (FDG) and 8.3 %% (IMZ) per voxel at uptake 1; 0 is none"
    )
    parser.add_argument("--anat", choices=design.ANAT_KINDS, help="give everybody an anatomical image of this kind")
    parser.add_argument("--lesions", type=Path, default=LESIONS, help="folder of real lesions in the standard space")


def main() -> None:
    """Write the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    options = parser.parse_args()
    people = members(options.anatomies, options.cases)
    write_study(options.work, people, noise=options.noise, lesions=options.lesions, anat=options.anat)


if __name__ == "__main__":
    main()
