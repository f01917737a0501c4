"""Atlases: a label image and its table, found and read."""

from __future__ import annotations

import functools
import os
import re
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import AtlasError, ImageError, did_you_mean, listed, shown
from pet_spect.imaging.atlas_tables import AtlasTable, bids_regions, read_regions, rows_of_nilearn
from pet_spect.imaging.images import canonical, read_volume, volume_from_nifti
from pet_spect.imaging.nifti_space import check_space
from pet_spect.imaging.resample import apply_affine
from pet_spect.imaging.tissue import brain_mask
from pet_spect.model import STANDARD_SPACE, Atlas, Volume

if TYPE_CHECKING:
    import nibabel as nib
    import pandas as pd

_CHECKOUT = Path(__file__).parents[3] / "atlases"
_INSTALLED = Path(sysconfig.get_path("data")) / "share" / "pet_spect" / "atlases"
_BESIDE_BRAIN_MM = 3.0
_LEAST_INSIDE = 0.9
"""CerebrA moved by 20 mm along any axis has 0.80 to 0.83 of its labels there, scaled by 1.2 it has 0.6, in place 1."""

PathLike = str | os.PathLike[str]
AtlasSource = Any
"""What `load_atlas` takes: a name, a path, a nibabel image, a nilearn atlas object, a pair, or an `Atlas`."""


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
        names = sorted(path.stem for path in folder.glob("*.tsv"))
        raise AtlasError(
            f"no atlas {shown(name)} is shipped; shipped: {listed(names) or 'none'}{did_you_mean(name, names)}",
            code="atlas_unknown",
        )
    return labels, table


def load_atlas(labels: AtlasSource = "CerebrA", table: PathLike | pd.DataFrame | None = None) -> Atlas:
    """Read an atlas.

    Parameters
    ----------
    labels : str, path, nibabel image, nilearn atlas object, pair or Atlas
        Name of a shipped atlas, or a label image in MNI152NLin2009cSym (0 is no region): a path, a nibabel image, or
        the object that a ``nilearn.datasets.fetch_atlas_...`` returns, which brings its table. A pair is image and
        table. An `Atlas` is returned as it is.
    table : path or pandas.DataFrame, optional
        Tab-separated, with the columns ``index``, ``region`` and ``side`` (``left``, ``right``, ``n/a``); or, as
        BIDS has it, ``index``, ``name`` and perhaps ``hemisphere``: without that column, left, right, lh or rh in a
        name says the side, or L or R as its first or last word, and what is left in snake_case is the region. Other
        columns are ignored. Without it, the ``.tsv`` beside the image is read.

    Returns
    -------
    Atlas
        Named by the part of the file name before the first dot; ``atlas`` if it is in memory.

    Raises
    ------
    AtlasError
        If a value is not a whole number, a region begins like a formula, an index or a
        (region, side) is repeated, an index of the table is not in the image (BIDS and nilearn tables may name more)
        or one of the image not in the table, a side is not one of the three, a left region lies on
        the right or the other way about, or less than 90 % of the labelled voxels of an atlas of
        one's own lie in the standard brain or within 3 mm of it (``atlas_outside``).

    Examples
    --------
    >>> atlas = load_atlas("CerebrA")
    >>> [region for region in atlas.regions if region.name == "precentral"]
    [Region(index=35, name='precentral', side='right'), Region(index=86, name='precentral', side='left')]

    An atlas of your own in memory, with names as BIDS has them:

    >>> import nibabel as nib
    >>> import pandas as pd
    >>> place = np.diag([20.0, 20.0, 20.0, 1.0])
    >>> place[:3, 3] = -20, -20, 40
    >>> image = nib.Nifti1Image(np.array([[[1]], [[0]], [[2]]], dtype=np.uint8), place)
    >>> load_atlas(image, pd.DataFrame({"index": [1, 2], "name": ["M1_L", "M1_R"]})).regions
    (Region(index=1, name='m1', side='left'), Region(index=2, name='m1', side='right'))
    """
    if isinstance(labels, Atlas):
        return labels
    if isinstance(labels, tuple) and len(labels) == 2:
        return load_atlas(*labels)
    if isinstance(labels, Mapping):
        return _nilearn_atlas(labels)
    if isinstance(labels, str | os.PathLike):
        return _atlas_of_files(labels, table)
    if not hasattr(labels, "get_filename"):
        raise AtlasError(
            "an atlas is needed: a name, a path, a nibabel image with its table, a nilearn atlas object or a pair of"
            f" image and table; found {shown(labels)}"
        )
    if table is None:
        raise AtlasError("the label image: its table is needed, too: load_atlas(image, table)")
    named = _read_table(table)
    name = Path(labels.get_filename() or "atlas").name.split(".")[0]
    return _in_place(_atlas_of(_labels_of(labels), name, "the label image", named), "the label image")


