"""Whether the brain that an image shows lies on the standard brain."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pet_spect.errors import ImageError
from pet_spect.imaging.atlases import load_atlas
from pet_spect.imaging.resample import Points, apply_affine, displace, grid_points, sample
from pet_spect.imaging.tissue import brain_mask
from pet_spect.model import STANDARD_SPACE, Volume, Warp

FARTHEST_MM = 4.5
"""As far the brain of an image may lie from the standard brain (mean over the brain).

In place, 31 simulated FDG-PET and IMZ-SPECT lie up to 2.3 mm off, a real FDG scan 0.8 mm, a mean of healthy FDG scans
3.2 mm; any of them moved by 8 mm along an axis, or turned by 10 degrees, lies 5.4 mm off or more.
"""

SCALES = 0.95, 1.13
"""Between these an image's brain may be larger than the standard brain.

Blur makes it look larger: in place it is 1.04 to 1.09, scaled by 1.1 it is 1.15 or more.
"""

_SMOOTH_MM = 3.0
_BRAIN_SMOOTH_MM = 4.0
_STEP_MM = 6.0
_LOWEST_MM = -40.0  # below lie the neck and the face, which no mask of the brain holds
_BRIGHT = 0.7
_FLAT = 0.02
_LEAST_IN_VIEW = 0.3
_SMALLER_THAN_A_HEAD_ML = 1000.0
_LIKE_A_BRAIN = 0.6
_LEAST_INSIDE = 0.8
_MOST_STEPS = 600
_UNITS = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.01])

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BrainPlace:
    """Where the brain of an image lies.

    Attributes
    ----------
    in_view : float
        Fraction of the standard brain in the image's field of view; below 30 % nothing else is computed.
    likeness : float
        Correlation of the image with the standard brain where it fits best, -1 to 1.
    off_mm : float
        How far the brain there lies from the standard brain, mean over the brain; turns count, size does not.
    scale : float
        How much larger it is.
    inside : float
        Fraction of the image's uptake that lies in the standard brain or close to it.
    """

    in_view: float
    likeness: float = 0.0
    off_mm: float = 0.0
    scale: float = 1.0
    inside: float = 0.0


@functools.cache
def _soft_brain() -> Volume:
    atlas = load_atlas()
    brain = (brain_mask(atlas) | (atlas.labels > 0)).astype(np.float32)
    return Volume(gaussian_filter(brain, _BRAIN_SMOOTH_MM), atlas.affine)


def brain_place(
    image: Volume, to_participant: NDArray[np.float64] | None = None, to_standard: Warp | None = None
) -> BrainPlace | None:
    """Return where the brain of an image lies; None if the image cannot tell.

    The image is cut off at `_BRIGHT` of what is usual in the brain, so that every tracer looks like a mask of the
    brain; the standard brain is moved, turned and scaled for the highest correlation with it.

    Parameters
    ----------
    image : Volume
        NaN is out of view.
    to_participant, to_standard
        As in `pet_spect.quantify.measurement`.

    Returns
    -------
    BrainPlace or None
        None if the field of view is smaller than a head, or all that is in view of the brain is equally bright.
    """
    soft = _soft_brain()
    smooth = gaussian_filter(np.nan_to_num(image.data), _SMOOTH_MM / image.voxel_size)
    step = np.maximum(1, np.rint(_STEP_MM / image.voxel_size)).astype(int)
    some = tuple(slice(n // 2, None, n) for n in step)
    affine = image.affine @ np.diag([*step, 1.0])
    affine[:3, 3] = apply_affine(image.affine, np.array([[n // 2 for n in step]]))[0]
    values, is_in_view = smooth[some], np.isfinite(image.data[some])
    points = grid_points(values.shape, affine)
    points = points if to_participant is None else apply_affine(to_participant, points)
    points = points if to_standard is None else displace(to_standard, points)
    points, bright = points[is_in_view.ravel()], values[is_in_view].astype(np.float64)
    brain = _at(soft, points)
    whole = float((soft.data > 0.5).sum()) * abs(np.linalg.det(soft.affine[:3, :3]))
    in_view = float((brain > 0.5).sum() * abs(np.linalg.det(affine[:3, :3])) / whole)
    if in_view < _LEAST_IN_VIEW:
        return None if image.data.size * image.voxel_ml < _SMALLER_THAN_A_HEAD_ML else BrainPlace(in_view)
    level = float(np.percentile(bright[brain > 0.5], 75))
    positive = np.maximum(bright, 0)
    inside = float(positive[brain > 0.02].sum() / positive.sum()) if positive.any() else 1.0
    if not level > 0:
        return BrainPlace(in_view, inside=inside)
    bright = np.clip(bright / (_BRIGHT * level), 0, 1)
    if bright.std() < _FLAT:
        return None
    judged = points[:, 2] > _LOWEST_MM
    motion, likeness = _best_motion(soft, points[judged], bright[judged])
    within = points[brain > 0.5]
    rigid = np.array([*motion[:6], 0.0])
    off = np.linalg.norm(apply_affine(_matrix(rigid, within.mean(axis=0)), within) - within, axis=1)
    return BrainPlace(in_view, likeness, float(off.mean()), float(np.exp(motion[6])), inside)


def _at(volume: Volume, points: Points) -> Floats:
    return np.nan_to_num(sample(volume, points)).astype(np.float64)


def _matrix(motion: Floats, centre: Floats) -> Floats:
    from scipy.spatial.transform import Rotation

    matrix = np.eye(4)
    matrix[:3, :3] = np.exp(motion[6]) * Rotation.from_rotvec(np.radians(motion[3:6])).as_matrix()
    matrix[:3, 3] = centre + motion[:3] - matrix[:3, :3] @ centre
    return matrix


def _best_motion(soft: Volume, points: Floats, bright: Floats) -> tuple[Floats, float]:
    """Return how the standard brain is moved (mm), turned (degrees) and scaled (log) to fit best, and how well."""
    still = _at(soft, points)
    near, centre = still > 0.02, points[still > 0.5].mean(axis=0)

    def likeness(motion: Floats) -> float:
        moved = _at(soft, apply_affine(np.linalg.inv(_matrix(motion, centre)), points))
        chosen = near | (moved > 0.02)
        one, other = bright[chosen] - bright[chosen].mean(), moved[chosen] - moved[chosen].mean()
        return float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum() + 1e-9))

    best = np.zeros(7)
    highest, step, steps = likeness(best), 8.0, 0
    while step >= 1 and steps < _MOST_STEPS:
        better = False
        for axis in range(7):
            for sign in (1, -1):
                tried = best.copy()
                tried[axis] += sign * step * _UNITS[axis]
                tried_likeness = likeness(tried)
                steps += 1
                if tried_likeness > highest + 1e-5:
                    best, highest, better = tried, tried_likeness, True
                    break
        step = step if better else step / 2
    return best, highest


def check_brain_overlap(
    image: Volume,
    to_participant: NDArray[np.float64] | None = None,
    to_standard: Warp | None = None,
    *,
    name: str = "the image",
) -> None:
    """Refuse an image whose brain does not lie on the standard brain.

    An image that cannot tell (see `brain_place`) passes.

    Raises
    ------
    ImageError
        With the code ``image_space``.

    Examples
    --------
    >>> atlas = load_atlas()
    >>> brain = Volume((atlas.labels > 0).astype(np.float32), atlas.affine)
    >>> check_brain_overlap(brain)
    >>> away = Volume(brain.data, brain.affine + np.array([[0, 0, 0, 8.0], *[[0] * 4] * 3]))
    >>> check_brain_overlap(away)
    Traceback (most recent call last):
    pet_spect.errors.ImageError: the image: its brain lies 8 mm from the brain of MNI152NLin2009cSym, at most 4.5 mm...
    """
    place = brain_place(image, to_participant, to_standard)
    if place is None:
        return
    low, high = SCALES
    if place.in_view < _LEAST_IN_VIEW:
        fault = f"{place.in_view:.0%} of the brain of {STANDARD_SPACE} is in view"
    elif place.likeness < _LIKE_A_BRAIN:
        if place.inside >= _LEAST_INSIDE:
            return
        fault = f"{place.inside:.0%} of its uptake lies in the brain of {STANDARD_SPACE}, {_LEAST_INSIDE:.0%} is needed"
    elif place.off_mm > FARTHEST_MM:
        fault = f"its brain lies {place.off_mm:.0f} mm from the brain of {STANDARD_SPACE}, at most {FARTHEST_MM} mm is"
        fault += " accepted"
    elif not low <= place.scale <= high:
        fault = (
            f"its brain is {place.scale:.2f} times as large as that of {STANDARD_SPACE}, {low} to {high} is accepted"
        )
    else:
        return
    raise ImageError(
        f"{name}: {fault}; bring it into that space, give its transforms, or insist with check_space=False",
        code="image_space",
    )
