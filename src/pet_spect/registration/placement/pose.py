"""The size, shape and place of the head in a scan, from what of it is in view."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm, logm, polar
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from pet_spect.errors import RegistrationError
from pet_spect.imaging.resample import apply_affine, resample_affine
from pet_spect.model import ANATOMICAL, Volume
from pet_spect.registration.gates import plausibility
from pet_spect.registration.gates.resemblance import appearance, check_appearance, check_integrity, integrity
from pet_spect.registration.placement.attempt import Attempt, Placed, Remarks, tolerated
from pet_spect.registration.placement.field_of_view import (
    check_field_of_view,
    field_of_view,
    in_view,
    within,
)
from pet_spect.registration.placement.head_search import crop_to_head
from pet_spect.registration.placement.orientation import check_orientation, fit
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

_ROUNDS = ((1e-3, 60), (2e-4, 40))
"""Step of the numeric gradient and most iterations; first coarse, then fine."""


def centre_of(template: Template) -> NDArray[np.float64]:
    """Return (3,) the middle of a template's brain."""
    return np.asarray(apply_affine(template.uptake.affine, np.argwhere(template.brain).mean(axis=0)[np.newaxis])[0])


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
    for step, iterations in _ROUNDS:
        settings: Any = {"maxiter": iterations, "eps": step}
        unknowns = np.asarray(minimize(problem.cost, unknowns, method="L-BFGS-B", options=settings).x)
    return problem.affine(unknowns)


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
        self.points = apply_affine(self.template.uptake.affine, places.astype(np.float64))
        self.centre = self.points.mean(axis=0)
        is_in_view = np.isfinite(self.head.data)
        sigma = tuple(_SMOOTHING_MM / self.head.voxel_size)
        total, weight = (
            gaussian_filter(part.astype(np.float32), sigma, mode="nearest")
            for part in (np.where(is_in_view, self.head.data, 0), is_in_view)
        )
        # over the weight in view: what is out of view must not dim the slices beside it
        self.scan = np.divide(total, weight, out=np.full_like(total, np.nan), where=is_in_view)
        self.to_voxel = np.linalg.inv(self.head.affine)
        self.rotation, stretch = polar(self.start[:3, :3])
        log_stretch = np.real(logm(stretch))
        self.start_stretch = np.concatenate([np.diag(log_stretch), 10 * log_stretch[np.triu_indices(3, 1)]])
        self.place = apply_affine(self.start, self.centre[np.newaxis])[0]

    def affine(self, unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
        log_stretch = np.zeros((3, 3))
        log_stretch[np.triu_indices(3, 1)] = unknowns[9:] / 10
        log_stretch += log_stretch.T + np.diag(unknowns[6:9])
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation @ Rotation.from_rotvec(unknowns[:3] / 10).as_matrix() @ expm(log_stretch)
        matrix[:3, 3] = self.place + 10 * unknowns[3:6] - matrix[:3, :3] @ self.centre
        return matrix

    def cost(self, unknowns: NDArray[np.float64]) -> float:
        if np.abs(unknowns).max() > _FURTHEST:  # a wild step of the search, which would overflow
            return 1e3 * 2
        matrix = self.to_voxel @ self.affine(unknowns)
        # no matrix product: its threads would wait for each other longer than they work
        voxels = sum(np.multiply.outer(matrix[:3, axis], self.points[:, axis]) for axis in range(3)) + matrix[:3, 3:]
        values = map_coordinates(self.scan, voxels, order=1, mode="constant", cval=np.nan)
        is_in_view = np.isfinite(values)
        share = float(is_in_view.mean())
        if share < _FEWEST_IN_VIEW:
            return 1e3 * (2 - share)
        r = max(plausibility.correlation(values[is_in_view], self.expected[is_in_view]), 0.0)
        scales = unknowns[6:9]
        size = float(scales.mean())
        unlikely = ((size - _SIZE) / _SIZE_SD) ** 2
        unlikely += float((((scales - size) / _SHAPE_SD) ** 2).sum() + ((unknowns[9:] / 10 / _SHEAR_SD) ** 2).sum())
        return (_INDEPENDENT * share * float(np.log(1 - min(r, 0.9999) ** 2)) + unlikely) / 2


def look_at(
    scan: Volume,
    tracer: str,
    templates: Mapping[str, Template],
    gates: plausibility.Gates,
    accepted: Collection[str] = (),
) -> Attempt:
    """Look for the head in a scan: it must be a brain that lies as the header says and is mostly in view.

    Parameters
    ----------
    scan : Volume
    tracer : str
    templates : mapping of str to Template
        One per tracer.
    gates : plausibility.Gates
    accepted : collection of str
        Codes of faults that a person accepted for this scan.
    """
    own = templates[tracer]
    # 0 is a measurement in an extracted brain
    viewed = shown = scan if tracer.startswith(ANATOMICAL) else in_view(scan)
    head: Volume | None = None
    pose: NDArray[np.float64] | None = None
    remarks: Remarks = {}
    try:
        while True:
            head = crop_to_head(shown)
            check_integrity(integrity(head), gates)
            head_fit = fit(head, own)
            remarks = {**remarks, **tolerated(partial(check_orientation, head_fit), gates, accepted)}
            pose = find_pose(head, own, head_fit.pose)
            plausibility.check_affine(plausibility.affine_shape(pose), gates)
            view = field_of_view(shown, pose, own.brain, own.uptake.affine)
            if shown is not viewed:
                break
            shown = within(viewed, np.ceil(view.first).astype(int), np.floor(view.last).astype(int))
            if np.isnan(shown.data).sum() <= np.isnan(viewed.data).sum():
                break  # else what filled up a cut took part in the pose
        check_field_of_view(view, gates)
        posed = resample_affine(head, own.brain.shape, own.uptake.affine, pose)
        if not np.isfinite(posed.data[own.brain]).any():
            raise RegistrationError("no brain found where the head would have it", code="no_head")
        remarks = {**remarks, **tolerated(partial(check_appearance, appearance(posed, own)), gates, accepted)}
    except RegistrationError as error:
        return Attempt(scan, error, head, pose, remarks)
    return Attempt(scan, Placed(head, pose, view), head, pose, remarks)
