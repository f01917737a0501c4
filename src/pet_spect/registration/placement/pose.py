"""The head in a scan: found, told from other things, and placed by what of it is in view."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

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
from pet_spect.registration.placement.pose_search import find_pose
from pet_spect.registration.templates.template import Template


def centre_of(template: Template) -> NDArray[np.float64]:
    """Return (3,) the middle of a template's brain."""
    return np.asarray(apply_affine(template.uptake.affine, np.argwhere(template.brain).mean(axis=0)[np.newaxis])[0])


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
