"""What the viewer shows, written as scripts: scans, regions and lesion of a participant, and the standard brain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, distance_transform_edt

from pet_spect.errors import ImageError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.images import read_volume
from pet_spect.imaging.resample import grid_points, sample, voxels_of
from pet_spect.imaging.tissue import brain_mask, t1_map
from pet_spect.model import Atlas, ScanKey, Volume
from pet_spect.report.viewer.packed import in_steps, packed, write_script
from pet_spect.results import layout
from pet_spect.results.converted_scan import read_converted_facts
from pet_spect.results.registration.registered_scan import read_warp_lesion
from pet_spect.results.registration.registration_record import RegistrationRecord

_BESIDE_BRAIN_MM = 4.0
"""How far beyond the brain a scan is shown; what lies further off is never measured, and would double the size."""

_STANDARD_MM = 2
_INSIDE = 0.5


@dataclass(frozen=True)
class _Head:
    """The part of a grid that is shown.

    Attributes
    ----------
    box : tuple of slice
    near : (X, Y, Z) bool array
        In the box, the brain and what lies close to it.
    grid : Volume
        Zeros on the grid of the box.
    """

    box: tuple[slice, ...]
    near: NDArray[np.bool_]
    grid: Volume

    def of(self, volume: Volume) -> Volume:
        """Return the part of a volume that is shown; NaN is outside the brain or the field of view."""
        return Volume(np.where(self.near, volume.data[self.box], np.float32(np.nan)), self.grid.affine)


def write_volumes(
    results: Path,
    record: RegistrationRecord,
    scans: Sequence[tuple[ScanKey, Path]],
    atlas: Atlas,
    target: Sequence[str],
) -> None:
    """Write all the viewer shows of one participant; of a scan that was not registered there is nothing to show.

    Parameters
    ----------
    results : Path
        The results folder.
    record : RegistrationRecord
        Of the participant.
    scans : sequence of (ScanKey, Path)
        Each with its image in its own space.
    atlas : Atlas
    target : sequence of str
        Regions of the atlas that are the target.

    Raises
    ------
    ImageError
        If an image cannot be used.
    """
    head: _Head | None = None
    for key, image in scans:
        parts = layout.scan_name(image)
        path = results / layout.uptake_volume(*parts[:3])
        if record.registered(key) is None:
            path.unlink(missing_ok=True)
            continue
        standard = read_volume(results / layout.standard_image(*parts))
        _check_upright(standard, path)
        head = head or _head(standard)
        _write_uptake(path, head.of(standard), read_converted_facts(image).units)
    regions = results / layout.regions_volume(record.participant)
    if head is None:
        regions.unlink(missing_ok=True)
        return
    _write_lesion(results, record.participant, head.grid)
    _write_regions(regions, head.grid, atlas, target)


def write_standard(path: Path) -> None:
    """Write the T1-weighted image of the standard brain on the grid of the scans."""
    atlas = load_atlas()
    sharp = t1_map(atlas)
    for axis in range(3):  # every second voxel alone would alias
        sharp = convolve1d(sharp, (0.25, 0.5, 0.25), axis=axis, mode="nearest")
    every = (slice(None, None, _STANDARD_MM),) * 3
    coarse = Volume(sharp[every], atlas.affine @ np.diag([_STANDARD_MM] * 3 + [1]))
    head = _head(coarse)
    shown = head.of(coarse)
    steps, slope, intercept = in_steps(np.where(shown.data > 0, shown.data, np.nan))
    write_script(path, {"slope": slope, "intercept": intercept, "smooth": True}, shown, packed(steps, smooth=True))


def nearest_labels(atlas: Atlas, grid: Volume) -> NDArray[np.int64]:
    """Return the label nearest to each voxel of a grid; 0 outside the atlas.

    Parameters
    ----------
    atlas : Atlas
    grid : Volume
        In the space of the atlas.

    Returns
    -------
    (X, Y, Z) int array
    """
    voxels = np.rint(voxels_of(atlas.affine, grid_points(grid.data.shape, grid.affine))).astype(np.int64)
    inside = ((voxels >= 0) & (voxels < atlas.labels.shape)).all(axis=1)
    labels: NDArray[np.int64] = np.zeros(len(voxels), dtype=np.int64)
    labels[inside] = atlas.labels[tuple(voxels[inside].T)]
    return labels.reshape(grid.data.shape)


def _check_upright(standard: Volume, path: Path) -> None:
    turn = standard.affine[:3, :3]
    if (turn != np.diag(np.diag(turn))).any() or (np.diag(turn) <= 0).any():
        raise ImageError(f"{path}: the image in standard space lies on a rotated grid; run pet-spect normalise again")


def _head(standard: Volume) -> _Head:
    atlas = load_atlas()
    brain = Volume((brain_mask(atlas) | (atlas.labels > 0)).astype(np.float32), atlas.affine)
    on_grid = sample(brain, grid_points(standard.data.shape, standard.affine)).reshape(standard.data.shape)
    distance = np.asarray(distance_transform_edt(~(on_grid >= _INSIDE), sampling=standard.voxel_size), dtype=np.float64)
    near = distance <= _BESIDE_BRAIN_MM
    reach = [np.flatnonzero(near.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    box = tuple(slice(int(at[0]), int(at[-1]) + 1) for at in reach)
    affine = standard.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [at.start for at in box]
    shape = [at.stop - at.start for at in box]
    return _Head(box, near[box], Volume(np.zeros(shape, dtype=np.float32), affine))


def _write_uptake(path: Path, shown: Volume, unit: str | None) -> None:
    steps, slope, intercept = in_steps(shown.data)
    about = {"slope": slope, "intercept": intercept, "smooth": True, "unit": unit or "unknown unit"}
    write_script(path, about, shown, packed(steps, smooth=True))


def _write_lesion(results: Path, participant: str, grid: Volume) -> None:
    lesion = sample(read_warp_lesion(results, participant), grid_points(grid.data.shape, grid.affine))
    inside = (lesion > _INSIDE).astype(np.int64).reshape(grid.data.shape)
    write_script(results / layout.lesion_volume(participant), {"smooth": False}, grid, packed(inside, smooth=False))


def _write_regions(path: Path, grid: Volume, atlas: Atlas, target: Sequence[str]) -> None:
    about = {
        "smooth": False,
        "regions": {str(region.index): [region.name, region.side] for region in atlas.regions},
        "target": [region.index for region in atlas.regions if region.name in target],
    }
    write_script(path, about, grid, packed(nearest_labels(atlas, grid), smooth=False))
