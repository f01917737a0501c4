"""A participant's T1-weighted MR or CT: the standard head's, through the same warp, with the infarct in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from pet_spect.imaging.head_layers import SKULL_REACHES_MM, distance_outside
from pet_spect.imaging.resample import resample_affine
from pet_spect.imaging.tissue import TissueMaps, t1_map, tissue_maps
from pet_spect.model import Atlas, Volume
from pet_spect.simulate.design import AnatKind
from pet_spect.simulate.heads.anatomy import Anatomy, smooth_noise, upsample
from pet_spect.simulate.heads.standard_head import fill_layers

_FACE_MM, _FACE_RADII_MM = (0.0, 50.0, -55.0), (55.0, 55.0, 35.0)
_BIAS_MM, _BIAS_SD = 60.0, 0.12
_BIAS_GRID_MM = 16.0
_GREY_HU, _WHITE_HU, _CSF_HU = 37.0, 28.0, 5.0
_LARGEST_HU = 3071.0
_GREY_VALUES = 1000.0


@dataclass(frozen=True)
class Modality:
    """How a kind of image shows a head, and on which grid.

    Attributes
    ----------
    layers : four floats
        CSF around the brain, skull, scalp, air.
    muscle : float
        Of the face.
    lesion : float
        An old infarct.
    noise : float
        Standard deviation; of MR in each of the two channels whose magnitude is the image.
    shape : three ints
        Columns, rows, slices.
    voxel_mm : three floats
    axes : (3, 3) int array
        Where column, row and slice index grow towards, RAS+ in columns.
    """

    layers: tuple[float, float, float, float]
    muscle: float
    lesion: float
    noise: float
    shape: tuple[int, int, int]
    voxel_mm: tuple[float, float, float]
    axes: NDArray[np.int_]


MODALITIES: Mapping[AnatKind, Modality] = MappingProxyType(
    {
        # sagittal slices, columns towards the back, rows downwards
        "T1w": Modality(
            (0.2, 0.06, 0.85, 0.0),
            0.45,
            0.22,
            0.03,
            (256, 256, 192),
            (1.0, 1.0, 1.0),
            np.array([[0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
        ),
        "CT": Modality(
            (_CSF_HU, 900.0, 40.0, -1000.0),
            55.0,
            12.0,
            4.0,
            (256, 256, 90),
            (0.9375, 0.9375, 2.0),
            np.array([[-1, 0, 0], [0, -1, 0], [0, 0, 1]]),
        ),
    }
)


def standard_anat(kind: AnatKind, atlas: Atlas, *, step: int = 1) -> NDArray[np.float32]:
    """Return the standard head as an MR or a CT sees it, without noise.

    Parameters
    ----------
    kind : {'T1w', 'CT'}
    atlas : Atlas
        CerebrA on its 1 mm grid.
    step : int, default 1
        Keep every `step`-th voxel, as `pet_spect.simulate.heads.standard_head.standard_head` does.

    Returns
    -------
    (X, Y, Z) float32 array
        T1w: white matter near 0.9. CT: Hounsfield units. The brain is the ICBM 2009 symmetric one;
        skull, scalp and face are drawn around it.
    """
    tissue, modality = tissue_maps(atlas), MODALITIES[kind]
    outside_mm = distance_outside(tissue.brain | (atlas.labels > 0))
    values = t1_map(atlas) if kind == "T1w" else _brain_hu(tissue, atlas)
    fill_layers(values, outside_mm, modality.layers)
    values[_face(atlas) & (outside_mm > SKULL_REACHES_MM)] = modality.muscle
    return np.ascontiguousarray(values[::step, ::step, ::step])


def _brain_hu(tissue: TissueMaps, atlas: Atlas) -> NDArray[np.float32]:
    rest = np.maximum(1 - tissue.grey - tissue.white, 0)
    values = _GREY_HU * tissue.grey + _WHITE_HU * tissue.white + _CSF_HU * rest
    values[(atlas.labels > 0) & ~tissue.brain] = (_GREY_HU + _WHITE_HU) / 2  # where the tissue maps are cut
    return np.asarray(values, dtype=np.float32)


def _face(atlas: Atlas) -> NDArray[np.bool_]:
    axes = [
        (atlas.affine[axis, 3] + atlas.affine[axis, axis] * np.arange(extent) - centre) / radius
        for axis, (extent, centre, radius) in enumerate(zip(atlas.labels.shape, _FACE_MM, _FACE_RADII_MM, strict=True))
    ]
    x, y, z = np.ix_(*axes)
    return np.asarray(x**2 + y**2 + z**2 <= 1)


def scan_anat(
    kind: AnatKind,
    standard: NDArray[np.float32],
    anatomy: Anatomy,
    lost: NDArray[np.float32],
    pose: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    thin: int = 1,
) -> Volume:
    """Image a participant's head.

    Parameters
    ----------
    kind : {'T1w', 'CT'}
    standard : (X, Y, Z) float32 array
        See `standard_anat`, on the grid of the head that `anatomy` was made from.
    anatomy : Anatomy
    lost : (X, Y, Z) float32 array
        The infarct, see `pet_spect.simulate.heads.stroke.infarct`.
    pose : (4, 4) float64 array
        Participant points to points of the scanner.
    rng : numpy random generator
    thin : int, default 1
        Divides the number of columns, rows and slices.

    Returns
    -------
    Volume
        T1w: whole numbers from 0, with a smooth bias field and Rician noise. CT: whole Hounsfield units.
    """
    head, modality = anatomy.head, MODALITIES[kind]
    origin = head.affine[:3, 3].astype(np.float32).reshape(3, 1, 1, 1)
    voxels = (anatomy.standard_points - origin) / np.float32(head.affine[0, 0])
    if anatomy.thinned is not None:
        standard = standard + anatomy.thinned * (np.float32(modality.layers[0]) - standard)
    own = map_coordinates(standard, voxels, order=1, mode="nearest", output=np.float32)
    own += lost * (np.float32(modality.lesion) - own)
    grid = np.eye(4)
    grid[:3, :3] = modality.axes * np.array(modality.voxel_mm) * thin
    shape = tuple(extent // thin for extent in modality.shape)
    grid[:3, 3] = -grid[:3, :3] @ (np.array(shape) - 1) / 2
    resampled = resample_affine(Volume(own, head.affine), shape, grid, np.linalg.inv(pose))
    clean = np.nan_to_num(resampled.data, nan=modality.layers[-1])
    if kind == "CT":
        noisy = clean + np.float32(modality.noise) * rng.standard_normal(shape, dtype=np.float32)
        return Volume(np.rint(np.clip(noisy, -1000, _LARGEST_HU)).astype(np.float32), grid)
    clean *= _bias(rng, shape, np.array(modality.voxel_mm) * thin)
    real, imaginary = (np.float32(modality.noise) * rng.standard_normal(shape, dtype=np.float32) for _ in range(2))
    magnitude = np.hypot(clean + real, imaginary)
    return Volume(np.rint(_GREY_VALUES * magnitude).astype(np.float32), grid)


def _bias(rng: np.random.Generator, shape: tuple[int, ...], voxel_mm: NDArray[np.float64]) -> NDArray[np.float32]:
    step = max(1, round(_BIAS_GRID_MM / voxel_mm[0]))
    coarse = tuple(int(np.ceil((extent - 1) / step)) + 2 for extent in shape)
    noise = smooth_noise(rng, coarse, _BIAS_MM / (step * voxel_mm))
    return np.asarray(np.exp(np.float32(_BIAS_SD) * upsample(noise, shape, step)), dtype=np.float32)
