"""The tissue maps of the ICBM 2009 symmetric template, which nilearn carries."""

from __future__ import annotations

from dataclasses import dataclass

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pet_spect.model import Atlas


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
    from nilearn.datasets import load_mni152_gm_template, load_mni152_wm_template

    grey, white = (_placed(load(resolution=1), atlas) for load in (load_mni152_gm_template, load_mni152_wm_template))
    return TissueMaps(grey, white, brain_mask(atlas))


def brain_mask(atlas: Atlas) -> NDArray[np.bool_]:
    """Return the brain on the grid of an atlas, as for `tissue_maps`."""
    from nilearn.datasets import load_mni152_brain_mask

    return np.asarray(_placed(load_mni152_brain_mask(resolution=1), atlas) > 0)


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
    from nilearn.datasets import load_mni152_template

    image, brain = _placed(load_mni152_template(resolution=1), atlas), brain_mask(atlas)
    t1 = np.where(brain, image, 0)
    t1[(atlas.labels > 0) & ~brain] = np.median(t1[brain])
    return np.asarray(t1, dtype=np.float32)


def _placed(image: nib.Nifti1Image, atlas: Atlas) -> NDArray[np.float32]:
    source = np.asarray(image.dataobj, dtype=np.float32)
    offset = np.rint(image.affine[:3, 3] - atlas.affine[:3, 3]).astype(int)
    target: NDArray[np.float32] = np.zeros(atlas.labels.shape, dtype=np.float32)
    into = [slice(max(o, 0), min(o + s, t)) for o, s, t in zip(offset, source.shape, target.shape, strict=True)]
    target[tuple(into)] = source[tuple(slice(i.start - o, i.stop - o) for i, o in zip(into, offset, strict=True))]
    return target