def _atlas_of_files(labels: PathLike, table: PathLike | pd.DataFrame | None) -> Atlas:
    path = Path(labels)
    own = table is not None or path.name.lower().endswith((".nii", ".nii.gz"))
    if not own:
        path, table = find_atlas(str(labels))
    elif table is None and not path.is_file():
        raise AtlasError(f"{path}: does not exist")
    named = _read_table(table_beside(path) if table is None else table)
    atlas = _atlas_of(read_labels(path), path.name.split(".")[0], str(path), named)
    return _in_place(atlas, str(path)) if own else atlas


def _read_table(table: PathLike | pd.DataFrame) -> AtlasTable:
    return read_regions(Path(table) if isinstance(table, str | os.PathLike) else table)


def table_beside(labels: Path) -> Path:
    """Return the table that goes with a label image: of its name, or, as BIDS has it, of its name without ``res-``.

    Raises
    ------
    AtlasError
        If there is none.
    """
    stem = labels.name.split(".")[0]
    names = [f"{stem}.tsv", f"{re.sub('_(space|res|den)-[A-Za-z0-9]+', '', stem)}.tsv"]
    table_path = next((labels.with_name(name) for name in names if labels.with_name(name).is_file()), None)
    if table_path is None:
        tried = listed(dict.fromkeys(names), joined=" or ")
        raise AtlasError(f"{labels}: its table is needed, too; {tried} is not beside it")
    return table_path


def read_labels(path: Path) -> Volume:
    """Return a label image.

    Raises
    ------
    AtlasError
        If it cannot be read or holds values that are no labels.
    """
    try:
        volume = read_volume(path)
    except ImageError as error:
        raise AtlasError(str(error), code=error.code) from None
    return _whole(volume, str(path))


def _labels_of(image: nib.spatialimages.SpatialImage) -> Volume:
    origin = "the label image"
    try:
        check_space(image, origin)
        volume = canonical(volume_from_nifti(image, origin))
    except ImageError as error:
        raise AtlasError(str(error), code=error.code) from None
    return _whole(volume, origin)


def _whole(volume: Volume, origin: str) -> Volume:
    indices = np.rint(volume.data)
    if not np.isfinite(volume.data).all() or (indices != volume.data).any() or indices.min() < 0:
        raise AtlasError(f"{origin}: holds values that are not whole numbers from 0 up; labels are needed")
    return Volume(indices, volume.affine)


def _atlas_of(volume: Volume, name: str, origin: str, table: AtlasTable) -> Atlas:
    labels = volume.data.astype(np.int32)
    atlas = Atlas(name, labels, volume.affine, table.of({int(index) for index in np.unique(labels)}))
    _check_indices(atlas, origin, Path(table.origin).name)
    _check_sides(atlas, origin, Path(table.origin).name)
    return atlas


def _nilearn_atlas(source: Mapping[str, Any]) -> Atlas:
    if "maps" not in source:
        raise AtlasError(f"an atlas object with maps is needed; found {listed(source)}")
    if source.get("atlas_type") == "probabilistic":
        raise AtlasError("the nilearn atlas is probabilistic; one with labels is needed")
    maps = source["maps"]
    of_file = isinstance(maps, str | os.PathLike)
    origin = str(maps) if of_file else "the label image"
    volume = read_labels(Path(maps)) if of_file else _labels_of(maps)
    rows = rows_of_nilearn(source, {int(index) for index in np.unique(volume.data)})
    table = AtlasTable("the nilearn atlas", tuple(bids_regions(rows, "the nilearn atlas")), names_more=True)
    return _in_place(_atlas_of(volume, Path(origin).name.split(".")[0] if of_file else "atlas", origin, table), origin)


def _check_indices(atlas: Atlas, labels: str, table: str) -> None:
    held = {int(index) for index in np.unique(atlas.labels)} - {0}
    named = {region.index for region in atlas.regions}
    if held - named:
        raise AtlasError(f"{labels}: holds index {min(held - named)}, which {table} does not name")
    if named - held:
        raise AtlasError(f"{table}: names index {min(named - held)}, which {Path(labels).name} does not hold")


def _check_sides(atlas: Atlas, labels: str, table: str) -> None:
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
                f"{table}: {region.name} is called {region.side}, but in {Path(labels).name} it lies at"
                f" x = {centre:.0f} mm (left is below 0)",
                code="atlas_side",
            )


def _in_place(atlas: Atlas, labels: str) -> Atlas:
    """Return an atlas that lies in the standard brain; another one is an error."""
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
    return atlas


@functools.cache
def _near_brain() -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return the standard brain and what lies beside it, which labels of another make may cover, and its affine."""
    from scipy.ndimage import distance_transform_edt

    shipped = load_atlas()
    brain = brain_mask(shipped) | (shipped.labels > 0)
    distance = np.asarray(distance_transform_edt(~brain), dtype=np.float64)
    return distance <= _BESIDE_BRAIN_MM, shipped.affine
