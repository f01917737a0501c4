"""The tissue maps of the ICBM 2009 symmetric template, which nilearn carries."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pet_spect.model import Atlas, Volume

BRAIN_FROM = 0.2
"""T1 signal of the brain mask, of the largest."""


@dataclass(frozen=True)
class TissueMaps:
    """Tissue on the grid of an atlas.

    Attributes
    ----------
    grey, white : (X, Y, Z) float32 array
        Fraction of the voxel, 0 to 1.
    brain : (X, Y, Z) bool array
        The brain mask.
    """

    grey: NDArray[np.float32]
    white: NDArray[np.float32]
    brain: NDArray[np.bool_]


def tissue_maps(atlas: Atlas) -> TissueMaps:
    """Return grey matter, white matter and brain on the grid of an atlas.

    Parameters
    ----------
    atlas : Atlas
        On a 1 mm grid whose voxel centres are whole millimetres, like the maps'.

    Returns
    -------
    TissueMaps
        0 where the maps do not reach: they are cut at z = -72 mm.
    """
    grey, white = (_placed(nilearn_map(name), atlas) for name in ("gm", "wm"))
    return TissueMaps(grey, white, brain_mask(atlas))


def nilearn_map(name: str) -> Volume:
    """Return a map that nilearn carries, scaled to a maximum of 1, as its ``load_mni152_..._template`` do.

    Parameters
    ----------
    name : {'gm', 'wm', 't1'}
        Grey matter, white matter, or the T1-weighted brain.
    """
    # importing nilearn takes longer than all that is done with its maps
    package = find_spec("nilearn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("nilearn is not installed")
    image = nib.Nifti1Image.from_filename(
        Path(package.origin).parent / f"datasets/data/mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz"
    )
    data = np.asarray(image.dataobj).astype(np.float32)
    return Volume(data / data.max(), np.asarray(image.affine, dtype=np.float64))


def brain_mask(atlas: Atlas) -> NDArray[np.bool_]:
    """Return the brain on the grid of an atlas, as for `tissue_maps`."""
    return np.asarray(_placed(nilearn_map("t1"), atlas) > BRAIN_FROM)


def t1_map(atlas: Atlas) -> NDArray[np.float32]:
    """Return the T1-weighted image of the ICBM 2009 symmetric brain on the grid of an atlas.

    Parameters
    ----------
    atlas : Atlas
        As for `tissue_maps`.

    Returns
    -------
    (X, Y, Z) float32 array
        White matter near 0.9, grey matter near 0.65, CSF near 0.2; 0 outside the brain. Regions below
        z = -72 mm, where the image is cut, have the median of the brain.
    """
    image = _placed(nilearn_map("t1"), atlas)
    brain = image > BRAIN_FROM
    t1 = np.where(brain, image, 0)
    t1[(atlas.labels > 0) & ~brain] = np.median(t1[brain])
    return np.asarray(t1, dtype=np.float32)


def _placed(image: Volume, atlas: Atlas) -> NDArray[np.float32]:
    source = image.data
    offset = np.rint(image.affine[:3, 3] - atlas.affine[:3, 3]).astype(int)
    target: NDArray[np.float32] = np.zeros(atlas.labels.shape, dtype=np.float32)
    into = [slice(max(o, 0), min(o + s, t)) for o, s, t in zip(offset, source.shape, target.shape, strict=True)]
    target[tuple(into)] = source[tuple(slice(i.start - o, i.stop - o) for i, o in zip(into, offset, strict=True))]
    return target
