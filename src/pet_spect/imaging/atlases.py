"""Atlases: a label image and its table, found and read."""

from __future__ import annotations

import functools
import re
import sysconfig
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import AtlasError, ImageError, TableError, listed, shown
from pet_spect.imaging.images import read_volume
from pet_spect.imaging.resample import apply_affine
from pet_spect.imaging.tissue import brain_mask
from pet_spect.model import STANDARD_SPACE, Atlas, Region, RegionSide
from pet_spect.tsv import MOST_TYPED_BYTES, inert, read_table

_CHECKOUT = Path(__file__).parents[3] / "atlases"
_INSTALLED = Path(sysconfig.get_path("data")) / "share" / "pet_spect" / "atlases"
_INDEX = re.compile("0*[1-9][0-9]{0,8}")
_BESIDE_BRAIN_MM = 3.0
_LEAST_INSIDE = 0.9
"""CerebrA moved by 20 mm along any axis has 0.80 to 0.83 of its labels there, scaled by 1.2 it has 0.6, in place 1."""

_SIDES: dict[str, RegionSide] = {"left": "left", "right": "right", "n/a": "n/a"}


def find_atlas(name: str) -> tuple[Path, Path]:
    """Return the label image and the table of a shipped atlas.

    Parameters
    ----------
    name : str
        As in ``atlas: {name: CerebrA}``.

    Returns
    -------
    labels, table : Path
        From the checkout the package runs from, else from the installed wheel.

    Raises
    ------
    AtlasError
        If no atlas of that name is shipped.
    """
    folder = _CHECKOUT if _CHECKOUT.is_dir() else _INSTALLED
    labels, table = folder / f"{name}.nii.gz", folder / f"{name}.tsv"
    if not labels.is_file() or not table.is_file():
        shipped = listed(sorted(path.stem for path in folder.glob("*.tsv"))) or "none"
        raise AtlasError(f"no atlas {shown(name)} is shipped; shipped: {shipped}", code="atlas_unknown")
    return labels, table


def load_atlas(labels: str | Path = "CerebrA", table: str | Path | None = None) -> Atlas:
    """Read an atlas.

    Parameters
    ----------
    labels : str or Path
        Name of a shipped atlas, or, with `table`, the path of a NIfTI label
        image in MNI152NLin2009cSym (0 is no region).
    table : str or Path, optional
        Tab-separated table with the columns ``index``, ``region`` and ``side``
        (``left``, ``right``, ``n/a``); other columns are ignored.

    Returns
    -------
    Atlas
        Named by the part of the file name before the first dot.

    Raises
    ------
    AtlasError
        If a value is not a whole number, a region begins like a formula, an index or a
        (region, side) is repeated, an index of the table is not in the image or one of the image not
        in the table, a side is not one of the three, a left region lies on
        the right or the other way about, or less than 90 % of the labelled voxels of an atlas of
        one's own lie in the standard brain or within 3 mm of it (``atlas_outside``).

    Examples
    --------
    >>> atlas = load_atlas("CerebrA")
    >>> [region for region in atlas.regions if region.name == "precentral"]
    [Region(index=35, name='precentral', side='right'), Region(index=86, name='precentral', side='left')]
    """
    labels_path, table_path = find_atlas(str(labels)) if table is None else (Path(labels), Path(table))
    regions = _read_regions(table_path)
    try:
        volume = read_volume(labels_path)
    except ImageError as error:
        raise AtlasError(str(error), code=error.code) from None
    indices = np.rint(volume.data)
    if not np.isfinite(volume.data).all() or (indices != volume.data).any() or indices.min() < 0:
        raise AtlasError(f"{labels_path}: holds values that are not whole numbers from 0 up; labels are needed")
    atlas = Atlas(labels_path.name.split(".")[0], indices.astype(np.int32), volume.affine, regions)
    _check_indices(atlas, labels_path, table_path)
    _check_sides(atlas, labels_path, table_path)
    if table is not None:
        _check_place(atlas, labels_path)
    return atlas


