"""The most probable size, shape and place of a head, by the likelihood of what of it is in view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import logm, polar
from scipy.ndimage import gaussian_filter
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from pet_spect.imaging.resample import apply_affine
from pet_spect.model import Volume
from pet_spect.registration.gates.plausibility import FEWEST_VOXELS
from pet_spect.registration.placement.trilinear import Trilinear
from pet_spect.registration.templates.template import WORKING_VOXEL_MM, Template
from pet_spect.registration.warp import near_brain

_EVERY = 4
"""Of the template's voxels along each axis one in four counts: 8 mm, about the resolution of the smoothed scan."""

_SMOOTHING_MM = 4.0
_INDEPENDENT = 300.0
"""How many independent measurements a whole brain is counted as, against the spread of sizes and shapes below."""

_SIZE, _SIZE_SD = -0.06, 0.08
_SHAPE_SD, _SHEAR_SD = 0.035, 0.02
"""Logarithm of a head's size against the template (mean, standard deviation); one axis against another; shear."""

_FEWEST_IN_VIEW = 0.2
_FURTHEST = 20.0
"""Bound on the unknowns, far beyond any head: 2 rad, 200 mm."""

_BAD = 2e3
"""Cost of what cannot be: worse than any head."""

_MOST_R = 0.9999
_ITERATIONS = 100

FloatArray = NDArray[np.float64]


