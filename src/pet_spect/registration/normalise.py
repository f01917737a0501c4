"""Registration of a participant's scans to one common space and one warp to the standard space."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from pet_spect.errors import RegistrationError
from pet_spect.imaging.resample import Points, apply_affine, displace, resample, resample_affine
from pet_spect.model import ScanKey, Volume, Warp
from pet_spect.registration.gates import plausibility
from pet_spect.registration.gates.consistency import (
    agreements,
    different_size,
    disagreement,
    identical,
    identity_conflicts,
    odd_ones_out,
)
from pet_spect.registration.gates.resemblance import own_match
from pet_spect.registration.lesion_estimate import estimate_lesion, volume_by_side
from pet_spect.registration.placement.attempt import Attempt, Placed, Remarks, tolerate_pairs, tolerated
from pet_spect.registration.placement.field_of_view import FieldOfView
from pet_spect.registration.placement.pose import centre_of, look_at
from pet_spect.registration.templates.appearance import as_blurred_as, region_factors
from pet_spect.registration.templates.template import Template
from pet_spect.registration.templates.tracer_pattern import scan_distance
from pet_spect.registration.warp import Deformation, GivenLesion, find_warp, near_brain
from pet_spect.registration.within_participant import align, mean_volume, participant_grid, rigid_part
from pet_spect.remarks import NEVER


@dataclass(frozen=True)
class Registered:
    """One scan in standard space.

    Attributes
    ----------
    to_scan : (4, 4) float array
        Participant points to scan points, rigid.
    standard : Volume
        The scan in standard space; NaN outside its field of view.
    shape : plausibility.AffineShape
        Of the scan's own affine against its template.
    match : plausibility.Match
    agreement : float
        Least correlation with the person's other scans of the tracer; NaN where there is none.
    pattern_distance : float
        How far the regional uptake lies from the tracer's mean, see `tracer_pattern.scan_distance`.
    deficit_ml : (float, float)
        Lesion-like deficit that the scan itself shows on the left and on the right.
    view : FieldOfView
        Which sides of the brain are out of view.
    own_pose : (4, 4) float array or None
        Standard points to scan points, from the scan's own head, by which coverage is judged: of a cut scan of a
        person without a whole one. None where the warp of a whole head is used instead.
    """

    to_scan: NDArray[np.float64]
    standard: Volume
    shape: plausibility.AffineShape
    match: plausibility.Match
    agreement: float
    pattern_distance: float
    deficit_ml: tuple[float, float]
    view: FieldOfView
    own_pose: NDArray[np.float64] | None


@dataclass(frozen=True)
class Lesion:
    """A lesion mask.

    Attributes
    ----------
    mask : Volume
        Above 0.5 is lesion.
    drawn_on : ScanKey or None
        The scan in whose space it lies; None is the standard space.
    """

    mask: Volume
    drawn_on: ScanKey | None = None


@dataclass(frozen=True)
class Normalised:
    """A participant in standard space.

    Attributes
    ----------
    scans : dict of ScanKey to Registered
    refused : dict of ScanKey to RegistrationError
    to_participant, to_standard : Warp or None
        Standard points to participant points, and back; None where no scan is left.
    jacobian : (float, float) or None
        Range of local volume change, see `plausibility.jacobian_range`.
    lesion : Volume or None
        1 inside the lesion, given or estimated, that the warp used, in standard space; None where no scan is left.
    seen_ml : (float, float) or None
        How much of a lesion the leading image itself shows on the left and on the right.
    misplacement_mm : float or None
        How far a fold may lie from where the warp puts it, see `misplacement.misplacement_mm`.
    lead : str or None
        The tracer, or kind of anatomical image, whose images drive the warp; None where no scan is left.
    tried : dict of ScanKey to Attempt
        Head and pose that were found, and accepted faults, of every scan that was looked at.
    """

    scans: dict[ScanKey, Registered] = field(default_factory=dict)
    refused: dict[ScanKey, RegistrationError] = field(default_factory=dict)
    to_participant: Warp | None = None
    to_standard: Warp | None = None
    jacobian: tuple[float, float] | None = None
    lesion: Volume | None = None
    seen_ml: tuple[float, float] | None = None
    misplacement_mm: float | None = None
    lead: str | None = None
    tried: dict[ScanKey, Attempt] = field(default_factory=dict)

    @property
    def accepted(self) -> dict[ScanKey, list[RegistrationError]]:
        """The faults that a person accepted, of the scans that were let through with them."""
        remarks = {key: list(self.tried[key].remarks.values()) for key in self.scans if key in self.tried}
        return {key: errors for key, errors in remarks.items() if errors}


def _in_order(scans: Mapping[ScanKey, Volume]) -> dict[ScanKey, Volume]:
    # by content, not by session name: sums of floats must not depend on which visit is called what
    return dict(sorted(scans.items(), key=lambda item: (item[0].tracer, sha256(item[1].data.tobytes()).digest())))


def normalise(
    scans: Mapping[ScanKey, Volume],
    templates: Mapping[str, Template],
    *,
    gates: plausibility.Gates,
    deformation: Deformation,
    lesion: Lesion | None = None,
    accepted: Mapping[ScanKey, Collection[str]] | None = None,
) -> Normalised:
    """Align a participant's scans rigidly and warp their mean to the standard space.

    Parameters
    ----------
    scans : mapping of ScanKey to Volume
        One participant's, any sessions and tracers, in canonical voxel order.
    templates : mapping of str to Template
        One per tracer, all on one grid. The tracer that comes first leads: its mean
        image alone drives the warp that all scans use.
    gates : plausibility.Gates
        A scan outside them is refused, and the others are registered without it.
    deformation : Deformation
    lesion : Lesion, optional
        As somebody drew it; without it the lesion is estimated from the leading image.
    accepted : mapping of ScanKey to collection of str, optional
        Codes of faults that a person accepted: such a scan goes on, and `Normalised.accepted` names the fault.

    Returns
    -------
    Normalised
    """
    accepted = accepted or {}
    refused = odd_ones_out(identical(scans))
    placed: dict[ScanKey, Placed] = {}
    tried: dict[ScanKey, Attempt] = {}
    for key, scan in _in_order(scans).items():
        if key in refused:
            continue
        tried[key] = look_at(scan, key.tracer, templates, gates, accepted.get(key, ()))
        outcome = tried[key].outcome
        if isinstance(outcome, RegistrationError):
            refused[key] = outcome
        else:
            placed[key] = outcome
    failed = odd_ones_out(different_size({key: placement.pose for key, placement in placed.items()}, gates))
    while True:
        refused |= failed
        placed = {key: placement for key, placement in placed.items() if key not in failed}
        if not placed:
            return Normalised(refused=refused, tried=tried)
        try:
            result, failed, remarks = _register(placed, templates, gates, deformation, lesion, accepted)
        except RegistrationError as error:
            failed = dict.fromkeys(placed, error)
            continue
        if not failed:
            # remarks of an earlier round may be about a scan that is gone
            for key, of_it in remarks.items():
                tried[key] = replace(tried[key], remarks={**tried[key].remarks, **of_it})
            return replace(result, refused=refused, tried=tried)


def _failures(
    scans: Mapping[ScanKey, Registered],
    templates: Mapping[str, Template],
    agreement: Mapping[tuple[ScanKey, ScanKey], tuple[float, float]],
    shape: plausibility.AffineShape,
    jacobian: tuple[float, float],
    gates: plausibility.Gates,
    accepted: Mapping[ScanKey, Collection[str]],
) -> tuple[dict[ScanKey, RegistrationError], dict[ScanKey, Remarks]]:
    """Return the scans that must go, if the warp that all share is at fault all of them; and what was accepted."""
    failed = {}
    remarks: dict[ScanKey, Remarks] = {}
    for key, registered in scans.items():
        try:
            remarks[key] = tolerated(partial(plausibility.check_match, registered.match), gates, accepted.get(key, ()))
        except RegistrationError as error:
            failed[key] = error
    standard = {key: registered.standard for key, registered in scans.items()}
    # each by itself: a disagreement, accepted or not, must not hide that the same two scans are mirrored
    unlike, of_identity = tolerate_pairs(identity_conflicts(standard, templates, gates), accepted)
    apart, of_disagreement = tolerate_pairs(disagreement(agreement.items(), gates), accepted)
    for of_pairs in (of_identity, of_disagreement):
        remarks |= {key: {**remarks.get(key, {}), **of_pair} for key, of_pair in of_pairs.items()}
    conflicts = {**unlike, **apart}
    conflicts |= {pair: error for pair, error in unlike.items() if error.code in NEVER}
    failed = failed or odd_ones_out(conflicts)
    if failed:
        return failed, remarks
    try:
        plausibility.check_affine(shape, gates)
        plausibility.check_jacobian(*jacobian, gates)
    except RegistrationError as error:
        return dict.fromkeys(scans, error), remarks
    return {}, remarks


def _register(
    placed: Mapping[ScanKey, Placed],
    templates: Mapping[str, Template],
    gates: plausibility.Gates,
    deformation: Deformation,
    lesion: Lesion | None,
    accepted: Mapping[ScanKey, Collection[str]],
) -> tuple[Normalised, dict[ScanKey, RegistrationError], dict[ScanKey, Remarks]]:
    """Return the participant in standard space, the scans that are implausible there, and what was accepted."""
    heads = {key: placement.head for key, placement in placed.items()}
    poses = {key: placement.pose for key, placement in placed.items()}
    whole = [key for key, placement in placed.items() if not placement.view.cut]
    # what is out of view of the leading image is a guess for all: one that shows the whole head goes first
    lead = next(tracer for tracer in templates if any(key.tracer == tracer for key in whole or heads))
    template = templates[lead]
    centre = centre_of(template)
    rigid = {key: rigid_part(poses[key], centre) for key in heads}
    # what is left of the affines is the size and shape of the head, the same in every scan; a whole head tells it best
    shape = np.mean([np.linalg.inv(rigid[key]) @ poses[key] for key in whole or heads], axis=0)
    grid = participant_grid(centre)
    near = Volume(near_brain(template).astype(np.float32), template.uptake.affine)
    mask = np.nan_to_num(resample_affine(near, *grid, np.linalg.inv(shape)).data) > 0.5
    to_scan = align(heads, rigid, mask, grid)

    matched = {key: as_blurred_as(templates[key.tracer], head, poses[key]) for key, head in heads.items()}
    leading = {key: resample_affine(matched[key], *grid, to_scan[key]) for key in heads if key.tracer == lead}
    mean = mean_volume(list(leading.values()), mask)
    warped = find_warp(mean, template, shape, grid, deformation, _carried(lesion, to_scan), refine_affine=bool(whole))
    to_participant = warped.to_participant

    standard_grid = template.brain.shape, template.uptake.affine

    def in_standard(key: ScanKey, head: Volume) -> Volume:
        return resample(head, *standard_grid, partial(_through, to_participant, to_scan[key]))

    standard = {key: in_standard(key, head) for key, head in heads.items()}
    agreement = agreements(standard, template.brain)
    scans = {}
    for key in heads:
        direct = [correlation for pair, (correlation, _) in agreement.items() if key in pair]
        view = placed[key].view
        own = templates[key.tracer]
        data = (standard[key] if matched[key] is heads[key] else in_standard(key, matched[key])).data
        shown = estimate_lesion(data, own)
        factors, scale = region_factors(data, own, warped.lesion)
        scans[key] = Registered(
            to_scan[key],
            standard[key],
            plausibility.affine_shape(poses[key]),
            own_match(data, own, factors, scale, warped.lesion),
            min(direct, default=float("nan")),
            scan_distance(key.tracer, data, own, factors, warped.lesion),
            volume_by_side(Volume(shown.astype(np.float32), template.uptake.affine)),
            view,
            poses[key] if view.cut and not whole else None,
        )
    jacobian = plausibility.jacobian_range(to_participant, template.brain)
    shape_of_warp = plausibility.affine_shape(warped.affine)
    failed, remarks = _failures(scans, templates, agreement, shape_of_warp, jacobian, gates, accepted)
    lesion_mask, estimated_mask = (
        Volume(mask.astype(np.float32), template.uptake.affine) for mask in (warped.lesion, warped.estimated_lesion)
    )
    result = Normalised(
        scans=scans,
        to_participant=to_participant,
        to_standard=warped.to_standard,
        jacobian=jacobian,
        lesion=lesion_mask,
        seen_ml=volume_by_side(estimated_mask),
        misplacement_mm=warped.misplacement_mm,
        lead=lead,
    )
    return result, failed, remarks


def _carried(lesion: Lesion | None, to_scan: Mapping[ScanKey, NDArray[np.float64]]) -> GivenLesion | None:
    """Return how to bring a lesion to the standard space; nothing if the scan it was drawn on is not there."""
    if lesion is None or (lesion.drawn_on is not None and lesion.drawn_on not in to_scan):
        return None
    mask = lesion.mask

    def on_standard_grid(to_participant: Warp) -> NDArray[np.bool_]:
        shape = to_participant.displacement.shape[:3]
        if lesion.drawn_on is None:
            on_grid = resample(mask, shape, to_participant.affine, lambda points: points)
        else:
            on_grid = resample(
                mask, shape, to_participant.affine, partial(_through, to_participant, to_scan[lesion.drawn_on])
            )
        return np.asarray(np.nan_to_num(on_grid.data) > 0.5)

    return on_standard_grid


def _through(warp: Warp, rigid: NDArray[np.float64], points: Points) -> Points:
    return apply_affine(rigid, displace(warp, points))
