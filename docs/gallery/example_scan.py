"""A small simulated scan in MNI152NLin2009cSym for the examples; in your work this is a file of your own."""

import nibabel as nib
import numpy as np
from nilearn.datasets import load_mni152_gm_template, load_mni152_wm_template
from scipy.ndimage import gaussian_filter

import pet_spect

MM = 4


def example_scan(ratio: float = 0.8, *, grey: float = 1.0, white: float = 0.3, seed: int = 0) -> nib.Nifti1Image:
    """Return a scan whose left motor cortex has `ratio` times the uptake of the right one."""
    tissue, of_white = load_mni152_gm_template(resolution=1), load_mni152_wm_template(resolution=1)
    uptake = grey * np.asarray(tissue.dataobj) + white * np.asarray(of_white.dataobj)
    uptake[_voxels("precentral", "left", tissue.affine)] *= ratio
    uptake[_voxels("pons", "n/a", tissue.affine)] = white
    blurred = gaussian_filter(uptake, 6 / 2.355)[MM // 2 :: MM, MM // 2 :: MM, MM // 2 :: MM]
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=blurred.shape), 1.0)
    affine = tissue.affine @ np.diag([MM, MM, MM, 1])
    affine[:3, 3] = tissue.affine[:3, 3] + MM // 2
    return nib.Nifti1Image((1e4 * blurred * (1 + 0.05 * noise)).astype(np.float32), affine)


def _voxels(name: str, side: str, affine: np.ndarray) -> tuple[np.ndarray, ...]:
    atlas = pet_spect.load_atlas("CerebrA")
    index = next(region.index for region in atlas.regions if (region.name, region.side) == (name, side))
    to_voxels = np.linalg.inv(affine) @ atlas.affine
    return tuple(np.rint(np.argwhere(atlas.labels == index) @ to_voxels[:3, :3].T + to_voxels[:3, 3]).astype(int).T)
