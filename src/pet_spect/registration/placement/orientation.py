"""Orientation of the head and likeness to a brain of this tracer, found before anything is registered.

The template is laid on the scan in all 24 right-angled turns, the best few also tilted and resized, at every shift at
once (normalised cross-correlation by Fourier transform, Padfield 2012, doi 10.1109/TIP.2011.2181402). A mirrored
head is not told from a direct one here: the template is symmetric.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfftn, next_fast_len, rfftn
from scipy.ndimage import affine_transform, binary_dilation, gaussian_filter
from scipy.spatial.transform import Rotation

from pet_spect.errors import RegistrationError
from pet_spect.model import Volume
from pet_spect.registration.gates.plausibility import Gates
from pet_spect.registration.templates.template import WORKING_VOXEL_MM, Template

_GRID_MM = 10.0
_SMOOTHING_MM = 6.0
_BOX = 24
"""Voxels along each edge of the cube that the template is laid out in: room for a large brain."""

_RIM_MM = 10.0
_SIZE = 0.95
_SIZES = (0.78, 0.86, 0.95, 1.05, 1.16)
"""Of a head against the template, tried in turn."""

_TILTS = ((0, 0, 0), (-20, 0, 0), (20, 0, 0), (0, 0, 20), (0, 0, -20), (0, 20, 0), (0, -20, 0))
"""Degrees about the axes to the right, to the front and upwards."""

_REFINED = 3
_LEAST_IN_VIEW = 0.5

FloatArray = NDArray[np.float32]


def _right_angled() -> list[NDArray[np.float64]]:
    turns = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        turn = np.zeros((3, 3))
        turn[range(3), order] = signs
        if np.linalg.det(turn) > 0:
            turns.append(turn)
    return sorted(turns, key=lambda turn: -float(np.trace(turn)))


TURNS = _right_angled()
"""The 24 rotations of a cube, the first being none."""


@dataclass(frozen=True)
class Fit:
    """How well a scan fits a template, as it lies and turned.

    Attributes
    ----------
    upright : float
        Best correlation within 20 degrees of the scanner's axes.
    turned : float
        Best correlation in any other right-angled turn.
    degrees : float
        The angle of that turn.
    pose : (4, 4) float array
        Standard points to scan points of the best upright place, a similarity transform, to 10 mm and 20 degrees.
    """

    upright: float
    turned: float
    degrees: float
    pose: NDArray[np.float64]


@dataclass(frozen=True)
class _Place:
    """A correlation, and where the box of the template lies on the coarse grid: the shift of its first voxel."""

    correlation: float
    shift: NDArray[np.int64]
    rotation: NDArray[np.float64]
    size: float


class _Scan:
    """A scan on a coarse grid, transformed once for all templates laid on it."""

    def __init__(self, head: Volume) -> None:
        voxel = head.voxel_size
        is_in_view = np.isfinite(head.data)
        smooth = gaussian_filter(np.where(is_in_view, head.data, 0), tuple(_SMOOTHING_MM / voxel))
        shape = tuple(np.maximum(1, np.ceil(np.array(head.data.shape) * voxel / _GRID_MM)).astype(int))
        to_voxel, offset = np.diag(_GRID_MM / voxel), (_GRID_MM / voxel - 1) / 2
        view = affine_transform(is_in_view.astype(np.float32), to_voxel, offset, output_shape=shape, order=1) > 0.5
        data = affine_transform(smooth, to_voxel, offset, output_shape=shape, order=1, mode="nearest")
        data = np.where(view, data / max(float(np.abs(data).max()), 1e-30), 0).astype(np.float32)
        self.shape = [next_fast_len(extent + _BOX, real=True) for extent in shape]
        self.view, self.sum, self.square = (
            rfftn(part, self.shape) for part in (view.astype(np.float32), data, data * data)
        )

    def best_shift(self, template: FloatArray, mask: FloatArray) -> tuple[float, NDArray[np.int64]]:
        """Return the best correlation within the mask over all shifts that leave half of it in view, and the shift."""
        inside, first, second = (
            np.conj(rfftn(part, self.shape)) for part in (mask, template * mask, template * template * mask)
        )

        def total(scan: NDArray[np.complexfloating], other: NDArray[np.complexfloating]) -> FloatArray:
            return np.asarray(irfftn(scan * other, self.shape))

        count = np.maximum(total(self.view, inside), 1)
        of_template, of_scan = total(self.view, first), total(self.sum, inside)
        spread_template = total(self.view, second) - of_template**2 / count
        spread_scan = total(self.square, inside) - of_scan**2 / count
        # a hundredth of the usual spread: where the scan is flat, rounding must not pass for agreement
        floor_template, floor_scan = 0.01 * spread_template.max(), 0.01 * spread_scan.max()
        spread = np.maximum(spread_template, floor_template) * np.maximum(spread_scan, floor_scan)
        common = total(self.sum, first) - of_template * of_scan / count
        correlations = np.where(count > _LEAST_IN_VIEW * mask.sum(), common / np.sqrt(np.maximum(spread, 1e-30)), -1)
        place = np.array(np.unravel_index(int(correlations.argmax()), correlations.shape))
        wrapped = place > np.array(correlations.shape) - _BOX
        return float(correlations.max()), np.where(wrapped, place - np.array(correlations.shape), place)


class _Layout:
    """A template that can be laid out in a small box, turned and resized."""

    def __init__(self, template: Template) -> None:
        self.uptake = gaussian_filter(template.uptake.data, _SMOOTHING_MM / WORKING_VOXEL_MM)
        rim = binary_dilation(template.brain, iterations=round(_RIM_MM / WORKING_VOXEL_MM))
        self.mask = rim.astype(np.float32)
        self.centre = np.argwhere(template.brain).mean(axis=0)

    def matrix(self, rotation: NDArray[np.float64], size: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return matrix and offset from voxels of the box to voxels of the template."""
        matrix = rotation.T * _GRID_MM / WORKING_VOXEL_MM / size
        return matrix, self.centre - matrix @ np.full(3, (_BOX - 1) / 2)

    def at(self, rotation: NDArray[np.float64], size: float) -> tuple[FloatArray, FloatArray]:
        matrix, offset = self.matrix(rotation, size)
        uptake, mask = (
            affine_transform(part, matrix, offset, output_shape=(_BOX,) * 3, order=1)
            for part in (self.uptake, self.mask)
        )
        return np.asarray(uptake, dtype=np.float32), (mask > 0.5).astype(np.float32)


