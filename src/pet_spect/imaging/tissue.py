"""The tissue maps of the ICBM 2009 symmetric template, which nilearn carries."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pet_spect.model import Atlas, Volume

_FILE = "mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"
_BRAIN_FROM = 0.2
"""The threshold of ``nilearn.datasets.load_mni152_brain_mask``."""


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
    return TissueMaps(_placed(nilearn_map("gm"), atlas), _placed(nilearn_map("wm"), atlas), brain_mask(atlas))


def brain_mask(atlas: Atlas) -> NDArray[np.bool_]:
    """Return the brain on the grid of an atlas, as for `tissue_maps`."""
    return np.asarray(_placed(nilearn_map("t1"), atlas) > _BRAIN_FROM)


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
    brain = image > _BRAIN_FROM
    t1 = np.where(brain, image, 0)
    t1[(atlas.labels > 0) & ~brain] = np.median(t1[brain])
    return np.asarray(t1, dtype=np.float32)


def nilearn_map(kind: Literal["gm", "wm", "t1"]) -> Volume:
    """Return grey matter, white matter or the T1-weighted brain of the ICBM 2009a symmetric template, 1 mm.

    The same as ``nilearn.datasets.load_mni152_gm_template`` and its kin, without a second of imports: from the files
    themselves.

    Returns
    -------
    Volume
        Scaled to a greatest value of 1.
    """
    package = find_spec("nilearn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("nilearn is not installed")
    image = nib.Nifti1Image.from_filename(Path(package.origin).parent / "datasets" / "data" / _FILE.format(kind))
    data = np.asarray(image.dataobj, dtype=np.float32)
    return Volume(data / data.max(), image.affine)


def _placed(source: Volume, atlas: Atlas) -> NDArray[np.float32]:
    offset = np.rint(source.affine[:3, 3] - atlas.affine[:3, 3]).astype(int)
    target: NDArray[np.float32] = np.zeros(atlas.labels.shape, dtype=np.float32)
    shapes = zip(offset, source.data.shape, target.shape, strict=True)
    into = [slice(max(o, 0), min(o + s, t)) for o, s, t in shapes]
    target[tuple(into)] = source.data[tuple(slice(i.start - o, i.stop - o) for i, o in zip(into, offset, strict=True))]
    return target
