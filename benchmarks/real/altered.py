"""Real scans altered in known ways, and whether the head is still found in its place and its cut told.

Usage: ``python benchmarks/real/altered.py [part of an alteration's name ...]``

Each scan of ``real_fdg`` of the reference data (``PET_SPECT_EXTERNAL_DATA``) is turned, cut, given other voxels, noise
or blur, or a simulated body, and person a the air of a skull-stripped image. *off* is how far a point of the brain
lies from where the pose of the scan as it is puts it (mean, greatest); *motor* how much of the motor cortex is in
view, as told and by that pose. No warp is run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from pet_spect.errors import RegistrationError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import canonical, read_volume
from pet_spect.imaging.resample import apply_affine, resample_affine
from pet_spect.model import Volume
from pet_spect.quantify.smoothing import FWHM_TO_SIGMA
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.itk import use_threads
from pet_spect.registration.placement.attempt import Placed
from pet_spect.registration.placement.pose import look_at
from pet_spect.registration.templates.template import make_template
from pet_spect.simulate.heads.body import BODY_MM, with_body

Altered = tuple[str, Volume, NDArray[np.float64]]
"""Name, scan, and the motion of the head in it."""

DATA = Path(os.environ.get("PET_SPECT_EXTERNAL_DATA", "../shared/data"))
TURNS_DEG = ((25, 0, 0), (-25, 0, 0), (0, 0, 30), (0, 20, 0), (15, 10, -20))
VOXELS_MM = ((5.0, 5.0, 5.0), (1.2, 1.2, 4.25))
FIELD_MM = (300.0, 300.0, 250.0)
TOP_MM = (15, 25, 35, 45)
BOTTOM_MM = (20, 40, 60)
NOISE = 0.15
NOISE_VOXELS = 1.5
BLUR_MM = 8.0
BODY_FWHM_MM = 6.0
CORTEX = 0.8


def altered(scan: Volume, posed: Placed, brain: Volume) -> Iterator[Altered]:
    still = np.eye(4)
    yield "as it is", scan, still
    for turn in TURNS_DEG:
        motion = turning(scan, turn)
        turned = Volume(scan.data, motion @ scan.affine)
        yield f"turned by {turn} degrees", regridded(turned, (3.0, 3.0, 3.0)), motion
    for voxel in VOXELS_MM:
        yield f"voxels of {voxel} mm", regridded(scan, voxel), still
    for top in TOP_MM:
        yield f"{top} mm less at the top", cropped(scan, top=top), still
    for bottom in BOTTOM_MM:
        yield f"{bottom} mm less at the bottom", cropped(scan, bottom=bottom), still
    grain = gaussian_filter(np.random.default_rng(0).normal(size=scan.data.shape).astype(np.float32), NOISE_VOXELS)
    grain /= grain.std()
    yield f"noise of {NOISE:.0%}", Volume(scan.data * (1 + np.float32(NOISE) * grain), scan.affine), still
    floor = 0.05 * np.percentile(scan.data, 99) * np.abs(grain)
    yield "noise in the air", Volume((scan.data + floor).astype(np.float32), scan.affine), still
    sigma = BLUR_MM * FWHM_TO_SIGMA / scan.voxel_size
    yield f"{BLUR_MM:g} mm more blur", Volume(gaussian_filter(scan.data, sigma), scan.affine), still
    inside = resample_affine(brain, scan.data.shape, scan.affine, np.linalg.inv(posed.pose)).data > 0.5
    yield "skull-stripped", Volume(np.where(inside, scan.data, 0), scan.affine), still
    level = CORTEX / float(np.median(scan.data[inside]))
    for arms in ("up", "down"):
        for lowest in (-1000.0, -500.0):
            whole = embodied(scan, posed, level, arms, lowest)
            # this scan lies in standard space, so the pose of the untouched one is the identity there
            yield f"a body down to {lowest:g} mm, arms {arms}", whole, np.linalg.inv(posed.pose)


def turning(scan: Volume, degrees: tuple[int, int, int]) -> NDArray[np.float64]:
    middle = apply_affine(scan.affine, np.array(scan.data.shape)[np.newaxis] / 2)[0]
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    motion[:3, 3] = middle - motion[:3, :3] @ middle
    return motion


def regridded(scan: Volume, voxel: tuple[float, float, float]) -> Volume:
    middle = apply_affine(scan.affine, np.array(scan.data.shape)[np.newaxis] / 2)[0]
    affine = np.diag([*voxel, 1.0])
    affine[:3, 3] = middle - np.array(FIELD_MM) / 2
    shape = tuple(int(extent / size) for extent, size in zip(FIELD_MM, voxel, strict=True))
    return Volume(np.nan_to_num(resample_affine(scan, shape, affine, np.eye(4)).data), affine)


def cropped(scan: Volume, *, top: float = 0, bottom: float = 0) -> Volume:
    first, last = (int(mm / scan.voxel_size[2]) for mm in (bottom, top))
    affine = scan.affine.copy()
    affine[:3, 3] += affine[:3, 2] * first
    return Volume(scan.data[:, :, first : scan.data.shape[2] - last].copy(), affine)


def embodied(scan: Volume, posed: Placed, level: float, arms: str, lowest: float) -> Volume:
    grid = np.diag([1.5, 1.5, 1.5, 1.0])
    grid[:3, 3] = (-97, -130, -90)
    head = level * np.nan_to_num(resample_affine(scan, (130, 150, 130), grid, posed.pose).data)
    body = with_body(head, grid, arms=arms, lowest_mm=lowest)  # type: ignore[arg-type]
    smooth = gaussian_filter(body.data, BODY_FWHM_MM * FWHM_TO_SIGMA / BODY_MM)
    own = np.nan_to_num(resample_affine(Volume(head, grid), smooth.shape, body.affine, np.eye(4)).data)
    return Volume(np.where(own > 0.02, own, smooth).astype(np.float32), body.affine)


def line(case: Altered, look: Callable[[Volume], Placed], pose: NDArray[np.float64], points: list[NDArray]) -> str:
    name, scan, motion = case
    try:
        placed = look(scan)
    except RegistrationError as error:
        return f"| {name} | refused: {error.code} | | | |"
    brain, motor = points
    true = motion @ pose
    off = np.linalg.norm(apply_affine(true, brain) - apply_affine(placed.pose, brain), axis=1)
    told = placed.view.holds(apply_affine(np.linalg.inv(scan.affine) @ placed.pose, motor)) if placed.view.cut else 1.0
    voxels = apply_affine(np.linalg.inv(scan.affine) @ true, motor)
    held = np.all((voxels > -0.5) & (voxels < np.array(scan.data.shape) - 0.5), axis=1)
    cut = ", ".join(placed.view.cut)
    return (
        f"| {name} | {cut or 'whole'} | {off.mean():.1f} ({off.max():.1f}) | {np.mean(told):.2f} | {held.mean():.2f} |"
    )


def main() -> None:
    use_threads(1)
    atlas = load_atlas()
    templates = {"FDG": make_template("FDG", atlas)}
    template = templates["FDG"]
    brain = Volume(template.brain.astype(np.float32), template.uptake.affine)
    index = [region.index for region in atlas.regions if region.name == "precentral"]
    places = ((template.brain, template.uptake.affine, 40), (np.isin(atlas.labels, index), atlas.affine, 5))
    points = [apply_affine(affine, np.argwhere(mask)[::every].astype(float)) for mask, affine, every in places]

    def look(scan: Volume) -> Placed:
        return look_at(canonical(scan), "FDG", templates, Gates()).placed()

    for path in sorted((DATA / "real_fdg").glob("*.nii.gz")):
        scan = read_volume(path)
        posed = look(scan)
        print(f"\n{path.name}\n\n| scan | cut | off, mm | motor, told | motor, true |\n|---|---|---|---|---|")
        for case in altered(scan, posed, brain):
            if not sys.argv[1:] or any(word in case[0] for word in sys.argv[1:]):
                print(line(case, look, posed.pose, points), flush=True)


if __name__ == "__main__":
    main()