def find_pose(head: Volume, template: Template, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the affine from standard points to scan points that is most probable.

    The likelihood is that of the correlation between the template and what of the scan is in view; the prior is how
    heads differ in size and shape. So a part that is out of view neither counts nor draws the head into the view.

    Parameters
    ----------
    head : Volume
        Cropped to the head; NaN is out of view.
    template : Template
        Of the scan's tracer.
    start : (4, 4) float array
        Standard points to scan points, near enough: `orientation.Fit.pose`.

    Returns
    -------
    (4, 4) float array
    """
    problem = _Problem(head, template, start)
    unknowns = np.concatenate([np.zeros(6), problem.start_stretch])
    settings: Any = {"maxiter": _ITERATIONS}
    found = minimize(problem.cost, unknowns, method="L-BFGS-B", jac=True, options=settings)
    return problem.affine(np.asarray(found.x))[0]


@dataclass
class _Problem:
    """The twelve unknowns: turn (10 rad), shift (10 mm), logarithms of three scales, three shears (0.1)."""

    head: Volume
    template: Template
    start: NDArray[np.float64]

    def __post_init__(self) -> None:
        places = np.argwhere(near_brain(self.template))
        places = places[(places % _EVERY == 0).all(axis=1)]
        smooth = gaussian_filter(self.template.uptake.data, _SMOOTHING_MM / WORKING_VOXEL_MM)
        self.expected = smooth[tuple(places.T)].astype(np.float64)
        points = apply_affine(self.template.uptake.affine, places.astype(np.float64))
        self.centre = points.mean(axis=0)
        self.points = np.ascontiguousarray(points.T)
        is_in_view = np.isfinite(self.head.data)
        sigma = tuple(_SMOOTHING_MM / self.head.voxel_size)
        total, weight = (
            gaussian_filter(part.astype(np.float32), sigma, mode="nearest")
            for part in (np.where(is_in_view, self.head.data, 0), is_in_view)
        )
        # over the weight in view: what is out of view must not dim the slices beside it
        self.scan = Trilinear(np.divide(total, weight, out=np.full_like(total, np.nan), where=is_in_view))
        self.to_voxel = np.linalg.inv(self.head.affine)
        self.rotation, stretch = polar(self.start[:3, :3])
        log_stretch = np.real(logm(stretch))
        self.start_stretch = np.concatenate([np.diag(log_stretch), 10 * log_stretch[np.triu_indices(3, 1)]])
        self.place = apply_affine(self.start, self.centre[np.newaxis])[0]

    def affine(self, unknowns: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (4, 4) the affine, and (12, 4, 4) its derivative by each unknown."""
        turn = Rotation.from_rotvec(unknowns[:3] / 10).as_matrix()
        stretch, of_stretch = _exponential(unknowns[6:9], unknowns[9:] / 10)
        matrix, slope = np.eye(4), np.zeros((12, 4, 4))
        matrix[:3, :3] = self.rotation @ turn @ stretch
        for unknown, axis in enumerate(_left_jacobian(unknowns[:3] / 10).T):
            slope[unknown, :3, :3] = self.rotation @ _cross(axis / 10) @ turn @ stretch
        slope[3:6, :3, 3] = 10 * np.eye(3)
        slope[6:, :3, :3] = self.rotation @ turn @ of_stretch
        slope[9:] /= 10
        matrix[:3, 3] = self.place + 10 * unknowns[3:6] - matrix[:3, :3] @ self.centre
        slope[:, :3, 3] -= slope[:, :3, :3] @ self.centre
        return matrix, slope

    def cost(self, unknowns: FloatArray) -> tuple[float, FloatArray]:
        """Return minus the logarithm of the probability, and its derivative by each unknown."""
        flat = np.zeros(12)
        if np.abs(unknowns).max() > _FURTHEST:  # a wild step of the search, which would overflow
            return _BAD, flat
        matrix, slope = self.affine(unknowns)
        to_voxel = self.to_voxel @ matrix
        # no matrix product: its threads would wait for each other longer than they work
        voxels = sum(np.multiply.outer(to_voxel[:3, axis], self.points[axis]) for axis in range(3)) + to_voxel[:3, 3:]
        values, by_place = self.scan.at(voxels)
        seen = np.isfinite(values)
        share = float(seen.mean())
        if share < _FEWEST_IN_VIEW or seen.sum() < FEWEST_VOXELS:
            return 1e3 * (2 - share), flat
        r, by_value = _correlation(values[seen], self.expected[seen])
        measurements = _INDEPENDENT * share
        cost, gradient = self._unlikely(unknowns)
        if r <= 0:
            return cost, gradient
        kept = min(r, _MOST_R)
        cost += measurements / 2 * float(np.log(1 - kept**2))
        if kept == r:
            force = -measurements * r / (1 - r**2) * by_value * by_place[:, seen]
            points = self.points[:, seen]
            on_matrix = np.array([[(f * p).sum() for p in points] + [f.sum()] for f in force])
            gradient = gradient + np.einsum("uij,ij->u", self.to_voxel[:3, :3] @ slope[:, :3], on_matrix)
        return cost, gradient

    def _unlikely(self, unknowns: FloatArray) -> tuple[float, FloatArray]:
        """Return how unlikely size and shape are, by the spread of heads, and the derivative."""
        gradient = np.zeros(12)
        scales, shears = unknowns[6:9], unknowns[9:] / 10
        size = float(scales.mean())
        apart = scales - size
        cost = ((size - _SIZE) / _SIZE_SD) ** 2 + float((apart**2).sum()) / _SHAPE_SD**2
        cost += float((shears**2).sum()) / _SHEAR_SD**2
        gradient[6:9] = (size - _SIZE) / _SIZE_SD**2 / 3 + apart / _SHAPE_SD**2
        gradient[9:] = shears / _SHEAR_SD**2 / 10
        return cost / 2, gradient


def _correlation(values: FloatArray, expected: FloatArray) -> tuple[float, FloatArray]:
    """Return Pearson's correlation, 0 if one of them is flat, and its derivative by each value."""
    own, other = values - values.mean(), expected - expected.mean()
    of_own, of_other = float((own**2).sum()), float((other**2).sum())
    if not (of_own > 0 and of_other > 0):
        return 0.0, np.zeros_like(own)
    r = float((own * other).sum()) / float(np.sqrt(of_own * of_other))
    return r, other / np.sqrt(of_own * of_other) - r * own / of_own


def _exponential(scales: FloatArray, shears: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the exponential of a symmetric matrix and, (6, 3, 3), its derivative by diagonal and triangle.

    By its eigenvalues (Daleckii and Krein; Higham 2008, Functions of Matrices, theorem 3.11, doi
    10.1137/1.9780898717778).
    """
    symmetric = np.diag(scales)
    upper = np.triu_indices(3, 1)
    symmetric[upper] = shears
    symmetric.T[upper] = shears
    values, vectors = np.linalg.eigh(symmetric)
    apart = np.subtract.outer(values, values)
    middle = np.add.outer(values, values) / 2
    # sinh(x) / x, which has no jump where two eigenvalues meet
    half = np.where(np.abs(apart) > 1e-8, apart / 2, 1.0)
    divided = np.exp(middle) * np.where(np.abs(apart) > 1e-8, np.sinh(half) / half, 1.0)
    directions = np.zeros((6, 3, 3))
    directions[[0, 1, 2], [0, 1, 2], [0, 1, 2]] = 1
    directions[[3, 4, 5], upper[0], upper[1]] = directions[[3, 4, 5], upper[1], upper[0]] = 1
    slope = vectors @ (divided * (vectors.T @ directions @ vectors)) @ vectors.T
    return np.asarray((vectors * np.exp(values)) @ vectors.T), np.asarray(slope)


def _cross(axis: FloatArray) -> FloatArray:
    x, y, z = axis
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])


def _left_jacobian(turn: FloatArray) -> FloatArray:
    """Return how a rotation vector's change turns the rotation (Sola et al. 2018, arXiv 1812.01537, eq. 145)."""
    angle = float(np.linalg.norm(turn))
    cross = _cross(turn)
    if angle < 1e-6:
        return np.eye(3) + cross / 2
    first = (1 - np.cos(angle)) / angle**2
    second = (angle - np.sin(angle)) / angle**3
    return np.asarray(np.eye(3) + first * cross + second * (cross @ cross))
