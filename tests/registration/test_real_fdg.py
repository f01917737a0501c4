"""A real FDG scan and a mean of healthy people's, which the guards must neither refuse nor believe when cut."""

import os
from pathlib import Path

import numpy as np
import pytest

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import read_volume
from pet_spect.imaging.normal_uptake import region_mask
from pet_spect.imaging.resample import apply_affine
from pet_spect.model import Volume
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.placement.pose import look_at

pytestmark = [pytest.mark.external, pytest.mark.slow, pytest.mark.usefixtures("known_registrations")]
FOLDER = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data")) / "real_fdg"


def real_scan(name):
    if not FOLDER.is_dir():
        pytest.skip(f"no reference data in {FOLDER}")
    return read_volume(FOLDER / f"{name}.nii.gz")


def in_view(placed, scan, pose):
    atlas = load_atlas()
    points = apply_affine(atlas.affine, np.argwhere(region_mask(atlas, "precentral")).astype(float))
    return placed.view.holds(apply_affine(np.linalg.inv(scan.affine) @ pose, points)).mean()


def without_top(scan, mm):
    """Return a scan without the uppermost millimetres of its brain: the highest slice with 3 cm² of it is the top."""
    bright = scan.data > 0.35 * np.percentile(scan.data, 99.5)
    section = bright.sum(axis=(0, 1)) * scan.voxel_size[0] * scan.voxel_size[1] / 100
    top = int(np.flatnonzero(section > 3)[-1]) + 1
    return Volume(np.ascontiguousarray(scan.data[:, :, : top - round(mm / scan.voxel_size[2])]), scan.affine)


@pytest.mark.parametrize("name", ["person_a_pet", "fdg_group_mean"])
def test_a_real_brain_is_placed_and_whole(fdg, name):
    placed = look_at(real_scan(name), "FDG", {"FDG": fdg}, Gates()).placed()
    assert (placed.view.cut, placed.view.brain_fraction) == ((), 1.0)


@pytest.mark.parametrize("mm", [10, 20, 30])
def test_a_real_brain_without_its_vertex_says_how_much_of_the_motor_cortex_is_in_view(fdg, mm):
    whole = real_scan("person_a_pet")
    scan = without_top(whole, mm)
    pose = look_at(whole, "FDG", {"FDG": fdg}, Gates()).placed().pose
    placed = look_at(scan, "FDG", {"FDG": fdg}, Gates()).placed()
    assert placed.view.cut == ("top",)
    assert in_view(placed, scan, placed.pose) == pytest.approx(in_view(placed, scan, pose), abs=0.03)
    assert in_view(placed, scan, placed.pose) < 0.95