def _best(scan: _Scan, layout: _Layout, turn: NDArray[np.float64]) -> _Place:
    """Return the best place near one turn: tilts first, then sizes at the best of them."""

    def at(rotation: NDArray[np.float64], size: float) -> _Place:
        return _Place(*scan.best_shift(*layout.at(rotation, size)), rotation, size)

    def better(places: Iterable[_Place]) -> _Place:
        return max(places, key=lambda place: place.correlation)

    best = better(at(turn @ Rotation.from_euler("xyz", tilt, degrees=True).as_matrix(), _SIZE) for tilt in _TILTS)
    return better([best, *(at(best.rotation, size) for size in _SIZES if size != _SIZE)])


def _pose(place: _Place, layout: _Layout, head: Volume, standard: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return standard points to scan points of a place of the box."""
    box_to_template, box_to_grid, grid_to_voxel = np.eye(4), np.eye(4), np.eye(4)
    box_to_template[:3, :3], box_to_template[:3, 3] = layout.matrix(place.rotation, place.size)
    box_to_grid[:3, 3] = place.shift
    ratio = _GRID_MM / head.voxel_size
    grid_to_voxel[:3, :3], grid_to_voxel[:3, 3] = np.diag(ratio), (ratio - 1) / 2
    to_voxel = grid_to_voxel @ box_to_grid @ np.linalg.inv(standard @ box_to_template)
    return np.asarray(head.affine @ to_voxel)


def fit(head: Volume, template: Template) -> Fit:
    """Return how well a scan fits a template, as it lies and turned.

    Parameters
    ----------
    head : Volume
        Cropped to the head, in canonical voxel order; NaN is outside the field of view.
    template : Template
    """
    scan, layout = _Scan(head), _Layout(template)
    plain = np.array([scan.best_shift(*layout.at(turn, _SIZE))[0] for turn in TURNS])
    upright = _best(scan, layout, TURNS[0])
    others = 1 + np.argsort(-plain[1:])[:_REFINED]
    correlations = {int(i): _best(scan, layout, TURNS[i]).correlation for i in others}
    turn = max(correlations, key=lambda i: correlations[i])
    cosine = (np.trace(TURNS[turn]) - 1) / 2
    pose = _pose(upright, layout, head, template.uptake.affine)
    return Fit(upright.correlation, correlations[turn], float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))), pose)


def check_orientation(head_fit: Fit, gates: Gates) -> None:
    """Refuse a scan that shows no brain, or one that lies otherwise than its header says.

    Raises
    ------
    RegistrationError
        Naming the correlations found.
    """
    if head_fit.turned > head_fit.upright + gates.turned_margin:
        raise RegistrationError(
            f"the head fits the template better turned by {head_fit.degrees:.0f} degrees (correlation"
            f" {head_fit.turned:.2f}) than as it lies ({head_fit.upright:.2f}); check its orientation",
            code="gate_orientation",
        )
    if head_fit.upright < gates.likeness_min:
        raise RegistrationError(
            f"the scan does not look like a brain: correlation with the template {head_fit.upright:.2f},"
            f" {gates.likeness_min:.2f} is needed",
            code="gate_likeness",
        )
