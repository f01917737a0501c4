"""The workflow's registration and measurement of one participant's FDG scans, by whichever pet_spect is imported.

Usage: ``PYTHONPATH=CHECKOUT/src python benchmarks/real/one_warp.py FOLDER OUT [--open-gates] [--affine-only]``.
FOLDER holds one NIfTI per session, named after it. OUT becomes a JSON of the means of all regions and of why a scan
was refused; ``OUT.npy`` holds what each voxel weighed. Only names that version 0.1.0 has, too, are imported.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import read_volume
from pet_spect.model import ScanKey, Volume, Warp
from pet_spect.quantify.measurement import ParticipantRegions, measure_scan
from pet_spect.quantify.membership import membership_certainty
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.itk import use_threads
from pet_spect.registration.normalise import Normalised, normalise
from pet_spect.registration.templates.template import make_template
from pet_spect.registration.warp import Deformation, Step

TARGET = "precentral"

Means = dict[tuple[str, str], float]
"""From region and side to mean uptake."""


def open_gates() -> Gates:
    """Return gates that nothing fails: lower bounds at their lowest, upper bounds and margins at their highest."""
    limits: dict[str, Any] = {field.name: -1e9 if field.name.endswith("_min") else 1e9 for field in fields(Gates)}
    return Gates(**limits)


def without_deformation() -> Deformation:
    """Return settings that leave the affine as it is."""
    return Deformation(*(Step("mattes", (0,), 0.2, 3.0, 0.0) for _ in range(2)))


def register(
    scans: Mapping[str, Volume], *, gates: Gates | None = None, deformation: Deformation | None = None
) -> Normalised:
    """Register the FDG scans of one participant, by session, as ``pet-spect normalise`` does."""
    templates = {"FDG": make_template("FDG", load_atlas())}
    keyed = {key_of(session): scan for session, scan in scans.items()}
    return normalise(keyed, templates, gates=gates or Gates(), deformation=deformation or Deformation())


def key_of(session: str) -> ScanKey:
    """Return the key of a session's scan."""
    return ScanKey("sub-01", session, "FDG")


def weights_of(found: Normalised) -> NDArray[np.float32]:
    """Return what each voxel of the atlas weighs, as ``pet-spect measure`` has it by default."""
    return membership_certainty(load_atlas(), [TARGET], found.misplacement_mm or 0.0, found.lesion)


def region_means(
    scan: Volume, to_scan: NDArray[np.float64], to_standard: Warp, weights: NDArray[np.float32] | None
) -> Means:
    """Return the mean uptake of every region of a scan; with no `weights` all of a region counts alike."""
    measured = measure_scan(
        scan,
        ParticipantRegions(load_atlas(), to_standard, certainty=weights),
        to_participant=np.linalg.inv(to_scan),
    )
    return {(region.region, region.side): region.mean for region in measured.uptake}


def main() -> None:
    """Register, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--open-gates", action="store_true")
    parser.add_argument("--affine-only", action="store_true", help="no warp, and all of a region counts alike")
    options = parser.parse_args()
    use_threads(1)
    scans = {path.name.removesuffix(".nii.gz"): read_volume(path) for path in sorted(options.folder.glob("*.nii.gz"))}
    found = register(
        scans,
        gates=open_gates() if options.open_gates else Gates(),
        deformation=without_deformation() if options.affine_only else Deformation(),
    )
    weights = weights_of(found)
    if options.affine_only:
        weights = np.ones_like(weights)
    means: dict[str, list[tuple[str, str, float | None]]] = {}
    for session, scan in scans.items():
        if key_of(session) in found.scans and found.to_standard is not None:
            measured = region_means(scan, found.scans[key_of(session)].to_scan, found.to_standard, weights)
            means[session] = [(*place, None if math.isnan(mean) else mean) for place, mean in measured.items()]
    refused = {key.session: f"{error.code}: {error}" for key, error in found.refused.items()}
    np.save(options.out.with_suffix(".npy"), weights)
    told = {"Means": means, "Refused": refused, "MisplacementMm": found.misplacement_mm}
    options.out.write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
