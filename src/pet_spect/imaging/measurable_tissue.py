"""Brain of the standard space, and its tissue in which uptake can be measured."""

from __future__ import annotations

from functools import cache

import numpy as np

from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.normal_uptake import VENTRICLES
from pet_spect.imaging.tissue import brain_mask, tissue_maps
from pet_spect.model import Volume

_MOSTLY = 0.5


@cache
def standard_brain() -> Volume:
    """Return the brain, CSF within it included: 1 inside, else 0, on the grid of CerebrA."""
    atlas = load_atlas("CerebrA")
    return Volume((brain_mask(atlas) | (atlas.labels > 0)).astype(np.float32), atlas.affine)


@cache
def measurable_tissue() -> Volume:
    """Return where there is brain tissue and not CSF: no ventricle, nothing outside the brain.

    Returns
    -------
    Volume
        1 in tissue that is tissue on the other side, too, else 0: mirror-symmetric, on the grid of CerebrA, which is
        symmetric about x = 0.
    """
    atlas = load_atlas("CerebrA")
    maps = tissue_maps(atlas)
    ventricles = [region.index for region in atlas.regions if region.name in VENTRICLES]
    tissue = ((maps.grey + maps.white > _MOSTLY) | (atlas.labels > 0)) & ~np.isin(atlas.labels, ventricles)
    return Volume((tissue & tissue[::-1]).astype(np.float32), atlas.affine)
