"""The head in a scan and how it lies, before anything of the person is compared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pet_spect.model import Volume
from pet_spect.registration import plausibility
from pet_spect.registration.attempt import Attempt
from pet_spect.registration.head import centre_of_uptake, crop_to_head
from pet_spect.registration.itk import register_linear
from pet_spect.registration.orientation import check_orientation, fit
from pet_spect.registration.resemblance import appearance, check_appearance, check_integrity, integrity
from pet_spect.registration.template import Template
from pet_spect.registration.warp import near_brain
from pet_spect.resample import apply_affine, resample_affine

START_PITCH_DEG = (0.0, -25.0, 25.0)
"""Nods of the head to start the pose search from."""

FOUND_SIMILARITY = 0.62
"""A pose that makes a scan so similar to the template needs no other start."""


def centre_of(template: Template) -> NDArray[np.float64]:
    """Return (3,) the middle of a template's brain."""
    return np.asarray(apply_affine(template.uptake.affine, np.argwhere(template.brain).mean(axis=0)[np.newaxis])[0])


def find_pose(scan: Volume, template: Template) -> NDArray[np.float64]:
    """Return the affine from standard points to scan points, the best of several starts.

    Parameters
    ----------
    scan : Volume
        Cropped to the head.
    template : Template
        Of the scan's tracer.

    Returns
    -------
    (4, 4) float array

    Raises
    ------
    RegistrationError
        If the scan is empty or meets the template nowhere.
    """
    centre, target = centre_of(template), centre_of_uptake(scan)
    mask = near_brain(template)
    coarse = partial(register_linear, template.uptake, scan, mask=mask, shrink=(6, 4), smoothing=(3, 2))
    grid = template.brain.shape, template.uptake.affine

    def similarity(pose: NDArray[np.float64]) -> float:
        return plausibility.match(resample_affine(scan, *grid, pose), template.uptake, template.brain).similarity

    poses: list[tuple[float, NDArray[np.float64]]] = []
    for pitch in START_PITCH_DEG:
        start = np.eye(4)
        start[:3, :3] = Rotation.from_euler("x", pitch, degrees=True).as_matrix()
        start[:3, 3] = target - start[:3, :3] @ centre
        rigid = coarse(start=start, kind="Rigid", iterations=(100, 50))
        pose = coarse(start=rigid, kind="Affine", iterations=(100, 50))
        poses.append((similarity(pose), pose))
        if poses[-1][0] >= FOUND_SIMILARITY:
            break
    best = max(poses, key=lambda found: found[0])[1]
    return register_linear(
        template.uptake, scan, start=best, mask=mask, kind="Affine", iterations=(50,), shrink=(2,), smoothing=(1,)
    )


def look_at(
    scan: Volume,
    tracer: str,
    templates: Mapping[str, Template],
    gates: plausibility.Gates,
    attempt: Attempt | None = None,
) -> tuple[Volume, NDArray[np.float64]]:
    """Return the head in a scan and its pose, if that is a whole brain of the tracer that lies as the header says.

    `attempt` says which faults are accepted, and keeps them, the head and the pose also of a scan that is refused.

    Raises
    ------
    RegistrationError
        If it is not.
    """
    own, attempt = templates[tracer], attempt or Attempt()
    head = attempt.head = crop_to_head(scan)
    check_integrity(integrity(head), gates)
    attempt.tolerate(partial(check_orientation, fit(head, own)), gates)
    pose = attempt.pose = find_pose(head, own)
    plausibility.check_affine(plausibility.affine_shape(pose), gates)
    posed = resample_affine(head, own.brain.shape, own.uptake.affine, pose)
    attempt.tolerate(partial(check_appearance, appearance(posed, tracer, templates)), gates)
    return head, pose