def _read_regions(path: Path) -> tuple[Region, ...]:
    try:
        rows = read_table(path, required=("index", "region", "side"), most_bytes=MOST_TYPED_BYTES)
    except TableError as error:
        raise AtlasError(str(error), code=error.code) from None
    regions = []
    for row in rows:
        if not _INDEX.fullmatch(row["index"]):
            raise AtlasError(f"{path}: index {shown(row['index'])} is not a whole number from 1 up")
        if row["side"] not in _SIDES:
            raise AtlasError(f"{path}: side {shown(row['side'])} of {row['region']} is not left, right or n/a")
        if row["region"].endswith("_lesionfree"):
            raise AtlasError(f"{path}: region {shown(row['region'])}: the tables call a region without its lesion so")
        if inert(row["region"]) != row["region"]:
            raise AtlasError(
                f"{path}: region {shown(row['region'])} begins like a formula of a spreadsheet; begin it with a letter"
            )
        regions.append(Region(int(row["index"]), row["region"], _SIDES[row["side"]]))
    for what, keys in (
        ("index", [str(region.index) for region in regions]),
        ("region and side", [f"{region.name} {region.side}" for region in regions]),
    ):
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise AtlasError(f"{path}: duplicate {what} {twice!r}; keep one")
    return tuple(regions)


def _check_indices(atlas: Atlas, labels: Path, table: Path) -> None:
    found = {int(index) for index in np.unique(atlas.labels)} - {0}
    named = {region.index for region in atlas.regions}
    if found - named:
        raise AtlasError(f"{labels}: holds index {min(found - named)}, which {table.name} does not name")
    if named - found:
        raise AtlasError(f"{table}: names index {min(named - found)}, which {labels.name} does not hold")


def _check_sides(atlas: Atlas, labels: Path, table: Path) -> None:
    x_of_slice = atlas.affine[0, 3] + atlas.affine[0, 0] * np.arange(atlas.labels.shape[0])
    if np.abs(atlas.affine[0, 1:3]).max() > 1e-6:
        raise AtlasError(f"{labels}: its grid is rotated against left and right; an upright grid is needed")
    counts = np.apply_along_axis(
        np.bincount, 1, atlas.labels.reshape(len(x_of_slice), -1), minlength=atlas.labels.max() + 1
    )
    centres = (counts * x_of_slice[:, np.newaxis]).sum(axis=0) / np.maximum(counts.sum(axis=0), 1)
    for region in atlas.regions:
        centre = centres[region.index]
        if (region.side == "left" and centre >= 0) or (region.side == "right" and centre <= 0):
            raise AtlasError(
                f"{table}: {region.name} is called {region.side}, but in {labels.name} it lies at x = {centre:.0f} mm"
                " (left is below 0)",
                code="atlas_side",
            )


def _check_place(atlas: Atlas, labels: Path) -> None:
    near, affine = _near_brain()
    points = apply_affine(np.linalg.inv(affine) @ atlas.affine, np.argwhere(atlas.labels > 0))
    voxels = np.rint(points).astype(np.int64)
    voxels = voxels[((voxels >= 0) & (voxels < near.shape)).all(axis=1)]
    inside = float(near[tuple(voxels.T)].sum()) / len(points)
    if inside < _LEAST_INSIDE:
        raise AtlasError(
            f"{labels}: {inside:.0%} of its labelled voxels lie in the brain of {STANDARD_SPACE}, at least"
            f" {_LEAST_INSIDE:.0%} are needed; bring the labels into that space and give that image",
            code="atlas_outside",
        )


@functools.cache
def _near_brain() -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return the standard brain and what lies beside it, which labels of another make may cover, and its affine."""
    from scipy.ndimage import distance_transform_edt

    shipped = load_atlas()
    brain = brain_mask(shipped) | (shipped.labels > 0)
    distance = np.asarray(distance_transform_edt(~brain), dtype=np.float64)
    return distance <= _BESIDE_BRAIN_MM, shipped.affine
